"""组织体系: how does the organisation stand from the street down to the building, whom does it reach, and where are the gaps?"""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from jiejian import charts
from jiejian.charts.parts import BETTER, MARK
from jiejian.format import format_value
from jiejian.ledgers import organisations, registers
from jiejian.ui import theme
from jiejian.ui.theme import Drawn, Panel, day, number, text
from jiejian.ui.themes.common import about, persons, read, span, title
from jiejian.ui.themes.newest import empty, head, newest, side_by_side
from jiejian.ui.view import View, kept

_INDENT = "　　"


def page(view: View) -> None:
    theme.page(view, "组织体系", _answer, TABS)


def _as_of(view: View):
    return span(view)[1]


def _answer(view: View) -> str:
    rows = _tree(view)
    if rows.empty:
        return f"截至{_as_of(view)}，{view.scope}的党组织台账里没有党组织。"
    reach = read(view, organisations.coverage, _as_of(view)).set_index("kind")
    # Those of the street itself belong to no community: the communities' figures add up to so many fewer.
    above = int((~rows["place_id"].isin(view.known["place_id"])).sum())
    apart_from = f"（含街道本级{above}个）" if above else ""
    gap = int(reach.loc["网格", "total"] - reach.loc["网格", "covered"])
    gaps = f"{gap}个网格没有党支部" if gap else "三级网格都有党支部"
    return f"截至{_as_of(view)}，{view.scope}有党组织{len(rows)}个{apart_from}，分{rows['level'].nunique()}类、最多{rows['depth'].max() - rows['depth'].min() + 1}层；{gaps}。"


# ---- the tree ----


def _tree(view: View) -> pd.DataFrame:
    return read(view, organisations.tree, _as_of(view))


def apart(rows: pd.DataFrame) -> np.ndarray:
    """Which organisations hang on one whose superior is not known: they are drawn apart."""
    faulty = set(rows.loc[rows["fault"] != "", "org_code"])
    return np.array([path.split("/")[0] in faulty for path in rows["path"]], dtype=bool)


def _words(row) -> str:
    members = "党员人数未填或不显示" if pd.isna(row.member_count) else f"党员{int(row.member_count)}人"
    return f"{row.level or '未填层级'}，{members}，直接下级{row.children}个"


def _drawn_tree(view: View, rows: pd.DataFrame, finding: tuple[str, str]):
    there = set(rows["org_code"])
    parents = [p if p in there else "" for p in rows["parent_code"]]
    words = [_words(r) for r in rows.itertuples()]
    return charts.icicle(list(rows["org_code"]), parents, list(rows["org_name"]), [1] * len(rows), words, about(view, "organisations"), finding)  # fmt: skip


_TREE_COLUMNS = (
    text("党组织"),
    text("层级"),
    text("社区"),
    number("党员人数", "人"),
    number("直接下级", "个"),
    number("所有下级", "个"),
)


def _listed(rows: pd.DataFrame) -> pd.DataFrame:
    """The tree as lines: a name is the further in the deeper it stands."""
    top = rows["depth"].min() if len(rows) else 0
    prefix = [_INDENT * int(d - top) + ("▾ " if c else "· ") for d, c in zip(rows["depth"], rows["children"], strict=True)]
    below = pd.Series([part for path in rows["path"] for part in path.split("/")[:-1]], dtype=object).value_counts()
    return pd.DataFrame(
        {
            "name": [p + n for p, n in zip(prefix, rows["org_name"], strict=True)],
            "level": rows["level"].to_numpy(),
            "place": rows["place"].to_numpy(),
            "members": rows["member_count"].to_numpy(),
            "children": rows["children"].to_numpy(),
            "below": rows["org_code"].map(below).fillna(0).astype(int).to_numpy(),
        }
    )


def _icicle(view: View) -> Drawn:
    rows = _tree(view)
    sound = rows[~apart(rows)]
    depth = int(sound["depth"].max() - sound["depth"].min() + 1) if len(sound) else 0
    told = f"上级查不到或成环的连同下级共{len(rows) - len(sound)}个，单独画在“缺口”里。" if len(rows) > len(sound) else ""
    found = (
        title(f"{len(sound)}个党组织，最多{depth}层", otherwise="党组织从上到下的层级和数量"),
        f"截至{_as_of(view)}，{view.scope}。越高的一块下属组织越多，点一块看它的下级。{told}",
    )
    return Drawn(_listed(sound), _TREE_COLUMNS, _drawn_tree(view, sound, found))


