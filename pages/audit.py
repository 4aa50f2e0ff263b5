"""操作记录: who signed in, imported, exported, rolled back, froze, and when?"""

from jiejian.ui import audit_log, frame, show

view = frame.page(__file__)
show.heading("操作记录", "谁在什么时候做了什么。只增不改，只记账号、动作和对象，不记数据内容。")
audit_log.draw(view)
