"""服务对象: residents in need by group and community, as counts without names, and how often they were served."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from jiejian import charts, privacy
from jiejian.catalogue import Metric
from jiejian.format import format_value
from jiejian.ledgers.breakdowns import breakdown
from jiejian.periods import Period, periods_between
from jiejian.ui import messages, show, theme
from jiejian.ui.theme import Drawn, Panel, number, text
from jiejian.ui.themes.common import HIDDEN, about, last_complete, read, title
from jiejian.ui.themes.newest import head
from jiejian.ui.view import View

_GROUPS = (
    "lone_elderly", "oldest_residents", "infants", "left_behind_children", "minimum_living", "disabled", "new_employment",
)  # fmt: skip
_ERRANDS = ("errands", "errands_home_share", "errands_per_thousand_residents")
_APART = "一人可属几类，各类人数不能相加。"


def page(view: View) -> None:
    # Everything here is of the last complete quarter, and says so.
    quarter = _quarter(view)
    ledgers = {panel.ledger for panels in TABS.values() for panel in panels}
    if quarter is None and ledgers & theme.sent(view):
        show.heading("服务对象")
        messages.empty("还没有一个完整的季度，服务对象按季度看。", "等本季度的台账报齐后再看。")
        return
    theme.page(replace(view, period=quarter or view.period), "服务对象", _answer, TABS)


def _quarter(view: View) -> Period | None:
    return last_complete(view, "quarter")


def _metrics(view: View, names: Sequence[str]) -> list[Metric]:
    """Those metrics of which the data set holds figures by quarter."""
    there = {m.id: m for m in view.ask("metrics")}
    return [there[m] for m in names if m in there and "quarter" in view.ask("grains", m)]


def _wide(view: View, metrics: Sequence[Metric]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places by metric for the last complete quarter, and which cells the figures themselves hold back."""
    frame = view.figures(*metrics, period=_quarter(view))
    order, names = frame["place"].drop_duplicates(), [m.id for m in metrics]
    wide = frame.pivot(index="place", columns="metric", values="value").reindex(index=order, columns=names)
    kept_back = frame.assign(gone=frame["status"] == privacy.HIDDEN).pivot(index="place", columns="metric", values="gone")
    return wide, kept_back.reindex(index=order, columns=names)


def _street(view: View, metrics: Sequence[Metric]) -> pd.Series:
    found = view.totals(*metrics, period=_quarter(view)).set_index("metric")["value"]
    return found.reindex([m.id for m in metrics])


def _few(view: View, values: pd.DataFrame | pd.Series) -> pd.DataFrame | pd.Series:
    """Which totals speak of so few persons that they are not shown either."""
    return (values > 0) & (values < privacy.least_shown(view.catalogue))


def _fewer(view: View) -> str:
    """The rule in words; empty where a street has switched it off."""
    least = privacy.least_shown(view.catalogue)
    return f"少于{least}人的不显示确数。" if least else ""


def _when(view: View) -> str:
    return f"{_quarter(view).label}，{view.scope}"


def _answer(view: View) -> str:
    if _quarter(view) is None:
        return "数据还不满一个季度，服务对象按季统计，满一季后显示。"
    metrics = _metrics(view, ("lone_elderly", "oldest_residents", "group_services"))
    street = _street(view, metrics)
    # “走访服务人次7905人次” says the unit twice; “独居老人” does not end in a unit, though in its character.
    told = "，".join(f"{m.name.removesuffix(m.unit) if m.unit == '人次' else m.name}{_said(view, street[m.id], m)}" for m in metrics)
    return f"{_when(view)}：{told}。按季统计，只计数，不记名。"


def _said(view: View, value: float, metric: Metric) -> str:
    """A figure in words; one of a few persons is not told."""
    least = privacy.least_shown(view.catalogue)
    return f"少于{least}{metric.unit}" if 0 < value < least else format_value(value, metric, unit=True)


# ---- how many ----


def _counts(view: View) -> Drawn:
    metrics = _metrics(view, _GROUPS)
    street = _street(view, metrics)
    gone = _few(view, street)
    shown = street.mask(gone)
    largest = max(metrics, key=lambda m: street[m.id] if street[m.id] == street[m.id] else -1)
    found = (
        title(f"{largest.name}最多，{_said(view, street[largest.id], largest)}", otherwise="各类服务对象的人数"),
        f"{_when(view)}。{_APART}{_fewer(view)}",
    )
    values = [None if v != v else float(v) for v in shown]
    notes = [HIDDEN if few else "" for few in gone]
    figure = charts.bars([m.name for m in metrics], values, "人", view.context(*metrics), found, gaps=notes)
    table = pd.DataFrame({"group": [m.name for m in metrics], "count": shown.to_numpy()})
    return Drawn(table, (text("服务对象"), number("人数", "人")), figure)


