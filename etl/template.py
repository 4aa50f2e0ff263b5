"""An empty workbook for a ledger, made from its contract: heads with units, drop-down lists, an example row, a sheet of notes.

Nobody has to use it. Filled in, it is recognised like any other workbook; the example row and the other sheets are passed over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import TYPE_CHECKING

from etl.dates import EXAMPLES, Period, find_period, in_words
from etl.heads import normal
from etl.marks import AUTHOR, CHOICES_SHEET, NOTES_SHEET
from etl.recognise import NUMERIC, base_unit
from etl.values import is_needed
from etl.wording import EXAMPLE
from jiejian.catalogue import Catalogue, Column, Ledger

if TYPE_CHECKING:
    import xlsxwriter
    from xlsxwriter.worksheet import Worksheet

# Lists and limits hold for so many rows below the head.
_ROWS = 2_000
_INLINE = 200
_FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}
_LINE = {**_FONT, "border": 1, "border_color": "#C9CED6"}
_SERIAL = "序号"
_KINDS = {
    "text": "文字",
    "integer": "整数",
    "number": "数字",
    "quantity": "数字，可写“约80”“80余”",
    "percent": "百分数",
    "date": "日期，如 2026-10-31",
    "datetime": "时间，如 2026-10-31 08:30",
    "yes_no": "是 / 否",
    "choice": "从下拉框选",
    "place": "从下拉框选，或写名册中的名称",
    "period": "时间",
    "measure": "计量项目录中的名称",
}
_BAD_NAME = re.compile(r"[\[\]:*?/\\']")


def template(ledger: Ledger, catalogue: Catalogue, street: str, communities: Sequence[str], today: date) -> bytes:
    """The workbook of a ledger for a street with these communities; a title names the last period that is over."""
    import xlsxwriter  # only where a template is written

    kept = BytesIO()
    with xlsxwriter.Workbook(kept, {"strings_to_formulas": False, "strings_to_numbers": False}) as book:
        _Template(book, ledger, catalogue, street, list(communities), today).write()
    return kept.getvalue()


def columns_of(ledger: Ledger) -> list[Column]:
    """The columns that a template has: all but those that would not be stored, and each head once."""
    found: dict[str, Column] = {}
    for column in ledger.columns:
        if column.personal != "drop":
            found.setdefault(normal(column.name), column)
    return list(found.values())


def head_of(column: Column, ledger: Ledger, catalogue: Catalogue) -> str:
    """The head with a star where it must be filled, and its unit where the reader understands it."""
    unit = base_unit(column, catalogue)
    star = "*" if is_needed(ledger, column) else ""
    for head in (f"{column.name}{star}（{unit}）" if unit and column.type in NUMERIC else "", f"{column.name}{star}"):
        if head and normal(head) == normal(column.name):
            return head
    return column.name


class _Template:
    """One workbook while it is written."""

    def __init__(
        self, book: xlsxwriter.Workbook, ledger: Ledger, catalogue: Catalogue, street: str, communities: list[str], today: date
    ):
        self._book, self._ledger, self._catalogue = book, ledger, catalogue
        self._street, self._communities, self._today = street, communities, today
        self._columns = columns_of(ledger)
        self._offset = 0 if self._columns[0].name == _SERIAL else 1
        self._lists: list[list[str]] = []

    def write(self) -> None:
        ledger = self._ledger
        sheet = self._book.add_worksheet(_BAD_NAME.sub(" ", ledger.name)[:31])
        title = f"{self._street}{in_words(self._period())}{ledger.name}"
        heads = [_SERIAL] * self._offset + [head_of(c, ledger, self._catalogue) for c in self._columns]
        look = self._book.add_format
        sheet.merge_range(
            0, 0, 0, max(1, len(heads) - 1), title, look({**_FONT, "bold": True, "font_size": 14, "align": "center"})
        )
        sheet.set_row(0, 28)
        plain, must = (
            {**_LINE, "bold": True, "text_wrap": True, "align": "center", "bg_color": "#E4E7EB"},
            {"bg_color": "#FBE3E1"},
        )
        for n, head in enumerate(heads):
            needed = n >= self._offset and is_needed(ledger, self._columns[n - self._offset])
            sheet.write_string(1, n, head, look({**plain, **(must if needed else {})}))
            sheet.set_column(n, n, max(8, min(24, 4 + 2 * len(head))))
        sheet.set_row(1, 34)
        example = look({**_LINE, "italic": True, "font_color": "#7B8794", "bg_color": "#F7F8FA"})
        sheet.write_string(2, 0, EXAMPLE, example)
        first = 1 - self._offset  # where the serial number is the ledger's own column, the word 示例 takes its place
        for n, column in enumerate(self._columns[first:], self._offset + first):
            sheet.write_string(2, n, self._example(column), example)
        for n, column in enumerate(self._columns, self._offset):
            self._limit(sheet, n, column)
        sheet.freeze_panes(2, 0)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 1)
        self._notes(heads)
        self._choices()

    def _period(self) -> Period | None:
        """The last period of the ledger's grain that is over, where a title must name one."""
        grain = self._ledger.grain
        if self._ledger.period != "title" or grain not in EXAMPLES:
            return None
        months = {"month": 1, "quarter": 3, "half": 6, "year": 12}.get(grain, 1)
        before = self._today.year * 12 + self._today.month - 1
        year, month = divmod(before // months * months - months, 12)
        words = {
            "month": f"{year}年{month + 1}月",
            "quarter": f"{year}年第{'一二三四'[month // 3]}季度",
            "half": f"{year}年{'上' if month < 6 else '下'}半年",
            "year": f"{year}年",
        }[grain]
        return find_period((words,), grain)

    def _example(self, column: Column) -> str:
        low = column.low or 0
        return {
            "integer": f"{max(low, 12):g}",
            "number": f"{max(low, 12.5):g}",
            "quantity": "120",
            "percent": "96.5",
            "date": "2026-10-15",
            "datetime": "2026-10-15 09:30",
            "yes_no": "是",
            "choice": next(iter(column.choices), ""),
            "place": (self._communities or ["某某社区"])[0],
            "period": EXAMPLES.get(self._ledger.grain, "2026年10月"),
            "measure": next((m.name for m in self._catalogue.measures.values()), ""),
        }.get(column.type, f"（{column.name}）")

    # ---- lists and limits ----

    def _limit(self, sheet: Worksheet, number: int, column: Column) -> None:
        about = "；".join(filter(None, (self._about(column), "必须填写" if is_needed(self._ledger, column) else "没有的留空")))
        options: dict = {
            "input_title": column.name[:32],
            "input_message": about[:255],
            "error_type": "warning",
            "validate": "any",
        }
        offered = self._offered(column)
        if offered:
            options |= {
                "validate": "list",
                "source": self._source(offered),
                "error_title": "不在列表中",
                "error_message": "请核对后从下拉框选。",
            }
        elif column.type in ("integer", "number") and column.low is not None:
            options |= {
                "validate": "decimal",
                "criteria": ">=",
                "value": column.low,
                "error_title": "请核对",
                "error_message": f"应为不小于 {column.low:g} 的数字。",
            }
        sheet.data_validation(3, number, _ROWS, number, options)

    def _offered(self, column: Column) -> list[str]:
        if column.type == "choice":
            return list(column.choices)
        if column.type == "yes_no":
            return ["是", "否"]
        return self._communities if column.type == "place" else []

    def _source(self, offered: list[str]) -> list[str] | str:
        """A short list stands in the rule itself, a long one in the hidden sheet."""
        if sum(map(len, offered)) + len(offered) <= _INLINE and not any("," in o for o in offered):
            return offered
        if offered not in self._lists:
            self._lists.append(offered)
        number = self._lists.index(offered)
        letter = chr(ord("A") + number)
        return f"='{CHOICES_SHEET}'!${letter}$2:${letter}${len(offered) + 1}"

    def _choices(self) -> None:
        if not self._lists:
            return
        sheet = self._book.add_worksheet(CHOICES_SHEET)
        sheet.write_string(0, 0, f"{AUTHOR}选项（供下拉框使用，系统不读）")
        for n, offered in enumerate(self._lists):
            for row, option in enumerate(offered, 1):
                sheet.write_string(row, n, option)
        sheet.hide()

    # ---- notes ----

    def _about(self, column: Column) -> str:
        if column.type == "period":
            return f"时间，如 {EXAMPLES.get(self._ledger.grain, '2026年10月')}"
        unit = base_unit(column, self._catalogue)
        return _KINDS[column.type] + (f"，单位：{unit}" if unit else "")

    def _notes(self, heads: Sequence[str]) -> None:
        look = self._book.add_format
        sheet = self._book.add_worksheet(NOTES_SHEET)
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, 10)
        sheet.set_column(2, 2, 34)
        sheet.set_column(3, 3, 60)
        bold, wrap = look({**_FONT, "bold": True}), look({**_FONT, "text_wrap": True, "valign": "top"})
        lines = [
            f"{AUTHOR}填写说明：{self._ledger.name}（本表系统不读）",
            "从第 4 行填起。标“示例”的一行系统不读，可以留着也可以删。带 * 的列必须填写，没有的列可以删掉，也可以加自己用的列。",
            "合计、小计、平均行可以有，系统会用来核对，不会重复计算。没有数的留空，不要写 0。",
        ]
        if self._period():
            lines.append(f"标题里的时间（{in_words(self._period())}）要和所填的数字一致，换一期时请改。")
        if any(c.personal == "drop" for c in self._ledger.columns):
            names = "、".join(c.name for c in self._ledger.columns if c.personal == "drop")
            lines.append(f"不需要填写{names}；表里有这些列也不会入库。")
        if self._ledger.note:
            lines.append(self._ledger.note)
        for row, line in enumerate(lines):
            sheet.write_string(row, 0, line, bold if row == 0 else look(_FONT))
        row = len(lines) + 1
        for n, word in enumerate(("列", "必填", "怎么填", "也认得的列名")):
            sheet.write_string(row, n, word, bold)
        for column in self._columns:
            row += 1
            must = "必填" if is_needed(self._ledger, column) else ""
            choices = f"：{'、'.join(column.choices)}" if column.type == "choice" else ""
            for n, text in enumerate((column.name, must, self._about(column) + choices, "、".join(column.synonyms))):
                sheet.write_string(row, n, text, wrap)
        for rule in self._ledger.rules:
            row += 1
            sheet.write_string(row, 0, f"核对：{rule.say}", look(_FONT))
