"""Every figure of the made-up street worked out a second time, with plain pandas from its workbooks, and compared.

Each metric's formula is written here again, on the heads of the workbooks: neither the ETL, nor the catalogue's roll-ups, nor the
warehouse has a part in it.
"""

from __future__ import annotations

import operator
from functools import reduce

import numpy as np
import pandas as pd
import pytest
from ledger_books import MONTHS, Books, Flow, Persons, Reported, Stock, day, grid

from jiejian.periods import parse_period
from jiejian.selection import Selection

PERIODS = ("2025-03", "2026-09", "2026-Q3", "2025-Q2", "2025-H1", "2025", "2026-C09")
OLD_CASES = (
    ("工单号", "工单编号"), ("登记时间", "受理时间"), ("诉求来源", "来源渠道"), ("问题类别", "事项类别"), ("工单类型", "事件类型"),
    ("所属社区", "社区"), ("限办时限", "办理时限"), ("办理期限", "截止时间"), ("结案时间", "办结时间"), ("办结级别", "办结层级"),
    ("退单", "是否退回"), ("调解成功", "是否调解成功"), ("涉案金额", "涉及金额(元)"), ("重复件", "是否重复件"),
)  # fmt: skip
OLD_ACTIVITIES = (("类别", "活动类型"), ("举办社区", "社区"), ("活动时间", "活动日期"), ("活动主题", "活动名称"))
OLD_POINTS = (("交易号", "流水号"), ("记账日期", "日期"), ("所属社区", "社区"), ("商家", "兑换商家"))
WORDS = {
    "网格员巡查": "巡查走访", "12345热线": "热线", "群众投诉": "公众投诉", "微信公众号": "网络", "群众诉求": "诉求", "巡查事件": "事件",
    "矛盾纠纷": "纠纷", "24小时": "1天", "7天": "1周", "30天": "1月",
}  # fmt: skip


@pytest.fixture(scope="module")
def books(demo_home) -> Books:
    return Books(demo_home / "demo")


def cases_of(books: Books) -> pd.DataFrame:
    """The case exports without the rows that cannot be right: closed before opened, or on a day that no calendar has."""
    frame = books.ledger("诉求工单", old=OLD_CASES)
    for head in ("来源渠道", "事件类型", "办理时限"):
        frame[head] = frame[head].replace(WORDS)
    frame["办结层级"] = frame["办结层级"].str.removesuffix("级")
    times = {head: day(frame[head]) for head in ("受理时间", "截止时间", "办结时间")}
    wrong = pd.concat([frame[head].notna() & when.isna() for head, when in times.items()], axis=1).any(axis=1)
    wrong |= times["办结时间"] < times["受理时间"]
    return frame.assign(**times)[~wrong].drop_duplicates("工单编号", keep="last")


