"""Personal data planted in every corner of what a street sends: none of it reaches what is kept, shown or given away."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import duckdb
import pytest
from conftest import run_etl
from hypothesis import given
from hypothesis import strategies as st
from street import COMMUNITIES, REGISTER, table, workbook

from etl.hiding import QUICK, check_digit, hidden
from jiejian.home import PROJECT

# 11010519491231002X and 440524188001010014 are the examples of GB 11643-1999 itself.
ID_X, ID_STANDARD, ID_15 = "11010519491231002X", "440524188001010014", "110105491231002"
ID_KEY, ID_WIDE = "33010219900307511" + check_digit("33010219900307511"), "３１０１１５１９８５０６１５００２２"
MOBILE, MOBILE_GAPS, MOBILE_86, MOBILE_FIGURE, MOBILE_BAD = (
    "13812340001",
    "139 1234 0002",
    "+8615012340003",
    "18612340004",
    "17712340005",
)
LANDLINE, LANDLINE_BRACKETS, LOCAL = "0571-88120006", "(010)62120007", "电话：87650008"
NAMES = ("欧阳慕白", "司徒映雪", "端木清扬", "尉迟长风", "澹台知秋", "令狐望舒")
ADDRESS = "翠竹苑9幢3单元1802室"
NUMBERS = [
    ID_X,
    ID_STANDARD,
    ID_15,
    ID_KEY,
    MOBILE,
    "13912340002",
    "15012340003",
    MOBILE_FIGURE,
    MOBILE_BAD,
    "88120006",
    "62120007",
    "87650008",
]
WRITTEN = [ID_WIDE, "310115198506150022", MOBILE_GAPS, "1234 0002", MOBILE_86]
PLANTED = [*NUMBERS, *WRITTEN, *NAMES, ADDRESS]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (f"居民{ID_X}反映", "居民〔身份证号已隐去〕反映"),
        (ID_STANDARD, "〔身份证号已隐去〕"),
        ("110105 19491231 002x", "〔身份证号已隐去〕"),
        (ID_15, "〔身份证号已隐去〕"),
        (f"来电{MOBILE}，已回", "来电〔手机号已隐去〕，已回"),
        (MOBILE_GAPS, "〔手机号已隐去〕"),
        ("138-1234-0001", "〔手机号已隐去〕"),
        (MOBILE_86, "〔手机号已隐去〕"),
        ("１３８１２３４０００１", "〔手机号已隐去〕"),
        (LANDLINE, "〔电话号码已隐去〕"),
        (LANDLINE_BRACKETS, "〔电话号码已隐去〕"),
        ("057188120006", "〔电话号码已隐去〕"),
        (f"王主任{LOCAL}", "王主任电话：〔电话号码已隐去〕"),
        ("13812340001、13812340002", "〔手机号已隐去〕、〔手机号已隐去〕"),
    ],
)
def test_numbers_are_recognised_as_people_write_them(said, shown):
    assert hidden(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "GD20261031000123", "20261031083000", "2026-10-31 08:30:00", "12345", "110105194912310021", "110105194913310020", "330102001001",
        "0101020304", "13812340001.5", "1381234000", "138123400011", "建筑面积1300平方米", "91330102MA27X12345", "400元", "2026年10月",
        "110105491331002",
    ],
)  # fmt: skip
def test_what_only_looks_like_one_stays(said):
    """Codes of cases and grids, moments, hotlines, a wrong check digit, a day that never was, figures."""
    assert hidden(said) == said


@given(st.text(alphabet="0123456789Xx -0571年月日电话：138居民（）()", max_size=40))
def test_what_is_hidden_stays_hidden_and_the_quick_look_misses_nothing(said):
    once = hidden(said)
    assert hidden(once) == once
    if once != said:
        assert duckdb.sql("SELECT regexp_matches(?, ?)", params=[said, QUICK]).fetchone()[0]


def test_the_check_digit_is_the_standards():
    assert [check_digit(n[:17]) for n in (ID_X, ID_STANDARD)] == ["X", "4"]


# ---- a street that plants them everywhere ----


def _sent(inbox: Path) -> None:
    """Ledgers of several kinds, each with something planted."""
    workbook(inbox / "社区名册.xlsx", [["柳河街道社区名册"], REGISTER, *COMMUNITIES])
    heads = [
        "工单编号",
        "受理时间",
        "社区",
        "来源渠道",
        "事项类别",
        "截止时间",
        "办结时间",
        "反映人",
        "联系电话",
        "诉求内容",
        f"备注{MOBILE}",
    ]
    good = [
        "2026-10-01 09:00",
        "春和社区",
        "热线",
        f"噪音（{ID_X}）",
        "2026-10-08",
        "2026-10-05",
        NAMES[0],
        MOBILE,
        f"{NAMES[1]}住{ADDRESS}",
        "无",
    ]
    rows = [
        ["A1", *good],
        [ID_KEY, *good],
        [
            "A3",
            "2026-10-02 10:00",
            "望湖社区",
            "热线",
            f"停车 {MOBILE_86}",
            "2026-10-09",
            "不详" + MOBILE_BAD,
            NAMES[2],
            LANDLINE,
            ADDRESS,
            "",
        ],
        ["A4", "2026-10-02 10:00", f"望湖{ID_15}", "热线", "停车", "2026-10-09", "", NAMES[2], LANDLINE, ADDRESS, ""],
        [
            "A5",
            "2026-10-03 10:00",
            "麦香社区",
            MOBILE_GAPS,
            f"{LANDLINE_BRACKETS} {LOCAL}",
            "2026-10-09",
            "",
            NAMES[2],
            "",
            "",
            "",
        ],
        ["A6", "2026-10-03 10:00", "麦香社区", "网络", ID_WIDE, "2026-10-09", "", NAMES[2], "", "", ""],
    ]
    workbook(inbox / "2026年10月诉求工单.xlsx", [heads, *rows])
    monthly = [["春和社区", 1200, 3100, 10], ["望湖社区", MOBILE_FIGURE, 3400, 80], ["麦香社区", ID_STANDARD, 3000, 12]]
    workbook(
        inbox / "2026年10月社区基本情况统计表.xlsx",
        [
            ["柳河街道2026年10月社区基本情况统计表"],
            ["社区", "户数", "常住人口", "代办事项"],
            *monthly,
            [f"联系人：{NAMES[3]}，{LANDLINE}"],
        ],
    )
    table(
        inbox / "代办台账.csv",
        [
            ["代办编号", "受理日期", "社区", "代办事项", "申请人", "联系电话"],
            ["D1", "2026-10-03", "春和社区", f"医保，{MOBILE}", NAMES[4], MOBILE],
        ],
    )
    table(
        inbox / "活动.csv",
        [
            ["活动编号", "活动日期", "社区", "活动名称", "活动类型", "参加人次"],
            ["H1", "2026-10-04", "春和社区", f"联系{MOBILE_86}报名", "文体", f"约{MOBILE}人"],
        ],
        encoding="gb18030",
    )
    workbook(
        inbox / "志愿积分.xlsx",
        [
            ["流水号", "志愿者编号", "社区", "日期", "类型", "获得积分"],
            ["P1", ID_X, "春和社区", "2026-10-05", "获得", 5],
            ["P2", MOBILE, "春和社区", "2026-10-05", "获得", 5],
            ["P3", NAMES[5], "春和社区", "2026-10-05", "获得", 5],
        ],
    )
    # In the name of a file and of a sheet: neither is loaded, and the sentence does not repeat the number.
    workbook(inbox / f"诉求{MOBILE_BAD}.xlsx", [heads, *rows])
    workbook(inbox / "另一份工单.xlsx", [heads, ["B1", *good]], sheet=ID_X)
    (inbox.parent / "catalogue").mkdir()
    (inbox.parent / "catalogue" / "corrections.yml").write_text(
        "户数:\n  place: 春和社区\n  measure: 户数\n  period: 2026-10\n  expected: 1200\n  becomes: 1210\n"
        f"  why: 与{MOBILE}电话核实\n  who: 王某\n  date: 2026-11-05\n",
        encoding="utf-8",
    )


@pytest.fixture(scope="module")
def sent(tmp_path_factory) -> tuple[Path, str]:
    """The home after a real load, and all that the command said."""
    home = tmp_path_factory.mktemp("private")
    (home / "demo.removed").write_text("", encoding="utf-8")
    (home / "inbox").mkdir()
    _sent(home / "inbox")
    result = run_etl(home)
    return home, result.stdout + result.stderr


def _leaks(content: bytes) -> list[str]:
    """What of the planted stands in the bytes, as UTF-8 or UTF-16."""
    return [word for word in PLANTED if any(word.encode(code) in content for code in ("utf-8", "utf-16-le", "gb18030"))]


def _opened(path: Path) -> bytes:
    """The bytes of a file, and those of its members where it is a zip."""
    content = path.read_bytes()
    if zipfile.is_zipfile(BytesIO(content)):
        with zipfile.ZipFile(BytesIO(content)) as archive:
            content += b"".join(archive.read(name) for name in archive.namelist())
    return content


def _kept(home: Path) -> list[Path]:
    """All files of a home but the street's own: what it sent, and its corrections."""
    own = (home / "inbox", home / "uploads", home / "catalogue")
    return [p for p in home.rglob("*") if p.is_file() and not any(folder in p.parents for folder in own)]


