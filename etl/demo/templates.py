"""The heads of the made-up workbooks and exports: contract column → head, as an office or a platform writes it."""

from __future__ import annotations

from datetime import date

from etl.demo.profile import STREET


def heads(text: str) -> dict[str, str]:
    """``place 社区  held_on 活动日期`` → {place: 社区, held_on: 活动日期}, in order."""
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def report_line(day: date) -> tuple[str, str]:
    """The line below the title: who reports, and when."""
    return f"填报单位：{STREET}党群工作办公室", f"填报日期：{day.year}-{day.month:02d}-{day.day:02d}"


# Group above the head, head of the old template (unit in the head), of the new one (unit below), unit.
MONTHLY = {
    "households": ("", "总户数(户)", "户数", "户"),
    "residents": ("人口(人)", "常住", "常住", "人"),
    "registered_residents": ("人口(人)", "户籍", "户籍", "人"),
    "floating_residents": ("人口(人)", "流动", "流动", "人"),
    "elderly_residents": ("人口(人)", "60岁以上老人", "60岁及以上", "人"),
    "estates": ("小区楼栋", "小区数(个)", "住宅小区", "个"),
    "buildings": ("小区楼栋", "楼栋数(栋)", "楼栋", "栋"),
    "grids": ("网格力量", "网格数(个)", "网格", "个"),
    "grid_staff": ("网格力量", "网格员(人)", "专职网格员", "人"),
    "community_workers": ("网格力量", "社区工作人员(人)", "社区工作者", "人"),
    "building_stewards": ("网格力量", "楼栋长(人)", "楼栋红管家", "人"),
    "registered_members": ("党员队伍", "党员总数(人)", "在册党员", "人"),
    "in_service_members": ("党员队伍", "在职党员(人)", "辖区在职党员", "人"),
    "in_service_members_registered": ("党员队伍", "报到在职党员(人)", "已报到在职党员", "人"),
    "floating_members": ("党员队伍", "流动党员(人)", "流动党员", "人"),
    "resident_units": ("共驻共建", "辖区单位(个)", "驻区单位", "个"),
    "resident_units_registered": ("共驻共建", "报到单位(个)", "已报到单位", "个"),
    "co_building_units": ("共驻共建", "共建单位(个)", "共建单位", "个"),
    "part_time_members": ("共驻共建", "兼职委员(人)", "兼职委员", "人"),
    "volunteers": ("志愿力量", "注册志愿者(人)", "注册志愿者", "人"),
    "service_windows": ("窗口服务", "窗口数(个)", "服务窗口", "个"),
    "service_items": ("窗口服务", "事项数(项)", "服务事项", "项"),
    "errands": ("窗口服务", "代办(件)", "代办事项", "件"),
    "service_visits": ("窗口服务", "办件量(件)", "窗口办件", "件"),
    "lessons_held": ("组织生活", "三会一课(次)", "三会一课", "次"),
    "theme_days_held": ("组织生活", "主题党日(次)", "主题党日", "次"),
    "member_service_times": ("服务情况", "党员服务人次(人次)", "党员志愿服务人次", "人次"),
    "member_service_hours": ("服务情况", "党员服务时长(小时)", "党员志愿服务时长", "小时"),
    "volunteer_hours": ("服务情况", "志愿时长(小时)", "志愿服务时长", "小时"),
    "training_sessions": ("学习培训", "培训场次(场)", "教育培训", "场"),
    "training_attendances": ("学习培训", "培训人次(人次)", "教育培训人次", "人次"),
}

NEW_CASE_HEADS = heads(
    """
    case_no 工单编号  opened_at 受理时间  channel 来源渠道  category 事项类别  subcategory 事项小类
    case_kind 事件类型  place 社区  grid 所属网格  tier 办理时限  work_method 工作方式  dispatched_at 派单时间  due_at 截止时间  closed_at 办结时间
    closed_level 办结层级  called_back 是否回访  responded 是否响应  resolved 是否解决  satisfied 是否满意
    sent_back 是否退回  mediated 是否调解成功  mediator 调解组织  amount_yuan 涉及金额(元)  repeat_case 是否重复件  reporter 反映人  phone 联系电话
    """
)
OLD_CASE_HEADS = NEW_CASE_HEADS | heads(
    """
    case_no 工单号  opened_at 登记时间  channel 诉求来源  category 问题类别  subcategory 问题小类  case_kind 工单类型
    place 所属社区  grid 网格  tier 限办时限  due_at 办理期限  closed_at 结案时间  closed_level 办结级别
    sent_back 退单  mediated 调解成功  mediator 调解室  amount_yuan 涉案金额  repeat_case 重复件  reporter 诉求人  phone 来电号码
    """
)
POINT_HEADS = heads(
    """
    entry_no 流水号  entry_on 日期  place 社区  volunteer 志愿者编号  entry_kind 类型  points_earned 获得积分
    points_redeemed 兑换积分  points_expired 过期积分  item 服务或兑换项目  merchant 兑换商家  value_yuan 兑换折算金额(元)
    service_hours 服务时长
    """
)
OLD_POINT_HEADS = POINT_HEADS | heads(
    """
    entry_no 交易号  entry_on 记账日期  place 所属社区  item 项目  merchant 商家
    """
)
# The words of the old platform for those of the new one.
OLD_WORDS = {
    "巡查走访": "网格员巡查",
    "热线": "12345热线",
    "公众投诉": "群众投诉",
    "网络": "微信公众号",
    "诉求": "群众诉求",
    "事件": "巡查事件",
    "纠纷": "矛盾纠纷",
    "1天": "24小时",
    "1周": "7天",
    "1月": "30天",
    "楼栋": "楼栋级",
    "网格": "网格级",
    "社区": "社区级",
    "街道": "街道级",
    "部门": "部门级",
}

