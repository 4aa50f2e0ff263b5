"""人员与角色: who may come in, and what may each see and do?"""

from jiejian.ui import frame, people, show

view = frame.page(__file__)
show.heading("人员与角色", "登录后能看什么、能做什么，由这份名单决定。")
people.draw(view)
