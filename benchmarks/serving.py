"""A real server over a home: for tests and for what is measured through one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jiejian.home import PROJECT


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Served(str):
    """The address of a server, and the number of its process."""

    pid: int


@contextmanager
def serve(home: Path, port: int = 0, **environment: str) -> Iterator[Served]:
    """A fresh server over a home (on a free port unless one is given); yields its address and ends the process that it started."""
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
        for _ in range(200):
            try:
                with urllib.request.urlopen(f"{address}/_stcore/health", timeout=1) as answer:
                    if answer.status == 200:
                        break
            except OSError:
                time.sleep(0.1)
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
