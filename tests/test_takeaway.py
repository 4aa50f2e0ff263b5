"""Findings as a table of frames and the sentences worked out by hand."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from frames import CATALOGUE, METRICS, at, frame, series

from jiejian.analysis.takeaway import cards_finding, fit_title, like_for_like, ranking_finding, steps, trend_finding
from jiejian.analysis.total import total

MEASURES = CATALOGUE.measures
SHARE, COUNT = METRICS["on_time_rate"], METRICS["cases_opened"]

RANKINGS = [
    (  # 930/1000 and 8/10: pooled 92.9 %; 8/10 lies 1.2 standard errors below, so nobody differs
        at("on_time_rate", 甲=(930, 1000), 乙=(8, 10)),
        "各社区按期办结率与平均无明显差异",
        "2026年10月，总体平均92.9%，各社区为80.0%—93.0%，高低可能只是随机波动（漏斗图99.8%控制限）。",
    ),
    (
        at("on_time_rate", 甲=(990, 1000), 乙=(900, 1000), 丙=(95, 100), 丁=None),
        "1个社区按期办结率明显高于平均、1个明显低于",
        "2026年10月，总体平均94.5%；甲明显高于平均，乙明显低于平均，其余1个社区与平均无明显差异"
        "（漏斗图99.8%控制限；该指标越高越好）。1个社区缺报：丁。",
    ),
    (
        at("repeat_share", 甲社区=(30, 1000), 乙社区=(5, 100), 丙社区=(0, 0)),
        "各社区重复诉求占比与平均无明显差异",
        "2026年10月，总体平均3.2%，各社区为3.0%—5.0%，高低可能只是随机波动（漏斗图99.8%控制限）。"
        "1个社区分母为0，不计算：丙社区。",
    ),
    (  # neutral: groups, but nothing is said to be better; 515 of 3,060 are 16.8 %
        at("elderly_share", 甲社区=(300, 1000), 乙社区=(100, 1000), 丙社区=(105, 1000), 丁社区=(10, 60)),
        "1个社区60岁及以上人口占比明显高于平均、2个明显低于",
        "2026年10月，总体平均16.8%；甲社区明显高于平均，乙社区、丙社区明显低于平均，其余1个社区与平均无明显差异（漏斗图99.8%控制限）。",
    ),
    (
        at("cases_opened", 甲=12, 乙=230, 丙=98),
        "各社区诉求受理量为12—230件",
        "2026年10月，3个社区诉求受理量为12—230件，中位数98件；总量受社区规模影响，多少不等于好坏。",
    ),
    (
        at("training_sessions", 甲=3, 乙=3),
        "各社区教育培训场次均为3场",
        "2026年10月，2个社区教育培训场次均为3场，中位数3场；总量受社区规模影响，多少不等于好坏。",
    ),
    (  # a rate of counts: 10 and 30 expected, exact limits 3.0 to 24.0 and 15.5 to 51.1
        at("complaints_per_thousand_households", 甲=(30, 1000), 乙=(10, 3000)),
        "1个社区每千户投诉量明显高于平均、1个明显低于",
        "2026年10月，总体平均10.0件/千户；甲明显高于平均，乙明显低于平均（漏斗图99.8%控制限；该指标越低越好）。",
    ),
    (  # hours do not come one by one: no limits
        at("hours_per_volunteer", 甲=(300, 100), 乙=(10, 100)),
        "各社区人均志愿服务时长为0.10—3.00小时/人",
        "2026年10月，2个社区人均志愿服务时长为0.10—3.00小时/人，总体平均1.55小时/人；未作随机波动检验，规模小的社区起伏较大。",
    ),
    (
        at("score_party", "2026-Q3", 甲=95.5, 乙=88),
        "各社区党组织评价得分为88.0—95.5分",
        "2026年第三季度，2个社区党组织评价得分为88.0—95.5分，中位数91.8分；原样引用，不另求平均。",
    ),
    (
        at("on_time_rate", 甲社区=(19, 20), 乙社区=None),
        "甲社区按期办结率为95.0%",
        "2026年10月，甲社区按期办结率为95.0%，只此一处有数，不作比较。1个社区缺报：乙社区。",
    ),
    (
        at("on_time_rate", 甲=None, 乙=None),
        "2026年10月按期办结率没有数据",
        "2026年10月没有可比较的按期办结率。2个社区均缺报。",
    ),
    (at("on_time_rate"), "所选时间按期办结率没有数据", "所选时间没有可比较的按期办结率。"),
]


@pytest.mark.parametrize(("rows", "title", "sentence"), RANKINGS)
def test_ranking(rows, title, sentence):
    assert ranking_finding(rows, METRICS[rows["metric"].iloc[0]] if len(rows) else SHARE) == (title, sentence)


def test_many_places_are_judged_by_widened_limits_that_are_said():
    # 19 places between 84 and 96 %: an ordinary spread; 30 % is beyond it.
    figures = {f"社区{i}": (840 + 7 * (i % 18), 1000) for i in range(19)} | {"望湖社区": (300, 1000)}
    title, sentence = ranking_finding(at("on_time_rate", **figures), SHARE)
    assert title == "望湖社区按期办结率明显低于平均"
    assert "其余19个社区与平均无明显差异（漏斗图99.8%控制限，已按社区间常有的差异放宽；该指标越高越好）" in sentence


def test_provisional_figures_are_said_to_be():
    rows = at("cases_opened", 甲=12, 乙=230)
    rows.loc[0, "status"] = "P"
    assert ranking_finding(rows, COUNT)[1].endswith("其中1个为初步数或估计数。")


TRENDS = [
    (  # 92.8 → 94.0 of 1,000 each: difference 1.2 points, interval −1.0 to 3.4; a year before 88.0, interval 3.5 to 8.5
        series("on_time_rate", m2025_10=(880, 1000), m2026_09=(928, 1000), m2026_10=(940, 1000)),
        "按期办结率环比无明显变化、同比上升6.0个百分点",
        "2026年10月，全街道按期办结率94.0%；环比（2026年9月为92.8%）上升1.2个百分点，在随机波动范围内；"
        "同比（2025年10月为88.0%）上升6.0个百分点，超出随机波动。",
    ),
    (
        series("cases_opened", m2025_10=1200, m2026_09=1000, m2026_10=1100),
        "诉求受理量环比上升10.0%、同比下降8.3%",
        "2026年10月，全街道诉求受理量1100件；环比（2026年9月为1000件）上升10.0%；同比（2025年10月为1200件）下降8.3%。",
    ),
    (
        series("cases_opened", m2025_10=None, m2026_09=None, m2026_10=1100),
        "诉求受理量为1100件，暂无可比",
        "2026年10月，全街道诉求受理量1100件；环比不作比较：2026年9月缺报；同比不作比较：2025年10月缺报。",
    ),
    (
        series("households", m2026_09=5000, m2026_10=5000),
        "2026年10月户数环比持平",
        "2026年10月，全街道户数5000户；环比（2026年9月为5000户）持平；同比不作比较：没有2025年10月的数据。",
    ),
    (
        series("cases_opened", m2026_07=900, m2026_08=None, m2026_09=0, m2026_10=3),
        "诉求受理量为3件，暂无可比",
        "2026年10月，全街道诉求受理量3件；环比不作比较：2026年9月为0件，算不出变化率；同比不作比较：没有2025年10月的数据。"
        "2026年8月缺数，线条断开。",
    ),
    (
        series("cases_opened", "春和社区", m2026_09=98, m2026_10=None),
        "2026年10月诉求受理量缺报",
        "2026年10月，春和社区诉求受理量缺报，不作比较。最近一期有数的是2026年9月，为98件。",
    ),
    (  # 累计: no 环比, 1—9月 is part of 1—10月
        series("cases_opened", m2025_C10=1000, m2026_C09=900, m2026_C10=1100),
        "诉求受理量同比上升10.0%",
        "2026年1—10月累计，全街道诉求受理量1100件；同比（2025年1—10月累计为1000件）上升10.0%。",
    ),
    (  # a year: the year before is one comparison, not two
        series("cpc_members", "全国", m2023=99_185_000, m2024=100_271_000),
        "党员总数比上年上升1.1%",
        "2024年，全国党员总数1.0027亿人；比上年（2023年为9918.5万人）上升1.1%。",
    ),
]


@pytest.mark.parametrize(("rows", "title", "sentence"), TRENDS)
def test_trend(rows, title, sentence):
    assert trend_finding(rows, METRICS[rows["metric"].iloc[0]]) == (title, sentence)


def test_the_spring_festival_is_named():
    rows = series("cases_opened", m2026_02=50, m2026_03=100)
    assert trend_finding(rows, COUNT, festivals=[date(2026, 2, 1)])[1].endswith("2026年2月含春节，环比仅供参考。")
    assert "春节" not in trend_finding(rows, COUNT)[1]


LATE = frame("cases_opened", {"甲": {"2026-09": 100, "2026-10": 110}, "乙": {"2026-09": 900, "2026-10": None}})


def test_a_late_community_does_not_look_like_a_fall():
    totals = total(LATE, COUNT, MEASURES)
    alone = trend_finding(totals, COUNT)[1]
    assert "环比不作比较：两期报送数不同（1个、2个）" in alone and "下降" not in alone
    both = trend_finding(totals, COUNT, like_for_like(LATE, COUNT, MEASURES))[1]
    assert "2026年10月，全街道诉求受理量110件（1/2个报送）；环比（按两期均报送的1个计，由100件到110件）上升10.0%" in both


def test_nobody_reported_both_times():
    rows = frame("cases_opened", {"甲": {"2026-09": 100, "2026-10": None}, "乙": {"2026-09": None, "2026-10": 5}})
    sentence = trend_finding(total(rows, COUNT, MEASURES), COUNT, like_for_like(rows, COUNT, MEASURES))[1]
    assert "环比不作比较：没有两期都报送的社区" in sentence


def test_persons_are_not_added():
    rows = at("active_volunteers", 甲=10, 乙=20)
    title, sentence = trend_finding(total(rows, METRICS["active_volunteers"], MEASURES), METRICS["active_volunteers"])
    assert title == "活跃志愿者不能跨社区相加" and "请按社区查看" in sentence


def test_a_streets_missing_rate_is_not_blamed_on_anyone():
    rows = at("on_time_rate", 甲=None, 乙=(0, 0))
    assert trend_finding(total(rows, SHARE, MEASURES), SHARE)[0] == "2026年10月按期办结率缺数"


def test_a_huge_denominator_does_not_make_level_a_change():
    rows = series("on_time_rate", m2026_09=(9_400_000, 10_000_000), m2026_10=(9_403_900, 10_000_000))
    (step, _) = steps(rows, SHARE)
    assert step.text == "持平" and step.real is False and "超出" not in step.sentence


def test_several_places_are_no_series():
    with pytest.raises(ValueError, match="只能说一个地方的"):
        trend_finding(at("cases_opened", 甲=1, 乙=2), COUNT)


def test_cards():
    rows = pd.concat(
        [
            series("cases_opened", m2026_09=1000, m2026_10=1100),
            series("on_time_rate", m2026_09=(880, 1000), m2026_10=(940, 1000)),
            series("satisfaction_rate", m2026_09=(930, 1000), m2026_10=(928, 1000)),
            series("households", m2026_09=5000, m2026_10=5000),
            series("volunteers", m2026_09=5000, m2026_10=None),
        ]
    )
    metrics = [METRICS[m] for m in dict.fromkeys(rows["metric"])]
    assert cards_finding(rows, metrics) == (
        "5项指标环比2项上升1项下降1项持平、1项不可比",
        "2026年10月，环比超出随机波动的有按期办结率上升6.0个百分点；其余1项比率变化在随机波动范围内；"
        "2项未作随机波动检验，只说增减，不判断好坏。注册志愿者本期缺数。",
    )


def test_cards_without_anything_to_compare_with():
    title, sentence = cards_finding(series("cases_opened", m2026_10=5), [COUNT])
    assert title == "1项关键指标暂无可比的上期数" and sentence == "2026年10月，没有可比的上期数，只列本期数值。"


@pytest.mark.parametrize("metric", METRICS.values(), ids=lambda m: m.id)
def test_every_title_fits(metric):
    rng = np.random.default_rng(7)
    rows = frame(
        metric.id,
        {
            place: {
                key: (float(rng.integers(1, 900)), 1000.0) if metric.denominator else float(rng.integers(1, 2_000_000))
                for key in ("2025-10", "2026-09", "2026-10")
            }
            for place in ("春和社区", "民族团结进步示范社区", "红旗机械厂第三生活区居民委员会社区")
        },
    )
    now = rows[rows["period"] == "2026-10"]
    titles = [ranking_finding(now, metric)[0], ranking_finding(now[:1], metric)[0]]
    titles += [ranking_finding(now.assign(value=np.nan), metric)[0], ranking_finding(now[:0], metric)[0]]
    for place in rows["place"].unique():
        own = rows[rows["place"] == place]
        for part in (own, own[1:], own[2:], own[:0], own.assign(value=np.nan), own[own["period"] != "2026-09"]):
            titles.append(trend_finding(part, metric)[0])
    titles.append(cards_finding(rows[rows["place"] == "春和社区"], [metric])[0])
    assert [t for t in titles if not 10 <= len(t) <= 28] == []


def test_fit_title_falls_back():
    assert fit_title("短", "", otherwise="这是一个够长的标题啊") == "这是一个够长的标题啊"
