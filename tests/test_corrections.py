"""Corrections are data: applied to what is derived, said beside the figure, loud when the source changed."""

import duckdb
import pytest
from conftest import run_etl
from street import Street

from etl.atlas import Atlas
from etl.corrections import correct
from etl.places import Place
from etl.schema import text
from etl.warehouse import serving
from jiejian.catalogue import CatalogueError, catalogue
from jiejian.export.figures import figures_table
from jiejian.home import home
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.warehouse import Warehouse

HEADS = ["社区", "户数", "常住人口", "代办事项"]
FIGURE = """
2026-10-望湖-户数:
  place: 望湖
  measure: 户数
  period: 2026-10
  expected: 13500
  becomes: 1350
  why: 多写了一位，社区已书面确认
  who: 王某
  date: 2026-11-05
"""
EVENT = """
A1-办结:
  ledger: cases
  key: {case_no: A1}
  column: closed_at
  expected: 2026-10-05 10:00
  becomes: 2026-10-12 10:00
  why: 平台录错日期
  who: 王某
  date: 2026-11-05
A1-社区:
  ledger: cases
  key: {case_no: A1}
  column: place
  expected: 春和社区
  becomes: 望湖社区
  why: 属地弄错
  who: 王某
  date: 2026-11-05
A1-满意:
  ledger: cases
  key: {case_no: A1}
  column: satisfied
  expected: 否
  becomes: 是
  why: 回访录音核实
  who: 王某
  date: 2026-11-05
"""


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    found = Street(tmp_path / "home", monkeypatch)
    found.register()
    found.monthly("2026年10月", [["春和社区", 1200, 3100, 10], ["望湖社区", 13500, 3400, 80]], HEADS)
    found.cases([["A1", "2026-10-04 08:00", "春和", "2026-10-11 08:00", "2026-10-05 10:00", "否"]], extra=("是否满意",))
    return found


def write(*content: str) -> None:
    path = home().catalogue / "corrections.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(content), encoding="utf-8")


def states(street: Street) -> list[tuple[str, str]]:
    return street.ask("SELECT state, sentence FROM correction ORDER BY correction")


def test_a_figure_is_corrected_and_says_so(street):
    write(FIGURE)
    summary = street.refresh()
    assert (summary.exit_code, summary.corrections) == (0, [])
    assert street.figures("households") == {("春和", "2026-10"): 1200, ("望湖", "2026-10"): 1350}
    assert states(street) == [("applied", "望湖社区2026年10月的户数由 13500 更正为 1350：多写了一位，社区已书面确认")]
    assert street.ask(
        "SELECT value, qualifier, status, written, note FROM v_observation WHERE place_name = '望湖社区' AND measure = 'households'"
    ) == [(1350, "corrected", "A", "13500", "已更正：原报 13500，多写了一位，社区已书面确认（王某，2026-11-05）")]
    source = Warehouse(serving(home()), catalogue())
    frame = source.query(Selection("street", ("households",), parse_period("2026-10")))
    assert dict(zip(frame["place"], frame["qualifier"], strict=True))["望湖社区"] == "corrected"
    exported = figures_table(frame, [source.catalogue.metrics["households"]], source.context("street"), source.catalogue)
    assert exported.columns[-1].label == "备注"
    assert "已更正：原报 13500，多写了一位，社区已书面确认（王某，2026-11-05）" in list(exported.frame.iloc[:, -1])
    said = source.corrections("street")
    assert list(said["state"]) == ["applied"]
    source.close()


def test_loads_stay_as_they_were_sent(street):
    write(FIGURE)
    street.refresh()
    files = [p.as_posix() for p in (street.root / "loads").glob("*monthly*/rows.parquet")]
    rows = duckdb.execute("SELECT value FROM read_parquet(?) WHERE measure = 'households' ORDER BY value", [files]).fetchall()
    assert rows == [(1200,), (13500,)]
    write("")
    street.refresh()
    assert street.figures("households")["望湖", "2026-10"] == 13500


def test_it_fails_loudly_once_the_source_says_something_else(street):
    write(FIGURE)
    street.refresh()
    street.monthly("2026年10月", [["望湖社区", 1360, 3400, 80]], HEADS, name="更正 2026年10月社区基本情况统计表.xlsx")
    sentence = (
        "更正“2026-10-望湖-户数”没有生效：望湖社区2026年10月的户数现为 1360，不再是更正时的 13500。"
        "原数照用；请核对后修改或删去这条更正（catalogue/corrections.yml）。"
    )
    summary = street.refresh()
    assert (summary.exit_code, summary.corrections) == (1, [sentence])
    assert street.figures("households")["望湖", "2026-10"] == 1360
    assert street.ask("SELECT qualifier, note FROM v_figure WHERE place_name = '望湖社区' AND measure = 'households'") == [
        ("exact", None)
    ]
    assert street.refresh().corrections == [sentence], "as long as nobody looks at it"


def test_the_command_line_says_it_and_ends_with_one(street):
    write(FIGURE.replace("13500", "1"))
    for command in ([], ["status"]):
        result = run_etl(street.root, *command)
        assert result.returncode == 1
        assert "望湖社区2026年10月的户数现为 13500，不再是更正时的 1。" in result.stdout.replace("\n", "")


