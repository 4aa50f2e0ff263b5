"""The status board gives what single charts give; what may not be judged is not; its order and lists."""

from __future__ import annotations

from dataclasses import fields
from datetime import date

import numpy as np
import pandas as pd
import pytest
from frames import CATALOGUE, METRICS

from jiejian.analysis.board import REASONS, STRONG, Board, board, worse_than_peers
from jiejian.analysis.cells import concerns, noteworthy, only, order, progress
from jiejian.analysis.control_chart import CAPABILITIES, RULES, SIGNALS, judge, xmr
from jiejian.analysis.season import judge_in_season, season
from jiejian.figures import Cube
from jiejian.periods import parse_period, periods_between

MEASURES = CATALOGUE.measures
RATE = "on_time_rate"


def months(count: int, last: str = "2026-10") -> tuple:
    end = parse_period(last)
    return tuple(periods_between(date(end.start.year - 4, 1, 1), end.end, "month")[-count:])


def cube(values, metrics=(RATE,), last: str = "2026-10", below: float = 1000.0, eras=None) -> Cube:
    """Values metric × place × month; a proportion's numerator follows from 1000 cases."""
    values = np.asarray(values, dtype=float)
    places = pd.DataFrame({
        "place_id": [f"p{i}" for i in range(values.shape[1])],
        "place": [f"第{i}社区" for i in range(values.shape[1])],
    })  # fmt: skip
    chosen = tuple(METRICS[m] for m in metrics)
    return Cube(
        chosen,
        places,
        months(values.shape[2], last),
        values,
        values / 100 * below,
        np.full(values.shape, below),
        np.zeros(values.shape[1:], int) if eras is None else eras,
    )


def targets(**wanted: float) -> pd.DataFrame:
    rows = [(f"p{i}", m, v) for m, v in wanted.items() for i in range(9)]
    return pd.DataFrame(rows, columns=["place_id", "metric", "target_value"])


def noise(shape, seed=1, level=90.0, spread=2.0) -> np.ndarray:
    return np.random.default_rng(seed).normal(level, spread, shape)


def at(made: Board, what: str, row: int = 0, column: int = 0) -> str:
    names = {"signal": SIGNALS, "rule": RULES, "reason": REASONS, "capability": CAPABILITIES}[what]
    return names[getattr(made, what)[row, column]]


@pytest.mark.parametrize("seed", range(5))
def test_every_cell_is_what_its_own_chart_says(seed):
    """Random matrices with gaps and shifts: lines, rules, signals and capability equal those of xmr, cell by cell."""
    draw = np.random.default_rng(seed)
    metrics = (RATE, "resolution_rate", "repeat_share", "patrol_share")
    values = draw.normal(60, 4, (4, 9, 36))
    values[:, :3, 25:] += 9
    values[draw.random(values.shape) < 0.12] = np.nan
    wanted = targets(on_time_rate=55, repeat_share=72)
    made = board(cube(values, metrics), MEASURES, wanted)
    assert not made.season.seasonal.any() and not made.season.known.any(), "plain noise has no season"
    for row, name in enumerate(metrics):
        goal = {RATE: 55.0, "repeat_share": 72.0}.get(name)
        for column in range(9):
            alone = xmr(values[row, column], better=METRICS[name].better, target=goal)
            flat = row * 9 + column
            for line in ("value", "mean", "lower", "upper", "near_lower", "near_upper"):
                np.testing.assert_array_equal(getattr(made.judged, line)[flat], alone[line].to_numpy(), err_msg=line)
            assert [RULES[r] for r in made.judged.rule[flat]] == list(alone["rule"])
            gone = np.isnan(values[row, column, -1])
            assert at(made, "signal", row, column) == ("common_cause" if gone else alone["signal"].iloc[-1])
            if not gone:
                assert at(made, "capability", row, column) == alone.attrs["capability"]


def test_redrawn_places_start_anew():
    values = noise((1, 2, 30))
    values[0, 0, 15:] += 40
    eras = np.zeros((2, 30), int)
    eras[0, 15:] = 1
    made = board(cube(values, eras=eras), MEASURES)
    alone = xmr(values[0, 0], better="higher", rebase_at=[15])
    np.testing.assert_array_equal(made.judged.mean[0], alone["mean"].to_numpy())
    assert made.points[0].tolist() == [15, 30]


# ---- what may not be judged ----


def test_a_gap_now_is_no_signal():
    values = noise((1, 1, 24))
    values[0, 0, -1] = np.nan
    assert at(board(cube(values), MEASURES), "reason") == "missing"


