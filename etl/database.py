"""A table of a database as a source: drawn once, read only, row by row into a text file that the ordinary way then loads.

One SELECT in a read-only transaction, with a cursor on the server, so that memory stays bounded. Where a contract lets only its daily
totals travel, that SELECT is the roll-up of etl/pushdown.py. Columns that a contract drops as personal are never asked for. The password comes from the environment or from secrets.toml and stands in no log, load or sentence.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from etl.load import Loads
from etl.origins import DATABASE, Origin
from etl.pushdown import daily_query
from jiejian.catalogue import Catalogue, Database, Ledger
from jiejian.home import Home

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

_AT_A_TIME = 10_000
_STREAMED = {"stream_results": True, "max_row_buffer": _AT_A_TIME}
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql"}


class DatabaseFault(Exception):
    """A database that cannot be read; the message is a Chinese sentence with what to do."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn from a database: the file for the loader, its rows, and how far the column ``since`` reaches."""

    ledger: Ledger
    origin: Origin
    rows: int
    reaches: str | None


def shown(ledger: Ledger) -> str:
    """How sentences and loads call the source."""
    return f"数据库 {ledger.database.name}/{ledger.database.table or '查询'}"


def to_draw(catalogue: Catalogue, ledgers: Iterable[Ledger] | None = None) -> list[Ledger]:
    """The contracts to draw from databases: one that lets only totals travel is drawn through those derived from it."""
    asked = {l.id for l in (catalogue.ledgers.values() if ledgers is None else ledgers)}
    return [
        l
        for l in catalogue.ledgers.values()
        if l.database and {l.id, l.daily_of} & asked and (l.daily_of or l.database.travels == "rows")
    ]


def draw(ledger: Ledger, catalogue: Catalogue, home: Home, loads: Loads, folder: Path) -> Drawn:
    """Write the rows of the declared table (those since the last load, where that is declared) into a text file in ``folder``.

    Of a contract of daily totals these are the rows. Raises DatabaseFault.
    """
    source = ledger.database
    origin_key = f"{DATABASE}{source.dataset}/{ledger.id}"
    since = _reached(home, loads, source.dataset, origin_key) if source.since else None
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{ledger.id}.csv"
    take = _from_spark if source.kind == "spark" else _from_server
    rows, reaches = take(ledger, catalogue, home, since, path)
    return Drawn(ledger, Origin(source.dataset, path, origin_key, shown(ledger)), rows, reaches or since)


def _from_server(ledger: Ledger, catalogue: Catalogue, home: Home, since: str | None, path: Path) -> tuple[int, str | None]:
    import sqlalchemy

    source, engine = ledger.database, _engine(ledger, home)
    try:
        with engine.connect() as connection:
            _read_only(connection, source)
            rows_of = catalogue.ledgers[ledger.daily_of] if ledger.daily_of else ledger
            columns = _columns(rows_of, _there(connection, source))
            if ledger.daily_of:
                quote = connection.dialect.identifier_preparer.quote_identifier
                query = daily_query(rows_of, ledger, catalogue, _table(quote, source), columns, source.kind, date.today())
                asked, columns = (sqlalchemy.text(query.replace(":", r"\:")), {}), {c.id: c.id for c in ledger.columns}
            else:
                asked = _select(connection, source, columns, since)
            result = connection.execute(*asked, execution_options=_STREAMED)
            written = _write(path, ledger, columns, result.partitions(_AT_A_TIME), source.since)
            connection.rollback()
    except sqlalchemy.exc.SQLAlchemyError as error:
        # Not chained: what a driver says may name more than a sentence should.
        raise DatabaseFault(_sentence(ledger, error)) from None
    finally:
        engine.dispose()
    return written


