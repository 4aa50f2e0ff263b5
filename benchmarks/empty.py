"""The dashboard's frame around a page that shows nothing: what every page pays before it does anything of its own."""

from pathlib import Path

from jiejian.ui import frame

frame.run(pages=(("blank", "空页"),), folder=Path(__file__).parent)
