"""Names of places as offices write them."""

import ast
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from street import Street, workbook

from etl.atlas import Atlas
from etl.gazetteer import Doubtful, Gazetteer
from etl.memory import Memory
from etl.places import Place, alias_names, listed, place_id
from etl.spelling import bare, numbered, one_edit_apart
from etl.warehouse import serving
from jiejian.catalogue import CatalogueError, catalogue
from jiejian.home import PROJECT, home
from jiejian.warehouse import Warehouse


def community(name: str, street: str = "柳河街道", aliases: str = "") -> Place:
    parent = place_id("street", street)
    return Place(place_id(parent, name), "street", name, "社区", parent, aliases=aliases)


STREET = Place("street/柳河街道", "street", "柳河街道", "街道")


@pytest.fixture
def gazetteer() -> Gazetteer:
    found = Gazetteer("street")
    found.add([STREET, community("春和社区", aliases="老春和、向阳居委会"), community("望湖社区"), community("新村")])
    return found


@pytest.mark.parametrize(
    "written",
    [
        "春和社区",
        "春和",
        "春和社区居委会",
        "春和居委会",
        " 春 和 社 区 ",
        "春和社区\n",
        "柳河街道春和社区",
        "老春和",
        "向阳居委会",
        "向阳社区",
        "street/柳河街道/春和社区",
        "柳河街道/春和社区",
    ],
)
def test_every_way_to_write_a_community(gazetteer, written):
    assert gazetteer.find(written) == "street/柳河街道/春和社区"


def test_what_was_found_is_looked_for_anew_when_places_come(gazetteer):
    assert gazetteer.find("春和") == gazetteer.find("春和") == "street/柳河街道/春和社区"
    gazetteer.add([Place("street/东湖街道", "street", "东湖街道", "街道"), community("春和社区", "东湖街道")])
    with pytest.raises(Doubtful, match="有 2 处同名"):
        gazetteer.find("春和")


def test_a_name_that_ends_like_a_suffix_is_a_name(gazetteer):
    assert gazetteer.find("新村") == "street/柳河街道/新村"


def test_an_unknown_name_is_refused_with_the_nearest(gazetteer):
    with pytest.raises(ValueError, match=r"^不在名册中，最接近的是“望湖社区”$"):
        gazetteer.find("望胡社区")
    with pytest.raises(ValueError, match=r"^不在名册中$"):
        gazetteer.find("开发区")


def test_a_name_that_fits_two_places_is_refused(gazetteer):
    gazetteer.add([Place("street/柳南街道", "street", "柳南街道", "街道"), community("春和社区", "柳南街道")])
    with pytest.raises(ValueError, match=r"^有 2 处同名：柳河街道/春和社区、柳南街道/春和社区$"):
        gazetteer.find("春和社区")
    assert gazetteer.find("柳南街道/春和社区") == "street/柳南街道/春和社区"


def test_a_community_is_meant_before_a_grid_of_the_same_name(gazetteer):
    parent = "street/柳河街道/望湖社区"
    gazetteer.add([Place(place_id(parent, "望湖"), "street", "望湖", "网格", parent)])
    assert gazetteer.find("望湖") == parent


def test_alias_lists():
    assert alias_names("滨河、老滨河社区;东园/西园") == ["滨河", "老滨河社区", "东园", "西园"]
    assert alias_names(None) == []


def test_a_street_under_a_new_name_takes_its_places_along():
    atlas = Atlas("street")
    grid = Place(
        place_id(community("春和社区").place_id, "第一网格"), "street", "第一网格", "网格", community("春和社区").place_id
    )
    atlas.take([STREET, community("春和社区"), community("望湖社区")])
    atlas.take([grid])
    atlas.take(
        [Place("street/柳河镇", "street", "柳河镇", "街道"), community("春和社区", "柳河镇"), community("望湖社区", "柳河镇")]
    )
    assert sorted(p.place_id for p in atlas.places.values() if p.kind == "社区") == [
        "street/柳河镇/春和社区",
        "street/柳河镇/望湖社区",
    ]
    assert atlas.now("street/柳河街道/春和社区") == "street/柳河镇/春和社区"
    assert atlas.now("street/柳河街道/春和社区/第一网格") == "street/柳河镇/春和社区/第一网格"
    assert atlas.places["street/柳河镇/春和社区/第一网格"].parent_id == "street/柳河镇/春和社区"


