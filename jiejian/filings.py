"""报送情况: ledgers × places × periods as words: sent, late, sent again, all zero, missing."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from jiejian.catalogue import Ledger
from jiejian.periods import Period, periods_between

MISSING, ZERO, LATE, AGAIN, SENT = "✕ 缺报", "○ 全为零", "▼ 迟报", "↻ 更正", "✔ 已报"
GRAINS = ("month", "quarter", "half", "year")


def expected(ledger: Ledger, filings: pd.DataFrame, as_of) -> list[Period]:
    """The periods of a ledger from its first report until the data set's cut-off, the last 12, oldest first."""
    own = filings[filings["ledger"] == ledger.id]
    if own.empty or ledger.sent not in GRAINS:
        return []
    periods = periods_between(pd.Timestamp(own["period_start"].min()).date(), as_of, ledger.sent)
    return [p for p in periods if p.end <= as_of][-12:]


def states(ledger: Ledger, filings: pd.DataFrame, places: pd.DataFrame, periods: list[Period]) -> pd.DataFrame:
    """The state of every place and period: place_id, place, period (label), state, first_sent, times."""
    own = filings[filings["ledger"] == ledger.id]
    by_key = {(r.place_id, pd.Timestamp(r.period_start).date()): r for r in own.itertuples()}
    covered = {start for _, start in by_key} if ledger.coverage == "all_places" else set()
    rows = []
    for period in periods:
        for place_id, place in zip(places["place_id"], places["place"], strict=True):
            found = by_key.get((place_id, period.start))
            state = SENT if found is None and period.start in covered else _state(ledger, period, found)
            rows.append((place_id, place, period.label, state, getattr(found, "first_sent", None), getattr(found, "times", 0)))
    return pd.DataFrame(rows, columns=["place_id", "place", "period", "state", "first_sent", "times"])


def _state(ledger: Ledger, period: Period, found) -> str:
    if found is None:
        return MISSING
    if ledger.due_day and pd.Timestamp(found.first_sent).date() > period.end + timedelta(days=ledger.due_day):
        return LATE
    if found.all_zero:
        return ZERO
    return AGAIN if found.times > 1 else SENT
