"""Findings in Chinese, from frames alone, that claim no more than the figures carry. One module a family of charts.

Each function returns ``(title, takeaway)``: a title of 10–28 characters and one line that says how much, against what
and whether it may be chance. A change is stated as a change, never as a success; a gap is said to be a gap; a
proportion differs only where the funnel's limits say so; communities are named in groups, not in ranks.
"""

from jiejian.analysis.takeaway.cards import cards_finding
from jiejian.analysis.takeaway.control import cell_sentence, clipped, run_finding, run_point, status_finding, target_sentence
from jiejian.analysis.takeaway.periods import (
    cumulative_finding,
    event_finding,
    multiples_finding,
    to_date_sentence,
    years_finding,
)
from jiejian.analysis.takeaway.portrait import portrait_finding, signals
from jiejian.analysis.takeaway.ranking import ranking_finding
from jiejian.analysis.takeaway.scores import AHEAD, BEHIND, MIDDLE, position, scores_finding
from jiejian.analysis.takeaway.spread import board_finding, distribution_finding, relation_finding
from jiejian.analysis.takeaway.trend import (
    Compared,
    Step,
    Steps,
    all_like_for_like,
    all_steps,
    like_for_like,
    steps,
    trend_finding,
)
from jiejian.analysis.takeaway.words import Finding, figure_text, fit_title, gap_word, listed, span_text

__all__ = [
    "AHEAD",
    "BEHIND",
    "MIDDLE",
    "Compared",
    "Finding",
    "Step",
    "Steps",
    "all_like_for_like",
    "all_steps",
    "board_finding",
    "cards_finding",
    "cell_sentence",
    "clipped",
    "cumulative_finding",
    "distribution_finding",
    "event_finding",
    "figure_text",
    "fit_title",
    "gap_word",
    "like_for_like",
    "listed",
    "multiples_finding",
    "portrait_finding",
    "position",
    "ranking_finding",
    "relation_finding",
    "run_finding",
    "run_point",
    "scores_finding",
    "signals",
    "span_text",
    "status_finding",
    "steps",
    "target_sentence",
    "to_date_sentence",
    "trend_finding",
    "years_finding",
]