ACTIVITY_HEADS = heads(
    """
    activity_no 活动编号  title 活动名称  activity_type 活动类型  dimension 服务维度  organiser 主办单位  place 社区
    station 活动阵地  held_on 活动日期  joint 是否联办  season 季节主题  attendances 参加人次
    """
)
OLD_ACTIVITY_HEADS = ACTIVITY_HEADS | heads(
    """
    title 活动主题  activity_type 类别  place 举办社区  station 活动地点  held_on 活动时间
    """
)
TOPIC_HEADS = heads(
    """
    topic_no 议题编号  topic 议题名称  place 所属社区  estate 小区  meeting_kind 会议形式  raised_on 议事日期
    coordinated_on 协调日期  voted_on 表决日期  vote_passed 表决通过  done_on 实施完成日期  work_quantity 工程量
    work_unit 计量单位  cost_yuan 费用(元)
    """
)
PROJECT_HEADS = heads(
    """
    project_no 项目编号  need 需求内容  need_category 需求类别  place 社区  collected_on 征集日期  claimed_on 认领日期
    claimed_by 认领单位  agreed_on 达成日期  done_on 完成日期  cost_yuan 费用(元)
    """
)
CONTRIBUTION_HEADS = heads(
    """
    contribution_no 序号  project_no 项目编号  place 社区  unit_name 出资单位  amount_yuan 金额(元)  paid_on 出资日期
    """
)
STATION_HEADS = heads(
    """
    station_no 阵地编号  station_name 阵地名称  station_type 阵地类型  place 所在社区  floor_area 建筑面积(平方米)
    opened_on 启用日期  closed_on 停用日期  night_opening 夜间开放  opening_hours 开放时间  functions 功能  outpost 社情前哨
    publicity 红色宣传  helping 为民帮办  council_corner 协商议事  launching 活动发起  lon 经度
    lat 纬度  crs 坐标系
    """
)
ORGANISATION_HEADS = heads(
    """
    org_code 组织编码  org_name 组织名称  level 组织层级  parent_code 上级组织编码  place 所属社区  grid 所属网格
    estate 覆盖小区  building 覆盖楼栋
    covered_units 覆盖两新组织数  org_type 组织类型  established_on 成立日期  dissolved_on 撤销日期  member_count 党员人数
    secretary_filled 书记到位  elected_on 最近换届日期  term_ends_on 任期届满日期  secretary 书记
    """
)
GRID_HEADS = heads(
    """
    grid_code 网格编码  grid_name 网格名称  place 所属社区  grid_level 网格级别  parent_grid 上级网格  grid_households 户数
    staff_posts 应配网格员  staff_count 实配网格员  group_leaders 网格小组长  stewards 楼栋红管家  started_on 启用日期
    ended_on 撤销日期
    """
)
SOCIAL_HEADS = heads(
    """
    org_no 编号  org_name 名称  stage 发展阶段  place 入驻社区  registered_on 入驻日期  left_on 退出日期
    incubating 在孵  services_held 累计服务场次  residents_served 累计服务人数
    """
)
EVENT_HEADS = heads(
    """
    event_no 序号  happened_on 日期  what 事项  place 社区  event_kind 类别
    """
)
SCORE_HEADS = heads(
    """
    score_party 党组织评价  score_platform 平台评分  score_residents 群众满意度测评
    """
)
GROUP_HEADS = heads(
    """
    lone_elderly 独居老人  oldest_residents 80岁及以上老人  infants 3岁以下婴幼儿  minimum_living 低保对象  disabled 残疾人  left_behind_children 困境儿童
    new_employment 新就业群体  group_services 走访服务人次  services_elderly 其中为老服务
    services_children 其中为小服务  services_poor 其中低保帮扶  services_disabled 其中助残服务
    services_new_employment 其中新就业群体服务
    """
)
