"""Who sits before the screen, and what they may see and do: the one door through which every session comes.

Without ``[auth]`` in secrets.toml there is one person at this machine, who may do everything, and nobody else can reach it. With
it nobody gets past :func:`current` but those whom the provider vouches for and ``roles.yml`` names.
"""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from jiejian import audit
from jiejian.home import home
from jiejian.roles import EVERYBODY_HERE, NOBODY, WORDS, BadRoles, NotAllowed, Person, roles
from jiejian.sight import Sight
from jiejian.ui.once import once

# For an office whose proxy asks for a password itself: everybody who comes past it may do everything.
OPEN = "JIEJIAN_WITHOUT_SIGN_IN"
_NEEDED = ("client_id", "client_secret", "server_metadata_url")
# Sign-ins that are on record: one sign-in is many sessions, a tab or a reload each. The provider's token tells them apart.
_greeted: set[tuple[str, str]] = set()
# Sessions of the server itself, before whom pages are drawn ahead (rehearsal.py); their numbers never leave the process.
rehearsing: set[str] = set()


class Closed(Exception):
    """This session gets nothing but the sentence of the message; ``sign_in``: the providers by which it may try."""

    def __init__(self, sentence: str, sign_in: tuple[str, ...] = (), signed_in: bool = False):
        super().__init__(sentence)
        self.sign_in, self.signed_in = sign_in, signed_in


@once
def current() -> Person:
    """The person of this session. Raises Closed with what to say to anybody else."""
    if is_rehearsing():
        return NOBODY
    auth = _auth()
    if auth is None:
        _here_only()
        return EVERYBODY_HERE
    providers = _providers(auth)
    if not st.user.get("is_logged_in"):
        raise Closed("请先登录。登录后只能看到管理员授权的内容。", providers)
    try:
        known = roles(home())
    except BadRoles as error:
        raise Closed(f"{error}在改正之前，谁都不能进入。", signed_in=True) from error
    if known is None:
        raise Closed("还没有角色名单。请管理员在服务器上运行 python -m jiejian role 账号 管理，再重新登录。", signed_in=True)
    found = known.person(st.user.to_dict())
    if found is None:
        raise Closed("您已登录，但账号不在本系统的人员名单里。请联系街道管理员授权后再登录。", signed_in=True)
    return found


def is_rehearsing() -> bool:
    """Whether nobody sits there: the server draws the page ahead."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.session_id in rehearsing


def signs_in() -> bool:
    """Whether people sign in at this server."""
    return _auth() is not None


def sight() -> Sight:
    """What the person of this session may see."""
    return current().sight


def require(action: str) -> Person:
    """The person, if they may do it (see roles.LEAST); else NotAllowed, and the attempt is on record."""
    person = current()
    try:
        person.require(action)
    except NotAllowed:
        did("被拒绝", WORDS[action], person)
        raise
    return person


def did(action: str, subject: str = "", person: Person | None = None) -> None:
    """Put what was done on record."""
    audit.record(home(), (person or current()).account, action, subject)


def greeted(person: Person) -> None:
    """Put a sign-in on record, once; after a new start of the server once more."""
    if not signs_in() or person is NOBODY:
        return
    sign_in = (person.account, str(next((st.user[c] for c in ("iat", "auth_time", "exp") if st.user.get(c)), "")))
    if sign_in not in _greeted:
        did("登录", person=person)
        _greeted.add(sign_in)


def leave() -> None:
    """Sign out, on record."""
    account = str(next((st.user.get(c) for c in ("email", "preferred_username", "sub") if st.user.get(c)), ""))
    audit.record(home(), account.casefold(), "退出")
    st.logout()


# ---- how the server is set up ----


@once
def _auth() -> dict | None:
    """The section ``[auth]``; None where there is none. Raises Closed where the file that should hold it cannot be read."""
    if not st.secrets.load_if_toml_exists():
        files = st.get_option("secrets.files")
        if any(Path(path).exists() for path in files):
            raise Closed("登录设置文件 .streamlit/secrets.toml 写法有误，读不出来。请管理员改正后重新启动服务。")
        return None
    section = st.secrets.get("auth")
    return None if section is None else dict(section)


def _providers(auth: dict) -> tuple[str, ...]:
    """Names of the providers, '' for the one that stands in [auth] itself. Raises Closed with the key that is missing."""
    for key in ("cookie_secret", "redirect_uri"):
        if not str(auth.get(key) or "").strip():
            raise Closed(f"登录还没有设置好：.streamlit/secrets.toml 的 [auth] 里缺少 {key}。请管理员补上后重新启动服务。")
    if len(str(auth["cookie_secret"])) < 32:
        raise Closed("登录还没有设置好：[auth] 里的 cookie_secret 太短，至少要32个随机字符。请管理员改正后重新启动服务。")
    named = tuple(name for name, section in auth.items() if hasattr(section, "keys") and name != "client_kwargs")
    held = {"": auth} if auth.get("client_id") or not named else {name: auth[name] for name in named}
    for name, section in held.items():
        missing = [key for key in _NEEDED if not section.get(key)]
        if missing:
            where = f"[auth.{name}]" if name else "[auth]"
            raise Closed(f"登录还没有设置好：secrets.toml 的 {where} 里缺少 {'、'.join(missing)}。请管理员补上后重新启动服务。")
    return tuple(held)


def _here_only() -> None:
    """Nobody signs in: then the server must be out of reach for others. Raises Closed where it is not."""
    if os.environ.get(OPEN) == "1":
        return
    if not _local(st.get_option("server.address")):
        raise Closed(
            "服务对网络开放了（server.address 不是 127.0.0.1），却没有设置登录，因此不显示任何内容。"
            "请管理员按 docs/登录与权限.md 设置登录，或改回只在本机使用。"
        )
    headers = st.context.headers
    if any(headers.get(name) for name in ("X-Forwarded-For", "X-Real-Ip", "Forwarded")):
        raise Closed(
            "服务经反向代理对网络开放了，却没有设置登录，因此不显示任何内容。请管理员按 docs/登录与权限.md 设置登录；"
            f"若代理自己已有登录，可设环境变量 {OPEN}=1。"
        )


def _local(address: str | None) -> bool:
    if not address or address == "localhost":
        return address == "localhost"
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False
