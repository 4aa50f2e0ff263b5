"""Panels of 活动与志愿 about people and organisations: teams, points, social organisations, training and unity."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from jiejian import charts
from jiejian.catalogue import Metric
from jiejian.format import amount, format_value, rounded
from jiejian.ledgers import people, registers
from jiejian.ledgers.breakdowns import breakdown
from jiejian.ui.theme import Drawn, Panel, number, text
from jiejian.ui.themes.common import about, month_heads, months, number_or_none, persons, read, short_months, span, title, when
from jiejian.ui.view import View

_STAGES = ("萌芽期", "初创期", "发展期", "未填")
_ROWS = 15


def _by(view: View, measure: str, by: str) -> pd.Series:
    """A measure of the picked period by category, places together."""
    rows = read(view, breakdown, measure, by, (view.period,))
    return rows.groupby("category")["value"].sum(min_count=1)


def _monthly(view: View, metrics: Sequence[Metric]) -> pd.DataFrame:
    """Street figures of metrics, a row a month of the last twelve."""
    spell = months(view)
    wide = view.totals(*metrics, period=spell[-1], since=spell[0]).pivot(index="period", columns="metric", values="value")
    return wide.reindex(index=[p.key for p in spell], columns=[m.id for m in metrics])


def _months_drawn(view: View, names: Sequence[str], wanted: str, otherwise: str, more: str) -> Drawn:
    """The first metric's months as columns, all of them in the table; ``wanted`` holds {value}."""
    metrics = [view.catalogue.metrics[m] for m in names]
    spell, wide = months(view), _monthly(view, metrics)
    newest = wide.iloc[-1]
    told = "，".join(f"{m.name}{format_value(newest[m.id], m, unit=True)}" for m in metrics)
    found = (
        title(wanted.format(label=spell[-1].label, value=format_value(newest[names[0]], metrics[0], unit=True)), otherwise=otherwise),
        f"{spell[-1].label}，{view.scope}：{told}。{more}",
    )  # fmt: skip
    values = [None if v != v else float(v) for v in wide[names[0]]]
    figure = charts.columns_over_time(short_months(spell), values, metrics[0].unit, view.context(*metrics), found)
    table = wide.reset_index(drop=True)
    table.insert(0, "month", [p.label for p in spell])
    return Drawn(table, (text("月份"), *(number(m.name, m.unit, m.decimals) for m in metrics)), figure)


# ---- teams ----


def _teams(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, _specialities, last)
    total, members = int(rows["count"].sum()), rows["total"].sum()
    found = (
        title(f"{total}支志愿服务队，分{len(rows)}种特长", otherwise="志愿服务队按特长分"),
        f"截至{last}，{view.scope}共{total}支，队员合计{format_value(members, '人', unit=True)}。一人参加几支队伍的各队分别计，队员合计不等于志愿者人数。",
    )
    notes = [f"队员{format_value(v, '人', unit=True)}" if v == v else "" for v in rows["total"]]
    figure = charts.bars(list(rows["category"]), [int(v) for v in rows["count"]], "支", about(view, "teams"), found, notes)
    return Drawn(rows, (text("服务特长"), number("队伍", "支"), number("队员", "人")), figure)


def _specialities(source, dataset, as_of, places=()):
    return registers.counted(source, dataset, "teams", "speciality", as_of, places, "volunteer_count")


def _services(view: View) -> Drawn:
    wide = pd.DataFrame(
        {m: _by(view, m, "speciality") for m in ("team_services", "team_service_attendances", "team_residents_served")}
    )
    wide = wide.sort_values("team_services", ascending=False)
    times, served = wide["team_services"].sum(), wide["team_residents_served"].sum()
    found = (
        title(f"服务队服务{amount(times, '次')}，按特长分", otherwise="志愿服务队的服务次数按特长分") if times else "本期服务队没有登记服务",
        f"{when(view)}服务{int(times)}次，服务居民{format_value(served, '人次', unit=True)}。人次不是人数。",
    )  # fmt: skip
    notes = [f"服务{format_value(v, '人次', unit=True)}" if v == v else "" for v in wide["team_residents_served"]]
    figure = charts.bars(list(wide.index), [int(v) for v in wide["team_services"]], "次", about(view, "team_services"), found, notes)  # fmt: skip
    columns = (text("服务特长"), number("服务", "次"), number("志愿者参加", "人次"), number("服务居民", "人次"))
    return Drawn(wide.reset_index(names="speciality"), columns, figure)


