"""The monthly workbooks: one a month, two-level heads, a total row; one row late, one row typed by a typist who errs."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from etl.demo import typist
from etl.demo.chance import stream
from etl.demo.profile import LATE_MONTHS, LATE_PLACE, PLACES, STREET, TYPIST_PLACE, names_on
from etl.demo.seasons import MONTHS, month_title
from etl.demo.templates import MONTHLY, report_line
from etl.demo.workbooks import Cell, Sheet, write_workbook

NEW_TEMPLATE = np.datetime64("2025-01")  # from this month the monthly table has a row of units
MAY_BE_BLANK = ("floating_members", "co_building_units", "service_items", "part_time_members")
BLANKS = 8  # cells of other communities that were left blank or got a dash
NOTE = "注：户数至服务事项为月末数，其余为当月发生数；户籍人口按人户一致统计，与流动人口之和等于常住人口。"

Blanks = dict[tuple[int, int, str], Cell]


def _blanks(seed: int) -> Blanks:
    """Cells left blank or filled with a dash by communities other than the typist's: (month, place, measure)."""
    rng = stream(seed, "blanks")
    others = [p for p in range(PLACES) if p not in (TYPIST_PLACE, LATE_PLACE)]
    months, places = rng.integers(len(MONTHS), size=BLANKS).tolist(), rng.choice(others, BLANKS).tolist()
    measures = rng.choice(MAY_BE_BLANK, BLANKS).tolist()
    return {cell: (None, "—")[i % 2] for i, cell in enumerate(zip(months, places, measures, strict=True))}


def _rows(figures: dict[str, np.ndarray], seed: int, month: int, blanks: Blanks) -> tuple[list[list[Cell]], list[Cell]]:
    """Cells of each community that reported, and the total row."""
    names = names_on(MONTHS[month])
    truth = {m: figures[m][:, month].tolist() for m in MONTHLY}
    rows, totals = [], dict.fromkeys(MONTHLY, 0)
    for place in range(PLACES):
        if place == LATE_PLACE and MONTHS[month] in LATE_MONTHS:
            continue
        row = read = {m: truth[m][place] for m in MONTHLY}
        name = names[place]
        if place == TYPIST_PLACE:
            (row, read), name = typist.monthly_row(seed, month, row), typist.spelling(seed, month)
        blank = {m: blanks[month, place, m] for m in MONTHLY if (month, place, m) in blanks}
        totals = {m: totals[m] + (0 if m in blank else read[m]) for m in MONTHLY}
        rows.append([len(rows) + 1, name, *({**row, **blank}.values())])
    when, measure, excess = typist.WRONG_TOTAL
    if when == str(MONTHS[month]):
        totals[measure] += excess
    return rows, ["", "合计", *totals.values()]


def _sheet(figures: dict[str, np.ndarray], seed: int, month: int, blanks: Blanks) -> Sheet:
    rows, total = _rows(figures, seed, month, blanks)
    new = MONTHS[month] >= NEW_TEMPLATE
    return Sheet(
        title=f"{STREET}{month_title(month)}社区基本情况统计表",
        line=report_line((MONTHS[month] + 1).astype(date).replace(day=3)),
        groups=("", "", *(group.removesuffix("(人)") if new else group for group, *_ in MONTHLY.values())),
        heads=("序号", "社区" if new else "单位名称", *(row[2 if new else 1] for row in MONTHLY.values())),
        units=("", "", *(row[3] for row in MONTHLY.values())) if new else (),
        columns=[list(column) for column in zip(*rows, strict=True)],
        total=total,
        note=NOTE,
        name="基本情况",
    )


def write_monthly(folder: Path, figures: dict[str, np.ndarray], seed: int) -> list[Path]:
    """One workbook a month. ``figures``: measure → places × months."""
    blanks = _blanks(seed)
    return [
        write_workbook(folder / "基本情况" / f"{month_title(m)}社区基本情况统计表.xlsx", _sheet(figures, seed, m, blanks))
        for m in range(len(MONTHS))
    ]
