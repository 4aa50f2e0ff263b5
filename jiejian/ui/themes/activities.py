"""活动与志愿: what is held, whether rules are kept, and what volunteers do, earn and redeem."""

from __future__ import annotations

import pandas as pd

from jiejian import charts
from jiejian.format import amount, format_value
from jiejian.ledgers import people
from jiejian.ui import theme
from jiejian.ui.theme import Drawn, Panel, day, number, text
from jiejian.ui.themes.common import about, last_complete, month_heads, months, read, span, title, when
from jiejian.ui.themes.volunteering import LEARNING, POINTS, SOCIAL, VOLUNTEERS
from jiejian.ui.view import View

_ROWS = 15
_DIMENSIONS = ("公共服务", "公益服务", "志愿服务")


def page(view: View) -> None:
    theme.page(view, "活动与志愿", _answer, TABS)


def _held(view: View, by: str) -> pd.DataFrame:
    first, last = span(view)
    return read(view, people.held, by, first, last)


def _answer(view: View) -> str:
    rows = _held(view, "joint")
    sessions = int(rows["sessions"].sum())
    if not sessions:
        return f"{when(view)}没有登记活动。"
    joint = int(rows.loc[rows["category"] == "true", "sessions"].sum())
    return f"{when(view)}举办活动{amount(sessions, '场')}，参加{_times(rows)}；其中与单位联办{amount(joint, '场')}。人次是每场相加，不是人数。"


def _times(rows: pd.DataFrame) -> str:
    """Attendances in words; sessions that state none are said."""
    total, without = rows["attendances"].sum(min_count=1), int(rows["without"].sum())
    if total != total:
        return "人次未登记"
    return format_value(total, "人次", unit=True) + (f"（{without}场没有登记人次，未计）" if without else "")


# ---- what was held ----


def _calendar(view: View) -> Drawn:
    spell = months(view)
    first, last = spell[0].start, spell[-1].end
    daily = read(view, people.calendar, first, last)
    counts = {on.date(): int(n) for on, n in zip(daily["held_on"], daily["sessions"], strict=True)}
    total, with_any = sum(counts.values()), len(counts)
    every = (last - first).days + 1
    found = (
        title(f"近{len(spell)}个月{every}天中{with_any}天有活动", otherwise=f"近{len(spell)}个月的活动日历"),
        f"{spell[0].label}至{spell[-1].label}，{view.scope}共{amount(total, '场')}，分布在{with_any}天。",
    )
    figure = charts.calendar(counts, first, last, "场", about(view, "activities"), found)
    return Drawn(daily.rename(columns={"held_on": "day"}), (day("日期"), number("场次", "场"), number("参加人次", "人次")), figure)


def _apart(view: View) -> Drawn:
    """Sessions, attendances and persons of each community: three columns that are never added to each other."""
    names = ("activity_sessions", "activity_attendances", "activity_participants")
    metrics = [m for m in view.ask("metrics") if m.id in names and view.period.grain in view.ask("grains", m.id)]
    frame = view.figures(*metrics)
    wide = frame.pivot(index="place", columns="metric", values="value").reindex(frame["place"].drop_duplicates())
    wide = wide.reindex(columns=[m.id for m in metrics])
    street = view.totals(*metrics).set_index("metric")["value"]
    sessions, persons = street.get("activity_sessions"), "activity_participants" in wide
    told = "，".join(
        f"{m.name.removesuffix(m.unit)}{format_value(street.get(m.id), m, unit=True)}" for m in metrics if m.id != "activity_participants"
    )
    notes = [_note(row, persons) for row in wide.to_dict("records")]
    remark = "人数在社区内去重，不能跨社区相加。" if persons else "人数按月去重，不能跨月相加，要看人数请把时间周期换成月。"
    found = (
        title(f"办活动{format_value(sessions, metrics[0], unit=True)}，场次人次人数分开列", otherwise="各社区场次、人次和人数分开看") if sessions else "本期没有登记活动场次和人次",
        f"{when(view)}：{told}。场次、人次、人数是三个口径，分开列，不相加。{remark}",
    )  # fmt: skip
    values = [None if v != v else v for v in wide["activity_sessions"]]
    figure = charts.bars(list(wide.index), values, "场", view.context(*metrics), found, notes)
    return Drawn(wide.reset_index(), (text("社区"), *(number(m.name, m.unit) for m in metrics)), figure)


