"""Fetched and cached frames for the pages: the one place where the interface meets the warehouse."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from jiejian.analysis import total
from jiejian.analysis.board import Board, board
from jiejian.catalogue import Catalogue, catalogue
from jiejian.figures import Cube
from jiejian.home import home
from jiejian.keeping import MEGABYTE, Kept
from jiejian.privacy import counting_people, least_shown, small, without_small
from jiejian.selection import Selection
from jiejian.sight import Sight
from jiejian.ui import person
from jiejian.ui.once import once
from jiejian.warehouse import Warehouse, serving


def _room() -> int:
    """Bytes for what pages worked out: a sixteenth of the machine's memory. A month of all pages takes a street 7 MB, 3,000 communities 70."""
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows does not say it there
        memory = 0
    return max(192 * MEGABYTE, memory // 16)


# What sessions share of what was worked out, over all versions and sights.
_FIGURES, _BOARDS, _ANSWERS = (Kept(192 * MEGABYTE) for _ in range(3))
_WORKED = Kept(_room())
_building = threading.Lock()
_log = logging.getLogger("jiejian")


_ensured: set[str] = set()


@st.cache_resource(show_spinner="正在准备数据。只有首次启动和更新之后需要，一般不到一分钟……")
def _ensure(home_path: str) -> bool:
    """See :func:`_build`, with a word to who waits for it."""
    _build(home_path)
    return True


def _build(home_path: str) -> None:
    """Build the first warehouse, or renew one that an update made stale, once per server process and home.

    Whatever goes wrong with a renewal, the version that stands goes on serving.
    """
    with _building:
        if home_path in _ensured:
            return
        from etl import build  # imported here: a running dashboard does not need the ETL

        try:
            build.ensure()
        except Exception:
            if not home().pointer.is_file():
                raise
            _log.exception("the warehouse could not be renewed; the old version goes on serving")
        _ensured.add(home_path)


def open_early() -> Warehouse:
    """What :func:`prepare` does, before anybody asks: at the start of a server, outside of any session. What serves is returned."""
    _build(str(home().root))
    return _open(serving(home()), _Identity(catalogue()))


def prepare() -> None:
    """See to it that there is a warehouse; raises CatalogueError or NoWarehouse in Chinese."""
    if (root := str(home().root)) not in _ensured:
        _ensure(root)
    warehouse()


@lru_cache(maxsize=2)
def _open(path: Path, declared: _Identity) -> Warehouse:
    for kept in (_FIGURES, _BOARDS, _ANSWERS, _WORKED):
        kept.drop(lambda key: any(isinstance(part, Warehouse) and part.path != path for part in key))
    return Warehouse(path, declared.catalogue)


class _Identity:
    """Wraps the catalogue so that it is compared by identity: it is read anew only when a file changes."""

    def __init__(self, declared: Catalogue):
        self.catalogue = declared

    def __hash__(self) -> int:
        return id(self.catalogue)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and self.catalogue is other.catalogue


@once
def warehouse() -> Warehouse:
    """The version that serves now, as this person may see it: the one door of the interface to the warehouse.

    A page asks once a run and keeps to it: it moves on at its next run, never halfway.
    """
    return behind(_open(serving(home()), _Identity(catalogue())), person.sight())


@lru_cache(maxsize=32)
def behind(source: Warehouse, sight: Sight) -> Warehouse:
    """A version as somebody sees it, who sees no more than ``source`` does. Each sight is a warehouse of its own, and so are
    its places in every cache."""
    return source.seen(sight)


@_FIGURES.cached
def _figures(source: Warehouse, selection: Selection) -> pd.DataFrame:
    metrics = [source.catalogue.metrics[m] for m in selection.metrics if m in source.catalogue.metrics]
    if not least_shown(source.catalogue) or not counting_people(metrics, source.catalogue):
        return source.query(selection)
    # What is hidden must not depend on which places are looked at: two views together would tell it.
    return without_small(source.query(replace(selection, places=())), metrics, source.catalogue, selection.places)


def figures(source: Warehouse, selection: Selection) -> pd.DataFrame:
    """The figures frame of a selection, shared between sessions: never change it in place."""
    return _figures(source, selection)


@_FIGURES.cached
def totals(source: Warehouse, selection: Selection) -> pd.DataFrame:
    """The street's rows of a selection (:func:`jiejian.analysis.total.totals`), shared between sessions: never change them in place."""
    declared = source.catalogue
    metrics = [declared.metrics[m] for m in selection.metrics]
    if source.boundaries(selection.dataset) or (least_shown(declared) and counting_people(metrics, declared)):
        return total.totals(_figures(source, selection), metrics, declared.measures)
    return total.totals_of(source.cube(selection, remarks=True), declared.measures)


@_BOARDS.cached
def cube(source: Warehouse, selection: Selection) -> Cube:
    """The same figures as arrays; never change them in place."""
    return _cube(source, selection)


def _cube(source: Warehouse, selection: Selection) -> Cube:
    found, least = source.cube(replace(selection, places=())), least_shown(source.catalogue)
    people = counting_people(found.metrics, source.catalogue) if least else set()
    if people:
        hidden = [small(above, least) if metric.id in people else None for metric, above in zip(found.metrics, found.numerator, strict=True)]
        for own, gone in zip(found.value, hidden, strict=True):
            if gone is not None:
                own[gone] = np.nan
        shown = tuple(above if gone is None else np.where(gone, np.nan, above) for above, gone in zip(found.numerator, hidden, strict=True))
        found = replace(found, numerator=shown)
    return found if not selection.places else source.cube(selection) if not people else _only(found, selection.places)


def _only(found: Cube, places: tuple[str, ...]) -> Cube:
    """A cube of some of its places."""
    kept = found.places["place_id"].isin(places).to_numpy()
    parts = {name: tuple(part[kept] for part in getattr(found, name)) for name in ("numerator", "denominator")}
    return replace(found, places=found.places[kept].reset_index(drop=True), value=found.value[:, kept], eras=found.eras[kept], **parts)


@_BOARDS.cached
def judged(source: Warehouse, selection: Selection) -> Board:
    """The status board at the end of a selection, one for each version of the warehouse; of one metric with its lines."""
    info = source.datasets()[selection.dataset]
    targets = source.targets(selection.dataset, selection.period.end)
    # Not kept twice: the board holds it, and of a city that is fifty megabytes.
    return board(_cube(source, selection), source.catalogue.measures, targets, info.as_of, whole=len(selection.metrics) == 1)


@_ANSWERS.cached
def ask(source: Warehouse, what: str, *arguments):
    """A cached answer of the warehouse's method ``what`` (hashable arguments only)."""
    return getattr(source, what)(*arguments)


def crowded() -> bool:
    """Whether what pages worked out will soon make way for more of it: then nothing is to be worked out ahead."""
    return _WORKED.held > 0.75 * _WORKED.most


def worked(key: tuple, make: Callable[[], object]):
    """What was worked out of figures, by a key that holds the warehouse; see :func:`jiejian.ui.view.kept`."""
    return _WORKED.get(key, make)


@_ANSWERS.cached
def read(reader, source: Warehouse, *arguments):
    """A cached answer of a reader of event tables (jiejian.ledgers); shared between sessions: never change it in place."""
    return reader(source, *arguments)


def remove_demo() -> None:
    """Take the made-up street out of the warehouse; sessions move to the version without it at their next run."""
    from etl import build

    who = person.require("manage")
    person.did("删除演示数据", person=who)
    with _building:
        build.remove_demo()
