"""Every page with no, one and many communities, over the real warehouse, through Streamlit's own test runner."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from conftest import run_etl
from streamlit.testing.v1 import AppTest

from jiejian.home import PROJECT
from jiejian.ui.frame import PAGES

NAMES = [page.name for page in PAGES]


@pytest.fixture(scope="module")
def bare_home(tmp_path_factory) -> Path:
    """Only what is published: no street, no demo."""
    home = tmp_path_factory.mktemp("bare")
    assert run_etl(home, "demo", "--remove").returncode == 0
    assert run_etl(home).returncode == 0
    return home


@pytest.fixture(scope="module")
def one_home(tmp_path_factory) -> Path:
    """A street of one community that has sent two months of the monthly statistics."""
    home = tmp_path_factory.mktemp("one")
    (home / "inbox").mkdir()
    for month, households in ((9, 1000), (10, 1010)):
        text = f"青禾街道2026年{month}月社区基本情况统计表\n社区,户数,常住人口,在册党员\n独一社区,{households},2600,88\n"
        (home / "inbox" / f"2026年{month}月社区基本情况统计表.csv").write_text(text, encoding="utf-8-sig")
    result = run_etl(home)
    assert result.returncode == 0, result.stdout + result.stderr
    return home


@pytest.fixture(params=["bare", "one", "many"])
def any_home(request, monkeypatch) -> str:
    home = request.getfixturevalue({"bare": "bare_home", "one": "one_home", "many": "demo_home"}[request.param])
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    return request.param


def opened(page: str, **params: str | list[str]) -> AppTest:
    """A session on a page, entered through dashboard.py."""
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60)
    for key, value in params.items():
        test.query_params[key] = value
    return test.run().switch_page(f"pages/{page}.py").run()


def sound(test: AppTest) -> None:
    """No traceback, no error box, nothing English or numeric rubbish in what a person reads."""
    assert not test.exception, [e.value for e in test.exception]
    assert not test.error, [e.value for e in test.error]
    words = " ".join(
        str(e.value) for kind in ("markdown", "title", "subheader", "caption", "info", "warning") for e in test.get(kind)
    )
    for rubbish in ("nan", "NaN", "None", "inf", "undefined"):
        assert rubbish not in words.split(), words


@pytest.mark.parametrize("page", NAMES)
def test_page_is_sound(any_home, page):
    test = opened(page)
    sound(test)
    if page != "present":
        assert test.title and test.sidebar.selectbox


@pytest.mark.parametrize("page", [n for n in NAMES if n != "present"])
def test_made_up_data_says_so(demo_home, monkeypatch, page):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened(page)
    assert "演示数据" in " ".join(str(e.proto) for e in test.get("html"))


def test_the_streets_own_ledgers_become_the_default(one_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(one_home))
    test = opened("overview")
    assert test.sidebar.selectbox(key="dataset").value == "street"
    assert "demo" not in test.sidebar.selectbox(key="dataset").options


def test_every_data_set_on_every_page(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    for page in NAMES:
        if page == "present":
            continue
        for dataset in ("articles", "national"):
            test = opened(page)
            test.sidebar.selectbox(key="dataset").set_value(dataset).run()
            sound(test)


@pytest.mark.parametrize("page", ["overview", "compare", "trends", "export"])
@pytest.mark.parametrize("grain", ["month", "quarter", "half", "year", "ytd"])
def test_every_grain_that_is_offered(demo_home, monkeypatch, page, grain):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened(page)
    test.sidebar.selectbox(key="grain").set_value(grain).run()
    sound(test)


# Each metric on one of the two pages with every run, on both at night: a minute of drawing.
@pytest.mark.parametrize(
    "page, first, step",
    [("compare", 0, 2), ("trends", 1, 2), *(pytest.param(page, 0, 1, marks=pytest.mark.nightly) for page in ("compare", "trends"))],
)
def test_every_metric_can_be_compared_or_followed(demo_home, monkeypatch, page, first, step):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    test = opened(page)
    assert len(test.sidebar.selectbox(key="metric").options) >= 60
    for metric in demo_metrics()[first::step]:
        test.sidebar.selectbox(key="metric").set_value(metric).run()
        sound(test)
        assert test.get("plotly_chart"), f"{page}: {metric} draws nothing"


def demo_metrics():
    from jiejian.ui import data

    return [m.id for m in data.ask(data.warehouse(), "metrics", "demo")]


def test_removing_the_demo_takes_one_click(demo_home, tmp_path, monkeypatch):
    home = tmp_path / "home"
    shutil.copytree(demo_home, home)
    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    test = opened("definitions")
    test.checkbox(key="remove_demo_sure").check().run()
    test.button(key="remove_demo").click().run(timeout=120)
    sound(test)
    assert test.sidebar.selectbox(key="dataset").value != "demo"
    assert not (home / "demo").exists()