def test_the_load_took_what_it_should(sent):
    """Without rows in the warehouse the scan below would prove nothing."""
    home, said = sent
    with duckdb.connect(_serving(home), read_only=True) as connection:
        cases = connection.execute("SELECT count(*) FROM case_event WHERE dataset = 'street'").fetchone()[0]
        tables = {t for (t,) in connection.execute("SELECT DISTINCT ledger FROM load WHERE dataset = 'street'").fetchall()}
        rejected = connection.execute("SELECT count(*) FROM reject WHERE dataset = 'street' AND severity = 'error'").fetchone()[0]
        values = " ".join(
            v for (v,) in connection.execute("SELECT DISTINCT value FROM reject WHERE value IS NOT NULL").fetchall()
        )
        corrected = connection.execute("SELECT state, why FROM correction").fetchall()
    assert cases >= 3 and {"cases", "monthly", "activities", "points", "errands"} <= tables and rejected >= 3, said
    assert "手机号已隐去" in values and "身份证号已隐去" in values
    assert corrected == [("applied", "与〔手机号已隐去〕电话核实")]
    assert "名称里有身份证号或电话号码" in said


def _serving(home: Path) -> str:
    from etl.warehouse import serving
    from jiejian.home import Home

    return str(serving(Home(home)))


def test_two_rows_whose_keys_are_identity_numbers_stay_two(sent):
    home, _ = sent
    with duckdb.connect(_serving(home), read_only=True) as connection:
        keys = {k for (k,) in connection.execute("SELECT case_no FROM case_event WHERE dataset = 'street'").fetchall()}
    masked = [k for k in keys if "身份证号已隐去" in k]
    assert len(masked) == 1 and len(masked[0]) > len("〔身份证号已隐去〕") and "A1" in keys


