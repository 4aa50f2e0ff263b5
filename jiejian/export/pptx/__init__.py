"""Slides -> a presentation that a person can go on editing: native charts with their data, native tables, notes."""

from jiejian.export.pptx.deck import MIME, to_pptx

__all__ = ["MIME", "to_pptx"]
