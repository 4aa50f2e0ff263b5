"""共建项目: what is needed, who takes it on, who pays, what meets what, and how fast the small things are done?"""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian import charts
from jiejian.analysis.survival import closed_by_day, closed_within, time_until
from jiejian.charts.parts import BETTER, MARK
from jiejian.format import amount, format_value
from jiejian.ledgers import events, registers, works
from jiejian.ui import theme
from jiejian.ui.theme import Drawn, Panel, day, number, text
from jiejian.ui.themes.common import about, months, most, number_or_none, reach, read, share, short_months, span, tally, title
from jiejian.ui.view import View

STATES = ("已完成", "达成待完成", "认领待达成", "待认领")
_COLOURS = (BETTER, "#8FB3D4", "#B7791F", MARK)
_AGES = ((30, "一个月内"), (90, "一至三个月"), (180, "三至六个月"), (365, "半年至一年"), (10**6, "一年以上"))
_ROWS = 12


def page(view: View) -> None:
    theme.page(view, "共建项目", _answer, TABS)


def _answer(view: View) -> str:
    first, last, said = reach(view)
    rows = read(view, works.need_stages, first, last).set_index("stage")["count"]
    if not rows["征集"]:
        return f"{said}没有征集需求。"
    return f"{said}征集需求{rows['征集']}个，已认领{rows['认领']}个，达成共建{rows['达成']}个，已完成{rows['完成']}个。"


# ---- from need to project ----


def _needs(view: View) -> pd.DataFrame:
    """Needs collected in reach, each with its state at the end of data."""
    first, last, _ = reach(view)
    rows = read(view, events.happened, "projects", first, last)
    state = np.select([rows["done_on"].notna(), rows["agreed_on"].notna(), rows["claimed_on"].notna()], STATES[:3], STATES[3])
    return rows.assign(state=state)


def _steps(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, works.need_stages, first, last)
    waits = ["" if pd.isna(d) else f"中位{d:.0f}天" for d in rows["median_days"]]
    counts = [int(n) for n in rows["count"]]
    found = (
        title(
            f"征集{counts[0]}个，达成{counts[2]}个，达成率{share(counts[2], counts[0])}" if counts[0] else "",
            otherwise="需求从征集到完成的四个步骤",
        ),
        f"{said}征集的需求，截至{view.dataset.as_of}走到每一步的个数。“达成”是双方签了共建协议，不等于完成；近几个月征集的多数还在路上。",
    )
    figure = charts.steps(list(rows["stage"]), counts, "个", about(view, "projects"), found, waits)
    return Drawn(rows, (text("步骤"), number("需求", "个"), number("中位用时", "天", 1)), figure)


def _claims(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, works.claims, first, last)
    top = rows.head(15)
    claimed = int(rows["claimed"].sum())
    found = (
        title(f"{len(rows)}家单位认领了{claimed}个需求" if claimed else "", otherwise="所选范围内没有单位认领需求"),
        f"{said}征集的需求中，{len(rows)}家单位认领{claimed}个，其中已完成{int(rows['done'].sum())}个。图上最多列15家，其余在表里。",
    )
    notes = [f"完成{n}" for n in top["done"]]
    figure = charts.bars(list(top["unit"]), [int(n) for n in top["claimed"]], "个", about(view, "projects"), found, notes)
    return Drawn(rows, (text("认领单位"), number("认领", "个"), number("已完成", "个")), figure)


def _ages(view: View) -> Drawn:
    """How long needs that nobody has taken on have waited, all of them whenever collected."""
    last = view.dataset.as_of if view.period.end >= view.dataset.as_of else view.period.end
    rows = read(view, events.happened, "projects", view.dataset.first, last)
    end = pd.Timestamp(last)
    rows = rows[~(rows["claimed_on"] <= end)]
    waited = (end - rows["collected_on"]).dt.days
    bins = pd.cut(waited, [-1, *(d for d, _ in _AGES)], labels=[n for _, n in _AGES])
    table = bins.value_counts().reindex([n for _, n in _AGES], fill_value=0).rename_axis("age").reset_index(name="needs")
    old = int((waited > 180).sum())
    found = (
        title(f"还没有人认领的需求{len(rows)}个，半年以上{old}个", otherwise="还没有人认领的需求等了多久"),
        f"截至{last}，{view.scope}待认领需求{len(rows)}个，从征集起算；等了半年以上的，宜重新核实是否还需要，或换一种办法解决。",
    )
    figure = charts.bars(list(table["age"]), [int(n) for n in table["needs"]], "个", about(view, "projects"), found)
    return Drawn(table, (text("已等待"), number("待认领需求", "个")), figure)