def measures_of(books: Books) -> dict[str, object]:
    """Everything that is counted, by names of this test: formulas on the heads of the workbooks."""
    monthly = books.monthly()
    by_month = lambda head: monthly.set_index(["社区", "month"])[head]  # noqa: E731
    stock = lambda head: Reported(grid(books, by_month(head)), False)  # noqa: E731
    flow = lambda head: Reported(grid(books, by_month(head)), True)  # noqa: E731
    m: dict[str, object] = {h: stock(h) for h in ["户数", "常住", "户籍", "流动", "老年人", "小区", "楼栋", "网格", "社工", "红管家", "在册党员", "在职党员", "报到党员", "流动党员", "驻区单位", "报到单位", "共建单位", "兼职委员", "志愿者", "窗口", "事项"]}
    m |= {h: flow(h) for h in ["代办", "办件", "三会一课", "主题党日", "党员服务人次", "党员时长", "志愿时长", "培训场次", "培训人次"]}
    everywhere = pd.DataFrame(True, index=books.places, columns=MONTHS)

    def events(frame, at, value="", own=""):
        """Flows of a ledger: ``own`` is the date by which each community's own ledger speaks."""
        speaks = everywhere
        if own:
            kept = frame.assign(month=day(frame[own]).dt.to_period("M"))
            speaks = grid(books, kept.groupby(["社区", "month"]).size()).notna()
        return lambda rows=None, at=at, value=value: Flow(books, frame if rows is None else frame[rows], at, value).within(speaks)

    # cases
    c = cases_of(books)
    opened, closed, due = events(c, "受理时间"), events(c, "办结时间"), events(c, "截止时间")
    base, dispute = c["办结层级"].isin(["楼栋", "网格", "社区"]), c["事件类型"] == "纠纷"
    back = c["是否回访"] == "是"
    m |= {
        "受理": opened(), "办结": closed(), "到期": due(), "按期": due(c["办结时间"] <= c["截止时间"]), "基层": closed(base),
        "在办": Stock(books, c, "受理时间", "办结时间"),
        "超期在办": Stock(books, c[~(c["办结时间"] <= c["截止时间"])], "截止时间", "办结时间"),
        "超期办结": closed(c["办结时间"] > c["截止时间"]), "退回": opened(c["是否退回"] == "是"), "一天": opened(c["办理时限"] == "1天"),
        "重复": opened(c["是否重复件"] == "是"), "巡查": opened(c["来源渠道"] == "巡查走访"), "热线": opened(c["来源渠道"] == "热线"),
        "投诉": opened((c["来源渠道"] != "巡查走访") & (c["事件类型"] == "诉求")),
        "回访": closed(back), "响应": closed(back & (c["是否响应"] == "是")), "解决": closed(back & (c["是否解决"] == "是")),
        "满意": closed(back & (c["是否满意"] == "是")), "纠纷": opened(dispute), "纠纷办结": closed(dispute),
        "调成": closed(dispute & (c["是否调解成功"] == "是")),
        "金额": closed(dispute & (c["是否调解成功"] == "是"), value="涉及金额(元)"),
    }  # fmt: skip

    # activities
    a = books.ledger("半年活动台账", old=OLD_ACTIVITIES)
    held = events(a, "活动日期", own="活动日期")
    kind = lambda name: held(a["活动类型"] == name)  # noqa: E731
    m |= {
        "场次": held(), "人次": held(value="参加人次"), "公益场": held(a["服务维度"] == "公益服务"), "志愿场": held(a["服务维度"] == "志愿服务"),
        "廉政场": kind("廉政教育"), "廉政人次": held(a["活动类型"] == "廉政教育", value="参加人次"), "党教场": kind("党员教育"),
        "民族场": kind("民族团结"), "集市场": kind("便民集市"), "联办场": held(a["是否联办"] == "是"),
    }  # fmt: skip

    # deliberations, needs, contributions
    t = books.ledger("议事协商台账", "所属社区")
    topic = events(t, "议事日期", own="议事日期")
    done = lambda rows=None, value="": topic(rows, "实施完成日期", value)  # noqa: E731
    voted = lambda rows=None: topic(rows, "表决日期")  # noqa: E731
    m |= {
        "议题": topic(), "表决": voted(), "通过": voted(t["表决通过"] == "是"), "实事": done(), "实事费用": done(value="费用(元)"),
        "议题办成": topic(t["实施完成日期"].notna()), "联系议题": topic(~t["会议形式"].isin(["居民议事会", "联席会议"])),
        **{f"工程{unit}": done(t["计量单位"] == unit, "工程量") for unit in ("米", "平方米", "株", "盏", "处")},
    }  # fmt: skip
    n = books.ledger("需求与共建项目台账")
    need = events(n, "征集日期", own="征集日期")
    m |= {"需求": need(), "认领": need(n["认领日期"].notna()), "达成": need(n["达成日期"].notna()), "完成": need(n["完成日期"].notna()), "项目达成": need(at="达成日期")}
    z = books.ledger("众筹出资台账")
    m |= {"出资": events(z, "出资日期", "金额(元)")(), "出资单位": Persons(books, z, "出资日期", "出资单位")}

    # points
    p = books.ledger("积分流水", old=OLD_POINTS)
    entry = events(p, "日期")
    got, spent, gone = (p["类型"] == k for k in ("获得", "兑换", "过期"))
    left = pd.to_numeric(p["获得积分"]).fillna(0) - pd.to_numeric(p["兑换积分"]).fillna(0) - pd.to_numeric(p["过期积分"]).fillna(0)
    m |= {
        "得分": entry(got, value="获得积分"), "兑分": entry(spent, value="兑换积分"), "过期": entry(gone, value="过期积分"), "兑次": entry(spent),
        "兑额": entry(spent, value="兑换折算金额(元)"), "余分": Stock(books, p.assign(余=left), "日期", value="余"),
        "活跃": Persons(books, p[got], "日期", "志愿者编号"),
    }  # fmt: skip
    m |= registers_of(books) | events_of(books, events) | tables_of(books)
    # What the monthly table lacks and a ledger holds is taken from the ledger.
    return m | {name: m[name].otherwise(m[ledger]) for name, ledger in (("代办", "代办册"), ("三会一课", "三会册"), ("主题党日", "党日册"))}


