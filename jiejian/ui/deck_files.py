"""Changing decks of the home: only for those who may, and on record."""

from __future__ import annotations

from jiejian.catalogue import Deck
from jiejian.home import home
from jiejian.slides import store
from jiejian.slides.frozen import Frozen
from jiejian.ui import person


def save(name: str, deck: Deck, frozen: Frozen | None = None, action: str = "保存演示") -> str:
    """Save a deck under a name (made safe; returned). ``action`` says on record what was done: 定格 or 取消定格 for these."""
    who = person.require("decks")
    person.did(action, name, who)
    return store.save(home(), name, deck, frozen)


def copy(name: str) -> str:
    """Save a deck once more under a free name (returned)."""
    who = person.require("decks")
    made = store.copy(home(), name)
    person.did("保存演示", made, who)
    return made


def delete(name: str) -> None:
    who = person.require("decks")
    person.did("删除演示", name, who)
    store.delete(home(), name)


def free_name(wanted: str) -> str:
    return store.free_name(home(), wanted)
