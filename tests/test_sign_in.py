"""Signing in: who is not signed in, unknown or not permitted gets a sentence and nothing else; a real provider in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from signed import AUTH, home_with_roles, session, shown
from streamlit import config
from streamlit.testing.v1 import AppTest

from benchmarks.serving import free_port, serve
from jiejian import audit
from jiejian.home import Home
from jiejian.ui import data, deck_files, importing, person
from jiejian.ui.frame import PAGES

NOTHING = re.compile("春和|诉求|示范街道|指标")


@pytest.fixture
def home(demo_home, tmp_path, monkeypatch):
    found = home_with_roles(demo_home, tmp_path / "home")
    monkeypatch.setenv("JIEJIAN_HOME", str(found))
    return found


@contextmanager
def option(name: str, value) -> Iterator[None]:
    """One of Streamlit's settings, for a while."""
    before = config.get_option(name)
    config.set_option(name, value)
    try:
        yield
    finally:
        config.set_option(name, before)


def only_says(test, words: str) -> None:
    """One sentence in Chinese, and nothing of the application: no picker, no menu, no figure."""
    said = [*(w.value for w in test.warning), *(i.value for i in test.info)]
    assert len(said) == 1 and words in said[0], said
    assert not test.exception and not test.error and not test.sidebar.selectbox and not test.dataframe
    assert not NOTHING.search(said[0]) and not test.markdown


# ---- the door ----


def test_nobody_signed_in_gets_the_door(home):
    test = session()
    only_says(test, "请先登录")
    assert [b.label for b in test.button] == ["登录"]


def test_somebody_unknown_gets_a_sentence(home):
    test = session("nobody@example.cn")
    only_says(test, "账号不在本系统的人员名单里")
    assert [b.label for b in test.button] == ["换一个账号（退出登录）"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cookie_secret": ""}, "[auth] 里缺少 cookie_secret"),
        ({"cookie_secret": "short"}, "cookie_secret 太短"),
        ({"redirect_uri": ""}, "[auth] 里缺少 redirect_uri"),
        ({"client_secret": ""}, "[auth] 里缺少 client_secret"),
    ],
)
def test_a_sign_in_that_is_half_set_up_lets_nobody_in(home, change, words):
    test = session("zhao@example.cn", auth={**AUTH, **change})
    only_says(test, words)
    assert not test.button


def test_providers_with_names_have_a_button_each(home):
    shared = {k: AUTH[k] for k in ("redirect_uri", "cookie_secret")}
    one = {k: AUTH[k] for k in ("client_id", "client_secret", "server_metadata_url")}
    assert [b.label for b in session(auth={**shared, "区平台": one, "政务": one}).button] == ["用 区平台 登录", "用 政务 登录"]


def test_without_a_list_or_with_a_broken_one_nobody_comes_in(home):
    (home / "roles.yml").write_text("people: {", encoding="utf-8")
    only_says(session("zhao@example.cn"), "在改正之前，谁都不能进入")
    (home / "roles.yml").unlink()
    only_says(session("zhao@example.cn"), "python -m jiejian role 账号 管理")


def test_a_secrets_file_that_cannot_be_read_opens_no_door(tmp_path):
    broken = tmp_path / "secrets.toml"
    broken.write_text("[auth\n", encoding="utf-8")
    with option("secrets.files", [str(broken)]), pytest.raises(person.Closed, match=r"secrets\.toml 写法有误"):
        person.current()


@pytest.mark.parametrize(
    ("address", "open_to_all"),
    [
        ("127.0.0.1", False),
        ("localhost", False),
        ("::1", False),
        ("0.0.0.0", True),
        ("192.168.1.8", True),
        ("", True),
        (None, True),
    ],
)
def test_a_server_on_the_network_without_sign_in_shows_nothing(monkeypatch, address, open_to_all):
    with option("server.address", address):
        if open_to_all:
            with pytest.raises(person.Closed, match="对网络开放了"):
                person.current()
            monkeypatch.setenv(person.OPEN, "1")
        assert person.current().account == "本机"


# ---- what each may do ----


