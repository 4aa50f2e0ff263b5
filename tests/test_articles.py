"""The published figures of the five articles: complete, as printed, and read twice.

Needs only files of the repository; the texts of the articles are not among them.
"""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
ARTICLES = ROOT / "data" / "articles"
CATALOGUE = ROOT / "catalogue"

FIGURE_COLUMNS = [
    "编号",
    "文章",
    "段落",
    "原文",
    "地点",
    "指标",
    "写法",
    "数值",
    "下限",
    "上限",
    "单位",
    "限定",
    "时间口径",
    "时间说明",
    "备注",
]
SOURCE_COLUMNS = ["文章编号", "标题", "报纸", "日期", "作者", "说明"]
EXCLUSION_COLUMNS = ["文章", "数字", "原文", "理由"]
PLACE_COLUMNS = [
    "place_id",
    "dataset",
    "name",
    "kind",
    "parent_id",
    "sort",
    "aliases",
    "code",
    "area_km2",
    "lon",
    "lat",
    "crs",
    "valid_from",
    "valid_to",
    "note",
]
QUALIFIERS = {"确数", "余", "多", "约", "左右", "至少", "近", "不到", "将", "区间", "待核"}
WINDOWS = {"时点", "自起", "今年", "两年", "每年", "每月", "单次", "累计", "标准", "计划", "年份"}
PLACE_KINDS = {
    *("全国", "省", "市", "区县", "街道", "社区", "村", "网格", "小区", "楼栋"),
    *("驿站", "政务大厅", "商圈", "服务中心", "阵地", "道路", "单位", "其他"),
}
MEASURE_KINDS = {"stock", "flow", "distinct", "cumulative", "as_reported", "rule", "date"}


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        return list(reader.fieldnames), list(reader)


def read_measures():
    merged, own = CATALOGUE / "measures.yml", CATALOGUE / "measures_articles.yml"
    return yaml.safe_load((own if own.exists() else merged).read_text(encoding="utf-8"))


_, FIGURES = read_csv(ARTICLES / "figures.csv")
_, SOURCES = read_csv(ARTICLES / "sources.csv")
_, EXCLUSIONS = read_csv(ARTICLES / "exclusions.csv")
PLACES = {row["place_id"]: row for row in read_csv(CATALOGUE / "places.csv")[1]}
MEASURES = read_measures()
each_figure = pytest.mark.parametrize("row", FIGURES, ids=lambda row: row["编号"])


# --- schema and vocabulary -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "columns"),
    [
        (ARTICLES / "figures.csv", FIGURE_COLUMNS),
        (ARTICLES / "sources.csv", SOURCE_COLUMNS),
        (ARTICLES / "exclusions.csv", EXCLUSION_COLUMNS),
        (CATALOGUE / "places.csv", PLACE_COLUMNS),
    ],
    ids=lambda value: value.name if isinstance(value, Path) else "",
)
def test_files_have_their_columns_and_plain_utf8(path, columns):
    raw = path.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf") and b"\r" not in raw and raw.endswith(b"\n")
    header, rows = read_csv(path)
    assert header == columns
    for row in rows:
        assert None not in row and None not in row.values(), row
        assert all(value == value.strip() for value in row.values()), row


def test_numbers_of_rows():
    """A row that gets lost is noticed here."""
    assert Counter(row["编号"][:3] for row in FIGURES) == {"000": 24, "001": 50, "002": 48, "003": 72, "004": 25}
    assert len(FIGURES) >= 150


def test_ids_are_unique_and_run_in_the_order_of_the_text():
    assert len({row["编号"] for row in FIGURES}) == len(FIGURES)
    for article in ("000", "001", "002", "003", "004"):
        rows = [row for row in FIGURES if row["编号"].startswith(article)]
        assert [row["编号"] for row in rows] == [f"{article}-{i:03d}" for i in range(1, len(rows) + 1)]
        assert [int(row["段落"]) for row in rows] == sorted(int(row["段落"]) for row in rows)


