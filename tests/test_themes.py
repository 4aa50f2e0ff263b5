"""The pages of the working fields: each tab draws without a fault for all, one and no communities' ledgers, and says what it counts."""

from __future__ import annotations

import importlib
import inspect
import io

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from jiejian import charts
from jiejian.export.tables import ExportTable, to_xlsx
from jiejian.home import PROJECT
from jiejian.periods import parse_period
from jiejian.ui import theme
from jiejian.ui.frame import PAGES
from jiejian.ui.themes import cases
from jiejian.ui.view import View

THEMES = [page.name for page in PAGES if page.section == "专题" and page.name != "practices"]


def opened(monkeypatch, home, page, **params):
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    at = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120)
    for name, value in params.items():
        at.query_params[name] = value
    return at.run().switch_page(f"pages/{page}.py").run()


def tabs(at):
    return next((g for g in at.segmented_control if g.key and g.key.endswith("_tab")), None)


def every_tab(at):
    """The page on each of its tabs."""
    chooser = tabs(at)
    for option in chooser.options if chooser else [None]:
        if option is not None:
            tabs(at).set_value(option)
            at.run()
        yield option, at


@pytest.mark.parametrize("page", THEMES)
def test_every_tab_draws_with_a_finding_and_no_fault(demo_home, monkeypatch, page):
    for tab, at in every_tab(opened(monkeypatch, demo_home, page)):
        assert not at.exception and not at.error, tab
        assert at.subheader and all(len(s.value) >= 10 for s in at.subheader), [s.value for s in at.subheader]
        assert not any("还没有收到" in i.value for i in at.info), (tab, [i.value for i in at.info])


@pytest.mark.parametrize("page", THEMES)
def test_every_tab_draws_for_one_community(demo_home, demo, monkeypatch, page):
    community = demo.places("demo")["place"].iloc[2]
    for tab, at in every_tab(opened(monkeypatch, demo_home, page, community=community)):
        assert not at.exception and not at.error, tab


def test_an_empty_ledger_says_what_to_send(demo_home, monkeypatch):
    """The national figures have no cases: the page asks for the ledger and offers its template."""
    at = opened(monkeypatch, demo_home, "cases", dataset="全国党内统计")
    assert not at.exception and any("还没有收到“诉求工单”" in i.value for i in at.info)


def _decoded(content: bytes) -> str:
    """The text of a file that some wrote as UTF-8 and others as GB18030."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("gb18030")


def test_the_four_states_add_up_to_the_workbook(demo, demo_home):
    """Counted with pandas from the demo's own workbooks, not through the warehouse."""
    from datetime import date

    from jiejian.ledgers import cases

    files = sorted(f for f in (demo_home / "demo" / "诉求工单").iterdir() if f.is_file())
    rows = pd.concat([pd.read_csv(io.StringIO(_decoded(f.read_bytes())), dtype=str) for f in files if f.suffix == ".csv"])
    opened_at = pd.to_datetime(rows["受理时间"], errors="coerce")
    september = rows[(opened_at >= "2026-09-01") & (opened_at < "2026-10-01")].drop_duplicates("工单编号", keep="last")
    found = cases.states(demo, "demo", date(2026, 9, 1), date(2026, 9, 30)).groupby("state")["cases"].sum()
    closed, due = (pd.to_datetime(september[c], errors="coerce") for c in ("办结时间", "截止时间"))
    end = pd.Timestamp("2026-09-30 23:59:59.999999")
    done = closed <= end
    expected = {
        "按期办结": int((done & (closed <= due)).sum()), "超期办结": int((done & (closed > due)).sum()),
        "在办未到期": int((~done & (due >= end)).sum()), "在办已超期": int((~done & (due < end)).sum()),
    }  # fmt: skip
    # A few rows of the demo's erring typist are given back, and not counted.
    assert abs(found.sum() - len(september)) <= 8
    for state, count in expected.items():
        assert abs(found.get(state, 0) - count) <= 8, state


def test_a_ledger_without_a_column_shows_the_page_without_that_chart(tmp_path, monkeypatch):
    """A street's own cases without 办结层级: the other charts stand, and the page says what is missing."""
    from street import Street

    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.cases(
        [
            ["A1", "2026-09-01 08:00", "春和社区", "2026-09-02 08:00", "2026-09-01 18:00", "1天", "环境卫生"],
            ["A2", "2026-09-30 08:00", "望湖社区", "2026-10-07 08:00", "", "1周", "物业管理"],
        ],
        extra=("办理时限", "事项类别"),
    )
    street.refresh()
    at = opened(monkeypatch, street.root, "cases")
    assert not at.exception and any("“诉求工单”里没有“办结层级”这一列" in i.value for i in at.info)
    # Of what is there the charts are drawn.
    assert any("超期" in s.value for s in at.subheader)


def test_a_link_opens_its_tab(demo_home, monkeypatch):
    at = opened(monkeypatch, demo_home, "cases", cases_tab="积压与督办")
    assert tabs(at).value == "积压与督办" and any("督办清单" in s.value for s in at.subheader)


# ---- what all panels share ----


def every_panel():
    for name in THEMES:
        for panels in importlib.import_module(f"jiejian.ui.themes.{name}").TABS.values():
            yield from panels


@pytest.fixture(scope="module")
def october(demo):
    return View(demo, demo.datasets()["demo"], demo.metrics("demo"), parse_period("2026-10"))