def _by_community(view: View) -> Drawn:
    metrics = _metrics(view, _GROUPS)
    shown, gone = _wide(view, metrics)
    words = [
        [HIDDEN if few else "" if v != v else format_value(v, "人") for v, few in zip(row, hidden, strict=True)]
        for row, hidden in zip(shown.to_numpy(), gone.to_numpy(), strict=True)
    ]
    hidden = int(gone.to_numpy(dtype=bool).sum())
    found = (
        title(f"{len(shown)}个社区{len(metrics)}类服务对象的人数", otherwise="各社区各类服务对象的人数"),
        f"{_when(view)}。{_APART}" + (f"有{hidden}格人数少，不显示确数，以免认出是谁。" if hidden else ""),
    )
    cells = [[None if v != v else float(v) for v in row] for row in shown.to_numpy()]
    reading = f"每行一个社区，每列一类对象，颜色越深人数越多。{_fewer(view)}写“{HIDDEN}”的格子人数少；每列另有一格一并不显示，免得用合计倒推。"
    names = [m.name for m in metrics]
    figure = charts.matrix(list(shown.index), [head(n, 3) for n in names], cells, "人", view.context(*metrics), found, reading=reading, words=words)
    return Drawn(shown.reset_index(), (text("社区"), *(number(m.name, "人") for m in metrics)), figure)


def _population(view: View) -> Drawn:
    metrics = _metrics(view, ("elderly_share", "floating_share", "residents"))
    wide, _ = _wide(view, metrics)
    street = _street(view, metrics)
    found = (
        title(f"60岁及以上老人占{format_value(street['elderly_share'], metrics[0])}", otherwise="各社区老年人口占比"),
        f"{_when(view)}，季末数：" + "，".join(f"{m.name}{format_value(street[m.id], m, unit=True)}" for m in metrics) + "。",
    )
    notes = [f"流动人口占{format_value(v, '%', 1)}" if v == v else "" for v in wide["floating_share"]]
    values = [None if v != v else float(v) for v in wide["elderly_share"]]
    figure = charts.bars(list(wide.index), values, "%", view.context(*metrics), found, notes)
    return Drawn(wide.reset_index(), (text("社区"), *(number(m.name, m.unit, m.decimals) for m in metrics)), figure)


def _change(view: View) -> Drawn:
    """Each group over the last eight quarters."""
    metrics, newest = _metrics(view, _GROUPS), _quarter(view)
    spell = _spell(view)
    wide = view.totals(*metrics, period=newest, since=spell[0]).pivot(index="metric", columns="period", values="value")
    wide = wide.reindex(index=[m.id for m in metrics], columns=[p.key for p in spell])
    gone = _few(view, wide)
    shown = wide.mask(gone)
    words = [
        [HIDDEN if few else "" if v != v else format_value(v, "人") for v, few in zip(row, hidden, strict=True)]
        for row, hidden in zip(shown.to_numpy(), gone.to_numpy(), strict=True)
    ]
    found = (
        title(f"近{len(spell)}个季度各类对象的人数", otherwise="各类服务对象逐季人数"),
        f"{spell[0].label}至{newest.label}，{view.scope}，季末数。{_APART}",
    )
    cells = [[None if v != v else float(v) for v in row] for row in shown.to_numpy()]
    heads = [
        f"{f'{p.start.year}年' if n == 0 or p.start.month == 1 else ''}\n{p.start.month // 3 + 1}季" for n, p in enumerate(spell)
    ]
    figure = charts.matrix([m.name for m in metrics], heads, cells, "人", view.context(*metrics), found, words=words)
    table = shown.reset_index(drop=True)
    table.insert(0, "group", [m.name for m in metrics])
    return Drawn(table, (text("服务对象"), *(number(p.label, "人") for p in spell)), figure)


def _spell(view: View) -> list[Period]:
    return [p for p in periods_between(view.dataset.first, _quarter(view).end, "quarter") if p.start >= view.dataset.first][-8:]


# ---- how served ----


