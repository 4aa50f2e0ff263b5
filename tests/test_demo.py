"""The made-up street: read back from its files, as the ETL would read them."""

import math
import re
import time
import zipfile
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from etl import demo
from etl.dates import read_time
from etl.demo import typist
from etl.demo.profile import (
    DRIFT_PLACE,
    FORMER_NAME,
    LATE_MONTHS,
    LATE_PLACE,
    NAMES,
    STATION_NAME,
    STATION_OPENED,
    STATION_PLACE,
    STREET,
    TYPIST_PLACE,
)
from etl.demo.seasons import MONTHS, SPRING_FESTIVALS, month_title
from etl.demo.system_books import BOOKS, FAULTS
from etl.extract import extract
from etl.quantity import read as read_number
from etl.recognise import known_heads, ledgers_for, recognise
from etl.wording import plain
from jiejian.catalogue import load_catalogue
from jiejian.home import BUNDLED_CATALOGUE, BUNDLED_DATA, Home

CONTRACTS = {"alliance": "merchants"}  # where a ledger of the demo is not called like its contract
CHANGES = {"valid_from", "valid_to", "successors", "changed_on", "change"}  # no community of the demo was merged or split
TABLE = "{}社区基本情况统计表.xlsx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    began = time.process_time()  # of this process, so that a busy machine tells no lie
    demo.write(folder)
    assert time.process_time() - began < 10  # 5 s on two cores
    return folder


def rows_of(path: Path) -> list[list]:
    return CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def table(path: Path, head_row: int = 1) -> pd.DataFrame:
    """A register as a frame: the head stands below the title, notes at the end are left out."""
    rows = rows_of(path)
    body = [row for row in rows[head_row + 1 :] if sum(cell != "" for cell in row) > 1]
    return pd.DataFrame(body, columns=rows[head_row])


def csv_of(path: Path) -> pd.DataFrame:
    raw = path.read_bytes()
    encoding = "utf-8-sig" if raw.startswith(b"\xef\xbb\xbf") else "gb18030"
    return pd.read_csv(path, encoding=encoding, dtype=str, keep_default_na=False)


@pytest.fixture(scope="module")
def exports(folder) -> dict[str, pd.DataFrame]:
    """The case exports by half-year, under the new platform's heads."""
    frames = {path.name[:8]: csv_of(path) for path in sorted((folder / "诉求工单").glob("*.csv"))}
    new = frames["2026年上半年"].columns
    return {half: frame.set_axis(new, axis=1) for half, frame in frames.items()}


@pytest.fixture(scope="module")
def cases(exports) -> pd.DataFrame:
    frame = pd.concat(exports.values(), ignore_index=True)
    written = frame[["受理时间", "截止时间", "办结时间"]]
    for column in written:
        frame[column] = pd.to_datetime(frame[column].str.replace("/", "-"), format="%Y-%m-%d %H:%M:%S", errors="coerce")
    frame["impossible"] = ((written != "") & frame[written.columns].isna()).any(axis=1)
    return frame.assign(day=frame["受理时间"].dt.normalize(), 社区=frame["社区"].replace(FORMER_NAME, "启新社区"))


@pytest.fixture(scope="module")
def monthly(folder) -> dict[str, list[list]]:
    """The rows of communities in each monthly workbook, with their place as written."""
    found = {}
    for month in range(len(MONTHS)):
        rows = rows_of(folder / "基本情况" / TABLE.format(month_title(month)))
        found[str(MONTHS[month])] = [row for row in rows if isinstance(row[0], float)]
    return found


def test_the_same_seed_writes_the_same_files(folder, tmp_path):
    again = tmp_path / "again"
    written = demo.write(again)
    assert sorted(p.relative_to(again) for p in written) == sorted(p.relative_to(folder) for p in folder.rglob("*.*"))
    for path in written:
        twin = folder / path.relative_to(again)
        if path.suffix == ".csv":
            assert path.read_bytes() == twin.read_bytes(), path.name
        else:
            with zipfile.ZipFile(path) as a, zipfile.ZipFile(twin) as b:
                assert {n: a.read(n) for n in a.namelist()} == {n: b.read(n) for n in b.namelist()}, path.name


def test_another_seed_writes_other_figures(folder, tmp_path):
    from etl.demo.frames import make

    assert len(make(1).cases) != len(make(2).cases)


def test_23_communities_in_36_months_but_for_the_late_rows(monthly):
    assert len(monthly) == 36
    late = {str(m) for m in LATE_MONTHS}
    for month, rows in monthly.items():
        names = [plain(str(row[1])) for row in rows]
        assert len(names) == (22 if month in late else 23), month
        assert (NAMES[LATE_PLACE] in names) == (month not in late)


