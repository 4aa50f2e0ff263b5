"""Workbooks of a small street for the tests of the ETL, and a home to load them in."""

from __future__ import annotations

import csv
from pathlib import Path

import duckdb
import xlsxwriter

from etl import build
from etl.__main__ import main
from etl.warehouse import serving
from jiejian.home import home

REGISTER = ["序号", "社区名称", "所属街道", "类型", "简称/曾用名"]
COMMUNITIES = [
    [1, "春和社区", "柳河街道", "老旧小区型", "春和、老春和"],
    [2, "望湖社区", "柳河街道", "商品房型", ""],
    [3, "麦香社区", "柳河街道", "村改居型", "麦乡村"],
]
# The monthly table of the street, as it is written.
HEADS = ["序号", "社区", "户数", "常住人口", "网格", "代办事项"]
OCTOBER = [
    [1, "春和社区", 1200, 3100, 4, 10],
    [2, "望湖", "1,350", "约3400", "三", "80余"],
    ["", "麦乡村", "１２３０", 2900, "", 7],
    ["合计", "", 3780, 9400, 7, 97],
]


def workbook(path: Path, rows: list[list], sheet: str = "Sheet1", merges: tuple[tuple, ...] = ()) -> Path:
    """Write one sheet. ``merges``: (first row, first column, last row, last column, text), from 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path), {"strings_to_formulas": False}) as book:
        page = book.add_worksheet(sheet)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for merge in merges:
            page.merge_range(*merge)
        covered = {(r, c) for a, b, x, y, _ in merges for r in range(a, x + 1) for c in range(b, y + 1)}
        for r, row in enumerate(rows):
            for c, value in enumerate(row):
                if value not in (None, "") and (r, c) not in covered:
                    page.write(r, c, value, day) if hasattr(value, "year") else page.write(r, c, value)
    return path


def table(path: Path, rows: list[list], encoding: str = "utf-8", separator: str = ",") -> Path:
    """Write a text file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file, delimiter=separator).writerows(rows)
    return path


def load_trial(monkeypatch, folder: Path, contract: str, path: Path, code: int = 0) -> Street:
    """Load a file by a contract of its own into the data set ``trial``, as somebody at the shell would; ``code`` is how that must end."""
    street = Street(folder / "home", monkeypatch)
    (folder / "trial.yml").write_text(contract, encoding="utf-8")
    assert main(["load", str(path), "--dataset", "trial", "--contract", str(folder / "trial.yml")]) == code
    return street


class Street:
    """A street's home in a folder of its own: put files into its inbox, refresh, ask the warehouse."""

    def __init__(self, root: Path, monkeypatch, shipped: bool = False):
        monkeypatch.setenv("JIEJIAN_HOME", str(root))
        if not shipped:  # the published figures cost half a second a run
            monkeypatch.setattr("etl.origins.BUNDLED_DATA", root / "nothing")
        self.root, self.inbox = root, root / "inbox"
        root.mkdir(parents=True, exist_ok=True)
        (root / "demo.removed").write_text("", encoding="utf-8")

    def register(self, rows: list[list] = COMMUNITIES, name: str = "社区名册.xlsx") -> Path:
        return workbook(self.inbox / name, [["柳河街道社区名册"], REGISTER, *rows])

    def monthly(self, month: str, rows: list[list], heads: list[str], name: str = "") -> Path:
        """A monthly table: title, heads, rows."""
        return workbook(
            self.inbox / (name or f"{month}社区基本情况统计表.xlsx"), [[f"柳河街道{month}社区基本情况统计表"], heads, *rows]
        )

    def cases(self, rows: list[list], name: str = "诉求工单.csv", extra: tuple[str, ...] = (), **how) -> Path:
        return table(self.inbox / name, [["工单编号", "受理时间", "社区", "截止时间", "办结时间", *extra], *rows], **how)

    def refresh(self) -> build.Summary:
        return build.refresh()

    def ask(self, sql: str, *parameters) -> list[tuple]:
        """Rows of a query on the version that serves."""
        with duckdb.connect(str(serving(home())), read_only=True) as connection:
            return connection.execute(sql, list(parameters)).fetchall()

    def figures(self, measure: str, **where: str) -> dict[tuple[str, str], float | None]:
        """(community, first day) → value of a measure's figures without breakdown."""
        grain = where.get("grain", "month")
        rows = self.ask(
            """SELECT place_name, period_start, value FROM v_figure
               WHERE dataset = 'street' AND measure = ? AND grain = ? AND breakdown = '' ORDER BY ALL""",
            measure,
            grain,
        )
        return {(place.removesuffix("社区"), str(day)[:7]): value for place, day, value in rows}

    def sentences(self) -> list[str]:
        return [
            s for (s,) in self.ask("SELECT sentence FROM v_reject WHERE dataset = 'street' ORDER BY file, \"row\", column_name")
        ]
