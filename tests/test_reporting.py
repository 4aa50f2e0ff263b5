"""报送情况: states worked out by hand from what was sent, sent again, left out and undone."""

from __future__ import annotations

import pytest
from street import Street

from etl import build
from etl.warehouse import serving
from jiejian import filings
from jiejian.catalogue import catalogue
from jiejian.home import home
from jiejian.periods import Period
from jiejian.warehouse import Warehouse

HEADS = ["社区", "户数", "常住人口", "代办事项"]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.monthly("2026年9月", [["春和社区", 1, 2, 3], ["望湖社区", 1, 2, 3], ["麦香社区", 0, 0, 0]], HEADS)
    street.monthly("2026年10月", [["春和社区", 1, 2, 3], ["望湖社区", 1, 2, 3]], HEADS)
    street.refresh()
    return street


def states(**changed) -> dict[tuple[str, str], str]:
    source = Warehouse(serving(home()), catalogue())
    ledger = catalogue().ledgers["monthly"].model_copy(update=changed)
    sent, as_of = source.filings("street"), source.datasets()["street"].as_of
    frame = filings.states(ledger, sent, source.places("street"), filings.expected(ledger, sent, as_of))
    source.close()
    return {(r.place[:2], r.period): r.state for r in frame.itertuples()}


def test_sent_all_zero_and_missing(street):
    assert states() == {
        ("春和", "2026年9月"): filings.SENT,
        ("望湖", "2026年9月"): filings.SENT,
        ("麦香", "2026年9月"): filings.ZERO,
        ("春和", "2026年10月"): filings.SENT,
        ("望湖", "2026年10月"): filings.SENT,
        ("麦香", "2026年10月"): filings.MISSING,
    }


def test_sent_again_is_a_correction_until_it_is_undone(street):
    street.monthly("2026年10月", [["春和社区", 5, 6, 7]], HEADS, name="更正.xlsx")
    street.refresh()
    assert states()["春和", "2026年10月"] == filings.AGAIN
    assert states()["望湖", "2026年10月"] == filings.SENT
    build.rollback(last=True)
    assert states()["春和", "2026年10月"] == filings.SENT


def test_late_only_where_a_limit_is_declared(street):
    # Loaded today: more than five days after the end of October 2026 or not is a matter of the calendar; September surely is.
    assert states(due_day=1)["春和", "2026年9月"] == filings.LATE
    assert states(due_day=366)["春和", "2026年9月"] == filings.SENT


def frames() -> tuple:
    source = Warehouse(serving(home()), catalogue())
    sent, as_of = source.filings("street"), source.datasets()["street"].as_of
    ledgers = {i: l for i, l in catalogue().ledgers.items() if filings.expected(l, sent, as_of)}
    every = {i: filings.states(l, sent, source.places("street"), filings.expected(l, sent, as_of)) for i, l in ledgers.items()}
    source.close()
    return sent, as_of, every, {i: l.name for i, l in ledgers.items()}


def test_one_matrix_of_community_ledger_and_month(street):
    """September: two sent and one sent zeros; October: two sent, 麦香 did not. A ledger by the quarter stands in its last month."""
    sent, as_of, every, names = frames()
    assert names == {"monthly": "社区基本情况统计表"}
    quarterly = catalogue().ledgers["monthly"].model_copy(update={"sent": "quarter"})
    places = every["monthly"].drop_duplicates("place_id")[["place_id", "place"]]
    every["q"], names["q"] = filings.states(quarterly, sent, places, filings.expected(quarterly, sent, as_of)), "季报"
    whole = filings.matrix(every, names).set_index("台账")
    assert list(whole.columns) == ["2026年10月", "2026年9月"]
    assert list(whole.loc["社区基本情况统计表"]) == ["◐ 2/3", "✔ 3/3"]
    assert list(whole.loc["季报"]) == ["", "✕ 0/3"]
    place = next(p for p in every["monthly"]["place_id"] if p.endswith("麦香社区"))
    one = filings.matrix(every, names, place).set_index("台账")
    assert list(one.loc["社区基本情况统计表"]) == [filings.MISSING, filings.ZERO]
    table = filings.everything(every, names)
    assert list(table.columns) == ["社区", "台账", "2026年10月", "2026年9月"] and len(table) == 6
    mine = table[(table["社区"].str.startswith("麦香")) & (table["台账"] == "社区基本情况统计表")]
    assert list(mine.iloc[0][2:]) == [filings.MISSING, filings.ZERO]


def test_a_ledger_that_nobody_of_the_street_has_sent_for_the_month(street):
    ledgers = list(catalogue().ledgers.values())
    sent, as_of, *_ = frames()
    october = Period(as_of.replace(day=1), as_of, "month")
    assert october.label == "2026年10月"
    assert filings.silent(ledgers, filings.sent_days(sent), october, as_of) == []
    without = sent[~((sent["ledger"] == "monthly") & (sent["period_start"].astype(str).str.startswith("2026-10")))]
    assert filings.silent(ledgers, filings.sent_days(without), october, as_of) == ["社区基本情况统计表"]
