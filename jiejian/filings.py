"""报送情况: ledgers × places × periods as words: sent, late, sent again, all zero, missing."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd

from jiejian.catalogue import Ledger
from jiejian.periods import Period, periods_between

MISSING, ZERO, LATE, AGAIN, SENT = "✕ 缺报", "○ 全为零", "▼ 迟报", "↻ 更正", "✔ 已报"
GRAINS = ("month", "quarter", "half", "year")


def expected(ledger: Ledger, filings: pd.DataFrame, as_of) -> list[Period]:
    """The periods of a ledger from its first report until the data set's cut-off, the last 12, oldest first."""
    own = filings.loc[filings["ledger"] == ledger.id, "period_start"]
    return [] if own.empty else _expected(ledger, pd.Timestamp(own.min()).date(), as_of)


def _expected(ledger: Ledger, first: date, as_of: date) -> list[Period]:
    periods = periods_between(first, as_of, ledger.sent) if ledger.sent in GRAINS else []
    return [p for p in periods if p.end <= as_of][-12:]


def states(ledger: Ledger, filings: pd.DataFrame, places: pd.DataFrame, periods: list[Period]) -> pd.DataFrame:
    """The state of every place and period: place_id, place, period (label), month (its last one), state, first_sent, times."""
    own = filings[filings["ledger"] == ledger.id]
    by_key = {(r.place_id, pd.Timestamp(r.period_start).date()): r for r in own.itertuples()}
    covered = {start for _, start in by_key} if ledger.coverage == "all_places" else set()
    rows = []
    for period in periods:
        for place_id, place in zip(places["place_id"], places["place"], strict=True):
            found = by_key.get((place_id, period.start))
            state = SENT if found is None and period.start in covered else _state(ledger, period, found)
            sent = (getattr(found, "first_sent", None), getattr(found, "times", 0))
            rows.append((place_id, place, period.label, month_of(period.end), state, *sent))
    return pd.DataFrame(rows, columns=["place_id", "place", "period", "month", "state", "first_sent", "times"])


def month_of(day: date) -> str:
    """The month in which a period ends, so that months sort in time."""
    return f"{day.year}-{day.month:02d}"


def _shown(month: str) -> str:
    """2026-09 → 2026年9月."""
    return f"{month[:4]}年{int(month[5:])}月"


def matrix(every: dict[str, pd.DataFrame], names: dict[str, str], place_id: str | None = None, months: int = 12) -> pd.DataFrame:
    """Ledgers × the last months, the newest first: what one place sent, or (``place_id`` None) how many of the street have.

    ``every`` are the states by ledger, ``names`` its names. A ledger that is sent by the quarter or the year stands in the last month
    of its period; where nothing is due a cell is empty.
    """
    heads = sorted({m for frame in every.values() for m in frame["month"]}, reverse=True)[:months]
    rows = []
    for ledger, frame in every.items():
        mine = frame if place_id is None else frame[frame["place_id"] == place_id]
        cells = {m: together(group["state"]) if place_id is None else group["state"].iloc[0] for m, group in mine.groupby("month")}
        rows.append((names[ledger], *(cells.get(m, "") for m in heads)))
    return pd.DataFrame(rows, columns=["台账", *map(_shown, heads)])


def together(states: pd.Series) -> str:
    """The states of all places in one cell: ✔ 23/23, ◐ 21/23 ▼1, ✕ 0/23."""
    there, late = int((states != MISSING).sum()), int((states == LATE).sum())
    mark = "✔" if there == len(states) else "◐" if there else "✕"
    return f"{mark} {there}/{len(states)}" + (f" ▼{late}" if late else "")


def everything(every: dict[str, pd.DataFrame], names: dict[str, str]) -> pd.DataFrame:
    """Places × ledgers × months: 社区, 台账, and a column a month, the newest first."""
    whole = pd.concat([frame.assign(ledger=names[ledger]) for ledger, frame in every.items()])
    wide = whole.pivot_table(index=["place_id", "ledger"], columns="month", values="state", aggfunc="first", sort=False)
    wide = wide[sorted(wide.columns, reverse=True)].fillna("").reset_index()
    shown = whole.drop_duplicates("place_id").set_index("place_id")["place"]
    wide.insert(0, "社区", wide.pop("place_id").map(shown))
    wide = wide.rename(columns={"ledger": "台账", **{m: _shown(m) for m in wide.columns if m[:1].isdigit()}})
    wide.columns.name = None
    order = {place: n for n, place in enumerate(shown)}
    return wide.sort_values("社区", key=lambda s: s.map(order), kind="stable", ignore_index=True)


def sent_days(filings: pd.DataFrame) -> dict[str, set[date]]:
    """The first days of the periods of which anybody has sent a ledger, by ledger: some dozens of a row for each of thousands of places."""
    once = filings[["ledger", "period_start"]].drop_duplicates()
    days = pd.to_datetime(once["period_start"]).dt.date
    return {ledger: set(some) for ledger, some in days.groupby(once["ledger"].to_numpy())}


def silent(ledgers: list[Ledger], sent: dict[str, set[date]], period: Period, as_of: date) -> list[str]:
    """The names of the ledgers that were sent before (:func:`sent_days`) and of which nobody in the street has sent the period that is shown."""
    known = [l for l in ledgers if l.id in sent]
    due = {l.id: [p.start for p in _expected(l, min(sent[l.id]), as_of) if p.end == period.end] for l in known}
    return [l.name for l in known if due[l.id] and due[l.id][0] not in sent[l.id]]


def _state(ledger: Ledger, period: Period, found) -> str:
    if found is None:
        return MISSING
    if ledger.due_day and pd.Timestamp(found.first_sent).date() > period.end + timedelta(days=ledger.due_day):
        return LATE
    if found.all_zero:
        return ZERO
    return AGAIN if found.times > 1 else SENT
