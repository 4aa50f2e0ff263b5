"""诉求办理: are residents' cases settled in time, at the base, and to their satisfaction, and what waits?"""

from __future__ import annotations

from datetime import date

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.analysis.sla import LEVELS, NO_LIMIT, STATES, composite_rate, level_shares
from jiejian.analysis.survival import closed_by_day, closed_within, time_until
from jiejian.charts.parts import BETTER, MARK, WORSE
from jiejian.export.workbook import MAX_ROWS
from jiejian.format import amount, format_value
from jiejian.ledgers import cases
from jiejian.ledgers.breakdowns import breakdown
from jiejian.ui import show, theme
from jiejian.ui.tables import MOST_ROWS
from jiejian.ui.theme import Drawn, Panel, Whole, day, number, text
from jiejian.ui.themes.common import about, grid_label, month_heads, months, read, share, span, title, when
from jiejian.ui.themes.newest import empty, newest, side_by_side
from jiejian.ui.view import View

_STATE_COLOURS = (BETTER, "#8FB3D4", MARK, WORSE)
_TIER_DAYS = (("1天", 1.0), ("1周", 7.0), ("1月", 30.0))
_ROWS = 12
_TAB, _PART = "cases_tab", "|"


def _to_grids() -> None:
    """A click on a community: its sources and its grids."""
    if place := show.clicked("cases_states"):
        st.session_state["community"] = [place]
        st.session_state[_TAB] = "来源与热点"


def _to_list() -> None:
    """A click on a grid: its cases, one by one."""
    place, _, grid = (show.clicked("cases_grids") or "").partition(_PART)
    if grid:
        if place:
            st.session_state["community"] = [place]
        st.session_state[_TAB], st.session_state["cases_grid"] = "诉求清单", grid


def page(view: View) -> None:
    theme.page(view, "诉求办理", _answer, TABS)


def _answer(view: View) -> str:
    first, last = span(view)
    found = read(view, cases.states, first, last).groupby("state")["cases"].sum()
    every = int(found.sum())
    if not every:
        return f"{when(view)}没有受理诉求。"
    # No share here: 按期办结率 is of what fell due, not of what came in.
    parts = [f"{name}{amount(found[name], '件')}" for name in (*STATES, NO_LIMIT) if found.get(name, 0)]
    return f"{when(view)}受理{amount(every, '件')}：{'，'.join(parts)}。"


# ---- how they are settled ----


def _states(view: View) -> Drawn:
    rows = read(view, cases.states, *span(view))
    wide = rows.pivot_table(index="place", columns="state", values="cases", aggfunc="sum", fill_value=0, sort=False).reindex(
        columns=STATES, fill_value=0
    )
    street = wide.sum()
    shown = pd.concat([street.to_frame(view.scope).T, wide]) if len(wide) > 1 else wide
    late = int(street["超期办结"] + street["在办已超期"])
    share = 100 * late / street.sum() if street.sum() else 0
    found = (
        title(f"超期的诉求{amount(late, '件')}，占{share:.1f}%", otherwise="本期没有超期的诉求") if late else "本期没有超期的诉求",
        f"{when(view)}，四种状态相加为有时限的全部诉求；超期办结{amount(street['超期办结'], '件')}，在办已超期{amount(street['在办已超期'], '件')}。各社区件数不同，只看件数少的社区的比重没有意义。点一个社区，看它的来源和网格。",
    )
    by_name = {name: place for place, name in view.offered}
    ids = [by_name.get(name, "") for name in shown.index]
    figure = charts.whole(list(shown.index), STATES, shown.to_numpy().tolist(), "件", about(view, "cases"), found, _STATE_COLOURS, ids=ids)
    table = shown.reset_index(names="社区")
    return Drawn(table, (text("社区"), *(number(s, "件") for s in STATES)), figure)


