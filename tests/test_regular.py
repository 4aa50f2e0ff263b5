"""What is asked of Arrow and left out of the statements changes nothing in what is read: rows, rejects and figures are the same."""

from __future__ import annotations

import pytest
from street import Street
from test_longtext import everything, messy, same

from etl import blocks, regular, sheetxml

MONTHLY = ["社区", "户数", "常住人口", "代办事项"]


@pytest.fixture
def both(tmp_path, monkeypatch):
    """Load the same files in two homes: with what is known of few rows, and with statements that look for everything."""

    def load(write) -> tuple[dict, dict]:
        found = []
        for way, most in (("known", regular.MOST), ("asked", -1)):
            monkeypatch.setattr("etl.regular.MOST", most)
            monkeypatch.setattr("etl.tidy.MOST", most)
            street = Street(tmp_path / way, monkeypatch)
            street.register()
            write(street)
            assert street.refresh().path
            found.append(everything(street) | {"observation": street.ask("SELECT * EXCLUDE (load_id) FROM observation ORDER BY ALL")})
        return found[0], found[1]

    return load


@pytest.mark.parametrize("share", [0, 0.05, 0.4])
@pytest.mark.parametrize("seed", [3, 4])
def test_messy_cells_are_read_alike(both, seed, share):
    known, asked = both(lambda street: (street.inbox / "诉求工单.csv").write_text("\n".join(messy(seed, 250, share)), encoding="utf-8"))
    assert len(asked["case_event"]) > 100 and bool(share) <= bool(asked["reject"])
    same(known, asked)


@pytest.mark.parametrize(
    "rows",
    [
        [["春和社区", 100, 300, 5], ["启新社区", 200, 500, 0]],
        [["春和社区", 100, 300, 5], ["启新社区", 200, 500, 0], ["合计", 300, 900, 5], ["填表人：王某"]],
        [["春和社区", "约100", "", "-3"], ["查无此地", "1,200", "３００", "#DIV/0!"], ["启新社区", "无", " 12 ", "13800138000"]],
        [["春和社区", 100, 300, 5], ["春和社区", 100, 300, 5], ["启新社区", 1, 2, 3], ["启新社区", 1, 2, 4]],
        [["示例", 1, 2, 3], ["春和社区", 100, 300, 5]],
    ],
    ids=["plain", "total and note", "hard", "twice", "example"],
)
def test_monthly_tables_are_read_alike(both, rows):
    def write(street: Street) -> None:
        for month, times in (("2026年1月", 1), ("2026年2月", 20)):
            street.monthly(month, [[c * times if type(c) is int else c for c in row] for row in rows], MONTHLY)

    known, asked = both(write)
    assert asked["observation"] or asked["reject"]
    same(known, asked)


def test_days_and_numbers_that_a_cast_reads():
    for form, good, bad in (
        ("date", ["2026-01-31", "2024-02-28"], ["2026-02-29", "2026-04-31", "2026-1-1", "1899-12-31", "2026-01-01 08:00:00"]),
        ("datetime", ["2026-01-31", "2026-01-31 23:59:59"], ["2026-01-31 24:00:00", "2026-01-31 08:00"]),
        ("integer", ["0", "-5", "007"], ["1.0", "1e3", "1_000", "+1", "1234567890123456"]),
        ("other", ["0.5", "-5", "12"], [".5", "5.", "nan", "1e3", "12%"]),
    ):
        pattern = regular.re_of(form)
        assert all(pattern.fullmatch(cell) for cell in good) and not any(pattern.fullmatch(cell) for cell in bad), form


def test_few_cells_are_looked_at_like_many(monkeypatch, tmp_path):
    """The second table of a sheet, found among few cells one by one and among many by Arrow."""
    found = []
    for way, few in (("few", 1 << 30), ("many", 0)):
        monkeypatch.setattr(blocks, "_FEW", few)
        street = Street(tmp_path / way, monkeypatch)
        street.register()
        rows = [["春和社区", 1, 2, 3], ["启新社区", 4, 5, 6], [], ["2026年1月社区基本情况统计表"], MONTHLY, ["柳河社区", 7, 8, 9]]
        street.monthly("2026年1月", rows, MONTHLY)
        street.refresh()
        found.append(everything(street) | {"observation": street.ask("SELECT * EXCLUDE (load_id) FROM observation ORDER BY ALL")})
    assert found[0]["observation"]
    same(*found)


def sheet_of(rows: int, named: bool) -> list[bytes]:
    """The XML of a sheet in pieces; cells name their places or stand after the ones before."""
    lines = []
    for row in range(1, rows + 1):
        where = (f' r="A{row}"', f' r="B{row}"') if named else ("", "")
        number = f' r="{row}"' if named or row == 1 else ""
        lines.append(f'<row{number}><c{where[0]}><v>{row}</v></c><c{where[1]} t="inlineStr"><is><t>行&amp;{row}</t></is></c></row>')
    content = f'<worksheet><sheetData>{"".join(lines)}</sheetData></worksheet>'.encode()
    return [content[i : i + 1000] for i in range(0, len(content), 1000)]


@pytest.mark.parametrize("named", [True, False])
def test_pieces_that_are_parsed_ahead_give_every_cell_its_place(named):
    cells = sheetxml.read_cells(iter(sheet_of(300, named)))
    assert cells.rows.tolist() == [row for row in range(300) for _ in range(2)]
    assert cells.columns.tolist() == [0, 1] * 300
    assert cells.texts.to_pylist() == [text for row in range(1, 301) for text in (str(row), f"行&{row}")]
