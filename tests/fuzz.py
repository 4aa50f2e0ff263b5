"""Broken files, made by chance from good ones, and what the readers make of them: a table, or a clause in Chinese.

``python tests/fuzz.py FIRST COUNT`` reads that many and prints what came of them as JSON; each number is one file, always the same.
"""

from __future__ import annotations

import io
import json
import random
import re
import sys
import time
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

# A file may take so long on a busy machine, and a worker so much memory (address space, threads and libraries included).
SECONDS, MEMORY = 20, 4 << 30
ROWS = [
    ["序号", "社区", "户数（户）", "常住人口", "在册党员", "受理时间"],
    *([n, f"第{n}社区", 1000 + n, "约3,400", 0.96, "2026-10-08"] for n in range(1, 13)),
    ["合计", "", 12000, "", "", ""],
]
TOKENS = [b"", b"\0", b"<", b">", b"&", b'"', b"'", b"]]>", b"<c>", b"<v>", b"</v>", b"</row>", b"<row>", b'r="XFD1048576"', b'r="A0"', b'r="AAAA1"',
          b't="s"', b't="e"', b't="inlineStr"', b't="b"', b't="d"', b's="99999"', b"1E+999", b"-1", b"99999999999", b"NaN", b"<!--", b"<![CDATA[",
          b"&#x110000;", b"_xD800_", b"\xff\xfe", b"\xef\xbb\xbf", b"<mergeCell ref=\"A1:XFD1048576\"/>", b"<f>1/0</f>", b"\r", b"\n", b"\t", b",", b";", b"=1+1",
          "㐂𠮷".encode(), "社区".encode("gb18030"), b"\x81", b"\x81\x30\x81\x30"]  # fmt: skip


@cache
def seeds() -> list[tuple[str, bytes]]:
    """Good files of every kind: (suffix, bytes)."""
    import xlsxwriter
    import xlwt

    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as workbook:
        sheet, percent = workbook.add_worksheet("十月"), workbook.add_format({"num_format": "0%"})
        for r, row in enumerate(ROWS):
            for c, cell in enumerate(row):
                sheet.write(r + 2, c, cell, percent if c == 4 and r else None)
        sheet.merge_range(0, 0, 0, 5, "社区基本情况统计表 2026年10月")
        sheet.write_formula(4, 3, "=1/0", None, "#DIV/0!")
        sheet.write_rich_string(5, 1, "望", workbook.add_format({"bold": True}), "湖")
        workbook.add_worksheet("说明").write(0, 0, "<&>\"'")
    old = xlwt.Workbook()
    page = old.add_sheet("十月")
    for r, row in enumerate(ROWS):
        for c, cell in enumerate(row):
            page.write(r, c, cell)
    old_bytes = io.BytesIO()
    old.save(old_bytes)
    found = [(".xlsx", book.getvalue()), (".xlsx", book.getvalue()), (".xls", old_bytes.getvalue())]
    for encoding, separator in (("utf-8", ","), ("utf-8-sig", "\t"), ("utf-16", ";"), ("utf-16-le", "|"), ("gb18030", ",")):
        lines = (separator.join(f'"{cell}"' if cell and c == 1 else f"{cell}" for c, cell in enumerate(row)) for row in ROWS)
        found.append((".csv", "\r\n".join(lines).encode(encoding)))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("十月/台账.csv", found[3][1])
        parts.writestr("台账.xlsx", found[0][1])
    return [*found, (".zip", archive.getvalue())]


def mutated(number: int) -> tuple[str, bytes]:
    """The broken file of a number."""
    chance = random.Random(number)
    suffix, data = chance.choice(seeds())
    data = _repacked(data, chance) if data[:2] == b"PK" and chance.random() < 0.75 else _bytes(data, chance)
    return chance.choice([suffix, suffix, suffix, ".xlsx", ".xls", ".csv", ".et", ".zip"]), data


def _bytes(data: bytes, chance: random.Random) -> bytes:
    """Bits turned, pieces cut out, doubled, moved, replaced."""
    content = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 16))):
        if not content:
            break
        at, size = chance.randrange(len(content)), chance.choice((1, 2, 4, 64, 512))
        match chance.randrange(6):
            case 0:
                content[at] ^= 1 << chance.randrange(8)
            case 1:
                del content[at:]
            case 2:
                del content[at : at + size]
            case 3:
                content[at:at] = content[at : at + size] * chance.choice((1, 2, 100))
            case 4:
                content[at : at + size] = chance.randbytes(size)
            case _:
                content[at:at] = chance.choice(TOKENS)
    return bytes(content)


