"""社区对比, 社区画像, 综合考评: every angle with no, one and many communities; switches; cover names everywhere."""

import json
import re

import pytest
from test_pages import any_home, bare_home, one_home, opened, sound  # noqa: F401

ANGLES = [{"angle": "排序", "picture": p} for p in ("排序图", "漏斗图", "分布图")] + [{"angle": "关系"}, {"angle": "全景"}]


def words(test):
    """Everything that a person can read on a page: texts, sheets and figures."""
    shown = [str(e.proto) for kind in ("html", "markdown", "subheader", "caption") for e in test.get(kind)]
    drawn = (json.dumps(json.loads(c.proto.spec), ensure_ascii=False) for c in test.get("plotly_chart"))
    # Column heads stand one character under the other.
    return " ".join([*shown, *drawn]).replace("<br>", "")


def scores(test):
    """The table of scores on 综合考评."""
    return next(t.value for t in test.dataframe if "综合得分" in t.value)


@pytest.mark.parametrize("angle", ANGLES, ids=lambda a: "-".join(a.values()))
def test_every_angle_is_sound(any_home, angle):  # noqa: F811
    sound(opened("compare", **angle))


@pytest.mark.parametrize("angle", ANGLES, ids=lambda a: "-".join(a.values()))
def test_cover_names_hold_everywhere(demo_home, monkeypatch, angle):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("compare", anonymous="true", community="春和社区", metric="按期办结率", **angle)
    sound(test)
    shown = words(test)
    assert re.search("社区[A-Z]", shown)
    for name in ("望湖", "晴川", "南窑"):
        assert name not in shown, name
        for table in test.dataframe:
            assert name not in table.value.to_csv()


def test_a_street_can_switch_ranks_off(demo_home, tmp_path, monkeypatch):
    import shutil

    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    shown = opened("compare", metric="按期办结率")
    assert any(t.key == "ranks" for t in shown.toggle)
    (home / "catalogue").mkdir(exist_ok=True)
    (home / "catalogue" / "settings.yml").write_text("ranks: {enabled: false, note: 本街道不公布名次。}\n", encoding="utf-8")
    for page in ("compare", "scoring"):
        test = opened(page, ranks="true")
        sound(test)
        assert not any(t.key == "ranks" for t in test.toggle)
        assert "名次范围" not in " ".join(str(list(t.value.columns)) for t in test.dataframe)


def test_ranks_come_with_their_range(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("compare", metric="按期办结率", ranks="true")
    notes = json.loads(test.get("plotly_chart")[0].proto.spec)["layout"]["annotations"]
    assert any("名" in n["text"] and "—" in n["text"] for n in notes)


def test_a_portrait_of_every_community(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("portrait")
    for name in list(test.selectbox(key="who").options)[:5]:
        test.selectbox(key="who").set_value(f"demo/示范街道/{name}").run()
        sound(test)
        assert name in words(test) and "近90天活动" in words(test)


def test_peers_can_be_the_fixed_group_and_weights_move(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("portrait")
    before = [c.value for c in test.caption if c.value.startswith("同类社区")]
    for trait in ("density", "age", "floating", "housing", "family"):
        test.slider(key=f"like_{trait}").set_value(0.0)
    test.run()
    sound(test)
    assert [c.value for c in test.caption if c.value.startswith("同类社区")] != before
    test.radio(key="peers").set_value(test.radio(key="peers").options[1]).run()
    sound(test)


def test_a_covered_portrait_names_nobody_else(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("portrait", anonymous="true", who="晴川社区")
    sound(test)
    assert "晴川社区" in words(test) and "望湖" not in words(test) and "知远" not in words(test)


def test_weights_move_the_scores_on_the_page(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("scoring", ranks="true")
    before = scores(test)
    test.slider(key="weight_党建").set_value(10)
    test.slider(key="weight_服务").set_value(0).run()
    sound(test)
    assert list(scores(test)["综合得分"]) != list(before["综合得分"])
    assert "服务" in before and "服务" not in scores(test)
    for name in ("党建", "自治", "共建"):
        test.slider(key=f"weight_{name}").set_value(0)
    test.run()
    sound(test)
    assert any("没有可以计分" in i.value for i in test.info)


@pytest.mark.parametrize("normalise", ["minmax", "zscore", "rank"])
def test_every_method_is_sound(demo_home, monkeypatch, normalise):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("scoring")
    test.selectbox(key="normalise").set_value(normalise).run()
    sound(test)
    assert len(test.get("plotly_chart")) == 2


def test_the_three_way_evaluation_is_quarterly(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened("scoring")
    test.sidebar.selectbox(key="grouping").set_value("three_way")
    test.sidebar.selectbox(key="grain").set_value("quarter").run()
    sound(test)
    assert {s.label for s in test.slider} == {"党组织评价", "平台评分", "群众评价"}
    assert len(test.get("plotly_chart")) == 2


@pytest.mark.browser
def test_a_portrait_prints_on_two_sheets_without_cut_text(server, page):
    page.goto(f"{server}/portrait?who=晴川社区")
    page.wait_for_selector(".jj-portrait h2")
    page.wait_for_timeout(1000)
    sheets = re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", print_background=True))
    assert len(sheets) == 2
    # 186 mm between the margins of A4 are 703 px.
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 703, "height": 1000})
    cut = page.evaluate(
        "() => [...document.querySelectorAll('.jj-portrait :is(td, th, li, p, h2, h3, h4)')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"
    )
    assert cut == []
    assert not page.locator('[data-testid="stSidebar"]').is_visible() and not page.get_by_role("button").first.is_visible()
