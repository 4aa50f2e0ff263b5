"""The metrics of the picked grouping, pillar by pillar, as far as the data set has them in the picked grain."""

from __future__ import annotations

import streamlit as st

from jiejian.catalogue import Grouping, Metric
from jiejian.ui.view import View


def grouping(view: View) -> Grouping | None:
    """The picked way to read metrics (四位一体, 三方评价 …); the first that the data set can show where none is picked."""
    ids = {m.id for m in view.ask("metrics")}
    offered = {g.id: g for g in view.catalogue.groupings.values() if any(ids & set(group.metrics) for group in g.groups)}
    picked = offered.get(st.session_state.get("grouping", ""))
    return picked or next(iter(offered.values()), None)


def pillars(view: View) -> dict[str, list[Metric]]:
    """Pillar -> metrics that can be shown at the picked period; pillars without any are left out."""
    chosen, there = grouping(view), {m.id: m for m in view.ask("metrics")}
    if chosen is None or view.period is None:
        return {}
    found = {
        group.name: [there[m] for m in group.metrics if m in there and view.period.grain in view.ask("grains", m)]
        for group in chosen.groups
    }
    return {name: members for name, members in found.items() if members}
