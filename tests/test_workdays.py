"""Working days against the State Council's notice for 2026 (国办发明电〔2025〕7号), and a street's own year."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiejian.catalogue import CatalogueError, load_catalogue
from jiejian.catalogue.workdays import WorkCalendar
from jiejian.home import BUNDLED_CATALOGUE

CALENDAR = WorkCalendar()


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]")


def test_the_national_day_week_of_2026():
    # 10月1日（周四）至7日（周三）放假，9月20日（周日）、10月10日（周六）上班。
    assert not CALENDAR.is_worked(np.arange("2026-10-01", "2026-10-08", dtype="datetime64[D]")).any()
    assert CALENDAR.is_worked(days("2026-09-20", "2026-10-10", "2026-10-08", "2026-09-30")).all()
    assert not CALENDAR.is_worked(days("2026-10-11")).any()


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-09-30", 1, "2026-10-08"),  # seven days off lie between
        ("2026-09-30", 3, "2026-10-10"),  # 8, 9 and the Saturday that is worked
        ("2026-10-10", 1, "2026-10-12"),
        ("2026-11-20", 5, "2026-11-27"),  # an ordinary Friday and a week
        ("2026-11-21", 1, "2026-11-23"),  # received on a Saturday
    ],
)
def test_so_many_working_days_after(start, count, end):
    assert CALENDAR.after(days(start), count)[0] == np.datetime64(end)
    assert CALENDAR.between(days(start), days(end))[0] == count


@given(st.dates(date(2005, 1, 1), date(2040, 1, 1)), st.integers(1, 400))
def test_after_and_between_undo_each_other(day, count):
    end = CALENDAR.after(np.array([day]), count)
    assert CALENDAR.is_worked(end).all()
    assert CALENDAR.between(np.array([day]), end)[0] == count


def test_a_year_that_no_notice_covers_is_monday_to_friday_and_said_so():
    assert CALENDAR.known_until >= date(2026, 12, 31)
    assert CALENDAR.is_worked(days("2041-01-01"))[0]  # a Tuesday; New Year's Day of a year without a notice
    with pytest.raises(ValueError, match="2004—2049"):
        CALENDAR.is_worked(days("2050-01-01"))


def test_a_street_declares_a_year_itself(tmp_path):
    (tmp_path / "holidays.yml").write_text(
        '"2040":\n  document: 演示通知\n  holidays: [2040-01-01, 2040-01-02]\n  workdays: [2040-01-07]\n', encoding="utf-8"
    )
    catalogue = load_catalogue(BUNDLED_CATALOGUE, tmp_path)
    calendar = WorkCalendar(catalogue.holidays.values())
    assert list(calendar.is_worked(days("2040-01-02", "2040-01-03", "2040-01-07"))) == [False, True, True]
    assert calendar.known_until == date(2040, 12, 31)
    (tmp_path / "holidays.yml").write_text('"2040":\n  document: 错\n  holidays: [2041-01-01]\n', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"holidays\.yml，条目 2040，键 holidays：日期应都在这一年之内"):
        load_catalogue(BUNDLED_CATALOGUE, tmp_path)
