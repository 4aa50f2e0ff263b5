"""Which workbook holds what: the made-up ledgers laid out as the street's offices send them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from etl.demo import typist
from etl.demo.cells import columns_of, sheet_of, type_dates
from etl.demo.frames import Ledgers
from etl.demo.monthly import NEW_TEMPLATE, write_monthly
from etl.demo.profile import (
    COMMUNITIES,
    CRS,
    DEGREES_PER_KM,
    FORMER_NAME,
    KINDS,
    NAMES,
    PLACES,
    RENAMED_PLACE,
    SHORT,
    STREET,
    TYPIST_PLACE,
    names_on,
)
from etl.demo.seasons import HALVES, MONTHS, QUARTERS
from etl.demo.system_books import write_system_books
from etl.demo.templates import (
    ACTIVITY_HEADS,
    CONTRIBUTION_HEADS,
    EVENT_HEADS,
    GRID_HEADS,
    GROUP_HEADS,
    OLD_ACTIVITY_HEADS,
    ORGANISATION_HEADS,
    PROJECT_HEADS,
    SCORE_HEADS,
    SOCIAL_HEADS,
    STATION_HEADS,
    TOPIC_HEADS,
    report_line,
)
from etl.demo.workbooks import Cell, Sheet, write_workbook

ACTIVITY_FAULTS = {  # by half-year: column and what stands there
    "2024年上半年": (("attendances", "若干"), ("held_on", "2024.13.5"), ("place", typist.WRONG_NAME)),
    "2025年上半年": (("attendances", "很多人"), ("held_on", "2025年6月31日")),
    "2025年下半年": (("attendances", "若干"), ("place", typist.WRONG_NAME)),
    "2026年下半年": (("attendances", "见签到表"),),
}


def _activity_columns(
    frame: pd.DataFrame, heads: dict[str, str], seed: int, half: str, names: tuple[str, ...]
) -> dict[str, list[Cell]]:
    """One half-year's cells; the typist's rows have dates as text, odd counts and a few faults."""
    columns = columns_of(frame, heads)
    columns["place"] = [names[p] for p in frame["place_index"]]
    hers = np.flatnonzero(frame["place_index"] == TYPIST_PLACE)
    type_dates(columns, hers, ("held_on",))
    counts = typist.typed_counts(seed, half, [columns["attendances"][row] for row in hers])
    faults = ACTIVITY_FAULTS.get(half, ())
    wrong = typist.places_of_faults(seed, f"activities {half}", hers, len(faults))
    cells = [(row, "attendances", cell) for row, cell in zip(hers, counts, strict=True)]
    cells += [(row, column, words) for row, (column, words) in zip(wrong, faults, strict=True)]
    for row, column, cell in cells:
        columns[column][row] = cell
    return columns


def _activities(folder: Path, ledgers: Ledgers, seed: int) -> list[Path]:
    written = []
    for span in HALVES:
        frame = ledgers.activities[span.holds(ledgers.activities["held_on"].to_numpy())]
        heads = OLD_ACTIVITY_HEADS if MONTHS[span.first] < NEW_TEMPLATE else ACTIVITY_HEADS
        columns = _activity_columns(frame, heads, seed, span.title, names_on(MONTHS[span.first]))
        title = f"{span.title}活动台账"
        written.append(write_workbook(folder / "活动台账" / f"{title}.xlsx", sheet_of(title, heads, columns, name="活动台账")))
    return written


def _deliberations(folder: Path, ledgers: Ledgers, seed: int) -> Path:
    frame, columns = ledgers.deliberations, columns_of(ledgers.deliberations, TOPIC_HEADS)
    done = np.flatnonzero((frame["place_index"] == TYPIST_PLACE) & frame["done_on"].notna())
    for row in typist.places_of_faults(seed, "deliberations", done, 2):  # done before it was raised: she mixed up the year
        columns["done_on"][row] = columns["raised_on"][row].replace(year=columns["raised_on"][row].year - 1, day=1)
    type_dates(columns, np.flatnonzero(frame["place_index"] == TYPIST_PLACE), ("raised_on", "coordinated_on", "voted_on", "done_on"))
    return write_workbook(folder / "议事协商" / "议事协商台账.xlsx", sheet_of("议事协商台账", TOPIC_HEADS, columns, name="议题"))


def _projects(folder: Path, ledgers: Ledgers, seed: int) -> Path:
    frame, columns = ledgers.projects, columns_of(ledgers.projects, PROJECT_HEADS)
    agreed = np.flatnonzero((frame["place_index"] == TYPIST_PLACE) & frame["agreed_on"].notna())
    odd = ("面议", "1.2万", "约5000", "待定")
    for row, words in zip(typist.places_of_faults(seed, "projects", agreed, len(odd)), odd, strict=False):
        columns["cost_yuan"][row] = words
    title = "需求与共建项目台账"
    return write_workbook(folder / "共建项目" / f"{title}.xlsx", sheet_of(title, PROJECT_HEADS, columns, name="项目"))


def _contributions(folder: Path, ledgers: Ledgers, seed: int) -> Path:
    columns = columns_of(ledgers.contributions, CONTRIBUTION_HEADS)
    hers = np.flatnonzero(ledgers.contributions["place_index"] == TYPIST_PLACE)
    for row in typist.places_of_faults(seed, "contributions", hers, 1):
        columns["amount_yuan"][row] = "待到账"
    title = "众筹出资台账"
    return write_workbook(folder / "共建项目" / f"{title}.xlsx", sheet_of(title, CONTRIBUTION_HEADS, columns, name="出资"))


def _registers(folder: Path, ledgers: Ledgers) -> list[Path]:
    plain = (
        ("阵地", "阵地台账", ledgers.stations, STATION_HEADS, f"注：坐标为{CRS}，面积为建筑面积，不是占地面积。"),
        ("党组织", "党组织台账", ledgers.organisations, ORGANISATION_HEADS, "注：党委、党总支的党员人数含下级组织。"),
        ("网格", "网格台账", ledgers.grids, GRID_HEADS, "注：专属网格不含住户；二级、四级网格的户数与三级网格重复，不填。"),
        ("社会组织", "社会组织台账", ledgers.social_orgs, SOCIAL_HEADS, "注：累计数自入驻之日起算。"),
        ("大事记", "大事记", ledgers.events, EVENT_HEADS, ""),
    )
    return [
        write_workbook(folder / kind / f"{title}.xlsx", sheet_of(title, heads, columns_of(frame, heads), note, title))
        for kind, title, frame, heads, note in plain
    ]


def _roll(folder: Path) -> Path:
    heads = ("序号", "社区名称", "所属街道", "类型", "简称/曾用名", "编码", "辖区面积(平方公里)", "经度", "纬度", "坐标系")
    aliases = [f"{short}、{FORMER_NAME}、机修厂" if i == RENAMED_PLACE else short for i, short in enumerate(SHORT)]
    columns = [
        list(range(1, PLACES + 1)),
        list(NAMES),
        [STREET] * PLACES,
        [KINDS[c.kind] for c in COMMUNITIES],
        aliases,
        [f"000000001{i:03d}" for i in range(1, PLACES + 1)],
        [c.area_km2 for c in COMMUNITIES],
        [round(c.east_km * DEGREES_PER_KM, 6) for c in COMMUNITIES],
        [round(c.north_km * DEGREES_PER_KM, 6) for c in COMMUNITIES],
        [CRS] * PLACES,
    ]
    note = "注：按街道惯用顺序排列，编码与坐标均为虚构。"
    return write_workbook(folder / "社区名册.xlsx", Sheet(f"{STREET}社区名册", heads, columns, note=note, name="社区名册"))


def _quarterly(folder: Path, ledgers: Ledgers) -> list[Path]:
    written = []
    for span, scores, groups in zip(QUARTERS, ledgers.scores, ledgers.groups, strict=True):
        for kind, title, heads, values in (
            ("考评得分", "社区考评得分表", SCORE_HEADS, scores),
            ("服务对象", "服务对象统计表", GROUP_HEADS, groups),
        ):
            counts = [values[name].tolist() for name in heads]
            sheet = Sheet(
                title=f"{STREET}{span.title}{title}",
                heads=("序号", "社区", *(f"{h}(分)" if kind == "考评得分" else h for h in heads.values())),
                columns=[list(range(1, PLACES + 1)), list(names_on(MONTHS[span.last])), *counts],
                line=report_line((MONTHS[span.last] + 1).astype(date).replace(day=8)),
                total=() if kind == "考评得分" else ["", "合计", *(sum(c) for c in counts)],
                note="注：每项满分100分，不计总分。" if kind == "考评得分" else "注：各类对象为季末数，走访服务人次为本季数；一人可属几类。",
                name=kind,
            )
            written.append(write_workbook(folder / kind / f"{span.title}{title}.xlsx", sheet))
    return written


def _targets(folder: Path, ledgers: Ledgers) -> list[Path]:
    heads = {"period": "年度", "metric": "指标", "place": "社区", "target_value": "目标值"}
    written = []
    for year, frame in ledgers.targets.items():
        columns = columns_of(frame, heads)
        columns["period"] = [f"{year}年"] * len(frame)
        title = f"{year}年目标任务分解表"
        note = "注：比率类指标按百分数填写，95即95%。"
        written.append(write_workbook(folder / "目标任务" / f"{title}.xlsx", sheet_of(title, heads, columns, note, "目标任务")))
    return written


def write_books(folder: Path, ledgers: Ledgers, seed: int) -> list[Path]:
    """Every workbook of the made-up street, in the order in which an office would look for them."""
    return [
        _roll(folder),
        *write_monthly(folder, ledgers.monthly, seed),
        *_activities(folder, ledgers, seed),
        _deliberations(folder, ledgers, seed),
        _projects(folder, ledgers, seed),
        _contributions(folder, ledgers, seed),
        *_registers(folder, ledgers),
        *_quarterly(folder, ledgers),
        *_targets(folder, ledgers),
        *write_system_books(folder, ledgers, seed),
    ]
