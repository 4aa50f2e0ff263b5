"""The status board: for every metric and community, is there a real change, and is the target reliably met?

One computation over all cells (:func:`board`); each cell says exactly what :func:`jiejian.analysis.season.judge_in_season`
says of its series alone. With a thousand cells and more some signals are chance: :attr:`Board.by_chance` says how many.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from jiejian.analysis.control_chart import RULES, SIGNALS, TOWARDS, Judged, capabilities
from jiejian.analysis.funnel import funnel_arrays
from jiejian.analysis.season import Season, judge_in_season, nanmean, season
from jiejian.catalogue import Measure, Metric
from jiejian.figures import Cube, names_of

STRONG = ("outside", "trend")
_BLOCK = 4096
CONCERN, IMPROVEMENT = SIGNALS.index("concern"), SIGNALS.index("improvement")

# How often the last of n points of pure chance (independent, normal) is named by each rule: shares of 200,000 series
# each, outside, trend, two_of_three, shift. tests/test_board.py draws them anew.
_POINTS = (8, 12, 18, 24, 36, 60)
_BY_CHANCE = np.array([
    (0.0114, 0.0002, 0.0019, 0.0001),
    (0.0095, 0.0003, 0.0017, 0.0024),
    (0.0078, 0.0004, 0.0018, 0.0060),
    (0.0067, 0.0003, 0.0015, 0.0077),
    (0.0054, 0.0004, 0.0014, 0.0102),
    (0.0046, 0.0004, 0.0013, 0.0122),
])  # fmt: skip


# Why a cell has no judgement of its change; '' where it has one.
REASONS = ("", "missing", "stock", "settling", "festival", "rare", "few")


@dataclass(frozen=True)
class Board:
    """Arrays of metric × place for the last period; ``judged`` holds the lines, metric × place flattened × period (or the last one).

    ``signal``, ``rule``, ``reason`` and ``capability`` are indices of SIGNALS, RULES, REASONS and CAPABILITIES;
    ``direction`` is 1, −1 or 0; ``target`` is NaN where there is none; ``pace`` is the share of a year's target reached
    so far (1 = all of it; NaN where the target is no yearly total); ``points`` counts the figures under the limits.
    """

    cube: Cube
    season: Season
    judged: Judged
    signal: np.ndarray
    rule: np.ndarray
    direction: np.ndarray
    reason: np.ndarray
    capability: np.ndarray
    target: np.ndarray
    pace: np.ndarray
    points: np.ndarray

    def shown_signal(self, rules: Collection[str] = STRONG) -> np.ndarray:
        """Signals of those rules only, the rest common cause."""
        return np.where(np.isin(self.rule, [RULES.index(rule) for rule in rules]), self.signal, 0)

    @cached_property
    def places(self) -> list[tuple[str, str]]:
        """Id and name of each column."""
        return list(names_of(self.cube.places).items())

    @property
    def judged_cells(self) -> int:
        return int((self.reason == 0).sum())

    def by_chance(self, rules: Collection[str] = STRONG) -> float:
        """How many of the judged cells would show a signal of these rules if nothing had changed anywhere."""
        columns = [RULES.index(rule) - 1 for rule in rules]
        return float(np.interp(self.points[self.reason == 0], _POINTS, _BY_CHANCE[:, columns].sum(axis=1)).sum())

    @cached_property
    def worse(self) -> np.ndarray:
        """Metric × place: worse than the other communities at the last period, for cells of concern (see :func:`worse_than_peers`)."""
        found = np.zeros(self.signal.shape, bool)
        for row in np.flatnonzero((self.signal == CONCERN).any(axis=1)):
            now = (part[row][:, -1] for part in (self.cube.value, self.cube.numerator, self.cube.denominator))
            found[row] = worse_than_peers(self.cube.metrics[row], *now)
        return found


def board(
    cube: Cube,
    measures: Mapping[str, Measure],
    targets: pd.DataFrame | None = None,
    as_of: date | None = None,
    whole: bool = True,
) -> Board:
    """Judge the last period of every cell of a cube that has at least one period.

    ``targets`` has place_id, metric and target_value of the last period's year; a target of a place that is not in the
    cube (the street's) counts for no cell. ``as_of`` is the cut-off of the data, by which figures that settle late are
    left out. A place that was redrawn within the window starts anew there. Unless ``whole``, the lines are kept for the last
    period only: those of a city over three years take a hundred megabytes.
    """
    metrics, places, _ = cube.value.shape
    found = season(cube.value, cube.periods)
    open_ended = unsettled(cube, as_of)
    judged, count = _judged(cube, found, found.known | open_ended, whole)
    few = ~np.isfinite(judged.lower[:, -1]).reshape(metrics, places)
    reason = _reasons(cube, measures, found.known[:, -1], open_ended[:, -1], few)
    held = reason == 0
    towards = np.array([TOWARDS[m.better] for m in cube.metrics])
    signal = judged.signal(np.repeat(towards, places))[:, -1]
    rule, signal, direction = (
        np.where(held, a.reshape(metrics, places), 0) for a in (judged.rule[:, -1], signal, judged.direction[:, -1])
    )
    target = _targets(cube, targets)
    pace = _pace(cube, measures, target)
    lower, upper = (limit[:, -1].reshape(metrics, places) for limit in (judged.lower, judged.upper))
    capability = _capability(cube, (lower, upper), target, pace, towards[:, None], reason)
    return Board(cube, found, judged, signal, rule, direction, reason, capability, target, pace, count.reshape(metrics, places))


def _judged(cube: Cube, found: Season, known: np.ndarray, whole: bool) -> tuple[Judged, np.ndarray]:
    """Every series judged, and how many figures are under the limits of each; ``known`` is metric × period.

    So many metrics at a time that their arrays stay in the processor's cache, which those of a city do not.
    """
    metrics, places, points = cube.value.shape
    together, redrawn = max(_BLOCK // max(places, 1), 1), cube.eras.any()

    def block(first: int) -> tuple[Judged, np.ndarray]:
        row = np.repeat(np.arange(first, min(first + together, metrics)), places)
        own = cube.value[first : first + together].reshape(len(row), points)
        number = np.tile(cube.eras, (len(row) // places, 1)) if redrawn else None
        made = judge_in_season(own, known[row], found.seasonal[row], found.month, number, whole)
        counted = np.isfinite(own) & ~known[row]
        return made, np.count_nonzero(counted & (number == number[:, -1:]) if redrawn else counted, axis=1)

    parts, counts = zip(*map(block, range(0, max(metrics, 1), together)), strict=True)
    return Judged.stacked(parts), np.concatenate(counts)


def unsettled(cube: Cube, as_of: date | None) -> np.ndarray:
    """Metric × period: figures that will still change, because what they count takes months to be done."""
    if as_of is None:
        return np.zeros((len(cube.metrics), len(cube.periods)), bool)
    cut = as_of.year * 12 + as_of.month
    age = np.array([cut - p.end.year * 12 - p.end.month for p in cube.periods])
    return age[None, :] < np.array([m.settles_after for m in cube.metrics])[:, None]


def _reasons(
    cube: Cube, measures: Mapping[str, Measure], festival: np.ndarray, open_ended: np.ndarray, few: np.ndarray
) -> np.ndarray:
    """Indices of REASONS, the first that holds."""
    conditions = {
        "missing": np.isnan(cube.value[..., -1]),
        "stock": carried_over(cube, measures)[:, None],
        "settling": open_ended[:, None],
        "festival": festival[:, None],
        "rare": _rare(cube),
        "few": few,
    }
    shape = cube.value.shape[:2]
    return np.select([np.broadcast_to(c, shape) for c in conditions.values()], [REASONS.index(r) for r in conditions], 0).astype(
        np.int8
    )


def _rare(cube: Cube) -> np.ndarray:
    """Metric × place: totals that are :func:`too_rare`."""
    found = np.zeros(cube.value.shape[:2], bool)
    for row, metric in enumerate(cube.metrics):
        if metric.kind == "count":
            found[row] = too_rare(np.ascontiguousarray(cube.value[row].T), 0)
    return found


def too_rare(values: np.ndarray, axis: int = -1) -> np.ndarray:
    """Totals for which limits from the steps mean nothing: less than one a period on the average (D. J. Wheeler asks for
    more), or none at all in half of the periods. Over the axis of periods; False where there is nothing."""
    there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return (nanmean(values, axis) < 1) | (2 * np.count_nonzero(values == 0, axis) >= np.maximum(np.count_nonzero(there, axis), 1))


def carried_over(cube: Cube, measures: Mapping[str, Measure]) -> np.ndarray:
    """Metrics of stocks whose figures are carried from month to month, so that limits from the steps mean nothing.

    Declared stocks (households, volunteers registered) for which at the middle community the steps show less than 0.7 of
    the whole spread; for independent figures the two agree. A stock that is emptied and filled (open cases) is judged.
    """
    declared = np.array([all(measures[m].kind in ("stock", "cumulative") for m in metric.parts[0]) for metric in cube.metrics])
    value = cube.value[declared]
    steps = nanmean(np.abs(np.diff(value, axis=-1)), -1) / 1.128
    around = np.sqrt(nanmean((value - nanmean(value, 2)[..., None]) ** 2, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(around > 0, steps / around, np.nan)
    middle = [np.median(row[~np.isnan(row)]) if (~np.isnan(row)).any() else 0.0 for row in share]
    found = np.zeros(len(declared), dtype=bool)
    found[declared] = np.array(middle) < 0.7
    return found


def _pace(cube: Cube, measures: Mapping[str, Measure], target: np.ndarray) -> np.ndarray:
    """Share of a year's target that the year's months so far reach, for totals that add up over months; else NaN."""
    last = cube.periods[-1]
    year = [i for i, p in enumerate(cube.periods) if p.start.year == last.start.year]
    adds = np.array([m.kind == "count" and measures[m.measure].kind == "flow" for m in cube.metrics])
    whole = last.grain == "month" and len(year) == last.start.month
    with np.errstate(invalid="ignore", divide="ignore"):
        reached = cube.value[..., year].sum(axis=-1) / np.where(target > 0, target, np.nan)
    return np.where(adds[:, None] & whole, reached, np.nan)


def _capability(
    cube: Cube,
    limits: tuple[np.ndarray, np.ndarray],
    target: np.ndarray,
    pace: np.ndarray,
    towards: np.ndarray,
    reason: np.ndarray,
) -> np.ndarray:
    """Whether the target is reliably met, as indices of CAPABILITIES.

    A share or average by its limits; a stock, which has none, by its figure; a yearly total by its pace against the
    share of the year that has passed (met from there on, missed more than a tenth behind it).
    """
    found = np.where(reason == 0, capabilities(*limits, target, towards), 0)
    now = cube.value[..., -1]
    with np.errstate(invalid="ignore"):
        stock = (reason == REASONS.index("stock")) & np.isfinite(target) & (towards != 0)
        found = np.where(stock, np.where((now - target) * towards >= 0, 1, 2), found)
        passed = cube.periods[-1].start.month / 12
        behind = np.where(towards > 0, passed - pace, pace - passed) / passed
        total = np.where(behind <= 1e-9, 1, np.where(behind > 0.1 + 1e-9, 2, 3))
    yearly = np.array([m.kind == "count" for m in cube.metrics])[:, None] & (reason != REASONS.index("stock"))
    return np.where(yearly, np.where(np.isfinite(pace) & (towards != 0), total, 0), found).astype(np.int8)


def _targets(cube: Cube, targets: pd.DataFrame | None) -> np.ndarray:
    """Metric × place; NaN where there is none."""
    found = np.full(cube.value.shape[:2], np.nan)
    if targets is not None and len(targets):
        row = pd.Index([m.id for m in cube.metrics]).get_indexer(targets["metric"])
        column = pd.Index(cube.places["place_id"].astype(object)).get_indexer(targets["place_id"].astype(object))
        own = (row >= 0) & (column >= 0)
        found[row[own], column[own]] = targets["target_value"].to_numpy(dtype=float)[own]
    return found


def worse_than_peers(metric: Metric, value: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Which communities stand worse than all together at one period, beyond chance.

    Proportions and rates by the funnel's 95 % limits, widened for over-dispersion. Other averages (per household, per
    head) in the worse quarter of at least eight communities. Totals are not compared: they follow size. Nothing is worse
    where the metric has no direction.
    """
    towards = TOWARDS[metric.better]
    if towards == 0 or metric.kind == "count" or np.isfinite(value).sum() < 2:
        return np.zeros(len(value), bool)
    with np.errstate(invalid="ignore"):
        if metric.kind in ("proportion", "rate"):
            columns = funnel_arrays(numerator, denominator, kind=metric.kind, overdispersion="winsorised")[0]
            there, low, high = (columns[name] for name in ("value", "lower_95", "upper_95"))
            return (there < low) if towards > 0 else (there > high)
        if np.isfinite(value).sum() < 8:
            return np.zeros(len(value), bool)
        quarter, three = np.nanquantile(value, [0.25, 0.75])
        return (value < quarter) if towards > 0 else (value > three)