@each_figure
def test_a_figure_uses_declared_words(row):
    assert row["文章"] in {source["文章编号"] for source in SOURCES}
    assert row["文章"].startswith(row["编号"][:3])
    assert PLACES[row["地点"]]["dataset"] == "articles"
    measure = MEASURES[row["指标"]]
    assert row["单位"] == measure["unit"]
    assert row["限定"] in QUALIFIERS
    assert row["时间口径"] in WINDOWS
    assert row["时间说明"]
    assert 0 < len(row["原文"]) <= 40
    assert (measure["kind"] == "date") == (row["时间口径"] == "年份")
    assert (row["单位"] == "%") == ("%" in row["写法"])
    assert ("人次" in row["写法"]) == (row["单位"] == "人次")
    for of_text in ("今年", "10月29日", "10月24日"):
        if of_text in row["时间说明"]:
            assert "年份原文未载" in row["时间说明"]


def test_one_figure_for_a_place_and_a_measure():
    twice = [key for key, n in Counter((row["地点"], row["指标"]) for row in FIGURES).items() if n > 1]
    assert not twice


def test_measures_are_complete():
    for row in FIGURES:
        measure = MEASURES[row["指标"]]
        assert measure["name"] and measure["name_en"] and measure["unit"], row["指标"]
        assert measure["kind"] in MEASURE_KINDS, row["指标"]


def test_places_form_a_tree():
    rows = list(PLACES.values())
    assert PLACES["national/全国"]["kind"] == "全国" and PLACES["national/全国"]["dataset"] == "national"
    articles = [row for row in rows if row["dataset"] == "articles"]
    assert len({row["place_id"] for row in articles}) == len(articles)
    sorts = [int(row["sort"]) for row in articles]
    assert sorts == sorted(set(sorts))
    for row in articles:
        assert row["kind"] in PLACE_KINDS, row
        parent, _, name = row["place_id"].rpartition("/")
        assert row["name"] == name
        assert row["parent_id"] == ("" if parent == "articles" else parent)
        if row["parent_id"]:
            assert int(PLACES[row["parent_id"]]["sort"]) < int(row["sort"])


def test_sources_invent_no_paper_and_no_date():
    ids = [row["文章编号"] for row in SOURCES]
    assert len(ids) == len(set(ids)) and {i[:3] for i in ids} == {"000", "001", "002", "003", "004"}
    assert {row["文章编号"]: row["报纸"] for row in SOURCES if row["报纸"] != "原文未载"} == {"000": "滨州日报/滨州网"}
    assert {row["日期"] for row in SOURCES} == {"原文未载"}
    assert all(row["标题"] and row["作者"] for row in SOURCES)


# --- numerals: every one is a figure or a named exclusion --------------------------------------------------------------

NUMERAL = re.compile(r"\d+(?:\.\d+)?%?|[零〇一二两三四五六七八九十百千万亿半双几首]")


@pytest.mark.parametrize("row", EXCLUSIONS, ids=lambda row: f"{row['文章']}-{row['数字']}-{row['原文']}")
def test_an_exclusion_names_numeral_place_and_reason(row):
    assert row["文章"] in {source["文章编号"] for source in SOURCES}
    assert row["数字"] in row["原文"] and NUMERAL.match(row["数字"])
    assert row["理由"].split("：")[0] in {"名称", "词语用字", "序号", "次序", "方位", "叙述", "口号"}


def test_no_exclusion_is_named_twice():
    keys = [(row["文章"], row["数字"], row["原文"]) for row in EXCLUSIONS]
    assert len(keys) == len(set(keys))


@each_figure
def test_every_numeral_in_a_clause_is_a_figure_or_an_exclusion(row):
    clause, covered = row["原文"], set()

    def cover(phrase, numeral):
        for found in re.finditer(re.escape(phrase), clause):
            for part in re.finditer(re.escape(numeral), phrase):
                covered.update(range(found.start() + part.start(), found.start() + part.end()))

    for other in (other for other in FIGURES if other["文章"] == row["文章"]):
        if other["段落"] == row["段落"]:
            cover(other["写法"], other["写法"])
        for paragraph, repeat in re.findall(r"第(\d+)段“([^”]+)”", other["备注"]):
            if paragraph == row["段落"]:
                cover(repeat, repeat)
    for exclusion in EXCLUSIONS:
        if exclusion["文章"] == row["文章"]:
            cover(exclusion["原文"].strip("“”"), exclusion["数字"])
    left = [m.group() for m in NUMERAL.finditer(clause) if not covered.issuperset(range(m.start(), m.end()))]
    assert not left


