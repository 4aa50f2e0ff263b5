"""An evaluation from figures: what is scored, what is left out, and what a portrait says."""

import numpy as np
import pandas as pd
import pytest
from frames import METRICS, at

from jiejian.analysis.evaluation import TOP, evaluate, prepare, scorable
from jiejian.analysis.interval import compare_to_mean
from jiejian.analysis.takeaway import portrait_finding, signals

ON_TIME, REPEAT, OPENED, ELDERLY = (METRICS[m] for m in ("on_time_rate", "repeat_share", "cases_opened", "elderly_share"))
SATISFIED = METRICS["satisfaction_rate"]
FIGURES = pd.concat([
    at("on_time_rate", 甲=(950, 1000), 乙=(900, 1000), 丙=(800, 1000), 丁=None),
    at("repeat_share", 甲=(10, 1000), 乙=(50, 1000), 丙=(30, 1000), 丁=None),
    at("satisfaction_rate", 甲=(90, 100), 乙=(90, 100), 丙=(90, 100), 丁=(90, 100)),
    at("cases_opened", 甲=100, 乙=200, 丙=300, 丁=400),
])  # fmt: skip
PILLARS = {"服务": [ON_TIME, OPENED, SATISFIED], "自治": [REPEAT, ELDERLY]}


def test_counts_and_neutral_metrics_are_not_scored():
    assert scorable([ON_TIME, OPENED, ELDERLY, REPEAT]) == [ON_TIME, REPEAT]


def test_scores_by_hand():
    evaluation = prepare(FIGURES, PILLARS)
    assert evaluation.pillars == ("服务", "自治") and evaluation.left_out == ("群众满意率",)
    assert evaluation.too_few == ("demo/丁",)
    result = evaluate(evaluation)
    # 按期 95, 90, 80 %: 100, 66.67, 0; 重复 1, 5, 3 % (lower is better): 100, 0, 50.
    assert result.scores.loc[["demo/甲", "demo/乙", "demo/丙"], TOP].round(2).tolist() == [100, 33.33, 25]
    assert pd.isna(result.scores.loc["demo/丁", TOP])
    assert result.ranges["rank"].tolist()[:1] != [] and result.by_pillar(evaluation).loc["demo/乙"].round(2).tolist() == [
        33.33,
        0,
    ]


def test_weights_move_the_scores():
    result = evaluate(prepare(FIGURES, PILLARS, {"服务": 3, "自治": 1}))
    assert result.scores.loc["demo/乙", TOP] == pytest.approx(50)
    only = prepare(FIGURES, PILLARS, {"服务": 0, "自治": 1})
    assert only.pillars == ("自治",)
    without = prepare(FIGURES, PILLARS, metric_weights={"repeat_share": 0})
    assert without.pillars == ("服务",)
    assert prepare(FIGURES, PILLARS, {"服务": 0, "自治": 0}) is None
    assert prepare(FIGURES[:0], PILLARS) is None


def test_what_was_drawn_in_is_not_redrawn():
    many = {f"社区{i}": (900 + i % 7, 1000) for i in range(20)} | {"远社区": (100, 1000)}
    evaluation = prepare(at("on_time_rate", **many), {"服务": [ON_TIME]})
    assert [t.metric for t in evaluation.treated] == ["按期办结率"] and evaluation.treated[0].units == ("demo/远社区",)
    assert not evaluation.counted.proportions
    plain = prepare(at("on_time_rate", **many), {"服务": [ON_TIME]}, outliers=False)
    assert plain.counted.proportions == {"按期办结率"}


def test_the_figures_of_few_cases_widen_the_range():
    few = pd.concat(
        [at("on_time_rate", 甲=(9, 10), 乙=(8, 10), 丙=(7, 10)), at("repeat_share", 甲=(1, 10), 乙=(2, 10), 丙=(0, 10))]
    )
    result = evaluate(prepare(few, PILLARS))
    assert (result.ranges["worst"] - result.ranges["best"]).max() == 2


# ---- a portrait in words ----

COMPARED = pd.concat(
    compare_to_mean(rows, METRICS[rows["metric"].iloc[0]])
    for rows in (
        at("on_time_rate", 甲=(990, 1000), 乙=(900, 1000), 丙=(940, 1000)),
        at("repeat_share", 甲=(200, 1000), 乙=(50, 1000), 丙=(50, 1000)),
        at("elderly_share", 甲=(300, 1000), 乙=(100, 1000), 丙=(210, 1000)),
        at("cases_opened", 甲=9, 乙=8, 丙=7),
    )
)


def test_a_portrait_counts_what_differs():
    assert portrait_finding(COMPARED, "demo/甲", "甲社区", "2026年10月") == (
        "甲社区1项好于、1项差于平均",
        "2026年10月，可以判断的3项比率中，1项明显好于平均、1项明显差于平均，1项有差别但不分好坏，其余与平均无明显差异（漏斗图99.8%控制限）。",
    )


def test_signals_put_the_worse_first():
    assert signals(COMPARED, "demo/甲", METRICS) == [
        ("worse", "重复诉求占比20.0%，明显高于平均（街道平均10.0%）。"),
        ("better", "按期办结率99.0%，明显高于平均（街道平均94.3%）。"),
        ("", "60岁及以上人口占比30.0%，明显高于平均（街道平均20.3%）。"),
    ]
    assert signals(COMPARED, "demo/丁", METRICS) == []
    assert "没有可以" in portrait_finding(COMPARED, "demo/丁", "丁社区", "2026年10月")[1]


@pytest.mark.parametrize("units", [65, 300])
def test_many_units_are_ranked_as_few_are(units):
    """By sorting, where comparing each with each would take gigabytes: with ties, near ties and gaps, over any shape."""
    from jiejian.analysis import robustness

    draw = np.random.default_rng(units)
    scores = draw.normal(50, 10, (3, 7, units)).round(1) + draw.choice([0, 4e-10, 2e-9], (3, 7, units))
    scores[draw.random(scores.shape) < 0.1] = np.nan
    scores[0, 0] = np.nan
    above = (scores[..., None, :] > scores[..., :, None] + 1e-9).sum(axis=-1) + 1.0
    np.testing.assert_array_equal(robustness.rank_of(scores), np.where(np.isnan(scores), np.nan, above))
