"""Ledgers from real database servers: PostgreSQL and MariaDB, started by the test, read only, secrets kept."""

from __future__ import annotations

import re
from pathlib import Path

import databases
import pytest
from street import Street

from etl import build
from etl.__main__ import main
from jiejian.catalogue import CatalogueError, catalogue, declare
from jiejian.catalogue.ledgers import Ledger
from jiejian.home import PROJECT, Home

PASSWORD = "geheim-9-读"
TABLE = """CREATE TABLE {} (order_id VARCHAR(20), created_at TIMESTAMP NULL, community VARCHAR(40), category VARCHAR(40),
           closed_at TIMESTAMP NULL, satisfied BOOLEAN, caller VARCHAR(40), updated_at TIMESTAMP NULL)"""
ROWS = [
    ("G1", "2026-10-01 08:00:00", "春和社区", "噪音, 夜间", "2026-10-02 09:30:00", "true", "王某"),
    ("G2", "2026-10-03 10:00:00", "望湖", "供热", None, None, "李某"),
    ("G3", "2026-10-04 10:00:00", "查无此地", "供热", None, "false", "赵某"),
    ("G4", "2026-10-05 10:00:00", "麦香社区", None, "2026-10-01 00:00:00", "true", "钱某"),
]


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def server(request):
    with getattr(databases, request.param)() as server:
        if server.kind == "postgresql":
            server.run(f"CREATE ROLE reader LOGIN PASSWORD '{PASSWORD}'", "CREATE ROLE nobody2 LOGIN PASSWORD 'x'")
        else:
            server.run("CREATE DATABASE postgres CHARACTER SET utf8mb4", f"CREATE USER reader@'%%' IDENTIFIED BY '{PASSWORD}'")
        yield server


def values(row: tuple) -> str:
    cells = ", ".join("NULL" if v is None else v if v in ("true", "false") else f"'{v}'" for v in row)
    return f"({cells}, '2026-10-06 00:00:00')"


@pytest.fixture
def table(server) -> str:
    name = "work_order" if server.kind == "postgresql" else "postgres.work_order"
    server.run(f"DROP TABLE IF EXISTS {name}", TABLE.format(name), f"INSERT INTO {name} VALUES {', '.join(map(values, ROWS))}")
    server.run(f"GRANT SELECT ON {name} TO reader{'' if server.kind == 'postgresql' else '@' + chr(39) + '%%' + chr(39)}")
    return name


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.refresh()
    monkeypatch.setenv("JIEJIAN_SECRET_HOTLINE", PASSWORD)
    return street


def contract(folder: Path, server, **changes: str) -> Path:
    """The example of the documentation, pointed at the server of the test."""
    text = (PROJECT / "docs" / "数据库来源.md").read_text(encoding="utf-8")
    text = re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1]
    given = {"kind": server.kind, "port": str(server.port), "name": "postgres", "table": "work_order", **changes}
    head, block = text.split("database:\n")
    for key, value in given.items():
        line = f"  {key}: {value}\n" if value else ""
        block = re.sub(rf"  {key}:.*\n", lambda m, line=line: line, block) if f"  {key}:" in block else block + line
    path = folder / "hotline.yml"
    path.write_text(f"{head}database:\n{block}", encoding="utf-8")
    return path


def cases(street: Street) -> list[tuple]:
    return street.ask(
        "SELECT case_no, place_id, CAST(opened_at AS VARCHAR), category, satisfied FROM hotline_event ORDER BY case_no"
    )


GOOD = [
    ("G1", "street/柳河街道/春和社区", "2026-10-01 08:00:00", "噪音, 夜间", True),
    ("G2", "street/柳河街道/望湖社区", "2026-10-03 10:00:00", "供热", None),
]


def test_the_example_of_the_documentation_loads_checks_and_gives_back(street, server, table, tmp_path):
    summary = build.load([], contract=contract(tmp_path, server))
    assert (summary.exit_code, summary.faults) == (1, [])
    assert cases(street) == GOOD
    assert [s.split("。")[0] for s in summary.sentences] == [
        "文件“数据库 postgres/work_order”第 4 行“社区”列的值“查无此地”不在名册中",
        "文件“数据库 postgres/work_order”第 5 行“受理时间、办结时间”列的值“2026-10-05 10:00:00、2026-10-01 00:00:00”不合规则：办结时间不应早于受理时间",
    ]
    # Neither the password nor a dropped column is anywhere in the home.
    for path in street.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert PASSWORD.encode() not in content and "王某".encode() not in content, path


