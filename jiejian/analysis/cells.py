"""The cells of the status board: what each knows, which are worth a look, and in which order they stand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from jiejian.analysis.board import CONCERN, IMPROVEMENT, REASONS, STRONG, Board
from jiejian.analysis.control_chart import CAPABILITIES, RULES, SIGNALS
from jiejian.catalogue import Metric

# ---- what is worth a look ----


@dataclass(frozen=True)
class Cell:
    """One metric at one community. ``distance`` is how far the figure lies from its mean, in widths of the limits."""

    metric: Metric
    place_id: str
    place: str
    row: int
    column: int
    signal: str
    rule: str
    direction: int
    capability: str
    reason: str
    worse: bool
    pace: float
    value: float
    mean: float
    lower: float
    upper: float
    target: float
    points: int
    seasonal: bool

    @property
    def distance(self) -> float:
        width = self.upper - self.mean
        return abs(self.value - self.mean) / width if width > 0 else 0.0


def cell(made: Board, row: int, column: int) -> Cell:
    """All that the board knows of one cell."""
    at = row * made.signal.shape[1] + column
    place_id, place = made.places[column]
    line = made.judged
    return Cell(
        metric=made.cube.metrics[row],
        place_id=place_id,
        place=place,
        row=row,
        column=column,
        signal=SIGNALS[made.signal[row, column]],
        rule=RULES[made.rule[row, column]],
        direction=int(made.direction[row, column]),
        capability=CAPABILITIES[made.capability[row, column]],
        reason=REASONS[made.reason[row, column]],
        worse=bool(made.signal[row, column] == CONCERN and made.worse[row, column]),
        pace=float(made.pace[row, column]),
        value=float(line.value[at, -1]),
        mean=float(line.mean[at, -1]),
        lower=float(line.lower[at, -1]),
        upper=float(line.upper[at, -1]),
        target=float(made.target[row, column]),
        points=int(made.points[row, column]),
        seasonal=bool(made.season.seasonal[row]),
    )


def concerns(made: Board, most: int = 5, places: Collection[str] = ()) -> list[Cell]:
    """Worse than the others and worsening: the strongest rules first, then the farthest from the mean; one metric a community once."""
    return _picked(made, (made.signal == CONCERN) & made.worse, most, places)


def progress(made: Board, most: int = 3, places: Collection[str] = ()) -> list[Cell]:
    """Improvements by the strongest rules."""
    return _picked(made, made.shown_signal() == IMPROVEMENT, most, places)


def _picked(made: Board, mask: np.ndarray, most: int, places: Collection[str]) -> list[Cell]:
    if places:
        mask = mask & made.cube.places["place_id"].isin(list(places)).to_numpy()[None, :]
    rows, columns = np.nonzero(mask)
    at, line = rows * mask.shape[1] + columns, made.judged
    value, mean, upper = (part[at, -1] for part in (line.value, line.mean, line.upper))
    width = upper - mean
    with np.errstate(invalid="ignore", divide="ignore"):
        distance = np.where(width > 0, np.abs(value - mean) / width, 0.0)
    first = np.lexsort((-distance, made.rule[rows, columns]))[:most]
    return [cell(made, int(rows[i]), int(columns[i])) for i in first]


# ---- the board in words ----

_CHANGES = ("通常波动", "改善", "变差", "变了", "变了")
_TARGETS = {"": "", "reliably_met": "稳定达标", "hit_and_miss": "时达时不达", "reliably_missed": "稳定不达标"}


def worded(made: Board, arranged: Order, rules: Collection[str] = STRONG) -> pd.DataFrame:
    """The board as a table of words in its own order: 指标, then a column a community; 不作判断 where there is no judgement."""
    rows = [row for members in arranged.rows.values() for row in members]
    cells = np.ix_(rows, arranged.columns)
    shown, direction, reason, capability = (a[cells] for a in (made.shown_signal(rules), made.direction, made.reason, made.capability))
    arrows = np.array(["▼", "", "▲"])[direction + 1]
    change = np.where(shown == 0, "", arrows).astype(object) + np.array(_CHANGES, dtype=object)[shown]
    change = np.where(reason > 0, "不作判断", change)
    target = np.array([_TARGETS[c] for c in CAPABILITIES], dtype=object)[capability]
    words = np.where(target == "", change, np.where(reason > 0, target, change + "，" + target))
    table = pd.DataFrame(words, columns=[made.places[c][1] for c in arranged.columns])
    table.insert(0, "指标", [made.cube.metrics[row].name for row in rows])
    return table


# ---- the order of the board ----


@dataclass(frozen=True)
class Order:
    """Rows by pillar and columns of a board, so that concern gathers top left: pillar name -> rows of the cube."""

    rows: dict[str, list[int]]
    columns: list[int]


def order(
    made: Board, pillars: Sequence[tuple[str, Sequence[str]]] = (), rules: Collection[str] = STRONG, places: Collection[str] = ()
) -> Order:
    """Pillars, metrics within them and communities, each with most concern first, else in customary order.

    ``pillars`` are names and metric ids; metrics in none stand under 其他. Cells of concern count twice where they are
    worse than the others, a target reliably missed counts a little, so that it decides between equals.
    """
    shown = made.shown_signal(rules)
    weight = (shown == CONCERN) * (1.0 + made.worse) + (made.capability == CAPABILITIES.index("reliably_missed")) * 0.01
    shown_places = made.cube.places["place_id"].isin(list(places)).to_numpy() if places else np.ones(shown.shape[1], dtype=bool)
    columns = np.flatnonzero(shown_places)
    heavy = np.ascontiguousarray(weight.T[columns]).sum(axis=1)
    columns = columns[np.argsort(-heavy, kind="stable")].tolist()
    at = {m.id: i for i, m in enumerate(made.cube.metrics)}
    named = {name: [at[m] for m in members if m in at] for name, members in pillars}
    rest = [i for i in at.values() if not any(i in rows for rows in named.values())]
    named = {name: rows for name, rows in {**named, "其他": rest}.items() if rows}
    score = weight[:, columns].sum(axis=1)
    ranked = sorted(
        named, key=lambda name: (name == "其他", -max(score[i] for i in named[name]), -sum(score[i] for i in named[name]))
    )
    return Order({name: sorted(named[name], key=lambda i: -score[i]) for name in ranked}, columns)


def only(made: Order, keep: Collection[int]) -> Order:
    """The same order with only some rows of the cube."""
    rows = {name: [i for i in found if i in keep] for name, found in made.rows.items()}
    return replace(made, rows={name: found for name, found in rows.items() if found})


def noteworthy(made: Board, rules: Collection[str] = STRONG) -> set[int]:
    """Rows in which some cell has a signal with a direction, or a target."""
    shown = made.shown_signal(rules)
    directed = np.isin(shown, (CONCERN, IMPROVEMENT)).any(axis=1)
    return set(np.flatnonzero(directed | (made.capability > 0).any(axis=1)).tolist())
