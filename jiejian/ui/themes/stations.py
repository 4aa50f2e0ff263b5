"""阵地服务: where can residents go, is it near and large enough, what is done there, and what does it bring them?"""

from __future__ import annotations

import pandas as pd

from jiejian import charts
from jiejian.charts.parts import BETTER, MARK
from jiejian.format import format_value
from jiejian.home import home
from jiejian.ledgers import areas, registers, sites
from jiejian.ui import theme
from jiejian.ui.theme import Drawn, Panel, number, text
from jiejian.ui.themes import services
from jiejian.ui.themes.common import about, number_or_none, read, share, span, title
from jiejian.ui.view import View

_FIVE = ("outpost", "publicity", "helping", "council_corner", "launching")


def page(view: View) -> None:
    theme.page(view, "阵地服务", _answer, TABS)


def _answer(view: View) -> str:
    rows, last = _stations(view), span(view)[1]
    if rows.empty:
        return f"截至{last}，{view.scope}没有已启用的阵地。"
    night = int(rows["night_opening"].astype("boolean").sum())
    area = rows["floor_area"].sum()
    return f"截至{last}，{view.scope}有党群服务中心和驿站{len(rows)}处，建筑面积{format_value(area, '平方米', unit=True)}，夜间开放{night}处。"


def _stations(view: View) -> pd.DataFrame:
    return read(view, sites.stations, span(view)[1])


# ---- what there is ----


def _area(view: View) -> Drawn:
    metric = view.catalogue.metrics["floor_area_per_100_households"]
    frame = view.figures(metric)
    standard = view.catalogue.standard_of(metric.id)
    figure = charts.ranked(frame, metric, view.context(metric), standard=standard)
    table = frame[["place", "numerator", "denominator", "value"]]
    return Drawn(
        table, (text("社区"), number("建筑面积", "平方米"), number("户数", "户"), number(metric.name, "平方米", 1)), figure
    )


def _types(view: View) -> Drawn:
    rows = _stations(view)
    group = rows.assign(
        kind=rows["station_type"].fillna("未填"), night=rows["night_opening"].astype("boolean").fillna(False)
    ).groupby("kind")
    table = pd.DataFrame(
        {"stations": group.size(), "area": group["floor_area"].sum(min_count=1), "night": group["night"].sum().astype(int)}
    )
    table = table.sort_values("stations", ascending=False, kind="stable").reset_index()
    night = int(table["night"].sum())
    found = (
        title(f"党群阵地{len(rows)}处，其中夜间开放{night}处" if len(rows) else "", otherwise="党群阵地按类型的处数面积"),
        f"截至{span(view)[1]}，{view.scope}。面积是建筑面积，不是占地面积；开放时间见“阵地清单”。",
    )
    notes = [
        f"{'' if pd.isna(r.area) else format_value(r.area, '平方米', unit=True) + '　'}夜间{r.night}处"
        for r in table.itertuples()
    ]
    figure = charts.bars(list(table["kind"]), [int(n) for n in table["stations"]], "处", about(view, "stations"), found, notes)
    return Drawn(table, (text("阵地类型"), number("阵地", "处"), number("建筑面积", "平方米"), number("夜间开放", "处")), figure)


def _where(view: View) -> Drawn:
    """A map from the ledger's own coordinates; tiles of communities where there are none."""
    rows = _stations(view)
    columns = (
        text("社区"),
        text("阵地名称"),
        text("阵地类型"),
        number("建筑面积", "平方米"),
        text("开放时间"),
        number("经度", "", 6),
        number("纬度", "", 6),
        text("坐标系"),
    )
    table = rows[["place", "station_name", "station_type", "floor_area", "opening_hours", "lon", "lat", "crs"]]
    placed = rows[rows["lon"].notna() & rows["lat"].notna()]
    if placed.empty:
        return Drawn(table, columns, _tiles(view, rows))
    # Coordinates of two systems lie hundreds of metres apart: only those of the most frequent one share a map.
    system = placed["crs"].fillna("").value_counts().index[0]
    shown = placed[placed["crs"].fillna("") == system]
    outline = areas.areas(home().catalogue)
    left_out = len(rows) - len(shown)
    found = (
        title(f"{len(shown)}处阵地的位置和步行范围" if shown.shape[0] > 9 else "", otherwise="党群阵地的位置和步行范围"),
        f"截至{span(view)[1]}，{view.scope}。"
        + (f"另有{left_out}处没有坐标或坐标系不同，不在图上。" if left_out else "")
        + (outline.fault or ("" if outline.features else "没有边界文件，只画位置；放边界的办法见用户指南。")),
    )
    points = [
        {
            "name": r.station_name, "lon": float(r.lon), "lat": float(r.lat), "place_id": r.place_id, "night": r.night_opening is True or r.night_opening == 1,
            "words": "，".join(str(part) for part in (r.place, r.station_type, r.opening_hours, None if pd.isna(r.floor_area) else f"{r.floor_area:g}平方米") if isinstance(part, str)),
        }
        for r in shown.itertuples()
    ]  # fmt: skip
    figure = charts.site_map(
        points, about(view, "stations"), found, outline.features, sites.TEN_MINUTES_KM, system, outline.licence
    )
    return Drawn(table, columns, figure)


