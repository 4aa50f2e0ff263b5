"""报送情况: states worked out by hand from what was sent, sent again, left out and undone."""

from __future__ import annotations

import pytest
from street import Street

from etl import build
from etl.warehouse import serving
from jiejian import filings
from jiejian.catalogue import catalogue
from jiejian.home import home
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
