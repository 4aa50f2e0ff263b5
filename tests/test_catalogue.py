"""The catalogue: what ships is sound, and a fault is named by file, block and key."""

from datetime import date
from pathlib import Path

import pytest

from jiejian.catalogue import CatalogueError, load_catalogue
from jiejian.home import BUNDLED_CATALOGUE

PRACTICES = {f"S{n}" for n in range(1, 37)} | {"B1", "B2", "B3"}


@pytest.fixture(scope="module")
def bundled():
    return load_catalogue(BUNDLED_CATALOGUE)


def overlaid(folder: Path, **files: str):
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return load_catalogue(BUNDLED_CATALOGUE, folder)


def test_at_least_sixty_metrics_of_a_street(bundled):
    street = [m for m in bundled.metrics.values() if not m.datasets]
    assert len(street) >= 60


def test_names_are_unique_and_every_metric_explains_itself(bundled):
    names = [m.name for m in bundled.metrics.values()]
    assert len(names) == len(set(names))
    for metric in bundled.metrics.values():
        assert metric.definition.endswith("。") and metric.name_en.isascii(), metric.id
        # Figures of statistics offices belong to no working system of a street.
        assert metric.practices or metric.datasets == ("statistics",), metric.id


def test_all_practices_are_declared(bundled):
    assert set(bundled.practices) == PRACTICES


def test_every_metric_of_a_street_belongs_to_a_pillar_or_says_why_not(bundled):
    pillars = {m for g in bundled.groupings["four_in_one"].groups for m in g.metrics}
    outside = {m.id for m in bundled.metrics.values() if not m.datasets} - pillars
    # What a place is (size, people) and how it is judged belong to no pillar.
    assert all(set(bundled.metrics[m].practices) & {"B2", "S9", "S25", "S28"} for m in outside), outside


def test_a_proportion_has_flows_or_stocks_on_both_sides(bundled):
    for metric in bundled.metrics.values():
        if metric.kind == "proportion":
            kinds = {bundled.measures[m].kind for m in metric.measures}
            assert kinds in ({"flow"}, {"stock"}), f"{metric.id} mixes {kinds}"
            assert metric.unit == "%"


def test_standards_name_their_document_and_say_when_their_years_have_passed(bundled):
    area = bundled.standards["facility_area"]
    assert (area.value, area.unit, area.valid_to) == (30, "平方米/百户", 2025)
    assert "国办发〔2021〕56号" in area.document
    assert bundled.standards["community_workers"].value == 18
    assert "已期满" in area.label(date(2026, 11, 22))
    assert "已期满" not in area.label(date(2025, 12, 31))
    assert all(s.document and s.issued_by for s in bundled.standards.values())


FAULTS = [
    ({"metrics": "on_time_rate: {decimls: 2}"}, "metrics.yml，条目 on_time_rate，键 decimls：不认识这个键"),
    (
        {"metrics": "mine: {name: 我的, kind: count, measure: households, unit: 户, better: neutral, definition: 无。}"},
        "条目 mine，键 name_en：缺少这个键",
    ),
    ({"metrics": "on_time_rate: {kind: average}"}, "条目 on_time_rate，键 kind：取值不在允许的范围内"),
    ({"metrics": "on_time_rate: {numerator: nothing}"}, "计量项 nothing 不存在"),
    ({"metrics": "on_time_rate: {practices: [S99]}"}, "工作体系 S99 不存在"),
    ({"metrics": "on_time_rate: {measure: households}"}, "条目 on_time_rate，键 kind"),
    ({"groupings": "four_in_one: {groups: {党建: [no_such_metric]}}"}, "指标 no_such_metric 不存在"),
    ({"standards": "facility_area: {metric: no_such_metric}"}, "指标 no_such_metric 不存在"),
    ({"measures": "cases_opened: {rollup: {table: case_event, at: no_such_column}}"}, "表 case_event 没有列 no_such_column"),
    ({"measures": "cases_opened: {rollup: {table: case_event, at: opened_at, where: [drop table place]}}"}, "看不懂的条件"),
    ({"metrics": "a: 1\na: 2"}, "键写了两次"),
    ({"metrics": "a: [1"}, "写法有误"),
    ({"metrics": "on_time_rate: 按期"}, "条目 on_time_rate：应写成若干“键: 值”"),
    ({"metrics": "- 1\n- 2"}, "应由“编号: 内容”的条目组成"),
]


@pytest.mark.parametrize(("files", "sentence"), FAULTS)
def test_a_fault_is_named(tmp_path, files, sentence):
    with pytest.raises(CatalogueError) as caught:
        overlaid(tmp_path, **files)
    assert sentence in str(caught.value)
    assert f"{next(iter(files))}.yml" in str(caught.value)


def test_a_streets_own_block_overlays_key_by_key(tmp_path, bundled):
    own = overlaid(tmp_path, metrics="on_time_rate: {name: 准时办结率, decimals: 2}")
    mine, shipped = own.metrics["on_time_rate"], bundled.metrics["on_time_rate"]
    assert (mine.name, mine.decimals) == ("准时办结率", 2)
    assert mine.definition == shipped.definition
    assert list(own.metrics) == list(bundled.metrics)


def test_a_streets_own_metric_needs_no_code(tmp_path):
    own = overlaid(
        tmp_path,
        metrics="visits_per_grid: {name: 每网格办件, name_en: Services per grid, kind: ratio, numerator: service_visits, denominator: grids, "
        "unit: 件/个, better: neutral, definition: 本期窗口办件数除以期末网格数。, practices: [S4]}",
    )
    assert own.metrics["visits_per_grid"].parts == (("service_visits",), ("grids",))