def _tiles(view: View, rows: pd.DataFrame):
    known = view.known if not view.places else view.known[view.known["place_id"].isin(view.places)]
    counts = rows["place_id"].value_counts().reindex(known["place_id"], fill_value=0)
    found = (
        title(f"{int((counts > 0).sum())}个社区有党群阵地，共{len(rows)}处", otherwise="各社区党群阵地有多少处"),
        f"截至{span(view)[1]}，{view.scope}。台账没有经纬度，用方格代替地图；补上经度、纬度、坐标系三列就能画位置。",
    )
    return charts.tile_grid(list(known["place"]), [int(n) for n in counts], [f"{n}处" for n in counts], about(view, "stations"), found, list(known["place_id"]), "处")  # fmt: skip


def _five(view: View) -> Drawn:
    rows = _stations(view)
    heads = [view.catalogue.ledgers["stations"].column(c).name for c in _FIVE]
    table = pd.DataFrame({
        "function": heads,
        "has": [int(rows[c].astype("boolean").fillna(False).sum()) for c in _FIVE],
        "lacks": [int((rows[c].astype("boolean") == False).fillna(False).sum()) for c in _FIVE],  # noqa: E712
        "untold": [int(rows[c].isna().sum()) for c in _FIVE],
    })  # fmt: skip
    full, told = int((rows["functions_held"] == len(_FIVE)).sum()), int(rows["functions_held"].notna().sum())
    found = (
        title(f"五项功能齐全的阵地{full}处，占{share(full, told)}" if told else "", otherwise="阵地“五站合一”功能设置"),
        f"截至{span(view)[1]}，{view.scope}登记了功能的阵地{told}处，五项（{'、'.join(heads)}）齐全的{full}处。",
    )
    figure = charts.whole(heads, ("有", "没有", "未填"), table[["has", "lacks", "untold"]].to_numpy().tolist(), "处", about(view, "stations"), found, (BETTER, "#B7791F", MARK))  # fmt: skip
    return Drawn(table, (text("功能"), number("有", "处"), number("没有", "处"), number("未填", "处")), figure)


# ---- how near ----


def _reach(view: View) -> Drawn:
    estates = read(view, sites.estates_by_distance, span(view)[1])
    table = sites.within_reach(estates)
    whole, rows = table.iloc[-1], table.iloc[:-1].sort_values("share", kind="stable")
    left_out = int(estates["km"].isna().sum())
    km = f"{sites.TEN_MINUTES_KM * 1000:.0f}米"
    found = (
        title(
            f"{whole['share']:.1f}%的住户步行十分钟可到阵地" if whole["households"] else "",
            otherwise="算不出步行十分钟可到的比重",
        ),
        f"截至{span(view)[1]}，{view.scope}。十分钟按直线{km}算，不是实际走的路，实际可能更远；按小区中心点，小区里的每一户同算。"
        + (f"有{left_out}个小区没有坐标，未计入。" if left_out else ""),
    )
    notes = [f"{int(r.within)}/{int(r.households)}户" for r in rows.itertuples()]
    figure = charts.bars(
        list(rows["place"]),
        [number_or_none(v) for v in rows["share"].round(1)],
        "%",
        about(view, "estates", "stations"),
        found,
        notes,
    )
    return Drawn(
        table.drop(columns="place_id"),
        (text("社区"), number("户数", "户"), number("十分钟可到", "户"), number("占比", "%", 1)),
        figure,
    )


