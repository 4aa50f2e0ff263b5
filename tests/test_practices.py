"""模式卡 (the cards of practices), and the readers and rules behind 活动与志愿 and 服务对象."""

from __future__ import annotations

import shutil
from datetime import date

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest
from street import Street, table

from jiejian.analysis.standing import Standing, standings
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, PROJECT, home
from jiejian.ledgers import people
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.slides import store
from jiejian.warehouse import Warehouse, serving

ACTIVITIES = [
    ["活动编号", "活动名称", "活动类型", "社区", "活动日期", "是否联办", "主办单位", "参加人次"],
    ["a1", "包饺子", "文体", "春和", "2026-09-01", "是", "社区党委", "30"],
    ["a2", "义诊", "健康", "春和", "2026-09-09", "否", "社区党委", ""],
    ["a3", "义诊", "健康", "春和", "2026-10-01", "否", "卫生院", "20"],
    ["a4", "讲座", "健康", "望湖", "2026-09-20", "否", "卫生院", "12"],
]
POINTS = [
    ["流水号", "日期", "社区", "志愿者编号", "类型", "获得积分", "兑换积分", "过期积分"],
    ["p1", "2026-09-01", "春和", "V1", "获得", "30", "", ""],
    ["p2", "2026-09-02", "望湖", "V1", "获得", "10", "", ""],
    ["p3", "2026-09-03", "望湖", "V2", "获得", "10", "", ""],
    ["p4", "2026-10-03", "望湖", "V2", "兑换", "", "5", ""],
]
OWN = "L1: {name: 楼道茶叙, where: 柳河街道, what: 每月在楼道里听居民说事。, page: cases, metrics: [activity_sessions]}\n"


@pytest.fixture
def street(tmp_path, monkeypatch):
    made = Street(tmp_path / "home", monkeypatch)
    made.register()
    for name, rows in (("活动台账.csv", ACTIVITIES), ("积分流水.csv", POINTS)):
        table(made.inbox / name, rows)
    made.refresh()
    return made


@pytest.fixture
def source(street):
    return Warehouse(serving(home()), load_catalogue(BUNDLED_CATALOGUE))


# ---- readers ----


def test_activities_by_a_column(source):
    found = people.held(source, "street", "organiser", date(2026, 9, 1), date(2026, 10, 31))
    # 社区党委: 30 and one that states none; 卫生院: 20 + 12.
    assert {r.category: (r.sessions, r.attendances, r.without) for r in found.itertuples()} == {
        "社区党委": (2, 30, 1),
        "卫生院": (2, 32, 0),
    }
    with pytest.raises(ValueError, match="不能按"):
        people.held(source, "street", "title; DROP TABLE activity", date(2026, 9, 1), date(2026, 9, 2))


def test_weeks_without_activity(source):
    """September 2026 has the whole weeks from 7, 14 and 21; 春和 is busy in the first, 望湖 in the second, 麦香 in none."""
    found = people.weeks_without_activity(source, "street", date(2026, 9, 1), date(2026, 9, 30)).set_index("place")
    assert set(found["weeks"]) == {3}
    assert found["quiet"].to_dict() == {"春和社区": 2, "望湖社区": 2, "麦香社区": 3}
    assert found["longest"].to_dict() == {"春和社区": 2, "望湖社区": 1, "麦香社区": 3}
    assert found.loc["春和社区", "last_held"] == pd.Timestamp("2026-09-09") and pd.isna(found.loc["麦香社区", "last_held"])


def test_a_volunteer_in_two_communities_counts_once(street):
    """Two persons would not be shown: the street has switched the hiding of small counts off."""
    own = home().catalogue / "settings.yml"
    own.parent.mkdir(exist_ok=True)
    own.write_text("small_cells: {enabled: false, note: 只在内部使用}\n", encoding="utf-8")
    source = Warehouse(serving(home()), load_catalogue(BUNDLED_CATALOGUE, home().catalogue))
    months = (parse_period("2026-09"), parse_period("2026-10"))
    assert people.active_volunteers(source, "street", months)["volunteers"].tolist() == [2, 0]
    wanghu = source.places("street").set_index("place").loc["望湖社区", "place_id"]
    assert people.active_volunteers(source, "street", months, (wanghu,))["volunteers"].tolist() == [2, 0]


# ---- the standing ----