def test_largest_and_smallest_differ_five_times(monthly):
    households = [row[2] for row in monthly["2026-10"]]
    assert 4.8 <= max(households) / min(households) <= 5.6
    assert min(households) > 850 and max(households) < 4900


def test_a_half_year_has_about_34700_cases(exports):
    complete = [len(frame) for half, frame in exports.items() if half not in ("2023年下半年", "2026年下半年")]
    assert len(complete) == 5 and all(30_000 < n < 40_000 for n in complete)
    assert 34_000 < sum(complete) / 5 < 35_500


def test_spring_festival_dips_and_seasons_show(cases):
    daily = cases.groupby("day").size()
    for festival in map(pd.Timestamp, SPRING_FESTIVALS):
        week = pd.Timedelta(days=7)
        inside = daily[festival - week : festival + week].mean()
        around = pd.concat(
            [daily[festival - 4 * week : festival - 2 * week], daily[festival + 2 * week : festival + 4 * week]]
        ).mean()
        assert inside < 0.65 * around, festival
    heat = cases[cases["事项类别"] == "供热供暖"].groupby(cases["day"].dt.month).size()
    noise = cases[cases["事项类别"] == "噪音扰民"].groupby(cases["day"].dt.month).size()
    assert heat[[12, 1]].sum() > 8 * heat[[7, 8]].sum()
    assert noise[[7, 8]].sum() > 1.8 * noise[[12, 1]].sum()
    weekday = cases["day"].dt.day_of_week
    assert (weekday == 0).sum() > 1.25 * (weekday == 6).sum()


def test_station_cut_complaints_by_two_fifths_and_is_in_register_and_chronicle(folder, cases):
    place, opened = NAMES[STATION_PLACE], pd.Timestamp(STATION_OPENED)
    mine, others = cases[cases["社区"] == place]["day"], cases[~cases["社区"].isin([place])]["day"]
    # the same days of the year before and after, the first month of the fall left out; against the rest of the street
    before = (opened - pd.Timedelta(days=334), opened - pd.Timedelta(days=1))
    after = (opened + pd.Timedelta(days=31), opened + pd.Timedelta(days=364))
    change = [days.between(*after).sum() / days.between(*before).sum() for days in (mine, others)]
    assert 0.54 < change[0] / change[1] < 0.66
    stations, events = table(folder / "阵地/阵地台账.xlsx"), table(folder / "大事记/大事记.xlsx")
    row = stations[stations["阵地名称"] == STATION_NAME].iloc[0]
    assert pd.Timestamp(row["启用日期"]) == opened and row["所在社区"] == place
    told = events[events["事项"].str.contains(STATION_NAME)].iloc[0]
    assert pd.Timestamp(told["日期"]) == opened and 15 <= len(events) <= 25
    assert len(stations) >= 21 + len(NAMES)


def test_one_community_drifts_and_the_street_does_not(cases):
    due = cases[cases["截止时间"].between("2023-11-01", "2026-10-31 23:59:59")]
    on_time = (due["办结时间"] <= due["截止时间"]).groupby([due["社区"], due["截止时间"].dt.to_period("Q")]).mean().unstack()
    drifting = on_time.loc[NAMES[DRIFT_PLACE]]
    assert drifting["2024Q1":"2025Q3"].min() > 0.92
    assert drifting["2025Q4"] > drifting["2026Q2"] > drifting["2026Q4"] and drifting["2026Q4"] < 0.85
    rest = on_time.reindex(NAMES).drop(NAMES[DRIFT_PLACE])
    assert rest.min().min() > 0.86 and abs(rest["2026Q3"].mean() - rest["2025Q3"].mean()) < 0.015


def test_cases_are_settled_as_the_street_says(cases):
    closed = cases[cases["办结时间"].notna()]
    assert 0.955 < closed["办结层级"].str.removesuffix("级").isin(["楼栋", "网格", "社区"]).mean() < 0.97
    assert 0.68 < (closed["是否回访"] == "是").mean() < 0.72
    asked = closed[closed["是否回访"] == "是"]
    rates = [(asked[c] == "是").mean() for c in ("是否响应", "是否解决", "是否满意")]
    assert 1 > rates[0] > rates[1] > rates[2] > 0.88
    assert not ((asked["是否满意"] == "是") & (asked["是否解决"] == "否")).any()
    waiting = cases[cases["办结时间"].isna() & cases["受理时间"].notna() & ~cases["工单编号"].isin(closed["工单编号"])]
    overdue = waiting["截止时间"] < datetime(2026, 11, 1)
    assert 300 < len(waiting) < 900 and 30 < overdue.sum() < 200
    disputes = closed[closed["事件类型"].str.endswith("纠纷")]
    assert disputes["是否调解成功"].isin(["是", "否"]).all() and 0.85 < (disputes["是否调解成功"] == "是").mean() < 0.92
    assert cases["联系电话"].str.match(r"000\d{8}$").all()


