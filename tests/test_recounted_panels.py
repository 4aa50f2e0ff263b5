"""What the panels of the working fields draw beyond the metrics, worked out a second time with plain pandas from the demo's workbooks.

Trees, steps with their times, flows of money, ages of points, ways on foot, weeks without activities: none of it is taken from
the warehouse here. The picked month is October 2026; the community whose typist errs is left out (see ledger_books.py).
"""

from __future__ import annotations

import math
from itertools import pairwise

import pandas as pd
import pytest
from ledger_books import Books, day
from test_recomputed import OLD_ACTIVITIES, OLD_POINTS, cases_of

from jiejian.periods import parse_period
from jiejian.ui.themes import activities, cases, deliberation, groups, organisation, projects, stations
from jiejian.ui.view import View

END = pd.Timestamp("2026-10-31")
YEAR, MONTH = (pd.Timestamp("2025-11-01"), END), (pd.Timestamp("2026-10-01"), END)


@pytest.fixture(scope="module")
def books(demo_home) -> Books:
    return Books(demo_home / "demo")


@pytest.fixture(scope="module")
def table(demo, books):
    """The table of a panel as the page draws it for the communities of ``books``."""
    known = demo.places("demo")
    places = tuple(known.loc[known["place"].isin(books.places), "place_id"])
    view = View(demo, demo.datasets()["demo"], demo.metrics("demo"), parse_period("2026-10"), places=places)

    def draw(module, key: str) -> pd.DataFrame:
        panel = next(p for some in module.TABS.values() for p in some if p.key == key)
        return panel.draw(view).table.reset_index(drop=True)

    return draw


def within(column: pd.Series, span: tuple[pd.Timestamp, pd.Timestamp]) -> pd.Series:
    return day(column).dt.normalize().between(*span)


def standing(frame: pd.DataFrame, start: str, end: str) -> pd.DataFrame:
    began, ended = day(frame[start]), day(frame[end])
    return frame[(began.isna() | (began <= END)) & (ended.isna() | (ended > END))]


def number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column, errors="coerce")


def test_the_tree_level_by_level(table, books):
    rows = standing(books.ledger("党组织台账", "所属社区"), "成立日期", "撤销日期")
    found = table(organisation, "org_levels").set_index("level")
    assert found["organisations"].to_dict() == rows["组织层级"].value_counts().to_dict()
    members = number(rows["党员人数"]).groupby(rows["组织层级"]).sum()
    shown = found["members"].dropna()
    assert len(shown) > 3 and shown.to_dict() == members[shown.index].to_dict()
    kinds = pd.crosstab(rows["社区"], rows["组织类型"])
    drawn = table(organisation, "org_types").set_index("place")
    assert drawn.to_dict() == kinds[drawn.columns].to_dict()


def test_units_departments_and_enterprises(table, books):
    units = standing(books.ledger("共建单位台账", "共建社区"), "共建日期", "退出日期")
    found = table(organisation, "org_joined").set_index("kind")
    assert found["units"].to_dict() == units["单位性质"].value_counts().to_dict()
    assert found["members"].to_dict() == number(units["融入党员人数"]).groupby(units["单位性质"]).sum().to_dict()
    firms = standing(books.ledger("两新组织台账", "所属社区"), "登记日期", "注销日期")
    ways = firms["党组织覆盖方式"].where(day(firms["覆盖日期"]) <= END, "未覆盖")
    drawn = table(organisation, "org_new_sector").set_index("kind")
    assert drawn.to_dict() == pd.crosstab(firms["两新组织类型"], ways)[drawn.columns].to_dict()
    departments = standing(books.ledger("进驻部门台账", "所在社区"), "进驻日期", "撤出日期").set_index("部门名称")
    for module, key in ((organisation, "org_departments"), (stations, "stations_departments")):
        shown = table(module, key).set_index("department_name")["item_count"].astype(float)
        assert shown.to_dict() == number(departments["审批服务事项数"]).to_dict()


@pytest.mark.parametrize(
    ("module", "key", "ledger", "place", "heads"),
    [
        (deliberation, "deliberation_steps", "议事协商台账", "所属社区", ("议事日期", "协调日期", "表决日期", "实施完成日期")),
        (projects, "projects_steps", "需求与共建项目台账", "社区", ("征集日期", "认领日期", "达成日期", "完成日期")),
    ],
)
def test_from_step_to_step_and_the_time_between(table, books, module, key, ledger, place, heads):
    rows = books.ledger(ledger, place)
    rows = rows[within(rows[heads[0]], YEAR)]
    dates = [day(rows[head]) for head in heads]
    found = table(module, key)
    assert list(found["count"]) == [int(d.notna().sum()) for d in dates]
    waits = [(after - before).dt.days.median() for before, after in pairwise(dates)]
    assert list(found["median_days"])[1:] == waits