def test_a_community_under_a_new_name_is_the_same_place():
    atlas = Atlas("street")
    atlas.take([STREET, community("春和社区")])
    atlas.take([STREET, community("新春和社区", aliases="春和社区")])
    assert [p.name for p in atlas.places.values() if p.kind == "社区"] == ["新春和社区"]
    assert atlas.now("street/柳河街道/春和社区") == "street/柳河街道/新春和社区"


# ---- decorations and doubts ----


@pytest.fixture
def city() -> Gazetteer:
    """原平市 with two streets; 春和社区 is in both."""
    places = [
        Place("city/原平市", "city", "原平市", "市"),
        Place("city/原平市/柳河街道", "city", "柳河街道", "街道", "city/原平市", aliases="柳河办"),
        Place("city/原平市/柳南街道", "city", "柳南街道", "街道", "city/原平市"),
    ]
    for street, name in (
        ("柳河", "春和社区"),
        ("柳南", "春和社区"),
        ("柳河", "城西社区"),
        ("柳河", "第三社区"),
        ("柳南", "麦香村"),
        ("柳南", "城东社区"),
    ):
        parent = f"city/原平市/{street}街道"
        places.append(Place(f"{parent}/{name}", "city", name, "村" if name[-1] == "村" else "社区", parent))
    for community in ("柳河街道/城西社区", "柳南街道/城东社区"):
        places.append(Place(f"city/原平市/{community}/第一网格", "city", "第一网格", "网格", f"city/原平市/{community}"))
    found = Gazetteer("city")
    found.add(places)
    return found


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("原平市城西社区居委会", "柳河街道/城西社区"),
        ("忻州市原平市城西社区", "柳河街道/城西社区"),
        ("山西省原平市柳河街道办事处城西社区居民委员会", "柳河街道/城西社区"),
        ("城西社区党委", "柳河街道/城西社区"),
        ("城西社区党总支", "柳河街道/城西社区"),
        ("1.城西社区", "柳河街道/城西社区"),
        ("城西社区（试点）", "柳河街道/城西社区"),
        ("★城西社区", "柳河街道/城西社区"),
        ("城西　社区", "柳河街道/城西社区"),
        ("三社区", "柳河街道/第三社区"),
        ("3社区", "柳河街道/第三社区"),
        ("第３社区居委会", "柳河街道/第三社区"),
        ("柳河街道春和社区", "柳河街道/春和社区"),
        ("柳南街道/春和", "柳南街道/春和社区"),
        ("柳河办春和社区", "柳河街道/春和社区"),
        ("麦香村村民委员会", "柳南街道/麦香村"),
        ("城西社区第一网格", "柳河街道/城西社区/第一网格"),
        ("柳南街道城东社区1网格", "柳南街道/城东社区/第一网格"),
    ],
)
def test_decorated_names(city, written, path):
    assert city.find(written) == f"city/原平市/{path}"