def test_a_repeat_names_its_paragraph():
    for row in FIGURES:
        if "另见" in row["备注"]:
            repeats = re.findall(r"第(\d+)段“([^”]+)”", row["备注"])
            assert repeats and all(NUMERAL.search(words) for _, words in repeats), row["编号"]


# --- a second reading of what is written -------------------------------------------------------------------------------

DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
STEPS = {"十": 10, "百": 100, "千": 1000}
NUMBER = r"\d+(?:\.\d+)?|[一二两三四五六七八九十百千]+"


def read_number(text):
    """1.2, 60, 八, 十, 一百, 二十八 -> number"""
    if text[0].isdigit():
        return float(text)
    total, digit = 0, 0
    for char in text:
        if char in STEPS:
            total, digit = total + (digit or 1) * STEPS[char], 0
        else:
            digit = DIGITS[char]
    return float(total + digit)


def read_written(written, unit):
    """``(value, lower, upper, qualifier)`` of a figure as printed, in base units."""
    rules = {
        "区间": r"\d[—-]\d",
        "不到": "不到|不足",
        "至少": "至少|以上",
        "将": "^将",
        "约": "^约",
        "左右": "左右$",
        "近": "^近",
        "余": rf"(?:{NUMBER})[万亿]?余",
        "多": rf"(?:{NUMBER})[万亿]?多",
    }
    qualifier = next((word for word, rule in rules.items() if re.search(rule, written)), "确数")
    if unit == "日期":
        return None, None, None, qualifier
    scale = 1.0
    if unit == "平方米" and "平方公里" in written:
        scale = 1e6
    elif unit == "米" and "公里" in written:
        scale = 1e3
    scale *= {"万": 1e4, "亿": 1e8}.get("".join(re.findall("[万亿]", written)), 1)
    numbers = [read_number(number) * scale for number in re.findall(NUMBER, written)]
    if qualifier == "区间":
        return None, numbers[0], numbers[1], qualifier
    return numbers[0], None, None, qualifier


@pytest.mark.parametrize(
    ("written", "unit", "expected"),
    [
        ("8万余人", "人", (80000, None, None, "余")),
        ("60余万", "元", (600000, None, None, "余")),
        ("3亿元", "元", (300000000, None, None, "确数")),
        ("约1.36平方公里", "平方米", (1360000, None, None, "约")),
        ("2.5公里", "米", (2500, None, None, "确数")),
        ("一百多个", "个", (100, None, None, "多")),
        ("二十八盏", "盏", (28, None, None, "确数")),
        ("150—1000平方米", "平方米", (None, 150, 1000, "区间")),
        ("不到一个月", "月", (1, None, None, "不到")),
        ("10月24日", "日期", (None, None, None, "确数")),
    ],
)
def test_the_second_reader_reads(written, unit, expected):
    assert read_written(written, unit) == pytest.approx(expected)


@each_figure
def test_the_figure_stands_in_its_clause(row):
    clause, written = (re.sub(r"\s", "", row[column]) for column in ("原文", "写法"))
    assert clause.count(written) == 1


@each_figure
def test_value_and_qualifier_are_those_written(row):
    stored = tuple(float(row[column]) if row[column] else None for column in ("数值", "下限", "上限"))
    assert (*stored, row["限定"]) == pytest.approx(read_written(row["写法"], row["单位"]))


@each_figure
def test_a_date_with_a_month_is_given_in_iso_too(row):
    found = re.match(r"(?:(\d{4})年)?(\d+)月(?:(\d+)日)?(?:上午(\d+)点)?", row["写法"])
    if MEASURES[row["指标"]]["kind"] == "date" and found:
        year, month, day, hour = found.groups()
        iso = f"{year or 'XXXX'}-{int(month):02d}" + (f"-{int(day):02d}" if day else "") + (f"T{int(hour):02d}" if hour else "")
        assert re.search(rf"日期 {iso}(?![\d-])", row["备注"])


