"""网格治理: how is the street divided into grids, who serves in them, and what passes through them?"""

from __future__ import annotations

import pandas as pd

from jiejian import charts
from jiejian.charts.parts import BETTER, MARK, WORSE
from jiejian.format import amount, format_value
from jiejian.ledgers import cases, grids
from jiejian.ui import theme
from jiejian.ui.theme import Drawn, Panel, number, text
from jiejian.ui.themes.common import about, grid_label, read, span, title, when
from jiejian.ui.themes.newest import by_place, empty, head, newest, side_by_side
from jiejian.ui.view import View

_ROWS = 15
_RULE = f"每{grids.STEWARD_HOUSEHOLDS}户1名红管家、每个网格至少1名网格员（公开报道中的配备办法，见台账说明）"


def page(view: View) -> None:
    theme.page(view, "网格治理", _answer, TABS)


def _as_of(view: View):
    return span(view)[1]


def _answer(view: View) -> str:
    found = newest(view, "grids_level3", "grid_posts_filled", "grid_posts_vacant", "households_per_steward")
    if found is None:
        return f"{view.period.label}，{view.scope}还没有网格台账。"
    return f"{found.period.label}末，{view.scope}：{found.told()}。"


# ---- how the street is divided ----


def _levels(view: View) -> Drawn:
    wide = read(view, grids.levels, _as_of(view))
    sums = wide.sum()
    told = "，".join(f"{name}{n}个" for name, n in sums.items())
    third = int(sums.get("三级网格", 0))
    found = (
        title(f"三级网格{third}个，分在{int((wide.get('三级网格', sums) > 0).sum())}个社区", otherwise="各社区各级网格的数量"),
        f"截至{_as_of(view)}，{view.scope}：{told}。二级网格由街道划分，记在街道名下。",
    )
    figure = charts.matrix(
        list(wide.index), [head(str(c)) for c in wide.columns], wide.to_numpy().tolist(), "个", about(view, "grids"), found
    )
    return Drawn(wide.reset_index(), (text("社区"), *(number(str(c), "个") for c in wide.columns)), figure)


def _sizes(view: View) -> Drawn:
    rows = read(view, grids.sizes, _as_of(view))
    large = int(rows["grids"].iloc[3:].sum())
    found = (
        title(f"300户及以上的三级网格有{large}个" if large else "三级网格都不满300户", otherwise="三级网格按户数分"),
        f"截至{_as_of(view)}，写明户数的三级网格{rows['grids'].sum()}个、{rows['households'].sum()}户。各地对一个网格多少户规定不同，这里只看大小，不判断是否合规。",
    )
    notes = [f"共{n}户" if n else "" for n in rows["households"]]
    figure = charts.bars(list(rows["size"]), [int(v) for v in rows["grids"]], "个", about(view, "grids"), found, notes)
    return Drawn(rows, (text("户数"), number("网格", "个"), number("户数合计", "户")), figure)


def _households(view: View) -> Drawn:
    found = newest(view, "households_per_grid", "grids_level3", "grids_level4", "grids")
    if found is None:
        return empty(view, "每网格户数")
    most = found.wide["households_per_grid"].idxmax()
    said = (
        title(f"{most}每网格{found.wide['households_per_grid'].max():.0f}户，最多", otherwise="各社区每个网格的平均户数"),
        f"{found.period.label}末，{view.scope}：{found.told('households_per_grid', 'grids')}。户数和网格数都按社区报送数。",
    )
    notes = [f"网格{v:.0f}个" if v == v else "" for v in found.wide["grids"]]
    return by_place(view, found, said, notes)


# ---- who staffs them ----


def _posts(view: View) -> Drawn:
    found = newest(view, "grid_posts_filled", "grid_posts_vacant")
    if found is None:
        return empty(view, "网格员到岗")
    full = int((found.wide["grid_posts_vacant"] == 0).sum())
    said = (
        title(f"{full}个社区网格员全部到岗", otherwise="各社区网格员的到岗率"),
        f"{found.period.label}末，{view.scope}：{found.told()}。每个网格至少应有1名网格员。",
    )
    notes = [f"空{v:.0f}人" if v == v and v else "" for v in found.wide["grid_posts_vacant"]]
    return by_place(view, found, said, notes)