def _services(view: View) -> Drawn:
    rows = read(view, breakdown, "group_services", "服务对象", (_quarter(view),))
    by = rows.groupby("category", sort=False)["value"].sum(min_count=1)
    total = by.sum()
    top = by.idxmax() if total else ""
    found = (
        title(f"走访服务最多的是{top}，占{100 * by.max() / total:.1f}%" if total else "", otherwise="各类对象的走访服务人次"),
        f"{_when(view)}走访服务{format_value(total, '人次', unit=True)}。人次是本季发生数，一人几次按几次计。",
    )
    figure = charts.bars(list(by.index), [float(v) for v in by], "人次", about(view, "groups"), found)
    return Drawn(by.reset_index(), (text("服务对象"), number("走访服务", "人次")), figure)


def _services_by_community(view: View) -> Drawn:
    rows = read(view, breakdown, "group_services", "服务对象", (_quarter(view),))
    wide = rows.pivot_table(index="place", columns="category", values="value", aggfunc="sum", sort=False)
    found = (
        title(f"{len(wide)}个社区走访服务了哪些对象", otherwise="各社区各类对象的走访服务人次"),
        f"{_when(view)}，本季发生的人次。社区大小不同，多少不等于好坏。",
    )
    cells = [[None if v != v else float(v) for v in row] for row in wide.to_numpy()]
    figure = charts.matrix(list(wide.index), [head(str(c)) for c in wide.columns], cells, "人次", about(view, "groups"), found)
    return Drawn(wide.reset_index(), (text("社区"), *(number(str(c), "人次") for c in wide.columns)), figure)


def _services_over_time(view: View) -> Drawn:
    metrics, spell = _metrics(view, ("group_services",)), _spell(view)
    street = view.totals(*metrics, period=spell[-1], since=spell[0]).set_index("period")["value"].reindex([p.key for p in spell])
    newest = street.iloc[-1]
    found = (
        title(f"{spell[-1].label}走访服务{format_value(newest, '人次', unit=True)}", otherwise="走访服务逐季人次"),
        f"近{len(spell)}个季度，{view.scope}，每季发生的人次。",
    )
    values = [None if v != v else float(v) for v in street]
    heads = [f"{p.start.year}年{p.start.month // 3 + 1}季" for p in spell]
    figure = charts.columns_over_time(heads, values, "人次", view.context(*metrics), found)
    table = pd.DataFrame({"period": [p.label for p in spell], "value": street.to_numpy()})
    return Drawn(table, (text("季度"), number("走访服务", "人次")), figure)


def _errands(view: View) -> Drawn:
    metrics = _metrics(view, _ERRANDS)
    (wide, _), street = _wide(view, metrics), _street(view, metrics)
    found = (
        title(f"代办{format_value(street['errands'], '件', unit=True)}，上门占{format_value(street['errands_home_share'], '%', 1)}", otherwise="各社区代办和上门代办的件数"),
        f"{_when(view)}，由社区代居民办理的事项；上门代办的多是行动不便的居民。",
    )  # fmt: skip
    notes = [f"上门{format_value(v, '%', 1)}" if v == v else "" for v in wide["errands_home_share"]]
    values = [None if v != v else float(v) for v in wide["errands"]]
    figure = charts.bars(list(wide.index), values, "件", view.context(*metrics), found, notes)
    return Drawn(wide.reset_index(), (text("社区"), *(number(m.name, m.unit, m.decimals) for m in metrics)), figure)


TABS = {
    "人数": (
        Panel("groups_counts", "各类人数", "groups", _counts, ("lone_elderly",), _GROUPS),
        Panel("groups_places", "各社区人数", "groups", _by_community, ("lone_elderly",), _GROUPS),
        Panel("groups_change", "逐季变化", "groups", _change, ("lone_elderly",), _GROUPS, spell="quarters"),
        Panel("groups_population", "老年和流动人口", "monthly", _population, ("residents",), ("elderly_share", "floating_share")),
    ),
    "服务": (
        Panel("groups_services", "走访服务", "groups", _services, ("group_services",), ("group_services",)),
        Panel("groups_service_places", "各社区走访服务", "groups", _services_by_community, ("group_services",), ("group_services",)),
        Panel("groups_service_time", "逐季走访服务", "groups", _services_over_time, ("group_services",), ("group_services",), spell="quarters"),
        Panel("groups_errands", "代办", "errands", _errands, (), _ERRANDS),
    ),
}  # fmt: skip
