"""More places than a picture can tell apart: which of them are drawn, and the sentence that says which are not.

A city has three thousand communities; a picture of all of them is a grey cloud, takes a second to draw and a megabyte to send.
Beyond :data:`MANY` the ends and the picked ones are drawn; what is said of all (mean, limits, counts) is still of all.
"""

from __future__ import annotations

import numpy as np

MANY = 60
EACH = 20
_CLOUD = 300


def ends(values: np.ndarray, chosen: np.ndarray, each: int = EACH) -> np.ndarray:
    """Which of many places keep a mark of their own: the highest, the lowest, the chosen; all where there are not many."""
    if len(values) <= MANY:
        return np.ones(len(values), dtype=bool)
    kept, there = np.asarray(chosen, dtype=bool).copy(), np.flatnonzero(np.isfinite(values))
    order = there[np.argsort(values[there], kind="stable")]
    kept[order[:each]] = kept[order[-each:]] = True
    return kept


def sample(telling: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Which dots of a cloud are drawn: all that tell something, and of the others so many that the cloud keeps its shape.

    ``telling`` are those that stand out or were picked; the others are taken evenly along ``sizes``, always the same ones.
    """
    kept = np.asarray(telling, dtype=bool).copy()
    others = np.flatnonzero(~kept)
    if len(others) > _CLOUD:
        order = others[np.argsort(sizes[others], kind="stable")]
        others = order[np.linspace(0, len(order) - 1, _CLOUD).round().astype(int)]
    kept[others] = True
    return kept


def told(count: int, drawn: int, which: str) -> str:
    """What is said under the finding where not every place is drawn; '' where all are."""
    return f"共{count:,}个社区，图中只画{which}；完整的表在页末下载。" if drawn < count else ""