def test_a_tab_has_at_most_four_charts():
    for name in THEMES:
        for tab, panels in importlib.import_module(f"jiejian.ui.themes.{name}").TABS.items():
            assert 1 <= len(panels) <= 4, (name, tab)


@pytest.mark.parametrize(
    ("spell", "words"),
    [
        ("as_of", "截至2026-10-31"), ("months", "2025年11月至2026年10月"), ("reach", "2025年11月至2026年10月"),
        ("quarters", "2024年第四季度至2026年第三季度"), ("", "2026年10月"),
    ],
)  # fmt: skip
def test_a_panel_says_of_which_time_it_speaks(october, spell, words):
    """Under its title and in its export: twelve months are not October."""
    panel = theme.Panel("x_y", "试", "cases", lambda view: None, spell=spell)
    context = theme.told(october, panel, theme.Drawn(pd.DataFrame(), ()))
    assert context.period == words and context.sources == ("诉求工单",)
    figure = charts.bars(["甲"], [1.0], "件", october.context(), ("题目", "一句话"))
    charts.retitle(figure, context)
    assert figure["layout"]["meta"]["subtitle"] == f"示范街道 · 全部23个社区 · {words} · 单位：件"


def test_a_panel_over_twelve_months_or_of_a_day_has_said_so():
    """Whoever writes a panel whose drawing asks for the last twelve months, or tells a cut-off, declares its spell."""
    for panel in every_panel():
        source = inspect.getsource(panel.draw)
        asked = "months" if "months(view)" in source else "reach" if "reach(view)" in source else ""
        if asked:
            assert panel.spell == asked, panel.key
        elif 'f"截至{' in source:
            assert panel.spell == "as_of", panel.key


def test_wide_lists_have_a_row_of_their_own():
    a, b, c = (theme.Panel(f"x_{n}", n, "cases", lambda view: None) for n in "abc")
    wide = theme.Panel("x_w", "w", "cases", lambda view: None, wide=True)
    assert theme.rows_of([a, b, wide, c]) == [[a, b], [wide], [c]]
    assert theme.rows_of([a, wide, b, c]) == [[a], [wide], [b, c]]


def test_every_panel_is_taken_away_with_its_own_title_and_time(october):
    """What the download under a panel gives is what the panel shows; a page's list names its ledger, not thirty."""
    panel = next(p for p in every_panel() if p.key == "cases_supervise")
    drawn = panel.draw(october)
    context = theme.told(october, panel, drawn)
    table = ExportTable(drawn.title, drawn.table, drawn.columns, context)
    sheet = openpyxl.load_workbook(io.BytesIO(to_xlsx(table))).worksheets[0]
    written = [[cell.value for cell in row] for row in sheet.iter_rows()]
    words = " ".join(str(v) for row in written for v in row if v is not None)
    assert "督办清单" in words and "截至2026-10-31" in words and "工单编号" in words and "来源：诉求工单" in words
    assert sum(str(row[0]) in ("已超期", "将到期", "被退回") for row in written) == len(drawn.table)


def test_a_list_too_long_for_the_screen_is_taken_away_whole(october, monkeypatch):
    panel = next(p for p in every_panel() if p.key == "cases_supervise")
    every = panel.draw(october)
    assert every.whole is None and "下载的是全部" not in every.takeaway
    monkeypatch.setattr(cases, "MOST_ROWS", 5)
    drawn = panel.draw(october)
    assert f"列出最急的5件，下载的是全部{len(every.table)}件" in drawn.takeaway and drawn.title == every.title
    assert drawn.whole.count == len(every.table) > 5
    assert drawn.whole.rows().equals(every.table) and drawn.table.equals(every.table.head(5))


def test_a_rule_is_claimed_only_in_the_words_of_its_document(october):
    """党支部工作条例（试行） does not say how often a party lecture is given, and the page says so."""
    drawn = next(p for p in every_panel() if p.key == "activities_meetings").draw(october)
    assert "《中国共产党支部工作条例（试行）》：支部党员大会一般每季度召开1次，支部委员会会议一般每月召开1次" in drawn.takeaway
    assert "党课多久一次条例没有规定" in drawn.takeaway
    large = next(p for p in every_panel() if p.key == "org_gap_large").draw(october)
    assert "《中国共产党支部工作条例（试行）》" in large.takeaway and "50人" in large.takeaway


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A street that has sent its register and one month's households, and no ledger."""
    from street import Street

    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("bare"), patch)
        street.register()
        rows = [[1, "春和社区", 900, 2400], [2, "望湖社区", 800, 2100], [3, "麦香社区", 700, 1900]]
        street.monthly("2026年9月", rows, ["序号", "社区", "户数", "常住人口"])
        street.refresh()
        yield street.root


@pytest.mark.parametrize("page", THEMES)
def test_a_street_that_has_sent_no_ledgers_is_asked_for_them(bare, monkeypatch, page):
    """No fault and no empty chart: what to send, by name, with its template, or which column the monthly table lacks."""
    for _, at in every_tab(opened(monkeypatch, bare, page)):
        assert not at.exception and not at.error
        asked = [i.value for i in at.info]
        assert any(words in one for one in asked for words in ("还没有收到", "没有“", "还没有一个完整的季度"))
        assert len(at.get("download_button")) >= sum("还没有收到" in one for one in asked)
