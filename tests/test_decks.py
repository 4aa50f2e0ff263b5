"""Plans become decks, decks become files, frozen decks keep their figures; what comes from elsewhere can run nothing."""

import json
from datetime import date

import pandas as pd
import pytest
from frames import CATALOGUE, METRICS
from hypothesis import given
from hypothesis import strategies as st
from test_slides import fetcher

from jiejian.catalogue import CatalogueError, Deck, load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, Home
from jiejian.slides import build, frozen, plans, store

PLANS = CATALOGUE.decks
DECK = Deck.model_validate({
    "id": "d", "name": "春和一页", "seconds": 8, "internal": True,
    "slides": [{"kind": "ranking", "metrics": ["on_time_rate"], "title": "春和社区按期办结这样做", "notes": "慢慢讲"}],
})  # fmt: skip


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


# ---- plans ----


def test_a_community_report_is_about_that_community():
    deck = plans.about_community(PLANS["community_report"], "demo/示范街道/春和社区")
    assert deck.name == "社区汇报：春和社区" and not deck.subject
    assert all(slide.places == ("demo/示范街道/春和社区",) for slide in deck.slides)


def test_every_topic_becomes_a_deck_of_its_own_metrics():
    found = plans.topics(CATALOGUE, tuple(METRICS.values()))
    assert "四位一体：党建" in found and "S17 5F微治理与分级办结" in found
    for name, metrics in found.items():
        deck = plans.about_topic(PLANS["topic"], name, metrics)
        used = {m for slide in deck.slides for m in slide.metrics}
        assert deck.slides and used <= set(metrics) and len(deck.slides[0].metrics) <= 6


def test_topics_are_only_of_metrics_that_are_there():
    assert plans.topics(CATALOGUE, ()) == {}
    assert "S17 5F微治理与分级办结" not in plans.topics(CATALOGUE, (METRICS["households"],) if "households" in METRICS else ())


def test_a_route_has_a_stop_for_each_community_in_order():
    deck = plans.along_route(PLANS["observation"], ["demo/示范街道/望湖社区", "春和社区"])
    assert [stop.name for stop in deck.stops] == ["望湖社区", "春和社区"] and deck.minutes == 20
    assert deck.stops[0].slides[0].places == ("demo/示范街道/望湖社区",)
    # The street comes first, at no stop.
    assert [stop.name for stop in deck.route] == ["", "望湖社区", "春和社区"]


def test_a_plan_without_metrics_must_be_of_a_topic(tmp_path):
    (tmp_path / "decks").mkdir()
    (tmp_path / "decks" / "bad.yml").write_text("name: 坏\nslides: [{kind: cards}]\n", encoding="utf-8")
    with pytest.raises(CatalogueError, match="条目 bad，键 metrics：要写 metrics"):
        load_catalogue(BUNDLED_CATALOGUE, tmp_path)


# ---- files ----


def test_a_deck_is_saved_copied_carried_and_deleted(home, tmp_path):
    name = store.save(home, "十月观摩", DECK)
    twin = store.copy(home, name)
    assert set(store.stored(home)) == {"十月观摩", "十月观摩-副本"}
    kept = store.stored(home)[twin].deck
    assert kept.slides == DECK.slides and (kept.seconds, kept.internal, kept.name) == (8, True, "十月观摩-副本")
    carried = store.read(store.write(DECK), "别处来的")
    assert carried.deck.slides == DECK.slides and carried.deck.name == "春和一页" and carried.frozen is None
    store.delete(home, name)
    store.delete(home, name)
    assert set(store.stored(home)) == {twin}
    assert not list(home.decks.glob(".saving-*"))


@pytest.mark.parametrize("name", ["../../外面", "a/b\\c", "con?*|", "..", "", "x" * 300])
def test_no_name_leads_out_of_the_folder(home, name):
    kept = store.save(home, name, DECK)
    assert [p.parent for p in home.root.rglob("*.json")] == [home.decks] and kept in store.stored(home)


BAD = {
    "不是文件": b"\x00\x01",
    "别的格式": b'{"format": "other"}',
    "列表": b"[1, 2]",
    "缺内容": b'{"format": "jiejian-deck/1"}',
    "多一个键": json.dumps({"format": "jiejian-deck/1", "deck": {"name": "x", "script": "alert(1)"}}).encode(),
    "另一种图": json.dumps(
        {"format": "jiejian-deck/1", "deck": {"name": "x", "slides": [{"kind": ["exec"], "metrics": []}]}}
    ).encode(),
    "深": b"[" * 100_000,
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_says_so_and_stops_no_other(home, what):
    with pytest.raises(store.BadDeck, match="请"):
        store.read(BAD[what], what)
    home.decks.mkdir()
    (home.decks / f"{what}{store.ENDING}").write_bytes(BAD[what])
    store.save(home, "好的", DECK)
    found = store.stored(home)
    assert found["好的"].deck and found[what].deck is None and what in found[what].fault


def test_a_kind_of_slide_that_is_not_known_gives_a_placeholder_and_the_others_stay():
    slides = [{"kind": "hologram", "title": "立体画", "beam": 3, "metrics": ["x"]}, {"kind": "cards", "metrics": ["on_time_rate"]}]
    plan = {"name": "新版的", "slides": slides, "stops": [{"name": "站", "slides": slides[:1]}]}
    read = store.read(json.dumps({"format": "jiejian-deck/1", "deck": plan}).encode(), "新版的")
    gone, kept, also = build(read.deck, fetcher(), CATALOGUE)
    assert gone.empty and gone.title == "立体画" and "“hologram”，本版本没有这种幻灯片" in gone.takeaway
    assert kept.cards and also.empty and also.stop == "站"
    assert store.read(store.write(read.deck), "新版的").deck.slides == read.deck.slides


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.sampled_from(["kind", "slides", "stops", "metrics", "name"]), part, max_size=4),
    max_leaves=12,
)