def registers_of(books: Books) -> dict[str, object]:
    """Things that stand: organisations, grids, stations, units, estates and the rest."""
    o, g, s = books.ledger("党组织台账", "所属社区"), books.ledger("网格台账", "所属社区"), books.ledger("阵地台账", "所在社区")
    org = lambda rows=True, **k: Stock(books, o[rows] if rows is not True else o, "成立日期", "撤销日期", **k)  # noqa: E731
    cell = lambda rows=True, **k: Stock(books, g[rows] if rows is not True else g, "启用日期", "撤销日期", **k)  # noqa: E731
    site = lambda rows=True, **k: Stock(books, s[rows] if rows is not True else s, "启用日期", "停用日期", **k)  # noqa: E731
    level, term = o["组织层级"], day(o["任期届满日期"])
    dissolved = day(o["撤销日期"])
    run_out = term.notna() & (dissolved.isna() | (dissolved > term))
    five = (s[["社情前哨", "红色宣传", "为民帮办", "协商议事", "活动发起"]] == "是").all(axis=1)
    vacant = pd.to_numeric(g["应配网格员"]) - pd.to_numeric(g["实配网格员"])
    found: dict[str, object] = {
        "组织": org(), "网格支部": org(level == "网格党支部"), "党小组": org(level == "楼栋党小组"), "中心户": org(level == "党员中心户"),
        "两新支部": org(o["组织类型"] == "两新组织"), "物业支部": org(o["组织类型"] == "物业"),
        "有支部网格": org(level == "网格党支部", once="所属网格"), "书记到位": org(o["书记到位"] == "是"), "应配书记": org(o["书记到位"].notna()),
        "届满": Stock(books, o[run_out], "任期届满日期", "撤销日期"),
        "应配": cell(value="应配网格员"), "实配": cell(value="实配网格员"), "空岗": Stock(books, g.assign(空=vacant), "启用日期", "撤销日期", "空"),
        **{f"{n}级网格": cell(g["网格级别"] == f"{n}级网格") for n in "二三四"},
        "阵地": site(), "夜间": site(s["夜间开放"] == "是"), "阵地面积": site(value="建筑面积(平方米)"), "五站": site(five),
        "居住型": site(s["阵地类型"] == "居住型驿站"), "公园型": site(s["阵地类型"] == "公园型驿站"),
    }  # fmt: skip
    f = books.ledger("网格力量台账", "所属社区")
    force = lambda rows=True: Stock(books, f[rows] if rows is not True else f, "到岗日期", "撤离日期", "实有人数")  # noqa: E731
    found |= {"网格力量": force(), "下沉": force(f["队伍构成"] == "下沉力量"), "社会": force(f["队伍构成"] == "社会力量")}
    r = books.ledger("社会组织台账", "入驻社区")
    social = lambda rows=True: Stock(books, r[rows] if rows is not True else r, "入驻日期", "退出日期")  # noqa: E731
    found |= {"社会组织": social(), "在孵": social(r["在孵"] == "是"), **{k: social(r["发展阶段"] == k) for k in ("萌芽期", "初创期", "发展期")}}
    found = {name: spoken(books, value, frame) for name, value, frame in ((n, v, r if n in ("社会组织", "在孵", "萌芽期", "初创期", "发展期") else None) for n, v in found.items())}

    u = books.ledger("共建单位台账", "共建社区")
    unit = lambda rows=True, **k: Stock(books, u[rows] if rows is not True else u, "共建日期", "退出日期", **k)  # noqa: E731
    k = books.ledger("居民自治组织台账")
    talks = k["自治组织类型"] == "居民议事会"
    council = lambda rows=True, **x: Stock(books, k[rows] if rows is not True else k, "成立日期", "停止日期", **x)  # noqa: E731
    e = books.ledger("小区台账", "所属社区")
    e["业"] = e["物业企业"].notna()
    estate = lambda rows=True, start="交付日期": Stock(books, e[rows] if rows is not True else e, start, "拆除日期")  # noqa: E731
    w, d = books.ledger("服务窗口台账", "所属社区"), books.ledger("进驻部门台账", "所在社区")
    part = lambda **x: spoken(books, Stock(books, d, "进驻日期", "撤出日期", **x), d)  # noqa: E731
    q = books.ledger("两新组织台账", "所属社区")
    firm = lambda rows=True, start="登记日期", **x: Stock(books, q[rows] if rows is not True else q, start, "注销日期", **x)  # noqa: E731
    led = q["覆盖日期"].notna() & q["党组织覆盖方式"].isin(["单独组建", "联合组建"])
    reached = q["覆盖日期"].notna() & q["党组织覆盖方式"].isin(["单独组建", "联合组建", "党建指导员"])
    v, x, y = books.ledger("志愿服务队台账"), books.ledger("红色联盟成员台账", "所在社区"), books.ledger("资源清单", "面向社区")
    h = books.ledger("功能室台账", "所在社区")
    return found | {
        "融入组织": unit(value="融入党组织数"), "融入党员": unit(value="融入党员人数"), "兼职单位": unit(u["负责人兼任委员"] == "是"),
        "自治组织": council(), "议事会": council(talks), "有议事会小区": council(talks, once="小区"),
        "小区册": estate(), "有物业": estate(e["业"]), "有业委会": estate(e["业委会成立日期"].notna(), "业委会成立日期"),
        "物业有支部": estate(e["业"] & e["物业党支部成立日期"].notna(), "物业党支部成立日期"),
        "一窗": Stock(books, w[w["一窗通办"] == "是"], "启用日期", "停用日期"),
        "部门": part(), "部门窗口": part(value="窗口数"), "部门事项": part(value="审批服务事项数"), "部门组织": part(value="党组织数"), "部门党员": part(value="党员人数"),
        "两新": firm(), "两新有组织": firm(led, "覆盖日期"), "两新有工作": firm(reached, "覆盖日期"), "两新党员": firm(value="党员人数"),
        "商圈": spoken(books, firm(q["所属商圈或楼宇"].notna()), q), "示范店": firm(q["党员示范店"] == "是"),
        "队伍": Stock(books, v, "成立日期", "解散日期"), "队员": Stock(books, v, "成立日期", "解散日期", "队员人数"),
        "联盟": spoken(books, Stock(books, x, "加盟日期", "退出日期"), x), "可兑": spoken(books, Stock(books, x[x["可兑换积分"] == "是"], "加盟日期", "退出日期"), x),
        "资源": Stock(books, y, "发布日期", "撤下日期"), "对接": Stock(books, y[y["首次对接日期"].notna()], "首次对接日期", "撤下日期"),
        "功能室": Stock(books, h, "启用日期", "停用日期"),
    }  # fmt: skip