def _standing(value, before, name="on_time_rate", **more):
    metric = load_catalogue(BUNDLED_CATALOGUE).metrics[name]
    return Standing(metric, parse_period("2026-10"), value, before, *more.pop("span", (np.nan, np.nan)), **more)


def test_the_words_of_a_standing():
    assert _standing(80.0, 77.5).change == "比去年同期高2.5个百分点"
    assert _standing(90.0, 120.0, "activity_sessions").change == "比去年同期低25.0%"
    assert _standing(3.0, 0.0, "activity_sessions").change == "去年同期为零"
    assert _standing(80.0, 80.01).change == "与去年同期持平" and _standing(80.0, np.nan).change == ""
    assert _standing(80.0, 1.0).signal == "不作判断"
    assert _standing(80.0, 1.0, worse=2, improved=1, judged=9).signal == "2个社区变差，1个社区改善"
    assert _standing(80.0, 1.0, judged=9).signal == "在通常波动内"
    assert _standing(np.nan, np.nan, span=(np.nan, np.nan)).figure == "没有数"
    assert _standing(np.nan, np.nan, span=(70.0, 91.5)).figure == "各社区70.0%至91.5%"


def test_the_standing_of_a_street_is_the_sum_of_its_communities(source):
    """Two sessions in 春和 and one in 望湖 in September; nothing a year before."""
    metric, now = source.catalogue.metrics["activity_sessions"], parse_period("2026-09")
    frame = source.query(Selection("street", (metric.id,), now))
    found = standings([metric], frame, now, now.year_before, source.catalogue.measures)[metric.id]
    assert found.value == 3 and found.figure == "3场" and not found.change


# ---- the pages ----


def opened(monkeypatch, at_home, page, **params):
    monkeypatch.setenv("JIEJIAN_HOME", str(at_home))
    at = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120)
    for name, value in params.items():
        at.query_params[name] = value
    return at.run().switch_page(f"pages/{page}.py").run()


def drawn(at) -> str:
    """The cards as they are drawn."""
    return "".join(e.proto.body for e in at.get("html") if "jj-practice" in e.proto.body)


def test_cards_narrowed_to_none_one_and_many(demo_home, monkeypatch):
    at = opened(monkeypatch, demo_home, "practices")
    assert not at.exception and drawn(at).count('class="jj-practice"') == 39
    at.text_input(key="practice_word").set_value("S17").run()
    text = drawn(at)
    assert not at.exception and text.count('class="jj-practice"') == 1
    assert "5F微治理与分级办结" in text and "<b>96%</b>" in text and "利津县" in text and "按期办结率" in text
    at.text_input(key="practice_word").set_value("没有这样的做法").run()
    assert not at.exception and not drawn(at) and any("没有符合条件" in i.value for i in at.info)
    at.text_input(key="practice_word").set_value("").run()
    at.selectbox(key="practice_place").set_value("城西社区").run()
    few = drawn(at).count('class="jj-practice"')
    assert 1 < few < 39


def test_a_card_becomes_a_deck(demo_home, tmp_path, monkeypatch):
    mine = tmp_path / "home"
    shutil.copytree(demo_home, mine)
    at = opened(monkeypatch, mine, "practices")
    at.text_input(key="practice_word").set_value("S29").run()
    at.button(key="deck_of_S29").click().run()
    assert not at.exception
    assert any("S29 志愿积分" in name for name in store.stored(home())), list(store.stored(home()))


def test_a_street_adds_a_practice_of_its_own(street, monkeypatch):
    (street.root / "catalogue").mkdir(exist_ok=True)
    (street.root / "catalogue" / "practices.yml").write_text(OWN, encoding="utf-8")
    at = opened(monkeypatch, street.root, "practices")
    assert not at.exception
    at.text_input(key="practice_word").set_value("楼道茶叙").run()
    text = drawn(at)
    assert text.count('class="jj-practice"') == 1 and "柳河街道" in text and "公开报道未给出数字" in text and "活动场次" in text


def test_an_empty_ledger_asks_for_itself(street, monkeypatch):
    """The street has sent activities and points only: the one page asks, the other draws what there is."""
    at = opened(monkeypatch, street.root, "groups")
    assert not at.exception and any("还没有收到“服务对象统计表”" in i.value for i in at.info)
    at = opened(monkeypatch, street.root, "activities")
    assert not at.exception and at.subheader
    # Nobody has sent the season of an activity: the chart says so, and the others stand.
    assert any("季节主题" in i.value for i in at.info)
