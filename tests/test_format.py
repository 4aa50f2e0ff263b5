"""Figures as Chinese text, case by case."""

import math

import pytest

from jiejian.catalogue import load_catalogue
from jiejian.format import amount, describe_change, format_change, format_figure, format_value
from jiejian.home import BUNDLED_CATALOGUE

METRICS = load_catalogue(BUNDLED_CATALOGUE).metrics
SHARE, COUNT, RATIO = METRICS["on_time_rate"], METRICS["cases_opened"], METRICS["residents_per_household"]
NAN = math.nan


@pytest.mark.parametrize(
    ("value", "kind", "options", "text"),
    [
        (12345, COUNT, {}, "1.23万"),
        (12345, COUNT, {"exact": True}, "12,345"),
        (12345, COUNT, {"unit": True}, "1.23万件"),
        (12350, COUNT, {}, "1.24万"),  # half up, not to even
        (10000, COUNT, {}, "1万"),
        (9999, COUNT, {}, "9999"),
        (9999.6, COUNT, {}, "1万"),
        (9999.6, COUNT, {"decimals": 1}, "9999.6"),
        (99_999_999, COUNT, {}, "1亿"),
        (99_994_999, COUNT, {}, "9999.5万"),
        (100_271_000, COUNT, {}, "1.0027亿"),
        (1_411_780_000, COUNT, {}, "14.12亿"),
        (-12345, COUNT, {}, "−1.23万"),
        (-0.4, COUNT, {}, "0"),
        (0, COUNT, {}, "0"),
        (None, COUNT, {}, "—"),
        (NAN, SHARE, {"unit": True}, "—"),
        (math.inf, COUNT, {}, "—"),
        (96, SHARE, {}, "96.0%"),
        (95.95, SHARE, {}, "96.0%"),
        (12345.6, SHARE, {}, "12345.6%"),  # a share is never in 万
        (2.675, RATIO, {}, "2.68"),
        (2.675, RATIO, {"unit": True}, "2.68人/户"),
        (12.5, "元", {"unit": True}, "12.5元"),
        (52, "%", {}, "52.0%"),
        (3, "个", {}, "3"),
        (80000, "人", {"qualifier": "at_least", "unit": True}, "8万余人"),
        (300, "人", {"qualifier": "at_least"}, "300余"),
        (8, "个", {"qualifier": "at_least", "unit": True}, "8个以上"),
        (96, "%", {"qualifier": "at_least"}, "96.0%以上"),
        (300, "", {"qualifier": "about"}, "约300"),
        (100, "人", {"qualifier": "nearly", "unit": True}, "近100人"),
        (21, "处", {"qualifier": "planned", "unit": True}, "将达21处"),
        (30, "户", {"qualifier": "below", "unit": True}, "不足30户"),
        (9515, "人", {"qualifier": "derived", "unit": True}, "9515人（推算）"),
        (NAN, "平方米", {"qualifier": "range", "lower": 150, "upper": 1000}, "150—1000"),
        (NAN, "平方米", {"qualifier": "range", "lower": 150, "upper": 1000, "unit": True}, "150—1000平方米"),
        (NAN, SHARE, {"qualifier": "range", "lower": 85, "upper": 98.2}, "85.0%—98.2%"),
        (NAN, "平方米", {"qualifier": "range", "lower": NAN, "upper": NAN}, "—"),
    ],
)
def test_a_value_as_people_write_it(value, kind, options, text):
    assert format_value(value, kind, **options) == text


@pytest.mark.parametrize(
    ("value", "base", "metric", "text", "words"),
    [
        (95.1, 93.0, SHARE, "+2.1个百分点", "上升2.1个百分点"),
        (93.0, 95.1, SHARE, "−2.1个百分点", "下降2.1个百分点"),
        (110, 100, COUNT, "+10.0%", "上升10.0%"),
        (919, 1000, COUNT, "−8.1%", "下降8.1%"),
        (1000, 1000, COUNT, "持平", "持平"),
        (10001, 10000, COUNT, "持平", "持平"),  # 0.01 % is level to one decimal
        (3.3, 3.0, RATIO, "+10.0%", "上升10.0%"),
        (5, 0, COUNT, "—", ""),
        (5, NAN, COUNT, "—", ""),
        (None, 5, SHARE, "—", ""),
        (0, 5, COUNT, "−100.0%", "下降100.0%"),
        (5, 0, SHARE, "+5.0个百分点", "上升5.0个百分点"),
    ],
)
def test_a_change_is_in_points_for_shares_and_in_percent_for_the_rest(value, base, metric, text, words):
    assert format_change(value, base, metric) == text
    assert describe_change(value, base, metric) == words


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((34748, None, None, "exact", "起"), "34,748起"),
        ((80000, None, None, "at_least", "人"), "8万余人"),
        ((NAN, 150.0, 1000.0, "range", "平方米"), "150—1000平方米"),
        ((96.0, None, None, "exact", "%"), "96.0%"),
        ((NAN, NAN, NAN, "exact", "人"), "—"),
    ],
)
def test_a_published_figure_keeps_its_digits_or_its_word(arguments, text):
    assert format_figure(*arguments) == text


def test_how_many_there_are_in_a_sentence():
    assert [amount(n, "件") for n in (0, 4942, 9999, 10_000, 410_918)] == ["0件", "4942件", "9999件", "1万件", "41.09万件"]