def _active(view: View) -> Drawn:
    """Volunteers who earned points, each counted once over the picked communities; their communities' figures would count some twice."""
    spell = months(view)
    rows = read(view, people.active_volunteers, spell)
    newest = persons(rows["volunteers"].iloc[-1])
    found = (
        title(f"{spell[-1].label}活跃志愿者{newest}", otherwise="逐月活跃志愿者人数"),
        f"{view.scope}当月至少获得一次积分的志愿者，在几个社区服务也只计一次；同一人各月都算，所以各月不能相加。",
    )
    values = [number_or_none(v) for v in rows["volunteers"]]
    figure = charts.columns_over_time(short_months(spell), values, "人", about(view, "points"), found)
    return Drawn(rows.assign(period=[p.label for p in spell]), (text("月份"), number("活跃志愿者", "人")), figure)


def _share(view: View) -> Drawn:
    metrics = [view.catalogue.metrics[m] for m in ("volunteer_share", "volunteers", "volunteer_teams")]
    frame = view.figures(*metrics)
    wide = frame.pivot(index="place", columns="metric", values="value").reindex(frame["place"].drop_duplicates())
    wide = wide[[m.id for m in metrics]]
    street = view.totals(*metrics).set_index("metric")["value"]
    shown = format_value(street.get("volunteer_share"), metrics[0], unit=True)
    found = (
        title(f"注册志愿者占常住人口{shown}", otherwise="各社区注册志愿者占常住人口比重"),
        f"{when(view)}注册志愿者{format_value(street.get('volunteers'), metrics[1], unit=True)}。各社区注册办法不同，比重低也可能是没有登记。",
    )
    notes = [format_value(v, metrics[1], unit=True) if v == v else "" for v in wide["volunteers"]]
    values = [None if v != v else float(v) for v in wide["volunteer_share"]]
    figure = charts.bars(list(wide.index), values, "%", view.context(*metrics), found, notes)
    return Drawn(wide.reset_index(), (text("社区"), *(number(m.name, m.unit, m.decimals) for m in metrics)), figure)


# ---- points ----


def _flow(view: View) -> Drawn:
    names = ("points_earned", "points_redeemed", "points_expired", "points_outstanding")
    metrics = [view.catalogue.metrics[m] for m in names]
    spell, wide = months(view), _monthly(view, metrics)
    sums = wide[list(names[:3])].sum(min_count=1)
    left = format_value(wide["points_outstanding"].iloc[-1], metrics[3], unit=True)
    found = (
        title(f"积分未用{left}，逐月获得与兑换", otherwise="逐月获得、兑换、过期和未用积分"),
        f"近{len(spell)}个月，{view.scope}："
        + "，".join(f"{m.name}{format_value(sums[m.id], m, unit=True)}" for m in metrics[:3])
        + f"；到{spell[-1].label}末未用{left}，是尚未兑付的承诺。",
    )
    # What comes and goes in a month would be pale beside what has gathered over years: each row has shades of its own.
    tops = wide.max().replace(0, 1)
    shades = [[number_or_none(v) for v in 100 * wide[m.id] / tops[m.id]] for m in metrics]
    words = [["" if v != v else _ten_thousands(v) for v in wide[m.id]] for m in metrics]
    reading = "颜色只在同一行里比：越深，这个月的分数越多；各行之间不比颜色，看数字。空白格没有数据。"
    figure = charts.matrix([m.name for m in metrics], month_heads(spell), shades, "万分", view.context(*metrics), found, reading, words)
    table = wide.reset_index(drop=True)
    table.insert(0, "month", [p.label for p in spell])
    return Drawn(table, (text("月份"), *(number(m.name, m.unit) for m in metrics)), figure)


def _ten_thousands(points: float) -> str:
    """Points in 万 without the sign, which stands in the unit: short enough for twelve to stand side by side."""
    return f"{rounded(points / 10_000, 1 if points >= 100_000 else 2 if points else 0):f}"


def _age(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, people.points_age, last)
    total, old = rows["points"].sum(), rows["points"].iloc[3:].sum()
    share = f"{100 * old / total:.1f}%" if total else ""
    found = (
        title(f"未用积分中{share}已放一年以上" if total else "", otherwise="未用积分放了多久"),
        f"截至{last}，未用积分{format_value(total, '分', unit=True)}。兑换和过期的先从最早获得的积分里减，是推算的账龄。",
    )
    notes = [persons(n) for n in rows["volunteers"]]
    figure = charts.bars(list(rows["age"]), [float(v) for v in rows["points"]], "分", about(view, "points"), found, notes)
    return Drawn(rows, (text("获得后已过"), number("未用积分", "分"), number("志愿者", "人")), figure)


