"""One series of a metric as a run chart: a community's or the street's, judged as the status board judges it.

Season, festivals, what is still being done and stocks are told from all communities of the metric together, so that a
community's chart and its cell on the board say the same.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from jiejian.analysis.board import carried_over, too_rare, unsettled
from jiejian.analysis.control_chart import RULES, SIGNALS, TOWARDS, capability, limits_note, stretches
from jiejian.analysis.season import judge_in_season, season
from jiejian.catalogue import Measure
from jiejian.figures import Cube
from jiejian.periods import Period

LINES = ("value", "mean", "lower", "upper", "near_lower", "near_upper")
# Why there are no limits, in words.
WITHOUT_LIMITS = {
    "stock": "这是期末存量，一期接着一期变，不适用控制界限，只看走势、同比和目标。",
    "rare": "多数期为零或平均不足1，太少，不适用控制界限。",
    "cumulative": "累计数逐月增加，不适用控制界限，请改按月查看。",
}


def run(
    cube: Cube,
    values: np.ndarray,
    measures: Mapping[str, Measure],
    *,
    eras: np.ndarray | None = None,
    rebase_at: Sequence[int] = (),
    target: float | None = None,
    as_of: date | None = None,
    incomplete: np.ndarray | None = None,
) -> pd.DataFrame:
    """The run chart of ``values`` (one a period) of the one metric of ``cube``, which holds all its communities.

    A row a period: period (key), LINES, rule, signal as :func:`xmr` gives them, ``known`` (not judged: '', festival,
    settling or incomplete). ``eras`` numbers the stretches of a place that was redrawn; ``rebase_at`` are further first
    points of stretches; ``incomplete`` marks street totals that not all communities reported.

    ``attrs``: ``note`` (Chinese, '' where nothing is to be said), ``reason`` (stock, rare, cumulative or ''),
    ``seasonal``, ``trial``, ``capability`` and ``target``.
    """
    metric, count = cube.metrics[0], len(cube.periods)
    found = season(cube.value, cube.periods)
    known = _known(found.known[0], unsettled(cube, as_of)[0], np.zeros(count, bool) if incomplete is None else incomplete)
    stretch = stretches(count, rebase_at) + (0 if eras is None else eras)
    value = np.asarray(values, dtype=float)
    judged = judge_in_season(value[None], (known != "")[None], found.seasonal[:1], found.month, stretch[None])
    reason = _reason(cube, value, measures)
    frame = pd.DataFrame({"period": [p.key for p in cube.periods]})
    for name in LINES:
        line = getattr(judged, name)[0]
        frame[name] = line if name == "value" or not reason else np.nan
    frame["rule"] = np.array(RULES, dtype=object)[judged.rule[0] * (not reason)]
    frame["signal"] = np.array(SIGNALS, dtype=object)[judged.signal(TOWARDS[metric.better])[0] * (not reason)]
    frame["known"] = known
    used = np.where(known == "", value, np.nan)
    frame.attrs["reason"], frame.attrs["target"] = reason, target
    frame.attrs["seasonal"] = bool(found.seasonal[0]) and not reason
    frame.attrs["capability"] = "" if reason else capability(frame, target, metric.better)
    frame.attrs["trial"] = not reason and 1 < int((np.isfinite(used) & (stretch == stretch[-1])).sum()) < 12
    note = limits_note(value, judged.lower[0], judged.upper[0], stretch)
    frame.attrs["note"] = WITHOUT_LIMITS[reason] if reason else note + _seasonal_note(frame)
    return frame


def _known(festival: np.ndarray, open_ended: np.ndarray, incomplete: np.ndarray) -> np.ndarray:
    return np.select([incomplete, open_ended, festival], ["incomplete", "settling", "festival"], "").astype(object)


def _reason(cube: Cube, value: np.ndarray, measures: Mapping[str, Measure]) -> str:
    if cube.periods and cube.periods[0].grain == "ytd":
        return "cumulative"
    if carried_over(cube, measures)[0]:
        return "stock"
    return "rare" if cube.metrics[0].kind == "count" and too_rare(value) else ""


def _seasonal_note(frame: pd.DataFrame) -> str:
    note = "季节性强：每月与其他年份同月相比，均值和界限随季节起伏。" if frame.attrs["seasonal"] else ""
    note += "春节所在月为已知情况，不计入均值和界限，也不作判断。" if (frame["known"] == "festival").any() else ""
    note += "最近几期尚在办理，数字还会变，不作判断。" if (frame["known"] == "settling").any() else ""
    return note + ("报送不全的月份不作判断。" if (frame["known"] == "incomplete").any() else "")


def first_points(days: Collection[date], periods: Sequence[Period]) -> list[int]:
    """For each day the index of the first period that begins on or after it (the event's own month still counts as before)."""
    found = {next((i for i, p in enumerate(periods) if p.start >= day), None) for day in days}
    return sorted(i for i in found if i)
