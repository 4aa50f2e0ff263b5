"""观摩展示: the ready slides, full screen, with the arrow keys."""

from jiejian.ui import frame, presenter

view = frame.page(__file__)
presenter.present(view)
