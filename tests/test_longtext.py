"""A long text read in one scan gives what the ordinary way gives: the same rows, the same figures, the same rows back."""

from __future__ import annotations

import csv
import random
import shutil
from pathlib import Path

import pytest
from street import REGISTER, Street, workbook

from benchmarks import cases
from etl import longtext, onepass, rollup_rows

HEAD = "工单编号,受理时间,来源渠道,事项类别,社区,截止时间,办结时间,是否满意,涉及金额(元),反映人"
USUAL = [
    "A{n}",
    "2026-0{m}-1{d} 08:0{d}:00",
    "热线",
    "噪音",
    "春和社区",
    "2026-0{m}-2{d}",
    "2026-0{m}-1{d} 09:00",
    "是",
    "",
    "王某",
]
# By column, what people and systems write there beside what is usual; (column, text as it stands in the file).
UNUSUAL = [
    *[
        (0, t)
        for t in ("", "　", "A1", '"A,7"', '"A""8"', '"甲\n乙"', " A9 ", "总计", "合 计", "小计", "平均", "注：截至昨日", "全部")
    ],
    *[
        (1, t)
        for t in (
            "",
            "无",
            "2026年3月5日",
            "2026/3/5 7:05",
            "20260305",
            "2026-02-30",
            "3/4/2026",
            "2030-01-01",
            "昨天",
            "1850-01-01",
        )
    ],
    *[(2, t) for t in ("", "12345热线", "微信", "飞鸽", "无", "  热线", "热线　")],
    *[(3, t) for t in ("", "  ", "      ", " 供 暖 ", "=1+1", "合计")],
    *[(4, t) for t in ("", "春和", "老春和", "春和社区居委会", "查无此地", "全街道", "合计", "－", "柳河街道春和社区")],
    *[(5, t) for t in ("", "2020-01-01", "待定", "2026-03-05T08:00:00")],
    *[(6, t) for t in ("", "未办结", "2020-01-01", "至今", "2026.3.5")],
    *[(7, t) for t in ("", "否", "满意", "不清楚", "Y", "是 ")],
    *[(8, t) for t in ("", '"1,200"', "1.2万", "约300", "-5", "nan", "1_000", "1e3", "１２")],
    *[(column, t) for column in range(10) for t in ("\t", "\u00a0", "　　", "     ", "#N/A", "\t甲")],
]


@pytest.fixture
def ways(tmp_path, monkeypatch):
    """Load one file in two homes: as a long text, and in the ordinary way; say whether the long way was taken."""
    taken: list[bool] = []
    ours = onepass.tidy_long

    def noted(*arguments):
        result = ours(*arguments)
        if arguments[1].members[0].match.sheet.scan:
            taken.append(result is not None)
        return result

    monkeypatch.setattr("etl.batchload.tidy_long", noted)

    def load(write, name: str = "诉求工单.csv") -> tuple[dict, dict, bool]:
        taken.clear()
        found = []
        for way, large in (("long", 0), ("ordinary", 1 << 60)):
            monkeypatch.setattr(longtext, "LARGE", large)
            street = Street(tmp_path / way, monkeypatch)
            if name == "诉求工单.csv":
                street.register()
            else:
                rows = [[n, f"{place}社区", "柳河街道", "", ""] for n, place in enumerate(cases.names(), 1)]
                workbook(street.inbox / "社区名册.xlsx", [["名册"], REGISTER, *rows])
            path = street.inbox / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
            summary = street.refresh()
            assert summary.path, summary.faults
            found.append(everything(street))
        return (*found, bool(taken) and all(taken))

    return load


def everything(street: Street) -> dict[str, list[tuple]]:
    """All rows of cases, rejects and figures of a home, without what differs by the time of the load."""
    return {
        "case_event": street.ask("SELECT * EXCLUDE (load_id) FROM case_event ORDER BY cell, case_no"),
        "reject": street.ask("SELECT * EXCLUDE (load_id) FROM reject ORDER BY ALL"),
        "load": street.ask("SELECT rows_in, rows_accepted, rows_rejected, warnings FROM load ORDER BY seq"),
        "figure": street.ask("SELECT * EXCLUDE (load_id) FROM figure ORDER BY ALL"),
        "days": street.ask("SELECT * FROM rollup_day ORDER BY ALL"),
    }


def same(long: dict, ordinary: dict) -> None:
    for name, rows in ordinary.items():
        assert long[name] == rows, name


def messy(seed: int, rows: int = 400, share: float = 0.3) -> list[str]:
    """Lines of a case ledger of which a share holds one or two unusual cells."""
    chance = random.Random(seed)
    lines = [HEAD]
    for n in range(rows):
        month, day = chance.randint(1, 9), chance.randint(0, 9)
        cells = [text.format(n=n, m=month, d=day) for text in USUAL]
        for _ in range(chance.choice((1, 1, 2)) if n > 60 and chance.random() < share else 0):
            column, text = chance.choice(UNUSUAL)
            cells[column] = text
        lines.append(",".join(cells))
    return lines


