"""Published figures as a table: every word of the source that tells how exact a figure is goes along with it."""

from __future__ import annotations

import pandas as pd

from jiejian.context import Context
from jiejian.export.model import ExportColumn, ExportTable

_QUALIFIERS = {
    "exact": "确数",
    "at_least": "余、多、至少",
    "about": "约",
    "nearly": "近",
    "below": "不到",
    "planned": "将（计划数）",
    "derived": "推算",
    "range": "区间",
}
_COLUMNS: dict[str, ExportColumn] = {
    "place_path": ExportColumn("地点"),
    "name": ExportColumn("数字"),
    "value": ExportColumn("数值", kind="number"),
    "lower": ExportColumn("下限", kind="number"),
    "upper": ExportColumn("上限", kind="number"),
    "unit": ExportColumn("单位"),
    "qualifier": ExportColumn("限定"),
    "written": ExportColumn("原文写法"),
    "window_text": ExportColumn("时间口径"),
    "note": ExportColumn("备注"),
    "source": ExportColumn("来源标题"),
    "publisher": ExportColumn("报纸"),
    "cell": ExportColumn("编号与段落"),
}


def published_table(frame: pd.DataFrame, context: Context) -> ExportTable:
    """The table of :meth:`jiejian.warehouse.Warehouse.published`, with qualifiers in Chinese and values in base units."""
    kept = frame[list(_COLUMNS)].assign(qualifier=frame["qualifier"].map(_QUALIFIERS).fillna(frame["qualifier"]))
    definitions = (
        ("数值", "见“单位”列", "按原文换算为基本单位（8万余人记为80000人，限定为“余”）；比率按原文的百分数。"),
        ("限定", "", "原文的“余、约、多、至少、将”等字，数值不能当作确数使用。"),
        ("时间口径", "", "原文说明的时间；原文未载的不补。不同时间口径的数字不排名。"),
    )
    return ExportTable("公开报道中的数字", kept, tuple(_COLUMNS.values()), context, definitions)