def _where(view: View) -> Drawn:
    first, last = span(view)
    rows = read(view, people.redeemed, "merchant", first, last)
    return _redeemed(view, rows, "兑换商家", "在{n}家商家兑换了积分", "哪些商家兑换积分最多")


def _what(view: View) -> Drawn:
    first, last = span(view)
    rows = read(view, people.redeemed, "item", first, last)
    return _redeemed(view, rows, "兑换项目", "积分换了{n}样东西和服务", "积分都兑换了什么")


def _redeemed(view: View, rows: pd.DataFrame, head: str, wanted: str, otherwise: str) -> Drawn:
    known = rows[rows["category"] != "未填"]
    yuan = rows["yuan"].sum(min_count=1)
    money = f"，折合{format_value(yuan, '元', unit=True)}" if yuan == yuan else ""
    top = f"最多的是{known['category'].iloc[0]}。" if len(known) else ""
    found = (
        title(wanted.format(n=len(known)) if len(known) else "", otherwise=otherwise),
        f"{when(view)}兑换{int(rows['redemptions'].sum())}次，{format_value(rows['points'].sum(), '分', unit=True)}{money}。{top}",
    )
    shown = known.head(_ROWS)
    notes = [amount(n, "次") for n in shown["redemptions"]]
    figure = charts.bars(list(shown["category"]), [float(v) for v in shown["points"]], "分", about(view, "points"), found, notes)
    return Drawn(rows, (text(head), number("兑换", "次"), number("积分", "分"), number("折合金额", "元", 2)), figure)


def _merchants(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, registers.standing_of_kind, "merchants", "member_kind", "accepts_points", last)
    total, accepting = int(rows["count"].sum()), int(rows["yes"].sum())
    found = (
        title(f"联盟成员{total}家，{accepting}家可兑换积分", otherwise="红色联盟成员按类型分"),
        f"截至{last}，{view.scope}红色联盟成员{total}家，其中登记为可兑换积分的{accepting}家。",
    )
    notes = [f"可兑换{n}家" for n in rows["yes"]]
    figure = charts.bars(list(rows["category"]), [int(v) for v in rows["count"]], "家", about(view, "merchants"), found, notes)
    return Drawn(rows, (text("成员类型"), number("成员", "家"), number("可兑换积分", "家")), figure)


# ---- social organisations ----


def _stages(view: View) -> Drawn:
    _, last = span(view)
    rows = read(view, registers.standing, "social_orgs", last)
    wide = rows.assign(stage=rows["stage"].fillna("未填")).pivot_table(index="place", columns="stage", values="org_no", aggfunc="count", fill_value=0, sort=False)  # fmt: skip
    wide = wide.reindex(columns=[s for s in _STAGES if s in wide.columns or s != "未填"], fill_value=0)
    street = wide.sum()
    told = "，".join(f"{name}{int(n)}家" for name, n in street.items())
    incubating = int(rows["incubating"].fillna(False).astype(bool).sum())
    shown = pd.concat([street.to_frame(view.scope).T, wide]) if len(wide) > 1 else wide
    found = (
        title(f"入驻社会组织{int(street.sum())}家，分三个阶段", otherwise="社会组织按发展阶段分"),
        f"截至{last}：{told}；在孵{incubating}家。图中一行一个社区，没有社会组织入驻的社区不列。",
    )
    # One organisation of two is no share: the numbers themselves are shown.
    figure = charts.matrix(list(wide.index), list(wide.columns), wide.astype(float).to_numpy().tolist(), "家", about(view, "social_orgs"), found)
    return Drawn(shown.reset_index(names="社区"), (text("社区"), *(number(c, "家") for c in shown.columns)), figure)


def _social_kinds(view: View) -> Drawn:
    wide = pd.DataFrame({m: _by(view, m, "service_kind") for m in ("social_services", "social_residents_served")})
    wide = wide.sort_values("social_services", ascending=False)
    times, served = wide["social_services"].sum(), wide["social_residents_served"].sum()
    found = (
        title(f"社会组织开展公益服务{amount(times, '次')}", otherwise="社会组织公益服务按类别分") if times else "本期社会组织没有登记服务",
        f"{when(view)}公益服务{int(times)}次，服务居民{format_value(served, '人次', unit=True)}（人次，不是人数）。",
    )  # fmt: skip
    notes = [f"{format_value(v, '人次', unit=True)}" if v == v else "" for v in wide["social_residents_served"]]
    figure = charts.bars(list(wide.index), [int(v) for v in wide["social_services"]], "次", about(view, "social_services"), found, notes)  # fmt: skip
    return Drawn(wide.reset_index(names="kind"), (text("服务类别"), number("服务", "次"), number("服务居民", "人次")), figure)


