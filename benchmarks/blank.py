"""A page without content."""

from jiejian.ui import frame

view = frame.page(__file__)
