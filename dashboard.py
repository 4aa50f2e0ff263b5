"""The front door: one frame around every page. ``streamlit run dashboard.py`` serves it on http://127.0.0.1:8501."""

if __name__ == "__main__":  # the run of a session
    from jiejian.ui import frame

    frame.run()
else:  # the server, which imports this file once and makes ready what the first session will need
    from streamlit.starlette import App

    from jiejian.ui.start import ready

    app = App(__file__, lifespan=ready)
