"""What a machine does to a run: a full disk, files gone or cut short, a clock set back, two runs at once.

Each gives one sentence in Chinese, leaves the version that serves whole, and is healed by the next run.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from conftest import run_etl
from streamlit.testing.v1 import AppTest
from street import Street
from test_etl_kill import figures, leftovers, send, serving, start, wait_for_work

from etl import build, faults
from etl.load import Loads
from etl.warehouse import serving as etl_serving
from jiejian.home import PROJECT, Home
from jiejian.ui import data
from jiejian.warehouse import NoWarehouse
from jiejian.warehouse import serving as page_serving

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="Windows 没有 setrlimit 和 SIGSTOP，此处不测")


def one_sentence(run: subprocess.CompletedProcess) -> str:
    """What a run that failed says: one line, in Chinese, nothing of Python or of the engine."""
    assert run.returncode == 2, run.stdout + run.stderr
    lines = [line for line in run.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, run.stderr
    words = re.sub(r"“[^”]*”|python -m etl[a-z -]*", "", lines[0])  # names of files and commands may be Latin
    assert not re.search(r"[A-Za-z]{3,}", words.replace("loads", "")), lines[0]
    return lines[0]


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, list[tuple]]:
    """A home with one month loaded and a second one waiting in the inbox, and the figures that a fresh home gives for both."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        fresh = Street(tmp_path_factory.mktemp("fresh"), monkeypatch).root
        send(fresh / "inbox", 0)
        send(fresh / "inbox", 1)
        assert build.refresh().exit_code == 0
        root = Street(tmp_path_factory.mktemp("made"), monkeypatch).root
        send(root / "inbox", 0)
        assert build.refresh().exit_code == 0
        send(root / "inbox", 1)
    return root, figures(serving(fresh))


@pytest.fixture
def loaded(made, tmp_path, monkeypatch) -> Path:
    """Such a home for one test, which is the home in force."""
    shutil.copytree(made[0], tmp_path / "home")
    return Street(tmp_path / "home", monkeypatch).root


@pytest.fixture
def heals(made, loaded):
    """The next run finishes the work, leaves nothing behind, and gives the figures that a fresh home gives."""
    yield
    assert build.refresh().exit_code == 0
    assert leftovers(loaded) == []
    assert figures(serving(loaded)) == made[1]


# ---- two at once ----


@POSIX
def test_two_processes_at_once(loaded, heals):
    first = start(loaded)
    wait_for_work(loaded)
    first.send_signal(signal.SIGSTOP)  # in the middle, for as long as it takes the second to come
    try:
        said = one_sentence(run_etl(loaded))
    finally:
        first.send_signal(signal.SIGCONT)
    assert said == "另一个装载正在进行，请等它结束后再试。"
    assert first.wait(600) == 0
    assert len(Loads(Home(loaded)).all) == len({m.load_id for m in Loads(Home(loaded)).all})


def test_two_sessions_at_once(loaded, heals):
    """Both press the button; one loads, the other is told, and its file is still there for the next press."""
    from jiejian.ui.importing import _job

    inside, go_on = threading.Event(), threading.Event()

    def slowly(done: int, total: int, what: str) -> None:
        inside.set()
        go_on.wait(600)

    first = _job("正在装载", lambda note: build.refresh(slowly))
    assert inside.wait(600)
    (second := _job("正在装载", lambda note: build.refresh(note))).wait(600)
    go_on.set()
    assert second.error == "另一个装载正在进行，请等它结束后再试。"
    assert first.wait(600) and not first.error and first.result.exit_code == 0


# ---- the disk ----


@POSIX
@pytest.mark.parametrize("kilobytes", [1, 20, 300])
def test_a_full_disk(loaded, heals, kilobytes):
    before, version = figures(serving(loaded)), serving(loaded)

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes << 10, kilobytes << 10))

    environment = {**os.environ, "JIEJIAN_HOME": str(loaded), "PYTHONUTF8": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "etl"], cwd=PROJECT, env=environment, capture_output=True, encoding="utf-8", preexec_fn=limit
    )
    assert one_sentence(run).startswith("磁盘空间不够，装载没有完成。")
    assert serving(loaded) == version and figures(version) == before
    assert leftovers(loaded) == [], "what is half written keeps a full disk full"