def _stewards(view: View) -> Drawn:
    found = newest(view, "households_per_steward", "households_per_building")
    if found is None:
        return empty(view, "楼栋红管家")
    over = int((found.wide["households_per_steward"] > grids.STEWARD_HOUSEHOLDS).sum())
    said = (
        title(
            f"{over}个社区每名红管家超过30户" if over else "各社区每名红管家不超过30户", otherwise="各社区每名红管家服务的户数"
        ),
        f"{found.period.label}末，{view.scope}：{found.told()}。对照：{_RULE}。",
    )
    notes = [
        f"超{v - grids.STEWARD_HOUSEHOLDS:.1f}户" if v > grids.STEWARD_HOUSEHOLDS else ""
        for v in found.wide["households_per_steward"]
    ]
    return by_place(view, found, said, notes)


def _vacant(view: View) -> Drawn:
    rows = read(view, grids.vacancies, _as_of(view))
    total = int(rows["vacant"].sum())
    columns = (text("社区"), text("网格"), text("级别"), number("应配", "人"), number("实配", "人"), number("空岗", "人"))
    return Drawn(
        rows,
        columns,
        title=title(f"{len(rows)}个网格空岗，共缺{total}人" if total else "", otherwise="网格员都已配齐，没有空岗"),
        takeaway=f"截至{_as_of(view)}，应配网格员多于实配的网格，缺得多的在前。",
    )


def _each(view: View) -> Drawn:
    rows = read(view, grids.staffing, _as_of(view))
    short = int((rows["stewards_short"] > 0).sum())
    need = int(rows["stewards_short"].sum())
    columns = (
        text("社区"), text("网格"), number("户数", "户"), number("应配网格员", "人"), number("实配网格员", "人"), number("空岗", "人"),
        number("红管家", "人"), number("按户数应有", "人"), number("还差", "人"), number("各类力量", "人"),
    )  # fmt: skip
    return Drawn(
        rows,
        columns,
        title=title(f"{short}个网格红管家不足，共差{need}人" if short else "", otherwise="各网格的红管家都够数"),
        takeaway=f"截至{_as_of(view)}，有户数的网格逐个对照：{_RULE}。空着的是台账没有写。",
    )


# ---- who serves where ----


def _forces(view: View) -> Drawn:
    return _crossed(view, "force_kind", "类", lambda top, n, total: f"网格服务力量{total}人，{top}最多")


def _nets(view: View) -> Drawn:
    return _crossed(view, "net", "张网", lambda top, n, total: f"{n}张网融进网格，{top}人数最多")


def _crossed(view: View, by: str, noun: str, headline) -> Drawn:
    wide = grids.forces(view.source, view.dataset.id, _as_of(view), by, view.places)
    sums = wide.sum()
    told = "，".join(f"{name}{n:.0f}人" for name, n in sums.items())
    found = (
        title(
            headline(sums.index[0], len(sums), int(sums.sum())) if len(sums) else "",
            otherwise=f"在网格里服务的力量有{len(sums)}{noun}",
        ),
        f"截至{_as_of(view)}，{view.scope}：{told}。一人身兼几职的按登记的类别各计。",
    )
    figure = charts.matrix(
        list(wide.index),
        [head(str(c), 3) for c in wide.columns],
        wide.to_numpy().tolist(),
        "人",
        about(view, "grid_forces"),
        found,
    )
    return Drawn(wide.reset_index(), (text("社区"), *(number(str(c), "人") for c in wide.columns)), figure)


def _roles(view: View) -> Drawn:
    wide = grids.forces(view.source, view.dataset.id, _as_of(view), "force_role", view.places)
    order = [c for c in ("专职力量", "下沉力量", "社会力量") if c in wide.columns]
    wide = wide[[*order, *(c for c in wide.columns if c not in order)]]
    sums = wide.sum()
    shown = pd.concat([sums.to_frame(view.scope).T, wide]) if len(wide) > 1 else wide
    social = 100 * sums.get("社会力量", 0) / sums.sum() if sums.sum() else 0
    found = (
        title(f"网格力量中社会力量占{social:.1f}%", otherwise="各社区“1+N+X”网格力量的构成"),
        f"截至{_as_of(view)}，“1+N+X”：1是专职力量，N是下沉力量，X是社会力量；"
        + "，".join(f"{n}{v:.0f}人" for n, v in sums.items())
        + "。",
    )
    figure = charts.whole(
        list(shown.index), list(shown.columns), shown.to_numpy().tolist(), "人", about(view, "grid_forces"), found
    )
    return Drawn(shown.reset_index(names="place"), (text("社区"), *(number(str(c), "人") for c in shown.columns)), figure)


