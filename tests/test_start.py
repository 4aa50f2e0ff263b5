"""The start: what a server imports before it answers, what it makes ready then, and what no page needs at first."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request

from benchmarks.serving import serve
from jiejian.home import PROJECT

# Each takes a tenth of a second or more; Streamlit itself brings parts of plotly, PIL and narwhals.
HEAVY = (
    "numpy",
    "pandas",
    "pyarrow",
    "duckdb",
    "scipy",
    "xlsxwriter",
    "openpyxl",
    "pydantic",
    "jiejian.catalogue",
    "jiejian.ui.frame",
    "etl",
)
# For some commands, exports or sources alone: no page has them before it is asked.
NEVER_AT_START = (
    "scipy",
    "openpyxl",
    "python_calamine",
    "fastexcel",
    "polars",
    "sqlalchemy",
    "ibis",
    "sqlglot",
    "pptx",
    "docx",
    "authlib",
    "rich",
    "etl",
)


def imported(code: str, home=None) -> set[str]:
    """The modules that a fresh Python has after some lines."""
    program = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, **({"JIEJIAN_HOME": str(home)} if home else {})}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_a_server_answers_before_anything_heavy_is_imported():
    # What `streamlit run` imports, and dashboard.py as the server imports it.
    there = imported("import streamlit.web.cli, streamlit.web.server.starlette.starlette_server, dashboard")
    assert "jiejian.ui.start" in there
    assert not there & set(HEAVY)


def test_the_frame_and_the_front_page_import_nothing_that_only_an_export_or_a_load_needs():
    there = imported(
        "from jiejian.ui import ahead, attention, board, cards, data, deck, frame, published, reporting, tables, to_date"
    )
    assert {"pandas", "duckdb", "jiejian.ui.frame"} <= there
    assert not there & set(NEVER_AT_START)


def test_a_first_warehouse_is_built_without_anybody_asking(tmp_path):
    """A server over an empty home builds its warehouse by itself, once, and serves it to whoever comes."""
    with serve(tmp_path / "home") as address:
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
        from websockets.sync.client import connect

        with urllib.request.urlopen(f"{address}/_stcore/health", timeout=5) as answer:
            assert answer.status == 200
        url = address.replace("http", "ws", 1) + "/_stcore/stream"
        with connect(url, subprotocols=["streamlit"], max_size=None, ping_interval=None) as socket:
            socket.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
            kinds, message = set(), ForwardMsg()
            while message.WhichOneof("type") != "script_finished":
                message = ForwardMsg.FromString(socket.recv(timeout=300))
                if message.WhichOneof("type") == "delta":
                    kinds.add(message.delta.new_element.WhichOneof("type"))
        assert "plotly_chart" in kinds and "exception" not in kinds
    assert len(list((tmp_path / "home" / "warehouse").glob("*.duckdb"))) == 1


def test_streamlit_takes_the_front_door_for_a_server_of_its_own():
    from streamlit.web.server.app_discovery import discover_asgi_app

    assert discover_asgi_app(PROJECT / "dashboard.py").import_string == "dashboard:app"
