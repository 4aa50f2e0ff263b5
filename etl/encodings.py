"""Bytes of a text file → UTF-8, whatever Chinese encoding they came in: GB18030 and its older parts, Big5, UTF-8, UTF-16, UTF-32."""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator

_CHUNK = 4 << 20
_SAMPLE = 64 << 10
_UNKNOWN = "认不出文字编码，请用 Excel 打开后另存为 xlsx，或另存为 UTF-8 编码的 csv 再上报"
_NO_TEXT = "不是文本文件，请另存为 xlsx 或 csv 再上报"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# What Chinese tables are made of: ASCII, punctuation, ideographs, full-width forms.
_USUAL = re.compile(r"[\t\r\n -~\u2010-\u2030\u3000-\u303f\u4e00-\u9fff\uff01-\uff5e]")
_ASCII = re.compile(r"[\t\r\n -~]")
_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1f]")
# Two bytes each: any sign, and those that each encoding keeps for the characters that are used most (level one of GB 2312, of Big5).
_PAIR = re.compile(rb"[\x81-\xfe][\x40-\xfe]")
_FREQUENT = {"gb18030": re.compile(rb"[\xa1-\xa3\xb0-\xd7][\xa1-\xfe]"), "big5hkscs": re.compile(rb"[\xa1-\xc6][\x40-\x7e\xa1-\xfe]")}
# High bytes of Western text (Müller, ção, École, °C, don’t), beside ASCII letters that are no second bytes themselves; then such as tell
# nothing (ÇÃO, or 男 in XL男A); then two bytes and more, of which Chinese text is made in every encoding.
_HIGH = re.compile(rb"[\x80-\xff]+")
_WESTERN = re.compile(
    rb"((?<=[A-Za-z])(?<![\x80-\xff].)(?:[\x8a\x8c\x8e\x92\x9a\x9c\x9e-\xa0\xc0-\xff](?=[\x40-\x7e])|[\xdf-\xff]{2}(?=[a-z]))"
    rb"|(?<![\x40-\x7e])[\xc0-\xff](?=[A-Za-z][a-z])|(?<![\x40-\x7e])\xb0(?=[CF](?![A-Za-z\x80-\xff])))"
    rb"|(?<=[A-Za-z])[\xc0-\xff]{2}(?=[A-Za-z])|([\x80-\xff]{2})|[\x80-\xff]",
    re.DOTALL,
)
_RUNS = 1000
# Of so many signs one may be broken: systems cut a name in the middle of a character.
_TOLERATED = 1000
_CLEARLY = 0.1


class Unreadable(Exception):
    """A file that cannot be read; the message is a Chinese clause with what to do."""


def to_utf8(data: bytes) -> tuple[bytes, int]:
    """The text as UTF-8 without byte order mark and NUL, with line breaks, and how many signs could not be read (``\ufffd``).

    Raises Unreadable where it is no text.
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "")
    if encoding:
        data = data[len(codecs.BOM_UTF8) if encoding == "utf-8" else 4 if "32" in encoding else 2 :]
    elif b"\0" in data[:_SAMPLE]:
        encoding = _wide(data[:_SAMPLE])
    broken = 0
    if encoding not in ("", "utf-8") or not _decodes(data, "utf-8"):
        data, broken = _transcoded(data, encoding)
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    if not data.strip():
        raise Unreadable("是空文件，请检查后重新上报")
    head = data[:_SAMPLE].decode("utf-8", "replace")
    if len(_CONTROL.findall(head)) * 50 > len(head):
        raise Unreadable(_NO_TEXT)
    return (data if b"\n" in data[:_SAMPLE] else data.replace(b"\r", b"\n")), broken


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark; "" for text with stray NUL bytes.

    In UTF-16 each sign of ASCII (separators, digits, line breaks) brings one NUL byte, and hardly anything else does.
    """
    even = sample[: len(sample) & ~1]
    found = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = even.decode(encoding, "replace")
        if text.count("\ufffd") * 100 <= len(text):
            found[encoding] = len(_ASCII.findall(text))
    best = max(found, key=lambda encoding: found[encoding], default="")
    if best and found[best] * 2 > sample.count(0):
        return best
    narrow = sample.decode("gb18030", "replace").replace("\0", "")
    if len(_USUAL.findall(narrow)) < 0.8 * len(narrow):
        raise Unreadable(_NO_TEXT)
    return ""


def _likelier(sample: bytes) -> str:
    """GB18030 or Big5 (with the characters of Hong Kong): both read nearly all bytes, but only one of them as characters in common use."""
    pairs = _PAIR.findall(sample)

    def share(name: str) -> float:
        return sum(map(bool, map(_FREQUENT[name].fullmatch, pairs))) / max(len(pairs), 1)

    usual = share("big5hkscs")
    is_big5 = usual > 1 - _CLEARLY and usual > share("gb18030") + _CLEARLY and _decodes(_whole_lines(sample), "big5hkscs")
    return "big5hkscs" if is_big5 else "gb18030"


def _is_western(data: bytes) -> bool:
    """Whether this is Latin-1, Windows-1252 or the like, which GB18030 reads as rare characters: Fahrr鋎er for Fahrräder.

    Which of them it is nobody can tell, so it is not read at all.
    """
    starts = (run.start() for run in itertools.islice(_HIGH.finditer(data), _RUNS))
    found = [match.lastindex for start in starts if (match := _WESTERN.match(data, start))]
    return found.count(1) > found.count(2)


def _whole_lines(sample: bytes) -> bytes:
    return sample[: sample.rfind(b"\n") + 1] or sample


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        for _ in _decoded(data, encoding, "strict"):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _transcoded(data: bytes, encoding: str) -> tuple[bytes, int]:
    """As UTF-8, from GB18030 or Big5 where no encoding is known; a few broken signs are replaced where the rest leaves no doubt about it."""
    if not encoding and _is_western(data):
        raise Unreadable(_UNKNOWN)
    likely = encoding or _likelier(data[:_SAMPLE])
    try:
        return b"".join(part.encode("utf-8", "replace") for part in _decoded(data, likely, "strict")), 0
    except UnicodeDecodeError:
        pass
    tried = []
    for name in [encoding] if encoding else ["utf-8", likely]:
        parts, broken, size = [], 0, 0
        for part in _decoded(data, name, "replace"):
            broken, size = broken + part.count("\ufffd"), size + len(part)
            parts.append(part.encode("utf-8", "replace"))
        tried.append((broken, size, b"".join(parts)))
    broken, size, text = min(tried, key=lambda t: t[0])
    if broken * _TOLERATED > max(size, _TOLERATED):
        raise Unreadable(_UNKNOWN)
    return text, broken


def _decoded(data: bytes, encoding: str, errors: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder(encoding)(errors)
    for start in range(0, len(data), _CHUNK):
        yield decoder.decode(data[start : start + _CHUNK], final=start + _CHUNK >= len(data))
