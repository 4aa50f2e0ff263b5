"""Run charts with limits (XmR): which figures of a series are more than its usual ups and downs.

After NHS England's "Making Data Count" as the R package NHSRplotthedots 0.2.2 publishes it, to the same figures. The
limits stand 2.66 mean moving ranges from the mean (2.66 = 3 / 1.128: D. J. Wheeler, "Understanding Variation", 2nd ed.,
SPC Press 2000); ranges of 3.267 mean ranges and more are left out once before the limits are drawn (``screen_ranges``).
Every comparison is strict: a point on a limit is inside, a point on the mean is on neither side and ends a run.

The rules, the first that holds names the point:

* ``outside``: beyond a limit;
* ``trend``: part of seven points in a row of which each is higher (or each lower) than the one before; equal neighbours
  end it. Its direction is that of the step to the next point where that belongs to a trend too, else of the step before;
* ``two_of_three``: beyond 2/3 of the way to a limit but inside it, as one of at least two such points among three in a
  row that are all on one side of the mean;
* ``shift``: part of seven points in a row on one side of the mean.

A gap (None, NaN, infinite, no number) counts for nothing: there is no range across it and it ends every run. Each
stretch from ``rebase_at`` on has a mean, ranges and runs of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import pandas as pd

Better = Literal["higher", "lower", "neutral"]
RULES = ("", "outside", "trend", "two_of_three", "shift")
RULE_NAMES = {
    "outside": "超出控制界限",
    "trend": "连续7期同向变化",
    "two_of_three": "连续3期中至少2期接近界限",
    "shift": "连续7期在均值同一侧",
}
SIGNALS = ("common_cause", "improvement", "concern", "neutral_high", "neutral_low")
MET, MISSED, HIT_AND_MISS = "reliably_met", "reliably_missed", "hit_and_miss"
CAPABILITY_NAMES = {MET: "稳定达标", MISSED: "稳定不达标", HIT_AND_MISS: "时达时不达"}
LIMIT, SCREEN = 2.66, 3.267
NEAR = 2 * (LIMIT / 3)
RUN, TRIAL = 7, 12
TOWARDS: dict[str, int] = {"higher": 1, "lower": -1, "neutral": 0}


@dataclass(frozen=True)
class Judged:
    """Many series at once, arrays of series × points. ``rule`` is an index of RULES; ``direction`` of the signal is 1 (high,
    rising), −1 (low, falling) or 0 (no signal). Limits are NaN where a stretch has none."""

    value: np.ndarray
    mean: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    near_lower: np.ndarray
    near_upper: np.ndarray
    rule: np.ndarray
    direction: np.ndarray

    def signal(self, towards: np.ndarray | int) -> np.ndarray:
        """Indices of SIGNALS; ``towards`` is 1, −1 or 0 (TOWARDS), one a series or one for all."""
        towards = np.broadcast_to(np.asarray(towards, dtype=np.int8), self.direction.shape[:1])[:, None]
        good = self.direction * towards
        sided = np.where(good > 0, 1, np.where(good < 0, 2, 0))
        neutral = np.where(self.direction > 0, 3, np.where(self.direction < 0, 4, 0))
        return np.where(towards == 0, neutral, sided).astype(np.int8)

    def at(self, points: slice) -> Judged:
        """Some of the points, as arrays of their own."""
        return Judged(*(getattr(self, field.name)[:, points].copy() for field in fields(self)))

    @classmethod
    def stacked(cls, parts: Sequence[Judged]) -> Judged:
        """The series of several, one below the other."""
        return parts[0] if len(parts) == 1 else cls(*(np.concatenate([getattr(p, field.name) for p in parts]) for field in fields(cls)))


# ---- the computation, for many series at once ----


def judge(values: np.ndarray, stretch: np.ndarray | None = None, screen_ranges: bool = True, whole: bool = True) -> Judged:
    """Means, limits, rules and directions of ``values`` (series × points, gaps NaN).

    ``stretch`` numbers the stretches from 0 on, never falling: one row for all series or a row a series; default one
    stretch. Unless ``whole``, only the last point is judged (by the mean and limits of all): one column.
    """
    columns = np.ascontiguousarray(np.asarray(values, float).T)
    number = None if stretch is None else np.broadcast_to(np.asarray(stretch, int), np.shape(values)).T
    return judge_columns(columns, number, screen_ranges, whole)


def judge_columns(values: np.ndarray, number: np.ndarray | None = None, screen_ranges: bool = True, whole: bool = True) -> Judged:
    """:func:`judge` of points × series, so that each step of the computation runs along as many series as there are: along the few points
    of one it would begin anew with each series."""
    value = finite(values)
    step = np.full(value.shape, np.nan)  # from the point before; NaN unless both are there, in one stretch
    np.subtract(value[1:], value[:-1], out=step[1:])
    if number is not None and number.any():
        step[1:][number[1:] != number[:-1]] = np.nan
    mean, spread = _lines(value, step, number, screen_ranges)
    if not whole:  # no rule looks farther back than a run
        value, step, mean, spread = (a[-RUN - 1 :] for a in (value, step, mean, spread))
    lower, upper = mean - LIMIT * spread, mean + LIMIT * spread
    near_lower, near_upper = mean - NEAR * spread, mean + NEAR * spread
    ruled = ~np.isnan(spread)
    side, rising = _sign(value, mean) * ruled, _sign(step, 0.0) * ruled
    outside = (value > upper) | (value < lower)
    near = ~outside & ((value > near_upper) | (value < near_lower))
    linked = ~np.isnan(step)
    trend = _run(rising > 0, RUN - 1) | _run(rising < 0, RUN - 1)
    beside = np.zeros_like(linked)  # on the same side as the point before
    beside[1:] = linked[1:] & (side[1:] == side[:-1]) & (side[1:] != 0)
    shift, two = _run(beside, RUN - 1), _two_of_three(beside, near)
    rule = np.where(outside, 1, np.where(trend, 2, np.where(two, 3, np.where(shift, 4, 0)))).astype(np.int8)
    direction = np.where(rule == 2, _slope(rising, trend, linked), np.where(rule > 0, side, 0)).astype(np.int8)
    kept = slice(None) if whole else slice(-1, None)
    made = (value, mean, lower, upper, near_lower, near_upper, rule, direction)
    return Judged(*(np.ascontiguousarray(a[kept].T) for a in made))


def _lines(value: np.ndarray, step: np.ndarray, number: np.ndarray | None, screen: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean moving range at each point, by the stretch in which it is."""
    last = 0 if number is None else int(number.max(initial=0))
    if not last:
        mean, spread = (np.broadcast_to(a, value.shape) for a in _centre_and_range(value, step, screen))
        return mean, spread
    mean, spread = (np.full(value.shape, np.nan) for _ in range(2))
    for one in range(last + 1):
        inside = number == one
        centre, width = _centre_and_range(np.where(inside, value, np.nan), np.where(inside, step, np.nan), screen)
        np.copyto(mean, centre, where=inside)
        np.copyto(spread, width, where=inside)
    return mean, spread