def test_who_gave_to_what_adds_up(table, books):
    paid = books.ledger("众筹出资台账")
    paid = paid[within(paid["出资日期"], YEAR)]
    money = number(paid["金额(元)"])
    flows = table(projects, "projects_flows")
    assert flows["amount"].sum() == money.sum() and flows["payments"].sum() == len(paid)
    needs = books.ledger("需求与共建项目台账").drop_duplicates("项目编号").set_index("项目编号")["需求类别"]
    kinds = money.groupby(paid["项目编号"].map(needs)).sum()
    drawn = flows.groupby("category")["amount"].sum()
    assert drawn[kinds.index].to_dict() == kinds.to_dict()
    givers = table(projects, "projects_givers").set_index("unit_name")
    assert givers["amount"].to_dict() == money.groupby(paid["出资单位"]).sum().to_dict()
    assert table(projects, "projects_months")["amount"].sum() == money.sum()


def test_needs_that_wait_and_what_is_offered(table, books):
    needs = books.ledger("需求与共建项目台账")
    needs = needs[day(needs["征集日期"]) <= END]
    agreed = day(needs["达成日期"])
    unmet = needs[agreed.isna() | (agreed > END)]
    assert len(table(projects, "projects_unmet")) == len(unmet)
    resources = standing(books.ledger("资源清单", "面向社区"), "发布日期", "撤下日期")
    menu = table(projects, "projects_menu").set_index("category")
    assert menu["unmet"].to_dict() == unmet["需求类别"].value_counts().to_dict()
    assert menu["resources"].to_dict() == resources["资源类别"].value_counts().to_dict()
    unclaimed = needs[day(needs["认领日期"]).isna()]
    assert table(projects, "projects_ages")["needs"].sum() == len(unclaimed)
    small = books.ledger("微实项目台账")
    small = small[within(small["提出日期"], YEAR)]
    kinds = table(projects, "projects_small_kinds").set_index("服务类型")
    assert kinds["已完成"].to_dict() == day(small["完成日期"]).notna().groupby(small["服务类型"]).sum().to_dict()


def test_points_by_age_the_oldest_used_first(table, books):
    """Each volunteer's entries played through one by one."""
    entries = books.ledger("积分流水", old=OLD_POINTS)
    entries = entries.assign(on=day(entries["日期"])).dropna(subset=["on"])
    entries = entries[entries["on"] <= END].drop_duplicates("流水号")
    whose = ["社区", "志愿者编号"]
    spent = entries.assign(spent=number(entries["兑换积分"]).fillna(0) + number(entries["过期积分"]).fillna(0))
    to_cover = spent.groupby(whose)["spent"].sum().to_dict()
    earned = entries.assign(points=number(entries["获得积分"])).query("points > 0").sort_values(["on", "流水号"])
    sums = [0.0] * 5
    for place, who, on, points in earned[[*whose, "on", "points"]].itertuples(index=False):
        used = min(points, to_cover[place, who])
        to_cover[place, who] -= used
        sums[sum((END - on).days > edge for edge in (91, 182, 365, 730))] += points - used
    assert list(table(activities, "points_age")["points"]) == sums


def kilometres(a: pd.Series, b: pd.Series) -> float:
    """The spherical law of cosines: another formula than the page's."""
    lat, to = math.radians(a["纬度"]), math.radians(b["纬度"])
    cosine = math.sin(lat) * math.sin(to) + math.cos(lat) * math.cos(to) * math.cos(math.radians(a["经度"] - b["经度"]))
    return 6371.0088 * math.acos(min(cosine, 1.0))