def test_since_asks_for_what_is_new_and_an_undone_load_is_asked_for_again(street, server, table, tmp_path):
    build.load([], contract=contract(tmp_path, server))
    server.run(f"UPDATE {table} SET category = '物业', updated_at = '2026-10-09 00:00:00' WHERE order_id = 'G2'")
    summary = build.refresh()  # the contract was kept
    # Rows of the very last moment are asked for again: more of them may have been written since.
    assert [(m.rows_in, m.file) for m in summary.written] == [(4, "数据库 postgres/work_order")]
    assert [row[3] for row in cases(street)] == ["噪音, 夜间", "物业"]
    build.rollback([summary.written[0].load_id])
    assert [row[3] for row in cases(street)] == ["噪音, 夜间", "供热"]


def test_without_since_a_row_that_is_gone_is_gone(street, server, table, tmp_path):
    build.load([], contract=contract(tmp_path, server, since=""))
    assert build.refresh().unchanged
    server.run(f"DELETE FROM {table} WHERE order_id = 'G1'")
    build.refresh()
    assert [row[0] for row in cases(street)] == ["G2"]


def test_a_query_instead_of_a_table(street, server, table, tmp_path):
    query = f"\"SELECT order_id, created_at, community, updated_at, category FROM {table} WHERE order_id <> 'G:1' AND order_id < 'G3';\""
    summary = build.load([], contract=contract(tmp_path, server, table="", query=query))
    assert summary.exit_code == 0, (summary.faults, summary.sentences)
    assert [row[:4] for row in cases(street)] == [row[:4] for row in GOOD]


@pytest.mark.parametrize(
    ("changes", "password", "says"),
    [
        ({"port": "1"}, PASSWORD, "连接不上（127.0.0.1:1）。请检查地址、端口、网络和数据库是否在运行。"),
        ({}, "falsch", "用户名或密码不对。请核对约定中的 user，以及密码（环境变量或 secrets.toml）。"),
        ({"table": "no_such"}, PASSWORD, ("没有这张表。请核对约定中的 table（可写成“模式.表”）。", "这个账号没有读取的权限")),
        ({"columns": "{case_no: nummer, opened_at: created_at, place: community}"}, PASSWORD, "没有列“nummer”。"),
        ({"since": "no_since"}, PASSWORD, "没有列“no_since”。"),
        ({"columns": "{opened_at: created_at, place: community}"}, PASSWORD, "没有列“case_no”。"),
    ],
    ids=["unreachable", "password", "table", "column", "since", "required"],
)
def test_faults_are_sentences_and_the_warehouse_stays(street, server, table, tmp_path, monkeypatch, changes, password, says):
    monkeypatch.setenv("JIEJIAN_SECRET_HOTLINE", password)
    before = street.ask("SELECT count(*) FROM figure")
    summary = build.load([], contract=contract(tmp_path, server, **changes))
    assert summary.exit_code == 2
    (sentence,) = summary.faults
    # MariaDB does not tell whether a table is missing or may not be read.
    says = says if isinstance(says, str) else says[server.kind == "mysql"]
    assert sentence.startswith("数据库 postgres/") and says in sentence and sentence.endswith("已有的数据不受影响。"), sentence
    assert password not in sentence
    assert street.ask("SELECT count(*) FROM figure") == before


def test_permission_and_timeout_are_sentences(street, server, table, tmp_path):
    who = "reader" if server.kind == "postgresql" else "reader@'%%'"
    server.run(f"REVOKE SELECT ON {table} FROM {who}")
    (sentence,) = build.load([], contract=contract(tmp_path, server)).faults
    assert "这个账号没有读取的权限" in sentence, sentence
    server.run(f"GRANT SELECT ON {table} TO {who}")
    many = " CROSS JOIN ".join(f"{table} t{n}" for n in range(14))
    query = f'"SELECT t0.order_id, t0.created_at, t0.community, t0.updated_at FROM {many} ORDER BY t3.category, t5.category, t1.order_id"'
    (sentence,) = build.load([], contract=contract(tmp_path, server, table="", since="", query=query, timeout="1")).faults
    assert "超过了允许的时间" in sentence, sentence


