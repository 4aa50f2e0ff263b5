"""What ships, and the ETL as it is typed: exit codes, sentences, one run at a time."""

import datetime as dt
import subprocess
import sys

import pytest
from conftest import run_etl
from filelock import FileLock
from street import COMMUNITIES, HEADS, OCTOBER, REGISTER, Street, table, workbook

from etl import build, demo
from etl.__main__ import main
from etl.run import Busy
from etl.warehouse import serving
from jiejian.home import PROJECT, home
from jiejian.warehouse import CONFIG


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    return Street(tmp_path / "home", monkeypatch)


# ---- what ships ----


@pytest.fixture(scope="module")
def shipped(tmp_path_factory) -> Street:
    """A home with nothing but what ships."""
    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("shipped"), patch, shipped=True)
        street.summary = street.refresh()
        yield street


def test_the_published_figures_of_the_articles(shipped):
    assert shipped.summary.exit_code == 0, shipped.summary.faults
    assert shipped.ask("SELECT rows_in, rows_rejected FROM load WHERE ledger = 'published_figures'") == [(219, 0)]
    got = shipped.ask(
        """SELECT place_name, measure, value, lower, upper, qualifier, grain, period_start, written, source_title FROM v_observation
           WHERE dataset = 'articles' AND measure IN ('floor_area_per_station', 'months_in_use') ORDER BY measure"""
    )
    assert [row[:9] for row in got] == [
        ("利津县", "floor_area_per_station", None, 150.0, 1000.0, "range", "as_of", None, "150—1000平方米"),
        ("玉龙湖社区", "months_in_use", 2.0, None, None, "below", "since", None, "不足两个月"),
    ]
    assert [row[9].split(":")[0].split("：")[0] for row in got] == ["利津县", "北镇街道"]
    assert shipped.ask("SELECT cell FROM observation WHERE measure = 'months_in_use'") == [("000-002/8",)]


def test_the_national_series(shipped):
    got = shipped.ask(
        """SELECT year(period_start), measure, value, qualifier, written FROM v_observation
           WHERE dataset = 'national' AND year(period_start) IN (2011, 2020, 2024) AND measure IN ('cpc_members', 'cpc_organisations', 'cpc_women_share')
             AND status = 'A' ORDER BY 1, 2"""
    )
    assert got == [
        (2011, "cpc_members", 82602000.0, "exact", "8260.2万名"),
        (2011, "cpc_organisations", 4027000.0, "exact", "402.7万个"),
        (2011, "cpc_women_share", 23.3, "exact", "23.3"),
        (2020, "cpc_members", 93278000.0, "derived", "9327.8万名"),
        (2020, "cpc_organisations", 4819000.0, "derived", "481.9万个"),
        (2024, "cpc_members", 100271000.0, "exact", "10027.1万名"),
        (2024, "cpc_organisations", 5250000.0, "exact", "525.0万个"),
        (2024, "cpc_women_share", 30.9, "exact", "30.9"),
    ]


def test_the_demo_adds_up(demo_home):
    """Every row of the made-up street is loaded or rejected, and the figures add up to the rows."""
    import duckdb

    path = demo_home / "warehouse" / (demo_home / "warehouse/current").read_text()
    # The same configuration as the application's: whichever test comes first, one process may hold the file but one way.
    with duckdb.connect(str(path), read_only=True, config=CONFIG) as connection:

        def one(sql: str):
            return connection.execute(sql).fetchone()

        assert one("SELECT sum(rows_in - rows_accepted - rows_rejected) FROM load") == (0,)
        cases, accepted = (
            one("SELECT count(*) FROM case_event"),
            one("SELECT sum(rows_accepted) FROM load WHERE ledger = 'cases' AND active"),
        )
        assert cases == accepted
        assert (
            one("SELECT sum(value) FROM figure WHERE dataset = 'demo' AND measure = 'cases_opened' AND breakdown = ''") == cases
        )
        by_channel = "SELECT sum(value) FROM figure WHERE dataset = 'demo' AND measure = 'cases_opened' AND breakdown = 'channel'"
        assert one(by_channel) == cases
        last_open = """SELECT sum(value) FROM figure WHERE measure = 'cases_open'
                       AND period_start = (SELECT max(period_start) FROM figure WHERE measure = 'cases_open')"""
        assert one(last_open) == one(
            "SELECT count(*) FROM case_event WHERE closed_at IS NULL OR closed_at::DATE > (SELECT as_of FROM dataset WHERE dataset = 'demo')"
        )
        doubled = "SELECT count(*) FROM (SELECT 1 FROM figure WHERE period_start IS NOT NULL GROUP BY dataset, place_id, measure, grain, period_start, period_end, breakdown, category HAVING count(*) > 1)"
        assert one(doubled) == (0,)


# ---- command line ----


