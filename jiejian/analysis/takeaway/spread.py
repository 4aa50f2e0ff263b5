"""What may be said of a distribution, of two metrics side by side, and of a whole board of comparisons."""

from __future__ import annotations

import pandas as pd

from jiejian.analysis.interval import SAME
from jiejian.analysis.relation import LEAST, Relation
from jiejian.analysis.takeaway.words import Finding, figure_text, fit_title, listed, span_text
from jiejian.catalogue import Metric
from jiejian.periods import parse_period


def _when(frame: pd.DataFrame) -> str:
    return parse_period(str(frame["period"].iloc[0])).label if len(frame) else "所选时间"


def distribution_finding(frame: pd.DataFrame, metric: Metric, noun: str = "社区") -> Finding:
    """Where the middle half lies: a figures frame of one metric and one period."""
    there = frame[frame["value"].notna()]
    if len(there) < 4:
        title = fit_title(f"{metric.name}只有{len(there)}个{noun}有数", otherwise="有数的地方太少，看不出分布")
        return title, f"{_when(frame)}，{metric.name}只有{len(there)}个{noun}有数，不足4个，看不出分布。"
    low, middle, high = (float(q) for q in there["value"].quantile([0.25, 0.5, 0.75]))
    half = f"半数{noun}{metric.name}在{span_text(low, high, metric)}"
    if figure_text(low, metric) == figure_text(high, metric):
        half = f"半数以上{noun}{metric.name}为{figure_text(middle, metric)}"
    ends = ((word, there.loc[getattr(there["value"], f)()]) for word, f in (("最低", "idxmin"), ("最高", "idxmax")))
    told = "、".join(f"{word}{row['place']}{figure_text(row['value'], metric)}" for word, row in ends)
    size = f"；总量受{noun}规模影响" if metric.kind == "count" else ""
    title = fit_title(half, f"{metric.name}：半数在{span_text(low, high, metric)}", otherwise=f"各{noun}本项指标的高低分布")
    return title, f"{_when(frame)}，{half}，中位数{figure_text(middle, metric)}；{told}{size}。"


def relation_finding(relation: Relation, x: Metric, y: Metric, when: str, noun: str = "社区") -> Finding:
    """Whether two metrics go together; never that one is the cause."""
    if pd.isna(relation.rho):
        title = fit_title(f"{x.name}与{y.name}无从判断关联", otherwise="有数的地方太少，无从判断关联")
        reason = f"只有{relation.places}个{noun}两项都有数，不足{LEAST}个" if relation.places < LEAST else "有一项各处相同"
        return title, f"{when}，{reason}，不判断两项指标是否有关联。"
    titles = {
        1: (f"{x.name}高的{noun}，{y.name}也较高", f"{x.name}与{y.name}同高同低"),
        -1: (f"{x.name}高的{noun}，{y.name}较低", f"{x.name}与{y.name}一高一低"),
        0: (f"看不出{x.name}与{y.name}有关联", f"{x.name}与{y.name}看不出关联"),
    }[relation.direction]
    bounds = f"{relation.rho:.2f}（95%区间{relation.lower:.2f}至{relation.upper:.2f}）".replace("-", "−")
    meaning = "，可能只是偶然" if relation.direction == 0 else "；同时出现不等于一个引起另一个"
    title = fit_title(
        *titles,
        otherwise=("看不出两项指标之间有关联", "两项指标在各社区同高同低", "两项指标在各社区一高一低")[relation.direction],
    )
    return title, f"{when}，{relation.places}个{noun}按名次算的关联程度（−1到1）为{bounds}{meaning}。"


def board_finding(compared: pd.DataFrame, when: str, name: str = "", noun: str = "社区") -> Finding:
    """Many metrics at once: rows of compare_to_mean, stacked. Says how many stand out, and how many would by chance."""
    judged = compared[compared["group"] != ""]
    away = judged[judged["group"] != SAME]
    better, worse = (int((away["verdict"] == verdict).sum()) for verdict in ("better", "worse"))
    if judged.empty:
        return "没有可以判断高低的比率指标", f"{when}，{name or '所选分类'}没有可以判断高低的比率指标。"
    chance = max(round(len(judged) * 0.002), 0)
    luck = f"，其中约{chance}处可能出于偶然" if chance else "，出于偶然的不到1处"
    whom = away.loc[away["verdict"] == "worse", "place"].value_counts()
    most = listed([p for p, n in whom.items() if n == whom.iloc[0] and n > 1], noun) if len(whom) else ""
    lead = f"{name}指标" if name else "各项指标"
    title = fit_title(f"{lead}有{better}处好于、{worse}处差于平均", otherwise=f"共{better}处明显好于、{worse}处差于平均")
    if not len(away):
        title = fit_title(f"{lead}各{noun}{SAME}", otherwise=f"各{noun}{SAME}")
    tail = f"差于平均最多的是{most}（{int(whom.iloc[0])}项）。" if most else ""
    return title, f"{when}，共比较{len(judged)}处（指标×{noun}），{len(away)}处超出漏斗图99.8%控制限{luck}。{tail}"