@kept
def _heads(view: View) -> dict[str, str]:
    """The organisations that have others below them, by code, in words."""
    rows = _tree(view)
    rows = rows[~apart(rows) & (rows["children"] > 0)]
    return dict(zip(rows["org_code"], rows["org_name"] + "（" + rows["level"].fillna("") + "）", strict=True))


@kept
def _below(view: View, start: str | None) -> tuple[int, pd.DataFrame, np.ndarray]:
    """How many levels there are from an organisation down (None: from the top), their lines, and how deep each lies."""
    rows = _tree(view)
    rows = rows[~apart(rows)]
    if start:
        rows = rows[[start in path.split("/") for path in rows["path"]]]
    depth = (rows["depth"] - rows["depth"].min()).to_numpy(dtype=int)
    return int(depth.max()) + 1 if len(depth) else 1, _listed(rows), depth


def _outline(view: View) -> Drawn:
    """The same tree as lines that fold: from which organisation, and down to which depth."""
    names = _heads(view)
    left, right = st.columns([2, 1])
    start = left.selectbox(
        "从哪个组织看起", list(names), format_func=names.get, index=None, placeholder="最上一级", key="org_start"
    )
    deepest, lines, depth = _below(view, start)
    opened = right.selectbox("展开到第几层", range(1, deepest + 1), index=min(2, deepest) - 1, key=f"org_depth_{deepest}")
    lines = lines[depth < opened]
    return Drawn(
        lines,
        _TREE_COLUMNS,
        title=title(f"{names.get(start, view.scope)}以下{opened}层共{len(lines)}个组织", otherwise=f"展开到第{opened}层，共{len(lines)}个组织"),
        takeaway="选一个组织只看它以下，选层数展开或收起；“所有下级”把收起的也数在内。",
    )  # fmt: skip


def _levels(view: View) -> Drawn:
    rows = read(view, organisations.levels, _as_of(view))
    most = rows.sort_values("organisations", ascending=False).iloc[0] if len(rows) else None
    found = (
        title(
            f"{most['level']}最多，有{most['organisations']}个" if most is not None else "", otherwise="各层级党组织和党员的数量"
        ),
        f"截至{_as_of(view)}，从上到下。上级的党员人数含下级，各层级的人数不能相加。",
    )
    notes = ["" if pd.isna(m) else f"党员{format_value(float(m), '人')}人" for m in rows["members"]]
    figure = charts.bars([v or "未填" for v in rows["level"]], [int(v) for v in rows["organisations"]], "个", about(view, "organisations"), found, notes)  # fmt: skip
    return Drawn(rows, (text("组织层级"), number("组织数", "个"), number("党员人数", "人")), figure)


def _types(view: View) -> Drawn:
    rows = read(view, registers.standing, "organisations", _as_of(view))
    rows = rows.assign(org_type=rows["org_type"].fillna("未填"))
    wide = rows.pivot_table(index="place", columns="org_type", values="org_code", aggfunc="size", fill_value=0, sort=False)
    kinds = wide.sum().sort_values(ascending=False)
    wide = wide[list(kinds.index)]
    told = "，".join(f"{name}{n}个" for name, n in kinds.items())
    found = (
        title(f"各社区六类党组织共{len(rows)}个" if len(kinds) == 6 else "", otherwise="各社区各类党组织的数量"),
        f"截至{_as_of(view)}：{told}。",
    )
    figure = charts.matrix(
        list(wide.index),
        [head(str(k)) for k in wide.columns],
        wide.to_numpy().tolist(),
        "个",
        about(view, "organisations"),
        found,
    )
    return Drawn(wide.reset_index(), (text("社区"), *(number(str(k), "个") for k in wide.columns)), figure)


# ---- whom it reaches ----


def _coverage(view: View) -> Drawn:
    rows = read(view, organisations.coverage, _as_of(view))
    rows = rows.assign(share=100 * rows["covered"] / rows["total"].where(rows["total"] > 0))
    rated = rows[rows["total"].notna()]
    notes = [f"{r.covered}/{int(r.total)}" if r.total else "台账里没有" for r in rated.itertuples()]
    grid = rated.set_index("kind")["share"]["网格"]
    buildings = int(rows.set_index("kind")["covered"]["楼栋"])
    found = (
        title(f"{grid:.1f}%的三级网格已有党支部" if grid == grid else "", otherwise="党组织覆盖到网格、小区、商圈和两新"),
        f"截至{_as_of(view)}，{view.scope}；党小组、党员中心户写明所在楼栋的有{buildings}栋，各网格楼号会重复，不算比重。两新组织只计单独组建和联合组建。",
    )
    figure = charts.bars(list(rated["kind"]), [None if v != v else v for v in rated["share"]], "%", about(view, "organisations", "grids", "estates", "enterprises"), found, notes)  # fmt: skip
    return Drawn(rows, (text("覆盖对象"), number("已覆盖"), number("总数"), number("覆盖率", "%", 1)), figure)


