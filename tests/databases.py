"""Real database servers for tests: started on 127.0.0.1 in a folder of their own, stopped by their process."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import sqlalchemy

from benchmarks.serving import free_port

ADMIN = "admin-x7"


@dataclass
class Server:
    """A server that runs, and how its administrator reaches it."""

    kind: str
    port: int
    admin: str

    def run(self, *statements: str) -> None:
        engine = sqlalchemy.create_engine(self.admin, poolclass=sqlalchemy.NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.exec_driver_sql(statement)


def missing(what: str) -> None:
    """A server that is not there leaves a test out, in words; in CI it is a failure."""
    says = f"没有安装 {what}（Debian：apt-get install {what}），此处不测"
    if os.environ.get("JIEJIAN_REQUIRE_DATABASE"):
        pytest.fail(says)
    pytest.skip(says)


def _as(user: str) -> dict:
    """A server refuses to run as root: run it as the account that its package made."""
    return {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}


@contextlib.contextmanager
def _folder(user: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="jiejian-db-"))
    if os.geteuid() == 0:
        shutil.chown(folder, user, user)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _running(command: list[str], server: Server, user: str, folder: Path) -> Iterator[Server]:
    with (folder.parent / f"{folder.name}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **_as(user))
    try:
        for _ in range(300):
            try:
                server.run("SELECT 1")
                break
            except sqlalchemy.exc.OperationalError:
                assert process.poll() is None, Path(log.name).read_text(errors="replace")[-2000:]
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait(30)
        Path(log.name).unlink()


@contextlib.contextmanager
def postgresql() -> Iterator[Server]:
    bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not bins:
        missing("postgresql")
    with _folder("postgres") as folder:
        secret, data, port = folder / "pw", folder / "data", free_port()
        secret.write_text(ADMIN)
        secret.chmod(0o644)
        initdb = [
            str(bins[-1]),
            "-D",
            str(data),
            "-U",
            "admin",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--auth=scram-sha-256",
            "--no-sync",
        ]
        subprocess.run([*initdb, f"--pwfile={secret}"], check=True, capture_output=True, cwd=folder, **_as("postgres"))
        command = [str(bins[-1].parent / "postgres"), "-D", str(data), "-p", str(port), "-k", str(folder), "-F"]
        server = Server("postgresql", port, f"postgresql+psycopg://admin:{ADMIN}@127.0.0.1:{port}/postgres")
        with _running([*command, "-c", "listen_addresses=127.0.0.1"], server, "postgres", folder):
            yield server


@contextlib.contextmanager
def mariadb() -> Iterator[Server]:
    daemon = shutil.which("mariadbd") or shutil.which("mariadbd", path="/usr/sbin")
    if not daemon:
        missing("mariadb-server")
    with _folder("mysql") as folder:
        data, port = folder / "data", free_port()
        install = [
            "mariadb-install-db",
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
        ]
        subprocess.run(install, check=True, capture_output=True, cwd=folder, **_as("mysql"))
        command = [
            daemon,
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            f"--socket={folder}/s",
            "--bind-address=127.0.0.1",
        ]
        server = Server("mysql", port, f"mysql+pymysql://root@127.0.0.1:{port}/mysql")
        with _running([*command, f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0"], server, "mysql", folder):
            yield server
