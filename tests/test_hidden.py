"""Hidden sheets, rows and columns are read, and it is said."""

from __future__ import annotations

import pytest
import xlsxwriter
import xlwt
from street import Street

from etl.__main__ import main
from etl.extract import extract

HEADS = ["社区", "户数", "常住人口", "代办事项"]
ROWS = [["春和社区", 100, 300, 4], ["望湖社区", 200, 600, 6], ["麦香社区", 50, 150, 1]]
TITLE = "柳河街道2026年10月社区基本情况统计表"


@pytest.fixture
def street(tmp_path, monkeypatch):
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    return street


def book(path, hide, shown: str = "表一", sheet_hidden: bool = False):
    path.parent.mkdir(parents=True, exist_ok=True)
    with xlsxwriter.Workbook(str(path)) as made:
        if sheet_hidden:
            made.add_worksheet("说明").write(0, 0, "见隐藏的表")
        page = made.add_worksheet(shown)
        for r, row in enumerate([[TITLE], HEADS, *ROWS]):
            page.write_row(r, 0, row)
        hide(page)
    return path


def hide_some(page) -> None:
    page.set_row(2, None, None, {"hidden": True})
    page.set_row(3, None, None, {"hidden": True})
    page.set_column("C:C", None, None, {"hidden": True})
    page.set_column("F:XFD", None, None, {"hidden": True})  # beyond the table: no matter


def test_hidden_rows_and_columns_are_read_and_named(street):
    book(street.inbox / "十月.xlsx", hide_some)
    notes = street.refresh().notes
    assert notes == ["文件“十月.xlsx”工作表“表一”的第 3—4 行、C 列是隐藏的，照样读了。不该装载的，请删去后重新上报。"]
    assert street.figures("households") == {("春和", "2026-10"): 100, ("望湖", "2026-10"): 200, ("麦香", "2026-10"): 50}
    assert street.figures("residents")["望湖", "2026-10"] == 600


def test_a_hidden_sheet_is_read_and_named_on_the_check_too(street, capsys):
    street.refresh()
    path = book(street.root / "十月.xlsx", lambda page: page.hide(), sheet_hidden=True)
    assert main(["check", str(path)]) in (0, 1)
    assert "工作表“表一”是隐藏的工作表，照样读了" in "".join(capsys.readouterr().out.split())
    assert main(["load", str(path)]) in (0, 1)
    assert street.figures("households")["春和", "2026-10"] == 100


def test_nothing_is_said_where_nothing_is_hidden(street):
    book(street.inbox / "十月.xlsx", lambda page: None)
    assert street.refresh().notes == []


def test_an_old_xls_says_so_too(tmp_path):
    made = xlwt.Workbook()
    page = made.add_sheet("表一")
    for r, row in enumerate([[TITLE], HEADS, *ROWS]):
        for c, value in enumerate(row):
            page.write(r, c, value)
    page.row(4).hidden = True
    page.row(4).height_mismatch = True
    page.col(1).hidden = True
    made.save(str(tmp_path / "旧.xls"))
    (sheet,) = extract(tmp_path / "旧.xls", frozenset(HEADS))
    assert sheet.unseen == "第 5 行、B 列"


def test_of_many_stretches_the_first_are_named(tmp_path):
    def every_other(page) -> None:
        for r in range(2, 22, 2):
            page.write_row(r, 0, ["某社区", 1, 2, 3])
            page.write_row(r + 1, 0, ["某社区", 1, 2, 3])
            page.set_row(r, None, None, {"hidden": True})

    (sheet,) = extract(book(tmp_path / "a.xlsx", every_other), frozenset(HEADS))
    assert sheet.unseen == "第 3、5、7、9、11 等共 10 行"
