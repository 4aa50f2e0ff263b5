"""Numbers and dates as offices write them, against values worked out by hand; and every supported way reads back."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import dates, units
from etl.quantity import Quantity, chinese, read


@pytest.mark.parametrize(
    ("written", "base", "times", "expected"),
    [
        ("1,234", "", 1, Quantity(1234.0)),
        ("１，２３４", "", 1, Quantity(1234.0)),
        ("1.2万", "人", 1, Quantity(12000.0)),
        ("3万5千", "", 1, Quantity(35000.0)),
        ("1亿2千万", "", 1, Quantity(120000000.0)),
        ("80余", "", 1, Quantity(80.0, qualifier="at_least")),
        ("8万余人", "人", 1, Quantity(80000.0, qualifier="at_least")),
        ("80余万人", "人", 1, Quantity(800000.0, qualifier="at_least")),
        ("300多人", "人", 1, Quantity(300.0, qualifier="at_least")),
        ("60岁以上", "岁", 1, Quantity(60.0, qualifier="at_least")),
        ("约1.36平方公里", "平方米", 1, Quantity(1360000.0, qualifier="about")),
        ("1200左右", "", 1, Quantity(1200.0, qualifier="about")),
        ("近8万", "", 1, Quantity(80000.0, qualifier="nearly")),
        ("不足两个月", "月", 1, Quantity(2.0, qualifier="below")),
        ("将有320种", "个", 1, Quantity(320.0, qualifier="planned")),
        ("150—1000平方米", "平方米", 1, Quantity(None, 150.0, 1000.0, "range")),
        ("3—5万人", "人", 1, Quantity(None, 30000.0, 50000.0, "range")),
        ("8千至1万", "", 1, Quantity(None, 8000.0, 10000.0, "range")),
        ("三百二十", "", 1, Quantity(320.0)),
        ("一万二", "", 1, Quantity(12000.0)),
        ("一百零二", "", 1, Quantity(102.0)),
        ("百余", "", 1, Quantity(100.0, qualifier="at_least")),
        ("－5", "", 1, Quantity(-5.0)),
        ("96%", "%", 1, Quantity(96.0)),
        ("百分之九十六", "%", 1, Quantity(96.0)),
        ("8260.2", "人", 10000, Quantity(82602000.0)),
        ("8260.2万名", "人", 10000, Quantity(82602000.0)),
        ("0.75", "平方米", 1000000, Quantity(750000.0)),
    ],
)
def test_worked_examples(written, base, times, expected):
    assert read(written, base, Decimal(times)) == expected


@pytest.mark.parametrize("written", ["", "-", "－", "—", "/", "无", "缺", "空", "暂无", " ", None, "N/A"])
def test_words_for_nothing_are_gaps_not_zeros(written):
    assert read(written) is None


@pytest.mark.parametrize(
    ("written", "base", "times", "clause"),
    [
        ("待核实", "", 1, "不是数字"),
        ("几十", "", 1, "不是数字"),
        ("12.", "", 1, "不是数字"),
        ("1,23", "", 1, "千分位的逗号位置不对"),
        ("#DIV/0!", "", 1, "是公式的错误值"),
        ("10—8", "", 1, "区间的前一个数大于后一个数"),
        ("12人次", "人", 1, "单位“人次”与这一列的单位“人”不一致"),
        ("8260.2万", "人", 10000, "表头的单位已含倍数，格内又写了“万”或“亿”，分不清是哪个数"),
        ("5元", "元", 10000, "格内写的单位“元”与表头的单位不一致，分不清是哪个数"),
    ],
)
def test_what_is_not_certain_is_refused_in_words(written, base, times, clause):
    with pytest.raises(ValueError) as refused:
        read(written, base, Decimal(times))
    assert str(refused.value) == clause


_HAN = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """A reader's opposite, written independently: 0 … 99,999,999 in Chinese numerals."""
    if number >= 10000:
        high, low = divmod(number, 10000)
        return in_chinese(high) + "万" + ("" if not low else ("零" if low < 1000 else "") + in_chinese(low))
    text, zero = "", False
    for size, sign in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // size % 10
        if digit:
            text += ("零" if zero and text else "") + _HAN[digit] + sign
            zero = False
        elif text:
            zero = True
    return text or "零"


@given(st.integers(0, 99_999_999))
def test_chinese_numerals_read_back(number):
    assert chinese(in_chinese(number)) == number


NUMBERS = st.decimals(0, 10**9, places=2, allow_nan=False, allow_infinity=False)
WORDS = st.sampled_from(
    [
        ("{}", "exact"), ("约{}", "about"), ("{}左右", "about"), ("{}余", "at_least"), ("{}多", "at_least"),
        ("至少{}", "at_least"), ("近{}", "nearly"), ("不到{}", "below"), ("将{}", "planned"),
    ]
)  # fmt: skip