def test_exit_codes_path_and_status(tmp_path, monkeypatch):
    """As a person would type it, in processes of their own."""
    street = Street(tmp_path / "home", monkeypatch)
    nothing = run_etl(street.root, "path")
    assert (nothing.returncode, nothing.stderr) == (2, "还没有数据。运行 python -m etl 装载。\n")
    street.register()
    street.monthly("2026年10月", OCTOBER, HEADS)
    good = run_etl(street.root)
    assert (good.returncode, good.stderr.strip()) == (0, ""), good.stdout + good.stderr
    assert "社区基本情况统计表" in good.stdout
    found = run_etl(street.root, "path")
    assert found.stdout == f"{serving(home())}\n"
    street.monthly("2026年9月", [["", "无名社区", 1, 1, 1, 1]], HEADS)
    assert run_etl(street.root).returncode == 1
    status = run_etl(street.root, "status")
    assert status.returncode == 0
    assert "退回 1 处，提示 0 处，不能用的文件 0 个。" in status.stdout
    assert "值“无名社区”不在名册中" in status.stdout


def test_a_cold_start_does_without_pandas(street):
    """Importing it would cost as much as everything else at a start."""
    street.register()
    code = "import sys; from etl.__main__ import main; main([]); sys.exit(77 if 'pandas' in sys.modules else 0)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True).returncode == 0


def test_loading_one_file(street, tmp_path, capsys):
    register = workbook(tmp_path / "名册.xlsx", [REGISTER, *COMMUNITIES])
    assert main(["load", str(register)]) == 0
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'street'") == [(4,)]
    capsys.readouterr()
    assert main(["load", str(register)]) == 0
    assert "未变化" in capsys.readouterr().out
    assert main(["load", str(tmp_path / "没有.xlsx")]) == 2
    assert capsys.readouterr().err == f"找不到文件：{tmp_path / '没有.xlsx'}。请检查路径。\n"
    strange = str(workbook(tmp_path / "b.xlsx", [["甲", "乙", "丙"], [1, 2, 3]]))
    for _ in range(2):  # of no use once, of no use again
        assert main(["load", strange]) == 2
        assert "认不出是哪种台账" in capsys.readouterr().out
    assert main(["load", str(register), "--dataset", "elsewhere"]) == 2
    assert capsys.readouterr().err == "没有数据集“elsewhere”，可选：street、demo、articles、national、statistics。\n"


def test_a_contract_of_ones_own(street, tmp_path, capsys):
    street.register()
    street.refresh()
    contract = tmp_path / "lectures.yml"
    contract.write_text(
        "name: 宣讲台账\ntable: lecture\nsent: register\nkey: [lecture_no]\nhappens: held_on\ncolumns:\n"
        "  lecture_no: {name: 宣讲编号, type: text}\n  place: {name: 社区, type: place, required: true}\n"
        "  held_on: {name: 宣讲日期, type: date}\n  hearers: {name: 听众, type: integer, unit: 人}\n",
        encoding="utf-8",
    )
    file = table(tmp_path / "宣讲.csv", [["宣讲编号", "社区", "宣讲日期", "听众"], ["X1", "春和", "2026-05-04", "35"]])
    assert main(["load", str(file), "--contract", str(contract)]) == 0
    expected = [("street/柳河街道/春和社区", dt.date(2026, 5, 4), 35)]
    assert street.ask("SELECT place_id, held_on, hearers FROM lecture") == expected
    street.refresh()
    assert street.ask("SELECT place_id, held_on, hearers FROM lecture") == expected, "it lives on in the home's catalogue"
    contract.write_text("name: 宣讲台账\ntable: lecture\ncolumn: {}\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["load", str(file), "--contract", str(contract)]) == 2
    assert "lectures.yml" in capsys.readouterr().err


def test_one_run_at_a_time(street, capsys):
    with FileLock(street.root / ".etl.lock"):
        with pytest.raises(Busy):
            build.refresh()
        assert main([]) == 2
    assert capsys.readouterr().err == "另一个装载正在进行，请等它结束后再试。\n"


def test_ensure_builds_once_and_again_when_the_catalogue_changes(street):
    first = build.ensure()
    assert build.ensure() == first
    overlay = street.root / "catalogue"
    overlay.mkdir()
    (overlay / "measures.yml").write_text("households: {name: 住户数}\n", encoding="utf-8")
    second = build.ensure()
    assert second != first
    assert street.ask("SELECT name FROM measure WHERE measure = 'households'") == [("住户数",)]


def test_a_fault_in_the_catalogue_is_a_sentence(street, capsys):
    overlay = street.root / "catalogue"
    overlay.mkdir()
    (overlay / "measures.yml").write_text("households: {nam: 住户数}\n", encoding="utf-8")
    assert main([]) == 2
    assert "measures.yml" in capsys.readouterr().err


def test_the_demo_can_be_put_away(street):
    (street.root / "demo.removed").unlink()
    workbook(street.root / "demo" / "名册.xlsx", [REGISTER, *COMMUNITIES])
    stamp = street.root / "demo" / demo.STAMP
    stamp.write_text(demo._mark(demo.SEED), encoding="utf-8")
    assert main([]) == 0
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'demo'") == [(4,)]
    assert main(["demo", "--remove"]) == 0
    assert street.ask("SELECT count(*) FROM place WHERE dataset = 'demo'") == [(0,)]
    assert (street.root / "demo.removed").is_file()
    assert main([]) == 0
    assert not (street.root / "demo").exists(), "put away for good"
