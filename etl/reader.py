"""``python -m etl.reader``: reads files for another process, which reads others meanwhile (see readers.py).

A line of JSON on standard input names a file, or the heads by which tables are found from then on. The answer on standard output is a
line of JSON, and the sheets that it speaks of as streams of Arrow. What comes from outside is only ever read as what it is.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from etl.blocks import Block
from etl.extract import Known, Page, Unreadable, pages_of
from etl.grid import Grid
from etl.heads import Head


def main() -> None:
    """Answer until nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asks ends it
    with os.fdopen(os.dup(1), "wb") as answers, Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)  # nothing else may come between the answers
        known = Known(())
        for line in sys.stdin.buffer:
            asked = json.loads(line)
            if "heads" in asked:
                known = Known(asked["heads"], tuple(asked["head"]) if asked["head"] else None, asked["reach"])
                continue
            try:
                _answer(answers, *_read(Path(asked["path"]), known))
            except BrokenPipeError:
                return


def ask_by(known: Known) -> bytes:
    """The line that tells by which heads tables are found."""
    return _line({"heads": sorted(known), "head": known.head, "reach": known.reach})


def ask_for(path: Path) -> bytes:
    """The line that asks for a file."""
    return _line({"path": str(path.absolute())})


def taken(answers: BinaryIO) -> tuple[list[Page], list[str], str] | None:
    """An answer: the sheets of a file, notes about it, and why it cannot be read; None where whoever asks is to read it himself.

    Raises EOFError where the reader is gone.
    """
    line = answers.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    answer = json.loads(line)
    if answer["himself"]:
        return None
    return [_page(told, _exactly(answers, told["bytes"])) for told in answer["pages"]], answer["notes"], answer["fault"]


def _read(path: Path, known: Known) -> tuple[list[Page] | None, list[str], str]:
    notes: list[str] = []
    try:
        return pages_of(path, known, notes), notes, ""
    except Unreadable as error:
        return [], notes, str(error)
    except Exception:  # whoever asks comes upon it himself, and says what it is
        return None, [], ""


def _answer(answers: BinaryIO, pages: Sequence[Page] | None, notes: Sequence[str], fault: str) -> None:
    tables = [_stream(page.grid.table) for page in pages or ()]
    told = [_told(page, table.size) for page, table in zip(pages or (), tables, strict=True)]
    answers.write(_line({"himself": pages is None, "notes": notes, "fault": fault, "pages": told}))
    for table in tables:
        answers.write(table)
    answers.flush()


def _told(page: Page, size: int) -> dict:
    """A sheet without its cells."""
    grid = page.grid
    return {
        "name": page.name,
        "bytes": size,
        "grid": grid.name,
        "merged": grid.merged,
        "hidden": grid.hidden,
        "hidden_rows": list(grid.hidden_rows),
        "hidden_columns": [(columns.start, columns.stop) for columns in grid.hidden_columns],
        "odd_rows": list(page.odd_rows.items()),
        "blocks": [{**vars(block), "head": vars(block.head), "skip": sorted(block.skip)} for block in page.blocks],
    }


def _page(told: dict, cells: bytes) -> Page:
    """The inverse of :func:`_told`."""
    merged = [((top, left), (bottom, right)) for (top, left), (bottom, right) in told["merged"]]
    hidden_columns = [range(*columns) for columns in told["hidden_columns"]]
    table = pa.ipc.open_stream(cells).read_all()
    grid = Grid(told["grid"], table, merged, told["hidden"], told["hidden_rows"], hidden_columns)
    return Page(told["name"], grid, [_block(block) for block in told["blocks"]], dict(told["odd_rows"]))


def _block(told: dict) -> Block:
    head = {**told["head"], "heads": tuple(told["head"]["heads"]), "title": tuple(told["head"]["title"])}
    return Block(**{**told, "head": Head(**head), "skip": frozenset(told["skip"])})


def _stream(table: pa.Table) -> pa.Buffer:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return sink.getvalue()


def _line(content: dict) -> bytes:
    return json.dumps(content).encode() + b"\n"


def _exactly(answers: BinaryIO, size: int) -> bytes:
    content = answers.read(size)
    if len(content) < size:
        raise EOFError
    return content


if __name__ == "__main__":
    main()
