"""Apache Spark as the engine in which a province's cases live: reached through Spark Connect, asked for totals alone.

The client (pyspark-client, Apache License 2.0, the light one without Java) is installed only where a contract names Spark.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

from jiejian.catalogue import Database

if TYPE_CHECKING:
    from pyspark.sql.connect.session import SparkSession

_AT_A_TIME = 10_000
_PATIENCE = 10  # seconds
_SAYINGS = (
    (
        r"UNAVAILABLE|DNS resolution|DEADLINE|^(ConnectionRefused|Timeout|OS)Error|^gaierror",
        "连接不上（{host}:{port}）。请检查地址、端口、网络和 Spark Connect 服务是否在运行。",
    ),
    (r"UNAUTHENTICATED|PERMISSION_DENIED", "没有读取的权限。请核对令牌（secret），并请管理员授予只读权限。"),
    (r"TABLE_OR_VIEW_NOT_FOUND", "没有这张表。请核对约定中的 table（可写成“库.表”）。"),
    (r"UNRESOLVED_COLUMN", "没有查询的列。请核对约定中的 columns 或 query。"),
    (r"CAST_INVALID_INPUT|DATATYPE_MISMATCH", "有的列类型与约定不符。请核对约定中各列的 type，或用 query 先转换。"),
    (r"PARSE_SYNTAX_ERROR", "查询的写法有误。请核对约定中的 query。"),
)


class SparkFault(Exception):
    """What Spark could not do; the message is the rest of a Chinese sentence that begins with the source."""


def quoted(name: str) -> str:
    """An identifier as Spark writes it."""
    return "`" + name.replace("`", "``") + "`"


@contextmanager
def session(source: Database, token: str) -> Iterator[SparkSession]:
    """A session of one's own on the declared server; whatever goes wrong within is a SparkFault."""
    try:
        from pyspark.sql.connect.client.retries import DefaultPolicy
        from pyspark.sql.connect.session import SparkSession
    except ImportError:
        raise SparkFault("需要 Spark 的客户端。请运行 python -m pip install pyspark-client 后重试。") from None
    port = source.port or 15002
    secure = ";use_ssl=true" if source.tls != "prefer" or token else ""
    named = f";user_id={quote(source.user, safe='')}" + (f";token={quote(token, safe='')}" if token else "")
    address = f"sc://{source.host}:{port}/{named}{secure}"
    opened = None
    try:
        socket.create_connection((source.host, port), _PATIENCE).close()
        opened = SparkSession.builder.remote(address).create()
        # The client's own patience with a server that is gone is ten minutes.
        opened.client.set_retry_policies([DefaultPolicy(max_retries=4)])
        opened.conf.set("spark.sql.session.timeZone", source.time_zone)
        yield opened
    except SparkFault:
        raise
    except Exception as error:  # the client raises grpc's errors, Python's own, and its own, some of them from none of its bases
        said = f"{type(error).__name__} {error}"
        for pattern, sentence in _SAYINGS:
            if re.search(pattern, said):
                raise SparkFault(sentence.format(host=source.host, port=port)) from None
        raise SparkFault(f"读取出错（{type(error).__name__}）。请把这个代码告诉数据库管理员。") from None
    finally:
        if opened is not None:
            opened.stop()


def columns(session: SparkSession, table: str) -> list[str]:
    """The columns of a table, or of a query in brackets."""
    return session.sql(f"SELECT * FROM {table} LIMIT 0").columns


def rows(session: SparkSession, query: str) -> Iterator[list[tuple]]:
    """The rows of a query, some at a time; decimals and dates as Python's own."""
    for batch in session.sql(query).toArrow().to_batches(_AT_A_TIME):
        yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
