"""党员作用: who are the members, do they meet, and what do they do where they live? Counts only, never a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.charts.parts import BETTER, MARK, WORSE
from jiejian.format import format_value
from jiejian.ledgers.breakdowns import breakdown, whole_by_category
from jiejian.ledgers.people import meetings_not_held
from jiejian.ui import data, theme
from jiejian.ui.theme import Drawn, Panel, number, text
from jiejian.ui.themes.common import HIDDEN, about, month_heads, months, read, title
from jiejian.ui.themes.newest import by_place, empty, gaps, known_periods, newest, side_by_side
from jiejian.ui.view import View

# 支部工作条例: how often each kind is held. The kind → the grain of its period, and the words of the rule.
_DUE = {
    "支部党员大会": ("quarter", "一般每季度召开1次"),
    "支部委员会会议": ("month", "一般每月召开1次"),
    "党小组会": ("month", "一般每月召开1次"),
    "主题党日": ("month", "每月相对固定1天开展"),
}
_RULE = "《中国共产党支部工作条例（试行）》"
_ORDERED = ("#1F4E79", "#35608D", "#6F8FB3", "#A9BCD2", "#D3DDE8")


_MOSTLY = 0.5


def page(view: View) -> None:
    theme.page(view, "党员作用", _answer, TABS)


def _answer(view: View) -> str:
    found = newest(view, "registered_members", "floating_members", "member_registration_rate", "unit_registration_rate")
    if found is None:
        return f"{view.period.label}，{view.scope}还没有党员人数。"
    return f"{found.period.label}末，{view.scope}：{found.told()}。只统计人数，不记录姓名。"


# ---- who they are ----


def _counts(view: View) -> Drawn:
    found = newest(view, "registered_members", "floating_members", "members_per_thousand", "member_registration_rate")
    if found is None:
        return empty(view, "在册党员")
    said = (
        title(
            f"在册党员{format_value(found.whole['registered_members'], '人')}人，流动党员{format_value(found.whole['floating_members'], '人')}人",
            otherwise="各社区在册党员和流动党员",
        ),
        f"{found.period.label}末，{view.scope}：{found.told()}。在职党员的组织关系在单位，不计入在册。",
    )
    notes = [
        f"流动{v:.0f}人" if v == v else f"流动{HIDDEN}" if few else ""
        for v, few in zip(found.wide["floating_members"], found.gone["floating_members"], strict=True)
    ]
    return by_place(view, found, said, notes)


def _profile(view: View, measure: str, by: str, head: str, candidates, lead: str, unit: str = "人", ordered=_ORDERED) -> Drawn:
    """A whole by a breakdown, the street first and each community under it, at the newest period that was sent."""
    rows = pd.DataFrame()
    grain = next(
        (g for g in ("month", "quarter", "half", "year") if known_periods(view, g) and _there(view, measure, by, g)), None
    )
    for period in reversed(known_periods(view, grain)[-4:] if grain else []):
        rows = read(view, breakdown, measure, by, (period,))
        if len(rows):
            break
    if rows.empty:
        return empty(view, head)
    order = [m.part.category for m in view.catalogue.parts_of(measure, by)]
    known = set(rows["category"])
    sent, unsent = [c for c in order if c in known], [c for c in order if c not in known]
    places = rows["place"].drop_duplicates()
    wide = rows.pivot(index="place", columns="category", values="value").reindex(index=places, columns=sent)
    gone = rows.pivot(index="place", columns="category", values="hidden").reindex(index=places, columns=sent)
    # A part that was not sent is a gap, not zero, and no share of a row with a gap is known.
    partial = gone.isna().any(axis=1)
    wide, gone = wide.mask(gone.eq(True)), gone.eq(True)
    wholes = rows.groupby("place", sort=False)["whole"].first().mask(partial)
    counted = view.places if not partial.any() else tuple(rows.loc[rows["place"].map(~partial), "place_id"].unique())
    street = data.read(whole_by_category, view.source, view.dataset.id, measure, by, period, counted).reindex(order)
    if partial.all():
        street = street * float("nan")
    total = wholes.sum()
    if len(wide) > 1:
        wide = pd.concat([street[sent].to_frame(view.scope).T, wide])
        wholes = pd.concat([pd.Series({view.scope: total}), wholes])
    lead += _not_sent(list(partial.index[partial]), unsent)
    # What is left out of a row stands together, so that the shares of the others stay right.
    shown = wide.mask(wholes.isna(), axis=0).fillna(0)
    if (rest := wholes - shown.sum(axis=1)).gt(0).any():
        shown = shown.assign(**{HIDDEN: rest.clip(lower=0).fillna(0)})
        wide = wide.assign(**{HIDDEN: rest.clip(lower=0)})
        # Where communities would be little but what is left out, the street alone is drawn.
        if len(wide) > 1 and (rest / wholes).iloc[1:].median() > _MOSTLY:
            shown, wide, lead = shown.iloc[:1], wide.iloc[:1], f"{lead}各社区人数太少，不分社区显示。"
    told = "，".join(
        f"{name}{n:.0f}{unit}（{100 * n / total:.1f}%）" for name, n in street.items() if n == n
    ) if total else "没有数字"  # fmt: skip
    lead += "人数少的档不显示，合在一起。" if HIDDEN in shown and len(shown) > 1 else ""
    told = told or "各档人数少，不显示"
    # A finding about what is left out is none.
    said = [words for words in candidates(street, total) if "nan" not in words]
    found = (title(*said, otherwise=head), f"{period.label}末，{view.scope}：{told}。{lead}")
    ledger = next(
        l.id
        for l in view.catalogue.ledgers.values()
        if any(c.measure == view.catalogue.parts_of(measure, by)[0].id for c in l.columns)
    )
    figure = charts.whole(
        list(shown.index),
        list(shown.columns),
        shown.to_numpy().tolist(),
        unit,
        about(replace(view, period=period, since=None), ledger),
        found,
        (*(ordered[n] for n, c in enumerate(order) if c in known), *("#EFE6CF",) * (HIDDEN in shown)),
        gaps=["没报全" if partial.get(name, False) else HIDDEN if wholes[name] != wholes[name] else "" for name in shown.index],
    )
    return Drawn(wide.reset_index(names="place"), (text("社区"), *(number(c, unit) for c in wide.columns)), figure, period=period)


def _not_sent(places: Sequence[str], parts: Sequence[str]) -> str:
    """Which communities left parts open, and which parts nobody sent, in words."""
    some = "、".join(places[:3]) + (f"等{len(places)}个社区" if len(places) > 3 else "")
    said = f"{some}没有报全各档，不计比例。" if places else ""
    return said + (f"没有“{'”“'.join(parts)}”的数字，比例只按其余各档算。" if parts else "")


def _there(view: View, measure: str, by: str, grain: str) -> bool:
    """Whether the parts of a measure are sent at a grain."""
    return any(len(read(view, breakdown, measure, by, (p,))) for p in known_periods(view, grain)[-4:])


def _age(view: View) -> Drawn:
    return _profile(
        view, "members_profiled", "年龄", "各社区党员的年龄结构",
        lambda s, n: (f"61岁及以上党员占{100 * s['61岁及以上'] / n:.1f}%" if n else "",), "预备党员计入。",
    )  # fmt: skip


def _education(view: View) -> Drawn:
    names = ("研究生", "大学本科", "大学专科")
    return _profile(
        view, "members_profiled", "学历", "各社区党员的学历结构",
        lambda s, n: (f"大专及以上学历的党员占{100 * s[list(names)].sum() / n:.1f}%" if n else "",), "",
    )  # fmt: skip


def _years(view: View) -> Drawn:
    return _profile(
        view, "members_profiled", "党龄", "各社区党员的党龄结构",
        lambda s, n: (f"党龄50年及以上的{s['50年及以上']:.0f}人，占{100 * s['50年及以上'] / n:.1f}%" if n else "",),
        "党龄满50年的可核对纪念章颁发。",
    )  # fmt: skip


# ---- do they meet ----


def _life(view: View) -> Drawn:
    """The kinds of party life month by month."""
    names = ("assemblies_held", "committee_meetings_held", "group_meetings_held", "party_lectures_held", "lessons_held")
    metrics = [view.catalogue.metrics[m] for m in names if "month" in view.ask("grains", m)]
    spell = months(view)
    street = view.totals(*metrics, period=spell[-1], since=spell[0])
    wide = street.pivot(index="metric", columns="period", values="value").reindex([m.id for m in metrics])
    wide = wide.reindex(columns=[p.key for p in spell])
    last = wide.iloc[:, -1]
    told = "，".join(f"{m.name}{format_value(last[m.id], m, unit=True)}" for m in metrics)
    found = (
        title(f"{spell[-1].label}三会一课{format_value(last.get('lessons_held'), '次')}次", otherwise="三会一课逐月开展的次数"),
        f"{spell[-1].label}，{view.scope}：{told}。前四行由组织生活台账数出，三会一课一行是社区报送数，两者不一定相等。",
    )
    rows = [gaps(row) for row in wide.to_numpy(dtype=float)]
    figure = charts.matrix([m.name for m in metrics], month_heads(spell), rows, "次", view.context(*metrics), found)
    table = wide.assign(name=[m.name for m in metrics]).reset_index(drop=True)[["name", *wide.columns]]
    return Drawn(table, (text("组织生活"), *(number(p.label, "次") for p in spell)), figure)


def _theme_days(view: View) -> Drawn:
    found = newest(view, "theme_days_per_branch", "party_life_attendance", "party_lectures_held")
    if found is None:
        return empty(view, "主题党日")
    said = (
        title(f"每个支部主题党日{found.whole['theme_days_per_branch']:.2f}次", otherwise="各社区支部主题党日和到会率"),
        f"{found.period.label}，{view.scope}：{found.told()}。",
    )
    return side_by_side(view, found, said)


def _not_held(view: View) -> Drawn:
    """Branches without a meeting that the regulations ask for."""
    left, right = st.columns(2)
    kind = left.selectbox("组织生活", list(_DUE), key="members_kind")
    grain, rule = _DUE[kind]
    spell = known_periods(view, grain)[-8:]
    if not spell:
        return empty(view, "应开未开")
    period = right.selectbox("哪一期", spell[::-1], format_func=lambda p: p.label, key=f"members_due_{grain}")
    level = "楼栋党小组" if kind == "党小组会" else "网格党支部"
    branch = meetings_not_held(view.source, view.dataset.id, kind, period, "网格党支部", view.places)
    return Drawn(
        branch.drop(columns=["place_id"]),
        (text("社区"), text("组织编码"), text("组织名称")),
        title=title(f"{period.label}{len(branch)}个支部未登记{kind}" if len(branch) else f"{period.label}各支部都登记了{kind}", otherwise=f"{kind}应开未开的支部共{len(branch)}个"),
        takeaway=f"依据{_RULE}：{kind}{rule}。只查台账里整期都在的网格党支部；没有登记不等于没有开{'，党小组会按所在支部登记' if level == '楼栋党小组' else ''}。",
    )  # fmt: skip


# ---- joining, review, dues ----


def _recruits(view: View) -> Drawn:
    names = (
        "recruit_applicants",
        "recruit_activists",
        "recruit_candidates",
        "recruit_probationary",
        "members_recruited",
        "members_converted",
    )
    found = newest(view, *names)
    if found is None:
        return empty(view, "发展党员")
    stages = found.metrics[:4]
    whole = found.whole
    said = (
        title(f"入党积极分子{whole['recruit_activists']:.0f}人在培养" if whole["recruit_activists"] >= 1 else "", otherwise="发展党员各阶段的人数"),
        f"{found.period.label}末，{view.scope}：{found.told()}。各阶段只计当前所处阶段的人，不是同一批人逐级减少，所以不算转化率。",
    )
    hidden = [HIDDEN if found.gone[m.id].any() else "" for m in stages]
    figure = charts.bars([m.name for m in stages], gaps([whole.get(m.id) for m in stages]), "人", found.seen(view).context(*found.metrics), said, gaps=hidden,
                         reading="从上到下是发展党员的四个阶段，长短是季末处在这一阶段的人数。")  # fmt: skip
    rows = found.wide.rename_axis("place").reset_index()
    return Drawn(rows, (text("社区"), *(number(m.name, m.unit) for m in found.metrics)), figure, period=found.period)


def _reviews(view: View) -> Drawn:
    return _profile(
        view, "members_reviewed", "评议等次", "民主评议党员的四个等次",
        lambda s, n: (f"民主评议评为优秀的占{100 * s['优秀'] / n:.1f}%" if n else "",), "人数少的社区，一两人就能差几个百分点。",
        ordered=(BETTER, "#8FB3D4", MARK, WORSE),
    )  # fmt: skip


def _dues(view: View) -> Drawn:
    found = newest(view, "dues_paid_rate", "dues_payers_rate", "dues_paid")
    if found is None:
        return empty(view, "党费收缴")
    below = int((found.wide["dues_paid_rate"] < 100).sum())
    said = (
        title(f"{below}个社区当期党费没有收齐" if below else "", otherwise="各社区党费收缴和按月缴费"),
        f"{found.period.label}，{view.scope}：{found.told()}。补缴以前月份的计入补缴当月，收缴率可以超过100%。",
    )
    return by_place(view, found, said, [f"按月缴费{v:.1f}%" if v == v else "" for v in found.wide["dues_payers_rate"]])


# ---- what they do where they live ----


def _registered(view: View, name: str, head: str) -> Drawn:
    found = newest(view, name)
    if found is None:
        return empty(view, head)
    metric = found.metrics[0]
    said = (
        title(f"{metric.name}{format_value(found.whole[name], metric, unit=True)}", otherwise=head),
        f"{found.period.label}末，{view.scope}{format_value(found.whole[name], metric, unit=True)}。{metric.definition}",
    )
    return by_place(view, found, said)


def _member_rate(view: View) -> Drawn:
    return _registered(view, "member_registration_rate", "在职党员到社区报到的比例")


def _unit_rate(view: View) -> Drawn:
    return _registered(view, "unit_registration_rate", "驻区单位到社区报到的比例")


def _services(view: View) -> Drawn:
    found = newest(view, "member_service_times", "member_hours_each")
    if found is None:
        return empty(view, "党员志愿服务")
    said = (
        title(
            f"党员志愿服务{format_value(found.whole['member_service_times'], '人次')}人次",
            otherwise="各社区党员志愿服务人次和时长",
        ),
        f"{found.period.label}，{view.scope}：{found.told()}。一人服务几次计几人次。",
    )
    return by_place(view, found, said, [f"人均{v:.2f}小时" if v == v else "" for v in found.wide["member_hours_each"]])


def _shown(view: View) -> Drawn:
    found = newest(view, "identity_share", "members_pledged", "members_skills_shown")
    if found is None:
        return empty(view, "党员三亮")
    said = (
        title(f"参评党员中{found.whole['identity_share']:.1f}%亮了身份", otherwise="各社区党员亮身份、亮承诺、亮特长"),
        f"{found.period.label}末，{view.scope}：{found.told()}。",
    )
    return side_by_side(view, found, said)


def _scores(view: View) -> Drawn:
    return _profile(
        view, "members_scored", "评分档次", "党员纪实评分的五档分布",
        lambda s, n: (f"纪实评分80分及以上的占{100 * (s['90分及以上'] + s['80—89分']) / n:.1f}%" if n else "",),
        "各社区评分的尺度不一定相同，先看分布再比高低。", ordered=(BETTER, "#8FB3D4", "#D3DDE8", "#E3B98F", WORSE),
    )  # fmt: skip


TABS = {
    "党员队伍": (
        Panel("members_counts", "在册与流动党员", "monthly", _counts, ("registered_members",), ("registered_members", "floating_members", "members_per_thousand")),
        Panel("members_age", "年龄", "member_profile", _age, ("members_age_61",), ("young_member_share", "old_member_share")),
        Panel("members_education", "学历", "member_profile", _education, ("members_edu_bachelor",), ("college_member_share",)),
        Panel("members_years", "党龄", "member_profile", _years, ("members_years_51",), ("veteran_member_share",)),
    ),
    "组织生活": (
        Panel("members_life", "三会一课", "party_life", _life, ("life_kind",), ("assemblies_held", "committee_meetings_held", "group_meetings_held", "party_lectures_held", "lessons_held"), spell="months", wide=True),
        Panel("members_theme_days", "主题党日", "party_life", _theme_days, ("present_members",), ("theme_days_per_branch", "party_life_attendance")),
        Panel("members_not_held", "应开未开", "party_life", _not_held, ("org_code",), ("assemblies_held", "committee_meetings_held", "group_meetings_held"), live=True),
    ),
    "发展、评议、党费": (
        Panel("members_recruits", "发展党员", "recruits", _recruits, ("recruit_activists",), ("recruit_applicants", "recruit_activists", "recruit_candidates", "recruit_probationary", "members_recruited", "members_converted")),
        Panel("members_reviews", "民主评议", "reviews", _reviews, ("reviewed_excellent",), ("review_participation", "review_excellent_share")),
        Panel("members_dues", "党费收缴", "dues", _dues, ("dues_paid",), ("dues_paid_rate", "dues_payers_rate", "dues_paid")),
    ),
    "双报到与服务": (
        Panel("members_member_rate", "党员双报到", "monthly", _member_rate, ("in_service_members_registered",), ("member_registration_rate",)),
        Panel("members_unit_rate", "单位双报到", "monthly", _unit_rate, ("resident_units_registered",), ("unit_registration_rate",)),
        Panel("members_services", "志愿服务", "monthly", _services, ("member_service_times",), ("member_service_times", "member_hours_each")),
    ),
    "纪实评分与三亮": (
        Panel("members_scores", "纪实评分", "member_scores", _scores, ("members_score_90",), ("high_score_share", "low_score_share")),
        Panel("members_shown", "党员三亮", "member_scores", _shown, ("members_identity_shown",), ("identity_share", "members_pledged", "members_skills_shown")),
    ),
}  # fmt: skip
