"""Two million rows: a ledger loads within a gigabyte and a half, what is no ledger is refused in a sentence; the warehouse holds nothing of it."""

import json
import subprocess
import sys

import pytest
from street import Street

from jiejian.home import PROJECT

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows 上不能量出进程的最大内存（resource）。"),
]
ROWS = 2_000_000
MEASURED = """
import json, resource, sys
from etl.__main__ import main
code = main(["load", sys.argv[1]])
print("@" + json.dumps([code, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def loaded(street: Street, name: str) -> tuple[int, float, str]:
    """Exit code, peak memory in MB, and everything that was said by ``python -m etl load``."""
    ran = subprocess.run(
        [sys.executable, "-c", MEASURED, str(street.inbox / name)], cwd=PROJECT, capture_output=True, text=True, timeout=900
    )
    said, _, figures = ran.stdout.rpartition("@")
    return (*json.loads(figures), said + ran.stderr)


def test_a_ledger_of_two_million_rows_loads(tmp_path, monkeypatch):
    street = Street(tmp_path, monkeypatch)
    street.register()
    street.refresh()
    with (street.inbox / "诉求工单.csv").open("w", encoding="utf-8") as file:
        file.write("工单编号,受理时间,社区,截止时间,办结时间\n")
        for n in range(ROWS):
            day = f"{n % 12 + 1:02}-{n % 28 + 1:02}"
            file.write(f"G{n:08},2025-{day} 08:00,{('春和社区', '望湖社区', '麦香社区')[n % 3]},,\n")
    code, peak, said = loaded(street, "诉求工单.csv")
    assert code == 0, said
    assert street.ask("SELECT count(*) FROM case_event") == [(ROWS,)]
    assert peak < 1500, f"{peak:.0f} MB"


def test_two_million_rows_of_something_else_are_refused(tmp_path, monkeypatch):
    street = Street(tmp_path, monkeypatch)
    street.register()
    before = street.refresh().path
    with (street.inbox / "流水.csv").open("w", encoding="utf-8") as file:
        file.write("设备,读数甲,读数乙\n")
        file.writelines(f"A{n},{n % 97},{n % 89}\n" for n in range(ROWS))
    code, peak, said = loaded(street, "流水.csv")
    assert code == 2 or code == 1, said
    assert "认不出是哪种台账" in said.replace("\n", "") and "Traceback" not in said
    assert street.refresh().path == before
    assert peak < 1000, f"{peak:.0f} MB"
