"""演示文稿: which slides do we show, and what goes with us?"""

from jiejian.ui import builder, frame, show

view = frame.page(__file__)
show.heading("演示文稿", "选一份现成的演示，改成自己的，放映、定格、带走。")
builder.build(view)