@pytest.mark.parametrize(
    ("account", "missing"),
    [
        ("li@example.cn", {"import", "decks", "audit", "people"}),
        ("wang@example.cn", {"audit", "people"}),
        ("zhao@example.cn", set()),
    ],
)
def test_pages_that_somebody_may_not_have_are_not_in_the_menu(home, account, missing):
    test = session(account)
    assert not test.exception and not test.error
    there = {p.name for p in PAGES if _can_switch(test, p.name)}
    assert {p.name for p in PAGES} - there == missing


@pytest.mark.parametrize("account", ["li@example.cn", "qian@example.cn"])
def test_every_page_that_somebody_has_opens_for_them(home, account):
    """A link to a page that is not in a person's menu is an error in Streamlit's eyes."""
    test = session(account)
    for page in (p.name for p in PAGES if _can_switch(test, p.name)):
        test.run()
        assert not test.exception and not test.error, (page, test.error)


def _can_switch(test, page: str) -> bool:
    try:
        test.switch_page(f"pages/{page}.py")
    except ValueError:
        return False
    return True


ACTS = {
    "import": [lambda: importing.keep([]), lambda: importing.check([]), lambda: importing.load([]), lambda: importing.forget([]),
               lambda: importing.remember_place("甲", "乙"), lambda: importing.forget_decisions(["甲"]), lambda: importing.loads("street")],
    "decks": [lambda: deck_files.save("甲", None), lambda: deck_files.copy("甲"), lambda: deck_files.delete("甲")],
    "roll back": [lambda: importing.undo(["甲"]), lambda: importing.undo(["甲"], back=True)],
    "manage": [data.remove_demo],
}  # fmt: skip


def _act(action: str) -> None:
    """The script of a session that does what its pages would not offer."""
    import streamlit
    from test_sign_in import ACTS

    from jiejian.roles import NotAllowed

    for act in ACTS[action]:
        try:
            act()
            streamlit.write("done")
        except NotAllowed as error:
            streamlit.write(str(error))


@pytest.mark.parametrize(("action", "account"), [("import", "qian"), ("decks", "li"), ("roll back", "wang"), ("manage", "wang")])
def test_the_function_that_acts_refuses(home, action, account):
    test = AppTest.from_function(_act, kwargs={"action": action}, default_timeout=60)
    test.secrets["auth"], test.user = AUTH, {"is_logged_in": True, "email": f"{account}@example.cn"}
    test.run()
    assert not test.exception and len(test.markdown) == len(ACTS[action])
    assert all(m.value.startswith("您的角色是“") for m in test.markdown)
    rows = audit.records(Home(home))
    assert (
        set(rows["action"]) == {"被拒绝"} and set(rows["account"]) == {f"{account}@example.cn"} and len(rows) == len(ACTS[action])
    )


def test_a_role_that_is_taken_away_holds_at_the_next_run(home):
    test = session("wang@example.cn", "import")
    assert not test.exception and test.title[0].value == "数据导入"
    (home / "roles.yml").write_text("people: {zhao@example.cn: {role: 管理}}", encoding="utf-8")
    only_says(test.run(), "账号不在本系统的人员名单里")


def test_the_manager_changes_the_list_and_it_is_on_record(home):
    test = session("zhao@example.cn", "people")
    test.text_input(key="people_account").set_value("Sun@example.cn")
    test.selectbox(key="people_role").set_value("编辑")
    test.multiselect(key="people_communities").set_value(["春和社区"])
    next(b for b in test.button if b.label == "保存").click()
    test.run()
    assert any("角色“编辑”要看到全部社区" in w.value for w in test.warning)
    test.selectbox(key="people_role").set_value("查看")
    next(b for b in test.button if b.label == "保存").click()
    test.run()
    assert "sun@example.cn" in shown(test)
    test.selectbox(key="people_gone").set_value("zhao@example.cn")
    next(b for b in test.button if b.label == "移出").click()
    test.run()
    assert any("至少要有一个" in w.value for w in test.warning)
    rows = audit.records(Home(home))
    assert rows.loc[rows["action"] == "角色变更", "subject"].tolist() == ["sun@example.cn → 查看（春和社区）"]


