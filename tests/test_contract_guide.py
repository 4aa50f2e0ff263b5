"""docs/写台账约定.md: each example of the document is loaded as it stands there."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from street import Street

from etl.__main__ import main
from jiejian.home import PROJECT

GUIDE = (PROJECT / "docs" / "写台账约定.md").read_text(encoding="utf-8")
EXAMPLES = dict(re.findall(r"```(?:yaml|csv)\n# 文件：(\S+)\n(.*?)```", GUIDE, re.DOTALL))


@pytest.fixture
def load(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)

    def run(contract: str, file: str, dataset: str) -> Street:
        for name in (contract, file):
            (tmp_path / name).write_text(EXAMPLES[name], encoding="utf-8")
        assert main(["load", str(tmp_path / file), "--dataset", dataset, "--contract", str(tmp_path / contract)]) == 0
        return street

    return run


def test_the_shortest_example(load):
    street = load("lamps.yml", "路灯.csv", "street")
    asked = street.ask("SELECT measure, sum(value) FROM observation WHERE dataset = 'street' GROUP BY 1 ORDER BY 1")
    assert asked == [("lamps", 500), ("lamps_mended", 10)]


def test_years_across(load):
    street = load("jobs.yml", "分省年度.csv", "prov")
    asked = street.ask(
        "SELECT measure, year(period_start), value, cell, note IS NOT NULL FROM observation WHERE dataset = 'prov' AND place_id = 'prov/甲省' ORDER BY 2"
    )
    assert asked == [
        ("jobs", 2014, 110000, "D5", False),
        ("jobs_sample", 2015, 2300000, "C5", True),
        ("jobs", 2016, 115000, "B5", False),
    ]


def test_requests_with_american_days(load):
    street = load("requests.yml", "requests.csv", "city")
    assert street.ask("SELECT case_no, opened_at, place_id FROM request ORDER BY 1") == [
        ("A1", dt.datetime(2015, 3, 8, 12, 40, 41), "city/BackBay"),
        ("A2", dt.datetime(2015, 3, 10), "city/North／South"),
        ("A3", dt.datetime(2015, 3, 11, 8), None),
    ]
    assert street.ask("SELECT count(*) FROM reject WHERE severity = 'error'") == [(0,)]


def test_figures_by_day(load):
    street = load("daily.yml", "日报.csv", "care")
    asked = "SELECT measure, month(period_start), value, note FROM figure WHERE dataset = 'care' ORDER BY 1, 2"
    assert street.ask(asked) == [
        ("beds_new", 1, 3, None),
        ("beds_new", 2, 4, None),
        ("beds_used", 1, 21, None),
        ("beds_used", 2, 19, "取2024-02-01的数"),
    ]
