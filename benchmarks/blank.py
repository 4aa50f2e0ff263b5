"""A page without content."""

from jiejian.ui import frame

frame.page(__file__)