def _note(row: dict, persons: bool) -> str:
    if row.get("activity_attendances") != row.get("activity_attendances"):
        return ""
    parts = [format_value(row.get("activity_attendances"), "人次", unit=True)]
    return "，".join(parts + ([format_value(row["activity_participants"], "人", unit=True)] if persons else []))


def _types(view: View) -> Drawn:
    rows = _held(view, "activity_type")
    total = int(rows["sessions"].sum())
    top = rows.iloc[0] if total else None
    found = (
        title(
            f"{top.category}场次最多，占{100 * top.sessions / total:.1f}%" if total else "", otherwise="各类活动的场次和参加人次"
        ),
        f"{when(view)}共{amount(total, '场')}，参加{_times(rows)}。横条是场次，后面是人次。",
    )
    return _bars(view, rows, "活动类型", found)


def _bars(view: View, rows: pd.DataFrame, head: str, found: tuple[str, str]) -> Drawn:
    """Sessions as bars, attendances behind them."""
    shown = rows.head(_ROWS)
    notes = [format_value(v, "人次", unit=True) if v == v else "人次未登记" for v in shown["attendances"]]
    figure = charts.bars(
        list(shown["category"]), [int(v) for v in shown["sessions"]], "场", about(view, "activities"), found, notes
    )
    columns = (text(head), number("场次", "场"), number("参加人次", "人次"), number("未登记人次的场次", "场"))
    return Drawn(rows, columns, figure)


def _seasons(view: View) -> Drawn:
    """四季有约 over the last twelve months: each season's type of activities."""
    spell = months(view)
    rows = read(view, people.held, "season", spell[0].start, spell[-1].end)
    named = rows[rows["category"] != "未填"]
    told = "，".join(f"{r.category}{amount(r.sessions, '场')}" for r in named.itertuples())
    found = (
        title(f"四季活动中{named['category'].iloc[0]}场次最多" if len(named) else "", otherwise="按季节主题看活动场次"),
        f"近{len(spell)}个月，{view.scope}：{told or '没有登记季节主题'}。没有归入季节主题的列为“未填”。",
    )
    return _bars(view, rows, "季节主题", found)


# ---- who organises ----


def _organisers(view: View) -> Drawn:
    rows = _held(view, "organiser")
    known = rows[rows["category"] != "未填"]
    shown = len(known.head(_ROWS))
    found = (
        title(f"{len(known)}个单位主办，列出前{shown}个" if len(known) > shown else f"共有{len(known)}个单位主办了活动", otherwise="主办活动的单位及其场次"),
        f"{when(view)}，主办最多的是{known['category'].iloc[0]}，{amount(known['sessions'].iloc[0], '场')}。" if len(known) else "没有登记主办单位。",
    )  # fmt: skip
    return _bars(view, known, "主办单位", found)


def _joint(view: View) -> Drawn:
    rows = _held(view, "joint")
    rows = rows.assign(category=rows["category"].map({"true": "与单位联办", "false": "社区自办"}).fillna("未填"))
    total, joint = rows["sessions"].sum(), rows.loc[rows["category"] == "与单位联办", "sessions"].sum()
    share = f"{100 * joint / total:.1f}%" if total else ""
    found = (
        title(f"与单位联办{amount(joint, '场')}，占{share}" if total else "", otherwise="联办与自办的活动场次"),
        f"{when(view)}共{amount(total, '场')}，其中联办{amount(joint, '场')}。",
    )
    return _bars(view, rows, "举办方式", found)


