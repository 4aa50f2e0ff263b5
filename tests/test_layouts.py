"""Tables in the layouts that offices use → the same figures; every expected figure is written out by hand."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from street import table, workbook

from etl.extract import extract
from etl.recognise import known_heads, recognise
from etl.relayout import item_paths
from jiejian.catalogue import CatalogueError, declare, load_catalogue
from jiejian.catalogue.ledgers import Ledger
from jiejian.home import BUNDLED_CATALOGUE

CATALOGUE = load_catalogue(BUNDLED_CATALOGUE)
COLUMNS = {
    "place": {"name": "社区", "type": "place", "required": True},
    "period": {"name": "年份", "type": "period", "required": True},
    "households": {"name": "户数", "type": "number", "unit": "户", "measure": "households"},
    "residents": {"name": "人口", "type": "number", "unit": "人", "measure": "residents"},
}
EXPECTED = {
    ("春和", "2025年"): ("11", "110"),
    ("望湖", "2025年"): ("12", "120"),
    ("春和", "2026年"): ("21", "210"),
    ("望湖", "2026年"): ("22", "220"),
}


def ledger(**changes) -> Ledger:
    content = {"name": "试验表", "table": "observation", "sent": "year", "grain": "year", "columns": COLUMNS, **changes}
    return declare(Ledger, "x.yml", "x", content)


def read(path, contract: Ledger | None = None) -> list[dict]:
    """All rows of all tables of a file by contract column."""
    contract = contract or ledger()
    rows = []
    for sheet in extract(path, known_heads([contract])):
        match = recognise(sheet, [contract], CATALOGUE)
        rows += [
            {c: row[f"c{i}"] for c, i in match.columns.items()} | {"row": row["row"]} for row in match.sheet.table().to_pylist()
        ]
    return rows


def figures(rows: list[dict]) -> dict:
    return {
        (r["place"], f"{r['period'].rstrip('年')}年"): (r["households"], r["residents"])
        for r in rows
        if r["place"] not in ("合计", None)
    }


LAYOUTS = {
    "long": [
        ["社区", "年份", "户数", "人口"],
        ["春和", 2025, 11, 110],
        ["望湖", 2025, 12, 120],
        ["春和", 2026, 21, 210],
        ["望湖", 2026, 22, 220],
    ],
    "place down, period and measure across": [
        ["各社区情况"],
        ["社区", "2026年", "", "2025年", ""],
        ["", "户数", "人口", "户数", "人口"],
        ["春和", 21, 210, 11, 110],
        ["望湖", 22, 220, 12, 120],
        ["合计", 43, 430, 23, 230],
    ],
    "place down, measure and period across": [
        ["社区", "户数", "", "人口", ""],
        ["", "2025年", "2026年", "2025年", "2026年"],
        ["春和", 11, 21, 110, 210],
        ["望湖", 12, 22, 120, 220],
    ],
    "place and measure down": [
        ["", "", 2025, 2026],
        ["户数", "春和", 11, 21],
        ["户数", "望湖", 12, 22],
        ["人口", "春和", 110, 210],
        ["人口", "望湖", 120, 220],
    ],
    "measure down, period and place across": [
        ["指标", "2025年", "", "2026年", ""],
        ["", "春和", "望湖", "春和", "望湖"],
        ["户数", 11, 12, 21, 22],
        ["人口", 110, 120, 210, 220],
    ],
    "below each other": [
        ["2025年"],
        ["社区", "年份", "户数", "人口"],
        ["春和", 2025, 11, 110],
        ["望湖", 2025, 12, 120],
        [],
        ["2026年"],
        ["社区", "年份", "户数", "人口"],
        ["春和", 2026, 21, 210],
        ["望湖", 2026, 22, 220],
    ],
    "side by side": [
        ["社区", "年份", "户数", "人口", "", "社区", "年份", "户数", "人口"],
        ["春和", 2025, 11, 110, "", "春和", 2026, 21, 210],
        ["望湖", 2025, 12, 120, "", "望湖", 2026, 22, 220],
    ],
    "head repeated by the printer": [
        ["社区", "年份", "户数", "人口"],
        ["春和", 2025, 11, 110],
        ["望湖", 2025, 12, 120],
        ["社区", "年份", "户数", "人口"],
        ["春和", 2026, 21, 210],
        ["望湖", 2026, 22, 220],
    ],
}


def across(name: str) -> Ledger:
    return ledger(layout={"places": "across"}) if "place across" in name else ledger()


@pytest.mark.parametrize("name", LAYOUTS)
@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_the_same_figures_in_every_layout(tmp_path, name, suffix):
    write = workbook if suffix == "xlsx" else table
    path = write(tmp_path / f"a.{suffix}", LAYOUTS[name])
    assert figures(read(path, across(name))) == EXPECTED


def test_one_measure_named_by_the_title_with_its_unit_years_descending_and_notes(tmp_path):
    rows = [["数据库：分省年度数据"], ["指标：户数(万户)"], ["时间：最近3年"], ["地区", "2025年", "2024年", "2023年"]]
    rows += [["甲省", "", 2.5, 1.5], ["乙省", 3, 2, 1], ["注：2024年为抽样调查数。"], ["数据来源：统计局"]]
    contract = ledger(columns={**{k: v for k, v in COLUMNS.items() if k != "place"}, "place": {"name": "地区", "type": "place"}})
    (sheet,) = extract(table(tmp_path / "a.csv", rows, "gb18030"), known_heads([contract]))
    match = recognise(sheet, [contract], CATALOGUE)
    assert match.times["households"] == 10000
    body = match.sheet.table().to_pylist()
    assert [(r["c0"], r["c1"], r["c2"], r["o2"]) for r in body] == [
        ("甲省", "2025年", None, "B5"), ("乙省", "2025年", "3", "B6"),
        ("甲省", "2024年", "2.5", "C5"), ("乙省", "2024年", "2", "C6"),
        ("甲省", "2023年", "1.5", "D5"), ("乙省", "2023年", "1", "D6"),
    ]  # fmt: skip
    assert match.sheet.notes_by_year == {2024: "注：2024年为抽样调查数。"}


def test_four_rows_of_heads_with_merged_cells(tmp_path):
    rows = [
        ["社区", "基本情况", "", "", ""],
        ["", "户    数", "人\n口", "", ""],
        ["", "", "小计", "其中", ""],
        ["", "", "", "男", "女"],
    ]
    merges = ((0, 0, 3, 0, "社区"), (0, 1, 0, 4, "基本情况"), (1, 1, 3, 1, "户    数"), (1, 2, 1, 4, "人\n口"), (2, 2, 3, 2, "小计"), (2, 3, 2, 4, "其中"))  # fmt: skip
    path = workbook(tmp_path / "a.xlsx", [*rows, ["春和", 1, 2, 3, 4]], merges=merges)
    (sheet,) = extract(path, known_heads([ledger()]))
    assert sheet.heads == ("社区", "基本情况/户数", "基本情况/人口/小计", "基本情况/人口/其中/男", "基本情况/人口/其中/女")
    assert (sheet.head_row, sheet.first_row) == (4, 5)


def test_hierarchy_of_measures_by_numbering_blanks_and_of_which():
    assert item_paths(["一、人口", "其中：男", "　　　女", "二、户数"]) == ["人口", "人口/男", "人口/女", "户数"]
    assert item_paths(["总人口", "  城镇", "  乡村", "户数"]) == ["总人口", "总人口/城镇", "总人口/乡村", "户数"]


def test_a_label_merged_over_rows_is_no_head(tmp_path):
    rows = [
        ["", "", "", 2025, 2026],
        [1, "户数", "春和", 11, 21],
        [2, "", "望湖", 12, 22],
        [3, "人口", "春和", 110, 210],
        [4, "", "望湖", 120, 220],
    ]
    path = workbook(tmp_path / "a.xlsx", rows, merges=((1, 1, 2, 1, "户数"), (3, 1, 4, 1, "人口")))
    assert figures(read(path)) == EXPECTED


def test_figures_that_look_like_years_are_no_head(tmp_path):
    rows = [["社区", "年份", "户数", "人口"], ["春和", "2025年", 1900, 1900], ["望湖", "2025年", 2026, 2012]]
    assert figures(read(workbook(tmp_path / "a.xlsx", rows))) == {("春和", "2025年"): ("1900", "1900"), ("望湖", "2025年"): ("2026", "2012")}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    values=st.lists(st.lists(st.integers(0, 99999), min_size=4, max_size=4), min_size=2, max_size=6),
    layout=st.sampled_from(["down", "across", "measures down"]),
    titled=st.booleans(),
)
def test_a_random_table_reads_back_in_any_layout(tmp_path, values, layout, titled):
    places = [f"第{'一二三四五六'[n]}里" for n in range(len(values))]
    expected = {
        (p, y): (str(a), str(b))
        for p, v in zip(places, values, strict=True)
        for y, a, b in (("2025年", *v[:2]), ("2026年", *v[2:]))
    }
    if layout == "down":
        rows = [["社区", "年份", "户数", "人口"], *([p, y, int(a), int(b)] for (p, y), (a, b) in expected.items())]
    elif layout == "across":
        rows = [
            ["社区", "2025年", "", "2026年", ""],
            ["", "户数", "人口", "户数", "人口"],
            *([p, *v] for p, v in zip(places, values, strict=True)),
        ]
    else:
        rows = [["社区", "指标", "2025年", "2026年"]]
        rows += [
            [p, name, v[i], v[i + 2]] for p, v in zip(places, values, strict=True) for i, name in enumerate(("户数", "人口"))
        ]
    path = workbook(tmp_path / "a.xlsx", [["某街道统计表"], *rows] if titled else rows)
    assert figures(read(path)) == expected


def test_faults_of_a_contract_are_named_with_key_and_what_is_allowed():
    with pytest.raises(CatalogueError) as fault:
        ledger(columns={"place": {"name": "社区", "type": "place", "synonims": ["村"]}})
    assert str(fault.value).startswith(
        "目录文件 x.yml，条目 x，键 columns.place.synonims：不认识这个键，请删去或改正拼写，是不是“synonyms”（可用的键："
    )
    with pytest.raises(CatalogueError) as fault:
        ledger(layout={"places": "left"})
    assert str(fault.value) == "目录文件 x.yml，条目 x，键 layout.places：取值不在允许的范围内（允许：down、across、title）。"


def test_a_case_list_of_a_city_management_system_is_recognised(tmp_path):
    heads = ["任务号", "上报时间", "问题来源", "大类名称", "小类名称", "处置部门", "处置截止时间", "结案时间", "所属街道", "所属社区", "当前阶段名称"]
    line = ["R1", "2026-10-08 08:00:00", "监督员上报", "市容环境", "暴露垃圾", "环卫所", "2026-10-09 08:00:00", "", "柳河街道", "春和社区", "处置"]
    ledgers = [l for l in CATALOGUE.ledgers.values() if not l.datasets]
    (sheet,) = extract(table(tmp_path / "案卷.csv", [heads, line]), known_heads(ledgers))
    match = recognise(sheet, ledgers, CATALOGUE)
    assert match.ledger.id == "city_cases"
    assert match.columns == {"case_no": 0, "opened_at": 1, "channel": 2, "category": 3, "subcategory": 4, "due_at": 6, "closed_at": 7, "place": 9}