def test_no_file_of_the_home_holds_it(sent):
    home, _ = sent
    files = _kept(home)
    assert any(p.suffix == ".parquet" for p in files) and any(p.suffix == ".duckdb" for p in files)
    assert {p.relative_to(home).as_posix(): found for p in files if (found := _leaks(_opened(p)))} == {}


def test_no_table_holds_it(sent):
    """Raw bytes may be compressed: every cell of every table, of the warehouse, the loads and the application's state."""
    home, _ = sent
    found = {}
    with duckdb.connect(_serving(home), read_only=True) as connection:
        for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall():
            found[name] = _leaks(repr(connection.execute(f'SELECT * FROM "{name}"').fetchall()).encode())
    for path in home.rglob("*.parquet"):
        found[path.name] = found.get(path.name, []) + _leaks(repr(duckdb.read_parquet(str(path)).fetchall()).encode())
    for path in home.glob("*.sqlite"):
        with sqlite3.connect(path) as state:
            found[path.name] = _leaks("\n".join(state.iterdump()).encode())
    assert len(found) > 10 and {name: leaks for name, leaks in found.items() if leaks} == {}


def test_what_the_commands_say_does_not_hold_it(sent):
    home, said = sent
    assert _leaks(said.encode()) == []
    assert _leaks((run_etl(home, "status").stdout + run_etl(home, "loads").stdout).encode()) == []


