"""The long ledgers as the platforms export them: CSV, in GB18030 by the old platform, in UTF-8 with BOM by the new."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from etl.demo.chance import stream
from etl.demo.chronicle import PLATFORM
from etl.demo.profile import RENAMED_ON, names_on
from etl.demo.seasons import HALVES, MONTHS, Span
from etl.demo.templates import NEW_CASE_HEADS, OLD_CASE_HEADS, OLD_POINT_HEADS, OLD_WORDS, POINT_HEADS
from etl.demo.typist import places_of_faults

REPORTERS = pa.array([f"居民{stem}{i:02d}" for stem in "甲乙丙丁戊己庚辛壬癸" for i in range(1, 31)])
PHONES = pa.array([f"000{i * 7919 % 10_000_019:08d}" for i in range(1, 1200)])  # no number begins with 000
YES_NO = pa.array(["否", "是"])
WRONG_PLACES = ("望胡社区", "柳阴社区", "开发区社区", "北苑新村")
# Faults by half-year, in the cases: unknown community, closed before opened, a day that no calendar has.
FAULTS = {
    "2024年上半年": (2, 1, 1),
    "2024年下半年": (1, 1, 0),
    "2025年上半年": (0, 1, 1),
    "2025年下半年": (2, 1, 1),
    "2026年上半年": (1, 1, 1),
}
NO_SUCH_DAYS = ("2024-02-30 10:15:00", "2025-06-31 09:00:00", "2025-11-31 16:20:00", "2026-02-29 08:40:00")


def _decoded(column: pd.Series, old: bool) -> pa.Array:
    """A categorical column as strings, in the words of the platform."""
    words = [OLD_WORDS.get(c, c) if old else c for c in column.cat.categories]
    codes = column.cat.codes.to_numpy()
    return pa.array(words).take(pa.array(codes, mask=codes < 0))


def _place_names(frame: pd.DataFrame, span: Span) -> pa.Array:
    """Names of communities as they were when the half-year began."""
    return pa.array(names_on(MONTHS[span.first])).take(pa.array(frame["place_index"].to_numpy()))


def _yes_no(values: np.ndarray) -> pa.Array:
    return YES_NO.take(pa.array(values, mask=values < 0))


def _stamps(values: np.ndarray, old: bool) -> pa.Array:
    """Times as text: 2025-03-08 09:15:30, by the old platform 2024/03/08 09:15:30."""
    text = pc.cast(pa.array(values.astype("datetime64[s]")), pa.string())
    return pc.replace_substring(text, "-", "/") if old else text


def _numbered(prefix: str, days: np.ndarray, numbers: np.ndarray, width: int) -> pa.Array:
    """GD202503080017: prefix, day, number within the day."""
    known, which = np.unique(days.astype("datetime64[D]"), return_inverse=True)
    stems = pa.array([prefix + str(day).replace("-", "") for day in known])
    counts = pa.array([f"{i:0{width}d}" for i in range(1, int(numbers.max()) + 2)])
    return pc.binary_join_element_wise(stems.take(pa.array(which)), counts.take(pa.array(numbers)), "")


def _whole(values: np.ndarray) -> pa.Array:
    missing = np.isnan(values)
    return pa.array(np.where(missing, 0, values).astype(np.int64), mask=missing)


def _case_table(cases: pd.DataFrame, span: Span, rng: np.random.Generator, old: bool) -> dict[str, pa.Array]:
    count = len(cases)
    words = ("channel", "category", "subcategory", "case_kind", "grid", "tier", "closed_level", "work_method", "mediator")
    answers = ("called_back", "responded", "resolved", "satisfied", "sent_back", "mediated", "repeat_case")
    found = {name: _decoded(cases[name], old) for name in words}
    found |= {name: _yes_no(cases[name].to_numpy()) for name in answers}
    found |= {name: _stamps(cases[name].to_numpy(), old) for name in ("opened_at", "dispatched_at", "due_at", "closed_at")}
    found["case_no"] = _numbered("GD", cases["opened_at"].to_numpy(), cases["number"].to_numpy(), 4)
    found["place"] = _place_names(cases, span)
    found["amount_yuan"] = _whole(cases["amount_yuan"].to_numpy())
    found["reporter"] = REPORTERS.take(pa.array(rng.integers(0, len(REPORTERS), count)))
    found["phone"] = PHONES.take(pa.array(rng.integers(0, len(PHONES), count)))
    return found


def _replaced(column: pa.Array, rows: np.ndarray, values: list[str]) -> pa.Array:
    mask = np.zeros(len(column), dtype=bool)
    mask[rows] = True
    return pc.replace_with_mask(column, pa.array(mask), pa.array(values, column.type))


def _with_faults(found: dict[str, pa.Array], cases: pd.DataFrame, seed: int, title: str, old: bool) -> dict[str, pa.Array]:
    """The export with its few faulty rows, each with one fault."""
    unknown, backwards, impossible = FAULTS.get(title, (0, 0, 0))
    closed = np.flatnonzero(cases["closed_at"].notna())
    rows = places_of_faults(seed, f"cases {title}", closed, unknown + backwards + impossible)
    lost, turned, nowhere = np.split(rows, (unknown, unknown + backwards))
    year = int(title[:4])
    names = [WRONG_PLACES[(year + i) % len(WRONG_PLACES)] for i in range(unknown)]
    before = cases["opened_at"].to_numpy()[turned] - np.timedelta64(3, "D")
    second_half = title.endswith("下半年")
    days = [d for d in NO_SUCH_DAYS if int(d[:4]) == year and (d[5:7] > "06") == second_half]
    days = [d.replace("-", "/") if old else d for d in days]
    found["place"] = _replaced(found["place"], lost, names)
    found["closed_at"] = _replaced(found["closed_at"], turned, _stamps(before, old).to_pylist())
    found["closed_at"] = _replaced(found["closed_at"], nowhere, (days * impossible)[:impossible])
    return found


def _write(path: Path, found: dict[str, pa.Array], heads: dict[str, str], old: bool) -> Path:
    table = pa.table([found[name] for name in heads], names=list(heads.values()))
    buffer = io.BytesIO()
    csv.write_csv(table, buffer, csv.WriteOptions(quoting_style="none" if old else "needed"))
    text = buffer.getvalue()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.decode().replace("\n", "\r\n").encode("gb18030") if old else b"\xef\xbb\xbf" + text)
    return path


def write_cases(folder: Path, cases: pd.DataFrame, seed: int) -> list[Path]:
    """One export a half-year."""
    rng = stream(seed, "reporters")
    written = []
    for span in HALVES:
        part, old = cases[span.holds(cases["opened_at"].to_numpy())], MONTHS[span.first] < PLATFORM
        found = _with_faults(_case_table(part, span, rng, old), part, seed, span.title, old)
        written.append(
            _write(folder / "诉求工单" / f"{span.title}诉求工单.csv", found, OLD_CASE_HEADS if old else NEW_CASE_HEADS, old)
        )
    return written


def write_points(folder: Path, points: pd.DataFrame) -> list[Path]:
    """One export a half-year."""
    written = []
    for span in HALVES:
        days = points["entry_on"].to_numpy()
        part, old = points[span.holds(days)], MONTHS[span.first] < RENAMED_ON
        found = {name: _decoded(part[name], False) for name in ("volunteer", "entry_kind", "item", "merchant")}
        found |= {name: _whole(part[name].to_numpy()) for name in ("points_earned", "points_redeemed", "points_expired")}
        found["value_yuan"] = pa.array(part["value_yuan"].to_numpy(), from_pandas=True)
        found["service_hours"] = pa.array(part["service_hours"].to_numpy(), from_pandas=True)
        found["entry_on"] = pc.cast(pa.array(part["entry_on"].to_numpy().astype("datetime64[D]")), pa.string())
        found["entry_no"] = _numbered("JF", part["entry_on"].to_numpy(), part["number"].to_numpy(), 4)
        found["place"] = _place_names(part, span)
        written.append(
            _write(folder / "积分流水" / f"{span.title}积分流水.csv", found, OLD_POINT_HEADS if old else POINT_HEADS, old)
        )
    return written


def write_table(folder: Path, kind: str, frame: pd.DataFrame, heads: dict[str, str], day: str) -> list[Path]:
    """A ledger of a platform, one export a half-year by the column ``day``; blanks for what is missing."""
    written = []
    for span in HALVES:
        part = frame[span.holds(frame[day].to_numpy())]
        found = {}
        for name in heads:
            column = part[name]
            found[name] = (
                pc.cast(pa.array(column.to_numpy("datetime64[D]")), pa.string())
                if column.dtype.kind == "M"
                else pa.array(column.to_numpy(), from_pandas=True)
            )
        written.append(_write(folder / kind / f"{span.title}{kind}.csv", found, heads, False))
    return written
