"""What was sent and what came of it: published figures as printed, sources, loads, what was given back, corrected or noticed.

A part of :class:`jiejian.warehouse.Warehouse`, which runs the queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from jiejian.catalogue import Catalogue

# A calendar date in the words that tell a published figure's window.
_DATED = r"((?:\d{4}年)?\d{1,2}月\d{1,2}日|\d{4}年(?:\d{1,2}月)?)"


class Records:
    """The readers of a warehouse that speak of its sources rather than of a selection's figures."""

    catalogue: Catalogue

    def frame(self, sql: str, parameters: Mapping | Sequence = ()) -> pd.DataFrame:
        """Run a query with bound parameters and return all its rows."""
        raise NotImplementedError

    def published(self, dataset: str) -> pd.DataFrame:
        """Published figures with their own windows, in the order of the sources.

        Columns: place_id, place, place_path (names from the top joined by /), measure, name, unit, value, lower, upper,
        qualifier, written, grain, window_text, dated, note, source, publisher, article, cell. ``dated`` is the same for
        figures of one article and one date, and empty where the text gives no date: those are not to be ranked.
        """
        frame = self.frame(
            """SELECT o.place_id, p.name AS place, substr(o.place_id, length(o.dataset) + 2) AS place_path, o.measure, o.value, o.lower,
                      o.upper, o.qualifier, o.written, o.grain, coalesce(o.window_text, '') AS window_text,
                      coalesce(o.note, '') AS note, s.title AS source, s.publisher, regexp_extract(o.source_id, '([0-9]{3})', 1) AS article, o.cell
               FROM observation o JOIN place p ON p.place_id = o.place_id LEFT JOIN source s ON s.source_id = o.source_id
               WHERE o.dataset = $d ORDER BY o.cell""",
            {"d": dataset},
        )
        measures, day = self.catalogue.measures, frame["window_text"].str.extract(_DATED)[0]
        window = day.where(frame["grain"] == "as_of", frame["window_text"])
        frame["dated"] = np.where(day.notna(), frame["article"] + " " + frame["grain"] + " " + window.fillna(""), "")
        frame.insert(4, "name", [measures[m].name for m in frame["measure"]])
        frame.insert(5, "unit", [measures[m].unit for m in frame["measure"]])
        return frame

    def source_list(self, dataset: str) -> pd.DataFrame:
        """Sources of a data set with the number of figures from each: title, publisher, published_on, author, note, figures."""
        return self.frame(
            """SELECT s.title, s.publisher, s.published_on, s.author, s.note, count(f.measure) AS figures
               FROM source s LEFT JOIN figure f ON f.source_id = s.source_id AND f.dataset = s.dataset
               WHERE s.dataset = $d GROUP BY ALL ORDER BY min(s.source_id)""",
            {"d": dataset},
        )

    def loads(self, dataset: str) -> pd.DataFrame:
        """Loads of a data set, newest first: file, ledger, loaded_at, rows_in, rows_accepted, rows_rejected, warnings."""
        return self.frame(
            """SELECT file, ledger, loaded_at, rows_in, rows_accepted, rows_rejected, warnings
               FROM load WHERE dataset = $d AND active ORDER BY loaded_at DESC, seq DESC""",
            {"d": dataset},
        )

    def rejects(self, dataset: str) -> pd.DataFrame:
        """Rows and cells that were given back: file, sheet, row, column_name, value, reason, advice, severity."""
        return self.frame(
            """SELECT file, sheet, row, column_name, value, reason, advice, severity
               FROM reject WHERE dataset = $d ORDER BY severity, file, sheet, row""",
            {"d": dataset},
        )

    def corrections(self, dataset: str) -> pd.DataFrame:
        """Corrections of a data set, those that failed first: subject, found, becomes, why, who, decided_on, state, sentence."""
        return self.frame(
            """SELECT subject, found, becomes, why, who, decided_on, state, sentence FROM correction
               WHERE dataset = $d ORDER BY state DESC, correction""",
            {"d": dataset},
        )

    def conflicts(self, dataset: str) -> pd.DataFrame:
        """Figures of which two loads say different things, newest first: place, name, unit, period_start, period_end, old_value, new_value, old_file, new_file, kind."""
        return self.frame(
            """SELECT p.name AS place, m.name, m.unit, c.period_start, c.period_end, c.old_value, c.new_value, a.file AS old_file,
                      b.file AS new_file, c.kind
               FROM conflict c JOIN load a ON a.load_id = c.old_load JOIN load b ON b.load_id = c.new_load
               LEFT JOIN place p ON p.place_id = c.place_id LEFT JOIN measure m ON m.measure = c.measure
               WHERE c.dataset = $d ORDER BY c.period_start DESC, p.sort, m.name, a.seq""",
            {"d": dataset},
        )

    def notices(self, dataset: str) -> pd.DataFrame:
        """What is odd about accepted figures (months missing, standing still, alike everywhere), newest first: ledger, kind, place_id, measure, period_start, period_end, sentence."""
        return self.frame(
            """SELECT ledger, kind, coalesce(place_id, '') AS place_id, coalesce(measure, '') AS measure, period_start, period_end, sentence
               FROM notice WHERE dataset = $d ORDER BY period_end DESC, kind, sentence""",
            {"d": dataset},
        )

    def filings(self, dataset: str) -> pd.DataFrame:
        """What was reported: ledger, place_id, period_start, period_end, first_sent, last_sent, times (different versions), all_zero."""
        return self.frame(
            """SELECT ledger, place_id, period_start, period_end, first_sent, last_sent, times, all_zero FROM filing
               WHERE dataset = $d ORDER BY ledger, period_start""",
            {"d": dataset},
        )