def _waiting(view: View) -> Drawn:
    rows = read(view, cases.durations, *span(view), "tier")
    curves = {
        name: closed_by_day(own["days"], own["closed"], own["open"])
        for name, own in sorted(rows.groupby("category"), key=lambda g: [d for n, d in _TIER_DAYS if n == g[0]] or [99])
    }
    told, summary = [], []
    for name, days in _TIER_DAYS:
        if name in curves:
            within, half = closed_within(curves[name], days), time_until(curves[name])
            told.append(
                f"{name}内应办结的，到期时已办结{100 * within:.1f}%"
                if within is not None
                else f"{name}内应办结的，尚不能算出到期办结比重"
            )
            summary.append(
                (name, sum(curves[name]["closed"]), sum(curves[name]["open"]), half, None if within is None else 100 * within)
            )
    found = (
        title("各时限诉求办结用时", otherwise="各时限诉求的办结用时曲线"),
        f"{when(view)}：{'；'.join(told) or '没有登记办理时限'}。" + "".join(c.attrs["note"] for c in curves.values()),
    )
    figure = charts.closing_curves(curves, about(view, "cases"), found, _TIER_DAYS)
    table = pd.DataFrame(summary, columns=["tier", "closed", "open", "half", "within"])
    return Drawn(
        table,
        (
            text("办理时限"),
            number("已办结", "件"),
            number("未办结", "件"),
            number("半数办结用时", "天"),
            number("到期已办结", "%", 1),
        ),
        figure,
    )


def _levels(view: View) -> Drawn:
    rows = read(view, cases.crossed, *span(view), "category", "closed_level")
    wide = (
        rows[rows["col"].isin(LEVELS)]
        .pivot_table(index="row", columns="col", values="cases", aggfunc="sum", fill_value=0)
        .reindex(columns=LEVELS, fill_value=0)
    )
    whole = level_shares(wide.sum().to_dict())
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False).index[:_ROWS]]
    base = whole.set_index("level")["cumulative"].get("社区")
    known = base == base and base is not None
    found = (
        title(f"办结件中{100 * base:.1f}%化解在社区及以下" if known else "", otherwise="办结件没有登记办结层级"),
        f"{when(view)}受理且已登记办结层级的诉求，按楼栋、网格、社区、街道、部门看在哪一级办结；只列件数最多的{len(wide)}类事项。",
    )
    figure = charts.whole(
        list(wide.index),
        LEVELS,
        wide.to_numpy().tolist(),
        "件",
        about(view, "cases"),
        found,
        ("#1F4E79", "#35608D", "#6F8FB3", "#B7791F", "#6D4C7D"),
    )
    return Drawn(wide.reset_index(names="事项类别"), (text("事项类别"), *(number(l, "件") for l in LEVELS)), figure)


def _rates(view: View) -> Drawn:
    """The three rates and their composite, month by month."""
    composite = view.catalogue.composites["three_rates"]
    metrics = [view.catalogue.metrics[m] for m in composite.weights]
    spell = months(view)
    street = view.totals(*metrics, period=spell[-1], since=spell[0])
    whole = composite_rate(street, composite.weights).set_index("period")["value"]
    wide = street.pivot(index="period", columns="metric", values="value").reindex([p.key for p in spell])
    table = wide[[m.id for m in metrics]].assign(composite=whole).reset_index()
    table["period"] = [p.label for p in spell]
    newest = table.iloc[-1]
    told = "，".join(f"{m.name}{format_value(newest[m.id], m)}" for m in metrics)
    value = newest["composite"]
    weights = "三率等权相加" if len(set(composite.weights.values())) == 1 else f"权重见目录（{composite.document}）"
    found = (
        title(f"{spell[-1].label}三率综合{value:.1f}%" if value == value else "", otherwise="本月回访数不足，三率综合算不出"),
        f"{spell[-1].label}{told}；{weights}。三率的分母是回访的件数，不是全部诉求。",
    )
    labels = [*(m.name for m in metrics), composite.name]
    counts = table[[*(m.id for m in metrics), "composite"]].T
    figure = charts.matrix(labels, month_heads(spell), [[None if v != v else v for v in row] for row in counts.to_numpy()], "%", view.context(*metrics), found, reading=composite.note + "颜色越深，比率越高。")  # fmt: skip
    return Drawn(table, (text("月份"), *(number(m.name, "%", 1) for m in metrics), number(composite.name, "%", 1)), figure)


