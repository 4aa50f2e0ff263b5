"""Case and activity ledgers of any length for the benchmarks: what a district's platform exports, with the faults that such exports have."""

from __future__ import annotations

from pathlib import Path

import duckdb

COMMUNITIES, YEARS, FIRST_YEAR = 300, 5, 2021
# One row in so many has the fault; every other row reads well.
_FAULTS = {"closed before it was opened": 20_011, "a place that no register knows": 50_021, "a day that is none": 30_011}
# So many rows at the end repeat a number from the beginning.
REPEATED = 100

_SUFFIXES = "['社区', '', '社区居委会']"


def names(count: int = COMMUNITIES) -> list[str]:
    """The communities of the made-up district, or of a street or city."""
    firsts, seconds = "东西南北中新老上下前后长安永泰兴和", "桥河湾园里巷坊店塘坡岭口村街亭"
    return [f"{a}{b}{c}" for c in "一二三四五六七八九十甲乙" for a in firsts for b in seconds][:count]


def write_cases(path: Path, rows: int, seed: int = 1, places: int = COMMUNITIES, years: int = YEARS) -> Path:
    """Write ``rows`` cases as a UTF-8 CSV under the heads of the case ledger, and return the path. Same rows for the same seed.

    They lie evenly over so many ``years``, the last of which is the same whatever their number.
    """
    first_day, days = f"{FIRST_YEAR + YEARS - years}-01-01", years * 365
    listed = "[" + ", ".join(f"'{name}'" for name in names(places)) + "]"

    def pick(part: int, values: str, count: int) -> str:
        return f"({values})[1 + (hash(i, {seed}, {part}) % {count})::INT]"

    def below(part: int, count: int) -> str:
        return f"(hash(i, {seed}, {part}) % {count})::BIGINT"

    wrong_order, unknown, no_day = _FAULTS.values()
    query = f"""
        WITH drawn AS (
          SELECT i, TIMESTAMP '{first_day}' + INTERVAL 1 SECOND * ((i * {days * 86400}::BIGINT) // {rows}) AS opened,
                 {below(1, 3)} AS tier, {below(2, 30 * 86400)} AS takes, {below(3, 100)} AS luck
          FROM range({rows}) t (i))
        SELECT '{"GD"}' || lpad((CASE WHEN i >= {rows - REPEATED} THEN i - {rows - REPEATED} ELSE i END)::VARCHAR, 10, '0') AS 工单编号,
               CASE WHEN i % {no_day} = 7 THEN '2023-02-30 08:00:00' ELSE strftime(opened, '%Y-%m-%d %H:%M:%S') END AS 受理时间,
               {pick(4, "['热线', '巡查走访', '公众投诉', '网络', '12345热线', '微信公众号']", 6)} AS 来源渠道,
               {pick(5, "['邻里纠纷', '供热供暖', '噪音扰民', '公共设施', '环境卫生', '物业管理', '停车秩序', '违法建设', '民生保障', '绿化养护']", 10)} AS 事项类别,
               {pick(6, "['诉求', '事件', '纠纷', '群众诉求']", 4)} AS 事件类型,
               CASE WHEN i % {unknown} = 11 THEN '查无此地' ELSE {pick(7, listed, places)} || {pick(8, _SUFFIXES, 3)} END AS 社区,
               strftime(opened + INTERVAL 1 DAY * ([1, 7, 30])[1 + tier::INT], '%Y-%m-%d %H:%M:%S') AS 截止时间,
               CASE WHEN luck < 94 THEN strftime(
                 CASE WHEN i % {wrong_order} = 3 THEN opened - INTERVAL 2 DAY ELSE opened + INTERVAL 1 SECOND * takes END,
                 '%Y-%m-%d %H:%M:%S') END AS 办结时间,
               CASE WHEN luck < 94 THEN {pick(9, "['网格', '社区', '街道', '部门', '楼栋']", 5)} END AS 办结层级,
               CASE WHEN luck < 60 THEN {pick(11, "['是', '是', '是', '否']", 4)} END AS 是否满意,
               '居民' || {pick(12, "['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛']", 8)} || lpad(({below(13, 100)})::VARCHAR, 2, '0') AS 反映人,
               '0000' || lpad(({below(14, 10_000_000)})::VARCHAR, 7, '0') AS 联系电话
        FROM drawn"""
    return _written(path, query)


def write_activities(path: Path, rows: int, seed: int = 2, places: int = COMMUNITIES, years: int = YEARS) -> Path:
    """Write ``rows`` activities as a UTF-8 CSV under the heads of the activity ledger, and return the path."""
    first_day, days = f"{FIRST_YEAR + YEARS - years}-01-01", years * 365
    listed = "[" + ", ".join(f"'{name}'" for name in names(places)) + "]"

    def pick(part: int, values: str, count: int) -> str:
        return f"({values})[1 + (hash(i, {seed}, {part}) % {count})::INT]"

    kinds = "['文体娱乐', '健康养老', '未成年人', '政策宣传', '便民集市', '志愿服务', '党员教育', '科普法治']"
    return _written(path, f"""
        SELECT 'HD' || lpad(i::VARCHAR, 8, '0') AS 活动编号, {pick(1, "['义诊', '读书会', '广场舞', '宣讲', '集市', '讲座']", 6)} || i % 97 AS 活动名称,
               {pick(2, kinds, 8)} AS 活动类型, {pick(3, "['公共服务', '公益服务', '志愿服务']", 3)} AS 服务维度, {pick(4, listed, places)} || '社区' AS 社区,
               strftime(DATE '{first_day}' + INTERVAL 1 DAY * ((i * {days}::BIGINT) // {rows})::INT, '%Y-%m-%d') AS 活动日期,
               {pick(5, "['是', '否', '否']", 3)} AS 是否联办, 10 + (hash(i, {seed}, 6) % 190)::INT AS 参加人次
        FROM range({rows}) t (i)""")  # fmt: skip


def _written(path: Path, query: str) -> Path:
    temporary = path.with_suffix(".part")
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # several would write their parts in the order in which they are done
        connection.execute(f"COPY ({query}) TO '{temporary.as_posix()}' (FORMAT csv, HEADER)")
    temporary.replace(path)
    return path