def spoken(books: Books, value: object, frame: pd.DataFrame | None) -> object:
    """A register says nothing about a community that it does not name: a gap, not zero."""
    if frame is not None:
        value.values.loc[~value.values.index.isin(frame["社区"])] = np.nan
    return value


def events_of(books: Books, events) -> dict[str, object]:
    """What happened, from the exports and yearly ledgers that hold all communities."""
    e = books.ledger("代办帮办台账")
    errand = events(e, "受理日期")
    b = books.ledger("便民惠民台账")
    given = events(b, "日期")
    car = b["惠民类别"] == "直通车商品"
    saved = pd.to_numeric(b["按市面价金额(元)"]) - pd.to_numeric(b["居民实付金额(元)"])
    k = books.ledger("联席会议与联系日台账")
    meeting = events(k, "召开日期")
    opinion = ~k["会议形式"].isin(["联席会议", "居民议事会"])
    still = pd.to_numeric(k["收集意见数"], errors="coerce") - pd.to_numeric(k["已办结意见数"], errors="coerce")
    s, o, w = books.ledger("志愿服务队服务记录"), books.ledger("社会组织服务记录", "服务社区"), books.ledger("微实项目台账")
    service, social, small = events(s, "服务日期"), events(o, "服务日期"), events(w, "提出日期")
    p = books.ledger("组织生活台账")
    life = events(p, "召开日期")
    return {
        "代办册": errand(), "上门": errand(e["办理方式"] == "上门办"), "代办毕": errand(e["办结日期"].notna()),
        "惠民": given(), "惠及": given(value="惠及人次"), "市面": given(car, value="按市面价金额(元)"),
        "节省": events(b.assign(省=saved), "日期")(car, value="省"), "商品种": Persons(books, b[car], "日期", "品名"),
        "代工": given(b["惠民类别"] == "家庭代工", value="代工收入(元)"),
        "联席": meeting(k["会议形式"] == "联席会议"), "议定": meeting(k["会议形式"] == "联席会议", value="议定事项数"), "联系日": meeting(opinion),
        "意见": meeting(opinion, value="收集意见数"), "意见结": meeting(opinion, value="已办结意见数"), "意见未": events(k.assign(未=still), "召开日期")(opinion, value="未"),
        "队服务": service(), "队居民": service(value="服务居民人次"), "队时长": service(value="服务总时长(小时)"),
        "公益": social(), "公益人次": social(value="服务居民人次"), "公益组织": Persons(books, o, "服务日期", "社会组织编号"),
        "微提": small(), "微提毕": small(w["完成日期"].notna()), "微毕": small(at="完成日期"), "微益": small(at="完成日期", value="受益人次"),
        **{k2: life(p["组织生活类型"] == k2) for k2 in ("支部党员大会", "支部委员会会议", "党小组会", "党课", "换届选举")},
        "三会册": life(p["组织生活类型"].isin(["支部党员大会", "支部委员会会议", "党小组会", "党课"])), "党日册": life(p["组织生活类型"] == "主题党日"),
        "应到": life(value="应到人数"), "实到": life(value="实到人数"),
    }  # fmt: skip