@pytest.mark.parametrize(
    ("written", "clause", "candidates"),
    [
        ("城酉社区", "不在名册中，最接近的是“城西社区”“城东社区”", ["柳河街道/城西社区", "柳南街道/城东社区"]),
        ("城西村", "与名册中的“城西社区”类别不同", ["柳河街道/城西社区"]),
        ("麦香社区", "与名册中的“麦香村”类别不同", ["柳南街道/麦香村"]),
        (
            "春和",
            "有 2 处同名：原平市/柳河街道/春和社区、原平市/柳南街道/春和社区",
            ["柳河街道/春和社区", "柳南街道/春和社区"],
        ),
        ("柳南街道城西社区", "写的上级“柳南街道”与名册不符，名册中是原平市/柳河街道/城西社区", ["柳河街道/城西社区"]),
        ("忻府区城西社区", "写的上级“忻府区”与名册不符，名册中是原平市/柳河街道/城西社区", ["柳河街道/城西社区"]),
        ("柳北街道城西社区", "写的上级“柳北街道”与名册不符，名册中是原平市/柳河街道/城西社区", ["柳河街道/城西社区"]),
        ("定襄市城西社区", "写的上级“定襄市”与名册不符，名册中是原平市/柳河街道/城西社区", ["柳河街道/城西社区"]),
        (
            "城西社区（城东社区）",
            "可能是“原平市/柳河街道/城西社区”，也可能是“原平市/柳南街道/城东社区”",
            ["柳河街道/城西社区", "柳南街道/城东社区"],
        ),
        (
            "第一网格",
            "有 2 处同名：原平市/柳河街道/城西社区/第一网格、原平市/柳南街道/城东社区/第一网格",
            ["柳河街道/城西社区/第一网格", "柳南街道/城东社区/第一网格"],
        ),
    ],
)
def test_what_is_doubtful_comes_back_with_its_candidates(city, written, clause, candidates):
    with pytest.raises(Doubtful) as raised:
        city.find(written)
    assert str(raised.value) == clause
    assert [c.removeprefix("city/原平市/") for c in raised.value.candidates] == candidates


@pytest.mark.parametrize("written", ["城市花园社区", "红旗花园社区", "小镇花园社区", "东区花园社区", "水乡花园社区"])
def test_a_longer_name_is_no_authority_before_a_shorter_one(written):
    found = Gazetteer("street")
    found.add([STREET, community("花园社区")])
    with pytest.raises(ValueError, match="不在名册中"):
        found.find(written)


def test_an_authority_that_is_perhaps_part_of_the_name_is_asked_about():
    found = Gazetteer("street")
    found.add([STREET, community("滨江社区"), community("新华滨江社区")])
    with pytest.raises(Doubtful, match=r"^可能是“柳河街道/滨江社区”，也可能是“柳河街道/新华滨江社区”$"):
        found.find("新华县滨江社区")


# Names that no suffix, numeral, level of administration or other ending of a name takes apart.
_SIGNS = "春和望湖麦香晴川柳荫桂苑松涛竹韵梅岭兰亭荷塘菊圃石桥沙洲云台雨花雪堂霜叶"
_names = st.text(st.sampled_from(_SIGNS), min_size=2, max_size=4)
_decorations = st.sampled_from(
    [
        *("{}", "{}社区", "{}社区居委会", "{}居委会", "{}社区党委", "{}社区居民委员会", "{}社区党总支"),
        *(
            "柳河街道{}社区",
            "柳河街道办事处{}社区",
            "原平市{}社区居委会",
            "山西省忻州市原平市{}",
            "{}社区（试点）",
            "1.{}社区",
            "  {} 社区\n",
        ),
        *("３、{}社区", "【{}社区】试点", "★{}社区", "street/柳河街道/{}社区", "柳河街道/{}"),
    ]
)


@given(st.sets(_names, min_size=1, max_size=8), _decorations, st.data())
def test_every_decorated_form_of_a_unique_name_finds_it(names, decoration, data):
    name = data.draw(st.sampled_from(sorted(names)))
    assume(decoration != "【{}社区】试点")  # a note in such brackets, see trimmed()
    found = Gazetteer("street")
    found.add([STREET, *(community(f"{n}社区") for n in names)])
    assert found.find(decoration.format(name)) == f"street/柳河街道/{name}社区"