def _per_grid(view: View) -> Drawn:
    found = newest(view, "staff_per_grid", "grid_deployed_staff", "grid_forces_sunk", "grid_forces_social")
    if found is None:
        return empty(view, "每网格力量")
    said = (
        title(f"平均每个三级网格有{found.whole['staff_per_grid']:.1f}人服务", otherwise="各社区平均每个网格的服务力量"),
        f"{found.period.label}末，{view.scope}：{found.told()}。",
    )
    notes = [f"共{v:.0f}人" if v == v else "" for v in found.wide["grid_deployed_staff"]]
    return by_place(view, found, said, notes)


# ---- what passes through them ----


def _cases(view: View) -> Drawn:
    first, last = span(view)
    opened = read(view, cases.by_grid, first, last)
    rows = grids.cases_per_households(view.source, view.dataset.id, opened, last, view.places)
    shown = rows.head(_ROWS)
    notes = [f"在办{r.open}，超期{r.overdue}" if r.open else "" for r in shown.itertuples()]
    found = (
        title(f"诉求最多的{len(shown)}个网格，共{amount(shown['cases'].sum(), '件')}", otherwise="诉求最多的网格和在办情况"),
        f"{when(view)}，{rows['grid'].nunique()}个网格共{amount(rows['cases'].sum(), '件')}。网格大小不同，表格里另有每百户件数；多也可能是发现得多。",
    )
    labels = [grid_label(r.place, r.grid) for r in shown.itertuples()]
    figure = charts.bars(labels, [int(v) for v in shown["cases"]], "件", about(view, "cases", "grids"), found, notes)
    columns = (
        text("社区"),
        text("网格"),
        number("受理", "件"),
        number("在办", "件"),
        number("在办超期", "件"),
        number("户数", "户"),
        number("每百户", "件", 1),
    )
    return Drawn(rows, columns, figure)


def _flow(view: View) -> Drawn:
    rows = read(view, cases.steps, *span(view))
    notes = ["" if h != h or h is None else f"中位{h:.1f}小时" for h in rows["median_hours"]]
    found = (
        title(
            f"受理的{amount(rows['cases'].iloc[0], '件')}中已办结{amount(rows['cases'].iloc[2], '件')}",
            otherwise="上报、派单、处置、评价的件数",
        ),
        f"{when(view)}受理的诉求走到每一步的件数；中位用时是从上一步到这一步，一半比它快。",
    )
    figure = charts.steps(list(rows["step"]), [int(v) for v in rows["cases"]], "件", about(view, "cases"), found, notes)
    return Drawn(rows, (text("环节"), number("件数", "件"), number("中位用时", "小时", 1)), figure)


def _handling(view: View) -> Drawn:
    found = newest(view, "patrol_share", "on_time_rate", "cases_opened", "cases_overdue", "sent_back_rate")
    if found is None:
        return empty(view, "网格办理")
    said = (
        title(f"网格员主动发现占{found.whole['patrol_share']:.1f}%", otherwise="各社区网格发现和办理诉求的情况"),
        f"{found.period.label}，{view.scope}：{found.told()}。",
    )
    return side_by_side(view, found, said)


# ---- estates ----


def _managed(view: View) -> Drawn:
    rows = read(view, grids.estates, *span(view))
    parts = ("有物业有党支部", "有物业无党支部", "无物业")
    wide = (
        rows.assign(kind=rows["estate_kind"].fillna("未填"))
        .pivot_table(index="kind", columns="managed", values="estate_name", aggfunc="size", fill_value=0)
        .reindex(columns=parts, fill_value=0)
    )
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False).index]
    sums = wide.sum()
    found = (
        title(f"{int(sums['有物业无党支部'])}个有物业的小区还没有党支部", otherwise="各类小区的物业和物业党支部"),
        f"截至{_as_of(view)}，小区{len(rows)}个：" + "，".join(f"{n}{int(v)}个" for n, v in sums.items()) + "。",
    )
    figure = charts.whole(
        list(wide.index), list(parts), wide.to_numpy().tolist(), "个", about(view, "estates"), found, (BETTER, MARK, WORSE)
    )
    return Drawn(wide.reset_index(), (text("小区类型"), *(number(p, "个") for p in parts)), figure)


