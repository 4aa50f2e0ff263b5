"""What is taken away: a deck of 40 slides as PPTX and HTML, and 100,000 × 12 cells as XLSX beside the bare write of the fastest writer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from jiejian.catalogue import Deck
from jiejian.context import Context
from jiejian.export.html_deck import to_html
from jiejian.export.pptx import to_pptx
from jiejian.export.tables import ExportColumn, ExportTable, to_xlsx

SLIDES, ROWS = 40, 100_000
PPTX_S, HTML_MB, XLSX_RATIO = 3.0, 8.0, 1.5


def _seconds(run: Callable[[], object]) -> tuple[float, object]:
    started = time.perf_counter()
    made = run()
    return time.perf_counter() - started, made


def _deck() -> tuple[tuple, Deck]:
    """Forty slides of the demo's own decks."""
    from jiejian.ui import data, deck, deckbook

    source = data.warehouse()
    plan = source.catalogue.decks["bulletin"]
    view = deckbook.view_for(source, plan)
    made = [slide for plan in source.catalogue.decks.values() for slide in deck.slides(view, deckbook.filled(view, plan))]
    return tuple((made * SLIDES)[:SLIDES]), plan


def table() -> ExportTable:
    """Made-up cells: 5 columns of texts, 5 of numbers, 2 of dates."""
    draw = np.random.default_rng(0)
    texts = {f"t{i}": draw.choice(["春和社区", "望湖社区", "物业管理", "环境卫生", "按期办结"], ROWS) for i in range(5)}
    numbers = {f"n{i}": draw.normal(80, 9, ROWS).round(3) for i in range(5)}
    days = {f"d{i}": pd.Timestamp(2025, 1, 1) + pd.to_timedelta(draw.integers(0, 600, ROWS), "D") for i in range(2)}
    kinds = {"t": "text", "n": "number", "d": "date"}
    frame = pd.DataFrame({**texts, **numbers, **days})
    columns = tuple(ExportColumn(f"列{n}", "", 1 if c[0] == "n" else None, kinds[c[0]]) for n, c in enumerate(frame, 1))
    context = Context("示范街道", "demo", "示范街道", True, "全部社区", "2026年10月", "2026-10-31", ("诉求工单",), "")
    return ExportTable("试写", frame, columns, context)


def _bare(frame: pd.DataFrame) -> Callable[[], object]:
    """The fastest writer there is here, with nothing around it."""
    plain = frame.assign(**{c: frame[c].dt.date for c in frame if c[0] == "d"}).to_dict("records")
    try:
        from rustpy_xlsxwriter import write_worksheet
    except ImportError:
        import xlsxwriter

        def run() -> None:
            with (
                tempfile.TemporaryDirectory() as folder,
                xlsxwriter.Workbook(
                    Path(folder) / "bare.xlsx",
                    {"constant_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"},
                ) as book,
            ):
                sheet = book.add_worksheet()
                for row, record in enumerate(plain):
                    sheet.write_row(row, 0, record.values())

        return run

    def rust() -> None:
        with tempfile.TemporaryDirectory() as folder:
            write_worksheet(plain, str(Path(folder) / "bare.xlsx"), "数据")

    return rust


def measure() -> list[tuple[str, float, float | None]]:
    """Rows of (what, measured, limit)."""
    slides, deck = _deck()
    pptx = min(_seconds(lambda: to_pptx(slides, deck, "示范街道"))[0] for _ in range(2))
    page = len(to_html(slides, deck).encode()) / 1e6
    made = table()
    write, bare = (lambda: to_xlsx(made)), _bare(made.frame)
    pairs = [(_seconds(write)[0], _seconds(bare)[0]) for _ in range(3)]
    ours, fastest = (min(times) for times in zip(*pairs, strict=True))
    return [
        (f"PPTX of {len(slides)} slides, s", pptx, PPTX_S),
        (f"HTML deck of {len(slides)} slides, MB", page, HTML_MB),
        (f"XLSX {ROWS:,} × 12, s", ours, None),
        ("bare write of the fastest writer, s", fastest, None),
        ("XLSX, times the bare write", ours / fastest, XLSX_RATIO),
    ]
