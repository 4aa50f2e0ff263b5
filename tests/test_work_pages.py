"""议事协商, 共建项目, 阵地服务: their figures recounted with pandas from the demo's own workbooks, the outlines of areas, what is missing."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from jiejian.home import PROJECT
from jiejian.ledgers import areas, events
from jiejian.ui.frame import PAGES
from jiejian.ui.themes import deliberation, groups, projects, stations
from jiejian.ui.themes.common import most
from jiejian.ui.view import View

SQUARE = [[0.0, 0.0], [0.1, 0.0], [0.1, 0.1], [0.0, 0.0]]


def book(home, folder, name):
    """A workbook of the demo, its head wherever it stands, as text; titles, rows of sums and empty rows left out."""
    raw = pd.concat(pd.read_excel(home / "demo" / folder / f"{name}.xlsx", header=None, dtype=str, sheet_name=None).values())
    head = next(n for n in range(10) if raw.iloc[n].notna().sum() >= 5)
    rows = raw.iloc[head + 1 :].set_axis(raw.iloc[head].str.replace(r"\s", "", regex=True), axis=1)
    return rows.drop_duplicates(rows.columns[0], keep="last").dropna(thresh=3)


def days(written):
    """Days as people write them: 2026-10-07 00:00:00, 2026.10.7, 2026/10/7, 2026年10月7日, 46302 (a cell that lost its format)."""
    plain = written.str.strip().str.replace(r"[年月./]", "-", regex=True).str.rstrip("日")
    serial = pd.to_numeric(plain, errors="coerce")
    return pd.to_datetime(plain, format="mixed", errors="coerce").where(
        serial.isna(), pd.Timestamp("1899-12-30") + pd.to_timedelta(serial, unit="D")
    )


def tab(view, panel):
    """The table of one panel, drawn as on the page."""
    return panel.draw(view).table


def panel(module, key):
    return next(p for some in module.TABS.values() for p in some if p.key == key)


@pytest.fixture
def october(demo):
    from jiejian.periods import parse_period

    return View(demo, demo.datasets()["demo"], period=parse_period("2026-10"))


def test_works_are_counted_by_their_own_unit(october, demo_home):
    rows = book(demo_home, "议事协商", "议事协商台账")
    done = days(rows["实施完成日期"])
    rows = rows[(done >= "2025-11-01") & (done <= "2026-10-31")]
    expected = rows.groupby("计量单位").size()
    table = tab(october, panel(deliberation, "deliberation_quantities")).set_index("unit")
    assert dict(table["works"]) == dict(expected)
    lamps = rows[rows["计量单位"] == "盏"]["工程量"].astype(float).sum()
    assert table.loc["盏", "quantity"] == lamps > 0


def test_every_topic_is_in_one_state(october, demo_home):
    rows = book(demo_home, "议事协商", "议事协商台账")
    raised = days(rows["议事日期"])
    rows = rows[(raised >= "2025-11-01") & (raised <= "2026-10-31")]
    table = tab(october, panel(deliberation, "deliberation_places")).set_index("社区")
    assert int(table.to_numpy().sum()) == len(rows)
    assert int(table["已实施"].sum()) == int(rows["实施完成日期"].notna().sum())


def test_needs_add_up_to_the_workbook(october, demo_home):
    rows = book(demo_home, "共建项目", "需求与共建项目台账")
    collected = days(rows["征集日期"])
    rows = rows[(collected >= "2025-11-01") & (collected <= "2026-10-31")]
    # A row whose cost is written as 待定 is given back to its writer and not counted.
    rows = rows[rows["费用(元)"].isna() | pd.to_numeric(rows["费用(元)"], errors="coerce").notna()]
    steps = tab(october, panel(projects, "projects_steps")).set_index("stage")["count"]
    assert list(steps) == [len(rows), *(int(rows[c].notna().sum()) for c in ("认领日期", "达成日期", "完成日期"))]


def test_what_residents_saved_is_market_less_paid(october, demo_home):
    rows = book(demo_home, "便民惠民", "2026年便民惠民台账")
    day = days(rows["日期"])
    goods = rows[(day >= "2026-10-01") & (day <= "2026-10-31") & (rows["惠民类别"] == "直通车商品")]
    money = goods[["按市面价金额(元)", "居民实付金额(元)"]].astype(float).dropna()
    table = tab(october, panel(stations, "stations_saving"))
    assert table["market"].sum() == pytest.approx(money.iloc[:, 0].sum())
    assert table["paid"].sum() == pytest.approx(money.iloc[:, 1].sum())
    metric = october.catalogue.metrics["price_saving_rate"]
    frame = october.figures(metric)
    assert 100 * table["saved"].sum() / table["market"].sum() == pytest.approx(
        100 * frame["numerator"].sum() / frame["denominator"].sum()
    )


def test_what_happened_is_asked_of_events_only(demo):
    with pytest.raises(ValueError, match="不是按次登记的"):
        events.happened(demo, "demo", "stations", date(2026, 10, 1), date(2026, 10, 31))
    rows = events.happened(demo, "demo", "errands", date(2026, 10, 1), date(2026, 10, 31), ("demo/示范街道/春和社区",))
    assert set(rows["place"]) == {"春和社区"} and not {"applicant", "phone"} & set(rows.columns)


# ---- outlines ----


def written(folder, content):
    folder.mkdir(exist_ok=True)
    text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
    (folder / areas.NAME).write_text(text, encoding="utf-8")
    return areas.areas(folder)


def test_outlines_with_their_licence(tmp_path):
    assert areas.areas(tmp_path) == areas.Areas()
    feature = {
        "type": "Feature",
        "properties": {"审图号": "蒙S（2026）001号"},
        "geometry": {"type": "Polygon", "coordinates": [SQUARE]},
    }
    found = written(tmp_path, {"type": "FeatureCollection", "features": [feature]})
    assert len(found.features) == 1 and found.licence == "审图号：蒙S（2026）001号" and not found.fault


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "第1行不是合法的 GeoJSON"),
        ({"type": "Feature"}, "缺少 features"),
        ({"features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}, "第1个要素不是面"),
        ({"features": [{"geometry": {"type": "Polygon", "coordinates": [[["甲", "乙"]] * 4]}}]}, "第1个要素的坐标不是一圈数字"),
        ({"features": [None]}, "第1个要素不是面"),
    ],
)
def test_a_broken_outline_says_so_in_chinese(tmp_path, content, why):
    found = written(tmp_path, content)
    assert why in found.fault and not found.features


def test_a_broken_outline_leaves_the_map(october, tmp_path, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(tmp_path))
    written(tmp_path / "catalogue", "{")
    drawn = panel(stations, "stations_where").draw(october)
    meta = drawn.figure["layout"]["meta"]
    assert "不是合法的 GeoJSON" in meta["takeaway"] and f"位置图：{len(drawn.table)}处阵地。" in meta["alt"]


def test_without_coordinates_there_are_tiles(october):
    rows = stations._stations(october)
    figure = stations._tiles(october, rows.assign(lon=None, lat=None))
    assert "方格图" in figure["layout"]["meta"]["alt"] and "经度" in figure["layout"]["meta"]["takeaway"]


@pytest.mark.parametrize("period", ["2023-11", "2025", "2026-Q4"])
@pytest.mark.parametrize("page", ["deliberation", "projects", "stations"])
def test_other_periods_draw_too(demo_home, monkeypatch, page, period):
    """The first month, of which little is known, a whole year, and a quarter that has just begun."""
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    assert page in {p.name for p in PAGES}
    at = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120)
    at.query_params["period"] = period
    at.run().switch_page(f"pages/{page}.py").run()
    chooser = next(g for g in at.segmented_control if g.key and g.key.endswith("_tab"))
    for option in chooser.options:
        next(g for g in at.segmented_control if g.key and g.key.endswith("_tab")).set_value(option)
        at.run()
        assert not at.exception and not at.error, (option, [e.value for e in at.exception])


@pytest.mark.parametrize(
    "counts, said",
    [
        ([15, 14, 9], ("甲社区", "15件")),
        ([15, 15, 9], ("甲社区、乙社区", "各15件")),
        ([15, 15, 15], ("甲社区等3个社区", "各15件")),
    ],
)
def test_who_shares_the_lead_is_not_named_above_the_others(counts, said):
    wide = pd.DataFrame({"已实施": counts, "待实施": 0}, index=["甲社区", "乙社区", "丙社区"])
    assert most(wide, "社区", "件") == said


def test_the_groups_keep_their_whole_names_in_the_answer(october):
    said = groups._answer(replace(october, period=groups._quarter(october)))
    assert re.search(r"：独居老人\d+人，80岁及以上老人\d+人，走访服务\d+人次。", said), said