def _coverage_places(view: View) -> Drawn:
    names = ("grid_branch_coverage", "property_branch_coverage", "organisation_coverage", "work_coverage")
    found = newest(view, *names)
    if found is None:
        return empty(view, "覆盖率")
    full = int((found.wide["grid_branch_coverage"] >= 100).sum())
    said = (
        title(f"{full}个社区的网格都有党支部", otherwise="各社区的网格、物业和两新覆盖率"),
        f"{found.period.label}末，{view.scope}：{found.told()}。两新组织少的社区，一家就能差很多。",
    )
    return side_by_side(view, found, said)


def _new_sector(view: View) -> Drawn:
    rows = read(view, registers.standing, "enterprises", _as_of(view))
    ways = ("单独组建", "联合组建", "党建指导员", "未覆盖", "未填")
    since = pd.to_datetime(rows["covered_on"]) <= pd.Timestamp(_as_of(view))
    way = rows["coverage"].fillna("未填")
    way = way.where(since | ~way.isin(ways[:3]), "未覆盖")
    wide = (
        rows.assign(way=way, kind=rows["enterprise_kind"].fillna("未填"))
        .pivot_table(index="kind", columns="way", values="enterprise_no", aggfunc="size", fill_value=0)
        .reindex(columns=[w for w in ways if w != "未填" or (way == "未填").any()], fill_value=0)
    )
    wide = wide.loc[wide.sum(axis=1).sort_values(ascending=False).index]
    left = int(wide["未覆盖"].sum())
    found = (
        title(f"{left}家两新组织还没有党建覆盖" if left else "", otherwise="两新组织党的组织和工作覆盖"),
        f"截至{_as_of(view)}，两新组织{len(rows)}家。单独、联合组建是组织覆盖；派党建指导员只算工作覆盖。",
    )
    colours = (BETTER, "#8FB3D4", "#B7791F", MARK, "#E4E7EB")[: wide.shape[1]]
    figure = charts.whole(
        list(wide.index), list(wide.columns), wide.to_numpy().tolist(), "家", about(view, "enterprises"), found, colours
    )
    return Drawn(wide.reset_index(), (text("两新组织类型"), *(number(str(w), "家") for w in wide.columns)), figure)


def _districts(view: View) -> Drawn:
    rows = read(view, organisations.districts, _as_of(view))
    notes = [f"有党组织{r.covered}，指导员{r.guided}，党员{persons(r.members)}" for r in rows.itertuples()]
    found = (
        title(
            f"{len(rows)}个商圈楼宇、{rows['enterprises'].sum()}家两新组织" if len(rows) else "",
            otherwise="商圈楼宇里的两新组织和党员",
        ),
        f"截至{_as_of(view)}，只计台账写明所属商圈或楼宇的；党员示范店{int(rows['model_shops'].sum())}家。商家积分在“活动与志愿”。",
    )
    figure = charts.bars(list(rows["district"]), [int(v) for v in rows["enterprises"]], "家", about(view, "enterprises"), found, notes)  # fmt: skip
    columns = (text("商圈楼宇"), number("两新组织", "家"), number("有党组织", "家"), number("派指导员", "家"), number("党员", "人"), number("党员示范店", "家"))  # fmt: skip
    return Drawn(rows, columns, figure)


# ---- who joined in, and the four forces ----


def _joined(view: View) -> Drawn:
    kinds = read(view, organisations.joined, _as_of(view))
    members = read(view, registers.people_total, "co_units", "member_count", _as_of(view))
    notes = [f"党组织{int(r.organisations)}，党员{persons(r.members)}，兼职委员单位{r.committee}" for r in kinds.itertuples()]
    found = (
        title(f"{kinds['units'].sum()}家单位的{int(kinds['organisations'].sum())}个党组织融入", otherwise="融入社区党委的共建单位"),
        f"截至{_as_of(view)}，已签约未退出；融入党员{persons(members)}，不计入社区在册党员；负责人兼任委员的{int(kinds['committee'].sum())}家。",
    )
    figure = charts.bars(list(kinds["kind"]), [int(v) for v in kinds["units"]], "家", about(view, "co_units"), found, notes)
    columns = (text("单位性质"), number("共建单位", "家"), number("融入党组织", "个"), number("融入党员", "人"), number("负责人兼任委员", "家"))  # fmt: skip
    return Drawn(kinds, columns, figure)


