"""Roles and the record of what was done, without a browser."""

from __future__ import annotations

import sqlite3
import subprocess
import sys

import pytest

from jiejian import audit
from jiejian.home import PROJECT, Home
from jiejian.roles import EVERYBODY_HERE, LEAST, BadRoles, Entry, NotAllowed, Person, changed, roles


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


def written(home: Home, text: str):
    home.roles.write_text(text, encoding="utf-8")
    return roles(home)


GOOD = "people:\n  Li@Example.cn: {role: 查看, communities: [春和社区]}\n  zhao@example.cn: {role: 管理}\n"


def test_who_is_on_the_list_has_a_role_and_others_have_none(home):
    assert roles(home) is None
    known = written(home, GOOD)
    li = known.person({"email": "LI@example.cn"})
    assert (li.role, li.sight.communities) == ("查看", ("春和社区",)) and not known.person(
        {"email": "zhao@example.cn"}
    ).sight.limited
    for claims in (
        {},
        {"email": ""},
        {"email": "x@example.cn"},
        {"sub": "li@example.cn"},
        {"email": "li@example.cn", "email_verified": False},
    ):
        assert known.person(claims) is None


def test_what_each_role_may_do():
    known = {role: [a for a in LEAST if Person("x", role).may(a)] for role in ("查看", "编辑", "管理")}
    assert known == {"查看": ["see"], "编辑": ["see", "import", "decks"], "管理": list(LEAST)}
    with pytest.raises(NotAllowed, match="您的角色是“查看”，不能导入台账"):
        Person("x", "查看").require("import")
    assert all(EVERYBODY_HERE.may(a) for a in LEAST)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("people:\n  a@b: {role: 领导}\n", "账号 a@b，键 role：取值不在允许的范围内（允许：查看、编辑、管理）"),
        ("people:\n  a@b: {rolle: 查看}\n", "账号 a@b，键 role：缺少这个键"),
        ("people:\n  a@b: {role: 查看, comunities: [甲]}\n", "是不是“communities”"),
        ("people:\n  a@b: {role: 编辑, communities: [甲]}\n", "角色“编辑”要看到全部社区，不能写 communities"),
        ("people:\n  a@b: {role: 查看, communities: []}\n", "键 communities"),
        ("people:\n  a@b: {role: 查看, communities: 春和社区}\n", "键 communities"),
        ("people:\n  a@b: {role: 查看}\n  A@B: {role: 管理}\n", "账号 A@B：写了两次"),
        ("people: [a@b]\n", "键 people"),
        ("claim: name\n", "键 claim：取值不在允许的范围内"),
        ("people:\n  a@b: {role: 查看\n", "第 3 行写法有误"),
        ("people:\n  a@b: !!python/object/apply:os.system [x]\n", "写法有误"),
    ],
)
def test_a_fault_is_one_chinese_sentence_and_nobody_comes_in(home, text, said):
    with pytest.raises(BadRoles) as caught:
        written(home, text)
    assert (
        said in str(caught.value)
        and "角色文件 roles.yml" in str(caught.value)
        and "Error" not in str(caught.value)
        and "\n" not in str(caught.value)
    )


def test_the_list_is_changed_whole_and_never_left_without_a_manager(home):
    changed(home, "Zhao@example.cn", Entry(role="管理"))
    changed(home, "li@example.cn", Entry(role="查看", communities=["春和社区"]))
    assert {a: e.role for a, e in roles(home).people.items()} == {"zhao@example.cn": "管理", "li@example.cn": "查看"}
    for entry in (None, Entry(role="编辑")):
        with pytest.raises(BadRoles, match="至少要有一个角色为“管理”的账号"):
            changed(home, "zhao@example.cn", entry)
    with pytest.raises(BadRoles, match="账号应是"):
        changed(home, "a b", Entry(role="查看"))
    changed(home, "li@example.cn", None)
    assert list(roles(home).people) == ["zhao@example.cn"] and list(home.root.glob(".roles-*")) == []


def test_the_administrator_writes_the_first_one_from_the_shell(home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(home.root))

    def shell(*words):
        return subprocess.run(
            [sys.executable, "-m", "jiejian", "role", *words], cwd=PROJECT, capture_output=True, text=True, encoding="utf-8"
        )

    assert shell("zhao@example.cn", "管理").returncode == 0
    assert roles(home).person({"email": "zhao@example.cn"}).role == "管理"
    refused = shell("wang@example.cn", "编辑", "--community", "春和社区")
    assert refused.returncode == 2 and refused.stderr.startswith("角色“编辑”要看到全部社区")
    assert audit.records(home)["action"].tolist() == ["角色变更"]


def test_the_record_only_grows(home):
    assert audit.records(home).empty
    audit.record(home, "zhao@example.cn", "导出", "示范街道_诉求.xlsx")
    audit.record(home, "li@example.cn", "登录")
    rows = audit.records(home)
    assert rows[["account", "action", "subject"]].to_numpy().tolist() == [
        ["li@example.cn", "登录", ""],
        ["zhao@example.cn", "导出", "示范街道_诉求.xlsx"],
    ]
    with pytest.raises(ValueError):
        audit.record(home, "x", "别的")
    state = sqlite3.connect(home.state)
    for sql in ("DELETE FROM audit", "UPDATE audit SET account = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            state.execute(sql)
    state.close()
    assert len(audit.records(home)) == 2
