"""The made-up street's workbooks read with calamine and pandas alone, for recomputing its figures without the ETL.

The community whose typist errs is left out: how her cells are read is tested elsewhere, word by word.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from python_calamine import CalamineWorkbook

FORMER, NOW, TYPIST = "机修厂社区", "启新社区", "麦香社区"
MONTHS = pd.period_range("2023-11", "2026-10", freq="M")
AS_OF = pd.Timestamp("2026-10-31 23:59:59")
# The columns of the monthly table after number and community, in the order of both templates.
MONTHLY = [
    "户数",
    "常住",
    "户籍",
    "流动",
    "老年人",
    "小区",
    "楼栋",
    "网格",
    "网格员",
    "社工",
    "红管家",
    "在册党员",
    "在职党员",
    "报到党员",
    "流动党员",
    "驻区单位",
    "报到单位",
    "共建单位",
    "兼职委员",
    "志愿者",
    "窗口",
    "事项",
    "代办",
    "办件",
    "三会一课",
    "主题党日",
    "党员服务人次",
    "党员时长",
    "志愿时长",
    "培训场次",
    "培训人次",
]


class Books:
    """All ledgers of a folder, each a frame with the heads of its workbook; ``社区`` is the community's name of today."""

    def __init__(self, folder: Path):
        self.folder = folder
        register = self.sheet("社区名册.xlsx")
        self.places = [p for p in register["社区名称"] if p != TYPIST]

    def sheet(self, path: str | Path, head: int = 1) -> pd.DataFrame:
        """One workbook: the head stands in row ``head`` (from 0); totals and notes at the end are left out."""
        rows = CalamineWorkbook.from_path(self.folder / path).get_sheet_by_index(0).to_python()
        body = [row for row in rows[head + 1 :] if sum(cell != "" for cell in row) > 1 and "合计" not in row]
        return pd.DataFrame(body, columns=rows[head]).replace("", None)

    @cache  # noqa: B019 - one object a test run
    def ledger(self, kind: str, place: str = "社区", old: tuple[tuple[str, str], ...] = (), head: int = 1) -> pd.DataFrame:
        """Every file whose name ends in ``kind``, one below the other; ``old``: heads of the old template and their new names."""
        frames = []
        for path in sorted(self.folder.rglob(f"*{kind}.*")):
            if path.suffix == ".csv":
                raw = path.read_bytes()
                encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "gb18030"
                frame = pd.read_csv(path, encoding=encoding, dtype=str)
            else:
                frame = self.sheet(path.relative_to(self.folder), head)
            frames.append(frame.rename(columns=dict(old)))
        return self._ours(pd.concat(frames, ignore_index=True), place)

    def _ours(self, frame: pd.DataFrame, place: str) -> pd.DataFrame:
        name = frame[place].str.replace(FORMER, NOW)
        return frame.assign(社区=name)[name.isin(self.places)].reset_index(drop=True)

    @cache  # noqa: B019
    def monthly(self) -> pd.DataFrame:
        """The monthly tables, one row a community and month."""
        frames = []
        for month in MONTHS:
            path = self.folder / "基本情况" / f"{month.year}年{month.month}月社区基本情况统计表.xlsx"
            rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
            body = [row[1 : len(MONTHLY) + 2] for row in rows if isinstance(row[0], float)]
            frames.append(pd.DataFrame(body, columns=["社区", *MONTHLY]).assign(month=month))
        frame = self._ours(pd.concat(frames, ignore_index=True), "社区")
        frame[MONTHLY] = frame[MONTHLY].apply(pd.to_numeric, errors="coerce")
        return frame


def day(column: pd.Series) -> pd.Series:
    """Dates as pandas reads them; what is no date is missing."""
    return pd.to_datetime(column.astype("string").str.replace("/", "-"), errors="coerce", format="mixed")


def grid(books: Books, values: pd.Series) -> pd.DataFrame:
    """A series by (community, month) as communities × months."""
    return values.unstack().reindex(index=books.places, columns=MONTHS)


class Reported:
    """A column that is reported: a stock at the period's end, or a flow that adds up where no month is missing."""

    def __init__(self, values: pd.DataFrame, flow: bool):
        self.values, self.flow = values, flow

    def at(self, first: pd.Period, last: pd.Period) -> pd.Series:
        span = self.values.loc[:, [c for c in self.values.columns if first <= c <= last]]
        if not self.flow:
            return self.values.get(last, pd.Series(np.nan, self.values.index))
        return span.sum(axis=1, skipna=False)

    def otherwise(self, other: Reported) -> Reported:
        """These figures, and where a month is missing those of another ledger."""
        return Reported(self.values.where(self.values.notna(), other.values), self.flow)


class Flow(Reported):
    """Events by the month in which they happened. A month of which a ledger does not speak is missing, not zero."""

    def __init__(self, books: Books, frame: pd.DataFrame, at: str, value: str = ""):
        when = day(frame[at])
        there = when.notna() & (when <= AS_OF)
        chosen = frame[there].assign(
            month=when[there].dt.to_period("M"), size=pd.to_numeric(frame[value], errors="coerce") if value else 1.0
        )
        found = grid(books, chosen.groupby(["社区", "month"])["size"].sum(min_count=1))
        super().__init__(found, True)

    def within(self, speaks: pd.DataFrame) -> Flow:
        """Zeros where the ledger speaks and nothing happened."""
        self.values = self.values.where(self.values.notna(), speaks.where(speaks).astype(float) * 0)
        return self


class Stock(Reported):
    """Things that last: what had begun by the end of a month and not ended by then, counted, added up or counted once."""

    def __init__(self, books: Books, frame: pd.DataFrame, start: str, end: str = "", value: str = "", once: str = ""):
        """``value``: what is added up; ``once``: of rows that share it in a community, one counts."""
        began = day(frame[start])
        ended = day(frame[end]) if end else pd.Series(pd.NaT, frame.index)
        sizes = pd.to_numeric(frame[value], errors="coerce") if value else pd.Series(1.0, frame.index)
        found = {}
        for month in MONTHS:
            close = month.end_time
            standing = (began.isna() | (began <= close)) & ~(ended <= close)
            here = frame[standing].assign(size=sizes[standing])
            here = here[here[once].notna()].drop_duplicates(["社区", once]) if once else here
            found[month] = here.groupby("社区")["size"].sum()
        super().__init__(pd.DataFrame(found).reindex(books.places).fillna(0.0), False)


class Persons:
    """Different values of a column within the period, in a community."""

    def __init__(self, books: Books, frame: pd.DataFrame, at: str, who: str):
        self.frame, self.who, self.places = frame.assign(month=day(frame[at]).dt.to_period("M")), who, books.places

    def at(self, first: pd.Period, last: pd.Period) -> pd.Series:
        inside = self.frame[(self.frame["month"] >= first) & (self.frame["month"] <= last)]
        return inside.groupby("社区")[self.who].nunique().reindex(self.places).fillna(0.0)