# --- worked out by hand from the texts ---------------------------------------------------------------------------------

BY_HAND = [
    # place, measure, value or (lower, upper), unit, qualifier
    ("玉龙湖社区", "area", 750000, "平方米", "确数"),
    ("玉龙湖社区", "estates", 10, "个", "确数"),
    ("玉龙湖社区", "households", 2680, "户", "确数"),
    ("玉龙湖社区", "residents_unspecified", 9380, "人", "确数"),
    ("玉龙湖社区", "general_branches", 2, "个", "确数"),
    ("公共服务大厅", "service_windows", 12, "个", "确数"),
    ("公共服务大厅", "service_items", 27, "项", "确数"),
    ("便民生活服务直通车", "shelf_compartments", 100, "个", "多"),
    ("便民生活服务直通车", "goods_kinds", 320, "种", "将"),
    ("便民生活服务直通车", "market_price", 1.3, "元", "确数"),
    ("便民生活服务直通车", "supply_price", 0.92, "元", "确数"),
    ("便民生活服务直通车", "pack_weight", 500, "克", "确数"),
    ("便民生活服务直通车", "delivery_minimum_age", 60, "岁", "至少"),
    ("北镇街道", "organisation_levels", 5, "级", "确数"),
    ("北镇街道", "community_party_committees", 7, "个", "确数"),
    ("城西社区", "area", 1360000, "平方米", "约"),
    ("城西社区", "floating_residents", 529, "人", "确数"),
    ("城西社区", "merged_organisations", 34, "个", "确数"),
    ("城西社区", "merged_members", 356, "人", "确数"),
    ("城西社区", "part_time_members", 4, "人", "确数"),
    ("城西社区", "works_street_lights", 28, "盏", "确数"),
    ("城西社区", "works_hedge_plants", 2900, "株", "余"),
    ("城西社区", "works_sewer_sites", 3, "处", "确数"),
    ("城西社区", "works_sewer_length", 720, "米", "确数"),
    ("城西社区", "volunteer_teams", 8, "支", "确数"),
    ("党群服务中心", "centre_investment", 3000000, "元", "确数"),
    ("党群服务中心", "site_floor_area", 1300, "平方米", "确数"),
    ("党群服务中心", "deliberations", 18, "次", "确数"),
    ("党群服务中心", "disputes", 29, "起", "确数"),
    ("党群服务中心", "volunteer_services", 156, "次", "确数"),
    ("原工兵营宿舍小区", "works_funds_raised", 600000, "元", "余"),
    ("原工兵营宿舍小区", "works_road_area", 7800, "平方米", "确数"),
    ("利津县", "residents_unspecified", 80000, "人", "余"),
    ("利津县", "communities", 12, "个", "确数"),
    ("县城驻地", "communities", 11, "个", "确数"),
    ("县城驻地", "community_size_standard", 3000, "户", "左右"),
    ("利津县", "stations", 21, "处", "确数"),
    ("利津县", "floor_area_per_station", (150, 1000), "平方米", "区间"),
    ("利津县", "service_circle_minutes", 10, "分钟", "确数"),
    ("利津县", "last_distance", 100, "米", "确数"),
    ("利津县", "errands", 2400, "件", "余"),
    ("利津县", "practical_matters", 320, "件", "余"),
    ("利津县", "alliance_members", 261, "家", "确数"),
    ("利津县", "partner_activity_sessions", 139, "期", "确数"),
    ("利津县", "market_sessions", 80, "场", "余"),
    ("利津县", "market_attendances", 12000, "人次", "确数"),
    ("利津县", "activities_sessions", 210, "场", "余"),
    ("利津县", "activities_participants", 20000, "人", "余"),
    ("利津县", "grid_staff_per_grid", 1, "人", "至少"),
    ("利津县", "grid_staff_and_building_stewards", 860, "人", "确数"),
    ("利津县", "local_resolution_rate", 96, "%", "确数"),
    ("利津县", "disputes", 920, "起", "余"),
    ("利津县", "governance_hotline_complaint_rate_decline", 52, "%", "确数"),
    ("利津县", "needs_collected", 267, "个", "确数"),
    ("利津县", "projects_agreed", 168, "个", "确数"),
    ("凤凰小区", "crowdfunding_units", 9, "个", "确数"),
    ("凤凰小区", "works_duration", 1, "月", "不到"),
    ("迎宾馆社区", "volunteers", 300, "人", "多"),
    ("迎宾馆社区", "registered_members", 60, "人", "确数"),
    ("政务服务综合楼", "departments", 37, "个", "确数"),
    ("政务服务综合楼", "departments_public_service", 26, "个", "确数"),
    ("政务服务综合楼", "departments_administrative", 10, "个", "确数"),
    ("政务服务综合楼", "service_items", 560, "项", "确数"),
    ("北国购物红色商圈", "sole_traders", 1250, "户", "确数"),
    ("北大社区", "minority_residents", 36, "人", "确数"),
    ("平原街道", "grids_level3", 27, "个", "确数"),
    ("平原街道", "camera_high_points", 12, "个", "确数"),
    ("社会组织服务中心", "site_land_area", 210, "平方米", "确数"),
    ("社会组织服务中心", "activities_participants", 1638, "人", "确数"),
    ("党群服务中心", "site_land_area", 1480, "平方米", "确数"),
    ("锦园社区", "in_service_members", 235, "人", "确数"),
    ("隐珠街道", "cases", 34748, "起", "确数"),
    ("隐珠街道", "disposal_rate", 100, "%", "确数"),
    ("13号楼", "case_handling_minutes", 20, "分钟", "确数"),
    ("安居小区", "compensation", 8000, "元", "确数"),
    ("隐珠街道", "milk_boxes", 27000, "箱", "确数"),
    ("隐珠街道", "children_reached", 27000, "人", "确数"),
    ("隐珠街道", "primary_schools", 13, "所", "确数"),
    ("隐珠街道", "public_kindergartens", 19, "所", "确数"),
    ("隐珠街道", "farmers_trained", 75, "人", "确数"),
    ("隐珠街道", "villages_covered", 35, "个", "确数"),
]


