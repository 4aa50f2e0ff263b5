"""What may be said of a composite score: who is ahead for certain, and how far the ranks hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian.analysis.robustness import STABLE
from jiejian.analysis.takeaway.words import Finding, fit_title, listed

AHEAD, MIDDLE, BEHIND = "明显靠前", "难分先后", "明显靠后"


def position(ranges: pd.DataFrame) -> pd.Series:
    """明显靠前 where even the worst rank lies in the upper half, 明显靠后 where even the best lies in the lower; '' without score."""
    count = int(ranges["rank"].notna().sum())
    half = (count + 1) / 2
    words = np.select([ranges["rank"].isna(), ranges["best"] > half, ranges["worst"] < half], ["", BEHIND, AHEAD], default=MIDDLE)
    return pd.Series(words.astype(object), index=ranges.index)


def scores_finding(ranges: pd.DataFrame, names: pd.Series, what: str, noun: str = "社区") -> Finding:
    """``ranges`` of analysis.robustness.rank_ranges; ``names`` of the places by the same index; ``what``: the score's name."""
    there = ranges[ranges["rank"].notna()]
    if len(there) < 2:
        return "可以评分的社区不足两个", f"{what}只有{len(there)}个{noun}有得分，不作比较。"
    where = position(ranges)
    ahead, behind = (list(names.reindex(ranges.index)[where == word]) for word in (AHEAD, BEHIND))  # in no order of rank
    stable = int((there["verdict"] == STABLE).sum())
    clauses = [f"{listed(group, noun)}{word}" for group, word in ((ahead, AHEAD), (behind, BEHIND)) if group]
    middle = len(there) - len(ahead) - len(behind)
    clauses += [f"{'其余' if clauses else ''}{middle}个{MIDDLE}"] if middle else []
    title = fit_title(
        f"{what}：{len(ahead)}个{noun}{AHEAD}、{len(behind)}个{BEHIND}" if ahead or behind else f"{what}各{noun}{MIDDLE}",
        otherwise=f"{len(ahead)}个{noun}{AHEAD}、{len(behind)}个{BEHIND}",
    )
    missing = len(ranges) - len(there)
    gaps = f"{missing}个{noun}没有数据，未评分。" if missing else ""
    moved = "权重上下浮动25%、换算法、计入随机波动后，"
    # “0个排名稳定” beside “5个明显靠前” reads like a contradiction: the group holds, the exact rank does not.
    holds = moved + (f"{len(there)}个{noun}中{stable}个排名稳定、{len(there) - stable}个不稳定" if stable else f"{len(there)}个{noun}的具体名次都会变动")
    return title, f"{'，'.join(clauses)}；{holds}。{gaps}"
