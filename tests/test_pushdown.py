"""Ledgers whose rows stay where they are: DuckDB, PostgreSQL and Spark give the same figures as the same cases in a file."""

from __future__ import annotations

import csv
import random
import re
from datetime import date, datetime, timedelta
from pathlib import Path

import databases
import duckdb
import pyarrow as pa
import pytest
import spark
from street import Street

from etl import build
from etl.pushdown import DIALECTS, daily_query
from jiejian.catalogue import CatalogueError, load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, PROJECT

DATES = ("opened_at", "dispatched_at", "due_at", "closed_at")
YES_NO = ("called_back", "responded", "resolved", "satisfied", "sent_back", "mediated", "repeat_case")
TEXTS = (
    "case_no",
    "place",
    "channel",
    "category",
    "subcategory",
    "case_kind",
    "grid",
    "tier",
    "work_method",
    "closed_level",
    "mediator",
)
COLUMNS = (*TEXTS, *DATES, *YES_NO, "amount_yuan")
CHOICES = {
    "place": ("春和社区", "望湖", "麦香社区", "查无此地"),
    "channel": ("热线", "12345热线", "巡查走访", "网络", None),
    "category": ("供热", "物业", "无证经营", " 噪音 ", None),
    "subcategory": ("邻里", "物业", None),
    "case_kind": ("诉求", "投诉", "纠纷", "事件"),
    "grid": ("第一网格", "第二网格", None),
    "tier": ("1天", "一周", "1月", None),
    "work_method": ("望", "多问", None),
    "closed_level": ("社区", "网格", "街道", "县直部门", None),
    "mediator": ("人民调解", None),
}


def cases() -> list[dict]:
    """1,500 cases of five months as a system keeps them: blanks, synonyms, an unknown place, and some that break a rule."""
    chance, found = random.Random(7), []
    for n in range(1500):
        row = dict.fromkeys(COLUMNS)
        row |= {name: chance.choice(values) for name, values in CHOICES.items()}
        row |= {name: chance.choice((True, False, None)) for name in YES_NO}
        opened = datetime(2026, 1, 3) + timedelta(minutes=chance.randrange(150 * 24 * 60))
        row |= {"case_no": f"A{n:05}", "opened_at": opened, "due_at": opened + timedelta(days=chance.choice((1, 7, 30)))}
        row["dispatched_at"] = chance.choice((None, opened + timedelta(hours=2)))
        row["closed_at"] = chance.choice((None, opened + timedelta(hours=chance.randrange(1, 1500)), opened + timedelta(hours=9)))
        row["amount_yuan"] = chance.choice((None, chance.randrange(10**7) / 100))
        if n % 50 == 0:
            row["closed_at"] = opened - timedelta(days=1)  # a row that its contract gives back
        found.append(row)
    return found


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return cases()


def contract(folder: Path, block: str) -> Path:
    shipped = (PROJECT / "catalogue" / "ledgers" / "cases.yml").read_text(encoding="utf-8")
    path = folder / "province.yml"
    path.write_text(f"{shipped}\ndatabase: {{{block}, travels: daily}}\n", encoding="utf-8")
    return path


def street_of(root: Path, monkeypatch) -> Street:
    street = Street(root, monkeypatch)
    street.register()
    street.refresh()
    return street


def figures(street: Street) -> dict[tuple, tuple]:
    """Every figure of the data set. Amounts to the hundredth: DuckDB's own sum of doubles depends on their order."""
    asked = """SELECT place_id, measure, grain, period_start, period_end, breakdown, category, round(value, 2), status, note
               FROM figure WHERE dataset = 'street'"""
    return {row[:7]: row[7:] for row in street.ask(asked)}


@pytest.fixture(scope="module")
def from_a_file(tmp_path_factory, rows) -> dict[tuple, tuple]:
    with pytest.MonkeyPatch.context() as patch:
        street = street_of(tmp_path_factory.mktemp("file"), patch)
        heads = {c.id: c.name for c in load_catalogue(BUNDLED_CATALOGUE).ledgers["cases"].columns}
        words = {True: "是", False: "否", None: ""}
        lines = [[words.get(r[c], r[c]) if not isinstance(r[c], float) else r[c] for c in COLUMNS] for r in rows]
        path = street.inbox / "诉求工单.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([[heads[c] for c in COLUMNS], *lines])
        summary = build.refresh()
        assert sum(m.rows_rejected for m in summary.written) > 30
        return figures(street)


TYPES = {
    **dict.fromkeys(TEXTS, "VARCHAR(40)"),
    **dict.fromkeys(DATES, "TIMESTAMP"),
    **dict.fromkeys(YES_NO, "BOOLEAN"),
    "amount_yuan": "NUMERIC(14,2)",
}


def table_of(rows: list[dict]) -> pa.Table:
    kinds = {
        **dict.fromkeys(TEXTS, pa.string()),
        **dict.fromkeys(DATES, pa.timestamp("us")),
        **dict.fromkeys(YES_NO, pa.bool_()),
        "amount_yuan": pa.float64(),
    }
    return pa.table({c: pa.array([r[c] for r in rows], kinds[c]) for c in COLUMNS})


def same(found: dict, wanted: dict) -> None:
    assert found.keys() == wanted.keys()
    assert {k: (found[k], wanted[k]) for k in wanted if found[k] != wanted[k]} == {}


