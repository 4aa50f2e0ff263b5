"""Decisions that are kept: in a file of the home, over restarts."""

import sqlite3

from etl.memory import Memory
from jiejian.home import Home


def test_a_home_that_never_decided_anything_has_no_file(tmp_path):
    memory = Memory(Home(tmp_path))
    assert memory.place_answers("street") == {}
    assert memory.mapping("street", "abc") is None
    assert not memory.path.exists()


def test_an_answer_is_kept_replaced_and_forgotten(tmp_path):
    Memory(Home(tmp_path)).answer_place("street", " 城 酉社区", "street/柳河街道/城西社区", "王某")
    Memory(Home(tmp_path)).answer_place("demo", "城酉社区", "demo/城东社区")
    (answer,) = Memory(Home(tmp_path)).place_answers("street").values()
    assert (answer.written, answer.place_id, answer.who) == ("城酉社区", "street/柳河街道/城西社区", "王某")
    Memory(Home(tmp_path)).answer_place("street", "城酉社区", "street/柳河街道/城南社区")
    assert [a.place_id for a in Memory(Home(tmp_path)).place_answers("street").values()] == ["street/柳河街道/城南社区"]
    Memory(Home(tmp_path)).forget_place("street", "城酉社区")
    assert Memory(Home(tmp_path)).place_answers("street") == {}


def test_a_mapping_is_kept(tmp_path):
    Memory(Home(tmp_path)).remember_mapping("street", "f00d", "cases", {"case_no": "任务号"}, "李某")
    found = Memory(Home(tmp_path)).mapping("street", "f00d")
    assert (found.ledger, found.columns, found.who) == ("cases", {"case_no": "任务号"}, "李某")
    Memory(Home(tmp_path)).forget_mapping("street", "f00d")
    assert Memory(Home(tmp_path)).mapping("street", "f00d") is None


def test_a_file_that_another_part_of_the_application_made(tmp_path):
    with sqlite3.connect(tmp_path / "state.sqlite") as state:
        state.execute("CREATE TABLE audit (what TEXT)")
    memory = Memory(Home(tmp_path))
    assert memory.place_answers("street") == {}
    memory.answer_place("street", "城酉", "street/城西社区")
    assert len(memory.place_answers("street")) == 1