@given(NUMBERS, WORDS, st.sampled_from(["", "万", "亿"]), st.sampled_from(["", "人", "名"]), st.booleans(), st.booleans())
def test_a_number_reads_back_however_it_is_written(number, words, multiple, unit, grouped, wide):
    form, qualifier = words
    digits = f"{number:,}" if grouped else str(number)
    tail = "余" if form.endswith("余") else "多" if form.endswith("多") else ""
    written = f"{digits}{multiple}{tail}{unit}" if tail else form.format(f"{digits}{multiple}{unit}")
    if wide:
        written = written.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789,."})
    size = {"": 1, "万": 10**4, "亿": 10**8}[multiple]
    assert read(written, "人") == Quantity(float(number * size), qualifier=qualifier)


@given(
    st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from(["-", "—", "～", "至"]), st.sampled_from(["", "万", "平方米"])
)
def test_a_range_reads_back_as_its_bounds(one, other, dash, tail):
    low, high = sorted((one, other))
    size = 10**4 if tail == "万" else 1
    # 3—5万 means 3万—5万 unless the first number is the larger one as it stands.
    assert read(f"{low}{dash}{high}{tail}", "平方米") == Quantity(None, float(low * size), float(high * size), "range")


@given(st.integers(0, 10**12))
def test_units_of_heads_scale_exactly(hundredths):
    number = Decimal(hundredths) / 100
    assert read(str(number), "人", units.factor("万名", "人")) == Quantity(float(number * 10000))


def test_units_that_do_not_fit_are_not_guessed():
    assert units.factor("万元", "元") == 10000
    assert units.factor("平方公里", "平方米") == 1_000_000
    assert units.factor("亩", "平方米") is None
    assert units.factor("人次", "人") is None
    assert units.split_head("金额（万元）") == ("金额", "万元")
    assert units.split_head("党员总数_万名") == ("党员总数", "万名")
    assert units.split_head("社区（村居）") == ("社区(村居)", "")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2026年10月3日", datetime(2026, 10, 3)),
        ("2026.10.3", datetime(2026, 10, 3)),
        ("20261003", datetime(2026, 10, 3)),
        ("二〇二六年十月三日", datetime(2026, 10, 3)),
        ("2026年10月3日（星期六）", datetime(2026, 10, 3)),
        ("2026/10/3 下午3:05", datetime(2026, 10, 3, 15, 5)),
        ("2026年10月3日8时30分", datetime(2026, 10, 3, 8, 30)),
        ("10/31/2026 03:04:05 PM", datetime(2026, 10, 31, 15, 4, 5)),
        ("46000.5", datetime(2025, 12, 9, 12)),
    ],
)
def test_days_and_times(written, expected):
    assert dates.read_time(written) == (expected, "")


def test_days_that_are_not_certain():
    assert dates.read_time("2019年6月") == (datetime(2019, 6, 1), "只写到月，按当月1日计")
    assert dates.read_time("至今") is None
    for written, clause in {
        "10月3日": "没有写年份",
        "2019": "只写了年份，没有月和日",
        "03/04/2026": "分不清哪个是月、哪个是日",
        "2026-02-30": "没有这一天",
        "0026-01-01": "年份不在 1900 至 2100 之间",
        "待定中": "不是日期",
    }.items():
        with pytest.raises(ValueError, match=clause):
            dates.read_time(written)
    # The column's other values tell how an ambiguous one is meant.
    assert dates.slash_order(["03/04/2026", "10/31/2026"]) == "mdy"
    assert dates.read_time("03/04/2026", "mdy").at == datetime(2026, 3, 4)


@given(
    st.datetimes(datetime(1900, 1, 1), datetime(2100, 12, 31)),
    st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y年%m月%d日 %H:%M:%S", "%Y/%m/%d %H:%M:%S"]),
)
def test_every_time_reads_back(point, form):
    point = point.replace(microsecond=0)
    assert dates.read_time(point.strftime(form)).at == point


@pytest.mark.parametrize(
    ("texts", "grain", "start", "end"),
    [
        (["柳河街道2026年10月社区基本情况统计表"], "month", date(2026, 10, 1), date(2026, 10, 31)),
        (["二〇二六年十月统计表"], "month", date(2026, 10, 1), date(2026, 10, 31)),
        (["社区基本情况", "10月", "2026年报表"], "month", date(2026, 10, 1), date(2026, 10, 31)),
        (["填报日期：2026年11月3日", "Sheet1", "社区基本情况_202610"], "month", date(2026, 10, 1), date(2026, 10, 31)),
        (["2026年第三季度考评"], "quarter", date(2026, 7, 1), date(2026, 9, 30)),
        (["2026Q3"], "quarter", date(2026, 7, 1), date(2026, 9, 30)),
        (["2026年上半年"], "half", date(2026, 1, 1), date(2026, 6, 30)),
        (["2026年度目标任务"], "year", date(2026, 1, 1), date(2026, 12, 31)),
    ],
)
def test_periods_in_titles(texts, grain, start, end):
    assert dates.find_period(texts, grain) == dates.Period(grain, start, end)


def test_a_cumulative_table_is_not_taken_for_its_last_month():
    assert dates.find_period(["2026年1—10月累计", "Sheet1", "2026年10月"], "month") is None
    assert dates.find_period(["没有时间的表"], "month") is None