@pytest.mark.parametrize(("place", "measure", "value", "unit", "qualifier"), BY_HAND)
def test_figures_worked_out_by_hand(place, measure, value, unit, qualifier):
    rows = [row for row in FIGURES if PLACES[row["地点"]]["name"] == place and row["指标"] == measure]
    assert len(rows) == 1
    (row,) = rows
    if isinstance(value, tuple):
        assert (float(row["下限"]), float(row["上限"]), row["数值"]) == (*value, "")
    else:
        assert float(row["数值"]) == pytest.approx(value) and not row["下限"] and not row["上限"]
    assert (row["单位"], row["限定"]) == (unit, qualifier)


def note_of(place, measure):
    return next(r["备注"] for r in FIGURES if PLACES[r["地点"]]["name"] == place and r["指标"] == measure)


def test_what_a_reader_must_be_told():
    for part in ("departments", "departments_public_service", "departments_administrative"):
        assert "26+10与37不符" in note_of("政务服务综合楼", part)
    assert "合计" in note_of("利津县", "grid_staff_and_building_stewards")
    assert "达成数，非完成数" in note_of("利津县", "projects_agreed")
    assert "占地面积不与建筑面积标准比较" in note_of("社会组织服务中心", "site_land_area")
    assert "占地面积不与建筑面积标准比较" in note_of("党群服务中心", "site_land_area")
    assert "达100%" in note_of("隐珠街道", "disposal_rate")
    for row in FIGURES:
        if row["指标"] == "residents_unspecified":
            assert "口径未注明" in row["备注"], row["编号"]


def test_windows_that_must_not_be_confused():
    window = {(PLACES[r["地点"]]["name"], r["指标"]): r["时间口径"] for r in FIGURES}
    assert window["党群服务中心", "disputes"] == "自起"
    assert window["利津县", "disputes"] == "两年"
    assert window["利津县", "errands"] == "累计"
    assert window["利津县", "market_attendances"] == "今年"
    assert window["隐珠街道", "cases"] == "今年"
    assert window["便民生活服务直通车", "goods_kinds"] == "计划"
    assert window["利津县", "governance_hotline_complaint_rate_decline"] == "每年"
