"""Hashes of long files are worked out beside the reading; and what of a text is nothing but blanks."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from street import Street

from etl import hashes
from etl.arrays import blank_is_null

HEAD = "工单编号,受理时间,来源渠道,事项类别,社区,截止时间,办结时间"


@pytest.mark.parametrize("long", [0, 1 << 60])
def test_a_load_has_the_hash_of_its_file_whenever_it_is_worked_out(tmp_path, monkeypatch, long):
    monkeypatch.setattr(hashes, "_LONG", long)
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    path = street.inbox / "诉求工单.csv"
    path.write_text(f"{HEAD}\nA1,2026-01-05 08:00:00,热线,噪音,春和社区,2026-01-12,2026-01-06\n", encoding="utf-8")
    assert street.refresh().written
    found = dict(street.ask("SELECT file, sha256 FROM load WHERE active"))
    there = {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in street.inbox.iterdir()}
    assert path.name in found and len(there) == 2 and there.items() <= found.items()
    assert not street.refresh().written
    path.write_text(path.read_text(encoding="utf-8").replace("A1", "A2"), encoding="utf-8")
    assert len(street.refresh().written) == 1
    assert ("A2",) in street.ask("SELECT case_no FROM case_event")
    with pytest.raises(OSError):
        hashes.FileHash(tmp_path / "nothing.csv")


def test_blanks_of_every_kind_are_null_and_words_that_begin_like_one_are_not():
    said = ["", " ", "\u3000", "\u00a0\t", "\u2003", "\u1680", " 户", "\u3042", "\u00e9", "\u201c甲\u201d", "\u1e9e", None, "甲 ", "0"]
    expected = [None] * 6 + said[6:]
    assert blank_is_null(pa.array(said, pa.string())).to_pylist() == expected
    for start in range(len(said)):  # of a part of an array, too
        assert blank_is_null(pa.array(said, pa.string())[start:]).to_pylist() == expected[start:]
    # As Arrow itself sees it, for every sign of the first plane.
    signs = pa.array([chr(n) for n in range(0x10000) if not 0xD800 <= n < 0xE000], pa.string())
    assert blank_is_null(signs).null_count == pc.sum(pc.equal(pc.utf8_trim_whitespace(signs), "")).as_py()