def test_what_is_taken_away_is_on_record(home, monkeypatch):
    from jiejian.ui.downloads import taken

    give = taken("示范街道_诉求.xlsx", lambda: b"x")
    assert audit.records(Home(home)).empty
    assert give() == b"x"
    assert audit.records(Home(home))[["account", "action", "subject"]].to_numpy().tolist() == [
        ["本机", "导出", "示范街道_诉求.xlsx"]
    ]


# ---- a real provider, in a real browser ----


@contextmanager
def signing_in(home: Path, folder: Path):
    """A fresh server with [auth] in the secrets of its account, and a provider on 127.0.0.1 that knows four people."""
    from oidc_provider_mock import User, run_server_in_thread

    people = [User(sub=a, claims={"email": f"{a}@example.cn", "email_verified": True}) for a in ("li", "wang", "zhao", "fremd")]
    with run_server_in_thread(user_claims=people) as provider:
        port = free_port()
        settings = {
            "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback", "cookie_secret": "0123456789abcdef" * 3, "client_id": "jiejian",
            "client_secret": "s", "server_metadata_url": f"http://localhost:{provider.server_port}/.well-known/openid-configuration",
        }  # fmt: skip
        (folder / ".streamlit").mkdir(parents=True)
        text = "[auth]\n" + "".join(f'{k} = "{v}"\n' for k, v in settings.items())
        (folder / ".streamlit" / "secrets.toml").write_text(text, encoding="utf-8")
        with serve(home, port, HOME=str(folder), USERPROFILE=str(folder)) as address:
            yield address


def sign_in(page, who: str) -> None:
    page.get_by_role("button", name="登录").click()
    page.get_by_role("button", name=who, exact=True).click()


@pytest.mark.browser
def test_sign_in_and_out_by_deep_link_on_a_fresh_server(demo_home, tmp_path, page):
    home = home_with_roles(demo_home, tmp_path / "home")
    with signing_in(home, tmp_path / "account") as address:
        # The first hit of a fresh server is a deep link: Streamlit alone would run the bare page.
        for name in ("import", *(p.name for p in PAGES if p.name != "import")):
            page.goto(f"{address}/{name}")
            page.get_by_text("请先登录").wait_for(timeout=30_000)
            assert not NOTHING.search(page.inner_text("body")), name
            assert page.locator('[data-testid="stSidebar"]').count() == 0, name
        # Who signs in comes back to the page last asked for; that was the full-screen one, which shows no account.
        page.goto(f"{address}/overview")
        page.get_by_text("请先登录").wait_for(timeout=30_000)
        page.wait_for_function("() => (sessionStorage.getItem('jj-wanted') || '').includes('overview')", timeout=30_000)
        sign_in(page, "li")
        page.get_by_text("li@example.cn").wait_for(timeout=60_000)
        menu = page.inner_text('[data-testid="stSidebarNav"]')
        assert "社区对比" in menu and "数据导入" not in menu and "操作记录" not in menu and "演示文稿" not in menu
        page.goto(f"{address}/import")
        page.get_by_text("您的角色是“查看”，不能导入台账").wait_for(timeout=60_000)
        page.goto(f"{address}/compare?community=槐香社区")
        page.get_by_text("社区对比").first.wait_for(timeout=60_000)
        page.locator(".js-plotly-plot").first.wait_for(timeout=60_000)
        text = page.inner_text("body")
        assert "春和社区" in text and re.search("社区[A-U]", text) and "槐香" not in text and "晴川" not in text
        page.get_by_role("button", name="退出登录").click()
        page.get_by_role("button", name="End session").click()  # the provider's own page
        page.get_by_text("请先登录").wait_for(timeout=60_000)
        page.goto(f"{address}/compare")
        page.get_by_text("请先登录").wait_for(timeout=30_000)
        sign_in(page, "fremd")
        page.get_by_text("账号不在本系统的人员名单里").wait_for(timeout=60_000)
        assert not NOTHING.search(page.inner_text("body"))
    rows = audit.records(Home(home))
    done = rows[["account", "action"]].to_numpy().tolist()[::-1]
    # One sign-in is one row, however many tabs and reloads it is.
    assert (
        done[0] == ["li@example.cn", "登录"]
        and done.count(done[0]) == 1
        and ["li@example.cn", "退出"] in done
        and ["li@example.cn", "被拒绝"] in done
    )
    assert not any("fremd" in account for account, _ in done)
