"""The README's table "cost of a change", done for real: a street adds things in its own YAML, and no code is touched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import run_etl

from jiejian.home import PROJECT

MEASURES = """
street_lamps: {name: 路灯数, name_en: Street lamps, unit: 盏, kind: stock}
lamps_repaired: {name: 维修路灯, name_en: Street lamps repaired, unit: 盏, kind: flow}
hearings: {name: 听证会场次, name_en: Hearings, unit: 场, kind: flow, rollup: {table: hearing, at: held_on}}
"""
METRICS = """
lamps_repaired_share: {name: 路灯维修率, name_en: Share of lamps repaired, kind: proportion, numerator: lamps_repaired,
  denominator: street_lamps, unit: "%", decimals: 1, better: neutral, practices: [S7], definition: 本期维修路灯占期末路灯数的比重。}
hearings: {name: 听证会场次, name_en: Hearings, kind: count, measure: hearings, unit: 场, better: higher, practices: [S3], definition: 本期召开的听证会场次。}
"""
STANDARDS = """
lamps: {name: 内部目标, metric: lamps_repaired_share, value: 5, bound: at_most, unit: "%", document: 青禾街道2026年工作要点, issued_by: 青禾街道, valid_from: 2026, valid_to: 2026}
"""
GROUPINGS = "bright: {name: 亮化工程, groups: {路灯: [lamps_repaired_share]}}\n"
LAMPS = """
name: 路灯台账
table: observation
sent: month
period: title
grain: month
starts_places: true
columns:
  place: {name: 社区, synonyms: [所属社区], type: place, required: true}
  street_lamps: {name: 路灯数, type: number, unit: 盏, measure: street_lamps}
  lamps_repaired: {name: 维修路灯, synonyms: [修复盏数], type: number, unit: 盏, measure: lamps_repaired}
"""
HEARINGS = """
name: 听证会台账
table: hearing
sent: register
coverage: per_place
happens: held_on
key: [hearing_no]
columns:
  hearing_no: {name: 听证会编号, type: text, required: true}
  place: {name: 社区, type: place, required: true}
  held_on: {name: 召开日期, type: date, required: true}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Path:
    home = tmp_path_factory.mktemp("own")
    (home / "catalogue" / "ledgers").mkdir(parents=True)
    (home / "inbox").mkdir()
    for name, text in {"measures": MEASURES, "metrics": METRICS, "standards": STANDARDS, "groupings": GROUPINGS}.items():
        (home / "catalogue" / f"{name}.yml").write_text(text, encoding="utf-8")
    for name, text in {"lamps": LAMPS, "hearings": HEARINGS}.items():
        (home / "catalogue" / "ledgers" / f"{name}.yml").write_text(text, encoding="utf-8")
    lamps = "青禾街道2026年10月路灯台账\n社区,路灯数,修复盏数\n甲里社区,200,8\n乙里社区,300,2\n"
    hearings = "听证会编号,社区,召开日期\nT1,甲里社区,2026-10-08\nT2,甲里社区,2026年10月20日\nT3,乙里社区,2026.10.9\n"
    (home / "inbox" / "路灯.csv").write_text(lamps, encoding="gb18030")
    (home / "inbox" / "听证会.csv").write_text(hearings, encoding="utf-8")
    result = run_etl(home)
    assert result.returncode == 0, result.stdout + result.stderr
    return home


def asked(home: Path, metric: str, by: str) -> list[dict]:
    result = subprocess.run(
        [sys.executable, "-m", "jiejian", "query", "--metric", metric, "--by", by, "--period", "2026-10", "--format", "json"],
        cwd=PROJECT,
        env={**os.environ, "JIEJIAN_HOME": str(home), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_a_measure_a_metric_a_ledger_and_a_synonym(home):
    assert {r["place"]: r["value"] for r in asked(home, "路灯维修率", "community")} == {"甲里社区": 4, "乙里社区": pytest.approx(2 / 3)}
    assert asked(home, "lamps_repaired_share", "street")[0]["value"] == 2  # 10 of 500


def test_a_ledger_of_events_with_a_table_of_its_own(home):
    assert {r["place"]: r["value"] for r in asked(home, "hearings", "community")} == {"甲里社区": 2, "乙里社区": 1}


def test_a_standard_and_a_grouping_reach_the_page(home, monkeypatch):
    from streamlit.testing.v1 import AppTest

    monkeypatch.setenv("JIEJIAN_HOME", str(home))
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=60)
    test.query_params["metric"] = "路灯维修率"
    test.run().switch_page("pages/compare.py").run()
    assert not test.exception and not test.error
    assert "亮化工程" in test.sidebar.selectbox(key="grouping").options
    test.sidebar.selectbox(key="metric").set_value("lamps_repaired_share").run()
    drawn = json.dumps(json.loads(test.get("plotly_chart")[0].proto.spec), ensure_ascii=False)
    assert "≤5%" in drawn