def _far(view: View) -> Drawn:
    rows = read(view, sites.estates_by_distance, span(view)[1]).drop(columns="place_id")
    rows = rows[rows["km"] > sites.TEN_MINUTES_KM].sort_values("households", ascending=False, kind="stable")
    households = rows["households"].sum()
    rows = rows.assign(km=rows["km"] * 1000)
    return Drawn(
        rows,
        (text("社区"), text("小区"), text("小区类型"), number("户数", "户"), text("最近的阵地"), number("直线距离", "米")),
        title=title(f"走十分钟到不了的小区{len(rows)}个", otherwise="步行十分钟到不了阵地的小区"),
        takeaway=f"截至{span(view)[1]}，共{households:.0f}户，户数多的在前。最近的阵地可以在别的社区；距离是直线，不是实际走的路。",
    )


def _list(view: View) -> Drawn:
    rows = _stations(view)
    rows = rows.assign(night_opening=rows["night_opening"].map({True: "是", False: "否"}).fillna("未填"))
    columns = (
        text("社区"), text("阵地名称"), text("阵地类型"), number("建筑面积", "平方米"), text("开放时间"), text("夜间开放"),
        text("功能"), number("五项功能", "项"),
    )  # fmt: skip
    return Drawn(
        rows[
            [
                "place",
                "station_name",
                "station_type",
                "floor_area",
                "opening_hours",
                "night_opening",
                "functions",
                "functions_held",
            ]
        ],
        columns,
        title=title(f"党群阵地清单：已启用{len(rows)}处", otherwise="党群阵地和驿站的清单"),
        takeaway=f"截至{span(view)[1]}，{view.scope}已启用、未停用的阵地。",
    )


def _rooms(view: View) -> Drawn:
    rows = read(view, registers.standing, "rooms", span(view)[1])
    group = rows.assign(kind=rows["room_function"].fillna("未填")).groupby("kind")
    table = pd.DataFrame(
        {"rooms": group.size(), "area": group["floor_area"].sum(min_count=1), "seats": group["seats"].sum(min_count=1)}
    )
    table = table.sort_values("rooms", ascending=False, kind="stable").reset_index()
    found = (
        title(f"功能室{len(rows)}间，分{len(table)}类用途" if len(rows) > 9 else "", otherwise="中心和驿站的功能室用途"),
        f"截至{span(view)[1]}，{view.scope}，室内面积共{format_value(rows['floor_area'].sum(), '平方米', unit=True)}。",
    )
    notes = ["" if pd.isna(v) else format_value(v, "平方米", unit=True) for v in table["area"]]
    figure = charts.bars(list(table["kind"]), [int(n) for n in table["rooms"]], "间", about(view, "rooms"), found, notes)
    return Drawn(table, (text("用途"), number("功能室", "间"), number("室内面积", "平方米"), number("可容纳", "人")), figure)


TABS = {
    "阵地布局": (
        Panel("stations_area", "每百户面积", "stations", _area, ("floor_area",), ("floor_area_per_100_households",)),
        Panel("stations_where", "位置", "stations", _where, (), ("stations_open", "stations_night"), spell="as_of", live=True),
        Panel(
            "stations_types",
            "类型",
            "stations",
            _types,
            ("station_type",),
            ("stations_residential", "stations_park", "stations_night"),
            spell="as_of",
        ),
        Panel("stations_five", "五站合一", "stations", _five, _FIVE, ("stations_five_share",), spell="as_of"),
    ),
    "走得到": (
        Panel("stations_reach", "步行十分钟", "estates", _reach, ("lon", "lat", "households"), spell="as_of"),
        Panel("stations_rooms", "功能室", "rooms", _rooms, ("room_function",), ("centre_rooms",), spell="as_of"),
        Panel("stations_far", "到不了的小区", "estates", _far, ("lon", "lat"), spell="as_of", wide=True),
        Panel("stations_list", "阵地清单", "stations", _list, (), ("stations_open", "stations_night"), spell="as_of", wide=True),
    ),
    **services.TABS,
}