def test_postgresql_gives_the_figures_of_the_file(tmp_path, monkeypatch, rows, from_a_file):
    with databases.postgresql() as server:
        columns = ", ".join(f"{c} {TYPES[c]}" for c in COLUMNS)
        server.run(
            "CREATE ROLE reader LOGIN PASSWORD 'x'", f"CREATE TABLE orders ({columns})", "GRANT SELECT ON orders TO reader"
        )
        values = ", ".join("(" + ", ".join("NULL" if r[c] is None else f"'{r[c]}'" for c in COLUMNS) + ")" for r in rows)
        server.run(f"INSERT INTO orders VALUES {values}")
        street = street_of(tmp_path / "home", monkeypatch)
        monkeypatch.setenv("JIEJIAN_SECRET_P", "x")
        block = f"kind: postgresql, host: 127.0.0.1, port: {server.port}, name: postgres, user: reader, secret: p, table: orders"
        summary = build.load([], contract=contract(tmp_path, block))
        assert summary.faults == []
        same(figures(street), from_a_file)
        # Only totals travelled: no case number is anywhere, and the table of cases is empty.
        assert street.ask("SELECT count(*) FROM case_event") == [(0,)]
        assert sum(m.rows_in for m in summary.written) < 12_000
        assert all(b"A00001" not in p.read_bytes() for p in street.root.rglob("*") if p.is_file())
        # What is drawn again replaces what was drawn before.
        server.run("DELETE FROM orders WHERE case_no >= 'A00700'")
        build.refresh()
        opened = sum(v[0] for k, v in figures(street).items() if k[1] == "cases_opened" and not k[5])
        kept = [r for r in rows[:700] if r["place"] != "查无此地" and not (r["closed_at"] and r["closed_at"] < r["opened_at"])]
        assert opened == len(kept)


def test_spark_gives_the_figures_of_the_file(tmp_path, monkeypatch, rows, from_a_file):
    from pyspark.sql.connect.session import SparkSession

    with spark.server() as port:
        session = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").create()
        session.conf.set("spark.sql.session.timeZone", "Asia/Shanghai")
        session.createDataFrame(table_of(rows)).write.saveAsTable("orders")
        session.stop()
        street = street_of(tmp_path / "home", monkeypatch)
        block = f"kind: spark, host: 127.0.0.1, port: {port}, name: default, user: reader, table: orders"
        summary = build.load([], contract=contract(tmp_path, block))
        assert summary.faults == []
        same(figures(street), from_a_file)
        missing = contract(tmp_path, block.replace("table: orders", "table: nowhere"))
        summary = build.load([], contract=missing)
        assert summary.faults and all("没有这张表。请核对约定中的 table" in f for f in summary.faults), summary.faults
    summary = build.load([], contract=missing)
    assert summary.faults and all(f"连接不上（127.0.0.1:{port}）" in f for f in summary.faults), summary.faults
    same(figures(street), from_a_file)  # what was there stays


def test_duckdb_gives_the_figures_of_plain_python(tmp_path, rows):
    """The query alone, on DuckDB, against a count by hand of two measures."""
    (tmp_path / "ledgers").mkdir()
    contract(tmp_path / "ledgers", "kind: spark, host: h, name: n, user: u, table: t")
    known = load_catalogue(BUNDLED_CATALOGUE, tmp_path)
    ledger, daily = known.ledgers["province"], known.ledgers["province__closed_at"]
    table = table_of(rows)
    with duckdb.connect() as connection:
        connection.register("orders", table)
        query = daily_query(ledger, daily, known, '"orders"', {c: c for c in COLUMNS}, "duckdb", date(2026, 11, 24))
        found = connection.execute(query).to_arrow_table().to_pylist()
    good = [r for r in rows if r["closed_at"] and r["closed_at"] >= r["opened_at"]]
    wanted: dict[tuple, int] = {}
    for r in good:
        key = (r["place"], r["closed_at"].date())
        wanted[key] = wanted.get(key, 0) + 1
    assert {(f["place"], f["day"]): f["cases_closed"] for f in found if f["breakdown"] == "whole"} == wanted
    amounts = sum(float(f["dispute_amount"] or 0) for f in found if f["breakdown"] == "whole")
    mediated = [r["amount_yuan"] for r in good if r["case_kind"] == "纠纷" and r["mediated"] and r["amount_yuan"] is not None]
    assert amounts == pytest.approx(sum(mediated), abs=0.005) and len(mediated) > 20


@pytest.mark.parametrize(
    ("block", "says"),
    [
        ("kind: mysql, host: h, name: n, user: u, table: t", "MySQL 不支持按日汇总后取回"),
        ("kind: spark, host: h, name: n, user: u, table: t, since: opened_at", "不能与 since 合用"),
        ('kind: spark, host: h, name: n, user: u, table: t, time_zone: "\';DROP"', "time_zone"),
    ],
)
def test_what_cannot_be_rolled_up_there_is_said(tmp_path, block, says):
    (tmp_path / "ledgers").mkdir()
    contract(tmp_path / "ledgers", block)
    with pytest.raises(CatalogueError, match=re.escape(says)):
        load_catalogue(BUNDLED_CATALOGUE, tmp_path)


def test_every_engine_of_the_documentation_is_one(tmp_path):
    text = (PROJECT / "docs" / "数据库来源.md").read_text(encoding="utf-8")
    for name in DIALECTS.keys() - {"duckdb"}:
        assert f"kind: {name}" in text
