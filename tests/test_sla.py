"""Time limits by hand: four states that add up, tiers and categories, backlog, 督办, three rates, levels."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiejian.analysis import sla
from jiejian.catalogue import TimeLimit, load_catalogue
from jiejian.catalogue.workdays import WorkCalendar
from jiejian.home import BUNDLED_CATALOGUE

AS_OF = datetime(2026, 10, 31, 23, 59, 59)
NEVER = "NaT"


@pytest.mark.parametrize(
    ("opened", "closed", "due", "state"),
    [
        ("2026-10-01", "2026-10-02T08:00", "2026-10-02T08:00", "按期办结"),  # at the very moment is on time
        ("2026-10-01", "2026-10-02T08:01", "2026-10-02T08:00", "超期办结"),
        ("2026-10-31", NEVER, "2026-11-01", "在办未到期"),
        ("2026-10-01", NEVER, "2026-10-02", "在办已超期"),
        ("2026-10-01", "2026-11-05", "2026-11-10", "在办未到期"),  # closed later than one looks: still open then
        ("2026-10-01", "2026-11-05", "2026-10-10", "在办已超期"),
        ("2026-10-01", "2026-10-05", NEVER, "未定时限"),
        ("2026-11-02", NEVER, "2026-11-03", ""),  # not received yet
        (NEVER, NEVER, NEVER, ""),
    ],
)
def test_the_state_of_a_case(opened, closed, due, state):
    assert list(sla.states([opened], [closed], [due], AS_OF)) == [state]


MOMENT = st.one_of(st.just(np.datetime64("NaT", "s")), st.integers(0, 10**8).map(lambda s: np.datetime64(1_700_000_000 + s, "s")))


@given(st.lists(st.tuples(MOMENT, MOMENT, MOMENT), max_size=40))
def test_the_states_add_up_to_the_cases_received(cases):
    opened, closed, due = (np.array([c[i] for c in cases], dtype="datetime64[s]") for i in range(3))
    found = sla.states(opened, closed, due, AS_OF)
    received = (~np.isnat(opened) & (opened <= np.datetime64(AS_OF))).sum()
    assert sum((found == state).sum() for state in (*sla.STATES, sla.NO_LIMIT)) == received


def test_shares_of_the_states_are_of_the_cases_with_a_limit():
    shares = sla.state_shares({"按期办结": 90, "超期办结": 6, "在办未到期": 3, "在办已超期": 1, "未定时限": 50})
    assert list(shares["share"]) == pytest.approx([0.90, 0.06, 0.03, 0.01])
    assert sla.state_shares({"未定时限": 5})["share"].isna().all()


def test_shipped_tiers_and_a_streets_own_category():
    limits = list(load_catalogue(BUNDLED_CATALOGUE).time_limits.values())
    assert [(sla.limit_of(t, "", limits).days) for t in ("1天", "1周", "1月")] == [1, 7, 30]
    own = TimeLimit(id="noise", name="噪声2个工作日", days=2, count="working", categories=["噪声扰民"])
    assert sla.limit_of("1周", "噪声扰民", [*limits, own]) is own
    assert sla.limit_of("", "", limits) is None


def test_due_by_days_of_24_hours_and_by_working_days():
    received = np.array(["2026-09-30T16:30"], dtype="datetime64[s]")
    natural = TimeLimit(id="a", name="1周", days=7, tiers=["1周"])
    working = TimeLimit(id="b", name="3个工作日", days=3, count="working", tiers=["1周"])
    assert str(sla.due_times(received, natural, WorkCalendar())[0]) == "2026-10-07T16:30:00"
    assert str(sla.due_times(received, working, WorkCalendar())[0]) == "2026-10-10T16:30:00"  # the Saturday is worked


def test_backlog_by_age():
    opened = np.array(
        ["2026-10-31T08:00", "2026-10-30T23:59:59", "2026-10-29", "2026-10-01", "2026-01-01", NEVER], "datetime64[s]"
    )
    ages = sla.backlog_by_age(opened, AS_OF)
    assert dict(zip(ages["age"], ages["cases"], strict=True)) == {
        "1天以内": 2,
        "2—7天": 1,
        "8—30天": 0,
        "31—90天": 1,
        "90天以上": 1,
    }
    assert sla.backlog_by_age([], AS_OF)["cases"].sum() == 0
    assert sla.backlog_by_age(opened[:1], AS_OF, [7])["cases"].sum() == 7


def test_what_to_press_for():
    due = np.array(["2026-10-31", "2026-11-02", "2026-12-01", "2026-10-01", NEVER], "datetime64[s]")
    closed = np.array([NEVER, NEVER, NEVER, "2026-10-02", NEVER], "datetime64[s]")
    assert list(sla.falling_due(due, closed, AS_OF, days=3)) == ["已超期", "即将到期", "", "", ""]


def test_three_rates_weigh_the_same_and_say_why():
    composite = load_catalogue(BUNDLED_CATALOGUE).composites["three_rates"]
    rates = sla.ThreeRates({"response_rate": 99.0, "resolution_rate": 90.0, "satisfaction_rate": 84.0}, composite.weights)
    assert rates.composite == pytest.approx(91.0) and rates.equal
    assert "等权" in composite.note and not composite.document
    assert sla.ThreeRates({"response_rate": 99.0}, composite.weights).composite is None
    assert (
        sla.ThreeRates({"response_rate": 80.0, "resolution_rate": 90.0}, {"response_rate": 1, "resolution_rate": 3}).composite
        == 87.5
    )


def test_the_composite_of_a_frame_is_missing_where_a_rate_is():
    rows = [("a", "甲", "2026-10", m, v) for m, v in (("r", 90.0), ("s", 80.0))] + [("b", "乙", "2026-10", "r", 70.0)]
    frame = pd.DataFrame(rows, columns=["place_id", "place", "period", "metric", "value"])
    found = sla.composite_rate(frame, {"r": 1, "s": 3})
    assert list(found["place"]) == ["甲", "乙"]
    assert found["value"].iloc[0] == pytest.approx(82.5) and np.isnan(found["value"].iloc[1])
    assert list(sla.composite_rate(frame, {"r": 1, "s": 0})["value"]) == [90.0, 70.0]


def test_where_cases_are_settled():
    shares = sla.level_shares({"楼栋": 30, "网格": 46, "社区": 20, "街道": 3, "部门": 1}).set_index("level")
    assert shares.loc["社区", "cumulative"] == pytest.approx(0.96)  # 96% at the base, as article 002 says
    assert sla.level_shares({})["share"].isna().all()