def _from_spark(ledger: Ledger, catalogue: Catalogue, home: Home, since: None, path: Path) -> tuple[int, None]:
    """The daily totals that a Spark Connect server works out."""
    from etl import spark

    source, rows_of = ledger.database, catalogue.ledgers[ledger.daily_of]
    table = _table(spark.quoted, source)
    try:
        with spark.session(source, _password(ledger, home)) as session:
            columns = _columns(rows_of, spark.columns(session, table))
            query = daily_query(rows_of, ledger, catalogue, table, columns, source.kind, date.today())
            return _write(path, ledger, {c.id: c.id for c in ledger.columns}, spark.rows(session, query), "")
    except spark.SparkFault as fault:
        raise DatabaseFault(f"{shown(ledger)}{fault}{_ADVICE}") from None


# ---- secrets ----


def _password(ledger: Ledger, home: Home) -> str:
    """The password that the contract names: ``JIEJIAN_SECRET_<NAME>``, else ``[databases]`` in secrets.toml of the home."""
    name = ledger.database.secret
    if not name:
        return ""
    variable = f"JIEJIAN_SECRET_{re.sub(r'[^A-Za-z0-9]', '_', name).upper()}"
    if variable in os.environ:
        return os.environ[variable]
    path = home.root / "secrets.toml"
    if path.is_file():
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise DatabaseFault(f"密码文件 {path} 其他人也能读，没有使用。请运行 chmod 600 {path} 后重试。")
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8")).get("databases", {}).get(name)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, AttributeError):
            raise DatabaseFault(f'密码文件 {path} 写法有误。请写成 [databases] 一节、每行“名称 = "密码"”。') from None
        if isinstance(found, str):
            return found
    raise DatabaseFault(
        f"“{ledger.name}”的数据库密码“{name}”没有找到。请设置环境变量 {variable}，或写进 {path} 的 [databases] 一节（文件权限 600）。"
    )


# ---- the connection ----


def _engine(ledger: Ledger, home: Home) -> Engine:
    import sqlalchemy

    source, password = ledger.database, _password(ledger, home)
    address = sqlalchemy.URL.create(
        _DRIVERS[source.kind],
        username=source.user,
        password=password,
        host=source.host,
        port=source.port or (5432 if source.kind == "postgresql" else 3306),
        database=source.name,
    )
    arguments = {"connect_timeout": 10, **tls_arguments(ledger, home)}
    if source.kind == "postgresql":
        wait = f"-c default_transaction_read_only=on -c statement_timeout={source.timeout * 1000} -c lock_timeout=30000"
        arguments |= {"options": wait, "application_name": "jiejian"}
    else:
        # A server that stops answering is left after the time that the whole reading may take.
        # As bytes, or a password with a sign beyond latin-1 would be an error of the driver.
        arguments |= {"password": password.encode(), "read_timeout": source.timeout + 10, "charset": "utf8mb4"}
    return sqlalchemy.create_engine(address, poolclass=sqlalchemy.NullPool, connect_args=arguments, hide_parameters=True)


def tls_arguments(ledger: Ledger, home: Home) -> dict[str, object]:
    """What the driver is told about encryption and certificates. Raises DatabaseFault where the file of certificates is not there."""
    source = ledger.database
    authority = home.root / source.tls_ca if source.tls_ca else None  # an absolute path stays what it is
    if authority and not authority.is_file():
        raise DatabaseFault(f"“{ledger.name}”的数据库证书文件 {authority} 没有找到。请核对约定中 database 的 tls_ca。{_ADVICE}")
    if source.kind == "postgresql":
        mode = {"prefer": "prefer", "require": "require", "verify": "verify-full"}[source.tls]
        return {"sslmode": mode, **({"sslrootcert": str(authority)} if authority else {})}
    known = {"ca": str(authority)} if authority else {}
    if source.tls == "verify":
        return {"ssl_verify_cert": True, "ssl_verify_identity": True, **({"ssl_ca": known["ca"]} if known else {})}
    return {"ssl": {"check_hostname": False, **known}} if source.tls == "require" or known else {}


