"""Templates: each ledger's own, filled in, loads; what is in it for people is passed over."""

from __future__ import annotations

import datetime as dt
import io
import re

import openpyxl
import pytest
from street import Street

from etl import build
from etl.__main__ import main
from etl.marks import CHOICES_SHEET, NOTES_SHEET
from etl.recognise import NUMERIC, ledgers_for
from etl.template import columns_of, head_of
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE

CATALOGUE = load_catalogue(BUNDLED_CATALOGUE)
LEDGERS = [l.id for l in ledgers_for(CATALOGUE, "street")]


@pytest.fixture
def street(tmp_path, monkeypatch) -> Street:
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    street.refresh()
    return street


def filled(column, ledger, number: int) -> object:
    """A value that a person would write into this column, by the template's own words."""
    if column.id == ledger.place and column.type == "place":
        return ("春和社区", "望湖社区")[number]
    return {
        "integer": max(column.low or 0, 3),
        "number": max(column.low or 0, 3.5),
        "quantity": 0,  # parts then add up to their whole, whatever the rules ask for
        "percent": 96.5,
        "date": "2026-09-15",
        "datetime": "2026-09-15 08:30",
        "yes_no": "是",
        "choice": next(iter(column.choices), None),
        "place": "春和社区",
        "period": {"year": "2025年", "quarter": "2026年第三季度", "half": "2026年上半年"}.get(ledger.grain, "2026年9月"),
        "measure": "户数",
    }.get(column.type, f"{column.name}{number}")


@pytest.mark.parametrize("name", LEDGERS)
def test_a_template_filled_in_loads(street, tmp_path, name):
    ledger = CATALOGUE.ledgers[name]
    book = openpyxl.load_workbook(io.BytesIO(build.template(ledger)))
    sheet = book.worksheets[0]
    heads = [c.value for c in sheet[2]]
    offset = len(heads) - len(columns_of(ledger))
    for number in range(2):
        for n, column in enumerate(columns_of(ledger), offset + 1):
            value = filled(column, ledger, number)
            if name == "targets" and column.id == "metric":
                value = next(m.name for m in CATALOGUE.metrics.values())
            if name == "communities" and column.id == "name":
                value = ("春和社区", "望湖社区")[number]
            if column.id in ("valid_to", "closed_on", "revoked_on") or (column.personal and column.type in NUMERIC):
                value = None
            sheet.cell(row=4 + number, column=n, value=value)
    path = tmp_path / "sent" / f"{ledger.name}.xlsx"
    path.parent.mkdir()
    book.save(path)
    (checked,) = build.check([path])
    assert checked.faults == [] and checked.notes == []
    assert [(f.ledger, f.rows_in) for f in checked.found] == [(name, 2)], "the example row or another sheet was read"
    unread = [p.sentence for p in checked.problems if "不在台账约定中" in p.sentence]
    assert unread == []
    assert checked.found[0].rows_accepted >= 1, [p.sentence for p in checked.problems]


def test_what_a_template_holds(street):
    ledger = CATALOGUE.ledgers["cases"]
    book = openpyxl.load_workbook(io.BytesIO(build.template(ledger)))
    sheet = book.worksheets[0]
    heads = [c.value for c in sheet[2]]
    assert heads[:3] == ["序号", "工单编号*", "受理时间*"] and "反映人" not in heads
    assert sheet["A3"].value == "示例"
    rules = {re.match("[A-Z]+", str(rule.sqref))[0]: rule for rule in sheet.data_validations.dataValidation}
    channel, place = (openpyxl.utils.get_column_letter(heads.index(h) + 1) for h in ("来源渠道", "社区*"))
    assert rules[channel].formula1 == '"巡查走访,热线,公众投诉,网络"'
    assert rules[place].formula1 == '"春和社区,望湖社区,麦香社区"'
    notes = [row[0] for row in book[NOTES_SHEET].iter_rows(values_only=True) if row[0]]
    assert "不需要填写反映人、联系电话；表里有这些列也不会入库。" in notes
    assert any("办结时间不应早于受理时间" in note for note in notes)


def test_the_title_names_the_last_month_that_is_over(street):
    title = openpyxl.load_workbook(io.BytesIO(build.template(CATALOGUE.ledgers["monthly"]))).worksheets[0]["A1"].value
    last = dt.date.today().replace(day=1) - dt.timedelta(days=1)
    assert title == f"柳河街道{last.year}年{last.month}月社区基本情况统计表"


def test_heads_carry_units_that_the_reader_understands():
    ledger = CATALOGUE.ledgers["monthly"]
    assert head_of(ledger.column("households"), ledger, CATALOGUE) == "户数*（户）"
    assert head_of(ledger.column("place"), ledger, CATALOGUE) == "社区*"


def test_many_communities_stand_in_a_hidden_sheet(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register([[n, f"第{n}号大院社区", "柳河街道", "商品房型", ""] for n in range(1, 60)])
    street.refresh()
    book = openpyxl.load_workbook(io.BytesIO(build.template(CATALOGUE.ledgers["monthly"])))
    assert book[CHOICES_SHEET].sheet_state == "hidden" and book[CHOICES_SHEET]["A60"].value == "第59号大院社区"
    rules = [r.formula1 for r in book.worksheets[0].data_validations.dataValidation if r.type == "list"]
    assert rules == [f"'{CHOICES_SHEET}'!$A$2:$A$60"]


def test_the_shell_writes_them(street, tmp_path, capsys):
    assert main(["template", "诉求工单", "--out", str(tmp_path / "t")]) == 0
    assert [p.name for p in (tmp_path / "t").iterdir()] == ["诉求工单（模板）.xlsx"]
    assert main(["template", "没有的", "--out", str(tmp_path / "t")]) == 2
    assert "没有台账“没有的”，可选：" in capsys.readouterr().err
