"""The workbooks of the working systems: which ledger lies in which folder, whole or by the year."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from etl.demo import system_heads as heads
from etl.demo import typist
from etl.demo.cells import columns_of, sheet_of, type_dates
from etl.demo.frames import Ledgers
from etl.demo.profile import CRS, TYPIST_PLACE
from etl.demo.workbooks import write_workbook


class Book(NamedTuple):
    """A ledger's workbooks: folder, title, heads, note, and the column whose year parts them (empty: one workbook)."""

    ledger: str
    folder: str
    title: str
    heads: dict[str, str]
    note: str = ""
    by_year: str = ""


BOOKS = (
    Book("councils", "议事协商", "居民自治组织台账", heads.COUNCILS),
    Book("meetings", "议事协商", "联席会议与联系日台账", heads.MEETINGS, "注：已办结意见为截至上报日的数。", "held_on"),
    Book("windows", "窗口服务", "服务窗口台账", heads.WINDOWS),
    Book("departments", "窗口服务", "进驻部门台账", heads.DEPARTMENTS),
    Book("benefits", "便民惠民", "便民惠民台账", heads.BENEFITS, "注：惠及人次不是人数。", "given_on"),
    Book("small_works", "便民惠民", "微实项目台账", heads.SMALL_WORKS, "", "requested_on"),
    Book("co_units", "共建项目", "共建单位台账", heads.CO_UNITS),
    Book("resources", "共建项目", "资源清单", heads.RESOURCES, "注：类别与需求台账一致。"),
    Book("alliance", "志愿服务", "红色联盟成员台账", heads.ALLIANCE),
    Book("teams", "志愿服务", "志愿服务队台账", heads.TEAMS),
    Book("team_services", "志愿服务", "志愿服务队服务记录", heads.TEAM_SERVICES, "", "held_on"),
    Book("social_services", "社会组织", "社会组织服务记录", heads.SOCIAL_SERVICES, "", "held_on"),
    Book("rooms", "阵地", "功能室台账", heads.ROOMS),
    Book("venues", "阵地", "阵地使用情况表", heads.VENUES, "注：活动参加人数按身份去重，不能跨月相加。", "period"),
    Book("estates", "小区", "小区台账", heads.ESTATES, f"注：坐标为{CRS}，小区中心点。"),
    Book("grid_forces", "网格", "网格力量台账", heads.GRID_FORCES, "注：只写人数，不写姓名。"),
    Book("enterprises", "党组织", "两新组织台账", heads.ENTERPRISES),
    Book("member_profile", "党员队伍", "党员队伍结构统计表", heads.MEMBER_PROFILE, "注：季末数，只报人数。", "period"),
    Book("recruits", "党员队伍", "发展党员统计表", heads.RECRUITS, "注：前四栏为季末数，后三栏为本季数。", "period"),
    Book("dues", "党员队伍", "党费收缴统计表", heads.DUES, "", "period"),
    Book("reviews", "党员队伍", "民主评议党员统计表", heads.REVIEWS),
    Book("member_scores", "党员队伍", "党员作用发挥统计表", heads.MEMBER_SCORES, "注：只报人数。", "period"),
    Book("unity", "民族团结", "民族团结进步工作统计表", heads.UNITY, "注：只报人数。", "period"),
)
# What the typist put where a number should be: the row comes back. By ledger and year.
FAULTS = {("small_works", "2025"): ("cost_yuan", "面议后定"), ("meetings", "2026"): ("opinions_raised", "多条")}
TYPED_DATES = {"small_works": ("requested_on", "done_on"), "meetings": ("held_on",), "team_services": ("held_on",)}


def _parts(frame: pd.DataFrame, by_year: str) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each year under the year's name, or all of them under none."""
    if not by_year:
        yield "", frame
        return
    year = frame[by_year].astype(str).str[:4]
    for name in sorted(year.unique()):
        yield name, frame[year == name].reset_index(drop=True)


def write_system_books(folder: Path, ledgers: Ledgers, seed: int) -> list[Path]:
    """Every workbook of the working systems; the typist's rows have dates as text and two words for numbers."""
    written = []
    for book in BOOKS:
        for year, frame in _parts(ledgers.systems[book.ledger], book.by_year):
            columns = columns_of(frame, book.heads)
            hers = np.flatnonzero(frame["place_index"] == TYPIST_PLACE)
            type_dates(columns, hers, TYPED_DATES.get(book.ledger, ()))
            if fault := FAULTS.get((book.ledger, year)):
                given = hers[frame[fault[0]].notna().to_numpy()[hers]]
                for row in typist.places_of_faults(seed, f"{book.ledger} {year}", given, 1):
                    columns[fault[0]][row] = fault[1]
            title = f"{year}年{book.title}" if year else book.title
            sheet = sheet_of(title, book.heads, columns, book.note, book.title)
            written.append(write_workbook(folder / book.folder / f"{title}.xlsx", sheet))
    return written
