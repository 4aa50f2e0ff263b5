"""Rows of event ledgers as they happened: meetings, errands, benefits, small works, activities and the like."""

from __future__ import annotations

from datetime import date

import pandas as pd

from jiejian.warehouse import Warehouse


def happened(source: Warehouse, dataset: str, ledger: str, first: date, last: date, places: tuple[str, ...] = ()) -> pd.DataFrame:
    """The rows of a ledger whose day lies in a span: place_id, place, then the ledger's own columns without personal ones.

    The order is that of the street's places, then of the day. ValueError for a ledger that is not one of events.
    """
    declared = source.catalogue.ledgers[ledger]
    if not declared.happens or declared.table == "observation":
        raise ValueError(f"台账“{declared.name}”不是按次登记的")
    names = [c.id for c in declared.columns if not c.personal and c.id != declared.place]
    columns = ", ".join(f'e."{c}"' for c in names)
    return source.frame(
        f"""SELECT e.place_id, p.name AS place, {columns}
            FROM "{declared.table}" e LEFT JOIN place p ON p.place_id = e.place_id
            WHERE e.dataset = $dataset AND CAST(e."{declared.happens}" AS DATE) BETWEEN $first AND $last
              AND ($all OR list_contains($places, e.place_id))
            ORDER BY p.sort, p.name, e."{declared.happens}", e."{declared.key[0]}" """,
        {"dataset": dataset, "first": first, "last": last, "places": list(places), "all": not places},
    )
