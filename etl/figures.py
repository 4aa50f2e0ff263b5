"""Figures as reported and as rolled up → one ``figure``, shown once, by each measure's precedence.

Where both stand and differ, that is listed in ``difference``. A figure reported as missing gives way to one that events give.
"""

from __future__ import annotations

from collections.abc import Iterator

from etl.schema import text
from jiejian.catalogue import Catalogue

_ALIKE = ("dataset", "place_id", "measure", "grain", "period_start", "period_end", "breakdown", "category")
_SAME = " AND ".join(f"r.{column} = o.{column}" for column in _ALIKE)


def one_figure(catalogue: Catalogue) -> Iterator[str]:
    """The statements that fill ``figure`` and ``difference`` from ``observation`` and ``rolled``."""
    ahead = [m.id for m in catalogue.measures.values() if m.precedence == "rolled_up"]
    rolled_first = f"list_contains([{', '.join(map(text, ahead))}]::VARCHAR[], {{}}.measure)"
    # A second report of the same figure (another ledger, a corrected copy under a new name) replaces the first.
    yield """CREATE OR REPLACE TEMP TABLE reported AS
             SELECT o.* FROM observation o JOIN load l USING (load_id)
             QUALIFY o.period_start IS NULL OR row_number() OVER (
               PARTITION BY o.dataset, o.place_id, o.measure, o.grain, o.period_start, o.period_end, o.breakdown, o.category
               ORDER BY l.seq DESC, o.cell DESC) = 1"""
    # Few measures come both ways: only those are compared, eight columns wide.
    yield """CREATE OR REPLACE TEMP TABLE twofold AS
             SELECT measure FROM (SELECT DISTINCT measure FROM rolled) SEMI JOIN reported USING (measure)"""
    yield f"""INSERT INTO figure
              SELECT dataset, place_id, measure, grain, period_start, period_end, breakdown, category, value, lower, upper, qualifier, status,
                     window_text, note, source_id, load_id, 'reported'
              FROM reported o ANTI JOIN (SELECT * FROM rolled SEMI JOIN twofold USING (measure) WHERE value IS NOT NULL) r
                ON {_SAME} AND (o.status = 'M' OR {rolled_first.format("o")})"""
    rolled = """SELECT r.dataset, place_id, measure, grain, period_start, period_end, breakdown, category, value, NULL, NULL, 'exact',
                       coalesce(r.status, CASE WHEN r.period_end > h.as_of THEN 'P' ELSE 'A' END), NULL, note, source_id, NULL, 'rolled_up'
                FROM {} r JOIN horizon h ON h.dataset = r.dataset"""
    yield f"""INSERT INTO figure
              {rolled.format("(SELECT * FROM rolled ANTI JOIN twofold USING (measure))")}
              UNION ALL
              {rolled.format("(SELECT * FROM rolled SEMI JOIN twofold USING (measure))")} ANTI JOIN reported o
                ON {_SAME} AND NOT (r.value IS NOT NULL AND (o.status = 'M' OR {rolled_first.format("o")}))"""
    yield f"""INSERT INTO difference
              SELECT o.dataset, o.place_id, o.measure, o.period_start, o.period_end, o.value, r.value
              FROM reported o JOIN (SELECT * FROM rolled SEMI JOIN twofold USING (measure)) r ON {_SAME}
              WHERE o.value IS NOT NULL AND r.value IS NOT NULL AND abs(o.value - r.value) > 1e-6 * greatest(1, abs(o.value))"""