def test_households_within_ten_minutes_walk(table, books):
    homes = standing(books.ledger("小区台账", "所属社区"), "交付日期", "拆除日期")
    # The nearest station may stand in any community, the left out one included.
    sites = standing(books.sheet("阵地/阵地台账.xlsx"), "启用日期", "停用日期")
    homes, sites = (f[number(f["经度"]).notna()] for f in (homes, sites))
    nearest = [min(kilometres(home, site) for _, site in sites.iterrows()) for _, home in homes.iterrows()]
    near = number(homes["小区户数"]).where([km <= 0.8 for km in nearest], 0).groupby(homes["社区"]).sum()
    found = table(stations, "stations_reach").set_index("place")
    assert found["within"].drop("合计", errors="ignore").reindex(near.index).to_dict() == near.to_dict()
    assert set(table(stations, "stations_far")["estate_name"]) == set(homes["小区名称"][[km > 0.8 for km in nearest]])


def test_windows_rooms_and_errands(table, books):
    windows = standing(books.ledger("服务窗口台账", "所属社区"), "启用日期", "停用日期")
    found = table(stations, "stations_windows").set_index("kind")
    assert found["windows"].to_dict() == windows["窗口类型"].value_counts().to_dict()
    assert found["items"].to_dict() == number(windows["可办事项数"]).groupby(windows["窗口类型"]).median().to_dict()
    rooms = standing(books.ledger("功能室台账", "所在社区"), "启用日期", "停用日期")
    drawn = table(stations, "stations_rooms").set_index("kind")["area"]
    assert drawn.to_dict() == number(rooms["室内面积(平方米)"]).groupby(rooms["功能类别"]).sum().to_dict()
    errands = books.ledger("代办帮办台账")
    errands = errands[within(errands["受理日期"], MONTH)]
    ways = table(stations, "stations_ways").set_index("服务群体")
    assert ways.to_dict() == pd.crosstab(errands["服务群体"], errands["办理方式"])[ways.columns].to_dict()


def test_days_weeks_and_months_with_and_without_activities(table, books):
    rows = books.ledger("活动台账", old=OLD_ACTIVITIES)
    rows = rows.assign(on=day(rows["活动日期"]).dt.normalize())
    rows = rows[rows["on"].between(*YEAR)]
    calendar = table(activities, "activities_calendar")
    assert calendar["sessions"].sum() == len(rows) and len(calendar) == rows["on"].nunique()
    months = table(activities, "activities_monthly").set_index("社区")
    counted = pd.crosstab(rows["社区"], rows["on"].dt.strftime("%Y-%m"))
    assert months.reindex(columns=counted.columns).to_dict() == counted.reindex(months.index, fill_value=0).to_dict()
    # Whole weeks of the twelve months begin on Monday, 3 November 2025, and end on Sunday, 25 October 2026.
    mondays = pd.date_range("2025-11-03", "2026-10-19", freq="7D")
    busy = rows.assign(monday=rows["on"] - pd.to_timedelta(rows["on"].dt.weekday, unit="D"))
    busy = busy[busy["monday"].isin(mondays)].groupby("社区")["monday"].nunique()
    found = table(activities, "activities_weekly").set_index("place")
    assert set(found["weeks"]) == {len(mondays)} == {51}
    assert found["quiet"].to_dict() == (51 - busy.reindex(found.index, fill_value=0)).to_dict()


def test_branches_without_a_meeting_that_the_rule_asks_for(table, books):
    """Grid branches that stood throughout and have no meeting of the kind: in October, in the third quarter for assembly and lecture."""
    branches = books.ledger("党组织台账", "所属社区")
    branches = branches[branches["组织层级"] == "网格党支部"]
    life = books.ledger("组织生活台账")
    life = life.assign(on=day(life["召开日期"]))
    expected = set()
    for kind, first, last in (
        ("主题党日", "2026-10-01", "2026-10-31"), ("支部委员会会议", "2026-10-01", "2026-10-31"),
        ("支部党员大会", "2026-07-01", "2026-09-30"), ("党课", "2026-07-01", "2026-09-30"),
    ):  # fmt: skip
        began, ended = day(branches["成立日期"]), day(branches["撤销日期"])
        stood = branches[(began.isna() | (began <= first)) & (ended.isna() | (ended > last))]
        held = life[(life["组织生活类型"] == kind) & life["on"].between(first, last)]
        expected |= {(kind, code) for code in set(stood["组织编码"]) - set(held["组织编码"])}
    found = table(activities, "activities_meetings")
    assert set(zip(found["kind"], found["org_code"], strict=True)) == expected and expected


