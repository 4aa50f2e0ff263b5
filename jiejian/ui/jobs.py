"""Long work beside a session: it goes on while the page is drawn again, and ends with a result or one sentence."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import streamlit as st

_log = logging.getLogger("jiejian")
_PATIENCE = 0.8  # s: what is done within that needs no bar
_AGAIN = 0.7


class Job:
    """One piece of work in a thread of its own. ``said`` are errors whose message is a Chinese sentence for people."""

    def __init__(self, what: str, work: Callable[[Callable[[int, int, str], None]], Any], said: tuple[type[Exception], ...]):
        self.what, self.result, self.error = what, None, ""
        self._progress = (0, 0, "")
        self._said = said
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable) -> None:
        try:
            self.result = work(self._note)
        except self._said as error:
            self.error = str(error)
        except OSError as error:
            self.error = (
                f"读写文件出错：{error.strerror or error}。请检查磁盘空间和权限后重试；放入的文件还在，已有的数据不受影响。"
            )
        except Exception:
            _log.exception("a job of the interface failed")
            self.error = "处理时出错，已记入日志。放入的文件还在，已有的数据不受影响；请重试一次，仍不行时把文件交给管理员。"

    def _note(self, done: int, total: int, what: str) -> None:
        self._progress = (done, total, what)

    @property
    def done(self) -> bool:
        return not self._thread.is_alive()

    def wait(self, seconds: float) -> bool:
        """Whether the work is done within so many seconds."""
        self._thread.join(seconds)
        return self.done

    @property
    def progress(self) -> tuple[float, str]:
        """The share that is done, and what is in hand."""
        done, total, what = self._progress
        return (done / total if total else 0.0), f"{self.what}……{f'（{done}/{total}）{what}' if total else ''}"


def finished(job: Job) -> bool:
    """Whether a job is done; else draw its progress, and draw the page again once it is."""
    if job.wait(_PATIENCE):
        return True
    _watch(job)
    return False


@st.fragment(run_every=_AGAIN)
def _watch(job: Job) -> None:
    share, words = job.progress
    st.progress(min(1.0, share), text=words)
    st.caption("可以先去看别的页面，处理会继续；回到本页就能看到结果。")
    if job.done:
        st.rerun()
