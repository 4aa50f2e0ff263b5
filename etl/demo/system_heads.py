"""The heads of the workbooks of the working systems: contract column → head, as an office writes it."""

from __future__ import annotations

from etl.demo.templates import heads

COUNCILS = heads(
    """
    council_no 自治组织编号  council_name 自治组织名称  council_kind 自治组织类型  place 社区  estate 小区
    member_count 成员人数  party_member_count 其中党员  established_on 成立日期  dissolved_on 停止日期  head 负责人
    """
)
WINDOWS = heads(
    """
    window_no 窗口编号  window_name 窗口名称  place 所属社区  department 业务部门  window_kind 窗口类型
    window_items 可办事项数  one_stop 一窗通办  opened_on 启用日期  closed_on 停用日期
    """
)
ERRANDS = heads(
    """
    errand_no 代办编号  accepted_on 受理日期  place 社区  item 代办事项  item_category 事项领域  window 受理窗口
    way 办理方式  serves 服务群体  done_on 办结日期  applicant 申请人  phone 联系电话
    """
)
BENEFITS = heads(
    """
    benefit_no 惠民编号  given_on 日期  place 社区  benefit_kind 惠民类别  item 品名  supplier 供货单位  quantity 数量
    market_price 市面单价(元)  supply_price 惠民单价(元)  market_yuan 按市面价金额(元)  paid_yuan 居民实付金额(元)
    income_yuan 代工收入(元)  residents_reached 惠及人次
    """
)
CO_UNITS = heads(
    """
    unit_no 单位编号  unit_name 共建单位名称  unit_kind 单位性质  place 共建社区  joined_on 共建日期  left_on 退出日期
    reported_on 报到日期  organisation_count 融入党组织数  member_count 融入党员人数  part_time 负责人兼任委员
    contact 联络员  phone 联系电话
    """
)
MEMBER_SCORES = heads(
    """
    period 季度  place 社区  members_scored 参评党员  members_score_90 90分及以上  members_score_80 80—89分
    members_score_70 70—79分  members_score_60 60—69分  members_score_low 60分以下  members_identity_shown 亮身份党员
    members_pledged 亮承诺党员  members_skills_shown 亮特长党员
    """
)
ROOMS = heads(
    """
    room_no 功能室编号  room_name 功能室名称  place 所在社区  station 所属阵地  room_function 功能类别
    floor_area 室内面积(平方米)  seats 可容纳人数  opened_on 启用日期  closed_on 停用日期
    """
)
VENUES = heads(
    """
    period 月份  place 社区  venue_uses 使用次数  uses_deliberation 议事决策  uses_mediation 矛盾调解
    uses_members 党员活动  uses_training 各类培训  uses_culture 文体活动  uses_volunteer 志愿服务  venue_visits 到访人次
    activity_participants 活动参加人数(去重)
    """
)
RESOURCES = heads(
    """
    resource_no 资源编号  resource 资源内容  resource_category 资源类别  provider 提供单位  place 面向社区
    offered_on 发布日期  matched_on 首次对接日期  project_no 对接需求编号  withdrawn_on 撤下日期
    """
)
TEAMS = heads(
    """
    team_no 队伍编号  team_name 队伍名称  speciality 服务特长  place 社区  volunteer_count 队员人数
    party_member_count 其中党员  established_on 成立日期  dissolved_on 解散日期  leader 队长
    """
)
TEAM_SERVICES = heads(
    """
    service_no 服务编号  held_on 服务日期  place 社区  team 服务队名称  speciality 服务特长  title 服务内容
    attendances 参加志愿者人次  service_hours 服务总时长(小时)  residents_served 服务居民人次
    """
)
ALLIANCE = heads(
    """
    member_no 成员编号  member_name 成员名称  member_kind 成员类型  trade 经营类别  place 所在社区  joined_on 加盟日期
    left_on 退出日期  accepts_points 可兑换积分  offer 优惠内容  contact 联系人
    """
)
GRID_FORCES = heads(
    """
    grid_code 网格编码  grid_name 网格名称  place 所属社区  force_kind 力量类别  force_role 队伍构成  net 所属网
    force_posts 应配人数  force_count 实有人数  since 到岗日期  until 撤离日期
    """
)
MEETINGS = heads(
    """
    meeting_no 会议编号  meeting_kind 会议形式  place 社区  held_on 召开日期  venue 召开地点  subject 会议主题
    units_present 参会单位数  attendances 参会人次  matters_agreed 议定事项数  opinions_raised 收集意见数
    opinions_resolved 已办结意见数
    """
)
DEPARTMENTS = heads(
    """
    department_no 部门编号  department_name 部门名称  place 所在社区  centre 所在大厅  department_kind 部门性质
    window_count 窗口数  item_count 审批服务事项数  staff_count 工作人员数  organisation_count 党组织数
    member_count 党员人数  moved_in_on 进驻日期  moved_out_on 撤出日期
    """
)
ENTERPRISES = heads(
    """
    enterprise_no 两新组织编号  enterprise_name 两新组织名称  enterprise_kind 两新组织类型  place 所属社区
    district 所属商圈或楼宇  staff_count 从业人数  member_count 党员人数  coverage 党组织覆盖方式  covered_on 覆盖日期
    model_shop 党员示范店  registered_on 登记日期  closed_on 注销日期  owner 法定代表人
    """
)
UNITY = heads(
    """
    period 季度  place 社区  minority_residents 少数民族居民  unity_model_households 民族团结模范户
    unity_services 服务少数民族群众人次
    """
)
SOCIAL_SERVICES = heads(
    """
    service_no 公益服务编号  held_on 服务日期  org_no 社会组织编号  org_name 社会组织名称  place 服务社区
    service_kind 公益服务类别  title 公益服务内容  residents_served 服务居民人次
    """
)
ESTATES = heads(
    """
    estate_no 小区编号  estate_name 小区名称  place 所属社区  estate_kind 小区类型  households 小区户数
    buildings 小区楼栋数  delivered_on 交付日期  ended_on 拆除日期  property_company 物业企业
    property_branch_on 物业党支部成立日期  owners_committee_on 业委会成立日期  lon 经度  lat 纬度  crs 坐标系
    """
)
SMALL_WORKS = heads(
    """
    work_no 微实项目编号  requested_on 提出日期  place 社区  estate 小区  content 项目内容  work_kind 服务类型
    source 服务渠道  done_on 完成日期  cost_yuan 花费(元)  residents_served 受益人次
    """
)
PARTY_LIFE = heads(
    """
    record_no 组织生活编号  held_on 召开日期  org_code 组织编码  org_name 党组织名称  place 社区  life_kind 组织生活类型
    topic 组织生活主题  due_members 应到人数  present_members 实到人数  recorder 记录人
    """
)
MEMBER_PROFILE = heads(
    """
    period 季度  place 社区  members_profiled 党员总数  members_women 女党员  members_minority 少数民族党员
    members_age_35 35岁及以下  members_age_45 36—45岁  members_age_55 46—55岁  members_age_60 56—60岁
    members_age_61 61岁及以上  members_edu_graduate 研究生  members_edu_bachelor 大学本科  members_edu_college 大学专科
    members_edu_secondary 中专和高中  members_edu_junior 初中及以下  members_years_10 党龄不满10年
    members_years_30 党龄10—29年  members_years_50 党龄30—49年  members_years_51 党龄50年及以上
    """
)
RECRUITS = heads(
    """
    period 季度  place 社区  recruit_applicants 入党申请人  recruit_activists 入党积极分子  recruit_candidates 发展对象
    recruit_probationary 预备党员  members_recruited 本季发展党员  members_recruited_35 其中35岁及以下
    members_converted 本季转正
    """
)
DUES = heads(
    """
    period 月份  place 社区  dues_payers_due 应缴党费党员  dues_payers 实缴党费党员  dues_due 应缴党费(元)
    dues_paid 实缴党费(元)
    """
)
REVIEWS = heads(
    """
    period 年度  place 社区  members_to_review 应评议党员  members_reviewed 参加评议党员  reviewed_excellent 评为优秀
    reviewed_qualified 评为合格  reviewed_basic 评为基本合格  reviewed_unqualified 评为不合格
    """
)
