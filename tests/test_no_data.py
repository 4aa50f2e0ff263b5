"""A home in which nothing is loaded, never or no longer: every page says what to send and offers a template, and none falls over."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest
from street import Street

from etl import build
from jiejian.home import PROJECT
from jiejian.ui.frame import PAGES

HEADS = ["社区", "户数", "常住人口"]
# What these pages tell does not come from ledgers: accounts, the machine, definitions, what was done.
WITHOUT_LEDGERS = {"audit", "people", "selfcheck", "definitions"}


@pytest.fixture(scope="module", params=["nothing was ever loaded", "everything was rolled back"])
def empty(request, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        street = Street(tmp_path_factory.mktemp("empty") / "home", patch)
        if request.param == "everything was rolled back":
            street.register()
            street.monthly("2026年9月", [["春和社区", 1190, 3000], ["望湖社区", 800, 2100]], HEADS)
            street.cases([["A1", "2026-09-01 08:00", "春和社区", "2026-09-02 08:00", "2026-09-01 18:00"]])
            street.refresh()
            gone, _ = build.rollback([m.load_id for m in build.history().standing])
            assert len(gone) == 3 and not build.history().standing
        else:
            street.refresh()
        assert street.ask("SELECT count(*) FROM figure") == [(0,)]
        yield street


def opened(page: str, **params: str) -> AppTest:
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60)
    for name, value in params.items():
        test.query_params[name] = value
    return test.run().switch_page(f"pages/{page}.py").run()


@pytest.mark.parametrize("page", [p.name for p in PAGES])
def test_every_page_says_what_to_send(empty, page):
    test = opened(page)
    assert not test.exception and not test.error, [e.value for e in (*test.exception, *test.error)]
    assert test.title or page == "present"
    if page in WITHOUT_LEDGERS:
        return
    told = " ".join(i.value for i in test.info)
    assert any(words in told for words in ("还没有收到“", "先报一份“社区基本情况统计表”", "还没有装载过本街道的台账")) or (
        page == "import" and "撤销" in " ".join(c.value for c in test.caption)
    ), told
    assert any("模板" in b.label for b in test.get("download_button"))
    assert "python" not in told and "inbox" not in told


@pytest.mark.parametrize("page", ["overview", "cases", "portrait"])
def test_a_link_from_better_days_falls_on_its_feet(empty, page):
    """The address names a data set, a month, a community and a metric that are gone."""
    test = opened(page, dataset="本街道台账", period="2026-09", community="春和社区", metric="户数", who="春和社区")
    assert not test.exception and not test.error and test.info


def test_the_frame_says_that_there_is_nothing_yet(empty):
    line = " ".join(str(h.proto) for h in opened("overview").get("html"))
    assert "本街道台账" in line and "还没有数据" in line


def test_what_comes_back_is_shown_again(empty):
    """After the rollback is undone the pages have their figures, in the same process."""
    if not build.history().undone:
        pytest.skip("在这个用例里没有撤销过任何装载，没有可恢复的")
    build.restore(list(build.history().undone))
    test = opened("overview")
    assert not test.exception and "还没有可以展示的数据" not in " ".join(i.value for i in test.info)
    build.rollback([m.load_id for m in build.history().standing])