def test_cases_that_wait_and_the_time_of_each_step(table, books):
    rows = cases_of(books)
    closed, due, opened = rows["办结时间"], rows["截止时间"], rows["受理时间"]
    end = pd.Timestamp("2026-10-31 23:59:59.999999")
    waiting = rows[(opened <= end) & (closed.isna() | (closed > end))]
    backlog = table(cases, "cases_backlog")
    assert backlog["cases"].sum() == len(waiting) and backlog["overdue"].sum() == (waiting["截止时间"] < end).sum()
    age = (end - waiting["受理时间"]) / pd.Timedelta(days=1)
    edges = [0, 1, 7, 30, 90, math.inf]
    assert list(backlog["cases"]) == [int(((age > a) & (age <= b)).sum()) for a, b in pairwise(edges)]
    soon = pd.Timestamp("2026-11-03 23:59:59.999999")
    asked = waiting[(waiting["截止时间"] <= soon) | (waiting["是否退回"] == "是")]
    assert set(table(cases, "cases_supervise")["case_no"]) == set(asked["工单编号"])
    october = rows[(opened >= "2026-10-01") & (opened <= end)]
    flow = table(cases, "cases_flow").set_index("step")
    sent = day(october["派单时间"])
    done = october["办结时间"].where(october["办结时间"] <= end)
    assert flow.loc["上报", "cases"] == len(october) and flow.loc["处置", "cases"] == done.notna().sum()
    hours = (sent - october["受理时间"]) / pd.Timedelta(hours=1)
    assert flow.loc["派单", "median_hours"] == pytest.approx(hours.median(), abs=1e-6)
    channels = table(cases, "cases_channels").set_index("事项类别")
    assert (
        channels.to_dict()
        == pd.crosstab(october["事项类别"], october["来源渠道"]).loc[channels.index, channels.columns].to_dict()
    )
    assert due.notna().all()


# ---- people who help, and people who are helped ----

GROUPS = ["独居老人", "80岁及以上老人", "3岁以下婴幼儿", "困境儿童", "低保对象", "残疾人", "新就业群体"]
SERVED = {"一老": "其中为老服务", "一小": "其中为小服务", "低保": "其中低保帮扶", "残疾": "其中助残服务", "新就业群体": "其中新就业群体服务"}


def test_volunteer_teams_and_their_services_by_speciality(table, books):
    teams = standing(books.ledger("志愿服务队台账"), "成立日期", "解散日期")
    found = table(activities, "volunteers_teams").set_index("category")
    assert found["count"].to_dict() == teams["服务特长"].value_counts().to_dict() and len(found) > 5
    assert found["total"].to_dict() == number(teams["队员人数"]).groupby(teams["服务特长"]).sum().to_dict()
    services = books.ledger("志愿服务队服务记录")
    services = services[within(services["服务日期"], MONTH)]
    kinds = services["服务特长"]
    drawn = table(activities, "volunteers_services").set_index("speciality")
    assert drawn["team_services"].to_dict() == kinds.value_counts().to_dict()
    for column, head in (("team_service_attendances", "参加志愿者人次"), ("team_residents_served", "服务居民人次")):
        assert drawn[column].to_dict() == number(services[head]).groupby(kinds).sum().to_dict()


def test_social_organisations_by_stage_and_their_services(table, books):
    orgs = standing(books.ledger("社会组织台账", "入驻社区"), "入驻日期", "退出日期")
    found = table(activities, "social_stages").set_index("社区")
    counted = pd.crosstab(orgs["社区"], orgs["发展阶段"])
    assert found.drop(index=found.index[0])[counted.columns].to_dict() == counted.reindex(found.index[1:]).to_dict()
    assert found.iloc[0].to_dict() == orgs["发展阶段"].value_counts().to_dict()
    services = books.ledger("社会组织服务记录", "服务社区")
    services = services[within(services["服务日期"], MONTH)]
    kinds = services["公益服务类别"]
    drawn = table(activities, "social_kinds").set_index("kind")
    assert drawn["social_services"].to_dict() == kinds.value_counts().to_dict()
    assert drawn["social_residents_served"].to_dict() == number(services["服务居民人次"]).groupby(kinds).sum().to_dict()


def test_members_of_the_alliance_and_who_takes_points(table, books):
    members = standing(books.ledger("红色联盟成员台账", "所在社区"), "加盟日期", "退出日期")
    found = table(activities, "alliance_members").set_index("category")
    assert found["count"].to_dict() == members["成员类型"].value_counts().to_dict()
    assert found["yes"].to_dict() == (members["可兑换积分"] == "是").groupby(members["成员类型"]).sum().to_dict()


