"""What a person reads when something is missing or goes wrong: one sentence and a way out, never a traceback."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable

import streamlit as st

from jiejian.catalogue import CatalogueError
from jiejian.roles import NotAllowed
from jiejian.selection import SelectionError
from jiejian.ui.person import Closed
from jiejian.warehouse import NoWarehouse

_log = logging.getLogger("jiejian")


def ready(prepare: Callable[[], None]) -> bool:
    """Run ``prepare``; show its complaint and return False when the page cannot be drawn."""
    try:
        prepare()
    except (CatalogueError, NoWarehouse) as error:
        st.error(str(error))
        return False
    except Exception:  # the official gets a sentence, the log gets the rest
        _log.exception("the warehouse could not be prepared")
        st.error("数据没有准备好。请让管理员在服务器上运行 python -m etl，按提示处理后刷新本页。")
        return False
    return True


def guarded(run: Callable[[], None]) -> None:
    """Run a page; whatever goes wrong becomes a sentence for the official and a record in the log.

    Streamlit's own control flow (stop, rerun, switch page) is no ``Exception`` and passes through.
    """
    try:
        run()
    except SelectionError as error:
        refused(error)
    except NotAllowed as error:
        st.warning(str(error))
    except Closed as error:
        st.error(str(error))
    except Exception:
        _log.exception("a page failed")
        st.error("这一页没有画出来，数据没有受影响。请刷新页面或换一个筛选条件；如仍出现，请把时间告诉管理员查看日志。")


_SAID = "_refused_earlier"


def answered(act: Callable) -> Callable:
    """A callback of a button that may be refused: the sentence is shown above the page of the same run."""

    @functools.wraps(act)
    def wrapped(*arguments, **named):
        try:
            return act(*arguments, **named)
        except (NotAllowed, Closed) as error:
            st.session_state[_SAID] = str(error)

    return wrapped


def said_earlier() -> None:
    """Show why the last callback was refused."""
    if said := st.session_state.pop(_SAID, ""):
        st.warning(said)


def empty(what: str, todo: str) -> None:
    """An empty page or chart: what is missing and what to do about it."""
    st.info(f"{what} {todo}")


def refused(error: SelectionError) -> None:
    """A question that must not be answered, with the reason."""
    st.warning(str(error))