def test_late_community_has_no_activity_in_the_newest_month(folder):
    held = table(folder / "活动台账/2026年下半年活动台账.xlsx")
    october = held[held["活动日期"].astype(str).str.startswith("2026-10")]
    assert NAMES[LATE_PLACE] not in set(october["社区"]) and len(set(october["社区"])) >= 20


def unreadable_in(frame: pd.DataFrame, numbers: tuple[str, ...], days: tuple[str, ...], place: str) -> int:
    """Rows of a ledger in which a number, a day or a place cannot be read."""
    names = {plain(n) for name in (*NAMES, FORMER_NAME, STREET) for n in (name, name.removesuffix("社区"))}
    bad = ~frame[place].map(lambda cell: plain(str(cell)) in names)
    for columns, reader in ((numbers, read_number), (days, read_time)):
        for column in columns:
            texts = frame[column].map(str)
            fails = {text: _fails(reader, text) for text in texts.unique()}
            bad |= texts.map(fails)
    return int(bad.sum())


def _fails(reader, text: str) -> bool:
    try:
        reader(text)
    except ValueError:
        return True
    return False


def test_bad_cells_are_a_few_tens_and_known(folder, cases, monthly):
    found = {"monthly": 0, "odd": 0}
    for rows in monthly.values():
        for row in rows:
            texts = [cell for cell in row[2:] if isinstance(cell, str) and cell not in ("", "—")]
            found["monthly"] += any(_fails(read_number, text) for text in texts)
            found["odd"] += len(texts)
            assert not texts or plain(row[1]).removesuffix("社区") == NAMES[TYPIST_PLACE].removesuffix("社区")
    assert found["monthly"] == len(typist.UNREADABLE) and 50 < found["odd"] < 150
    found["cases"] = int((cases["impossible"] | ~cases["社区"].isin(NAMES)).sum())
    found["backwards"] = int((cases["办结时间"] < cases["受理时间"]).sum())
    found["activities"] = 0
    for path in (folder / "活动台账").glob("*.xlsx"):
        held = table(path)
        day, place = ("活动时间", "举办社区") if "活动时间" in held else ("活动日期", "社区")
        found["activities"] += unreadable_in(held, ("参加人次",), (day,), place)
    topics = table(folder / "议事协商/议事协商台账.xlsx")
    steps = topics[["议事日期", "实施完成日期"]].map(lambda c: read_time(str(c)).at if c else None)
    found["topics"] = int((pd.to_datetime(steps["实施完成日期"]) < pd.to_datetime(steps["议事日期"])).sum())
    found["projects"] = unreadable_in(table(folder / "共建项目/需求与共建项目台账.xlsx"), ("费用(元)",), (), "社区")
    found["contributions"] = unreadable_in(table(folder / "共建项目/众筹出资台账.xlsx"), ("金额(元)",), (), "社区")
    found["small works"] = sum(
        unreadable_in(table(p), ("花费(元)", "受益人次"), ("提出日期", "完成日期"), "社区")
        for p in (folder / "便民惠民").glob("*微实项目台账.xlsx")
    )
    found["meetings"] = sum(
        unreadable_in(table(p), ("收集意见数",), ("召开日期",), "社区") for p in (folder / "议事协商").glob("*联系日台账.xlsx")
    )
    assert found["small works"] + found["meetings"] == len(FAULTS) == 2
    assert found["cases"] == 10 and found["backwards"] == 5 and found["activities"] == 8 and found["topics"] == 2
    assert 20 <= sum(n for name, n in found.items() if name != "odd") <= 50