def _centre_and_range(value: np.ndarray, step: np.ndarray, screen: bool) -> tuple[np.ndarray, np.ndarray]:
    """Mean and mean moving range of one stretch, one a series; NaN where there is none."""
    centre, ranges = _mean(value, ~np.isnan(value)), np.abs(step)
    spread = _mean(ranges, ~np.isnan(ranges))
    if screen:
        spread = np.where(spread > 0, _mean(ranges, ranges < SCREEN * spread), spread)
    low, high = (end.reduce(value, axis=0, initial=np.nan) for end in (np.fmin, np.fmax))
    # Equal figures have their value as mean, to the last digit; figures that differ only across gaps have no range at all.
    centre = np.where(low == high, low, centre)
    return centre, np.where((spread == 0) & (low < high), np.nan, spread)


def _mean(values: np.ndarray, used: np.ndarray) -> np.ndarray:
    """Mean of the used values of each series in two passes: to the last digit but one what R finds in extended precision, which takes
    three times as long."""
    held, count = np.where(used, values, 0.0), counted(used)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = added(held) / count
        # In place: of a city each array more is memory that the system has to give and take back.
        np.subtract(held, np.where(count > 0, first, 0.0), out=held)
        np.multiply(held, used, out=held)
        return first + added(held) / count


def finite(values: np.ndarray) -> np.ndarray:
    """The values with gaps for what is infinite; the array itself where nothing is."""
    endless = np.isinf(values)
    return np.where(endless, np.nan, values) if endless.any() else values