# ---- where they come from ----


def _channels(view: View) -> Drawn:
    rows = read(view, cases.crossed, *span(view), "category", "channel")
    wide = rows.pivot_table(index="row", columns="col", values="cases", aggfunc="sum", fill_value=0)
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False).index[:_ROWS], wide.sum().sort_values(ascending=False).index]
    total, by_channel = rows["cases"].sum(), rows.groupby("col")["cases"].sum().sort_values(ascending=False)
    top = f"{by_channel.index[0]}占{100 * by_channel.iloc[0] / total:.1f}%" if total else ""
    found = (
        title(f"来源以{by_channel.index[0]}为主，{top}" if total else "", otherwise="诉求从哪里来、是什么事"),
        f"{when(view)}受理{amount(total, '件')}：" + "，".join(f"{n}{amount(v, '件')}" for n, v in by_channel.items()) + "。",
    )
    figure = charts.matrix(list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "件", about(view, "cases"), found)
    return Drawn(wide.reset_index(names="事项类别"), (text("事项类别"), *(number(c, "件") for c in wide.columns)), figure)


def _hot(view: View) -> Drawn:
    spell = months(view)
    rows = read(view, breakdown, "cases_opened", "category", spell)
    wide = rows.pivot_table(index="category", columns="period", values="value", aggfunc="sum", fill_value=0).reindex(
        columns=[p.key for p in spell], fill_value=0
    )
    wide = wide.loc[wide.iloc[:, -1].sort_values(ascending=False).index[:_ROWS]]
    top = list(wide.index[:3])
    found = (
        title(f"{spell[-1].label}热点是{top[0]}" if top else "", otherwise="各类诉求逐月件数"),
        _hot_words(wide, spell[-1].label),
    )
    figure = charts.matrix(list(wide.index), month_heads(spell), wide.to_numpy().tolist(), "件", about(view, "cases"), found)
    return Drawn(wide.reset_index(names="事项类别"), (text("事项类别"), *(number(p.label, "件") for p in spell)), figure)


def _hot_words(wide: pd.DataFrame, label: str) -> str:
    parts = []
    for name, row in wide.head(3).iterrows():
        before = f"，上月{row.iloc[-2]:.0f}件" if len(row) > 1 else ""
        year = f"，去年同月{row.iloc[-13]:.0f}件" if len(row) > 12 else ""
        parts.append(f"{name}{row.iloc[-1]:.0f}件{before}{year}")
    return f"{label}件数最多的：{'；'.join(parts)}。多少受季节影响，先与去年同月比。" if parts else f"{label}没有诉求。"


def _kinds(view: View) -> Drawn:
    rows = read(view, cases.crossed, *span(view), "case_kind", "tier")
    wide = rows.pivot_table(index="row", columns="col", values="cases", aggfunc="sum", fill_value=0)
    order = [t for t in (*(n for n, _ in _TIER_DAYS), "未填") if t in wide.columns]
    wide = wide[[*order, *(c for c in wide.columns if c not in order)]]
    told = "，".join(f"{name}{amount(n, '件')}" for name, n in wide.sum(axis=1).items())
    found = (title(_largest(wide), f"{len(wide)}类来件按办理时限分", otherwise="诉求、事件、纠纷各有多少"), f"{when(view)}：{told}。")
    figure = charts.whole(list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "件", about(view, "cases"), found)
    return Drawn(wide.reset_index(names="类型"), (text("类型"), *(number(str(c), "件") for c in wide.columns)), figure)


