"""The contracts of the working systems: a template is recognised for what it is, under its names and its synonyms."""

import pytest
from street import workbook

from etl.extract import extract
from etl.recognise import known_heads, ledgers_for, recognise
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE

CATALOGUE = load_catalogue(BUNDLED_CATALOGUE)
LEDGERS = ledgers_for(CATALOGUE, "street")
IDS = [ledger.id for ledger in LEDGERS]


def read(path, heads: list[str]):
    """What a sheet with these heads and no title is taken for."""
    (sheet,) = extract(workbook(path, [heads, ["甲"] * len(heads)]), known_heads(LEDGERS))
    return recognise(sheet, LEDGERS, CATALOGUE)


@pytest.mark.parametrize("ledger", LEDGERS, ids=IDS)
def test_a_template_without_a_title_is_recognised(ledger, tmp_path):
    match = read(tmp_path / "未命名.xlsx", [column.name for column in ledger.columns])
    assert match.ledger.id == ledger.id
    assert set(match.columns) == {column.id for column in ledger.columns} and not match.ignored


@pytest.mark.parametrize("which", [0, 1, -1])
@pytest.mark.parametrize("ledger", LEDGERS, ids=IDS)
def test_other_offices_names_for_the_columns_are_recognised(ledger, which, tmp_path):
    heads = [c.synonyms[min(which, len(c.synonyms) - 1)] if c.synonyms else c.name for c in ledger.columns]
    match = read(tmp_path / "未命名.xlsx", heads)
    assert match.ledger.id == ledger.id
    assert set(match.columns) == {column.id for column in ledger.columns} and not match.ignored


@pytest.mark.parametrize("ledger", LEDGERS, ids=IDS)
def test_the_columns_that_must_be_there_are_enough_under_the_ledgers_title(ledger, tmp_path):
    needed = [c for c in ledger.columns if c.required or c.id in ledger.key or c.type == "period"]
    needed += [c for c in ledger.columns if c.measure][:1]
    heads = list(dict.fromkeys(c.name for c in needed))
    (sheet,) = extract(workbook(tmp_path / "表.xlsx", [[ledger.name], heads, ["甲"] * len(heads)]), known_heads(LEDGERS))
    assert recognise(sheet, LEDGERS, CATALOGUE).ledger.id == ledger.id


def test_every_practice_but_the_routes_of_a_visit_has_a_ledger():
    shown = {practice for ledger in LEDGERS for practice in ledger.practices}
    # S1 and S36 read the ledgers of the others: by pillar, and stop by stop.
    assert {p for p in CATALOGUE.practices if p not in shown} <= {"S1", "S36"}


def test_no_ledger_keeps_a_name_or_a_telephone_number():
    kept = [
        (ledger.id, column.name)
        for ledger in LEDGERS
        for column in ledger.columns
        if column.name in ("书记", "反映人", "联系电话", "申请人", "队长", "负责人", "联系人", "联络员", "法定代表人", "记录人")
        and column.personal != "drop"
    ]
    assert not kept