def test_rows_of_a_ledger_are_corrected_before_they_are_counted(street):
    write(EVENT)
    assert street.refresh().exit_code == 0
    assert street.ask("SELECT split_part(place_id, '/', 3), CAST(closed_at AS VARCHAR), satisfied FROM case_event") == [
        ("望湖社区", "2026-10-12 10:00:00", True)
    ]
    assert street.figures("cases_opened") == {("春和", "2026-10"): 0, ("望湖", "2026-10"): 1, ("麦香", "2026-10"): 0}
    assert street.figures("cases_closed_on_time")["望湖", "2026-10"] == 0
    assert [state for state, _ in states(street)] == ["applied"] * 3
    assert states(street)[0][1] == "诉求工单A1的办结时间由 2026-10-05 10:00:00 更正为 2026-10-12 10:00：平台录错日期"


@pytest.mark.parametrize(
    ("was", "wrong", "reason"),
    [
        ("place: 望湖", "place: 望胡社区", "“望胡社区”不在名册中，最接近的是“望湖社区”"),
        ("period: 2026-10", "period: 2026-09", "没有人报送望湖社区2026年9月的户数"),
        ("period: 2026-10", "period: 上月", "看不懂时间“上月”，应写成 2026-10 或 2026年10月"),
        (
            "measure: 户数",
            "measure: cases_opened",
            "没有人报送望湖社区2026年10月的受理件数；这个数由台账逐条汇总，请更正台账中的那一条",
        ),
        ("becomes: 1350", "becomes: 很多", "“很多”不是数字"),
        ("expected: 13500", "expected: 很多", "“很多”不是数字"),
        ("expected: 13500", "expected:", "望湖社区2026年10月的户数现为 13500，不再是更正时的 空"),
    ],
)
def test_what_cannot_be_applied(street, was, wrong, reason):
    write(FIGURE.replace(was, wrong))
    street.refresh()
    assert states(street) == [
        (
            "failed",
            f"更正“2026-10-望湖-户数”没有生效：{reason}。原数照用；请核对后修改或删去这条更正（catalogue/corrections.yml）。",
        )
    ]
    assert street.figures("households")["望湖", "2026-10"] == 13500


def test_a_row_that_is_not_there(street):
    write(EVENT.replace("case_no: A1", "case_no: A9"))
    street.refresh()
    assert states(street)[0][1].startswith("更正“A1-办结”没有生效：诉求工单中有 0 条A9，应当只有一条。")


def test_a_figure_that_was_no_figure(street):
    """A figure can be taken back, and one that was left blank can be given."""
    write(FIGURE.replace("becomes: 1350", "becomes: null"))
    street.refresh()
    assert street.figures("households")["望湖", "2026-10"] is None
    street.monthly("2026年10月", [["春和社区", 1200, 3100, 10], ["望湖社区", 13500, 3400, ""]], HEADS)
    write(FIGURE.replace("户数", "代办事项").replace("expected: 13500", "expected: null").replace("1350\n", "8\n"))
    street.refresh()
    assert [state for state, _ in states(street)] == ["applied"]
    assert street.figures("errands")["望湖", "2026-10"] == 8


def test_applying_twice_is_applying_once(street):
    write(FIGURE, EVENT)
    street.refresh()
    atlas = Atlas("street")
    atlas.take(
        Place(*row) for row in street.ask("SELECT place_id, dataset, name, kind, parent_id FROM place WHERE dataset = 'street'")
    )
    tables = ("observation", "case_event", "correction")
    with duckdb.connect() as connection:
        connection.execute(f"ATTACH {text(serving(home()).as_posix())} AS there (READ_ONLY)")
        for table in ("load", *tables):
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM there.{table}")
        before = [connection.execute(f"SELECT * FROM {t} ORDER BY ALL").fetchall() for t in tables]
        correct(connection, catalogue(), {d: atlas.gazetteer() for d in catalogue().datasets})
        assert [connection.execute(f"SELECT * FROM {t} ORDER BY ALL").fetchall() for t in tables] == before


@pytest.mark.parametrize(
    ("was", "wrong", "reason"),
    [
        ("measure: 户数", "measure: 红心数", "键 measure：计量项 红心数 不存在"),
        ("  place: 望湖\n", "", "键 place/period：要写明地点和时间"),
        ("why: 多写了一位，社区已书面确认", "", "键 why：缺少这个键"),
        ("place: 望湖", "plaice: 望湖", "键 plaice：不认识这个键，请删去或改正拼写，是不是“place”（可用的键：dataset、place、measure、period、ledger、key、column、expected、becomes、why、who、date）"),
        ("  measure: 户数\n", "", "键 measure/ledger：要么写 place、measure、period，要么写 ledger、key、column"),
    ],
)
def test_a_fault_in_the_file_is_named(street, was, wrong, reason):
    write(FIGURE.replace(was, wrong))
    with pytest.raises(CatalogueError) as raised:
        catalogue()
    assert str(raised.value) == f"目录文件 corrections.yml，条目 2026-10-望湖-户数，{reason}。"