@given(json_like, json_like)
def test_any_deck_of_another_shape_gives_a_deck_or_a_sentence(plan, kept):
    try:
        store.read(json.dumps({"format": "jiejian-deck/1", "deck": plan, "frozen": kept}).encode(), "任意")
    except store.BadDeck as error:
        assert "任意" in str(error)


@given(st.binary(max_size=300))
def test_any_bytes_give_a_deck_or_a_sentence(content):
    try:
        store.read(content, "任意")
    except store.BadDeck as error:
        assert "任意" in str(error)


# ---- frozen figures ----


def changed(by: float):
    """The same street after new data came in: the newest month's figures differ."""
    real = fetcher()

    def fetch(metrics, kind, places):
        data = real(metrics, kind, places)
        parts = {}
        for name in ("frame", "series", "totals"):
            part = getattr(data, name).copy()
            part.loc[part["period"] == "2026-10", "value"] += by
            parts[name] = part
        return type(data)(**parts, context=data.context, events=data.events, focus=data.focus)

    return fetch


FULL = Deck.model_validate({
    "id": "d", "name": "试", "slides": [
        {"kind": k, "metrics": ["on_time_rate", "cases_opened"]} for k in ("cards", "ranking", "trend", "table")
    ],
})  # fmt: skip


def test_frozen_slides_are_the_slides_of_that_evening():
    then = build(FULL, fetcher(), CATALOGUE)
    kept = frozen.freeze(FULL, fetcher(), CATALOGUE, date(2026, 11, 24))
    carried = store.read(store.write(FULL, kept), "试").frozen
    again = build(FULL, frozen.thawed(carried), CATALOGUE)
    for before, after in zip(then, again, strict=True):
        assert (after.title, after.takeaway, after.table, after.cards, after.plot, after.facts) == (
            before.title, before.takeaway, before.table, before.cards, before.plot, before.facts,
        )  # fmt: skip
        assert "数据截至 2026-10-31（2026-11-24 定格）" in after.foot and "演示数据" in after.foot


def test_the_editor_sees_what_has_changed_since():
    kept = frozen.freeze(FULL, fetcher(), CATALOGUE)
    assert frozen.differences(kept, fetcher(), CATALOGUE).empty
    found = frozen.differences(kept, changed(1.5), CATALOGUE)
    assert set(found["period"]) == {"2026-10"} and set(found["metric"]) == {"按期办结率", "诉求受理量"}
    assert (found["now"] - found["then"]).round(9).eq(1.5).all()
    assert set(found["place"]) == {"春和社区", "望湖社区", "东篱社区", "全街道"}


def test_a_slide_that_was_added_after_freezing_says_so():
    kept = frozen.freeze(DECK, fetcher(), CATALOGUE)
    (slide, *_) = build(FULL, frozen.thawed(kept), CATALOGUE)
    assert slide.empty and "请在编辑页刷新定格" in slide.takeaway


def test_a_refusal_is_frozen_too():
    kept = frozen.freeze(FULL, fetcher(refused=["cases_opened"]), CATALOGUE)
    slides = build(FULL, frozen.thawed(kept), CATALOGUE)
    assert any(s.empty and "请补报相应台账" in s.takeaway for s in slides)
    assert frozen.differences(kept, fetcher(), CATALOGUE).empty


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["frames"]["frame"].update(value=[1.0]),  # of another length
        lambda d: d["frames"]["frame"].update(onclick=d["frames"]["frame"]["place"]),
        lambda d: d["frames"]["frame"].update(start=["<script>"] * len(d["frames"]["frame"]["start"])),
        lambda d: d["frames"].pop("totals"),
        lambda d: d["context"].clear(),
    ],
)
def test_tampered_figures_give_a_sentence_not_a_picture(change):
    content = json.loads(store.write(DECK, frozen.freeze(DECK, fetcher(), CATALOGUE)))
    change(content["frozen"]["data"][0])
    tampered = store.read(json.dumps(content).encode(), "试")
    (slide,) = build(tampered.deck, frozen.thawed(tampered.frozen), CATALOGUE)
    assert slide.empty and "请刷新定格" in slide.takeaway


def test_frozen_frames_hold_plain_values_only():
    kept = frozen.freeze(FULL, fetcher(), CATALOGUE)
    values = {type(v) for d in kept.data for frame in d.frames.values() for column in frame.values() for v in column}
    assert values <= {str, int, float, bool, type(None)} and pd.Timestamp not in values