def _largest(wide: pd.DataFrame) -> str:
    """Which row holds most of the cases, in words."""
    sums = wide.sum(axis=1)
    return f"{sums.idxmax()}最多，占来件的{share(sums.max(), sums.sum())}" if sums.sum() else ""


def _grids(view: View) -> Drawn:
    rows = read(view, cases.by_grid, *span(view))
    shown = rows.head(15)
    labels = [grid_label(r.place, r.grid) for r in shown.itertuples()]
    notes = [f"在办{r.open}，超期{r.overdue}" if r.open else "" for r in shown.itertuples()]
    found = (
        title("诉求最多的15个网格", otherwise=f"诉求最多的{len(shown)}个网格及其在办件"),
        f"{when(view)}，共{rows['grid'].nunique()}个网格有诉求。网格大小不同，件数多不等于问题多；也可能是发现得多。点一个网格，看它的诉求清单。",
    )
    by_name = {name: place for place, name in view.offered}
    ids = [f"{by_name.get(r.place, '')}{_PART}{r.grid}" for r in shown.itertuples()]
    figure = charts.bars(labels, [int(v) for v in shown["cases"]], "件", about(view, "cases"), found, notes, ids=ids)
    return Drawn(rows, (text("社区"), text("网格"), number("受理", "件"), number("在办", "件"), number("在办超期", "件")), figure)


# ---- what waits ----


def _backlog(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, cases.backlog_by_age, last)
    open_now, old = int(rows["cases"].sum()), int(rows["cases"].iloc[3:].sum())
    found = (
        title(f"在办{amount(open_now, '件')}，其中超过一个月的{amount(old, '件')}", otherwise="在办诉求按等待时间分"),
        f"截至{last}，在办{amount(open_now, '件')}，已超期{amount(rows['overdue'].sum(), '件')}；等待时间从受理起算。",
    )
    notes = [f"超期{n}" if n else "" for n in rows["overdue"]]
    figure = charts.bars(list(rows["age"]), [int(v) for v in rows["cases"]], "件", about(view, "cases"), found, notes)
    return Drawn(rows, (text("已等待"), number("在办", "件"), number("其中超期", "件")), figure)


def _flow(view: View) -> Drawn:
    rows = read(view, cases.steps, *span(view))
    notes = ["" if h != h or h is None else f"中位{h:.1f}小时" for h in rows["median_hours"]]
    found = (
        title("上报、派单、处置、评价各到多少", otherwise="诉求办理四个环节的数量"),
        f"{when(view)}受理的诉求走到每一步的件数；中位用时是从上一步到这一步的时间，一半比它快。",
    )
    figure = charts.steps(list(rows["step"]), [int(v) for v in rows["cases"]], "件", about(view, "cases"), found, notes)
    return Drawn(rows, (text("环节"), number("件数", "件"), number("中位用时", "小时", 1)), figure)


_SUPERVISED = {
    "matter": text("督办事由"), "place": text("社区"), "grid": text("网格"), "case_no": text("工单编号"), "category": text("事项类别"),
    "tier": text("办理时限"), "due_at": day("截止时间"), "days": number("距截止", "天"), "opened_at": day("受理时间"), "sent_back": text("是否退回"),
}  # fmt: skip


def _supervise(view: View) -> Drawn:
    _, last = span(view)
    counts = read(view, cases.supervised, last, 3)
    told = "，".join(f"{r.matter}{amount(r.cases, '件')}" for r in counts.itertuples()) or "没有需要督办的诉求"
    every = int(counts["cases"].sum())
    taken = min(every, MAX_ROWS)  # what a sheet holds
    some = f"列出最急的{MOST_ROWS:,}件，下载的是{'全部' if taken == every else '最急的'}{taken:,}件。" if every > MOST_ROWS else ""
    return Drawn(
        _listed(view, last, MOST_ROWS),
        tuple(_SUPERVISED.values()),
        title=f"督办清单：{told}",
        takeaway=f"截至{last}，已超期、三天内到期和被退回的在办诉求，最急的在前；负数是已超期的天数。{some}下载后可以直接发给社区。",
        whole=Whole(taken, lambda: _listed(view, last, taken)) if some else None,
    )