def _repacked(data: bytes, chance: random.Random) -> bytes:
    """The members of a zip changed and packed again with true sums, left out, doubled, or packed under false sizes."""
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        members = {name: parts.read(name) for name in parts.namelist()}
    for _ in range(chance.choice((1, 1, 2, 5))):
        name = chance.choice(sorted(members))
        match chance.randrange(6):
            case 0:
                members.pop(name)
            case 1:
                members[name] = _bytes(members[name], chance)
            case 2:
                members[name] = members[chance.choice(sorted(members))]
            case _:
                members[name] = _tokens(members[name], chance)
        if not members:
            break
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", chance.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED))) as parts:
        for name, content in members.items():
            parts.writestr(name, content)
    packed = out.getvalue()
    return _bytes(packed, chance) if chance.random() < 0.1 else packed


def _tokens(xml: bytes, chance: random.Random) -> bytes:
    """Tags, attributes and texts of an XML part exchanged, types of cells confused."""
    pieces = re.split(rb"(<[^>]*>|\"[^\"]*\")", xml)
    for _ in range(chance.choice((1, 2, 8))):
        at = chance.randrange(len(pieces))
        match chance.randrange(4):
            case 0:
                pieces[at] = chance.choice(TOKENS)
            case 1:
                pieces[at] = pieces[chance.randrange(len(pieces))]
            case 2:
                pieces[at] = re.sub(
                    rb't="\w+"', chance.choice((b"", b't="s"', b't="e"', b't="d"', b't="inlineStr"', b't="str"')), pieces[at]
                )
            case _:
                pieces[at] = re.sub(
                    rb"\d+", str(chance.choice((0, 1, 7, 99, 65536, 1048577, 10**9, 10**12))).encode(), pieces[at]
                )
    return b"".join(pieces)


def read(suffix: str, data: bytes, folder: Path) -> str:
    """What the readers make of a file: ``read``, ``refused`` or ``nothing``; anything else is an exception."""
    from etl.extract import Unreadable, extract
    from etl.recognise import NotRecognised, recognise

    path = folder / f"台账{suffix}"
    path.write_bytes(data)
    catalogue, ledgers, known = contracts()
    try:
        sheets = extract(path, known, notes := [])
        for sheet in sheets:
            table = sheet.table()
            assert table.num_columns >= len(sheet.heads) + 1
            try:
                recognise(sheet, ledgers, catalogue)
            except NotRecognised as error:
                notes.append(str(error))
    except Unreadable as error:
        notes, sheets = [str(error)], None
    for sentence in notes:
        assert re.search(r"[\u4e00-\u9fff]{4}", sentence) and "Traceback" not in sentence, sentence
    return "refused" if sheets is None else "read" if sheets else "nothing"


@cache
def contracts():
    from etl.recognise import known_heads, ledgers_for
    from jiejian.catalogue import load_catalogue
    from jiejian.home import BUNDLED_CATALOGUE

    catalogue = load_catalogue(BUNDLED_CATALOGUE)
    ledgers = ledgers_for(catalogue, "street")
    return catalogue, ledgers, known_heads(ledgers)


def main(first: int, count: int, folder: Path) -> None:
    """Read ``count`` files; each line of output is a failure or the sums at the end. A file that hangs ends the process."""
    import faulthandler
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    contracts()
    came, slowest, failures = Counter(), 0.0, []
    for number in range(first, first + count):
        (folder / "number").write_text(str(number))
        faulthandler.dump_traceback_later(SECONDS * 3, exit=True)
        began = time.process_time()
        try:
            came[read(*mutated(number), folder)] += 1
        except Exception as error:
            failures.append(f"{number}: {type(error).__name__} {str(error)[:200]}")
        took = time.process_time() - began
        slowest = max(slowest, took)
        if took > SECONDS:
            failures.append(f"{number}: {took:.0f} s")
    faulthandler.cancel_dump_traceback_later()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps({"came": came, "slowest": round(slowest, 2), "peak_mb": round(peak), "failures": failures}, ensure_ascii=False)
    )


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as temporary:
        main(int(sys.argv[1]), int(sys.argv[2]), Path(temporary))