def _joined_places(view: View) -> Drawn:
    found = newest(
        view, "co_building_units", "merged_organisations", "merged_members", "part_time_member_units", "part_time_members"
    )
    if found is None:
        return empty(view, "大党委")
    said = (
        title(
            f"兼职委员{format_value(found.whole['part_time_members'], '人')}人，分布在各社区",
            otherwise="各社区大党委吸纳的单位和委员",
        ),
        f"{found.period.label}末，{view.scope}：{found.told()}。",
    )
    return side_by_side(view, found, said)


def _forces(view: View) -> Drawn:
    found = newest(view, "registered_members", "community_workers_per_10k", "volunteers", "social_organisations")
    if found is None:
        return empty(view, "四支力量")
    said = (
        "党组织、社工、志愿者、社会组织并列",
        f"{found.period.label}末，{view.scope}：{found.told()}。四支力量单位不同，并列不相加。",
    )
    return side_by_side(view, found, said)


def _departments(view: View) -> Drawn:
    rows = read(view, registers.standing, "departments", _as_of(view)).drop(columns=["place_id"])
    rows = rows.sort_values("item_count", ascending=False, kind="stable", ignore_index=True)
    notes = [f"窗口{_plain(r.window_count)}，党员{persons(r.member_count)}" for r in rows.itertuples()]
    sums = rows[["window_count", "item_count", "organisation_count"]].sum()
    members = read(view, registers.people_total, "departments", "member_count", _as_of(view))
    found = (
        title(
            f"{len(rows)}个部门进驻，可办{int(sums['item_count'])}项" if len(rows) else "", otherwise="进驻服务综合楼的部门和党员"
        ),
        f"截至{_as_of(view)}，窗口{int(sums['window_count'])}个、党组织{int(sums['organisation_count'])}个、党员{persons(members)}。事项数按部门计，部门之间不重复。",
    )
    figure = charts.bars(list(rows["department_name"]), [None if pd.isna(v) else int(v) for v in rows["item_count"]], "项", about(view, "departments"), found, notes)  # fmt: skip
    shown = rows[
        [
            "department_name",
            "department_kind",
            "place",
            "window_count",
            "item_count",
            "staff_count",
            "organisation_count",
            "member_count",
        ]
    ]
    columns = (text("进驻部门"), text("部门性质"), text("社区"), number("窗口", "个"), number("审批服务事项", "项"), number("工作人员", "人"), number("党组织", "个"), number("党员", "人"))  # fmt: skip
    return Drawn(shown, columns, figure)


def _plain(value) -> str:
    return "未填" if pd.isna(value) else str(int(value))


# ---- gaps ----


def _gap_grids(view: View) -> Drawn:
    rows = read(view, organisations.grids_without_branch, _as_of(view)).drop(columns=["place_id"])
    return Drawn(
        rows,
        (text("社区"), text("网格编码"), text("网格名称"), number("户数", "户")),
        title=f"没有党支部的三级网格共{len(rows)}个" if len(rows) else "三级网格都已建立党支部",
        takeaway=f"截至{_as_of(view)}，党组织台账里没有一个组织写明所属的三级网格。先核对网格名称两本台账是否一致。",
    )


def _gap_large(view: View) -> Drawn:
    rule = view.catalogue.standards["branch_size"]
    limit = int(rule.value)
    rows = organisations.large_branches(view.source, view.dataset.id, _as_of(view), view.places, limit)
    return Drawn(
        rows,
        (text("组织编码"), text("组织名称"), text("社区"), number("党员人数", "人")),
        title=f"超过{limit}人的党支部共{len(rows)}个" if len(rows) else f"没有超过{limit}人的党支部",
        takeaway=f"截至{_as_of(view)}。依据《{rule.document}》（{rule.issued_by}）：{rule.clause}。超过的应研究设立党总支或分设支部。",
    )