def _listed(view: View, last: date, most: int) -> pd.DataFrame:
    rows = read(view, cases.to_supervise, last, 3, most)
    return rows.assign(sent_back=rows["sent_back"].map({True: "是", False: "否"}))[list(_SUPERVISED)]


# ---- disputes ----


def _disputes(view: View) -> Drawn:
    metrics = [view.catalogue.metrics[m] for m in ("disputes", "mediation_success_rate", "dispute_amount")]
    frame = view.figures(*metrics)
    wide = frame.pivot(index="place", columns="metric", values="value").reindex(frame["place"].drop_duplicates())
    street = view.totals(*metrics).set_index("metric")["value"]
    told = "，".join(f"{m.name}{format_value(street.get(m.id), m, unit=True)}" for m in metrics)
    found = (
        title(f"受理矛盾纠纷{format_value(street.get('disputes'), metrics[0])}件", otherwise="各社区矛盾纠纷与调解情况"),
        f"{when(view)}：{told}。件数少的社区，成功率一件就能差很多。",
    )
    notes = [f"调解成功率{format_value(v, metrics[1])}" if v == v else "" for v in wide["mediation_success_rate"]]
    figure = charts.bars(
        list(wide.index), [None if v != v else v for v in wide["disputes"]], "件", view.context(*metrics), found, notes
    )
    return Drawn(
        wide[[m.id for m in metrics]].reset_index(),
        (text("社区"), *(number(m.name, m.unit, m.decimals) for m in metrics)),
        figure,
    )


def _repeats(view: View) -> Drawn:
    metrics = [view.catalogue.metrics[m] for m in ("repeat_share", "sent_back_rate")]
    frame = view.figures(*metrics)
    wide = frame.pivot(index="place", columns="metric", values="value").reindex(frame["place"].drop_duplicates())
    street = view.totals(*metrics).set_index("metric")["value"]
    told = "，".join(f"{m.name}{format_value(street.get(m.id), m)}" for m in metrics)
    found = (
        title(f"重复诉求占{format_value(street.get('repeat_share'), metrics[0])}", otherwise="各社区重复诉求占比与退回率"),
        f"{when(view)}：{told}。同一件事反复来，多半是没有真正办好；件数少的社区起伏大。",
    )
    notes = [f"退回率{format_value(v, metrics[1])}" if v == v else "" for v in wide["sent_back_rate"]]
    values = [None if v != v else v for v in wide["repeat_share"]]
    figure = charts.bars(list(wide.index), values, "%", view.context(*metrics), found, notes)
    columns = (text("社区"), *(number(m.name, m.unit, m.decimals) for m in metrics))
    return Drawn(wide[[m.id for m in metrics]].reset_index(), columns, figure)


def _three_way(view: View) -> Drawn:
    there = {m.id for m in view.ask("metrics")}
    names = [m for m in ("score_party", "score_platform", "score_residents", "satisfaction_rate") if m in there]
    found = newest(view, *names) if names else None
    if found is None or "score_party" not in names:
        return empty(view, "三方评价")
    low, high = found.wide["score_residents"].min(), found.wide["score_residents"].max()
    said = (
        title(f"群众满意度测评{low:.1f}至{high:.1f}分" if low == low else "", otherwise="党组织、平台、群众三方评价并列"),
        f"{found.period.label}，{view.scope}。三方口径不同，并列不合并；要看合成分数和权重，到“综合考评”。",
    )
    reading = "每行一个社区，每列一方的评价，颜色越深分数越高；空白是没有评价。三方口径不同，只能同一列上下比。"
    return side_by_side(view, found, said, reading)


