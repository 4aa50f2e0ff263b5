"""模式卡: a card for each practice: where, what, its published figures, the metrics that show it here and how the street stands.

What a card holds is put together here; :mod:`jiejian.ui.themes.practices` lays the cards out and narrows them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import pandas as pd

from jiejian.analysis.standing import Standing, standings
from jiejian.catalogue import Catalogue, Metric, Practice
from jiejian.ui import board
from jiejian.ui.themes.common import last_complete
from jiejian.ui.view import View

ARTICLES = "articles"
NO_FIGURES = "公开报道未给出数字"
_PILLARS = "four_in_one"


@dataclass(frozen=True)
class Published:
    """A figure as an article prints it."""

    number: str
    place: str
    name: str
    written: str
    window: str
    source: str


@dataclass(frozen=True)
class ModelCard:
    """Everything that a card shows. ``standing`` are those of its metrics of which the data set holds figures."""

    practice: Practice
    where: tuple[str, ...]
    pillars: tuple[str, ...]
    published: tuple[Published, ...]
    metrics: tuple[Metric, ...]
    standing: tuple[Standing, ...]

    def tells(self, word: str) -> bool:
        """Whether a word occurs in the card."""
        practice = self.practice
        names = [m.name for m in self.metrics] + [f"{p.name}{p.place}{p.written}" for p in self.published]
        return word.strip().lower() in "\n".join([practice.id, practice.name, practice.what, *self.where, *names]).lower()


def cards(view: View) -> list[ModelCard]:
    """A card for each practice of the catalogue, in its order; a street's own come with it."""
    catalogue = view.catalogue
    told = published(view)
    homes = {article: _home(list(rows["place_path"])) for article, rows in told.groupby("article")} if len(told) else {}
    stands = _standings(view)
    return [_card(practice, catalogue, told, homes, stands) for practice in catalogue.practices.values()]


def published(view: View) -> pd.DataFrame:
    """The published figures of the articles by their number; empty where they are not loaded."""
    if ARTICLES not in view.source.datasets():
        return pd.DataFrame()
    frame = view.source.published(ARTICLES)
    return frame.assign(number=frame["cell"].str.split("/").str[0]).drop_duplicates("number").set_index("number", drop=False)


def _home(paths: Sequence[str]) -> str:
    """The smallest place that holds all places of an article."""
    shared = [steps[0] for steps in takewhile(lambda s: len(set(s)) == 1, zip(*(p.split("/") for p in paths), strict=False))]
    return shared[-1] if shared else ""


def _card(practice: Practice, catalogue: Catalogue, told: pd.DataFrame, homes: dict, stands: dict) -> ModelCard:
    metrics = catalogue.metrics_of(practice.id)
    rows = told.loc[[n for n in practice.figures if n in told.index]]
    where = [practice.where] if practice.where else [homes[a] for a in practice.articles if homes.get(a)]
    where = where or ["各地通行" if _shipped(practice) else "本街道"]
    return ModelCard(
        practice,
        tuple(dict.fromkeys(where)),
        _pillars(metrics, catalogue),
        tuple(_printed(row) for row in rows.to_dict("records")),
        metrics,
        tuple(stands[m.id] for m in metrics if m.id in stands),
    )


def _printed(row: dict) -> Published:
    return Published(
        row["number"], row["place"], row["name"], row["written"], row["window_text"], _source(row["source"], row["article"])
    )


def _shipped(practice: Practice) -> bool:
    """Whether it is one of those that come with the product."""
    return practice.id[:1] in "SB" and practice.id[1:].isdigit()


def _source(title: str | None, article: str) -> str:
    return f"《{title}》" if title and title != "原文未载" else f"公开报道{article}（标题原文未载）"


def _pillars(metrics: Sequence[Metric], catalogue: Catalogue) -> tuple[str, ...]:
    """The pillars to which most of its metrics belong; those with as many stand together."""
    if _PILLARS not in catalogue.groupings:
        return ()
    of = {m: group.name for group in catalogue.groupings[_PILLARS].groups for m in group.metrics}
    counts = Counter(of[m.id] for m in metrics if m.id in of)
    most = max(counts.values(), default=0)
    return tuple(group.name for group in catalogue.groupings[_PILLARS].groups if most and counts[group.name] == most)


def _standings(view: View) -> dict[str, Standing]:
    """The standing of every metric of the data set, each at its finest grain: its last period that is complete and settled."""
    there = view.ask("metrics")
    by_grain: dict[tuple[str, int], list[Metric]] = {}
    for metric in there:
        if grains := view.ask("grains", metric.id):
            by_grain.setdefault((grains[0], metric.settles_after), []).append(metric)
    judged = board.judge(replace(view, metrics=there))
    found: dict[str, Standing] = {}
    for (grain, settles), metrics in by_grain.items():
        now = last_complete(view, grain, settles)
        if now is None:
            continue
        before = now.year_before
        frames = [view.figures(*metrics, period=p) for p in (before, now) if p.start >= view.dataset.first]
        frame = pd.concat(frames, ignore_index=True)
        fits = judged is not None and judged.selection.period.key == now.key
        made = judged.made if fits else None
        found |= standings(metrics, frame, now, before, view.catalogue.measures, made, view.places)
    return found
