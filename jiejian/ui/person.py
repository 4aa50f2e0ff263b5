"""Who sits before the screen, and what they may see and do."""

from __future__ import annotations

from jiejian.sight import EVERYTHING, Sight


def sight() -> Sight:
    """What the person of this session may see."""
    return EVERYTHING
