"""What every chart, table, export and slide says about its figures: whose, which, until when, from where."""

from __future__ import annotations

from dataclasses import dataclass

DEMO_MARK = "演示数据"


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
        sources = "、".join(self.sources[:3]) + (f"等{len(self.sources)}项" if len(self.sources) > 3 else "")
        until = f"数据截至 {self.as_of}（{self.frozen_on} 定格）" if self.frozen_on else f"截至 {self.as_of}"
        parts = [f"来源：{sources}" if sources else "", until if self.as_of else ""]
        if self.reporting:
            parts.append(f"报送 {self.reporting}")
        if self.fictional:
            parts.append(DEMO_MARK)
        return " · ".join(part for part in parts if part)