def test_a_stock_that_is_carried_over_is_not_judged_but_measured_against_its_target():
    """Growing by a little each month every new month would be outside limits made from the steps."""
    grow = np.array([[np.linspace(80, 91, 36), np.linspace(60, 70, 36)]]) + noise((1, 2, 36), spread=0.02, level=0)
    made = board(cube(grow, ("member_registration_rate",)), MEASURES, targets(member_registration_rate=90))
    assert at(made, "reason") == "stock" and at(made, "signal") == "common_cause"
    assert [at(made, "capability", 0, c) for c in (0, 1)] == ["reliably_met", "reliably_missed"]


def test_rare_counts_and_too_few_points_are_not_judged():
    rare = np.zeros((1, 1, 24))
    rare[0, 0, -1] = 5
    assert at(board(cube(rare, ("training_sessions",)), MEASURES), "reason") == "rare"
    assert at(board(cube(noise((1, 1, 1))), MEASURES), "reason") == "few"


def test_what_is_still_being_done_is_not_judged():
    """Topics of the latest six months: done so far 20 % because they are young, not because anything is wrong."""
    values = noise((1, 1, 30), level=90)
    values[0, 0, -6:] = 20
    made = board(cube(values, ("topics_done_rate",)), MEASURES, as_of=date(2026, 10, 31))
    assert at(made, "reason") == "settling" and made.judged.mean[0, 0] > 85
    later = board(cube(values, ("topics_done_rate",)), MEASURES, as_of=date(2027, 10, 31))
    assert at(later, "rule") == "outside"


# ---- what comes every year ----


def test_the_spring_festival_is_known_where_it_moves_the_figures():
    """2024-02, 2025-01/02 and 2026-02 at half the usual cases in all places, seen from February 2026."""
    values = noise((1, 6, 36), level=100, spread=4)
    periods = months(36, "2026-02")
    held = [i for i, p in enumerate(periods) if p.key in ("2024-02", "2025-01", "2025-02", "2026-02")]
    values[..., held] = 50
    made = board(cube(values, ("cases_opened",), "2026-02"), MEASURES)
    assert np.flatnonzero(made.season.known[0]).tolist() == held
    assert at(made, "reason") == "festival" and at(made, "signal") == "common_cause"
    assert made.judged.lower[0, 0] > 70, "the known months do not widen the limits"
    unmoved = board(cube(noise((1, 6, 36)), (RATE,), "2026-02"), MEASURES)
    assert not unmoved.season.known.any() and at(unmoved, "reason") == ""


def test_a_strong_season_is_judged_against_the_same_month_of_other_years():
    """Heating: 30 more every November. As they come every year they are no signal; 90 in one November is one."""
    cold = np.where(np.isin([p.start.month for p in months(36, "2025-11")], (11, 12, 1)), 30.0, 0.0)
    values = 50 + cold + noise((1, 5, 36), level=0, spread=2)
    asked = cube(values, ("hotline_cases",), "2025-11")
    made = board(asked, MEASURES)
    assert made.season.seasonal[0] and at(made, "rule") == "" and at(made, "reason") == ""
    assert "outside" in xmr(values[0, 0], screen_ranges=True)["rule"].to_list() or xmr(values[0, 0])["upper"].iloc[0] > 90
    values[0, 2, -1] += 40
    made = board(cube(values, ("hotline_cases",), "2025-11"), MEASURES)
    assert at(made, "rule", 0, 2) == "outside" and at(made, "rule", 0, 1) == ""
    assert made.judged.mean[0, -1] - made.judged.mean[0, 6] > 20, "the mean goes with the season"


def test_a_trend_or_a_step_is_no_season():
    trend = np.linspace(40, 80, 36) + noise((1, 5, 36), level=0, spread=2)
    step = np.where(np.arange(36) < 18, 40, 60) + noise((1, 5, 36), level=0, spread=2)
    for values in (trend, step):
        assert not season(values, months(36)).seasonal.any()


def test_series_without_season_are_judged_as_they_are():
    values = noise((6, 36))
    plain = judge_in_season(values, np.zeros(values.shape, bool), np.zeros(6, bool), np.ones(36, int))
    for name in ("mean", "lower", "upper", "rule", "direction"):
        np.testing.assert_array_equal(getattr(plain, name), getattr(judge(values), name))


@pytest.mark.parametrize("whole", [True, False])
def test_a_series_alone_is_judged_as_among_many_to_the_last_digit(whole):
    """With a season and without, with known months and gaps: the chart of a cell is drawn from its series alone."""
    draw = np.random.default_rng(3)
    values, month = noise((40, 36)) + 9 * np.sin(np.arange(36) / 6 * np.pi), np.arange(36) % 12 + 1
    values[draw.random(values.shape) < 0.1] = np.nan
    known, seasonal = draw.random(values.shape) < 0.05, np.arange(40) % 2 == 0
    together = judge_in_season(values, known, seasonal, month, whole=whole)
    for i in range(40):
        alone = judge_in_season(values[i : i + 1], known[i : i + 1], seasonal[i : i + 1], month, whole=whole)
        for field in fields(together):
            np.testing.assert_array_equal(getattr(alone, field.name)[0], getattr(together, field.name)[i], err_msg=field.name)


