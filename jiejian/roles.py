"""Who may see and do what: ``roles.yml`` in the home, written by the administrator, read anew when it changes.

    claim: email
    people:
      li@example.cn: {role: 查看, communities: [春和社区, 望湖社区]}
      wang@example.cn: {role: 编辑}
      zhao@example.cn: {role: 管理}

Where nobody signs in the file is not read: then there is one person, at this machine, who may do everything.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from jiejian.catalogue import CatalogueError
from jiejian.catalogue.files import read_yaml
from jiejian.catalogue.sentences import sentence
from jiejian.home import Home
from jiejian.sight import EVERYTHING, Sight

FILE = "roles.yml"
ROLES = ("查看", "编辑", "管理")
# What an action asks for at least. A new action is one line here.
LEAST = {"see": "查看", "import": "编辑", "decks": "编辑", "roll back": "管理", "manage": "管理"}
WORDS = {
    "see": "查看",
    "import": "导入台账",
    "decks": "编辑演示文稿",
    "roll back": "撤销和恢复装载",
    "manage": "管理人员和查看操作记录",
}
LOCAL = "本机"
_CLAIMS = ("email", "preferred_username", "sub")
_MOST = 64


class BadRoles(Exception):
    """The file cannot be used; the message is a Chinese sentence that says where and what to do."""


class NotAllowed(Exception):
    """Somebody asked for what their role does not hold; the message is a Chinese sentence."""


class Entry(BaseModel):
    """What is written of one account."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    role: Literal["查看", "编辑", "管理"]
    communities: list[str] | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _only_viewers_are_limited(self) -> Entry:
        if self.communities is not None and self.role != "查看":
            raise ValueError(f"角色“{self.role}”要看到全部社区，不能写 communities；请删去，或把角色改为查看")
        return self


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    claim: Literal["email", "preferred_username", "sub"] = "email"
    people: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True)
class Person:
    """Somebody who may be here: account, role, and what they may see."""

    account: str
    role: str
    sight: Sight = EVERYTHING

    def may(self, action: str) -> bool:
        return ROLES.index(self.role) >= ROLES.index(LEAST[action])

    def require(self, action: str) -> None:
        """NotAllowed unless this person may do it."""
        if not self.may(action):
            raise NotAllowed(f"您的角色是“{self.role}”，不能{WORDS[action]}。需要时请联系管理员。")


@dataclass(frozen=True)
class Roles:
    """The file as read."""

    claim: str
    people: Mapping[str, Entry]

    def person(self, claims: Mapping[str, Any]) -> Person | None:
        """The person whom an identity provider vouches for; None for somebody who is not on the list."""
        account = str(claims.get(self.claim) or "").strip().casefold()
        if self.claim == "email" and claims.get("email_verified") is False:
            return None
        entry = self.people.get(account) if account else None
        if entry is None:
            return None
        sight = EVERYTHING if entry.communities is None else Sight(tuple(entry.communities))
        return Person(account, entry.role, sight)


EVERYBODY_HERE = Person(LOCAL, "管理")
"""The one person of a server at which nobody signs in."""
NOBODY = Person("", "查看")
"""Before whom the server draws pages ahead: sees everything, may do nothing."""


def roles(home: Home) -> Roles | None:
    """The roles of a home; None where there is no file. Raises BadRoles."""
    path = home.roles
    try:
        state = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BadRoles(f"角色文件 {FILE} 读不出来。请检查文件权限。") from error
    return _read(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int, size: int) -> Roles:
    try:
        content = read_yaml(path) if size < 2_000_000 else {}
    except CatalogueError as error:
        raise BadRoles(str(error).replace("目录文件", "角色文件", 1)) from error
    except OSError as error:
        raise BadRoles(f"角色文件 {FILE} 读不出来。请检查文件权限。") from error
    file = _checked(_File, "(整份)", content)
    found: dict[str, Entry] = {}
    for account, written in file.people.items():
        plain = account.strip().casefold()
        if plain in found:
            raise BadRoles(f"角色文件 {FILE}，账号 {account}：写了两次。请只留一条。")
        found[plain] = _checked(Entry, account, written)
    return Roles(file.claim, found)


def _checked(kind: type[BaseModel], block: str, content: dict) -> Any:
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        said = sentence(kind, FILE, block, content, error).replace("目录文件", "角色文件", 1).replace("，条目", "，账号", 1)
        raise BadRoles(said.replace("Value error, ", "")) from error


def write(home: Home, claim: str, people: Mapping[str, Entry]) -> None:
    """Put the list in place of the old one, whole or not at all. Raises BadRoles when nobody would be left to manage it."""
    if not any(entry.role == "管理" for entry in people.values()):
        raise BadRoles("至少要有一个角色为“管理”的账号，否则以后没有人能改这份名单。")
    plain = {account: entry.model_dump(exclude_none=True) for account, entry in sorted(people.items())}
    text = yaml.safe_dump({"claim": claim, "people": plain}, allow_unicode=True, sort_keys=False)
    home.root.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=home.root, prefix=".roles-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"# 角色名单，由“人员与角色”页写入；也可以手工修改。说明见 docs/登录与权限.md。\n{text}")
        Path(temporary).replace(home.roles)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def changed(home: Home, account: str, entry: Entry | None) -> None:
    """Put one account on the list, change it, or take it off (None). Raises BadRoles."""
    account = account.strip().casefold()
    if not account or len(account) > 200 or any(c.isspace() or not c.isprintable() for c in account):
        raise BadRoles("账号应是登录系统给出的邮箱或用户名，不能为空，也不能有空格。")
    now = roles(home) or Roles("email", {})
    people = dict(now.people)
    people.pop(account, None)
    if entry is not None:
        people[account] = entry
    write(home, now.claim, people)
