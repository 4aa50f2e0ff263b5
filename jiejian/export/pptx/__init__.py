"""Slides -> a presentation that a person can go on editing: native charts with their data, native tables, notes."""

from jiejian.export.pptx.deck import MIME, to_pptx
from jiejian.export.pptx.master import check

__all__ = ["MIME", "check", "to_pptx"]