@pytest.mark.parametrize("seed", range(4))
def test_messy_cells_are_read_alike(ways, seed):
    long, ordinary, taken = ways(lambda path: path.write_text("\n".join(messy(seed)) + "\n", encoding="utf-8"))
    assert len(ordinary["reject"]) > 20 and len(ordinary["case_event"]) > 200
    assert taken
    same(long, ordinary)


@pytest.mark.parametrize("sign", [" ", "\u3000"])
def test_blanks_that_the_beginning_does_not_have_are_blanks_all_the_same(ways, monkeypatch, tmp_path, sign):
    """Only the blanks that stand in cells at the beginning are looked for in every cell; another makes its row one to look at closely."""
    lines = messy(5, 300, 0)
    first, last = tmp_path / "first.csv", tmp_path / "last.csv"
    blank = [",".join(sign if n in (2, 3, 7, 8) else cell for n, cell in enumerate(line.split(","))) for line in lines[-9:]]
    first.write_text("\n".join([lines[0], *blank, *lines[1:-9]]), encoding="utf-8")
    last.write_text("\n".join([*lines[:-9], *blank]), encoding="utf-8")
    monkeypatch.setattr(longtext, "_SAMPLE", 4000)
    assert [list(longtext._blanks(path, ",")) for path in (first, last)] == [[sign], []]
    long, ordinary, taken = ways(lambda path: path.write_bytes(last.read_bytes()))
    assert taken and sum("热线" not in row for row in ordinary["case_event"]) > 5  # their channel is blank, and they are there
    same(long, ordinary)


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n"])
def test_ends_of_lines_do_not_move_row_numbers(ways, end):
    lines = messy(7, 200)
    between = "\r\n" if end == "\r\n" else "\n"
    long, ordinary, taken = ways(lambda path: path.write_bytes((between.join(lines) + end).encode("utf-8-sig")))
    assert taken == (end != "\n\n")
    same(long, ordinary)


@pytest.mark.parametrize(
    "change",
    [
        lambda lines: [*lines[:90], "", *lines[90:]],
        lambda lines: [*lines, "填表人：王某"],
        lambda lines: [*lines[:90], lines[90] + ",多一格", *lines[91:]],
        lambda lines: ["2026年诉求工单,,,,,,,,,", *lines],
        lambda lines: [line.replace(",", ";") for line in lines],
        lambda lines: [f"{line}," for line in lines],
    ],
    ids=["blank line", "signature", "a cell too many", "title", "semicolons", "separator at the end"],
)
def test_other_shapes_are_read_alike(ways, change):
    lines = [line for line in messy(11, 200, 0.1) if "\n" not in line]
    long, ordinary, _ = ways(lambda path: path.write_text("\n".join(change(lines)), encoding="utf-8"))
    same(long, ordinary)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16"])
def test_other_encodings_take_the_ordinary_way(ways, encoding):
    long, ordinary, taken = ways(lambda path: path.write_bytes("\n".join(messy(3, 200)).encode(encoding)))
    assert not taken
    same(long, ordinary)


def test_the_ledger_of_the_benchmark_is_read_alike(ways):
    long, ordinary, taken = ways(lambda path: cases.write_cases(path, 120_000), "区级诉求工单.csv")
    assert taken and len(long["case_event"]) > 119_000
    assert len(ordinary["reject"]) > 100
    same(long, ordinary)


@pytest.fixture
def staged_as(monkeypatch) -> list[bool]:
    """Whether what the beginning taught was used, scan by scan. The first 60 records of ``messy`` are usual ones."""
    monkeypatch.setattr(onepass, "_LEARNT_FROM", 60)
    learnt: list[bool] = []
    ours = onepass._stage

    def noted(*arguments, learn: bool = True):
        learnt.append(learn)
        return ours(*arguments, learn=learn)

    monkeypatch.setattr(onepass, "_stage", noted)
    return learnt


