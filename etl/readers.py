"""Many files read by several processes: Python finds the tables of one file at a time, whatever cores there are.

This process reads them from the first one on, readers (reader.py) from the last one back, until they meet. A reader that dies, or cannot be
started, leaves what it has not answered to this process, which says of a file what it would have said anyhow.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from threading import Condition, Thread

from etl.extract import Known, Page, Unreadable, may_be_pages
from etl.reader import ask_by, ask_for, taken
from jiejian.home import PROJECT

# Seconds that it takes to read a file, and each byte of it; what must be saved for a reader to be worth its start; the most of them.
_EACH, _A_BYTE, _WORTH, _MOST = 0.005, 2e-7, 0.5, 3

Job = tuple[Path, Known]
_Key = tuple[Path, int]


class Readers:
    """Reads ahead of whoever asks for :meth:`pages`, file by file in the order of the ``jobs``; ends its processes when it is left.

    A job is a file and the heads by which its tables are found. Large texts are left to this process: their bodies are read when they
    are loaded.
    """

    def __init__(self, jobs: Iterable[Job]):
        sizes = {_key(*job): (job, size) for job in jobs if (size := _size(job[0])) is not None and may_be_pages(job[0], size)}
        readers = _readers([size for _, size in sizes.values()])
        self._turn = Condition()
        self._waiting: dict[_Key, Job] = {key: job for key, (job, _) in sizes.items()} if readers else {}
        self._in_hand: set[_Key] = set()
        self._answers: dict[_Key, tuple[list[Page], list[str], str]] = {}
        self._processes: list[subprocess.Popen] = []
        self._threads = [Thread(target=self._serve, name="reader", daemon=True) for _ in range(readers)]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Readers:
        return self

    def __exit__(self, *_: object) -> None:
        with self._turn:
            self._waiting.clear()
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            thread.join()

    def pages(self, path: Path, known: Known, notes: list[str]) -> list[Page] | None:
        """The sheets of a file; None where it is for whoever asks to read. Raises Unreadable. ``notes`` takes sentences about it."""
        key = _key(path, known)
        with self._turn:
            self._waiting.pop(key, None)
            self._turn.wait_for(lambda: key not in self._in_hand)
            answer = self._answers.pop(key, None)
        if answer is None:
            return None
        pages, said, fault = answer
        notes += said
        if fault:
            raise Unreadable(fault)
        return pages

    def _serve(self) -> None:
        """Let one reader read what is left, from the last on."""
        process, key, known = None, None, None
        try:
            process = self._started()
            while process and (job := self._next()):
                key = _key(*job)
                if job[1] is not known:
                    known = job[1]
                    process.stdin.write(ask_by(known))
                process.stdin.write(ask_for(job[0]))
                process.stdin.flush()
                self._done(key, taken(process.stdout))
        except (OSError, EOFError, ValueError):
            pass  # of what it has in hand nothing is known: that is read here
        finally:
            self._done(key, None)
            if process:
                process.kill()
                process.communicate()

    def _started(self) -> subprocess.Popen | None:
        with self._turn:
            if not self._waiting:
                return None
            process = subprocess.Popen(
                [sys.executable, "-m", "etl.reader"],
                cwd=PROJECT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
            self._processes.append(process)
            return process

    def _next(self) -> Job | None:
        with self._turn:
            if not self._waiting:
                return None
            key, job = self._waiting.popitem()
            self._in_hand.add(key)
            return job

    def _done(self, key: _Key | None, answer: tuple[list[Page], list[str], str] | None) -> None:
        with self._turn:
            self._in_hand.discard(key)
            if answer:
                self._answers[key] = answer
            self._turn.notify_all()


def _key(path: Path, known: Known) -> _Key:
    return path, id(known)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None  # said by whoever opens it


def _readers(sizes: Sequence[int]) -> int:
    """How many readers files of these sizes are worth: none for few, one for each core but the one of this process."""
    seconds = [_EACH + _A_BYTE * size for size in sizes]
    saved = min(sum(seconds) / 2, sum(seconds) - max(seconds, default=0))
    if saved < _WORTH or not sys.executable or getattr(sys, "frozen", False):
        return 0
    return min(_MOST, _cores() - 1)


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
