"""A deck becomes slides: findings as titles, one picture each, and a slide that says so where figures are missing."""

import pandas as pd
import plotly.graph_objects as go
import pytest
from frames import CATALOGUE, CONTEXT, METRICS, frame

from jiejian.analysis.total import total
from jiejian.catalogue import Deck
from jiejian.selection import SelectionError
from jiejian.slides import SlideData, build

KEYS = ("2025-10", "2026-09", "2026-10")


def everything(metrics, gap=()):
    """Three communities, three periods, every metric."""
    parts = []
    for metric in metrics:
        share = bool(METRICS[metric].denominator)
        figures = {
            place: {
                key: None if metric in gap else (float(900 + 20 * p + 15 * k), 1000.0) if share else 100.0 + 10 * p + k
                for k, key in enumerate(KEYS)
            }
            for p, place in enumerate(("春和社区", "望湖社区", "东篱社区"))
        }
        parts.append(frame(metric, figures))
    return pd.concat(parts, ignore_index=True)


def fetcher(refused=(), gap=()):
    def fetch(metrics, kind, places):
        bad = [m for m in metrics if m in refused]
        if bad:
            raise SelectionError(f"“{METRICS[bad[0]].name}”缺少台账数据：请补报相应台账后再看。")
        series = everything(metrics, gap)
        totals = pd.concat([total(series, METRICS[m], CATALOGUE.measures) for m in metrics], ignore_index=True)
        return SlideData(series[series["period"] == "2026-10"], series, totals, CONTEXT)

    return fetch


def deck(*slides):
    return Deck.model_validate(
        {"id": "d", "name": "试", "slides": [{"kind": k, "metrics": m, "notes": "讲稿"} for k, m in slides]}
    )


def test_the_bundled_decks_become_slides():
    for bundled in (d for d in CATALOGUE.decks.values() if not d.subject):
        slides = build(bundled, fetcher(), CATALOGUE)
        assert slides and not any(s.empty for s in slides)
        for slide in slides:
            assert 10 <= len(slide.title) <= 28 and slide.takeaway and slide.fictional and "演示数据" in slide.foot
            assert slide.scope == "示范街道 · 全部社区 · 2026年10月"
            if slide.figure:
                go.Figure(slide.figure)
                assert slide.figure["layout"]["font"]["size"] == 38 and slide.title == slide.figure["layout"]["meta"]["title"]


def test_cards():
    (slide,) = build(deck(("cards", ["on_time_rate", "cases_opened", "active_volunteers"])), fetcher(), CATALOGUE)
    share, count, persons = slide.cards
    # 2760/3000 → 2805/3000 against the period before, 2895… see everything(): 92.0 % → 93.5 % → 95.0 %.
    assert (share.value, share.unit, share.changes) == ("95.0%", "", ("环比上升1.5个百分点", "同比上升3.0个百分点"))
    assert (share.icon, share.tone, share.word) == ("▲", "better", "超出随机波动")
    assert (count.value, count.unit, count.tone, count.word) == ("336", "件", "", "") and len(count.series) == 3
    assert persons.value == "缺数" and slide.notes.startswith("讲稿\n【口径】按期办结率（%）：") and slide.kind == "cards"


def test_a_metric_per_picture():
    slides = build(deck(("ranking", ["on_time_rate", "cases_opened"]), ("trend", ["on_time_rate"])), fetcher(), CATALOGUE)
    assert [s.kind for s in slides] == ["ranking", "ranking", "trend"] and all(s.figure for s in slides)
    assert slides[2].title == "按期办结率环比上升1.5个百分点、同比上升3.0个百分点"


def test_a_deck_that_names_what_has_no_figures_says_so():
    for kind in ("ranking", "trend", "cards", "table"):
        (slide,) = build(deck((kind, ["cases_opened"])), fetcher(refused=["cases_opened"]), CATALOGUE)
        assert slide.empty and slide.title == "诉求受理量暂无数据可以展示" and "请补报相应台账" in slide.takeaway
        (slide,) = build(deck((kind, ["cases_opened"])), fetcher(gap=["cases_opened"]), CATALOGUE)
        assert slide.empty and slide.takeaway.endswith("需要的台账：诉求工单、城市管理案卷。") and slide.fictional


def test_one_missing_metric_does_not_take_the_others_away():
    fetch = fetcher(refused=["satisfaction_rate"])
    cards, table = build(
        deck(("cards", ["on_time_rate", "satisfaction_rate"]), ("table", ["on_time_rate", "satisfaction_rate"])), fetch, CATALOGUE
    )
    assert [c.metric for c in cards.cards] == ["on_time_rate"] and "暂无数据：群众满意率。" in cards.takeaway
    assert table.table[0] == ("社区", "按期办结率（%）") and "暂无数据：群众满意率。" in table.takeaway