def test_the_transaction_may_not_write(street, server, tmp_path):
    """A function that writes is hidden in a SELECT: the server refuses, since the transaction is read only."""
    if server.kind != "postgresql":
        pytest.skip("在 MariaDB 中，SELECT 里的函数不能修改表，此处只测 PostgreSQL")
    server.run(
        "CREATE TABLE IF NOT EXISTS written (n INT)",
        "CREATE OR REPLACE FUNCTION writes() RETURNS TEXT LANGUAGE sql AS $$ INSERT INTO written VALUES (1) RETURNING 'x' $$",
        "GRANT INSERT, SELECT ON written TO reader",
    )
    query = '"SELECT writes() AS order_id, now() AS created_at, 1 AS community"'
    (sentence,) = build.load([], contract=contract(tmp_path, server, table="", since="", query=query)).faults
    assert "查询会修改数据，已拒绝" in sentence, sentence


class Anywhere:
    kind, port = "postgresql", 5432


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM t",
        "SELECT 1; DROP TABLE t",
        "SELECT * INTO x FROM t",
        "WITH d AS (DELETE FROM t RETURNING *) SELECT * FROM d",
        "SELECT 1 -- x",
        "SELECT load_file('/etc/passwd')",
    ],
)
def test_a_query_that_is_no_single_select_is_refused_before_anything_is_asked(street, tmp_path, query):
    with pytest.raises(CatalogueError, match="query"):
        build.load([], contract=contract(tmp_path, Anywhere, table="", query=f'"{query}"'))
    assert "hotline" not in catalogue().ledgers


def test_secrets_come_from_a_file_that_nobody_else_may_read(street, tmp_path, monkeypatch):
    monkeypatch.delenv("JIEJIAN_SECRET_HOTLINE")
    (sentence,) = build.load([], contract=contract(tmp_path, Anywhere)).faults
    assert "JIEJIAN_SECRET_HOTLINE" in sentence and "没有找到" in sentence
    secrets = street.root / "secrets.toml"
    secrets.write_text('[databases]\nhotline = "geheim"\n', encoding="utf-8")
    secrets.chmod(0o644)
    (sentence,) = build.load([], contract=contract(tmp_path, Anywhere)).faults
    assert "其他人也能读" in sentence and "geheim" not in sentence


def test_the_command_without_file_or_contract_says_what_to_do(street, capsys):
    assert main(["load"]) == 2
    assert "请写明要装载的文件" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kind", "tls", "expected"),
    [
        ("postgresql", "prefer", {"sslmode": "prefer"}),
        ("postgresql", "require", {"sslmode": "require"}),
        ("postgresql", "verify", {"sslmode": "verify-full", "sslrootcert": "CA"}),
        ("mysql", "prefer", {}),
        ("mysql", "require", {"ssl": {"check_hostname": False}}),
        ("mysql", "verify", {"ssl_verify_cert": True, "ssl_verify_identity": True, "ssl_ca": "CA"}),
    ],
)
def test_encryption_and_the_authority_are_told_to_the_driver_in_its_own_words(tmp_path, kind, tls, expected):
    from etl.database import DatabaseFault, tls_arguments

    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----\n", encoding="utf-8")
    own = {"tls_ca": "ca.pem"} if tls == "verify" else {}
    source = {"kind": kind, "host": "db", "name": "n", "user": "u", "table": "t", "tls": tls, **own}
    column = {"place": {"name": "社区", "type": "place"}}
    ledger = declare(Ledger, "x.yml", "x", {"name": "热线工单", "table": "hotline_event", "columns": column, "database": source})
    shown = {k: "CA" if v == str(tmp_path / "ca.pem") else v for k, v in tls_arguments(ledger, Home(tmp_path)).items()}
    assert shown == expected
    if own:
        (tmp_path / "ca.pem").unlink()
        with pytest.raises(DatabaseFault) as fault:
            tls_arguments(ledger, Home(tmp_path))
        assert str(fault.value) == (
            f"“热线工单”的数据库证书文件 {tmp_path / 'ca.pem'} 没有找到。请核对约定中 database 的 tls_ca。已有的数据不受影响。"
        )
