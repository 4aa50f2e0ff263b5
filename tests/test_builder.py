"""演示文稿 as an official uses it: new from a plan, changed, frozen, copied, carried, deleted."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from jiejian.home import PROJECT, Home
from jiejian.slides import store


@pytest.fixture
def app(demo_home, tmp_path, monkeypatch):
    """The page over the demo's warehouse, with a folder of decks of its own."""
    home = tmp_path / "home"
    home.mkdir()
    for part in demo_home.iterdir():
        if part.name not in ("decks", ".etl.lock"):
            (home / part.name).symlink_to(part)
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    at = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120).run()
    return at.switch_page("pages/decks.py").run(), Home(home)


def button(at, label):
    return next(b for b in at.button if b.label == label)


def test_without_any_deck_the_page_says_what_to_do(app):
    at, _ = app
    assert not at.exception and any("还没有保存的演示" in i.value for i in at.info)


def saved(home, name="社区汇报：春和社区", **parts):
    from frames import CATALOGUE

    from jiejian.slides import plans

    deck = plans.about_community(CATALOGUE.decks["community_report"], "春和社区")
    return store.save(home, name, deck.model_copy(update={"dataset": "demo", **parts}))


def test_a_slide_is_changed_moved_added_and_dropped(app):
    at, home = app
    name = saved(home)
    at.run()
    assert not at.exception
    next(t for t in at.text_input if t.label.startswith("标题")).set_value("春和这样做")
    button(at, "保存本页").click().run()
    assert store.stored(home)[name].deck.slides[0].title == "春和这样做"
    button(at, "下移").click().run()
    assert [s.title for s in store.stored(home)[name].deck.slides[:2]] == ["", "春和这样做"]
    button(at, "在后面添加一页").click().run()
    assert len(store.stored(home)[name].deck.slides) == 4
    button(at, "删去本页").click().run()
    assert len(store.stored(home)[name].deck.slides) == 3 and not at.exception


def test_freezing_and_letting_go(app):
    at, home = app
    name = saved(home)
    at.run()
    button(at, "定格现在的数字").click().run()
    assert store.stored(home)[name].frozen is not None and not at.exception
    assert any("与现在的数字一致" in s.value for s in at.success)
    # A figure that was different then is listed with both values.
    path = next(home.decks.glob("*.json"))
    content = json.loads(path.read_text(encoding="utf-8"))
    frame = content["frozen"]["data"][0]["frames"]["series"]
    frame["value"][-1] = (frame["value"][-1] or 0) + 1000
    path.write_text(json.dumps(content), encoding="utf-8")
    at.run()
    assert any("个数字与现在不同" in w.value for w in at.warning) and not at.exception
    button(at, "取消定格").click().run()
    assert store.stored(home)[name].frozen is None


def test_settings_and_a_new_name(app):
    at, home = app
    saved(home)
    at.run()
    next(t for t in at.text_input if t.label == "名称").set_value("十月汇报")
    next(t for t in at.toggle if "内部资料" in t.label).set_value(True)
    button(at, "保存设置").click().run()
    found = store.stored(home)
    assert list(found) == ["十月汇报"] and found["十月汇报"].deck.internal and not at.exception


def test_copy_and_delete(app):
    at, home = app
    name = saved(home)
    at.run()
    button(at, "复制").click().run()
    assert set(store.stored(home)) == {name, f"{name}-副本"}
    button(at, "确认删除").click().run()
    assert set(store.stored(home)) == {name} and not at.exception


def test_a_broken_deck_says_so_and_can_be_removed(app):
    at, home = app
    home.decks.mkdir()
    (home.decks / f"坏的{store.ENDING}").write_text("{", encoding="utf-8")
    at.run()
    assert not at.exception and any("演示文件“坏的”内容有误" in w.value for w in at.warning)
    button(at, "确认删除").click().run()
    assert not store.stored(home)


def test_a_deck_of_metrics_that_are_gone_opens(app):
    at, home = app
    from jiejian.catalogue import Deck

    store.save(
        home,
        "旧的",
        Deck.model_validate({"id": "x", "name": "旧的", "dataset": "demo", "slides": [{"kind": "cards", "metrics": ["gone"]}]}),
    )
    at.run()
    assert not at.exception and any("gone（已不存在）" in str(m.options) for m in at.multiselect)
