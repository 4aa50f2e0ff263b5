"""What is wrong with a file, cell by cell: the words of the comments and of the list that goes back with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etl.workbook import column_number

# The list is a sheet of this name whose first cell begins with these words; the reader passes it over.
LIST_SHEET = "问题清单"
LIST_TITLE = "街鉴问题清单"
NOTES_SHEET, CHOICES_SHEET = "填写说明", "选项"
OWN_SHEETS = (LIST_SHEET, NOTES_SHEET, CHOICES_SHEET)
AUTHOR = "街鉴"
ERROR, WARNING = "error", "warning"
WORDS = {ERROR: "退回", WARNING: "提醒"}
# More comments than this make a workbook slow to open; the cells are coloured and listed all the same.
COMMENTS, LISTED = 2_000, 20_000
HEADS = ("序号", "处理", "工作表", "单元格", "列", "原值", "问题", "怎么改")

Cell = tuple[int, int]


@dataclass(frozen=True)
class Problem:
    """One finding: where it stands (``cells`` like ``C5``, empty for the whole sheet), the masked value, why, what to do."""

    sheet: str
    row: int | None
    cells: tuple[str, ...]
    column: str
    value: str
    reason: str
    advice: str
    severity: str
    sentence: str = ""
    # The ids of the places that a doubtful name may mean.
    candidates: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The words of the comment."""
        advice = f"\n{self.advice}" if self.advice else ""
        return f"{WORDS[self.severity]}：{self.reason}。{advice}"

    @property
    def listed(self) -> tuple[str, ...]:
        """The row of the list, without its number."""
        where = "、".join(self.cells) or (f"第 {self.row} 行" if self.row else "整张表")
        return WORDS[self.severity], self.sheet, where, self.column, self.value, self.reason, self.advice


@dataclass
class Mark:
    """How one cell is marked: the worst severity, and everything said about it."""

    severity: str
    texts: list[str]


def by_cell(problems: Sequence[Problem]) -> dict[str, dict[Cell, Mark]]:
    """Sheet → (row, column), both from 1 → mark. A problem of a whole row marks its cells; one of a whole sheet none."""
    found: dict[str, dict[Cell, Mark]] = {}
    for problem in problems:
        marks = found.setdefault(problem.sheet, {})
        for cell in problem.cells:
            mark = marks.setdefault(position(cell), Mark(problem.severity, []))
            mark.severity = ERROR if ERROR in (mark.severity, problem.severity) else WARNING
            if problem.said not in mark.texts:
                mark.texts.append(problem.said)
    return found


def is_ours(sheet: str, rows: Sequence[Sequence[object]]) -> bool:
    """Whether a sheet is one that we put beside the figures (the list of problems, the notes and lists of a template)."""
    first = str(rows[0][0]) if rows and rows[0] else ""
    return sheet in OWN_SHEETS and first.startswith(AUTHOR)


def position(cell: str) -> Cell:
    """``C5`` → (5, 3)."""
    letters = cell.rstrip("0123456789")
    return int(cell[len(letters) :]), column_number(letters) + 1


def listing(problems: Sequence[Problem]) -> tuple[list[str], list[tuple[str, ...]]]:
    """The sentences above the list, and its rows: errors first, then in the order of the sheets."""
    errors = sum(p.severity == ERROR for p in problems)
    counted = f"共 {len(problems):,} 处：退回 {errors:,} 处（橙色，这些行没有入库），提醒 {len(problems) - errors:,} 处（黄色，已入库，请核对）。"
    title = f"{LIST_TITLE}：在原表上改好标出的单元格，把整个文件重新上报即可。颜色、批注和本表都不用删除，系统不读。"
    lines = [title, counted]
    if len(problems) > LISTED:
        lines.append(f"问题太多，这里只列前 {LISTED:,} 处；其余的单元格已在原表上标色。")
    ranked = sorted(problems, key=lambda p: p.severity != ERROR)
    return lines, [(str(n), *p.listed) for n, p in enumerate(ranked[:LISTED], 1)]
