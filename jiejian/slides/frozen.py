"""Frozen decks: the figures of the evening before, whatever is loaded later, until somebody refreshes them.

What is frozen is not the picture but the frames behind it, as plain numbers and texts: the same code draws them again, on
this machine or another. A file from elsewhere can therefore hold nothing that runs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from datetime import date, datetime
from typing import Any

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from jiejian.catalogue import Catalogue, Deck
from jiejian.context import Context
from jiejian.selection import SelectionError
from jiejian.slides.build import build
from jiejian.slides.model import Fetch, SlideData

_DAYS = ("start", "end", "happened_on")
# The columns that a frozen frame may have: those of the figures frame, of totals and of events.
_COLUMNS = {
    "place_id": str, "place": str, "sort": int, "metric": str, "period": str, "start": str, "end": str, "value": float,
    "numerator": float, "denominator": float, "status": str, "qualifier": str, "note": str, "reporting": int, "places": int,
    "happened_on": str, "what": str, "event_kind": str, "lower": float, "upper": float,
}  # fmt: skip
_MOST_ROWS = 200_000

Cell = str | int | float | None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FrozenData(_Strict):
    """One answer of the warehouse: what was asked, and the frames or the reason for which there were none."""

    metrics: tuple[str, ...]
    kind: str
    places: tuple[str, ...] = ()
    refused: str = ""
    focus: tuple[str, ...] = ()
    context: dict[str, Any] = Field(default_factory=dict)
    frames: dict[str, dict[str, list[Cell]]] = Field(default_factory=dict)


class Frozen(_Strict):
    """All answers that a deck needs, and the day on which they were taken."""

    on: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    data: tuple[FrozenData, ...]

    def __hash__(self) -> int:
        """By identity: caches keep what was read from one version of a file."""
        return id(self)


def freeze(deck: Deck, fetch: Fetch, catalogue: Catalogue, today: date | None = None) -> Frozen:
    """Take every figure that the deck shows now."""
    taken: dict[tuple, FrozenData] = {}

    def recording(metrics: tuple[str, ...], kind: str, places: tuple[str, ...]) -> SlideData:
        try:
            data = fetch(metrics, kind, places)
        except SelectionError as error:
            taken[metrics, kind, places] = FrozenData(metrics=metrics, kind=kind, places=places, refused=str(error))
            raise
        taken[metrics, kind, places] = _packed(metrics, kind, places, data)
        return data

    build(deck, recording, catalogue)
    return Frozen(on=str(today or date.today()), data=tuple(taken.values()))


def thawed(frozen: Frozen) -> Fetch:
    """Answers from what was frozen; raises SelectionError for what was refused then or never asked."""
    known = {(d.metrics, d.kind, d.places): d for d in frozen.data}

    def fetch(metrics: tuple[str, ...], kind: str, places: tuple[str, ...]) -> SlideData:
        packed = known.get((metrics, kind, places))
        if packed is None:
            raise SelectionError("本页在定格之后改过，还没有定格的数字。请在编辑页刷新定格。")
        if packed.refused:
            raise SelectionError(packed.refused)
        return _unpacked(packed, frozen.on)

    return fetch


def differences(frozen: Frozen, fetch: Fetch, catalogue: Catalogue) -> pd.DataFrame:
    """What today's figures would say instead: place, metric (names), period, then, now; one row a figure that differs.

    A figure that is gone or new is a difference too (NaN on one side); what cannot be asked any more is left out.
    """
    parts = []
    for packed in frozen.data:
        try:
            now = fetch(packed.metrics, packed.kind, packed.places)
        except SelectionError:
            continue
        if packed.refused:
            continue
        then = _unpacked(packed, frozen.on)
        keys = ["place", "metric", "period"]
        frames = [pd.concat([d.series, d.totals])[[*keys, "value"]].drop_duplicates(keys) for d in (then, now)]
        both = frames[0].merge(frames[1], on=keys, how="outer", suffixes=("_then", "_now"))
        newest = then.frame["period"].iloc[0] if len(then.frame) else ""
        parts.append(both[both["period"] <= newest] if newest else both)
    found = (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["place", "metric", "period", "value_then", "value_now"])
    )
    same = (found["value_then"] - found["value_now"]).abs().lt(1e-9) | (found["value_then"].isna() & found["value_now"].isna())
    found = found[~same.to_numpy(dtype=bool)].drop_duplicates(["place", "metric", "period"])
    names = {m.id: m.name for m in catalogue.metrics.values()}
    found = found.assign(metric=found["metric"].map(lambda m: names.get(m, m)))
    return found.rename(columns={"value_then": "then", "value_now": "now"}).reset_index(drop=True)


# ---- frames as plain lists ----


def _packed(metrics: tuple[str, ...], kind: str, places: tuple[str, ...], data: SlideData) -> FrozenData:
    frames = {name: getattr(data, name) for name in ("frame", "series", "totals", "events")}
    # Of cards and trends the newest period is the end of the series: what stands there need not be kept twice.
    return FrozenData(
        metrics=metrics,
        kind=kind,
        places=places,
        focus=data.focus,
        context={k: list(v) if isinstance(v, tuple) else v for k, v in asdict(data.context).items()},
        frames={name: _lists(frame) for name, frame in frames.items() if frame is not None},
    )


def _lists(frame: pd.DataFrame) -> dict[str, list[Cell]]:
    return {name: [_plain(v) for v in frame[name]] for name in frame.columns if name in _COLUMNS}


def _plain(value: Any) -> Cell:
    if value is None or value is pd.NaT or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return value.item() if hasattr(value, "item") else value


def _unpacked(packed: FrozenData, on: str) -> SlideData:
    frames = {name: _frame(content) for name, content in packed.frames.items()}
    missing = {"frame", "series", "totals"} - frames.keys()
    if missing:
        raise SelectionError("定格的数字不完整，文件可能被改动过。请刷新定格。")
    return SlideData(
        frames["frame"], frames["series"], frames["totals"], _context(packed.context, on), frames.get("events"), packed.focus
    )


def _frame(content: Mapping[str, list[Cell]]) -> pd.DataFrame:
    """A frame of allow-listed columns of one length and their types; SelectionError for anything else."""
    lengths = {len(values) for values in content.values()}
    if len(lengths) > 1 or max(lengths, default=0) > _MOST_ROWS or not content.keys() <= _COLUMNS.keys():
        raise SelectionError("定格的数字写法不对，文件可能被改动过。请刷新定格。")
    try:
        columns = {name: _column(name, values) for name, values in content.items()}
    except (TypeError, ValueError) as error:
        raise SelectionError("定格的数字写法不对，文件可能被改动过。请刷新定格。") from error
    return pd.DataFrame(columns)


def _column(name: str, values: list[Cell]) -> pd.Series:
    kind = _COLUMNS[name]
    if name in _DAYS:
        return pd.Series(pd.to_datetime(values, format="%Y-%m-%d"))
    if kind is float:
        return pd.Series(values, dtype=float)
    if kind is int:
        return pd.Series(values, dtype=int)
    return pd.Series(["" if v is None else str(v) for v in values], dtype=object)


def _context(content: Mapping[str, Any], on: str) -> Context:
    known = {f.name for f in fields(Context)}
    words = {
        k: tuple(map(str, v)) if isinstance(v, list) else v if isinstance(v, bool) else str(v)
        for k, v in content.items()
        if k in known
    }
    try:
        return replace(Context(**words), frozen_on=on)
    except TypeError as error:
        raise SelectionError("定格的说明不完整，文件可能被改动过。请刷新定格。") from error