@given(st.sets(_names, min_size=1, max_size=8), _decorations, st.data())
def test_a_character_written_wrongly_never_means_another_place(names, decoration, data):
    name = data.draw(st.sampled_from(sorted(names)))
    at = data.draw(st.integers(0, len(name) - 1))
    sign = data.draw(st.sampled_from(_SIGNS))
    how = data.draw(st.sampled_from(("wrong", "left out", "added")))
    wrong = name[:at] + {"wrong": sign, "left out": "", "added": sign + name[at]}[how] + name[at + 1 :]
    assume(wrong and wrong not in names)
    found = Gazetteer("street")
    found.add([STREET, *(community(f"{n}社区") for n in names)])
    with pytest.raises(ValueError, match=r"."):
        found.find(decoration.format(wrong))


@given(st.text(max_size=12), st.text(max_size=12))
def test_one_edit_apart_is_symmetric_and_never_holds_for_the_same(one, other):
    assert not one_edit_apart(one, one)
    assert one_edit_apart(one, other) == one_edit_apart(other, one)


def test_one_edit_apart_by_hand():
    assert all(one_edit_apart("城西社区", other) for other in ("城酉社区", "城社区", "城西西社区", "西城社区"))
    assert not any(one_edit_apart("城西社区", other) for other in ("城东小区", "社区", "城西社区居委"))


def test_forms():
    assert [numbered(n) for n in ("第三社区", "三社区", "3社区", "第十一网格", "一百零二号")] == [
        *("3社区", "3社区", "3社区", "11网格", "102号")
    ]
    assert [bare(n) for n in ("城西社区居委会", "城西村委会", "柳河街道办事处", "新村", "社区")] == [
        "城西",
        "城西",
        "柳河",
        "新",
        "社区",
    ]


# ---- asked once ----

HEADS = ["社区", "户数", "常住人口"]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    return Street(tmp_path / "home", monkeypatch)


def test_a_doubtful_name_is_asked_about_and_the_answer_is_kept(street):
    street.register()
    street.monthly("2026年9月", [["春禾社区", 100, 300], ["望湖社区", 200, 600]], HEADS)
    assert street.refresh().rows_rejected == 1
    assert street.ask("SELECT value, candidates FROM reject") == [("春禾社区", "street/柳河街道/春和社区")]
    Memory(home()).answer_place("street", "春禾社区", "street/柳河街道/春和社区", "王某")
    summary = street.refresh()
    assert (summary.exit_code, summary.rows_rejected) == (0, 0)
    street.monthly("2026年10月", [["春 禾社区", 110, 310]], HEADS)
    street.refresh()
    assert street.figures("households") == {("春和", "2026-09"): 100, ("望湖", "2026-09"): 200, ("春和", "2026-10"): 110}


# ---- lists of places ----


def test_a_list_of_places_of_ones_own(street):
    own = home().catalogue / "places.csv"
    own.parent.mkdir(parents=True)
    own.write_text(
        "名称,类别,上级,序号,其他名称\n柳河街道,街道,,1,\n春和社区,社区,柳河街道,2,老春和\n第一网格,网格,春和社区,3,\n",
        encoding="gb18030",
    )
    street.monthly("2026年10月", [["老春和", 100, 300]], HEADS)
    assert street.refresh().exit_code == 0
    assert street.ask("SELECT place_id, kind, parent_id FROM place WHERE dataset = 'street' ORDER BY sort") == [
        ("street/柳河街道", "街道", None),
        ("street/柳河街道/春和社区", "社区", "street/柳河街道"),
        ("street/柳河街道/春和社区/第一网格", "网格", "street/柳河街道/春和社区"),
    ]
    assert street.figures("households") == {("春和", "2026-10"): 100}
    own.write_text("名称,类别,上级,序号,其他名称\n柳河街道,街道,,1,\n春和社区,社区,柳河街道,2,老春和\n", encoding="utf-8")
    street.refresh()
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'street'") == [(2,)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("春和社区,社区,柳北街道,,", "上级“柳北街道”不在前面各行中，请先写上级再写下级"),
        ("春和社区,,柳河街道,,", "没有写类别（kind）"),
        (",社区,柳河街道,,", "没有写名称（name）"),
        ("春和社区,社区,柳河街道,二,", "序号“二”应为数字"),
        ("柳河街道,街道,,,", "与前面一行是同一个地点“柳河街道”；沿用旧名的社区只写一行，变更后中也写上它自己"),
        ("春和社区,社区,柳河街道,,明年", "撤销日期“明年”不是日期，应写成 2026-01-01"),
    ],
)
def test_a_fault_in_a_list_of_places_names_its_row(tmp_path, line, reason):
    path = tmp_path / "places.csv"
    path.write_text(f"名称,类别,上级,序号,撤销日期\n柳河街道,街道,,1,\n{line}\n", encoding="utf-8")
    with pytest.raises(CatalogueError) as raised:
        listed(path)
    assert str(raised.value) == f"目录文件 places.csv 第 3 行：{reason}。请改正后重试。"


