"""A deep link of somebody who is not signed in: after the provider they are where they wanted to be, and nowhere else."""

from __future__ import annotations

import pytest
from signed import home_with_roles
from test_sign_in import sign_in, signing_in

KEPT = "sessionStorage.getItem('jj-wanted')"


@pytest.mark.browser
def test_a_deep_link_survives_the_sign_in(demo_home, tmp_path, page):
    home = home_with_roles(demo_home, tmp_path / "home")
    with signing_in(home, tmp_path / "account") as address:
        page.goto(f"{address}/trends?community=春和社区&weird-name=1")
        page.get_by_text("请先登录").wait_for(timeout=60_000)
        page.wait_for_function(f"() => {KEPT} !== null", timeout=30_000)
        sign_in(page, "zhao")
        page.wait_for_url(lambda url: "/trends?" in url, timeout=120_000)
        page.locator(".main-svg").first.wait_for(timeout=120_000)
        assert page.evaluate("new URLSearchParams(location.search).getAll('community')") == ["春和社区"]
        assert "weird" not in page.url
        assert page.evaluate(KEPT) is None
        # What somebody else put into the tab's memory leads nowhere else: no other server, no page that is none of ours.
        for bad in ("//evil.example", "https://evil.example/", "../../x", "oauth2callback", "auth/logout"):
            page.evaluate("([bad]) => sessionStorage.setItem('jj-wanted', JSON.stringify([bad, '', Date.now()]))", [bad])
            page.goto(address)
            page.wait_for_function(f"() => {KEPT} === null", timeout=60_000)
            page.locator(".main-svg").first.wait_for(timeout=120_000)
            assert page.evaluate("location.origin") == address and page.evaluate("location.pathname") == "/", bad
        # An old wish is forgotten.
        page.evaluate("() => sessionStorage.setItem('jj-wanted', JSON.stringify(['compare', '', Date.now() - 3600e3]))")
        page.goto(address)
        page.wait_for_function(f"() => {KEPT} === null", timeout=60_000)
        assert page.evaluate("location.pathname") == "/"