def tables_of(books: Books) -> dict[str, object]:
    """Tables with a column of periods, and the quarterly ones with the period in the title."""
    found: dict[str, object] = {}

    def table(kind: str, flows: str = "", freq: str = "M") -> None:
        frame = books.ledger(kind)
        head = next(h for h in ("月份", "季度", "年度") if h in frame)
        frame = frame.assign(end=frame[head].map(last_month))
        for name in frame.columns.difference([head, "社区", "end"]):
            values = pd.to_numeric(frame.set_index(["社区", "end"])[name], errors="coerce").unstack().reindex(books.places)
            found[name] = Reported(values, name in flows.split())

    table("阵地使用情况表", "使用次数 到访人次")
    table("党费收缴统计表", "应缴党费党员 实缴党费党员 应缴党费(元) 实缴党费(元)")
    for kind, flows in (("党员队伍结构统计表", ""), ("发展党员统计表", "本季发展党员 本季转正"), ("党员作用发挥统计表", ""), ("民族团结进步工作统计表", "服务少数民族群众人次"), ("民主评议党员统计表", "")):
        table(kind, flows)
    for folder, kind in (("考评得分", "社区考评得分表"), ("服务对象", "服务对象统计表")):
        frames = []
        for path in sorted((books.folder / folder).glob(f"*{kind}.xlsx")):
            frames.append(books.sheet(path.relative_to(books.folder), 2).assign(end=last_month(path.stem.removesuffix(kind))))
        frame = books._ours(pd.concat(frames, ignore_index=True), "社区")
        for name in frame.columns.difference(["序号", "社区", "end"]):
            values = pd.to_numeric(frame.set_index(["社区", "end"])[name], errors="coerce").unstack().reindex(books.places)
            found[name] = Reported(values, name == "走访服务人次" or name.startswith("其中"))
    return found


