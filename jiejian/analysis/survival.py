"""How long it takes to close a case, with cases that are still open counted as censored, not left out.

The curve is Kaplan and Meier's product-limit estimator (Nonparametric estimation from incomplete observations, JASA 53
(1958) 457–481), turned round: the share closed by each day. Its 95 % limits come from Greenwood's variance on the
log(−log) scale (Kalbfleisch and Prentice 1980, The Statistical Analysis of Failure Time Data, section 1.4), which keeps
them between 0 and 1. Left out, long open cases would make a slow office look fast.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

_Z = 1.959963984540054
COLUMNS = ("day", "at_risk", "closed", "open", "share", "lower", "upper")


def closed_by_day(days: ArrayLike, closed: ArrayLike, still_open: ArrayLike) -> pd.DataFrame:
    """The curve from a histogram: at each duration so many cases were closed and so many had been open for so long.

    ``days`` are durations (any unit, not negative; repeated ones are added up), ``closed`` and ``still_open`` counts of that
    length. The frame has day, at_risk (cases that lasted at least so long), closed, open, share (closed by then, 0–1), lower
    and upper; empty where there is no case. Rows with a negative or missing duration are left out; ``attrs["note"]`` then
    says how many cases that were.
    """
    rows = pd.DataFrame(
        {"day": np.asarray(days, float), "closed": np.asarray(closed, float), "open": np.asarray(still_open, float)}
    )
    sound = rows["day"] >= 0
    left_out = int(rows.loc[~sound, ["closed", "open"]].to_numpy().sum())
    table = rows[sound].groupby("day", as_index=False, sort=True).sum()
    cases = (table["closed"] + table["open"]).to_numpy()
    at_risk = cases[::-1].cumsum()[::-1]
    table = table[at_risk > 0]
    cases, at_risk, ended = cases[at_risk > 0], at_risk[at_risk > 0], table["closed"].to_numpy()
    still = np.cumprod(1 - ended / at_risk)
    lower, upper = _limits(still, ended, at_risk)
    frame = table.assign(at_risk=at_risk, share=1 - still, lower=lower, upper=upper)[list(COLUMNS)].reset_index(drop=True)
    frame.attrs["note"] = f"{left_out}件办结早于受理或缺受理时间，未计入。" if left_out else ""
    return frame


def _limits(still: np.ndarray, ended: np.ndarray, at_risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % limits of the share closed; where all or none are closed there is no variance and the limits are the share."""
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(ended / (at_risk * (at_risk - ended)))
        scaled = _Z * np.sqrt(variance) / np.abs(np.log(still))
        low, high = still ** np.exp(scaled), still ** np.exp(-scaled)
    sure = ~np.isfinite(scaled)
    return np.where(sure, 1 - still, 1 - high), np.where(sure, 1 - still, 1 - low)


def time_until(curve: pd.DataFrame, share: float = 0.5) -> float | None:
    """The first duration by which this share of cases is closed (0.5: the median); None where so many are not closed yet."""
    reached = curve.loc[curve["share"] >= share - 1e-12, "day"]
    return None if reached.empty else float(reached.iloc[0])


def closed_within(curve: pd.DataFrame, days: float) -> float | None:
    """The share closed by so many days (0–1); None where the curve ends earlier with cases open, so that it is not known."""
    if curve.empty:
        return None
    before = curve[curve["day"] <= days]
    if days > curve["day"].iloc[-1] and curve["share"].iloc[-1] < 1:
        return None
    return 0.0 if before.empty else float(before["share"].iloc[-1])
