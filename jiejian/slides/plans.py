"""Plans -> decks: 社区汇报 of any community, 专题 of any pillar or working system, 现场观摩 along any communities.

A plan is declared once (catalogue/decks); what is chosen here fills it. The result is an ordinary deck that an editor may
change, save and carry away.
"""

from __future__ import annotations

from collections.abc import Sequence

from jiejian.catalogue import Catalogue, Deck, DeckSlide, Metric, Stop


def topics(catalogue: Catalogue, metrics: Sequence[Metric]) -> dict[str, tuple[str, ...]]:
    """What a topic may be, by name: the groups of every grouping and every working system that has metrics here.

    ``metrics`` are those of the data set; each topic names its own, in the catalogue's order.
    """
    there = {m.id for m in metrics}
    found = {
        f"{grouping.name}：{group.name}": tuple(m for m in group.metrics if m in there)
        for grouping in catalogue.groupings.values()
        for group in grouping.groups
    }
    for practice in catalogue.practices.values():
        found[f"{practice.id} {practice.name}"] = tuple(m.id for m in catalogue.metrics_of(practice.id) if m.id in there)
    return {name: ids for name, ids in found.items() if ids}


def about_community(plan: Deck, community: str) -> Deck:
    """社区汇报: every slide shows this community (an id or a name)."""
    slides = tuple(slide.model_copy(update={"places": (community,)}) for slide in plan.slides)
    return _made(plan, f"{plan.name}：{_last(community)}", slides=slides)


def about_topic(plan: Deck, topic: str, metrics: Sequence[str]) -> Deck:
    """专题: slides without metrics of their own show the first of the topic."""
    slides = tuple(_filled(slide, metrics) for slide in plan.slides)
    return _made(plan, f"{plan.name}：{topic}", slides=tuple(slide for slide in slides if slide.metrics))


def along_route(plan: Deck, communities: Sequence[str]) -> Deck:
    """现场观摩: the plan's stop once for each community, in the order given."""
    stops = tuple(_stop(stop, community) for community in communities for stop in plan.stops)
    return _made(plan, f"{plan.name}：{len(communities)}个点位", stops=stops)


def _stop(stop: Stop, community: str) -> Stop:
    slides = tuple(slide.model_copy(update={"places": (community,)}) for slide in stop.slides)
    return stop.model_copy(update={"name": _last(community), "place": community, "slides": slides})


def _filled(slide: DeckSlide, metrics: Sequence[str]) -> DeckSlide:
    if slide.metrics or not slide.most:
        return slide
    return slide.model_copy(update={"metrics": tuple(metrics[: slide.most]), "most": 0})


def _last(community: str) -> str:
    """The name of a community given by name or id (a path)."""
    return community.rsplit("/", 1)[-1]


def _made(plan: Deck, name: str, **parts) -> Deck:
    return plan.model_copy(update={"name": name, "subject": "", **parts})