@pytest.mark.parametrize(("key", "head"), [("points_merchants", "兑换商家"), ("points_items", "服务或兑换项目")])
def test_where_points_went_and_for_what(table, books, key, head):
    entries = books.ledger("积分流水", old=OLD_POINTS).drop_duplicates("流水号")
    october = entries[within(entries["日期"], MONTH)]
    spent = october[number(october["兑换积分"]) > 0]
    of = spent[head]
    found = table(activities, key).set_index("category")
    assert found["redemptions"].to_dict() == of.value_counts().to_dict() and len(found) > 5
    assert found["points"].to_dict() == number(spent["兑换积分"]).groupby(of).sum().to_dict()
    worth = number(spent["兑换折算金额(元)"]).groupby(of).sum()
    assert found["yuan"].reindex(worth.index).to_dict() == pytest.approx(worth.to_dict())


def served_people(books) -> pd.DataFrame:
    """The quarterly tables of the third quarter of 2026: a row a community."""
    path = next(p for p in books.folder.rglob("2026年第三季度服务对象统计表.*"))
    rows = books.sheet(path.relative_to(books.folder), head=2)
    return rows[rows["社区"].notna()].set_index("社区").rename(index={"机修厂社区": "启新社区"})


def test_people_in_need_by_group_and_community(table, books):
    """What is shown is the workbook's; what is not shown is 1 to 4, or the one smallest count beside it."""
    rows = served_people(books).reindex(books.places)
    shown = table(groups, "groups_places").set_index("place")
    assert list(shown.index) == books.places and shown.shape[1] == len(GROUPS)
    hidden = 0
    for column, head in zip(shown.columns, GROUPS, strict=True):
        written = number(rows[head])
        there = shown[column].notna()
        assert shown[column][there].to_dict() == written[there].to_dict(), head
        gone = written[~there & written.notna()]
        assert gone[gone >= 5].nunique() <= 1 and not written[there].between(1, 4).any()
        hidden += len(gone)
    assert hidden < shown.size / 4
    # The sum of some communities is told only where none of them is hidden: with the street's it would tell the others.
    totals = table(groups, "groups_counts").set_index("group")["count"]
    for (_, total), column, head in zip(totals.items(), shown.columns, GROUPS, strict=True):
        assert total == number(rows[head]).sum() if shown[column].notna().all() else math.isnan(total), head
    assert totals.notna().sum() >= 5


def test_how_often_people_in_need_were_visited(table, books):
    rows = served_people(books).reindex(books.places)
    found = table(groups, "groups_services").set_index("category")["value"]
    written = sorted(number(rows[head]).sum() for head in SERVED.values())
    assert sorted(found) == written and len(found) == 5
    each = table(groups, "groups_service_places").set_index("place")
    assert each.sum(axis=1).to_dict() == number(rows["走访服务人次"]).to_dict()
    quarters = table(groups, "groups_service_time")
    assert quarters["value"].iloc[-1] == number(rows["走访服务人次"]).sum()


def test_errands_of_the_quarter_and_those_at_home(table, books):
    errands = books.ledger("代办帮办台账")
    errands = errands[within(errands["受理日期"], (pd.Timestamp("2026-07-01"), pd.Timestamp("2026-09-30")))]
    found = table(groups, "groups_errands").set_index("place")
    counted = errands["社区"].value_counts()
    home = 100 * (errands["办理方式"] == "上门办").groupby(errands["社区"]).mean()
    assert found["errands"].to_dict() == counted.reindex(found.index).to_dict()
    assert found["errands_home_share"].to_dict() == pytest.approx(home.reindex(found.index).to_dict())


def test_goods_home_work_and_gifts(table, books):
    rows = books.ledger("便民惠民台账")
    rows = rows[within(rows["日期"], MONTH)]
    found = table(stations, "stations_benefits").set_index("benefit_kind")
    kinds = rows["惠民类别"]
    assert found["times"].to_dict() == kinds.value_counts().to_dict()
    assert found["reached"].to_dict() == number(rows["惠及人次"]).groupby(kinds).sum().to_dict()
    goods = rows[kinds == "直通车商品"]
    saved = number(goods["按市面价金额(元)"]) - number(goods["居民实付金额(元)"])
    shown = table(stations, "stations_saving").set_index("item")["saved"]
    assert shown.to_dict() == pytest.approx(saved.groupby(goods["品名"]).sum().to_dict())