def last_month(text: str) -> pd.Period:
    """The last month of 2026年3月, 2026年第三季度 or 2025年."""
    year, rest = text.split("年", 1)
    month = {"第一季度": 3, "第二季度": 6, "第三季度": 9, "第四季度": 12, "": 12}.get(rest) or int(rest.removesuffix("月"))
    return pd.Period(year=int(year), month=month, freq="M")


# metric: numerators / denominators × scale, in the names of this test. A count has no denominator.
FORMULAS = """
floating_share 流动 / 常住 %; households_per_building 户数 / 楼栋
households 户数; residents 常住; registered_residents 户籍; floating_residents 流动; elderly_share 老年人 / 常住 %; residents_per_household 常住 / 户数
party_organisations 组织; grid_branches 网格支部; building_groups 党小组; member_households 中心户; new_sector_branches 两新支部; property_branches 物业支部
grid_branch_coverage 有支部网格 / 三级网格 %; secretary_filled_rate 书记到位 / 应配书记 %; elections_overdue 届满; elections_held 换届选举
merged_organisations 融入组织; merged_members 融入党员; part_time_member_units 兼职单位; departments 部门; department_windows 部门窗口; department_items 部门事项
department_organisations 部门组织; department_members 部门党员; enterprises 两新; organisation_coverage 两新有组织 / 两新 %; work_coverage 两新有工作 / 两新 %
enterprise_members 两新党员; district_enterprises 商圈; model_shops 示范店; property_branch_coverage 物业有支部 / 有物业 %
registered_members 在册党员; members_per_thousand 在册党员 / 常住 1000; floating_members 流动党员; members_per_grid_branch 在册党员 / 网格支部
member_registration_rate 报到党员 / 在职党员 %; unit_registration_rate 报到单位 / 驻区单位 %; co_building_units 共建单位; part_time_members 兼职委员
lessons_held 三会一课; theme_days_per_branch 主题党日 / 网格支部; assemblies_held 支部党员大会; committee_meetings_held 支部委员会会议; group_meetings_held 党小组会
party_lectures_held 党课; party_life_attendance 实到 / 应到 %; dues_paid_rate 实缴党费(元) / 应缴党费(元) %; dues_paid 实缴党费(元); dues_payers_rate 实缴党费党员 / 应缴党费党员 %
young_member_share 35岁及以下 / 党员总数 %; old_member_share 61岁及以上 / 党员总数 %; college_member_share 研究生 + 大学本科 + 大学专科 / 党员总数 %
women_member_share 女党员 / 党员总数 %; minority_member_share 少数民族党员 / 党员总数 %; veteran_member_share 党龄50年及以上 / 党员总数 %
recruit_applicants 入党申请人; recruit_activists 入党积极分子; recruit_candidates 发展对象; recruit_probationary 预备党员; members_recruited 本季发展党员; members_converted 本季转正
review_participation 参加评议党员 / 应评议党员 %; review_excellent_share 评为优秀 / 参加评议党员 %; member_service_times 党员服务人次; member_hours_each 党员时长 / 在册党员
high_score_share 90分及以上 + 80—89分 / 参评党员 %; low_score_share 60分以下 / 参评党员 %; identity_share 亮身份党员 / 参评党员 %; members_pledged 亮承诺党员; members_skills_shown 亮特长党员
training_sessions 培训场次; training_attendances 培训人次; integrity_sessions 廉政场; integrity_attendances 廉政人次; member_education_sessions 党教场
grids 网格; households_per_grid 户数 / 网格; grid_posts_filled 实配 / 应配 %; grid_posts_vacant 空岗; grids_level2 二级网格; grids_level3 三级网格; grids_level4 四级网格
grid_deployed_staff 网格力量; grid_forces_sunk 下沉; grid_forces_social 社会; staff_per_grid 网格力量 / 三级网格; councils 自治组织; resident_councils 议事会
council_coverage 有议事会小区 / 小区 %; owners_coverage 有业委会 / 小区册 %; managed_share 有物业 / 小区册 %; households_per_steward 户数 / 红管家; community_workers_per_10k 社工 / 常住 10000
cases_opened 受理; cases_per_thousand_households 受理 / 户数 1000; complaints 投诉; complaints_per_thousand_households 投诉 / 户数 1000; hotline_cases 热线; patrol_share 巡查 / 受理 %
repeat_share 重复 / 受理 %; cases_closed 办结; closed_to_opened 办结 / 受理; on_time_rate 按期 / 到期 %; local_resolution_rate 基层 / 办结 %; cases_open 在办; cases_overdue 超期在办
overdue_share 超期在办 / 在办 %; cases_closed_late 超期办结; sent_back_rate 退回 / 受理 %; one_day_share 一天 / 受理 %; response_rate 响应 / 回访 %; resolution_rate 解决 / 回访 %
satisfaction_rate 满意 / 回访 %; call_back_rate 回访 / 办结 %; disputes 纠纷; mediation_success_rate 调成 / 纠纷办结 %; dispute_amount 金额
topics_raised 议题; topics_passed_rate 通过 / 表决 %; topics_done_rate 议题办成 / 议题 %; works_done 实事; works_cost 实事费用; works_length 工程米; works_area 工程平方米
works_plants 工程株; works_lamps 工程盏; works_sites 工程处; joint_meetings_held 联席; matters_agreed 议定; opinion_sessions 联系日; opinions_raised 意见
opinion_resolved_rate 意见结 / 意见 %; opinions_open 意见未; opinion_topics 联系议题; needs_collected 需求; claim_rate 认领 / 需求 %; agreement_rate 达成 / 需求 %; need_done_rate 完成 / 需求 %
projects_agreed 项目达成; contributions_amount 出资; contributing_units 出资单位; resources_listed 资源; resource_match_rate 对接 / 资源 %
stations_open 阵地; stations_night 夜间; stations_five_share 五站 / 阵地 %; stations_residential 居住型; stations_park 公园型; centre_rooms 功能室; venue_uses 使用次数; venue_visits 到访人次
visits_per_station 到访人次 / 阵地; floor_area_per_100_households 阵地面积 / 户数 100; errands 代办; errand_share 代办 / 办件 %; errands_done_rate 代办毕 / 代办册 %
errands_home_share 上门 / 代办册 %; errands_per_thousand_residents 代办 / 常住 1000; service_windows 窗口; one_stop_share 一窗 / 窗口 %; benefit_times 惠民; benefit_reached 惠及
price_saving_rate 节省 / 市面 %; goods_sold_kinds 商品种; home_work_income 代工; small_works_requested 微提; small_works_done_rate 微提毕 / 微提 %; small_works_done 微毕; small_works_served 微益
visits_per_window 办件 / 窗口; visits_per_thousand_residents 办件 / 常住 1000; service_items 事项; activity_sessions 场次; activity_attendances 人次; attendances_per_session 人次 / 场次
activity_participants 活动参加人数(去重); joint_sessions 联办场; voluntary_share 志愿场 / 场次 %; charity_share 公益场 / 场次 %; market_sessions 集市场; unity_sessions 民族场
minority_residents 少数民族居民; unity_model_households 民族团结模范户; unity_services 服务少数民族群众人次; volunteers 志愿者; volunteer_share 志愿者 / 常住 %; active_volunteers 活跃
hours_per_volunteer 志愿时长 / 志愿者; volunteer_teams 队伍; team_volunteers 队员; team_services 队服务; team_residents_served 队居民; team_hours 队时长; points_earned 得分; points_redeemed 兑分
redemption_share 兑分 / 得分 %; points_expired 过期; points_outstanding 余分; redemptions 兑次; redeemed_value 兑额; alliance_members 联盟; alliance_accepting 可兑
social_organisations 社会组织; social_organisations_incubating 在孵; social_orgs_budding 萌芽期; social_orgs_starting 初创期; social_orgs_growing 发展期; social_services 公益
social_residents_served 公益人次; serving_social_orgs 公益组织; score_party 党组织评价(分); score_platform 平台评分(分); score_residents 群众满意度测评(分)
lone_elderly 独居老人; minimum_living 低保对象; disabled 残疾人; new_employment 新就业群体; group_services 走访服务人次; oldest_residents 80岁及以上老人; infants 3岁以下婴幼儿
left_behind_children 困境儿童; services_elderly 其中为老服务; services_children 其中为小服务; visits_per_lone_elderly 其中为老服务 / 独居老人
"""
TABLE = {line.split()[0]: line.split()[1:] for line in FORMULAS.replace("\n", ";").split(";") if line.strip()}