def _read_only(connection: Connection, source: Database) -> None:
    """The transaction may not change anything, whatever the account could."""
    import sqlalchemy

    if source.kind == "postgresql":
        connection.execute(sqlalchemy.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        if source.travels == "daily":  # a moment with a time zone belongs to the day that it is there
            connection.execute(sqlalchemy.text(f"SET LOCAL TIME ZONE '{source.time_zone}'"))
        return
    cursor = connection.connection.cursor()
    cursor.execute("SELECT VERSION()")
    mariadb = "mariadb" in cursor.fetchone()[0].lower()
    cursor.execute(
        f"SET SESSION {'max_statement_time' if mariadb else 'max_execution_time'} = {source.timeout * (1 if mariadb else 1000)}"
    )
    cursor.execute("SET SESSION TRANSACTION READ ONLY")
    cursor.execute("START TRANSACTION READ ONLY")
    cursor.close()


# ---- what is asked ----


def _plain(query: str) -> str:
    """The query, which the catalogue has checked, without its last semicolon."""
    return query.strip().rstrip(";").strip()


def _escaped(query: str) -> str:
    """The query without what SQLAlchemy takes for a parameter."""
    return _plain(query).replace(":", r"\:")


def _there(connection: Connection, source: Database) -> list[str]:
    """The columns of the declared table or query."""
    import sqlalchemy

    if source.table:
        schema, _, name = source.table.rpartition(".")
        return [c["name"] for c in sqlalchemy.inspect(connection).get_columns(name, schema=schema or None)]
    probe = sqlalchemy.text(f"SELECT * FROM ({_escaped(source.query)}) q WHERE 1 = 0")
    return list(connection.execute(probe).keys())


def _table(quote: Callable[[str], str], source: Database) -> str:
    """The declared table or query, as it stands behind FROM."""
    return ".".join(map(quote, source.table.split("."))) if source.table else f"({_plain(source.query)}) q"


def _columns(ledger: Ledger, there: Sequence[str]) -> dict[str, str]:
    """Contract column → column of the table or query. One that the contract names and the table lacks is a fault."""
    source = ledger.database
    wanted = {c.id: source.columns.get(c.id, c.id) for c in ledger.columns if c.personal != "drop"}
    missing = [name for c, name in wanted.items() if name not in there and (c in source.columns or ledger.column(c).required)]
    missing += [source.since] if source.since and source.since not in there else []
    if missing:
        raise DatabaseFault(
            f"{shown(ledger)}没有列“{'、'.join(missing)}”。请核对约定中 database 的 columns；已有的数据不受影响。"
        )
    return {c: name for c, name in wanted.items() if name in there}


def _select(connection: Connection, source: Database, columns: dict[str, str], since: str | None) -> tuple:
    """The one SELECT and its parameters; names are quoted as the server wants it."""
    import sqlalchemy

    quote = connection.dialect.identifier_preparer.quote_identifier
    names = [*columns.values(), *([source.since] if source.since else [])]
    where = f" WHERE {quote(source.since)} >= :since" if since else ""
    table = _table(quote, source).replace(":", r"\:")
    order = f" ORDER BY {quote(source.since)}" if source.since else ""
    selected = ", ".join(quote(n).replace(":", r"\:") for n in names)
    return sqlalchemy.text(f"SELECT {selected} FROM {table}{where}{order}"), ({"since": since} if since else {})


def _write(path: Path, ledger: Ledger, columns: dict[str, str], parts: Iterator, since: str) -> tuple[int, str | None]:
    """The rows under the heads of the contract. The file is for this account only."""
    rows, last, width = 0, None, len(columns)
    path.touch(0o600)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([ledger.column(c).name for c in columns])
        for part in parts:
            writer.writerows([_text(v) for v in row[:width]] for row in part)
            rows += len(part)
            if since:
                last = next((row[width] for row in reversed(part) if row[width] is not None), last)
    return rows, None if last is None else _text(last)


def _text(value: object) -> str:
    """A value as a cell of a sheet would show it."""
    if value is None:
        return ""
    if value is True or value is False:
        return "是" if value else "否"
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None).isoformat(" ")
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace") if len(value) > 1 else str(int.from_bytes(value))  # BIT(1) of MySQL
    return str(value)


