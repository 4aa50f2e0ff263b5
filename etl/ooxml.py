"""Small edits of the XML parts of a workbook, on the bytes: what is not touched stays as its program wrote it.

A parser that writes a part anew loses what it does not know (extensions, prefixes that a later attribute names); a workbook of
100,000 rows is also edited in seconds this way.
"""

from __future__ import annotations

import re
from html import unescape
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_ATTRIBUTE = r"""(?<![\w:]){name}\s*=\s*(?:"([^"]*)"|'([^']*)')"""
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Unmarkable(Exception):
    """A package that is put together in a way these edits do not know; a copy is made instead."""


def attribute(tag: bytes, name: str) -> str | None:
    """The value of an attribute in the text of a tag."""
    match = re.search(_ATTRIBUTE.format(name=re.escape(name)).encode(), tag)
    if not match:
        return None
    return unescape((match[1] if match[1] is not None else match[2]).decode())


def with_attribute(tag: bytes, name: str, value: str) -> bytes:
    """The tag with an attribute set."""
    written = f"{name}={quoteattr(value)}".encode()
    replaced, count = re.subn(_ATTRIBUTE.format(name=re.escape(name)).encode(), lambda _: written, tag, count=1)
    return replaced if count else re.sub(rb"\s*(/?>)$", lambda m: b" " + written + m[1], tag)


def prefix_of(part: bytes, name: str) -> bytes:
    """The prefix (with its colon) under which a part writes its elements; Unmarkable when ``name`` is not there."""
    match = re.search(rb"<((?:[\w.-]+:)?)" + name.encode() + rb"(?=[\s/>])", part)
    if not match:
        raise Unmarkable(name)
    return match[1]


def prefixed(prefix: bytes, xml: str) -> bytes:
    """XML written without prefixes, with ``prefix`` put before every element."""
    return re.sub(rb"<(/?)(?=[A-Za-z])", lambda m: b"<" + m[1] + prefix, xml.encode())


def append(part: bytes, parent: str, xml: str) -> bytes:
    """Put XML at the end of the first element ``parent``, which may be written empty."""
    prefix = prefix_of(part, parent)
    name = prefix + parent.encode()
    match = re.search(rb"<" + re.escape(name) + rb"(?=[\s/>])[^>]*>", part)
    if match[0].endswith(b"/>"):
        opened = re.sub(rb"\s*/>$", b">", match[0])
        return part[: match.start()] + opened + prefixed(prefix, xml) + b"</" + name + b">" + part[match.end() :]
    end = part.index(b"</" + name, match.end())
    return part[:end] + prefixed(prefix, xml) + part[end:]


def counted(part: bytes, parent: str, count: int) -> bytes:
    """Set the attribute ``count`` of an element."""
    name = prefix_of(part, parent) + parent.encode()
    return re.sub(
        rb"<" + re.escape(name) + rb"(?=[\s/>])[^>]*>", lambda m: with_attribute(m[0], "count", str(count)), part, count=1
    )


def inside(part: bytes, parent: str) -> bytes:
    """What stands inside the first element ``parent``; nothing when it is written empty or not there."""
    match = re.search(rb"<((?:[\w.-]+:)?" + parent.encode() + rb")(?=[\s/>])[^>]*?(/?)>", part)
    if not match or match[2]:
        return b""
    return part[match.end() : part.index(b"</" + match[1], match.end())]


def elements(content: bytes, name: str) -> list[bytes]:
    """The elements ``name`` of a list, whole, in order; none of them may hold another of its name."""
    one = rb"(?:[\w.-]+:)?" + name.encode()
    return [m[0] for m in re.finditer(rb"<(" + one + rb")(?=[\s/>])(?:[^>]*?/>|[^>]*>.*?</\1\s*>)", content, re.DOTALL)]


def shown(text: str) -> str:
    """A text as XML content: escaped, without characters that XML cannot hold."""
    return escape(_NOT_XML.sub("", text))
