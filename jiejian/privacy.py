"""What this person may see, applied to a frame once, before anything is drawn, written or said of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

LEAST = 5
FEW = f"少于{LEAST}"

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def cover_names(places: pd.DataFrame, keep: Collection[str] = (), noun: str = "社区") -> dict[str, str]:
    """A cover name for every place but those in ``keep``: 社区A, 社区B … 社区AA, the same wherever the same places are given.

    ``places`` has place_id and place. The letters follow the order of the ids, not the customary one, from which a
    reader could tell who is who. Places that are kept have their own names.
    """
    hidden = sorted(set(places["place_id"]) - set(keep))
    covers = {place: noun + _letters(i) for i, place in enumerate(hidden)}
    return {row.place_id: covers.get(row.place_id, row.place) for row in places[["place_id", "place"]].itertuples()}


def _letters(number: int) -> str:
    found = ""
    number += 1
    while number:
        number, rest = divmod(number - 1, len(_LETTERS))
        found = _LETTERS[rest] + found
    return found


def anonymous(frame: pd.DataFrame, covers: Mapping[str, str]) -> pd.DataFrame:
    """A frame in which places have their cover names, in an order that does not tell who they are.

    ``place`` and ``place_id`` (where a click could lead to the place) are both covered and ``note`` is emptied for
    covered places; ``sort`` follows the cover names, those kept first.
    """
    ids = frame["place_id"].astype(str)
    own = dict(zip(ids, frame["place"].astype(str), strict=True))
    names = ids.map(covers).fillna(frame["place"])
    covered = names.to_numpy() != ids.map(own).to_numpy()
    order = {name: i for i, name in enumerate(sorted(set(names[covered]), key=lambda n: (len(n), n)))}
    changed = {"place": names, "place_id": ids.mask(covered, names)}
    if "sort" in frame:
        changed["sort"] = [order[n] + len(covers) if c else int(s) for n, c, s in zip(names, covered, frame["sort"], strict=True)]
    if "note" in frame:
        changed["note"] = frame["note"].mask(covered, "")
    covered_frame = frame.assign(**changed)
    # The order of rows would tell as much as the names.
    return covered_frame.sort_values("sort", kind="stable").reset_index(drop=True) if "sort" in frame else covered_frame


def small_counts(counts: pd.DataFrame, least: int = LEAST) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Counts of persons, places in rows and groups in columns, without those by which a person could be told.

    Returns the counts with gaps and a frame of bool that says where one was taken out. A count from 1 to ``least`` − 1 is
    taken out; where a column has lost only one, its next smallest goes as well, or it could be had from the column's sum.
    """
    values = counts.to_numpy(dtype=float)
    hidden = (values > 0) & (values < least)
    for column in np.flatnonzero(hidden.sum(axis=0) == 1):
        others = np.where(hidden[:, column] | ~(values[:, column] > 0), np.inf, values[:, column])
        if np.isfinite(others).any():
            hidden[others.argmin(), column] = True
    gone = pd.DataFrame(hidden, counts.index, counts.columns)
    return counts.astype(float).mask(gone), gone
