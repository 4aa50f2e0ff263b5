"""系统自检: are server and browser fit, and what is to be done where they are not?"""

from jiejian.ui import frame, selfcheck, show

view = frame.page(__file__)
show.heading("系统自检")
selfcheck.draw()
