"""What is taken away: a deck of 40 slides as PPTX and HTML, and 100,000 × 12 cells as XLSX beside the bare write of the fastest writer."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import pandas as pd

from benchmarks import streams, turns
from jiejian.catalogue import Deck
from jiejian.context import Context
from jiejian.export.html_deck import to_html
from jiejian.export.model import typed
from jiejian.export.pptx import to_pptx
from jiejian.export.tables import ExportColumn, ExportTable, to_xlsx

SLIDES, ROWS = 40, 100_000
PPTX_S, HTML_MB, XLSX_RATIO = 3.0, 8.0, 1.5


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of the processor; where a machine is shared only the second says much."""

    wall: float
    cpu: float


def _cost(run: Callable[[], object], times: int = 2) -> Cost:
    """The best of several runs."""
    found = []
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        run()
        found.append(Cost(time.perf_counter() - wall, time.process_time() - cpu))
    return Cost(min(c.wall for c in found), min(c.cpu for c in found))


def _deck(kinds: Sequence[str] = ()) -> tuple[tuple, Deck]:
    """Forty different slides of the demo: all ready decks, then the route through the communities; or those of some kinds."""
    from jiejian.ui import data, deck, deckbook

    source = data.warehouse()
    decks = list(source.catalogue.decks.values())
    view = deckbook.view_for(source, decks[0])
    places = ",".join(view.known["place_id"].astype(str))
    asked = [(plan, "") for plan in decks] + [(plan, places) for plan in decks if plan.subject == "route"]
    made = [slide for plan, subject in asked for slide in deck.slides(view, deckbook.filled(view, plan, subject))]
    made = [slide for slide in made if not kinds or slide.kind in kinds]
    return tuple((made * SLIDES)[:SLIDES]), decks[0]


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


def _bare(table: ExportTable) -> list[tuple[str, Callable[[], object]]]:
    """Writers with nothing around them, over the same cells in the shape that each likes best."""
    frame = table.frame.assign(**{c: table.frame[c].dt.date for c in table.frame if c[0] == "d"})
    records, arrow = frame.to_dict("records"), typed(table)
    try:
        from rustpy_xlsxwriter import write_worksheet
    except ImportError:
        return [("xlsxwriter", lambda: _plain_xlsxwriter(records))]
    return [
        ("rustpy-xlsxwriter, records", lambda: write_worksheet(records, BytesIO(), "数据")),
        ("rustpy-xlsxwriter, Arrow", lambda: write_worksheet(arrow, BytesIO(), "数据")),
    ]


def _plain_xlsxwriter(records: list[dict]) -> None:
    import xlsxwriter

    options = {"constant_memory": True, "strings_to_formulas": False, "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(BytesIO(), options) as book:
        sheet = book.add_worksheet()
        for row, record in enumerate(records):
            sheet.write_row(row, 0, record.values())


def measure() -> list[tuple[str, float, float | None]]:
    """Rows of (what, measured, limit)."""
    slides, deck = _deck()
    trends, _ = _deck(("trend",))
    pptx = _cost(lambda: to_pptx(slides, deck, "示范街道"))
    made = table()
    bare = _bare(made)
    rounds = [[_cost(run, 1) for run in (lambda: to_xlsx(made), *(run for _, run in bare))] for _ in range(3)]
    ours, *others = (Cost(min(c.wall for c in costs), min(c.cpu for c in costs)) for costs in zip(*rounds, strict=True))
    fastest, name = min(zip(others, (name for name, _ in bare), strict=True), key=lambda pair: pair[0].cpu)
    return [
        (f"PPTX of {SLIDES} slides, s", pptx.wall, PPTX_S),
        (f"PPTX of {SLIDES} slides, CPU s", pptx.cpu, None),
        (f"HTML deck of {SLIDES} slides, MB", len(to_html(slides, deck).encode()) / 1e6, HTML_MB),
        (f"HTML deck of {SLIDES} trends, its heaviest slides, MB", len(to_html(trends, deck).encode()) / 1e6, HTML_MB),
        (f"XLSX {ROWS:,} × 12, s", ours.wall, None),
        (f"XLSX {ROWS:,} × 12, CPU s", ours.cpu, None),
        (f"bare write of the fastest writer ({name}), s", fastest.wall, None),
        (f"bare write of the fastest writer ({name}), CPU s", fastest.cpu, None),
        ("XLSX, times the bare write, wall", ours.wall / fastest.wall, None),
        ("XLSX, times the bare write, CPU", ours.cpu / fastest.cpu, XLSX_RATIO),
        *turns.measure(to_html(slides, deck), SLIDES),
        *streams.measure(),
    ]