def _estate_rates(view: View) -> Drawn:
    found = newest(view, "property_branch_coverage", "managed_share", "owners_coverage", "council_coverage")
    if found is None:
        return empty(view, "小区治理")
    said = (
        title(
            f"小区物业覆盖率{format_value(found.whole['managed_share'], found.metrics[1])}",
            otherwise="各社区小区物业、业委会和议事会",
        ),
        f"{found.period.label}末，{view.scope}：{found.told()}。",
    )
    return side_by_side(view, found, said)


def _estates(view: View) -> Drawn:
    rows = read(view, grids.estates, *span(view)).drop(columns=["managed"])
    lacking = int(rows["property_company"].isna().sum())
    rows = rows.assign(property_company=rows["property_company"].fillna("没有"))
    columns = (
        text("社区"), text("小区"), text("类型"), number("户数", "户"), text("物业企业"), text("物业党支部"), text("业委会"),
        number("议事组织", "个"), number("议题", "件"), number("微实项目", "件"),
    )  # fmt: skip
    return Drawn(
        rows,
        columns,
        title=title(f"{len(rows)}个小区，其中{lacking}个没有物业", otherwise="逐个小区的物业、组织和议事情况"),
        takeaway=f"{when(view)}提出的议题和微实项目，写明小区的才计入；其余是期末情况。诉求台账没有小区一栏，按网格看。",
    )


TABS = {
    "网格划分": (
        Panel("grids_levels", "各级网格", "grids", _levels, ("grid_level",), ("grids_level2", "grids_level3", "grids_level4"), spell="as_of"),
        Panel("grids_households", "每网格户数", "monthly", _households, ("grids", "households"), ("households_per_grid", "grids")),
        Panel("grids_sizes", "网格大小", "grids", _sizes, ("grid_households", "grid_level"), ("households_per_grid",), spell="as_of"),
    ),
    "人员配备": (
        Panel("grids_posts", "网格员到岗", "grids", _posts, ("staff_posts", "staff_count"), ("grid_posts_filled", "grid_posts_vacant")),
        Panel("grids_stewards", "楼栋红管家", "monthly", _stewards, ("building_stewards", "households"), ("households_per_steward", "households_per_building")),
        Panel("grids_vacant", "空岗清单", "grids", _vacant, ("staff_posts", "staff_count"), ("grid_posts_vacant",), spell="as_of", wide=True),
        Panel("grids_per_grid", "每网格力量", "grid_forces", _per_grid, ("force_count",), ("staff_per_grid", "grid_deployed_staff")),
    ),
    "逐格对照": (
        Panel("grids_each", "逐格对照", "grids", _each, ("grid_households", "stewards"), ("households_per_steward", "grid_deployed_staff"), spell="as_of"),
    ),
    "谁在网格": (
        Panel("grids_roles", "1+N+X", "grid_forces", _roles, ("force_role",), ("grid_forces_sunk", "grid_forces_social", "grid_deployed_staff"), spell="as_of"),
        Panel("grids_nets", "多网融合", "grid_forces", _nets, ("net",), ("grid_deployed_staff",), spell="as_of"),
        Panel("grids_forces", "各类力量", "grid_forces", _forces, ("force_count",), ("grid_deployed_staff",), spell="as_of"),
    ),
    "诉求流转": (
        Panel("grids_cases", "各网格件数", "cases", _cases, ("grid",), ("cases_opened", "cases_overdue")),
        Panel("grids_flow", "四个环节", "cases", _flow, ("closed_at",), ("cases_opened", "on_time_rate")),
        Panel("grids_handling", "发现与办理", "cases", _handling, ("channel",), ("patrol_share", "on_time_rate", "cases_overdue", "sent_back_rate")),
    ),
    "小区": (
        Panel("grids_managed", "物业与党支部", "estates", _managed, ("property_company",), ("property_branch_coverage", "managed_share"), spell="as_of"),
        Panel("grids_estate_rates", "小区治理", "estates", _estate_rates, ("owners_committee_on",), ("property_branch_coverage", "managed_share", "owners_coverage", "council_coverage")),
        Panel("grids_estates", "逐个小区", "estates", _estates, (), ("property_branch_coverage",)),
    ),
}  # fmt: skip