def test_a_table_has_heads_rows_and_the_street():
    (slide,) = build(deck(("table", ["on_time_rate", "cases_opened"])), fetcher(), CATALOGUE)
    assert slide.table == (
        ("社区", "按期办结率（%）", "诉求受理量（件）"),
        ("春和社区", "93.0%", "102"),
        ("望湖社区", "95.0%", "112"),
        ("东篱社区", "97.0%", "122"),
        ("全街道", "95.0%", "336"),
    )
    assert slide.title == "3个社区2项指标一览" and "不是名次" in slide.takeaway


def test_a_long_table_goes_on():
    def fetch(metrics, kind, places):
        series = frame("cases_opened", {f"第{i}社区": {"2026-10": None if i == 3 else i} for i in range(23)})
        return SlideData(series, series, total(series, METRICS["cases_opened"], CATALOGUE.measures), CONTEXT)

    slides = build(deck(("table", ["cases_opened"])), fetch, CATALOGUE)
    assert [s.title for s in slides] == ["23个社区1项指标一览（1/2）", "23个社区1项指标一览（2/2）"]
    assert [len(s.table) for s in slides] == [14, 13] and slides[0].table[4] == ("第3社区", "缺报")
    assert [s.notes.split("\n")[0][:4] for s in slides] == ["讲稿", "【口径】"] and "诉求受理量1个" in slides[0].takeaway


def test_an_order_without_ranks():
    fetch = fetcher()
    ranked, customary = (build(deck(("ranking", ["on_time_rate"])), fetch, CATALOGUE, ordered=o)[0] for o in (True, False))
    assert ranked.figure["layout"]["yaxis"]["ticktext"][0] == "东篱社区"
    assert customary.figure["layout"]["yaxis"]["ticktext"][0] == "春和社区"


def test_the_plot_holds_the_frame_of_the_picture():
    (slide,) = build(deck(("ranking", ["on_time_rate"])), fetcher(), CATALOGUE)
    others, mean = slide.plot.lines
    assert slide.plot.kind == "dots" and slide.plot.categories == ("东篱社区", "望湖社区", "春和社区")
    assert others.values == pytest.approx((97.0, 95.0, 93.0)) and mean.values == pytest.approx((95.0,) * 3)
    # Wilson's 95 % interval of 970 out of 1000, by the formula on paper.
    assert (others.lower[0], others.upper[0]) == (pytest.approx(95.750, abs=1e-3), pytest.approx(97.891, abs=1e-3))
    # On the arcsine scale 97.0 % lies 3.25, 93.0 % 2.67 standard errors from 95.0 %: only the first beyond 3.09.
    assert [(f.label, f.value) for f in slide.facts] == [
        ("街道平均", "95.0%"),
        ("各社区之间", "93.0%—97.0%"),
        ("与平均有明显差异", "1个社区"),
    ]
    (slide,) = build(deck(("trend", ["on_time_rate"])), fetcher(), CATALOGUE)
    assert slide.plot.categories == ("2025年10月", "2026年9月", "2026年10月")
    assert slide.plot.lines[0].values == pytest.approx((92.0, 93.5, 95.0))
    assert [f.value for f in slide.facts] == ["95.0%", "上升1.5个百分点", "上升3.0个百分点"]


def test_a_route_has_stops_with_minutes_and_what_an_editor_wrote():
    route = Deck.model_validate({
        "id": "r", "name": "观摩", "stops": [
            {"name": "春和社区", "place": "春和社区", "minutes": 6, "slides": [
                {"kind": "ranking", "metrics": ["on_time_rate", "cases_opened"], "places": ["demo/春和社区"],
                 "title": "春和这样做到按期办结", "notes": "先看左边"},
            ]},
        ],
    })  # fmt: skip
    first, second = build(route, fetcher(), CATALOGUE)
    assert (first.stop, first.minutes, second.minutes) == ("春和社区", 3, 3)
    assert first.title == second.title == "春和这样做到按期办结" and first.takeaway != second.takeaway
    assert first.notes.startswith("先看左边\n【口径】") and "【可能会问】" in first.notes and "诉求工单" in first.notes


def test_a_deck_that_names_what_no_longer_exists_opens_with_a_placeholder():
    gone, kept = build(deck(("cards", ["no_such_metric"]), ("cards", ["on_time_rate"])), fetcher(), CATALOGUE)
    assert gone.empty and "“no_such_metric”已不存在" in gone.takeaway and kept.cards

    def without_place(metrics, kind, places):
        raise SelectionError("没有名为“远方社区”的社区。")

    (lost,) = build(deck(("trend", ["on_time_rate"])), without_place, CATALOGUE)
    assert lost.empty and "没有名为“远方社区”的社区" in lost.takeaway


@pytest.mark.parametrize("field", ["title", "figure"])
def test_slides_are_frozen(field):
    (slide,) = build(deck(("ranking", ["on_time_rate"])), fetcher(), CATALOGUE)
    with pytest.raises(AttributeError):
        setattr(slide, field, None)
