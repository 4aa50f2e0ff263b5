"""What pages keep between reruns: it depends on the view alone, is made once for many sessions, and drawing does not change it."""

from __future__ import annotations

import ast
import hashlib
import json
import threading
import time
from dataclasses import fields, is_dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from jiejian.home import PROJECT
from jiejian.keeping import Kept, weight
from jiejian.ui import data
from jiejian.ui.frame import PAGES

THEMES = sorted((PROJECT / "jiejian" / "ui" / "themes").glob("*.py"))
# What a kept answer may not ask: a person, a session, a file beside the warehouse, the clock.
NAMES = {"st", "person", "home", "audit", "open"}
CLOCKS = {"date.today", "datetime.now", "datetime.today", "Timestamp.now", "Timestamp.today", "time.time"}


def functions(path) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.FunctionDef)}


def asked(name: str, known: dict[str, ast.FunctionDef], seen: set[str]) -> set[str]:
    """What a function of a module asks beside the view, itself or through other functions of the module."""
    if name in seen or name not in known:
        return set()
    seen.add(name)
    nodes = list(ast.walk(known[name]))
    written = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names = {n.id for n in nodes if isinstance(n, ast.Name)} - written
    parts = [n for n in nodes if isinstance(n, ast.Attribute)]
    clocks = {f"{getattr(n.value, 'attr', getattr(n.value, 'id', ''))}.{n.attr}" for n in parts}
    files = {n.attr for n in parts if n.attr in ("read_text", "read_bytes")}
    return ((names & NAMES) | (clocks & CLOCKS) | files).union(*(asked(other, known, seen) for other in names))


def panels(path):
    """The panels that a module declares: the name of the function that draws, and whether they are live."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Panel":
            live = any(k.arg == "live" and getattr(k.value, "value", False) for k in node.keywords)
            yield node.args[0].value, node.args[3], live


@pytest.mark.parametrize("path", THEMES, ids=lambda p: p.stem)
def test_a_panel_that_asks_more_than_the_view_is_live(path):
    known = functions(path)
    for key, draw, live in panels(path):
        names = {n.id for n in ast.walk(draw) if isinstance(n, ast.Name)}
        found = set().union(*(asked(name, known, set()) for name in names))
        assert bool(found) == live, f"{key}: asks {found or 'nothing'}, live={live}"


@pytest.mark.parametrize("path", sorted((PROJECT / "jiejian" / "ui").rglob("*.py")), ids=lambda p: p.stem)
def test_what_is_kept_asks_the_view_alone(path):
    known = functions(path)
    for name, node in known.items():
        if any(getattr(d, "id", "") == "kept" for d in node.decorator_list):
            assert not asked(name, known, set()), name


def digest(found) -> str:
    """Of everything that an answer holds, to the last figure."""
    if isinstance(found, pd.DataFrame | pd.Series):
        text = found.to_csv() + str(found.attrs)
    elif isinstance(found, pa.Table):
        text = str(found.to_pydict())
    elif isinstance(found, np.ndarray):
        text = str(found.tolist())
    elif is_dataclass(found) and not isinstance(found, type):
        text = "|".join(digest(getattr(found, f.name)) for f in fields(found))
    elif isinstance(found, dict):
        text = json.dumps({str(k): digest(v) for k, v in found.items()}, sort_keys=True)
    elif isinstance(found, list | tuple | set | frozenset):
        text = json.dumps([digest(part) for part in found])
    else:
        text = repr(found)
    return hashlib.sha256(text.encode()).hexdigest()


def state() -> dict:
    return {key: digest(answer) for key, (answer, _) in data._WORKED._answers.items()}


def test_drawing_does_not_change_what_is_kept(demo_home, monkeypatch):
    monkeypatch.setenv("JIEJIAN_HOME", str(demo_home))
    data._WORKED.clear()
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120).run()

    def draw_all() -> None:
        for page in PAGES[1:]:
            test.switch_page(f"pages/{page.name}.py").run()
            assert not test.exception and not test.error, page.name

    draw_all()
    before = state()
    draw_all()
    after = state()
    assert len(before) > 60, "pages keep what they work out"
    assert before.keys() == after.keys(), "a second look asks for nothing new"
    assert [key[0].__name__ for key in before if before[key] != after[key]] == []


def test_of_many_who_ask_at_once_one_makes_it():
    kept, made = Kept(100_000), []

    def make() -> str:
        time.sleep(0.2)
        made.append(1)
        return "answer"

    found = []
    threads = [threading.Thread(target=lambda: found.append(kept.get("key", make))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["answer"] * 8 and made == [1] and not kept._making


def test_who_waits_for_an_answer_that_fails_makes_it_anew():
    kept, tries = Kept(100_000), []

    def make() -> str:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError
        return "answer"

    with pytest.raises(ValueError):
        kept.get("key", make)
    assert kept.get("key", make) == "answer" and not kept._making


def test_words_weigh_what_they_take():
    assert weight("街" * 10_000) > 20_000 and weight(b"x" * 10_000) >= 10_000