@pytest.fixture(scope="module")
def counted(books) -> dict[str, object]:
    return measures_of(books)


def recomputed(words: list[str], counted: dict[str, object], first: pd.Period, last: pd.Period) -> pd.Series:
    """``a + b / c %`` by community in a period; a denominator of zero leaves a gap."""
    above, below = " ".join(words), ""
    if "/" in words:
        cut = words.index("/")
        above, below = " ".join(words[:cut]), words[cut + 1]
    scale = {"%": 100.0}.get(words[-1]) or (float(words[-1]) if words[-1].isdigit() else 1.0)
    value = reduce(operator.add, [counted[name].at(first, last) for name in above.split(" + ")])
    if not below:
        return value.astype(float)
    whole = counted[below].at(first, last).astype(float)
    return value / whole.where(whole > 0) * scale


def test_every_metric_of_the_demo_is_in_the_table(demo):
    assert {m.id for m in demo.metrics("demo")} == set(TABLE)


@pytest.mark.parametrize("metric", list(TABLE))
def test_the_figure_is_the_one_that_pandas_finds(metric, demo, books, counted):
    grains, seen = demo.grains("demo", metric), 0
    for key in PERIODS:
        period = parse_period(key)
        if period.grain not in grains:
            continue
        frame = demo.query(Selection("demo", (metric,), period)).set_index("place")["value"].reindex(books.places)
        first, last = pd.Period(period.start, "M"), pd.Period(period.end, "M")
        expected = recomputed(TABLE[metric], counted, first, last).reindex(books.places)
        pd.testing.assert_series_equal(
            frame.astype(float), expected.astype(float), check_names=False, check_index_type=False, rtol=1e-9, obj=f"{metric} {key}"
        )
        seen += int(frame.notna().sum())
    assert seen, "no figure in any of the sample periods"