def _dimensions(view: View) -> Drawn:
    spell = months(view)
    wide = pd.DataFrame(
        {p.key: read(view, people.held, "dimension", p.start, p.end).set_index("category")["sessions"] for p in spell}
    )
    wide = wide.reindex(_DIMENSIONS).fillna(0).T.astype(int)
    total = wide.sum()
    told = "，".join(f"{name}{amount(n, '场')}" for name, n in total.items())
    found = (
        title("公共、公益、志愿三个维度的场次", otherwise="三个服务维度的场次"),
        f"近{len(spell)}个月，{view.scope}：{told}。没有登记维度的不计。",
    )
    labels = [p.label for p in spell]
    figure = charts.whole(labels, _DIMENSIONS, wide.to_numpy().tolist(), "场", about(view, "activities"), found)
    wide.index = labels
    return Drawn(wide.reset_index(names="月份"), (text("月份"), *(number(d, "场") for d in _DIMENSIONS)), figure)


def _stations(view: View) -> Drawn:
    rows = _held(view, "station")
    known = rows[rows["category"] != "未填"]
    none = int(rows.loc[rows["category"] == "未填", "sessions"].sum())
    found = (
        title(f"{len(known)}处阵地办过活动，看哪里最多", otherwise="活动都办在哪些阵地"),
        f"{when(view)}，列出场次最多的{len(known.head(_ROWS))}处" + (f"；另有{amount(none, '场')}没有登记阵地。" if none else "。"),
    )
    return _bars(view, known, "活动阵地", found)


# ---- rules ----


def _monthly_rule(view: View) -> Drawn:
    spell = months(view)
    rows = read(view, people.by_month, spell[0].start, spell[-1].end)
    missing = read(view, people.without_activity, spell)
    order = [p.place for p in view.known.itertuples() if not view.places or p.place_id in view.places]
    wide = rows.pivot_table(index="place", columns="period", values="sessions", aggfunc="sum", fill_value=0)
    wide = wide.reindex(index=order, columns=[p.key for p in spell], fill_value=0)
    lacking = "，".join(f"{place}{len(own)}个月" for place, own in list(missing.groupby("place", sort=False))[:6])
    places = missing["place"].nunique()
    found = (
        title(
            f"{places}个社区有月份没有安排活动" if places else f"近{len(spell)}个月各社区月月有安排",
            otherwise="各社区是否月月有安排",
        ),
        f"{spell[0].label}至{spell[-1].label}，月月有安排：{f'没有活动的月份：{lacking}。' if lacking else '各社区每月都有活动。'}只看登记到台账的活动。",
    )
    words = [[str(int(v)) if v else "无" for v in row] for row in wide.to_numpy()]
    figure = charts.matrix(list(wide.index), month_heads(spell), wide.to_numpy().tolist(), "场", about(view, "activities"), found, reading="每格是一个社区一个月的活动场次，写“无”的是这个月没有登记活动。", words=words)  # fmt: skip
    return Drawn(wide.reset_index(names="社区"), (text("社区"), *(number(p.label, "场") for p in spell)), figure)


def _weekly_rule(view: View) -> Drawn:
    spell = months(view)
    rows = read(view, people.weeks_without_activity, spell[0].start, spell[-1].end)
    lacking = rows[rows["quiet"] > 0]
    weeks = int(rows["weeks"].iloc[0]) if len(rows) else 0
    found = (
        title(f"{len(lacking)}个社区有整周没有活动" if len(lacking) else f"近{weeks}个整周各社区周周有活动", otherwise="各社区是否周周有活动"),
        f"{spell[0].label}至{spell[-1].label}共{weeks}个整周（周一至周日）；横条是没有登记活动的周数，后面是最长连续几周没有。",
    )  # fmt: skip
    notes = [f"最长连续{n}周" if n else "" for n in rows["longest"]]
    figure = charts.bars(list(rows["place"]), [int(v) for v in rows["quiet"]], "周", about(view, "activities"), found, notes)
    columns = (
        text("社区"),
        number("整周数", "周"),
        number("没有活动的周", "周"),
        number("最长连续", "周"),
        day("最近一次活动"),
    )
    return Drawn(rows.drop(columns=["place_id"]), columns, figure)


