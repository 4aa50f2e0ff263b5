"""Queries of the event ledgers for one community: its organisations, its stations, its activities of late."""

from __future__ import annotations

# A community's own rows and those of the places within it; $path is its place id, which is a path.
_WITHIN = "dataset = $dataset AND (place_id = $path OR starts_with(place_id, $path || '/'))"

LIFE = {
    "organisations": (
        "organisation",
        f"""SELECT level, count(*) AS number FROM organisation
            WHERE {_WITHIN} AND (established_on IS NULL OR established_on <= $until) AND (dissolved_on IS NULL OR dissolved_on > $until)
              AND $since IS NOT NULL
            GROUP BY level ORDER BY number, level""",
    ),
    "stations": (
        "station",
        f"""SELECT station_name AS name, station_type AS kind, floor_area, night_opening, opened_on FROM station
            WHERE {_WITHIN} AND (opened_on IS NULL OR opened_on <= $until) AND (closed_on IS NULL OR closed_on > $until)
              AND $since IS NOT NULL
            ORDER BY kind, name""",
    ),
    "activities": (
        "activity",
        f"""SELECT held_on, title, activity_type AS kind, attendances FROM activity
            WHERE {_WITHIN} AND held_on BETWEEN $since AND $until ORDER BY held_on DESC, title""",
    ),
}
