"""docs/地点与更正.md, run as it is written."""

import re
import shlex

import pytest
from street import Street

from etl.__main__ import main
from etl.gazetteer import Doubtful, Gazetteer
from etl.places import CHANGES, listed
from jiejian.catalogue import Rule, catalogue
from jiejian.home import PROJECT, home
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.warehouse import Warehouse, serving

GUIDE = (PROJECT / "docs" / "地点与更正.md").read_text(encoding="utf-8")
HEADS = ["社区", "户数", "常住人口"]


def block(language: str) -> str:
    return re.search(rf"```{language}\n(.*?)```", GUIDE, re.S)[1]


def table_after(words: str) -> list[list[str]]:
    """The rows of the first table after some words."""
    lines = GUIDE[GUIDE.index(words) :].splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("|")) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    found = Street(tmp_path / "home", monkeypatch)
    folder = home().catalogue
    folder.mkdir(parents=True)
    (folder / "places.csv").write_text(block("csv"), encoding="utf-8")
    return found


def gazetteer(tmp_path) -> Gazetteer:
    path = tmp_path / "places.csv"
    path.write_text(block("csv"), encoding="utf-8")
    found = Gazetteer("street")
    found.add(listed(path))
    return found


def test_names_that_are_understood(tmp_path):
    known, rows = gazetteer(tmp_path), table_after("下面的写法都认作同一个社区")
    for written, meant in rows:
        for name in written.split("、"):
            name = re.sub(r"（登记过的.*）", "", name)
            assert known.places[known.find(name)].name == meant, name
    assert len(rows) == 5


def test_names_that_are_asked_about(tmp_path):
    known = gazetteer(tmp_path)
    for written, told in table_after("**拿不准的不猜**"):
        with pytest.raises(Doubtful) as raised:
            known.find(written)
        assert str(raised.value) == told


def test_the_command_that_answers(street, capsys):
    street.monthly("2026年6月", [["春禾社区", 100, 300]], HEADS)
    assert street.refresh().rows_rejected == 1
    command = shlex.split(block("bash"))
    assert command[:3] == ["python", "-m", "etl"]
    assert main(command[3:]) == 0
    assert capsys.readouterr().out == (
        "以后“春禾社区”按“春和社区”认（street/柳河街道/春和社区）。请运行 python -m etl 重新装载退回的行。\n"
    )
    assert street.refresh().rows_rejected == 0
    assert street.figures("households") == {("春和", "2026-06"): 100}
    assert main(["place", "春禾社区", "--forget"]) == 0
    assert main(["place", "春禾社区", "开发区"]) == 2
    assert capsys.readouterr().err == "“开发区”不在名册中。请写名册中的名称。\n"


def test_the_merger_and_the_corrections_of_the_guide(street):
    street.monthly("2026年6月", [["春和社区", 100, 300], ["望湖社区", 200, 600]], HEADS)
    street.monthly("2026年7月", [["春望社区", 305, 910]], HEADS)
    street.cases([["A1", "2026-07-04 08:00", "春望", "2026-07-11 08:00", "2026-07-05 10:00"]])
    assert street.refresh().exit_code == 0
    assert households() == {("春望社区", "2026-06"): 300, ("春望社区", "2026-07"): 305}
    (home().catalogue / "corrections.yml").write_text(block("yaml"), encoding="utf-8")
    assert street.refresh().corrections == []
    assert households() == {("春望社区", "2026-06"): 300, ("春望社区", "2026-07"): 350}
    assert street.ask("SELECT CAST(closed_at AS VARCHAR) FROM case_event") == [("2026-07-12 10:00:00",)]
    assert street.ask("SELECT 状态, 上报, 更正为 FROM v_correction ORDER BY 数字") == [
        ("已更正", "305", "350"),
        ("已更正", "2026-07-05 10:00:00", "2026-07-12 10:00"),
    ]


def households() -> dict[tuple[str, str], float]:
    source = Warehouse(serving(home()), catalogue())
    period = parse_period("2026-07")
    frame = source.query(Selection("street", ("households",), period, ("street/柳河街道/春望社区",), parse_period("2026-06")))
    source.close()
    return {(r.place, r.period): r.value for r in frame.itertuples()}


def test_the_guide_names_every_change_and_every_rule():
    assert [row[0] for row in table_after("## 三、")] == ["更名", "合并", "并入", "拆分", "调整"]
    assert {row[0] for row in table_after("## 三、")} == set(CHANGES)
    rules = set(Rule.model_fields["kind"].annotation.__args__)
    assert {row[0].strip("`") for row in table_after("## 五、")} == rules


def test_the_tables_of_the_guide_exist(street):
    street.refresh()
    there = {name for (name,) in street.ask("SELECT table_name FROM information_schema.tables")}
    named = {n for row in table_after("## 六、") for n in re.findall(r"`(\w+)`", row[0])}
    assert named <= there and len(named) > 5
