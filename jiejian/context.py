"""What every chart, table, export and slide says about its figures: whose, which, until when, from where."""

from __future__ import annotations

from dataclasses import dataclass

DEMO_MARK = "演示数据"
MOST_SOURCES = 3
"""How many sources the foot names; where there are more, the whole list stands with the definitions (口径) and in speaker's notes."""


@dataclass(frozen=True)
class Context:
    """The frame around figures, in Chinese, ready to be shown."""

    street: str
    dataset: str
    dataset_name: str
    fictional: bool
    scope: str
    period: str
    as_of: str
    sources: tuple[str, ...] = ()
    reporting: str = ""
    frozen_on: str = ""
    """The day on which the figures of a frozen deck were taken; empty for figures as they stand now."""

    @property
    def subtitle(self) -> str:
        """Scope and period, as under a chart's title."""
        return " · ".join(part for part in (self.street, self.scope, self.period) if part)

    @property
    def foot(self) -> str:
        """Sources, cut-off and the mark of made-up data."""
        some = "、".join(self.sources[:MOST_SOURCES])
        return self._foot(some + (f"等{len(self.sources)}项" if len(self.sources) > MOST_SOURCES else ""))

    @property
    def whole_foot(self) -> str:
        """The same with every source, where there is room for them."""
        return self._foot("、".join(self.sources))

    def _foot(self, sources: str) -> str:
        until = f"数据截至 {self.as_of}（{self.frozen_on} 定格）" if self.frozen_on else f"截至 {self.as_of}"
        parts = [f"来源：{sources}" if sources else "", until if self.as_of else ""]
        if self.reporting:
            parts.append(f"报送 {self.reporting}")
        if self.fictional:
            parts.append(DEMO_MARK)
        return " · ".join(part for part in parts if part)