def _social_months(view: View) -> Drawn:
    return _months_drawn(
        view, ("social_services", "social_residents_served"), "{label}社会组织服务{value}", "社会组织逐月公益服务次数",
        "服务居民是人次。",
    )  # fmt: skip


# ---- learning and unity ----


def _training(view: View) -> Drawn:
    return _months_drawn(
        view, ("training_sessions", "training_attendances"), "{label}举办教育培训{value}", "逐月教育培训场次和人次",
        "含党员和居民教育培训，人次不是人数。",
    )  # fmt: skip


def _integrity(view: View) -> Drawn:
    return _months_drawn(
        view, ("integrity_sessions", "integrity_attendances", "member_education_sessions"), "{label}廉政教育{value}", "逐月廉政教育和党员教育场次",
        "按活动台账的活动类型计。",
    )  # fmt: skip


def _lectures(view: View) -> Drawn:
    metrics = [view.catalogue.metrics["party_lectures_held"]]
    year = _monthly(view, metrics)["party_lectures_held"]
    return _months_drawn(
        view, ("party_lectures_held", "party_life_attendance"), f"近{len(year)}个月各支部上党课{amount(year.sum(), '次')}", "逐月党课次数",
        "党课不是每月都有，单看一个月没有意义；到会率是各种组织生活合计的。",
    )  # fmt: skip


def _unity(view: View) -> Drawn:
    return _months_drawn(
        view, ("unity_sessions",), "{label}民族团结活动{value}", "逐月民族团结活动场次", "按活动台账的活动类型计。"
    )


VOLUNTEERS = (
    Panel("volunteers_teams", "服务队", "teams", _teams, ("speciality",), ("volunteer_teams", "team_volunteers"), spell="as_of"),
    Panel("volunteers_services", "服务队的服务", "team_services", _services, ("speciality",), ("team_services", "team_residents_served")),
    Panel("volunteers_active", "活跃志愿者", "points", _active, ("volunteer",), ("active_volunteers", "hours_per_volunteer"), spell="months"),
    Panel("volunteers_share", "注册志愿者", "monthly", _share, ("volunteers", "residents"), ("volunteer_share", "volunteers")),
)  # fmt: skip
POINTS = (
    Panel("points_flow", "获得、兑换、未用", "points", _flow, (), ("points_earned", "points_redeemed", "points_expired", "points_outstanding"), spell="months"),
    Panel("points_age", "放了多久", "points", _age, (), ("points_outstanding",), spell="as_of"),
    Panel("points_merchants", "在哪里兑换", "points", _where, ("merchant",), ("points_redeemed", "redemptions", "redeemed_value")),
    Panel("points_items", "兑换了什么", "points", _what, ("item",), ("points_redeemed",)),
)  # fmt: skip
SOCIAL = (
    Panel("social_stages", "发展阶段", "social_orgs", _stages, ("stage",), ("social_organisations", "social_organisations_incubating"), spell="as_of"),
    Panel("social_kinds", "公益服务", "social_services", _social_kinds, ("service_kind",), ("social_services", "social_residents_served")),
    Panel("social_months", "逐月服务", "social_services", _social_months, (), ("social_services", "serving_social_orgs"), spell="months"),
    Panel("alliance_members", "红色联盟", "merchants", _merchants, ("member_kind",), ("alliance_members", "alliance_accepting"), spell="as_of"),
)  # fmt: skip
LEARNING = (
    Panel("learning_training", "教育培训", "monthly", _training, ("training_sessions",), ("training_sessions", "training_attendances"), spell="months"),
    Panel("learning_integrity", "廉政教育", "activities", _integrity, ("activity_type",), ("integrity_sessions", "member_education_sessions"), spell="months"),
    Panel("learning_lectures", "党课", "party_life", _lectures, (), ("party_lectures_held",), spell="months"),
    Panel("learning_unity", "民族团结", "activities", _unity, ("activity_type",), ("unity_sessions",), spell="months"),
)  # fmt: skip