def test_a_full_disk_on_the_page_is_the_same_sentence(loaded, monkeypatch):
    from jiejian.ui.importing import _job

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "rename", full)
    (job := _job("正在装载", lambda note: build.refresh(note))).wait(600)
    assert job.error.startswith("磁盘空间不够，装载没有完成。") and "已有的数据不受影响" in job.error


# ---- files that are gone or cut short ----


@pytest.mark.parametrize("harm", ["deleted", "cut in half", "empty", "one byte short"])
def test_a_warehouse_that_was_harmed_is_named_and_made_anew(loaded, heals, harm):
    path, home = serving(loaded), Home(loaded)
    whole = figures(path)
    size = path.stat().st_size
    if harm == "deleted":
        path.unlink()
    else:
        os.truncate(path, {"cut in half": size // 2, "empty": 0, "one byte short": size - 1}[harm])
    assert etl_serving(home) is None
    with pytest.raises(NoWarehouse, match="请运行 python -m etl 重新生成，台账不会丢失"):
        page_serving(home)
    assert build.ensure().is_file(), "the next start heals"
    assert len(figures(serving(loaded))) > len(whole)


@POSIX
@pytest.mark.parametrize("harm", ["the version that serves", "the whole folder"])
def test_a_warehouse_that_is_deleted_while_a_load_runs(loaded, heals, harm):
    process = subprocess.Popen(
        [sys.executable, "-m", "etl"],
        cwd=PROJECT,
        env={**os.environ, "JIEJIAN_HOME": str(loaded), "PYTHONUTF8": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    wait_for_work(loaded)
    process.send_signal(signal.SIGSTOP)
    serving(loaded).unlink() if harm == "the version that serves" else shutil.rmtree(loaded / "warehouse")
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=600)
    if process.returncode == 2:  # the new version was already being written into the folder that went
        assert "不见了" in one_sentence(subprocess.CompletedProcess([], 2, out, err))
    else:
        assert process.returncode == 0, out + err


@pytest.mark.parametrize("harm", ["deleted", "cut short"])
def test_a_warehouse_that_is_harmed_while_it_is_served(loaded, heals, harm):
    page = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=300).run()
    assert not page.error and not page.exception
    path = serving(loaded)
    path.unlink() if harm == "deleted" else os.truncate(path, path.stat().st_size // 2)
    said = [e.value for e in page.run().error]
    assert (
        len(said) == 1
        and said[0].startswith(f"数据文件 {path.name} ")
        and "请运行 python -m etl 重新生成，台账不会丢失" in said[0]
    )
    assert not page.exception
    build.refresh()
    assert not page.run().error and not page.exception, "sessions that are open move on to the new version"
    data.warehouse().close()  # the check that follows opens it with settings of its own
    data._open.cache_clear()


def test_rows_of_a_load_that_were_cut_short(loaded):
    rows = next(loaded.glob("loads/*-cases-*/rows.parquet"))
    os.truncate(rows, rows.stat().st_size // 2)
    version = serving(loaded)
    said = one_sentence(run_etl(loaded))
    assert "截断" in said and "从备份恢复" in said
    assert serving(loaded) == version and len(figures(version)) > 0


# ---- the clock ----


def test_a_clock_set_back_is_told_and_nothing_is_loaded(loaded, monkeypatch):
    class Back(faults.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz).replace(year=2001)

    version, loads = serving(loaded), len(Loads(Home(loaded)).all)
    with monkeypatch.context() as clock:
        clock.setattr(faults, "datetime", Back)
        with pytest.raises(faults.ClockFault) as told:
            build.refresh()
        assert build.ensure() == version, "what is there goes on serving"
    assert str(told.value).startswith("本机时间是 2001年") and "请校准系统时间" in str(told.value)
    assert len(Loads(Home(loaded)).all) == loads
    assert build.refresh().exit_code == 0


def test_versions_follow_each_other_also_when_the_clock_goes_back_an_hour(loaded, monkeypatch):
    from datetime import timedelta

    from etl import warehouse

    class Back(warehouse.datetime):
        @classmethod
        def now(cls, tz=None):
            return super().now(tz) - timedelta(hours=1)

    first = serving(loaded)
    with monkeypatch.context() as clock:
        clock.setattr(warehouse, "datetime", Back)
        build.refresh()
    second = serving(loaded)
    assert second.name > first.name and len(figures(second)) > len(figures(first))