def _communities(view: View) -> Drawn:
    wide = tally(_needs(view), "place", STATES)
    told = "，".join(f"{s}{int(wide[s].sum())}个" for s in STATES)
    found = (
        title(
            "征集需求最多，".join(most(wide, "社区", "个")) if len(wide) > 1 else "",
            otherwise="征集的需求办到了哪一步",
        ),
        f"{reach(view)[2]}征集的需求，截至{view.dataset.as_of}：{told}。需求少的社区，一个就能差很多。",
    )
    figure = charts.whole(list(wide.index), STATES, wide.to_numpy().tolist(), "个", about(view, "projects"), found, _COLOURS)
    return Drawn(wide.reset_index(names="社区"), (text("社区"), *(number(s, "个") for s in STATES)), figure)


# ---- supply and demand ----


def _menu(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, works.menu, last)
    notes = [
        f"最久{r.oldest_days:.0f}天；未用资源{r.unused}项" if not pd.isna(r.oldest_days) else f"未用资源{r.unused}项"
        for r in rows.itertuples()
    ]
    unmet, unused = int(rows["unmet"].sum()), int(rows["unused"].sum())
    lead = f"未达成的需求{unmet}个，{rows['category'].iloc[0]}最多" if len(rows) else ""
    found = (
        title(lead, f"未达成的需求{unmet}个", otherwise="需求与资源按类别对照的情况"),
        f"截至{last}，{view.scope}未达成需求{unmet}个，还没用上的资源{unused}项。同一类里两边都多的，先对接。",
    )
    figure = charts.bars(
        list(rows["category"]), [int(n) for n in rows["unmet"]], "个", about(view, "projects", "resources"), found, notes
    )
    columns = (
        text("类别"),
        number("征集需求", "个"),
        number("未达成", "个"),
        number("最久等待", "天"),
        number("在列资源", "项"),
        number("未用资源", "项"),
    )
    return Drawn(rows, columns, figure)


def _resources(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, registers.standing, "resources", last)
    rows = rows.assign(state=np.where(rows["matched_on"] <= pd.Timestamp(last), "已对接", "未对接"))
    wide = tally(rows, "resource_category", ("已对接", "未对接"))
    matched = int(wide["已对接"].sum())
    found = (
        title(
            f"在列资源{len(rows)}项，已对接{share(matched, len(rows))}" if len(rows) else "", otherwise="在列资源按类别的对接情况"
        ),
        f"截至{last}，{view.scope}资源清单在列{len(rows)}项，对接过的{matched}项；撤下的不计。",
    )
    figure = charts.whole(
        list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "项", about(view, "resources"), found, (BETTER, MARK)
    )
    return Drawn(wide.reset_index(names="类别"), (text("类别"), number("已对接", "项"), number("未对接", "项")), figure)


def _unmet(view: View) -> Drawn:
    """Needs not agreed by the day, the longest wait first, with how many unused resources of the same kind are at hand."""
    _, last = span(view)
    end = pd.Timestamp(last)
    rows = read(view, events.happened, "projects", view.dataset.first, last)
    rows = rows[~(rows["agreed_on"] <= end)]
    spare = read(view, works.menu, last).set_index("category")["unused"]
    claimed = rows["claimed_by"].where(rows["claimed_on"] <= end, None)
    rows = rows.assign(
        days=(end - rows["collected_on"]).dt.days, claimed=claimed, spare=rows["need_category"].fillna("未填").map(spare)
    )
    rows = rows.sort_values("days", ascending=False, kind="stable")
    columns = (
        text("社区"),
        text("项目编号"),
        text("需求内容"),
        text("类别"),
        day("征集日期"),
        number("已等待", "天"),
        text("认领单位"),
        number("同类未用资源", "项"),
    )
    return Drawn(
        rows[["place", "project_no", "need", "need_category", "collected_on", "days", "claimed", "spare"]],
        columns,
        title=title(f"未达成的需求清单：共{len(rows)}个", otherwise="还没有达成的需求清单"),
        takeaway=f"截至{last}，等得最久的在前。可以下载后发给共建单位认领。",
    )


# ---- who pays ----


