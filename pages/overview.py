"""总览: how does the street stand, and what needs attention?"""

import streamlit as st

from jiejian.ui import attention, board, cards, deck, frame, nothing, published, reporting, show, tables, to_date

view = frame.page(__file__)

if view.published:
    published.overview(view)
    st.stop()
if not view.metrics or view.period is None:
    nothing.nothing(view, "总览")
    st.stop()

shown = attention.headline(view)
slide = deck.cards_slide(view, shown)
show.heading("总览", slide.takeaway)
cards.draw(slide.cards, view.catalogue)
show.foot(view.context(*shown))
reporting.missing_ledgers(view)
to_date.draw(view, shown)

attention.attention(view)
board.draw(view)
tables.view_downloads("overview", view, shown)
