"""Decks of one's own: files under ``JIEJIAN_HOME/decks`` that a person can carry to another machine.

A file is JSON: the deck as declared, and its frozen figures where it was frozen. Whatever comes from elsewhere is checked
against the declarations before anything of it is shown; it holds texts and numbers and can run nothing.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import get_args

from pydantic import ValidationError

from jiejian.catalogue import Deck, DeckSlide
from jiejian.home import Home
from jiejian.slides.frozen import Frozen

ENDING = ".街鉴演示.json"
_LARGEST = 64_000_000
_KINDS: tuple[str, ...] = get_args(DeckSlide.model_fields["kind"].annotation)
_FORMAT = "jiejian-deck/1"
# What a file name must not hold on Windows, and what would lead out of the folder.
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]')


class BadDeck(Exception):
    """A deck file that cannot be used; the message is a Chinese sentence."""


@dataclass(frozen=True)
class Stored:
    """A deck as it lies in a file; ``fault`` says why it cannot be opened."""

    name: str
    deck: Deck | None
    frozen: Frozen | None = None
    fault: str = ""


def read(content: bytes, name: str) -> Stored:
    """A deck file's content; raises BadDeck with what is wrong."""
    if len(content) > _LARGEST:
        raise BadDeck(f"演示文件“{name}”超过 {_LARGEST // 1_000_000} MB，不像是本软件保存的演示。请检查文件。")
    try:
        parsed = json.loads(content.decode("utf-8-sig"))
        if not isinstance(parsed, dict) or parsed.get("format") != _FORMAT:
            raise BadDeck(f"文件“{name}”不是本软件保存的演示文件。请选择名字以“{ENDING}”结尾的文件。")
        deck = Deck.model_validate({"id": _safe(name), **_known(parsed["deck"])})
        frozen = Frozen.model_validate(parsed["frozen"]) if parsed.get("frozen") else None
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError) as error:
        where = ""
        if isinstance(error, ValidationError):
            where = f"（{'.'.join(str(part) for part in error.errors()[0]['loc'][:4])}）"
        raise BadDeck(f"演示文件“{name}”内容有误{where}，可能不完整或被改动过。请重新导出后再导入。") from error
    return Stored(deck.name, deck, frozen)


def _known(deck: dict) -> dict:
    """A deck's plan with slides of kinds that are not known here marked as such, so that the others can still be shown."""
    if "slides" in deck:
        deck = deck | {"slides": [_known_slide(slide) for slide in deck["slides"]]}
    if "stops" in deck:
        deck = deck | {"stops": [stop | {"slides": [_known_slide(slide) for slide in stop["slides"]]} for stop in deck["stops"]]}
    return deck


def _known_slide(slide: dict) -> dict:
    if slide.get("kind") in _KINDS or not isinstance(slide.get("kind"), str):
        return slide
    kept = {name: slide[name] for name in ("title", "takeaway", "notes") if name in slide}
    return {"kind": _KINDS[0], "unknown": slide["kind"][:40], **kept}


def write(deck: Deck, frozen: Frozen | None = None) -> bytes:
    """A deck as the content of a file."""
    plain = deck.model_dump(exclude={"id"}, exclude_defaults=True)
    content = {"format": _FORMAT, "deck": {"name": deck.name, **plain}, "frozen": frozen.model_dump() if frozen else None}
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1 if frozen is None else None).encode()


def stored(home: Home) -> dict[str, Stored]:
    """All decks of the home by name; a file that cannot be opened is there with its fault."""
    found: dict[str, Stored] = {}
    for path in sorted(home.decks.glob(f"*{ENDING}")):
        name = path.name.removesuffix(ENDING)
        try:
            stamp = path.stat()
            found[name] = _read(path, name, stamp.st_mtime_ns, stamp.st_size)
        except (BadDeck, OSError) as error:
            sentence = str(error) if isinstance(error, BadDeck) else f"演示文件“{name}”打不开。请检查文件权限。"
            found[name] = Stored(name, None, fault=sentence)
    return found


@lru_cache(maxsize=64)
def _read(path: Path, name: str, modified: int, size: int) -> Stored:
    """One version of a file, read once: frozen figures are large, and a page asks at every run."""
    return read(path.read_bytes(), name)


def save(home: Home, name: str, deck: Deck, frozen: Frozen | None = None) -> str:
    """Save a deck under a name (made safe for a file; returned) in place of any of that name: whole or not at all."""
    name = _safe(name)
    home.decks.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=home.decks, prefix=".saving-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(write(deck.model_copy(update={"id": name, "name": name}), frozen))
        Path(temporary).replace(_path(home, name))
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return name


def copy(home: Home, name: str) -> str:
    """Save a deck once more under a free name (returned); raises BadDeck when there is no such deck."""
    found = stored(home).get(name)
    if found is None or found.deck is None:
        raise BadDeck(f"没有可以复制的演示“{name}”。")
    return save(home, free_name(home, f"{name}-副本"), found.deck, found.frozen)


def delete(home: Home, name: str) -> None:
    """Remove a deck; one that is gone already is no fault."""
    _path(home, name).unlink(missing_ok=True)


def free_name(home: Home, wanted: str) -> str:
    """The name itself, or with the first free number behind it."""
    wanted = _safe(wanted)
    taken = {path.name.removesuffix(ENDING) for path in home.decks.glob(f"*{ENDING}")}
    return wanted if wanted not in taken else next(n for k in range(2, 10_000) if (n := f"{wanted}{k}") not in taken)


def _safe(name: str) -> str:
    """A name as a file name: without signs that a file system forbids, at most 60 characters."""
    return _FORBIDDEN.sub("", name)[:60].strip(". ") or "未命名演示"


def _path(home: Home, name: str) -> Path:
    return home.decks / f"{_safe(name)}{ENDING}"