def write_lines(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.parametrize("head", [HEAD, HEAD.replace("工单编号", "序号").replace("反映人", "工单编号")])
@pytest.mark.parametrize("seed", range(3))
def test_few_unusual_cells_are_read_alike(ways, staged_as, seed, head):
    """What was learnt from the beginning stands, and a cell of any form may come after it; also where the first column is none of ours."""
    lines = [head, *messy(40 + seed, 2900, 0.03)[1:]]
    if head != HEAD:
        lines[1:] = [",".join([*line.split(",")[:9], f"B{n}"]) for n, line in enumerate(lines[1:]) if '"' not in line]
    long, ordinary, taken = ways(lambda path: write_lines(path, lines))
    assert taken and staged_as == [True]
    assert len(ordinary["reject"]) > 20 and len(ordinary["case_event"]) > 2700
    same(long, ordinary)


def test_where_the_beginning_does_not_tell_the_rest_is_scanned_again(ways, staged_as):
    calm, rest = messy(50, 500, 0), messy(51, 2000, 0.3)[1:]
    long, ordinary, taken = ways(lambda path: write_lines(path, [*calm, *rest]))
    assert taken and staged_as == [True, False]
    same(long, ordinary)


# ---- rows that are kept in memory until the warehouse is made ----


@pytest.mark.parametrize("files", [1, 2])
@pytest.mark.parametrize("wide", [False, True])
def test_the_warehouse_of_rows_in_memory_is_that_of_the_load(tmp_path, monkeypatch, files, wide):
    """With all columns of UNUSUAL, and with few: what no row says is told once for the whole table."""
    monkeypatch.setattr(longtext, "LARGE", 0)
    for module in ("batchload", "fill", "rollup_rows"):
        monkeypatch.setattr(f"etl.{module}.LONG", 0)
    copied: list[str] = []
    ours = rollup_rows._copied
    monkeypatch.setattr(rollup_rows, "_copied", lambda *arguments: copied.append(arguments[3]) or ours(*arguments))
    street = Street(tmp_path / "home", monkeypatch)
    street.register()
    for n in range(files):
        lines = messy(31 + n)
        write_lines(street.inbox / f"诉求工单{n}.csv", lines if wide else [",".join(line.split(",")[:7]) for line in lines if '"' not in line])
    assert street.refresh().path
    kept = everything(street)
    assert [("staged" in source) for source in copied] == [files == 1]  # of two loads in one table none is the table
    shutil.rmtree(tmp_path / "home" / "warehouse")
    assert street.refresh().rebuilt
    assert "staged" not in copied[1]
    same(kept, everything(street))
    monkeypatch.setattr("etl.fill.LONG", 1 << 60)
    monkeypatch.setattr("etl.rollup_rows.LONG", 1 << 60)
    shutil.rmtree(tmp_path / "home" / "warehouse")
    assert street.refresh().rebuilt
    same(kept, everything(street))
    assert len(kept["case_event"]) > 200 and len(kept["reject"]) > 20


# ---- tables in memory ----


@pytest.fixture
def in_memory(tmp_path, monkeypatch):
    """Load one file in two homes: its table in one scan once it is in memory, and in the ordinary way; say whether the scan was taken."""
    taken: list[bool] = []
    ours = onepass.tidy_long

    def noted(*arguments):
        result = ours(*arguments)
        if arguments[1].ledger.id == "cases":
            taken.append(result is not None)
        return result

    monkeypatch.setattr("etl.batchload.tidy_long", noted)

    def load(write, name: str = "诉求工单.csv") -> tuple[dict, dict, list[bool]]:
        taken.clear()
        found = []
        for way, worth in (("scan", 1), ("ordinary", 1 << 60)):
            monkeypatch.setattr(onepass, "WORTH", worth)
            street = Street(tmp_path / way, monkeypatch)
            street.register()
            write(street.inbox / name)
            summary = street.refresh()
            assert summary.path, summary.faults
            found.append(everything(street))
        return (*found, list(taken))

    return load


@pytest.mark.parametrize("seed", range(4))
def test_a_text_in_memory_is_read_alike(in_memory, seed):
    scanned, ordinary, taken = in_memory(lambda path: path.write_bytes(("\n".join(messy(seed)) + "\n").encode("gb18030")))
    assert len(ordinary["reject"]) > 20 and len(ordinary["case_event"]) > 200
    assert taken == [True, False]
    same(scanned, ordinary)


def test_a_large_text_of_another_encoding_is_read_alike(in_memory):
    scanned, ordinary, taken = in_memory(lambda path: path.write_bytes("\n".join(messy(21, 12_000, 0.05)).encode("gb18030")))
    assert taken == [True, False]
    same(scanned, ordinary)


def test_a_workbook_is_read_alike(in_memory):
    rows = [[cell or None for cell in record] for record in csv.reader(messy(5))]
    scanned, ordinary, taken = in_memory(lambda path: workbook(path, [["诉求工单"], *rows]), "诉求工单.xlsx")
    assert taken == [True, False]
    same(scanned, ordinary)


@pytest.mark.parametrize("said", ["13812340001", "138-1234-0001 王某", "（0571）88120006", "330102001001"])
def test_a_number_in_any_cell_of_a_scan_is_hidden_as_in_the_ordinary_way(in_memory, said):
    lines = messy(9, 200, 0)
    for column in range(1, 10):  # in the key a pseudonym of the home's own stands beside what is hidden
        cells = lines[100 + column].split(",")
        cells[column] = said
        lines[100 + column] = ",".join(cells)
    scanned, ordinary, taken = in_memory(lambda path: path.write_bytes("\n".join(lines).encode("gb18030")))
    assert taken == [True, False]
    same(scanned, ordinary)


def test_a_scan_is_bounded_to_large_files(tmp_path: Path):
    path = tmp_path / "小.csv"
    path.write_text(HEAD + "\n", encoding="utf-8")
    assert longtext.top_of(path, 40) is None