def _flows(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, works.contributions, first, last)
    total = rows["amount"].sum()
    found = (
        title(
            f"众筹出资{format_value(total, '元', unit=True)}，流向{rows.loc[rows['category'] != '未填', 'category'].nunique()}类需求" if total else "",
            otherwise="众筹出资从哪里来到哪里去",
        ),
        f"{said}，{int(rows['payments'].sum())}笔共{format_value(total, '元', unit=True)}；出资多的单位单独列出，其余合并。按出资日期计。",
    )
    figure = charts.sankey(
        list(rows["unit"]),
        list(rows["category"]),
        [float(v) for v in rows["amount"]],
        "元",
        about(view, "contributions", "projects"),
        found,
    )
    return Drawn(rows, (text("出资单位"), text("需求类别"), number("金额", "元"), number("笔数", "笔")), figure)


def _givers(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, events.happened, "contributions", first, last)
    group = rows.groupby("unit_name", sort=False)
    table = pd.DataFrame(
        {"amount": group["amount_yuan"].sum(), "payments": group.size(), "projects": group["project_no"].nunique()}
    )
    table = table.sort_values("amount", ascending=False, kind="stable").reset_index()
    top = table.head(15)
    found = (
        title(f"{len(table)}家单位出资{amount(len(rows), '笔')}" if len(rows) > 9 else "", otherwise="各单位众筹出资的金额与笔数"),
        f"{said}，{len(table)}家单位为{rows['project_no'].nunique()}个项目出资。图上最多列15家，其余在表里。出资多少看能力，不宜排名比较。",
    )
    notes = [f"{p}个项目" for p in top["projects"]]
    figure = charts.bars(
        list(top["unit_name"]), [float(v) for v in top["amount"]], "元", about(view, "contributions"), found, notes
    )
    return Drawn(table, (text("出资单位"), number("金额", "元"), number("笔数", "笔"), number("项目", "个")), figure)


def _by_month(view: View) -> Drawn:
    spell, metric = months(view), view.catalogue.metrics["contributions_amount"]
    values = view.totals(metric, period=spell[-1], since=spell[0]).set_index("period")["value"]
    values = values.reindex([p.key for p in spell])
    found = (
        title(f"{spell[-1].label}众筹出资{format_value(values.iloc[-1], metric, unit=True)}", otherwise="众筹出资逐月到账的金额"),
        f"{spell[0].label}至{spell[-1].label}，{view.scope}共{format_value(values.sum(), metric, unit=True)}，按到账月份计。",
    )
    figure = charts.columns_over_time(short_months(spell), [number_or_none(v) for v in values], "元", view.context(metric), found)
    table = pd.DataFrame({"month": [p.label for p in spell], "amount": values.to_numpy()})
    return Drawn(table, (text("月份"), number("众筹出资", "元")), figure)


# ---- small works ----


def _small(view: View) -> pd.DataFrame:
    """Small works asked for in reach, with their state at the end of data and the days that they took."""
    first, last, _ = reach(view)
    rows = read(view, events.happened, "small_works", first, last)
    end = pd.Timestamp(view.dataset.as_of)
    return rows.assign(
        state=np.where(rows["done_on"].notna(), "已完成", "未完成"),
        days=(rows["done_on"] - rows["requested_on"]).dt.days,
        waited=(end - rows["requested_on"]).dt.days.where(rows["done_on"].isna()),
    )


def _small_states(view: View, by: str, head: str, lead: str, otherwise: str) -> Drawn:
    rows = _small(view)
    wide = tally(rows, by, ("已完成", "未完成"))
    group = rows.assign(by=rows[by].fillna("未填")).groupby("by")
    table = wide.assign(
        days=group["days"].median(), served=group["residents_served"].sum(min_count=1), cost=group["cost_yuan"].sum(min_count=1)
    )
    done = int(wide["已完成"].sum())
    top, n = most(wide, head, "件") if len(rows) else ("", "")
    found = (
        title(
            lead.format(top=top, n=n, all=len(rows), done=share(done, len(rows)))
            if len(rows)
            else "",
            otherwise=otherwise,
        ),
        f"{reach(view)[2]}提出{len(rows)}件，已完成{done}件，受益{format_value(rows['residents_served'].sum(), '人次', unit=True)}，花费{format_value(rows['cost_yuan'].sum(), '元', unit=True)}。",
    )
    figure = charts.whole(
        list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "件", about(view, "small_works"), found, (BETTER, MARK)
    )
    columns = (
        text(head),
        number("已完成", "件"),
        number("未完成", "件"),
        number("中位用时", "天", 1),
        number("受益", "人次"),
        number("花费", "元"),
    )
    return Drawn(table.reset_index(names=head), columns, figure)