# ---- how far it was read ----


def _memory(home: Home) -> Path:
    return home.loads / "databases.json"


def _recorded(home: Home) -> dict[str, dict[str, str]]:
    try:
        return json.loads(_memory(home).read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def _reached(home: Home, loads: Loads, dataset: str, origin: str) -> str | None:
    """How far the loads that stand reach; one that was undone is read again."""
    standing = {m.load_id for m in loads.standing if (m.dataset, m.origin) == (dataset, origin)}
    return max((upto for load, upto in _recorded(home).get(origin, {}).items() if load in standing), default=None)


def remember(home: Home, drawn: Drawn, load_ids: list[str]) -> None:
    """Note how far a load reaches. Without this memory everything is read again, and rows of the same key replaced."""
    if drawn.reaches is None or not load_ids:
        return
    found = _recorded(home)
    found.setdefault(drawn.origin.key, {}).update(dict.fromkeys(load_ids, drawn.reaches))
    temporary = home.loads / f".files-{os.getpid()}-databases.json"
    temporary.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    temporary.replace(_memory(home))


# ---- what is said ----

_ADVICE = "已有的数据不受影响。"
# By what the server's code or words say: what went wrong, and what to do.
_SAYINGS = (
    (
        {"28P01", "28000", "1045", "1698"},
        ("password authentication failed", "认证失败", "access denied for user"),
        "用户名或密码不对",
        "请核对约定中的 user，以及密码（环境变量或 secrets.toml）。",
    ),
    ({"3D000", "1049"}, ('database "', '数据库 "'), "服务器上没有这个库", "请核对约定中 database 的 name。"),
    ({"42P01", "1146", "NoSuchTableError"}, (), "没有这张表", "请核对约定中的 table（可写成“模式.表”）。"),
    ({"42703", "1054"}, (), "没有查询的列", "请核对约定中的 columns 或 query。"),
    ({"42501", "1142", "1143", "1044", "1227"}, (), "这个账号没有读取的权限", "请让数据库管理员授予只读（SELECT）权限。"),
    (
        {"57014", "1969", "3024", "1205", "55P03"},
        ("timed out", "timeout expired"),
        "超过了允许的时间",
        "请稍后再试，或在约定中调大 timeout、加上 since 只取新的。",
    ),
    ({"25006", "1792"}, (), "查询会修改数据，已拒绝", "请把 query 改成一条只读的 SELECT。"),
    ({"42601", "1064"}, (), "查询的写法有误", "请核对约定中的 query。"),
)


def _sentence(ledger: Ledger, error: Exception) -> str:
    """What went wrong in Chinese, by the codes of the servers; nothing of the driver's own words."""
    original = getattr(error, "orig", None) or error
    codes = {str(getattr(original, "sqlstate", None)), *map(str, getattr(original, "args", ())[:1]), type(error).__name__}
    words = str(original).lower()
    by_code = [saying for saying in _SAYINGS if codes & saying[0]]
    by_words = [saying for saying in _SAYINGS if any(said in words for said in saying[1])]
    for *_, what, advice in (*by_code, *by_words):
        return f"{shown(ledger)}{what}。{advice}{_ADVICE}"
    source = ledger.database
    if type(error).__name__ in ("OperationalError", "InterfaceError"):
        return f"{shown(ledger)}连接不上（{source.host}:{source.port or '默认端口'}）。请检查地址、端口、网络和数据库是否在运行。{_ADVICE}"
    return f"{shown(ledger)}读取出错（{getattr(original, 'sqlstate', None) or type(error).__name__}）。请把这个代码告诉数据库管理员。{_ADVICE}"