def test_no_code_knows_the_places_of_the_demo(demo):
    """Only the demo itself may name its places; an example in a docstring is no knowledge."""
    names = set(demo.places("demo")["place"]) | {demo.street("demo")}
    assert len(names) > 10
    files = [p for folder in ("jiejian", "pages", "etl") for p in (PROJECT / folder).rglob("*.py")]
    found = [
        (path.name, text)
        for path in files
        if "demo" not in path.relative_to(PROJECT).parts
        for text in _texts(path)
        if any(name in text for name in names)
    ]
    assert found == []


def _texts(path: Path) -> list[str]:
    """The string constants of a module that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bodies = [node.body for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    docstrings = {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}
    constants = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return [node.value for node in constants if id(node) not in docstrings]


CITY = """
name: 全市社区基本情况
table: observation
sent: month
period: title
grain: month
street: street
starts_places: true
columns:
  street: {name: 街道(镇), synonyms: [所属街镇], type: text, required: true}
  place: {name: 社区名, type: place, required: true}
  households: {name: 居民户, type: quantity, unit: 户, measure: households}
"""


def test_a_city_whose_streets_have_communities_of_the_same_name(street):
    contract = home().catalogue / "ledgers" / "city.yml"
    contract.parent.mkdir(parents=True)
    contract.write_text(CITY, encoding="utf-8")
    heads = ["所属街镇", "社区名", "居民户"]
    rows = [["柳河街道", "春和社区", 100], ["柳河街道", "望湖社区", 200], ["柳南街道", "春和社区", 300]]
    title = ["2026年9月全市社区基本情况"]
    workbook(street.inbox / "9月.xlsx", [title, heads, *rows])
    # In the next month streets are written otherwise, one wrongly, and one is left out.
    more = [["柳河", "春和", 110], ["柳南街道办事处", "春和社区", 310], ["柳北街道", "春和社区", 9], ["", "望湖", 210]]
    workbook(street.inbox / "10月.xlsx", [["2026年10月全市社区基本情况"], heads, *more])
    assert street.refresh().rows_rejected == 2
    got = street.ask(
        """SELECT v.place_path, month(period_start), value FROM v_figure v
           WHERE dataset = 'street' AND measure = 'households' ORDER BY ALL"""
    )
    assert got == [
        *(("柳南街道/春和社区", 9, 300), ("柳南街道/春和社区", 10, 310)),
        *(("柳河街道/春和社区", 9, 100), ("柳河街道/春和社区", 10, 110), ("柳河街道/望湖社区", 9, 200)),
    ]
    assert [s[s.index("第 ") : s.index("。")] for s in street.sentences()] == [
        "第 5 行“社区名”列的值“柳北街道/春和社区”不在名册中，最接近的是柳河街道/春和社区、柳南街道/春和社区",
        "第 6 行“所属街镇”列没有填写",
    ]
    source = Warehouse(serving(home()), catalogue())
    assert list(source.places("street")["place"]) == ["柳河街道春和社区", "望湖社区", "柳南街道春和社区"]
    source.close()
