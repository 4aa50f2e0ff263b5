"""A warehouse behind a curtain: the names of others, and their rows, are nowhere in it; totals are what they were."""

from __future__ import annotations

import ast
import random
import re
from datetime import date

import pytest

from jiejian.analysis.total import totals
from jiejian.home import PROJECT
from jiejian.periods import parse_period
from jiejian.selection import Selection
from jiejian.sight import EVERYTHING, Scrubber, Sight, cover_names
from jiejian.warehouse import Warehouse

OWN = ("春和社区", "望湖社区")
PLAIN = {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UTINYINT", "UINTEGER", "UBIGINT", "DOUBLE", "FLOAT", "BOOLEAN", "DATE", "TIMESTAMP"}


@pytest.fixture(scope="module")
def limited(demo):
    return demo.seen(Sight(OWN))


def others(demo) -> list[str]:
    """Every name of the other communities, short and long, former ones, and of what lies within them."""
    told = demo.frame("""
        WITH other AS (SELECT place_id, name FROM place WHERE dataset = 'demo' AND kind = '社区' AND NOT list_contains(['春和社区', '望湖社区'], name))
        SELECT name FROM other UNION SELECT replace(name, '社区', '') FROM other UNION SELECT alias FROM place_alias JOIN other USING (place_id)
        UNION SELECT p.name FROM place p JOIN other o ON starts_with(p.place_id, o.place_id || '/')
        UNION SELECT station_name FROM station JOIN other USING (place_id) UNION SELECT org_name FROM organisation JOIN other USING (place_id)""")
    return sorted(told["name"])


def found_in(text: str, names: list[str]) -> list[str]:
    return [name for name in names if name in text]


def test_cover_names_tell_neither_the_order_nor_the_size():
    places = [f"demo/{i:02}" for i in range(30)]
    covers = cover_names(places, "a")
    assert cover_names(random.sample(places, 30), "a") == covers
    assert sorted(covers.values(), key=lambda n: (len(n), n))[24:28] == ["社区Y", "社区Z", "社区AA", "社区AB"]
    by_id = [covers[p] for p in places]
    assert by_id != sorted(by_id, key=lambda n: (len(n), n))  # 1 in 30! by chance
    assert cover_names(places, "b") != covers


def test_texts_lose_the_names_of_others_and_keep_their_own():
    clean = Scrubber({"望湖社区": "社区A", "望湖": "社区A", "和平": "社区B"}, {"东望湖社区", "和平里社区"}).text
    assert (
        clean("望湖社区、东望湖社区与和平社区、和平里社区联办，在望湖") == "社区A、东望湖社区与社区B社区、和平里社区联办，在社区A"
    )
    assert clean("") == "" and clean("望") == "望"


def test_no_name_of_others_is_left_in_any_table(demo, limited):
    names = others(demo)
    assert len(names) > 600 and "槐香" in names
    tables = limited.frame("SELECT view_name AS t FROM duckdb_views() WHERE database_name = 'memory' AND NOT internal")["t"]
    held = demo.frame("SELECT table_name AS t FROM duckdb_tables()")["t"]
    assert set(held) <= set(tables)
    columns = limited.frame("SELECT table_name AS t, column_name AS c, data_type AS kind FROM duckdb_columns() WHERE database_name = 'memory'")
    checked = set()
    for table, column, kind in columns.itertuples(index=False):
        if table not in set(tables) or kind in PLAIN or kind.startswith("DECIMAL"):
            continue
        # Each text once: 208,000 cases have few different ones, and a name hides in none of them more than once.
        said = limited.frame(f'SELECT DISTINCT CAST("{column}" AS VARCHAR) AS v FROM "{table}" WHERE "{column}" IS NOT NULL')["v"]
        assert found_in("\n".join(said), names) == [], f"{table}.{column}"
        checked.add((table, column))
    assert {("case_event", "place_id"), ("figure", "place_id"), ("place", "name")} <= checked


@pytest.mark.parametrize(
    "table", ["case_event", "activity", "grid", "station", "organisation", "estate", "points_entry", "project"]
)
def test_rows_are_the_own_ones_and_the_streets(demo, limited, table):
    counted = demo.frame(f"""SELECT count(*) AS n FROM {table} WHERE place_id = 'demo/示范街道' OR dataset <> 'demo'
        OR regexp_matches(place_id, '^demo/示范街道/(春和社区|望湖社区)(/|$)')""")["n"].iloc[0]
    assert limited.frame(f"SELECT count(*) AS n FROM {table}")["n"].iloc[0] == counted > 0


def test_totals_and_own_figures_stay_and_others_keep_their_values(demo, limited):
    metrics = tuple(m.id for m in demo.metrics("demo") if "month" in demo.grains("demo", m.id))
    asked = Selection("demo", metrics, parse_period("2026-10"), since=parse_period("2026-05"))
    before, after = demo.query(asked), limited.query(asked)
    declared = [demo.catalogue.metrics[m] for m in metrics]
    one, two = (totals(f, declared, demo.catalogue.measures).set_index(["metric", "period"])["value"] for f in (before, after))
    assert (one.fillna(-1) - two.fillna(-1)).abs().max() < 1e-9
    own = [f[f["place"].isin(OWN)].drop(columns="sort").reset_index(drop=True) for f in (before, after)]
    assert own[0].equals(own[1])
    assert sorted(before["value"].dropna().round(9)) == sorted(after["value"].dropna().round(9))
    assert set(after.loc[~after["place"].isin(OWN), "note"]) <= {"", None}


def test_what_tells_who_it_is_is_not_told(demo, limited):
    places = limited.places("demo").set_index("place")
    assert list(places.index[:2]) == list(OWN) and len(places) == 23
    assert places.loc[list(OWN), "area_km2"].notna().all() and places.drop(list(OWN))["area_km2"].isna().all()
    assert all(re.fullmatch("社区[A-U]", name) for name in places.index[2:])
    hidden = limited.frame("SELECT count(code) AS c, count(lon) AS l FROM place WHERE starts_with(place_id, 'demo/社区')")
    assert hidden.iloc[0].tolist() == [0, 0]
    # The letters do not follow the customary order, the names or the households.
    figures = demo.query(Selection("demo", ("households",), parse_period("2026-10"))).set_index("place")["value"]
    shown = limited.query(Selection("demo", ("households",), parse_period("2026-10")))
    by_letter = shown[~shown["place"].isin(OWN)].sort_values("place")["value"].tolist()
    others_now = figures.drop(list(OWN))
    for order in (others_now, others_now.sort_index(), others_now.sort_values(), others_now.sort_values(ascending=False)):
        assert by_letter != order.tolist()


def test_breakdowns_by_names_put_the_others_together(demo, limited):
    rows = limited.frame("SELECT DISTINCT category FROM figure WHERE breakdown = 'grid' AND starts_with(place_id, 'demo/社区')")
    assert rows["category"].tolist() == ["其他社区"]
    for by in ("grid", "channel"):
        sql = f"SELECT sum(value) AS n FROM figure WHERE breakdown = '{by}' AND measure = 'cases_opened'"
        assert demo.frame(sql)["n"].iloc[0] == limited.frame(sql)["n"].iloc[0]


def test_where_a_figure_of_others_was_read_is_not_told(demo, limited):
    place = next(p for p in limited.places("demo")["place_id"] if p.startswith("demo/社区"))
    told = limited.lineage("demo", (place,), "households", parse_period("2026-10"))
    assert told.reported.empty and not told.counted
    assert len(limited.lineage("demo", ("demo/示范街道/春和社区",), "households", parse_period("2026-10")).reported) == 1
    assert limited.life("demo", "stations", "demo/示范街道/槐香社区", date(2026, 1, 1), date(2026, 10, 31)).empty


def test_nobody_sees_more_than_the_one_who_asks(demo, limited):
    assert limited.seen(EVERYTHING) is limited
    narrower = limited.seen(Sight(("demo/示范街道/春和社区", "demo/示范街道/槐香社区")))
    assert narrower.named("demo") == {"demo/示范街道/春和社区"}
    assert demo.named("demo") is None


def test_a_name_that_nobody_has_shows_nothing_by_name(demo):
    blind = demo.seen(Sight(("查无此社区",)))
    assert blind.named("demo") == frozenset()
    assert blind.frame("SELECT DISTINCT place_id FROM case_event WHERE dataset = 'demo'")["place_id"].tolist() == []
    assert len(blind.places("demo")) == 23


def test_printed_figures_are_everybodys(demo, limited):
    assert limited.published("articles").equals(demo.published("articles"))


def test_versions_tell_sights_apart(demo, limited):
    assert limited.version != demo.version == demo.path.stem
    assert Warehouse(demo.path, demo.catalogue, Sight(OWN)).version == limited.version


def test_only_one_module_speaks_of_the_vault():
    """Who writes SQL elsewhere can only reach what stands behind the curtain."""
    for path in (PROJECT / "jiejian").rglob("*.py"):
        if path.name == "sight.py":
            continue
        texts = [
            n.value
            for n in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(n, ast.Constant) and isinstance(n.value, str)
        ]
        assert not any("vault" in t or "curtain." in t for t in texts), path.name
