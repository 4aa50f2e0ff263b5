"""议事协商: what did residents raise, how far did it get, what was built of it, and where are councils and opinion days?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from jiejian import charts
from jiejian.charts.parts import BETTER, MARK, WORSE
from jiejian.format import amount, format_value
from jiejian.ledgers import events, registers, works
from jiejian.ui import theme
from jiejian.ui.theme import Drawn, Panel, day, number, text
from jiejian.ui.themes.common import (
    about,
    months,
    most,
    number_or_none,
    reach,
    read,
    share,
    short_months,
    span,
    tally,
    title,
    when,
)
from jiejian.ui.view import View

STATES = ("已实施", "待实施", "未通过", "待表决", "议事中")
_COLOURS = (BETTER, "#8FB3D4", WORSE, "#B7791F", MARK)
_UNITS = ("米", "平方米", "株", "盏", "处")
_OPINION_DAYS = ("社情民意联系日", "书记下午茶", "社区开放日", "党代表工作日")


def page(view: View) -> None:
    theme.page(view, "议事协商", _answer, TABS)


def _answer(view: View) -> str:
    first, last, said = reach(view)
    rows = read(view, works.topic_stages, first, last).set_index("stage")["count"]
    if not rows["议事"]:
        return f"{said}没有登记议题。"
    return f"{said}提出议题{amount(rows['议事'], '件')}，已协调{amount(rows['协调'], '件')}，已表决{amount(rows['表决'], '件')}，已实施{amount(rows['实施'], '件')}。"


# ---- topics ----


def _topics(view: View) -> pd.DataFrame:
    """Topics raised in reach, each with its state at the end of data."""
    first, last, _ = reach(view)
    rows = read(view, events.happened, "deliberations", first, last)
    passed = rows["vote_passed"].astype("boolean")
    state = np.select(
        [rows["done_on"].notna(), (passed == False).fillna(False), rows["voted_on"].notna(), rows["coordinated_on"].notna()],  # noqa: E712
        [STATES[0], STATES[2], STATES[1], STATES[3]],
        STATES[4],
    )
    return rows.assign(state=state)


def _steps(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, works.topic_stages, first, last)
    waits = ["" if pd.isna(d) else f"中位{d:.0f}天" for d in rows["median_days"]]
    raised, done = int(rows["count"].iloc[0]), int(rows["count"].iloc[-1])
    found = (
        title(
            f"提出议题{amount(raised, '件')}，已实施{amount(done, '件')}，占{share(done, raised)}" if raised else "",
            otherwise="议题从议事到实施的四个步骤",
        ),
        f"{said}提出的议题，截至{view.dataset.as_of}走到每一步的件数；没有实施的多数还在办，不等于办不成。中位天数是从上一步到这一步，一半比它快。",
    )
    figure = charts.steps(list(rows["stage"]), [int(n) for n in rows["count"]], "件", about(view, "deliberations"), found, waits)
    return Drawn(rows, (text("步骤"), number("件数", "件"), number("中位用时", "天", 1)), figure)


def _forms(view: View) -> Drawn:
    return _states(view, "meeting_kind", "会议形式", "议题从哪种会议来、办到哪一步")


def _communities(view: View) -> Drawn:
    return _states(view, "place", "社区", "各社区议题办到哪一步")


def _states(view: View, by: str, head: str, otherwise: str) -> Drawn:
    wide = tally(_topics(view), by, STATES)
    told = "，".join(f"{s}{amount(wide[s].sum(), '件')}" for s in STATES)
    open_now = int(wide[[STATES[1], STATES[3], STATES[4]]].to_numpy().sum())
    lead = f"提出的议题中还在办的{amount(open_now, '件')}"
    if len(wide) > 1:
        who, each = most(wide, head, "件")
        lead = f"{who}议题最多，{each if each.startswith('各') else '共' + each}"
    found = (title(lead, otherwise=otherwise.ljust(10, "况")), f"{reach(view)[2]}提出的议题，截至{view.dataset.as_of}：{told}。")
    figure = charts.whole(list(wide.index), STATES, wide.to_numpy().tolist(), "件", about(view, "deliberations"), found, _COLOURS)
    return Drawn(wide.reset_index(names=head), (text(head), *(number(s, "件") for s in STATES)), figure)


def _waiting(view: View) -> Drawn:
    """Topics that wait for their next step, the longest first."""
    rows = _topics(view)
    rows = rows[rows["state"].isin((STATES[1], STATES[3], STATES[4]))]
    since = rows[["raised_on", "coordinated_on", "voted_on"]].max(axis=1)
    rows = rows.assign(days=(pd.Timestamp(view.dataset.as_of) - since).dt.days).sort_values(
        "days", ascending=False, kind="stable"
    )
    long = int((rows["days"] > 60).sum())
    return Drawn(
        rows[["place", "topic_no", "topic", "estate", "state", "raised_on", "days"]],
        (
            text("社区"),
            text("议题编号"),
            text("议题名称"),
            text("小区"),
            text("现在走到"),
            day("议事日期"),
            number("停在这一步", "天"),
        ),
        title=title(f"在办议题{amount(len(rows), '件')}，停了两个月以上的{amount(long, '件')}", otherwise="还在办的议题和停留天数"),
        takeaway=f"{reach(view)[2]}提出、截至{view.dataset.as_of}还没有实施完的议题，停在同一步最久的在前。",
    )


# ---- works ----


def _quantities(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, works.works_done, first, last)
    kinds = rows.assign(unit=rows["work_unit"].fillna("未填")).groupby("unit")
    table = pd.DataFrame(
        {"works": kinds.size(), "quantity": kinds["work_quantity"].sum(min_count=1), "cost": kinds["cost_yuan"].sum(min_count=1)}
    )
    table = table.reindex([u for u in (*_UNITS, "未填") if u in table.index]).rename_axis("unit").reset_index()
    table.loc[table["unit"] == "未填", "quantity"] = np.nan
    notes = [
        "　".join(
            (["工程量未填"] if pd.isna(r.quantity) else [f"共{format_value(r.quantity, r.unit, unit=True)}"])
            + ([] if pd.isna(r.cost) else [format_value(r.cost, "元", unit=True)])
        )
        for r in table.itertuples()
    ]
    cost = rows["cost_yuan"].sum()
    found = (
        title(
            f"议出来的实事办成{amount(len(rows), '件')}" if len(rows) else "",
            f"办成实事{len(rows)}件，投入{format_value(cost, '元', unit=True)}",
            otherwise="本期没有办成的实事登记",
        ),
        f"{said}实施完成{len(rows)}件，登记费用{format_value(cost, '元', unit=True)}。米、平方米、株、盏、处不能相加，各算各的。",
    )
    figure = charts.bars([f"以{u}计" if u != "未填" else "未填单位" for u in table["unit"]], [int(n) for n in table["works"]], "件", about(view, "deliberations"), found, notes)  # fmt: skip
    return Drawn(table, (text("计量单位"), number("实事", "件"), number("工程量（按各自单位）"), number("费用", "元")), figure)


def _cost(view: View) -> Drawn:
    spell, metric = months(view), view.catalogue.metrics["works_cost"]
    values = view.totals(metric, period=spell[-1], since=spell[0]).set_index("period")["value"]
    values = values.reindex([p.key for p in spell])
    top = values.idxmax() if values.notna().any() else None
    named = next((p.label for p in spell if p.key == top), "")
    found = (
        title(
            f"{named}实事投入最多" if named else "", f"投入最多的月份是{named}" if named else "", otherwise="办成的实事逐月投入"
        ),
        f"{spell[0].label}至{spell[-1].label}，{view.scope}实施完成的实事共投入{format_value(values.sum(), metric, unit=True)}；按完成的月份计。",
    )
    figure = charts.columns_over_time(short_months(spell), [number_or_none(v) for v in values], "元", view.context(metric), found)
    table = pd.DataFrame({"month": [p.label for p in spell], "cost": values.to_numpy()})
    return Drawn(table, (text("月份"), number("投入", "元")), figure)


def _works(view: View) -> Drawn:
    first, last, said = reach(view)
    rows = read(view, works.works_done, first, last)
    columns = (
        text("社区"),
        text("议题名称"),
        text("小区"),
        text("会议形式"),
        day("完成日期"),
        number("工程量"),
        text("单位"),
        number("费用", "元"),
    )
    return Drawn(rows, columns, title=f"办成的实事清单：共{amount(len(rows), '件')}", takeaway=f"{said}，最近完成的在前。可以下载后公示。")


# ---- councils ----


def _coverage(view: View) -> Drawn:
    metric = view.catalogue.metrics["council_coverage"]
    frame = view.figures(metric)
    figure = charts.ranked(frame, metric, view.context(metric))
    table = frame[["place", "numerator", "denominator", "value"]]
    return Drawn(table, (text("社区"), number("有议事会的小区", "个"), number("小区", "个"), number(metric.name, "%", 1)), figure)


def _kinds(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, registers.standing, "councils", last)
    kinds = rows.assign(kind=rows["council_kind"].fillna("未填")).groupby("kind")
    table = pd.DataFrame(
        {
            "councils": kinds.size(),
            "members": kinds["member_count"].sum(min_count=1),
            "party": kinds["party_member_count"].sum(min_count=1),
        }
    )
    table = table.sort_values("councils", ascending=False, kind="stable").reset_index()
    notes = [
        "" if pd.isna(r.members) else f"成员{r.members:.0f}人，党员{0 if pd.isna(r.party) else r.party:.0f}人"
        for r in table.itertuples()
    ]
    found = (
        title(
            f"居民自治组织{len(rows)}个，{table['kind'].iloc[0]}最多" if len(table) else "", otherwise="居民自治组织按类型的个数"
        ),
        f"截至{last}，{view.scope}在运行的自治组织{len(rows)}个。一个人可在几个组织任职，成员人数不是去重的人数。",
    )
    figure = charts.bars(list(table["kind"]), [int(n) for n in table["councils"]], "个", about(view, "councils"), found, notes)
    return Drawn(table, (text("类型"), number("组织", "个"), number("成员", "人"), number("其中党员", "人")), figure)


def _without(view: View) -> Drawn:
    """Estates in which no resident council stands."""
    _, last = span(view)
    homes, councils = read(view, registers.standing, "estates", last), read(view, registers.standing, "councils", last)
    held = councils[councils["council_kind"] == "居民议事会"]
    pairs = set(zip(held["place_id"], held["estate"], strict=True))
    rows = homes[[(p, e) not in pairs for p, e in zip(homes["place_id"], homes["estate_name"], strict=True)]]
    rows = rows.sort_values("households", ascending=False, kind="stable")[["place", "estate_name", "estate_kind", "households"]]
    return Drawn(
        rows,
        (text("社区"), text("小区"), text("小区类型"), number("户数", "户")),
        title=title(f"还没有居民议事会的小区{len(rows)}个", otherwise="还没有居民议事会的小区清单"),
        takeaway=f"截至{last}，共{len(homes)}个小区；户数多的在前。议事会按“小区”一栏的名称与小区台账对应，名称写法不一致会被当作没有。",
    )


# ---- meetings ----


def _meetings(view: View) -> pd.DataFrame:
    return read(view, events.happened, "meetings", *span(view))


def _joint(view: View) -> Drawn:
    rows = _meetings(view)
    rows = rows[rows["meeting_kind"] == "联席会议"]
    by = rows.groupby("place", sort=False)
    table = pd.DataFrame(
        {"sessions": by.size(), "units": by["units_present"].sum(min_count=1), "agreed": by["matters_agreed"].sum(min_count=1)}
    )
    table = table.sort_values(["sessions", "agreed"], ascending=False, kind="stable").rename_axis("place").reset_index()
    agreed = rows["matters_agreed"].sum()
    found = (
        title(f"联席会议{amount(len(rows), '次')}，议定{agreed:.0f}件事项" if len(rows) else "", otherwise="本期没有登记联席会议"),
        f"{when(view)}，开了联席会议的社区{len(table)}个。次数多不等于议得好，要看议定的事项办成没有。",
    )
    notes = ["" if pd.isna(r.agreed) else f"议定{r.agreed:.0f}件" for r in table.itertuples()]
    figure = charts.bars(list(table["place"]), [int(n) for n in table["sessions"]], "次", about(view, "meetings"), found, notes)
    return Drawn(table, (text("社区"), number("联席会议", "次"), number("参会单位", "个次"), number("议定事项", "件")), figure)


def _opinions(view: View, by: str, head: str, lead: Callable[[pd.DataFrame], str], otherwise: str) -> Drawn:
    rows = _meetings(view)
    rows = rows[rows["meeting_kind"].isin(_OPINION_DAYS)]
    # As the metrics count: an opinion is open or resolved only where both figures were written down.
    told = rows["opinions_resolved"].notna()
    rows = rows.assign(untold=rows["opinions_raised"].where(~told, 0), raised=rows["opinions_raised"].where(told, 0))
    group = rows.groupby(by, sort=False)
    table = pd.DataFrame(
        {"sessions": group.size(), "raised": group["raised"].sum(), "resolved": group["opinions_resolved"].sum()}
    )
    table = table.assign(open=table["raised"] - table["resolved"], untold=group["untold"].sum())
    table = table.sort_values("raised", ascending=False, kind="stable")
    raised, left, unclear = (int(table[c].sum()) for c in ("raised", "open", "untold"))
    found = (
        title(lead(table) if raised else "", otherwise=otherwise),
        f"{when(view)}，{amount(len(rows), '场')}，收集{amount(raised, '条')}，已办结{amount(raised - left, '条')}（{share(raised - left, raised) or '—'}）。"
        + (f"另有{amount(unclear, '条')}没有填办结数，不在图中。" if unclear else "")
        + "越近的月份办结得越少，过一段再看。",
    )
    figure = charts.whole(list(table.index), ("已办结", "未办结"), table[["resolved", "open"]].to_numpy().tolist(), "条", about(view, "meetings"), found, (BETTER, WORSE))  # fmt: skip
    columns = (
        text(head),
        number("场次", "场"),
        number("收集意见", "条"),
        number("已办结", "条"),
        number("未办结", "条"),
        number("办结数未填", "条"),
    )
    return Drawn(table.reset_index(), columns, figure)


def _opinion_forms(view: View) -> Drawn:
    return _opinions(
        view,
        "meeting_kind",
        "会议形式",
        lambda t: f"收集意见{t['raised'].sum():.0f}条，还有{t['open'].sum():.0f}条没办结",
        "各种联系形式收集的意见",
    )


def _opinion_places(view: View) -> Drawn:
    return _opinions(
        view,
        "place",
        "社区",
        lambda t: f"{t['open'].idxmax()}未办结意见最多，{t['open'].max():.0f}条",
        "各社区联系群众收集的意见",
    )


def _sessions(view: View) -> Drawn:
    spell, metric = months(view), view.catalogue.metrics["opinion_sessions"]
    values = view.totals(metric, period=spell[-1], since=spell[0]).set_index("period")["value"]
    values = values.reindex([p.key for p in spell])
    found = (
        title(
            f"{spell[-1].label}开展联系日{format_value(values.iloc[-1], metric, unit=True)}", otherwise="联系群众的活动逐月场次"
        ),
        f"{spell[0].label}至{spell[-1].label}，{view.scope}共{format_value(values.sum(), metric, unit=True)}。",
    )
    figure = charts.columns_over_time(short_months(spell), [number_or_none(v) for v in values], "场", view.context(metric), found)
    table = pd.DataFrame({"month": [p.label for p in spell], "sessions": values.to_numpy()})
    return Drawn(table, (text("月份"), number("联系日", "场")), figure)


TABS = {
    "议题办理": (
        Panel("deliberation_steps", "四个步骤", "deliberations", _steps, ("coordinated_on", "voted_on", "done_on"), ("topics_raised", "topics_passed_rate", "topics_done_rate"), spell="reach"),
        Panel("deliberation_forms", "会议形式", "deliberations", _forms, ("meeting_kind",), ("topics_raised", "opinion_topics"), spell="reach"),
        Panel("deliberation_places", "各社区议题", "deliberations", _communities, (), ("topics_raised", "topics_done_rate"), spell="reach"),
        Panel("deliberation_waiting", "在办议题", "deliberations", _waiting, (), ("topics_done_rate",), spell="reach", wide=True),
    ),
    "变成实事": (
        Panel("deliberation_quantities", "工程量", "deliberations", _quantities, ("done_on", "work_unit"), ("works_done", "works_length", "works_area", "works_plants", "works_lamps", "works_sites"), spell="reach"),
        Panel("deliberation_cost", "逐月投入", "deliberations", _cost, ("done_on", "cost_yuan"), ("works_cost",), spell="months"),
        Panel("deliberation_works", "实事清单", "deliberations", _works, ("done_on",), ("works_done",), spell="reach"),
    ),
    "议事组织": (
        Panel("deliberation_coverage", "议事会覆盖", "councils", _coverage, ("estate",), ("council_coverage", "resident_councils")),
        Panel("deliberation_kinds", "自治组织", "councils", _kinds, ("council_kind",), ("councils",), spell="as_of"),
        Panel("deliberation_without", "没有议事会的小区", "councils", _without, ("estate",), ("council_coverage",), spell="as_of"),
    ),
    "联席会议与联系日": (
        Panel("deliberation_joint", "联席会议", "meetings", _joint, (), ("joint_meetings_held", "matters_agreed")),
        Panel("deliberation_opinions", "意见办理", "meetings", _opinion_forms, ("opinions_raised", "opinions_resolved"), ("opinions_raised", "opinion_resolved_rate", "opinions_open")),
        Panel("deliberation_opinion_places", "各社区意见", "meetings", _opinion_places, ("opinions_raised", "opinions_resolved"), ("opinions_raised", "opinions_open")),
        Panel("deliberation_sessions", "逐月场次", "meetings", _sessions, (), ("opinion_sessions",), spell="months"),
    ),
}  # fmt: skip
