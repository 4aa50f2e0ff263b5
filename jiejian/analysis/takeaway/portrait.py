"""What may be said of one community: in what it differs from the street beyond chance, in at most three sentences."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from jiejian.analysis.interval import SAME
from jiejian.analysis.takeaway.words import Finding, figure_text, fit_title
from jiejian.catalogue import Metric

MOST = 3


def differing(compared: pd.DataFrame, place_id: str) -> pd.DataFrame:
    """Rows of one place (of compare_to_mean, stacked) that lie beyond the funnel's limits: worse first, then better, then the rest."""
    own = compared[(compared["place_id"] == place_id) & ~compared["group"].isin(["", SAME])]
    order = own["verdict"].map({"worse": 0, "better": 1}).fillna(2)
    return own.assign(order=order).sort_values("order", kind="stable").drop(columns="order")


def signals(compared: pd.DataFrame, place_id: str, metrics: Mapping[str, Metric]) -> list[tuple[str, str]]:
    """At most three (verdict, sentence)."""
    found = []
    for row in differing(compared, place_id).head(MOST).itertuples():
        metric = metrics[row.metric]
        mean = f"（街道平均{figure_text(row.mean, metric)}）"
        found.append((row.verdict, f"{metric.name}{figure_text(row.value, metric)}，{row.group}{mean}。"))
    return found


def portrait_finding(compared: pd.DataFrame, place_id: str, place: str, when: str) -> Finding:
    """How many of the metrics that can be judged differ, and which way."""
    judged = compared[(compared["place_id"] == place_id) & (compared["group"] != "")]
    away = differing(compared, place_id)
    better, worse = (int((away["verdict"] == v).sum()) for v in ("better", "worse"))
    if judged.empty:
        return fit_title(
            f"{place}没有可以判断的比率", otherwise="本社区没有可以判断的比率"
        ), f"{when}，{place}没有可以与街道平均比较的比率指标。"
    other = len(away) - better - worse
    tail = f"，{other}项有差别但不分好坏" if other else ""
    title = fit_title(
        f"{place}{better}项好于、{worse}项差于平均" if better or worse else f"{place}各项{SAME}",
        otherwise=f"本社区{better}项好于、{worse}项差于平均",
    )
    sentence = f"{when}，可以判断的{len(judged)}项比率中，{better}项明显好于平均、{worse}项明显差于平均{tail}，其余{SAME}（漏斗图99.8%控制限）。"
    return title, sentence