# ---- targets of totals ----


def test_a_yearly_total_is_measured_by_its_pace():
    """To October ten twelfths of the year have passed: 83.3 %. Reached 100 of 120 = 83.3 % is on course, 90 = 75 % is
    exactly a tenth behind, 80 = 66.7 % is more."""
    monthly = np.array([10.0, 9.0, 8.0])
    values = np.broadcast_to(monthly[None, :, None], (1, 3, 22)).copy()
    made = board(cube(values, ("activity_sessions",)), MEASURES, targets(activity_sessions=120))
    np.testing.assert_allclose(made.pace[0], [100 / 120, 90 / 120, 80 / 120])
    assert [at(made, "capability", 0, c) for c in range(3)] == ["reliably_met", "hit_and_miss", "reliably_missed"]


def test_a_gap_in_the_year_leaves_its_pace_unknown():
    values = np.full((1, 1, 22), 10.0)
    values[0, 0, -4] = np.nan
    made = board(cube(values, ("activity_sessions",)), MEASURES, targets(activity_sessions=120))
    assert np.isnan(made.pace[0, 0]) and at(made, "capability") == ""


# ---- chance ----


def test_signals_by_chance_are_counted_as_often_as_they_come():
    """Noise of 20,000 cells of 24 points: the board's expectation against what the rules really name, within 15 %."""
    values = noise((2, 10_000, 24), seed=11)
    asked = cube(values, (RATE, "resolution_rate"))
    made = board(asked, MEASURES)
    for rules in (STRONG, RULES[1:]):
        found = int((made.shown_signal(rules) > 0).sum())
        assert found == pytest.approx(made.by_chance(rules), rel=0.15)
    assert made.judged_cells == 20_000


# ---- worse than the others ----


def test_worse_than_peers_needs_a_difference_beyond_chance():
    """Nineteen communities at 90 % of 400; one at 70 % stands out, one at 88 % does not; small ones may lie low."""
    below = np.array([400.0] * 19 + [400, 400, 10])
    above = np.array([360.0] * 19 + [280, 352, 8])
    value = above / below * 100
    found = worse_than_peers(METRICS[RATE], value, above, below)
    assert np.flatnonzero(found).tolist() == [19]
    assert not worse_than_peers(METRICS["repeat_share"], value, above, below)[19], "less is better there"
    assert not worse_than_peers(METRICS["cases_opened"], value, above, below).any(), "totals follow size"


def wounded() -> Board:
    """Ten communities at about 90 %; the fourth falls to 70 in the last month, the sixth rises to 99.9."""
    values = noise((2, 10, 36), spread=1.0)
    values[1, 3, -1], values[0, 5, -1] = 70, 99.9
    return board(cube(values, (RATE, "resolution_rate")), MEASURES)


def test_lists_of_concern_and_progress():
    made = wounded()
    found = concerns(made)
    assert [(c.metric.id, c.place) for c in found] == [("resolution_rate", "第3社区")]
    assert found[0].worse and found[0].rule == "outside" and found[0].distance > 1
    assert [(c.metric.id, c.place) for c in progress(made)] == [(RATE, "第5社区")]
    assert concerns(made, places=("p1",)) == []


def test_concern_gathers_top_left():
    made = wounded()
    pillars = (("自治", (RATE,)), ("服务", ("resolution_rate",)))
    found = order(made, pillars)
    assert list(found.rows) == ["服务", "自治"] and found.columns[0] == 3
    assert sorted(found.columns) == list(range(10))
    assert order(made).rows == {"其他": [1, 0]}
    assert only(found, {0}).rows == {"自治": [0]} and noteworthy(made) == {0, 1}


def test_many_blocks_side_by_side_are_judged_as_one(monkeypatch):
    asked = cube(noise((2, 23, 36), seed=5, spread=20.0), (RATE, "cases_opened"))
    whole = board(asked, MEASURES)
    monkeypatch.setattr("jiejian.analysis.board._BLOCK", 7)
    parts = board(asked, MEASURES)
    for name in ("signal", "rule", "direction", "reason"):
        assert np.array_equal(getattr(whole, name), getattr(parts, name)), name
    assert np.array_equal(whole.judged.upper, parts.judged.upper, equal_nan=True)
