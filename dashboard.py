"""The front door: one frame around every page. ``streamlit run dashboard.py`` serves it on http://127.0.0.1:8501."""

from jiejian.ui import frame

frame.run()