def counted(used: np.ndarray) -> np.ndarray:
    """How many are used of each series of points × series."""
    return np.add.reduce(used.view(np.int8), axis=0, dtype=np.int32)


def added(values: np.ndarray) -> np.ndarray:
    """Sum of each series of points × series, point after point: numpy adds up a series that is alone, or lies in one piece, in another order,
    and its chart would differ from its cell on the board in the last digit."""
    if values.shape[1] == 1 and len(values):
        return np.cumsum(values, axis=0)[-1]
    return np.ascontiguousarray(values).sum(axis=0)


def _sign(values: np.ndarray, middle: np.ndarray | float) -> np.ndarray:
    """1 above the middle, −1 below it, 0 on it and where there is nothing."""
    return (values > middle).view(np.int8) - (values < middle).view(np.int8)


def _run(links: np.ndarray, count: int) -> np.ndarray:
    """All points of runs of at least ``count`` links; a link joins a point to the one before."""
    points = len(links)
    if points <= count:
        return np.zeros(links.shape, bool)
    ends = links[count:].copy()
    for back in range(1, count):
        ends &= links[count - back : points - back]
    found = np.zeros_like(links)
    for back in range(count + 1):
        found[count - back : points - back] |= ends
    return found


def _two_of_three(beside: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Near points of windows of three on one side that hold at least two near points."""
    found = np.zeros_like(near)
    if len(near) < 3:
        return found
    count = near[2:].astype(np.int8) + near[1:-1] + near[:-2]
    window = beside[2:] & beside[1:-1] & (count >= 2)
    for back in range(3):
        found[2 - back : len(near) - back] |= window
    return found & near


def _slope(rising: np.ndarray, trend: np.ndarray, linked: np.ndarray) -> np.ndarray:
    """1 where a point of a trend rises, −1 otherwise: by the step to the next point if that is one of a trend, else by its own."""
    own = rising.copy()
    onwards = trend[:-1] & trend[1:] & linked[1:]
    np.copyto(own[:-1], rising[1:], where=onwards)
    return np.where(own == 1, 1, -1)


# ---- one series ----


def xmr(
    values: Iterable,
    *,
    better: Better = "neutral",
    target: float | None = None,
    rebase_at: Sequence[int] = (),
    screen_ranges: bool = True,
) -> pd.DataFrame:
    """The control chart of one series, oldest first: value, mean, lower, upper, near_lower, near_upper, rule, signal.

    ``rule`` is one of RULES, ``signal`` one of SIGNALS. ``rebase_at`` holds the 0-based index of the first point of each
    new stretch. ``attrs["note"]`` says in Chinese what had to be left out or is only provisional ('' where nothing), and
    ``attrs["capability"]`` whether the ``target`` lies outside the limits of the last stretch (:func:`capability`).
    Limits are not clipped; they are NaN where there are none (one point alone, all points missing).

    Raises ValueError in Chinese where ``better`` or ``rebase_at`` make no sense.
    """
    if better not in TOWARDS:
        raise ValueError(f"指标方向只能是 higher、lower 或 neutral，不能是“{better}”。")
    value, note = _numbers(values)
    stretch = stretches(len(value), rebase_at)
    judged = judge(value[None, :], stretch[None, :], screen_ranges)
    fields = ("value", "mean", "lower", "upper", "near_lower", "near_upper")
    frame = pd.DataFrame({name: getattr(judged, name)[0] for name in fields})
    frame["rule"] = np.array(RULES, dtype=object)[judged.rule[0]]
    frame["signal"] = np.array(SIGNALS, dtype=object)[judged.signal(TOWARDS[better])[0]]
    frame.attrs["note"] = note + limits_note(judged.value[0], judged.lower[0], judged.upper[0], stretch)
    frame.attrs["target"] = None if target is None or not np.isfinite(target) else float(target)
    frame.attrs["capability"] = capability(frame, target, better)
    return frame


def stretches(count: int, rebase_at: Sequence[int]) -> np.ndarray:
    """The number of each point's stretch, from 0. Raises ValueError for an index outside the series."""
    starts = sorted({int(i) for i in rebase_at})
    wrong = [i for i in starts if not 0 <= i < count]
    if wrong:
        raise ValueError(
            f"重新起算的位置应在0到{count - 1}之间，不能是{wrong[0]}。" if count else "没有数据，不能设重新起算的位置。"
        )
    number = np.zeros(count, dtype=int)
    number[[i for i in starts if i > 0]] = 1
    return number.cumsum()


def capability(frame: pd.DataFrame, target: float | None, better: Better) -> str:
    """Whether the last stretch will meet a target as things are: MET, MISSED, HIT_AND_MISS; '' where it cannot be said.

    Met or missed reliably only where the target lies outside the limits, or where every figure is the target itself; a
    neutral metric has no side to be on.
    """
    if target is None or frame.empty:
        return ""
    last = frame.iloc[-1]
    code = capabilities(np.array([last["lower"]]), np.array([last["upper"]]), np.array([target], float), TOWARDS[better])[0]
    return CAPABILITIES[code]


CAPABILITIES = ("", MET, MISSED, HIT_AND_MISS)


def capabilities(lower: np.ndarray, upper: np.ndarray, target: np.ndarray, towards: np.ndarray | int) -> np.ndarray:
    """Indices of CAPABILITIES, element by element; ``target`` NaN where there is none, ``towards`` as in TOWARDS."""
    sure = np.isfinite(target) & np.isfinite(lower) & np.isfinite(upper) & (np.asarray(towards) != 0)
    with np.errstate(invalid="ignore"):
        below, above = target < lower, target > upper
    met = np.where(np.asarray(towards) > 0, below, above) | ((lower == upper) & (lower == target))
    return np.where(sure, np.where(met, 1, np.where(below | above, 2, 3)), 0).astype(np.int8)


# ---- what is said about the input ----


def _numbers(values: Iterable) -> tuple[np.ndarray, str]:
    """The values as floats with gaps as NaN, and a sentence on those that are no numbers."""
    raw = pd.Series(list(values), dtype=object)
    value = pd.to_numeric(raw, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    text = [str(i + 1) for i in np.flatnonzero(np.isnan(value) & raw.notna().to_numpy())]
    endless = [str(i + 1) for i in np.flatnonzero(np.isinf(value))]
    note = f"{_places(text)}不是数字，按缺数处理。" if text else ""
    note += f"{_places(endless)}为无穷大，按缺数处理。" if endless else ""
    return np.where(np.isinf(value), np.nan, value), note


def _places(numbers: Sequence[str]) -> str:
    return f"第{'、'.join(numbers[:3])}{f'等{len(numbers)}' if len(numbers) > 3 else ''}个值"


def limits_note(value: np.ndarray, lower: np.ndarray, upper: np.ndarray, stretch: np.ndarray) -> str:
    """What is to be known about the limits of one series' last stretch, and about gaps; '' where nothing."""
    there = np.isfinite(value)
    if not there.any():
        return "没有可用的数据，不画控制界限。"
    last = stretch == stretch[-1]
    count = int((there & last).sum())
    inside = np.flatnonzero(there)
    gaps = int((~there[inside[0] : inside[-1] + 1]).sum())
    note = f"其间缺{gaps}个点：不跨缺口计算波动，连续判断在缺口处中断。" if gaps else ""
    since = "最近一段" if stretch[-1] else ""
    if np.isnan(lower[-1]):
        return (
            note + (f"{since}只有{count}个点，" if count < 2 else f"{since}没有相邻且有变化的点，") + "算不出控制界限，不作判断。"
        )
    if lower[-1] == upper[-1]:
        note += f"{since}各点数值相同，没有波动，控制界限与均值重合。"
    if count < TRIAL:
        note += f"{since}只有{count}个点（不足{TRIAL}个），为试用界限，每增加一个点都会变动。"
    return note