def _gap_terms(view: View) -> Drawn:
    rows = read(view, organisations.terms_run_out, _as_of(view))
    rows = rows[["place", "org_name", "term_ends_on", "days", "level", "org_code"]]
    columns = (text("社区"), text("组织名称"), day("任期届满日期"), number("已过", "天"), text("层级"), text("组织编码"))
    return Drawn(
        rows,
        columns,
        title=f"任期届满未换届的党组织共{len(rows)}个" if len(rows) else "没有任期届满未换届的党组织",
        takeaway=f"截至{_as_of(view)}，任期已满、台账还没有登记新一届的，最久的在前。已换届的，请更新党组织台账的两个日期。",
    )


def _gap_faults(view: View) -> Drawn:
    rows = _tree(view)
    alone, faulty = rows[apart(rows)], rows[rows["fault"] != ""]
    listed = faulty[["org_code", "org_name", "level", "place", "fault"]].reset_index(drop=True)
    columns = (text("组织编码"), text("组织名称"), text("层级"), text("社区"), text("问题"))
    if faulty.empty:
        return Drawn(
            listed,
            columns,
            title="上下级关系都能对上，没有断链",
            takeaway=f"截至{_as_of(view)}，每个组织的上级都在台账里，也没有互为上级的。",
        )
    found = (
        title(f"{len(faulty)}个组织的上下级关系要核对", otherwise="有组织的上下级关系要核对"),
        f"{'，'.join(f'{name}{n}个' for name, n in faulty['fault'].value_counts().items())}；连同其下级共{len(alone)}个，单独画在这里。请改正上级组织编码后重新上报。",
    )
    return Drawn(listed, columns, _drawn_tree(view, alone, found))


TABS = {
    "组织层级": (
        Panel("org_icicle", "组织体系图", "organisations", _icicle, (), ("party_organisations",), spell="as_of"),
        Panel("org_outline", "组织体系目录", "organisations", _outline, (), ("party_organisations",), spell="as_of", wide=True, live=True),
        Panel("org_levels", "各层级数量", "organisations", _levels, ("member_count",), ("party_organisations", "grid_branches", "building_groups", "member_households"), spell="as_of"),
        Panel("org_types", "各类组织", "organisations", _types, ("org_type",), ("party_organisations", "new_sector_branches", "property_branches"), spell="as_of"),
    ),
    "覆盖情况": (
        Panel("org_coverage", "覆盖到哪里", "organisations", _coverage, ("grid",), ("grid_branch_coverage", "property_branch_coverage", "organisation_coverage"), spell="as_of"),
        Panel("org_new_sector", "两新组织", "enterprises", _new_sector, ("coverage",), ("organisation_coverage", "work_coverage", "enterprises"), spell="as_of"),
        Panel("org_cover_places", "各社区覆盖率", "organisations", _coverage_places, ("grid",), ("grid_branch_coverage", "property_branch_coverage", "organisation_coverage", "work_coverage")),
        Panel("org_districts", "商圈楼宇", "enterprises", _districts, ("district",), ("district_enterprises", "model_shops", "enterprise_members"), spell="as_of"),
    ),
    "共建与力量": (
        Panel("org_joined", "融入的单位", "co_units", _joined, ("unit_kind",), ("merged_organisations", "merged_members", "part_time_member_units"), spell="as_of"),
        Panel("org_departments", "进驻部门", "departments", _departments, ("item_count",), ("departments", "department_windows", "department_items", "department_organisations", "department_members"), spell="as_of"),
        Panel("org_joined_places", "各社区大党委", "co_units", _joined_places, (), ("co_building_units", "merged_organisations", "merged_members", "part_time_member_units", "part_time_members")),
        Panel("org_forces", "四支力量", "monthly", _forces, ("registered_members", "volunteers"), ("registered_members", "community_workers_per_10k", "volunteers", "social_organisations")),
    ),
    "缺口": (
        Panel("org_gap_grids", "网格无党支部", "grids", _gap_grids, ("grid_level",), ("grid_branch_coverage",), spell="as_of"),
        Panel("org_gap_large", "支部人数", "organisations", _gap_large, ("member_count",), ("members_per_grid_branch",), spell="as_of"),
        Panel("org_gap_terms", "届满未换届", "organisations", _gap_terms, ("term_ends_on",), ("elections_overdue",), spell="as_of", wide=True),
        Panel("org_gap_faults", "上下级关系", "organisations", _gap_faults, ("parent_code",), ("party_organisations",), spell="as_of"),
    ),
}  # fmt: skip