def _small_kinds(view: View) -> Drawn:
    return _small_states(view, "work_kind", "服务类型", "微实项目{all}件，完成{done}", "微实项目按类型的完成情况")


def _small_places(view: View) -> Drawn:
    return _small_states(view, "place", "社区", "{top}提出的微实项目最多，{n}", "各社区微实项目的完成情况")


def _small_sources(view: View) -> Drawn:
    return _small_states(view, "source", "服务渠道", "“{top}”渠道最多，{n}", "微实项目按渠道的完成情况")


def _small_time(view: View) -> Drawn:
    """How fast, with what is still open counted in."""
    rows = _small(view)
    rows = rows.assign(kind=rows["work_kind"].fillna("未填"), lasted=rows["days"].fillna(rows["waited"]))
    found_rows = []
    for kind, own in rows.groupby("kind"):
        curve = closed_by_day(own["lasted"], own["days"].notna(), own["days"].isna())
        week = closed_within(curve, 7)
        found_rows.append((kind, len(own), time_until(curve), time_until(curve, 0.9), None if week is None else 100 * week))
    table = pd.DataFrame(found_rows, columns=["kind", "works", "half", "most", "week"])
    table = table.sort_values("half", ascending=False, kind="stable", ignore_index=True)
    slow = table["kind"].iloc[0] if table["half"].notna().any() else ""
    found = (
        title(f"{slow}完成最慢，半数要{table['half'].iloc[0]:.0f}天" if slow else "", otherwise="各类微实项目的完成用时"),
        f"{reach(view)[2]}提出的微实项目，没有完成的也算在内，所以不会显得偏快；横条是半数完成所用的天数。",
    )
    notes = [
        "　".join(
            part
            for part in ("" if pd.isna(r.most) else f"九成{r.most:.0f}天", "" if pd.isna(r.week) else f"7天内{r.week:.0f}%")
            if part
        )
        for r in table.itertuples()
    ]
    figure = charts.bars(
        list(table["kind"]), [number_or_none(v) for v in table["half"]], "天", about(view, "small_works"), found, notes
    )
    columns = (
        text("服务类型"),
        number("提出", "件"),
        number("半数完成用时", "天"),
        number("九成完成用时", "天"),
        number("7天内完成", "%", 1),
    )
    return Drawn(table, columns, figure)


TABS = {
    "需求到项目": (
        Panel("projects_steps", "四个步骤", "projects", _steps, ("claimed_on", "agreed_on", "done_on"), ("needs_collected", "claim_rate", "agreement_rate", "need_done_rate"), spell="reach"),
        Panel("projects_claims", "谁来认领", "projects", _claims, ("claimed_by",), ("claim_rate",), spell="reach"),
        Panel("projects_ages", "待认领多久", "projects", _ages, ("claimed_on",), ("needs_collected", "claim_rate"), spell="as_of"),
        Panel("projects_places", "各社区需求", "projects", _communities, (), ("needs_collected", "projects_agreed"), spell="reach"),
    ),
    "供需对接": (
        Panel("projects_menu", "供需菜单", "projects", _menu, ("need_category",), ("needs_collected", "agreement_rate", "resources_listed"), spell="as_of"),
        Panel("projects_resources", "资源对接", "resources", _resources, ("resource_category",), ("resources_listed", "resource_match_rate"), spell="as_of"),
        Panel("projects_unmet", "未达成的需求", "projects", _unmet, (), ("agreement_rate",), spell="as_of"),
    ),
    "众筹出资": (
        Panel("projects_flows", "资金流向", "contributions", _flows, (), ("contributions_amount",), spell="reach"),
        Panel("projects_givers", "出资单位", "contributions", _givers, (), ("contributing_units", "contributions_amount"), spell="reach"),
        Panel("projects_months", "逐月出资", "contributions", _by_month, (), ("contributions_amount",), spell="months"),
    ),
    "微实项目": (
        Panel("projects_small_kinds", "服务类型", "small_works", _small_kinds, ("work_kind",), ("small_works_requested", "small_works_done_rate", "small_works_served"), spell="reach"),
        Panel("projects_small_time", "完成用时", "small_works", _small_time, ("work_kind", "done_on"), ("small_works_done", "small_works_done_rate"), spell="reach"),
        Panel("projects_small_sources", "服务渠道", "small_works", _small_sources, ("source",), ("small_works_requested",), spell="reach"),
        Panel("projects_small_places", "各社区微实项目", "small_works", _small_places, (), ("small_works_requested", "small_works_done_rate"), spell="reach"),
    ),
}  # fmt: skip
