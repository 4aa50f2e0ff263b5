"""A real server over a home: for tests and for what is measured through one."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jiejian.home import PROJECT

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--disable-features=OptimizationHints",
]


def chromium() -> str | None:
    """The system's browser, None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    return next((path for path in map(shutil.which, names) if path), None)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served(str):
    """The address of a server, and the number of its process."""

    pid: int


@contextmanager
def serve(home: Path, port: int = 0, patience: float = 0.1, **environment: str) -> Iterator[Served]:
    """A fresh server over a home (on a free port unless one is given); yields its address and ends the process that it started.

    ``patience``: seconds between two questions whether it is healthy.
    """
    port = port or free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.port", str(port)],
        cwd=PROJECT,
        env={**os.environ, "JIEJIAN_HOME": str(home), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = Served(f"http://127.0.0.1:{port}")
    address.pid = process.pid
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(patience)
        else:
            raise TimeoutError("the server did not become healthy in 20 s")
        yield address
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
