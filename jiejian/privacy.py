"""Small cells: counts of a few people, hidden in the frame itself, before anything is drawn, written or said of it.

Whose names and rows a person may see is decided one layer below, in the warehouse itself: see jiejian/sight.py.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from jiejian.catalogue import Catalogue, Metric
from jiejian.smallcells import least_shown, small

HIDDEN = "C"
"""The status of a figure that is there but not shown (SDMX: confidential)."""


def counting_people(metrics: Sequence[Metric], catalogue: Catalogue) -> set[str]:
    """Ids of the metrics whose figure, or whose numerator, counts people of whom a few could be told apart."""
    return {m.id for m in metrics if all(catalogue.measures[part].people for part in m.parts[0])}


def without_small(frame: pd.DataFrame, metrics: Sequence[Metric], catalogue: Catalogue, places: Collection[str] = ()) -> pd.DataFrame:
    """A figures frame of **all** places, in which small counts of people are gaps; then only the rows of ``places``.

    A hidden cell has neither value nor numerator, status C and a note. Its column ``withheld`` holds, at the first hidden
    cell of a period, the sum of all of them (else 0), so that the street's total stays right; it is a gap where not all
    hidden cells remain, since a total of some of them would give one away.
    """
    least, people = least_shown(catalogue), counting_people(metrics, catalogue)
    kept = frame["place_id"].isin(places) if places else pd.Series(True, index=frame.index)
    rows = frame.index[frame["metric"].isin(people)]
    if not least or rows.empty:
        return frame[kept].reset_index(drop=True) if places else frame
    own = frame.loc[rows]
    hidden = pd.Series(False, index=frame.index)
    for _, group in own.groupby(["metric", "period"], sort=False):
        hidden[group.index] = small(group["numerator"].to_numpy(dtype=float)[:, None], least)[:, 0]
    if not hidden.any():
        return frame[kept].reset_index(drop=True) if places else frame
    key = [frame["metric"], frame["period"]]
    together = frame["numerator"].where(hidden).groupby(key).transform("sum")
    first = hidden & (hidden.groupby(key).cumsum() == 1)
    counts = frame["numerator"].where(hidden).groupby(key)
    # Equal counts can be told from their sum where all are 1, or all as large as a small one may be.
    alike = (counts.transform("min") == counts.transform("max")) & (counts.transform("max") < least)
    # A street's own figure may be a small one, too.
    few = frame["numerator"].groupby(key).transform("sum") < least
    whole = (kept | ~hidden).groupby(key).transform("all") & (hidden.groupby(key).transform("sum") > 1) & ~alike & ~few
    found = frame.assign(
        value=frame["value"].mask(hidden),
        numerator=frame["numerator"].mask(hidden),
        status=frame["status"].mask(hidden, HIDDEN),
        note=frame["note"].mask(hidden, f"为保护个人信息不显示（人数少于{least}人，或防止推算）"),
        withheld=together.where(first, 0.0).where(hidden & whole),
    )
    return found[kept].reset_index(drop=True)
