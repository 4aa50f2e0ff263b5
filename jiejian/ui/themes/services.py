"""What is done in the centres and stations: windows and errands, their use, goods at lower prices, three kinds of service."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jiejian import charts
from jiejian.charts.parts import BETTER, MARK
from jiejian.format import amount, format_value
from jiejian.ledgers import events, registers
from jiejian.ledgers.breakdowns import breakdown
from jiejian.ui.theme import Drawn, Panel, number, text
from jiejian.ui.themes.common import (
    about,
    month_heads,
    months,
    number_or_none,
    read,
    share,
    short_months,
    span,
    tally,
    title,
    when,
)
from jiejian.ui.view import View

_ROWS = 12
_DIMENSIONS = ("公共服务", "公益服务", "志愿服务")


# ---- windows and errands ----


def _windows(view: View) -> Drawn:
    last = span(view)[1]
    rows = read(view, registers.standing, "windows", last)
    one = rows["one_stop"].astype("boolean").fillna(False)
    group = rows.assign(kind=rows["window_kind"].fillna("未填"), one=one).groupby("kind")
    table = pd.DataFrame(
        {"windows": group.size(), "one_stop": group["one"].sum().astype(int), "items": group["window_items"].median()}
    )
    table = table.sort_values("windows", ascending=False, kind="stable").reset_index()
    found = (
        title(
            f"服务窗口{len(rows)}个，一窗通办占{share(one.sum(), len(rows))}" if len(rows) else "",
            otherwise="服务窗口按类型的个数和事项",
        ),
        f"截至{last}，{view.scope}。同一事项几个窗口都能办，事项数不能相加，所以只看每个窗口的中位数。",
    )
    notes = ["" if pd.isna(v) else f"每窗口中位{v:.0f}项" for v in table["items"]]
    figure = charts.bars(list(table["kind"]), [int(n) for n in table["windows"]], "个", about(view, "windows"), found, notes)
    return Drawn(
        table, (text("窗口类型"), number("窗口", "个"), number("一窗通办", "个"), number("可办事项中位数", "项", 1)), figure
    )


def _departments(view: View) -> Drawn:
    last = span(view)[1]
    rows = read(view, registers.standing, "departments", last)
    table = rows[["department_name", "centre", "item_count", "window_count"]].sort_values(
        "item_count", ascending=False, kind="stable"
    )
    total = rows["item_count"].sum()
    found = (
        title(f"{len(rows)}个部门进驻，可办事项{total:.0f}项" if len(rows) else "", otherwise="没有部门进驻政务服务楼"),
        f"截至{last}，{view.scope}进驻部门{len(rows)}个，窗口{rows['window_count'].sum():.0f}个；部门之间的事项不重复，可以相加。",
    )
    notes = ["" if pd.isna(n) else f"窗口{n:.0f}个" for n in table["window_count"]]
    figure = charts.bars(
        list(table["department_name"]),
        [number_or_none(v) for v in table["item_count"]],
        "项",
        about(view, "departments"),
        found,
        notes,
    )
    return Drawn(table, (text("部门"), text("所在大厅"), number("事项", "项"), number("窗口", "个")), figure)


def _errands(view: View) -> pd.DataFrame:
    rows = read(view, events.happened, "errands", *span(view))
    done = rows["done_on"] <= pd.Timestamp(view.dataset.as_of)
    return rows.assign(state=np.where(done, "已办结", "未办结"), days=(rows["done_on"] - rows["accepted_on"]).dt.days)


def _errand_kinds(view: View) -> Drawn:
    rows = _errands(view)
    wide = tally(rows, "item_category", ("已办结", "未办结"))
    days = rows.assign(by=rows["item_category"].fillna("未填")).groupby("by")["days"].median()
    done = int(wide["已办结"].sum())
    found = (
        title(f"代办帮办{amount(len(rows), '件')}，已办结{share(done, len(rows))}" if len(rows) else "", otherwise="本期没有登记代办帮办"),
        f"{when(view)}受理，截至{view.dataset.as_of}。这是代办台账的件数；月报表另有“代办事项”，两处不同的以月报为准。",
    )
    figure = charts.whole(
        list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "件", about(view, "errands"), found, (BETTER, MARK)
    )
    table = wide.assign(days=days).reset_index(names="事项领域")
    return Drawn(
        table, (text("事项领域"), number("已办结", "件"), number("未办结", "件"), number("办结中位用时", "天", 1)), figure
    )


def _errand_ways(view: View) -> Drawn:
    rows = _errands(view)
    ways = [w for w in view.catalogue.ledgers["errands"].column("way").choices if w in set(rows["way"])]
    rows = rows.assign(way=rows["way"].fillna("未填"))
    wide = tally(rows, "serves", [*ways, *(["未填"] if (rows["way"] == "未填").any() else [])], "way")
    home = int(wide["上门办"].sum()) if "上门办" in wide else 0
    found = (
        title(f"上门办{amount(home, '件')}，占代办帮办的{share(home, len(rows))}" if home else "", otherwise="代办帮办为谁办、怎样办的"),
        f"{when(view)}，共{amount(len(rows), '件')}，按服务群体看办理方式。",
    )
    figure = charts.whole(list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "件", about(view, "errands"), found)
    return Drawn(wide.reset_index(names="服务群体"), (text("服务群体"), *(number(str(w), "件") for w in wide.columns)), figure)


# ---- use ----


def _uses(view: View) -> Drawn:
    spell = months(view)
    rows = read(view, breakdown, "venue_uses", "用途", spell)
    wide = rows.pivot_table(index="category", columns="period", values="value", aggfunc="sum", sort=False).reindex(
        columns=[p.key for p in spell]
    )
    newest = wide.iloc[:, -1] if len(wide) else pd.Series(dtype=float)
    top = newest.idxmax() if newest.notna().any() else ""
    found = (
        title(f"{spell[-1].label}阵地用得最多的是{top}" if top else "", otherwise="中心和驿站逐月用在哪里"),
        f"{spell[-1].label}，{view.scope}各社区上报的使用次数："
        + "，".join(f"{n}{v:.0f}次" for n, v in newest.dropna().items())
        + "。",
    )
    cells = [[number_or_none(v) for v in row] for row in wide.to_numpy()]
    figure = charts.matrix(list(wide.index), month_heads(spell), cells, "次", about(view, "venues"), found)
    return Drawn(wide.reset_index(), (text("用途"), *(number(p.label, "次") for p in spell)), figure)


def _visits(view: View) -> Drawn:
    spell, metric = months(view), view.catalogue.metrics["venue_visits"]
    values = view.totals(metric, period=spell[-1], since=spell[0]).set_index("period")["value"]
    values = values.reindex([p.key for p in spell])
    found = (
        title(f"{spell[-1].label}到访{format_value(values.iloc[-1], metric, unit=True)}", otherwise="中心和驿站逐月的到访人次"),
        f"{spell[0].label}至{spell[-1].label}，{view.scope}。到访是人次，同一人来几次算几次，不是人数。",
    )
    figure = charts.columns_over_time(
        short_months(spell), [number_or_none(v) for v in values], "人次", view.context(metric), found
    )
    table = pd.DataFrame({"month": [p.label for p in spell], "visits": values.to_numpy()})
    return Drawn(table, (text("月份"), number("到访", "人次")), figure)


def _busy(view: View) -> Drawn:
    metric = view.catalogue.metrics["visits_per_station"]
    frame = view.figures(metric)
    figure = charts.ranked(frame, metric, view.context(metric))
    table = frame[["place", "numerator", "denominator", "value"]]
    return Drawn(
        table,
        (text("社区"), number("到访", "人次"), number("阵地", "处"), number(metric.name, metric.unit, metric.decimals)),
        figure,
    )


# ---- goods and benefits ----


def _benefits(view: View) -> pd.DataFrame:
    return read(view, events.happened, "benefits", *span(view))


def _saving(view: View) -> Drawn:
    """What residents saved on goods: the sum of savings over the sum at market prices, of sales with both amounts."""
    rows = _benefits(view)
    rows = rows[(rows["benefit_kind"] == "直通车商品") & rows["market_yuan"].notna() & rows["paid_yuan"].notna()]
    group = rows.assign(item=rows["item"].fillna("未填")).groupby("item")
    table = pd.DataFrame({"market": group["market_yuan"].sum(), "paid": group["paid_yuan"].sum()})
    table = table.assign(
        saved=table["market"] - table["paid"], rate=100 * (1 - table["paid"] / table["market"].where(table["market"] > 0))
    )
    table = table.sort_values("saved", ascending=False, kind="stable").reset_index()
    market, saved = table["market"].sum(), table["saved"].sum()
    found = (
        title(
            f"直通车商品节省{format_value(saved, '元', unit=True)}，便宜{share(saved, market)}" if market else "",
            otherwise="本期没有登记直通车商品",
        ),
        f"{when(view)}，{len(rows)}笔，按市面价{format_value(market, '元', unit=True)}，居民实付{format_value(market - saved, '元', unit=True)}。市面价由填报人自己询价，没有填两种金额的不计。",
    )
    top = table.head(_ROWS)
    notes = ["" if pd.isna(v) else f"便宜{v:.1f}%" for v in top["rate"]]
    figure = charts.bars(
        list(top["item"]), [float(v) for v in top["saved"].round(0)], "元", about(view, "benefits"), found, notes
    )
    return Drawn(
        table,
        (text("品名"), number("按市面价", "元"), number("居民实付", "元"), number("节省", "元"), number("节省率", "%", 1)),
        figure,
    )


def _benefit_kinds(view: View) -> Drawn:
    rows = _benefits(view)
    group = rows.groupby("benefit_kind")
    table = pd.DataFrame(
        {
            "times": group.size(),
            "reached": group["residents_reached"].sum(min_count=1),
            "income": group["income_yuan"].sum(min_count=1),
        }
    )
    table = table.sort_values("times", ascending=False, kind="stable").reset_index()
    notes = [
        "　".join(
            ([] if pd.isna(r.reached) else [f"惠及{format_value(r.reached, '人次', unit=True)}"])
            + ([] if pd.isna(r.income) else [f"代工收入{format_value(r.income, '元', unit=True)}"])
        )
        for r in table.itertuples()
    ]
    found = (
        title(
            f"便民惠民{len(rows)}次，惠及{format_value(rows['residents_reached'].sum(), '人次', unit=True)}" if len(rows) else "",
            otherwise="本期没有登记便民惠民服务",
        ),
        f"{when(view)}。惠及是人次，不是人数。",
    )
    figure = charts.bars(
        list(table["benefit_kind"]), [int(n) for n in table["times"]], "次", about(view, "benefits"), found, notes
    )
    return Drawn(table, (text("类别"), number("服务", "次"), number("惠及", "人次"), number("代工收入", "元")), figure)


# ---- three kinds of service ----


def _dimensions(view: View) -> Drawn:
    rows = read(view, events.happened, "activities", *span(view))
    parts = [*_DIMENSIONS, *(["未填"] if rows["dimension"].isna().any() else [])]
    wide = tally(rows.assign(dimension=rows["dimension"].fillna("未填")), "place", parts, "dimension")
    told = "，".join(f"{d}{amount(wide[d].sum(), '场')}" for d in parts)
    top = max(_DIMENSIONS, key=lambda d: wide[d].sum())
    found = (
        title(
            f"三维服务中{top}场次最多，占{share(wide[top].sum(), len(rows))}" if len(rows) else "",
            otherwise="三维服务各社区的活动场次",
        ),
        f"{when(view)}，活动台账{amount(len(rows), '场')}：{told}。",
    )
    figure = charts.whole(list(wide.index), parts, wide.to_numpy().tolist(), "场", about(view, "activities"), found)
    return Drawn(wide.reset_index(names="社区"), (text("社区"), *(number(d, "场") for d in parts)), figure)


def _three(view: View) -> Drawn:
    """The metrics of 三维服务, as the street's grouping declares them, with the street's figure."""
    grouping = view.catalogue.groupings["three_services"]
    metrics = {m.id: m for m in view.ask("metrics") if view.period.grain in view.ask("grains", m.id)}
    used = [(group.name, metrics[m]) for group in grouping.groups for m in group.metrics if m in metrics]
    asked = list(dict.fromkeys(m for _, m in used))
    street = view.totals(*asked).set_index("metric")["value"] if asked else pd.Series(dtype=float)
    table = pd.DataFrame(
        [(group, m.name, format_value(street.get(m.id), m), m.unit, m.definition) for group, m in used],
        columns=["group", "metric", "value", "unit", "definition"],
    )
    return Drawn(
        table,
        (text("服务维度"), text("指标"), text("数值"), text("单位"), text("口径")),
        title="公共服务、公益服务、志愿服务的指标",
        takeaway=f"{when(view)}。{grouping.note}三类指标口径不同，并列不相加；社区之间的比较在“社区对比”。",
    )


TABS = {
    "窗口与代办": (
        Panel("stations_windows", "服务窗口", "windows", _windows, ("window_kind",), ("service_windows", "one_stop_share", "service_items"), spell="as_of"),
        Panel("stations_departments", "进驻部门", "departments", _departments, ("item_count",), ("department_items", "department_windows"), spell="as_of"),
        Panel("stations_errands", "代办事项", "errands", _errand_kinds, ("item_category",), ("errands", "errands_done_rate")),
        Panel("stations_ways", "为谁办、怎样办", "errands", _errand_ways, ("way", "serves"), ("errands_home_share", "errands_per_thousand_residents")),
    ),
    "使用情况": (
        Panel("stations_uses", "用在哪里", "venues", _uses, ("uses_deliberation",), ("venue_uses",), spell="months"),
        Panel("stations_visits", "到访人次", "venues", _visits, ("venue_visits",), ("venue_visits",), spell="months"),
        Panel("stations_busy", "每阵地到访", "venues", _busy, ("venue_visits",), ("visits_per_station",)),
    ),
    "惠民与三维服务": (
        Panel("stations_saving", "商品节省", "benefits", _saving, ("market_yuan", "paid_yuan"), ("price_saving_rate", "goods_sold_kinds")),
        Panel("stations_benefits", "惠民类别", "benefits", _benefit_kinds, (), ("benefit_times", "benefit_reached", "home_work_income")),
        Panel("stations_dimensions", "三维服务场次", "activities", _dimensions, ("dimension",), ("voluntary_share", "charity_share")),
        Panel("stations_three", "三维服务指标", "activities", _three, wide=True),
    ),
}  # fmt: skip