# ---- one by one ----


def _list(view: View) -> Drawn:
    """The masked list, narrowed by what a person picks; from street to community (picker) to grid to case."""
    first, last = span(view)
    options = read(view, cases.crossed, first, last, "category", "channel")
    grids = read(view, cases.by_grid, first, last)
    picked = {}
    row = st.columns(4)
    for column, (name, label, values) in zip(row, (
        ("grid", "网格", sorted(set(grids["grid"]) - {"未填"})), ("category", "事项类别", sorted(set(options["row"]) - {"未填"})),
        ("channel", "来源渠道", sorted(set(options["col"]) - {"未填"})), ("tier", "办理时限", [n for n, _ in _TIER_DAYS]),
    ), strict=True):  # fmt: skip
        if chosen := column.selectbox(label, values, index=None, placeholder="全部", key=f"cases_{name}"):
            picked[name] = chosen
    rows, total = cases.case_list(view.source, view.dataset.id, first, last, view.places, picked, 0, 500)
    rows = rows.assign(**{c: rows[c].map({True: "是", False: "否"}) for c in ("sent_back", "repeat_case")})
    heads = {c.id: c.name for c in view.catalogue.ledgers["cases"].columns}
    columns = (text("社区"), *(day(heads[c]) if c.endswith("_at") else text(heads[c]) for c in cases.LISTED), text("状态"))
    return Drawn(
        rows,
        columns,
        title=f"诉求清单：共{amount(total, '件')}",
        takeaway=f"{when(view)}。{'列出最近500件，再缩小范围可看到其余。' if total > 500 else ''}不含反映人姓名和电话。",
    )


TABS = {
    "办理情况": (
        Panel("cases_states", "四种状态", "cases", _states, ("due_at", "closed_at"), ("on_time_rate", "cases_opened"), _to_grids),
        Panel("cases_waiting", "办结用时", "cases", _waiting, ("closed_at", "tier")),
        Panel("cases_levels", "在哪一级办结", "cases", _levels, ("closed_level", "category"), ("local_resolution_rate",)),
        Panel("cases_rates", "三率", "cases", _rates, ("called_back",), ("response_rate", "resolution_rate", "satisfaction_rate"), spell="months"),
    ),
    "来源与热点": (
        Panel("cases_channels", "来源与事项", "cases", _channels, ("channel", "category"), ("cases_opened", "patrol_share")),
        Panel("cases_hot", "逐月热点", "cases", _hot, ("category",), ("cases_opened",), spell="months"),
        Panel("cases_kinds", "诉求、事件、纠纷", "cases", _kinds, ("case_kind",), ("cases_opened", "one_day_share")),
        Panel("cases_grids", "各网格件数", "cases", _grids, ("grid",), ("cases_opened",), _to_list),
    ),
    "积压与督办": (
        Panel("cases_backlog", "在办多久", "cases", _backlog, (), ("cases_open", "cases_overdue"), spell="as_of"),
        Panel("cases_flow", "四个环节", "cases", _flow, ("closed_at",), ("cases_opened", "cases_closed")),
        Panel("cases_supervise", "督办清单", "cases", _supervise, ("due_at",), ("overdue_share",), spell="as_of", wide=True),
    ),
    "纠纷与评价": (
        Panel("cases_disputes", "矛盾纠纷", "cases", _disputes, ("case_kind", "mediated"), ("disputes", "mediation_success_rate", "dispute_amount")),
        Panel("cases_repeats", "重复件与退回", "cases", _repeats, ("repeat_case",), ("repeat_share", "sent_back_rate")),
        Panel("cases_three_way", "三方评价", "scores", _three_way, (), ("score_party", "score_platform", "score_residents", "satisfaction_rate")),
    ),
    "诉求清单": (Panel("cases_list", "诉求清单", "cases", _list, live=True),),
}  # fmt: skip
