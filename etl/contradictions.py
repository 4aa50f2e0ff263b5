"""Sheets of one workbook that say different things of the same figure: the later one counts, and that is told when it is loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import duckdb

from etl.dates import Period, in_words
from etl.load import Manifest

_QUERY = """
SELECT c.old_load, c.new_load, count(*), any_value(struct_pack(
         place := coalesce(p.name, c.place_id), measure := m.name, grain := c.grain, first := c.period_start, last := c.period_end,
         before := c.old_value, now := c.new_value) ORDER BY c.place_id, c.measure, c.period_start)
FROM conflict c LEFT JOIN place p USING (place_id) LEFT JOIN measure m ON m.measure = c.measure
WHERE c.old_load IN (SELECT unnest($loads::VARCHAR[])) AND c.new_load IN (SELECT unnest($loads::VARCHAR[]))
GROUP BY ALL ORDER BY ALL"""


def told(path: Path | None, written: Iterable[Manifest]) -> list[str]:
    """A sentence for each pair of sheets of the same workbook, loaded together, of which figures differ; ``path`` is the version that serves."""
    books: dict[tuple[str, str], list[Manifest]] = defaultdict(list)
    for manifest in written:
        books[manifest.origin, manifest.sha256].append(manifest)
    several = {m.load_id: m for members in books.values() if len(members) > 1 for m in members}
    if not several or path is None:
        return []
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            found = connection.execute(_QUERY, {"loads": list(several)}).fetchall()
    except duckdb.Error:
        return []
    return list(_sentences(found, several))


def _sentences(found: list[tuple], loads: dict[str, Manifest]) -> Iterator[str]:
    for old, new, count, one in found:
        before, now = loads[old], loads[new]
        if (before.origin, before.sha256) != (now.origin, now.sha256):
            continue
        when = in_words(Period(one["grain"], one["first"], one["last"]))
        said = f"{one['place']}{when}{one['measure']}：{_number(one['before'])} 和 {_number(one['now'])}"
        yield (
            f"文件“{now.file}”的工作表“{before.sheet}”和“{now.sheet}”有 {count} 个数字说的是同一处、同一时间的同一项，却不一样"
            f"（如{said}），以“{now.sheet}”的为准。请核对是否把同名的两处写成了一处，或同一张表放了两遍。"
        )


def _number(value: float | None) -> str:
    return "缺" if value is None else f"{value:.15g}"