def test_marks_do_not_repeat_it(sent, tmp_path):
    """A marked workbook has the sender's own cells; what we write into it (comments, the list of findings) has no number."""
    home, _ = sent
    result = run_etl(home, "check", str(home / "inbox" / "2026年10月诉求工单.xlsx"), "--out", str(tmp_path))
    assert _leaks((result.stdout + result.stderr).encode()) == []
    (marked,) = tmp_path.glob("*（已标注）.xlsx")
    with zipfile.ZipFile(marked) as archive:
        ours = [name for name in archive.namelist() if "comment" in name.lower()]
        assert ours and _leaks(b"".join(archive.read(name) for name in ours)) == []


def test_exports_and_decks_do_not_hold_it(sent, tmp_path):
    """Tables, the export of single cases, a deck as PPTX and as an offline page, made from this home by the real code."""
    home, _ = sent
    made = subprocess.run(
        [sys.executable, "-c", _MAKE, str(tmp_path)],
        cwd=PROJECT,
        env=_environment(home),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert made.returncode == 0, made.stderr
    files = sorted(tmp_path.iterdir())
    assert {p.suffix for p in files} >= {".xlsx", ".csv", ".pptx", ".html"}
    assert {p.name: found for p in files if (found := _leaks(_opened(p)))} == {}
    assert _leaks((made.stdout + made.stderr).encode()) == []


def _environment(home: Path) -> dict[str, str]:
    import os

    return {**os.environ, "JIEJIAN_HOME": str(home), "PYTHONUTF8": "1"}


_MAKE = """
import sys
from pathlib import Path
from jiejian.catalogue import catalogue
from jiejian.export.html_deck import to_html
from jiejian.export.pptx import to_pptx
from jiejian.export.tables import ExportColumn, ExportTable, figures_table, to_csv, to_xlsx
from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.ui import deckbook
from jiejian.warehouse import Warehouse, serving
out = Path(sys.argv[1])
source = Warehouse(serving(home()), catalogue())
metrics = [m for m in source.metrics("street")][:12]
period = parse_period("2026-10")
context = source.context("street", tuple(m.id for m in metrics), (), period, None)
frame = source.query(Selection("street", tuple(m.id for m in metrics), period))
table = figures_table(frame, metrics, context, source.catalogue)
(out / "figures.xlsx").write_bytes(to_xlsx(table))
(out / "figures.csv").write_bytes(to_csv(table))
for name in ("case_event", "activity", "errand", "reject", "load"):
    rows = source.frame(f"SELECT * FROM {name} LIMIT 500").astype(str)
    columns = tuple(ExportColumn(c) for c in rows.columns)
    (out / f"{name}.xlsx").write_bytes(to_xlsx(ExportTable(name, rows, columns, context, (), ())))
front = source.catalogue.front_deck()
opened = deckbook.find(source, front.id)
slides = deckbook.slides(opened)
assert slides
(out / "deck.pptx").write_bytes(to_pptx(slides, opened.deck, "街道")[0])
(out / "deck.html").write_text(to_html(slides, opened.deck), encoding="utf-8")
"""