def test_registers_agree_with_the_newest_month(folder, monthly):
    newest = {row[1]: row for row in monthly["2026-10"] if plain(row[1]) == row[1]}
    heads = rows_of(folder / "基本情况" / TABLE.format("2026年10月"))[3]
    value = lambda name, head: newest[name][heads.index(head)]  # noqa: E731
    grids, tree = table(folder / "网格/网格台账.xlsx"), table(folder / "党组织/党组织台账.xlsx")
    grids = grids[
        grids["网格级别"].isin(["三级网格", "专属网格"])
    ]  # the monthly table counts neither those above nor those below
    active = grids[grids["撤销日期"] == ""].groupby("所属社区")
    branches = tree[(tree["撤销日期"] == "")]
    leaves = branches[branches["组织层级"].str.endswith("党支部")].groupby("所属社区")["党员人数"].sum()
    for name in set(newest) - {NAMES[TYPIST_PLACE]}:
        assert active.size()[name] == value(name, "网格") and 8 <= active.size()[name] <= 14
        assert active["户数"].sum()[name] == newest[name][2]
        assert active["实配网格员"].sum()[name] == value(name, "专职网格员")
        assert leaves[name] == value(name, "在册党员")
    groups = branches[branches["组织层级"] == "楼栋党小组"]
    assert groups.groupby("所属社区")["党员人数"].sum().lt(leaves.reindex(NAMES)).sum() >= 20
    assert set(tree["上级组织编码"]) - {""} <= set(tree["组织编码"])
    assert {"街道党工委", "社区党委", "党总支", "网格党支部", "楼栋党小组", "党员中心户"} <= set(tree["组织层级"])
    ordinary = grids[(grids["撤销日期"] == "") & (grids["网格级别"] == "三级网格")]
    assert 3 <= (~ordinary["网格名称"].isin(branches["所属网格"])).sum() <= 20


def test_events_agree_with_the_monthly_table(folder, monthly):
    heads = rows_of(folder / "基本情况" / TABLE.format("2026年3月"))[3]
    hours = {row[1]: row[heads.index("志愿服务时长")] for row in monthly["2026-03"]}
    points = csv_of(folder / "积分流水/2026年上半年积分流水.csv")
    march = points[points["日期"].str.startswith("2026-03") & (points["服务时长"] != "")]
    summed = march["服务时长"].astype(float).groupby(march["社区"]).sum()
    exact = [name for name in NAMES if name in hours and isinstance(hours[name], float)]
    assert len(exact) >= 21 and all(hours[name] == summed[name] for name in exact)
    sessions = {row[1]: row[heads.index("教育培训")] for row in monthly["2026-03"]}
    held = table(folder / "活动台账/2026年上半年活动台账.xlsx")
    learning = held[held["活动类型"].isin(["党员教育", "廉政教育"]) & held["活动日期"].astype(str).str.startswith("2026-03")]
    counted = learning.groupby("社区").size()
    typed = NAMES[TYPIST_PLACE]  # her dates are text
    assert all(sessions[name] == counted.get(name, 0) for name in exact if name != typed)


def test_points_grow_and_nobody_redeems_more_than_earned(folder):
    points = pd.concat(csv_of(p).set_axis(range(12), axis=1) for p in sorted((folder / "积分流水").glob("*.csv")))
    earned, redeemed, expired = (pd.to_numeric(points[c]).fillna(0) for c in (5, 6, 7))
    assert 57_000 < len(points) < 63_000 and redeemed.sum() < 0.8 * earned.sum()
    day = points[1] + (points[4] != "获得").astype(str)
    order = np.lexsort((day, points[3]))
    balance = pd.Series((earned - redeemed - expired).to_numpy()[order]).groupby(points[3].to_numpy()[order]).cumsum()
    assert balance.min() >= 0
    assert set(points.loc[expired > 0, 1]) == {"2025-12-31"} and 0 < expired.sum() < 0.1 * earned.sum()


def test_needs_become_projects_as_267_to_168(folder):
    needs = table(folder / "共建项目/需求与共建项目台账.xlsx")
    count = [(needs[c] != "").mean() for c in ("征集日期", "认领日期", "达成日期", "完成日期")]
    assert count[0] > count[1] > count[2] > count[3] > 0.45 and 0.55 < count[2] < 0.70
    paid = table(folder / "共建项目/众筹出资台账.xlsx")
    assert set(paid["项目编号"]) <= set(needs.loc[needs["达成日期"] != "", "项目编号"])
    assert paid.groupby("项目编号")["出资单位"].nunique().max() == 9


def test_scores_follow_performance(folder, cases):
    scores = table(folder / "考评得分/2026年第三季度社区考评得分表.xlsx", 2).set_index("社区")
    values = scores[["党组织评价(分)", "平台评分(分)", "群众满意度测评(分)"]].astype(float)
    assert values.min().min() >= 60 and values.max().max() <= 100
    due = cases[cases["截止时间"].between("2026-07-01", "2026-09-30 23:59:59")]
    on_time = (due["办结时间"] <= due["截止时间"]).groupby(due["社区"]).mean().reindex(NAMES)
    assert np.corrcoef(on_time, values["平台评分(分)"].reindex(NAMES))[0, 1] > 0.7