def _lists(view: View) -> Drawn:
    spell = months(view)
    rows = read(view, people.without_activity, spell)
    labels = {p.key: p.label for p in spell}
    table = pd.DataFrame({"place": rows["place"], "period": rows["period"].map(labels)})
    found = f"月月有安排：{len(table)}个社区月份没有活动" if len(table) else "月月有安排：近期没有缺的月份"
    said = "逐条列出没有登记活动的社区和月份，下载后可以直接发给社区补报或补办。" if len(table) else "各社区每个月都登记了活动。"
    return Drawn(table, (text("社区"), text("没有活动的月份")), title=found, takeaway=said)


_MEETINGS = (("主题党日", 1), ("支部委员会会议", 1), ("支部党员大会", 3), ("党课", 3))


def _meetings(view: View) -> Drawn:
    """Who has not held what 三会一课 and 主题党日 require: monthly and, at the end of a quarter, quarterly."""
    spell = months(view)
    newest = spell[-1]
    quarter = last_complete(view, "quarter")
    parts = []
    for kind, every in _MEETINGS:
        period = newest if every == 1 else quarter
        if period is not None:
            rows = read(view, people.meetings_not_held, kind, period, "网格党支部")
            parts.append(rows.assign(kind=kind, period=period.label))
    table = pd.concat(parts, ignore_index=True)[["place", "org_code", "org_name", "kind", "period"]]
    counts = table["kind"].value_counts()
    told = "，".join(f"{name}{counts.get(name, 0)}个支部" for name, every in _MEETINGS if every == 1 or quarter)
    found = f"{newest.label}三会一课没有登记的支部" if len(table) else "三会一课和主题党日都有登记"
    said = f"支委会、主题党日按月，党员大会、党课按季（{quarter.label if quarter else '季度未完，暂不查'}）。没有登记的：{told}。依据《中国共产党支部工作条例（试行）》：支部党员大会一般每季度召开1次，支部委员会会议一般每月召开1次，主题党日每月相对固定1天开展。党课多久一次条例没有规定，按季列出，供核对。没有登记不等于没有开。"
    return Drawn(
        table, (text("社区"), text("组织编码"), text("党支部"), text("组织生活"), text("时间")), title=found, takeaway=said
    )


TABS = {
    "活动": (
        Panel("activities_calendar", "活动日历", "activities", _calendar, (), ("activity_sessions",), spell="months"),
        Panel("activities_apart", "场次、人次、人数", "activities", _apart, ("attendances",), ("activity_sessions", "activity_attendances", "activity_participants")),
        Panel("activities_types", "活动类型", "activities", _types, ("activity_type",), ("activity_sessions", "market_sessions")),
        Panel("activities_seasons", "四季主题", "activities", _seasons, ("season",), ("activity_sessions",), spell="months"),
    ),
    "谁来办": (
        Panel("activities_organisers", "主办单位", "activities", _organisers, ("organiser",), ("activity_sessions",)),
        Panel("activities_joint", "联办", "activities", _joint, ("joint",), ("joint_sessions",)),
        Panel("activities_dimensions", "三个维度", "activities", _dimensions, ("dimension",), ("voluntary_share", "charity_share"), spell="months"),
        Panel("activities_stations", "在哪里办", "activities", _stations, ("station",), ("activity_sessions",)),
    ),
    "该办未办": (
        Panel("activities_monthly", "月月有安排", "activities", _monthly_rule, (), ("activity_sessions",), spell="months"),
        Panel("activities_weekly", "周周有活动", "activities", _weekly_rule, (), ("activity_sessions",), spell="months"),
        Panel("activities_lists", "缺的月份", "activities", _lists, spell="months"),
        Panel("activities_meetings", "三会一课", "party_life", _meetings, ("org_code",), ("lessons_held",), spell="months", wide=True),
    ),
    "志愿服务": VOLUNTEERS,
    "积分": POINTS,
    "社会组织": SOCIAL,
    "学习教育": LEARNING,
}  # fmt: skip
