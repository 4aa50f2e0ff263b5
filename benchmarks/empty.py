"""The dashboard's frame around a page that shows nothing: what every page pays before it does anything of its own."""

from pathlib import Path

from jiejian.ui import frame
from jiejian.ui.pickers import Needs

frame.run(pages=(frame.Page("blank", "空页", Needs()),), folder=Path(__file__).parent)
