"""Files read by other processes: the same sheets and sentences, whoever reads them, and nothing lost where a reader dies."""

import os
import signal
import sys
import zipfile
from pathlib import Path

import pytest
from broken import FILES
from street import COMMUNITIES, REGISTER, Street, table, workbook

from etl import build, readers
from etl.extract import Unreadable, extract, may_be_pages, tables_of
from etl.readers import Readers
from etl.recognise import known_heads, ledgers_for
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE

KNOWN = known_heads(ledgers_for(load_catalogue(BUNDLED_CATALOGUE), "street"))
MONTH = ["社区", "户数", "常住人口", "代办事项"]


@pytest.fixture(autouse=True)
def always(monkeypatch):
    """Readers at work, however little there is to read."""
    monkeypatch.setattr(readers, "_WORTH", 0)
    monkeypatch.setattr(readers, "_cores", lambda: 2)


def files(folder: Path) -> list[Path]:
    """Tables of every kind, and every kind of broken file."""
    found = [
        workbook(folder / "两级表头.xlsx", [["2026年10月统计表"], ["社区", "人口", ""], ["", "常住", "户籍"], ["春和社区", 10, 9]], merges=((1, 1, 1, 2, "人口"),)),
        table(folder / "多一格.csv", [MONTH, ["春和社区", 1, 2, 3], ["望湖社区", 1, 2, 3, 4], ["麦香社区", 1]], "gb18030"),
    ]
    with zipfile.ZipFile(folder / "十月.zip", "w") as pack:
        pack.write(found[0], "十月/表.xlsx")
        pack.write(found[1], "十月/表.csv")
        pack.writestr("说明.docx", b"PK")
    found.append(folder / "十月.zip")
    for name, made, _ in FILES.values():
        (folder / name).write_bytes(made())
        found.append(folder / name)
    return found


def told(path: Path, several: Readers | None) -> tuple:
    """Everything that is known of a file: its tables, cell by cell, the notes, or why it cannot be read."""
    notes: list[str] = []
    try:
        pages = several.pages(path, KNOWN, notes) if several else None
        assert not several or pages is not None or not may_be_pages(path, 0), path
        sheets = extract(path, KNOWN, notes) if pages is None else tables_of(path.name, pages)
    except Unreadable as error:
        return str(error), notes
    shown = []
    for sheet in sheets:
        told = {**vars(sheet), "table": sheet.table().to_pydict(), "labels": sheet.labels(0)}
        shown.append({**told, "odd_rows": dict(sheet.odd_rows)})
    return shown, notes


def taken_by_readers(several: Readers) -> None:
    """Wait until nothing is left to be read."""
    for thread in several._threads:
        thread.join()


def test_a_reader_tells_the_same(tmp_path):
    paths = files(tmp_path)
    with Readers((path, KNOWN) for path in paths) as several:
        taken_by_readers(several)
        for path in paths:
            assert told(path, several) == told(path, None), path.name


def refreshed(root: Path, monkeypatch) -> tuple:
    """Tables, faults and notes of a street that sends a dozen months and a file that is none."""
    street = Street(root, monkeypatch)
    street.register(COMMUNITIES)
    for month in range(1, 13):
        rows = [[name, 1000 + month, 3000, month] for _, name, *_ in COMMUNITIES]
        workbook(street.inbox / f"{month}月.xlsx", [[f"2025年{month}月社区基本情况统计表"], MONTH, *rows])
    (street.inbox / "坏.xlsx").write_bytes(b"PK\x03\x04")
    summary = build.refresh()
    figures = street.ask("SELECT place_id, measure, period_start, value, cell FROM observation ORDER BY ALL")
    return figures, summary.faults, summary.notes, [(m.seq, m.ledger, m.sheet, m.rows_accepted) for m in summary.written]


def test_the_same_warehouse_with_readers_without_and_with_one_that_dies(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(readers, "_cores", lambda: 1)
        alone = refreshed(tmp_path / "alone", patch)
    assert len(alone[0]) == 12 * 3 * 3 and len(alone[1]) == 1
    made, killed, start, pages, answer = [], [], Readers._started, Readers.pages, readers.taken

    def waits(self, *asked):
        taken_by_readers(self)
        return pages(self, *asked)

    def dies(answers):
        if not killed:
            os.kill(made[-1].pid, signal.SIGTERM)
            killed.append(made[-1].wait())
        return answer(answers)

    monkeypatch.setattr(Readers, "_started", lambda self: made.append(start(self)) or made[-1])
    monkeypatch.setattr(Readers, "pages", waits)
    assert refreshed(tmp_path / "with", monkeypatch) == alone
    assert made
    monkeypatch.setattr(readers, "taken", dies)
    assert refreshed(tmp_path / "dying", monkeypatch) == alone
    assert killed


def test_no_reader_can_be_started(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "nothing"))
    with Readers([(workbook(tmp_path / "a.xlsx", [REGISTER, *COMMUNITIES]), KNOWN)]) as several:
        taken_by_readers(several)
        assert several.pages(tmp_path / "a.xlsx", KNOWN, []) is None


def test_nobody_is_started_for_little(monkeypatch):
    monkeypatch.undo()
    assert readers._readers([8_000] * 12) == 0
    assert readers._readers([200 << 20]) == 0
    monkeypatch.setattr(readers, "_cores", lambda: 2)
    assert readers._readers([450_000] * 30) == 1
    monkeypatch.setattr(readers, "_cores", lambda: 64)
    assert readers._readers([450_000] * 30) == readers._MOST