def test_every_file_obeys_a_contract(folder):
    catalogue = load_catalogue(BUNDLED_CATALOGUE)
    ledgers = ledgers_for(catalogue, "demo")
    known, seen = known_heads(ledgers), {}
    for path in sorted(folder.rglob("*.*")):
        for sheet in extract(path, known):
            match = recognise(sheet, ledgers, catalogue)
            assert not match.ignored, (path.name, [sheet.heads[i] for i in match.ignored])
            unused = CHANGES if match.ledger.id == "communities" else set()
            assert {c.id for c in match.ledger.columns} - unused == set(match.columns), path.name
            seen[match.ledger.id] = seen.get(match.ledger.id, 0) + 1
    once = (
        "communities",
        "organisations",
        "grids",
        "deliberations",
        "projects",
        "contributions",
        "stations",
        "social_orgs",
        "events",
        *(CONTRACTS.get(book.ledger, book.ledger) for book in BOOKS if not book.by_year),
    )
    often = {"monthly": 36, "cases": 7, "activities": 7, "points": 7, "scores": 11, "groups": 11, "targets": 3}
    often |= {"errands": 7, "party_life": 7}
    for book in (b for b in BOOKS if b.by_year):  # quarters are complete from 2024 on
        often[book.ledger] = 3 if book.heads.get("period") == "季度" else 4
    assert seen == dict.fromkeys(once, 1) | often


def test_contracts_have_one_column_for_each_head_and_speak_chinese():
    for ledger in ledgers_for(load_catalogue(BUNDLED_CATALOGUE), "demo"):
        heads = [head for column in ledger.columns for head in column.heads]
        assert len(heads) == len(set(heads)), ledger.id
        for rule in ledger.rules:
            assert re.search(r"[\u4e00-\u9fff]", rule.say) and rule.say.endswith("。") and rule.advice.endswith("。"), (
                ledger.id,
                rule.say,
            )


def test_no_place_of_the_articles_is_named(folder):
    places = pd.read_csv(BUNDLED_DATA.parent / "catalogue/places.csv", dtype=str)
    real = set(places.loc[places["dataset"] == "articles", "name"])
    stems = {re.sub(r"(社区|街道|区|县|市|旗|镇)$", "", name) for name in real} - {"党群服务中心"}  # a word, not a name
    stems = {stem for stem in stems if len(stem) > 1}
    assert {"隐珠", "玉龙湖", "北镇"} <= stems
    text = "".join(NAMES) + FORMER_NAME + STREET
    for path in (
        "阵地/阵地台账.xlsx",
        "网格/网格台账.xlsx",
        "议事协商/议事协商台账.xlsx",
        "大事记/大事记.xlsx",
        "共建项目/众筹出资台账.xlsx",
    ):
        text += "".join(str(cell) for row in rows_of(folder / path) for cell in row)
    assert not [stem for stem in stems if stem in text]


def test_numerals_read_back():
    for number in (1, 9, 10, 15, 20, 101, 110, 120, 305, 999, 1001, 1120, 4785):
        assert read_number(typist.chinese_numeral(number)).value == number
    assert typist.chinese_numeral(120) == "一百二十" and not math.isnan(read_number("1.1千").value)


def test_ensure_writes_once_and_remove_stays_removed(tmp_path, monkeypatch):
    home, runs = Home(tmp_path), []

    def write(folder: Path, seed: int) -> None:
        runs.append(seed)
        folder.mkdir(parents=True)
        (folder / "社区名册.xlsx").write_bytes(b"")

    monkeypatch.setattr(demo, "write", write)
    assert demo.ensure(home.demo) and not demo.ensure(home.demo)
    assert demo.ensure(home.demo, 7) and runs == [demo.SEED, 7]
    assert [p.name for p in tmp_path.iterdir()] == ["demo"]
    (tmp_path / ".demo.99.part").mkdir()  # left by a killed run
    (home.demo / demo.STAMP).unlink()
    assert demo.ensure(home.demo) and [p.name for p in tmp_path.iterdir()] == ["demo"]
    demo.remove(home)
    assert demo.is_removed(home) and not home.demo.exists()
    demo.restore(home)
    assert not demo.is_removed(home)
