"""What a run did and how things stand, in Chinese, for people at a command line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import duckdb

from jiejian.catalogue import Catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from etl.load import Loads, Manifest
    from etl.run import Summary
    from etl.trial import Checked

_SHOWN = 12


@contextmanager
def progress_bar() -> Iterator[Callable[[int, int, str], None]]:
    """A bar on standard error while files are read; call it with done, total and what is in hand."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[what]}"))
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("装载台账", total=None, what="")
        yield lambda done, total, what: bar.update(task, completed=done, total=total, what=what)


def show_summary(summary: Summary, catalogue: Catalogue, console: Console) -> None:
    """What was loaded, ledger by ledger, what was rejected and why, and which version serves."""
    if summary.written:
        console.print(_written_table(summary.written, catalogue))
    if summary.unchanged:
        console.print(f"未变化：{summary.unchanged} 张表，没有重复装载。")
    for sentence in summary.corrections:
        console.print(sentence, style="red", markup=False, soft_wrap=True)
    for sentence in summary.faults:
        console.print(f"不能用：{sentence}", style="red", markup=False, soft_wrap=True)
    for sentence in summary.notes:
        console.print(f"未载入：{sentence}", markup=False, soft_wrap=True)
    _show_sentences(summary, console)
    if summary.path is None:
        console.print("还没有可用的数据。请先改正上面的问题。", style="red")
    else:
        state = "已生成新版本" if summary.rebuilt else "内容没有变化，沿用现有版本"
        console.print(f"{state}：{summary.path.name}（{summary.seconds:.1f} 秒）", markup=False, soft_wrap=True)


def _show_sentences(summary: Summary, console: Console) -> None:
    told = list(dict.fromkeys(summary.sentences))  # of a table that is turned a row's label is told once for each of its columns
    for sentence in told[:_SHOWN]:
        console.print(sentence, markup=False, soft_wrap=True)
    if len(told) > _SHOWN:
        console.print(f"……以上只列出 {_SHOWN} 条，全部见 python -m etl status。")
    if summary.rows_rejected:
        console.print(
            f"共有 {summary.rows_rejected} 行没有通过检查，未载入；改正后重新上报即可，已载入的不会重复。", style="yellow"
        )


def _written_table(written: list[Manifest], catalogue: Catalogue):
    from rich.table import Table

    table = Table(title="本次装载")
    for head in ("数据集", "台账", "表数", "行数", "载入", "退回", "提示"):
        table.add_column(head, justify="left" if head in ("数据集", "台账") else "right")
    groups: dict[tuple[str, str], list[Manifest]] = {}
    for manifest in written:
        groups.setdefault((manifest.dataset, manifest.ledger), []).append(manifest)
    for (dataset, ledger), some in groups.items():
        name = catalogue.datasets[dataset].name if dataset in catalogue.datasets else dataset
        sums = (sum(getattr(m, f) for m in some) for f in ("rows_in", "rows_accepted", "rows_rejected", "warnings"))
        table.add_row(name, catalogue.ledgers[ledger].name, *(f"{n:,}" for n in (len(some), *sums)))
    return table


def show_checked(checked: list[Checked], marked: dict[Path, Path], console: Console) -> None:
    """File by file: what was recognised, what a load would change, what is wrong, and where the marked copy lies."""

    def say(sentence: str, style: str | None = None) -> None:
        console.print(sentence, style=style, markup=False, soft_wrap=True)

    for one in checked:
        say(f"【{one.name}】")
        for sentence in one.faults:
            say(f"不能用：{sentence}", "red")
        for found in one.found:
            where = " ".join(filter(None, (found.sheet, f"“{found.ledger_name}”", found.period)))
            p = found.preview
            say(f"{where}：共 {found.rows_in:,} 行，可入库 {found.rows_accepted:,} 行（新增 {p.new:,}，改变 {p.changed:,}，相同 {p.same:,}），退回 {found.rows_rejected:,} 行，提醒 {found.warnings:,} 处。")
        for sentence in one.notes:
            say(f"不装载：{sentence}")
        for problem in one.problems[:_SHOWN]:
            say(problem.sentence)
        if len(one.problems) > _SHOWN:
            say(f"……另有 {len(one.problems) - _SHOWN:,} 处，见标注后的表。")
        if one.path in marked:
            say(f"已标注：{marked[one.path]}。改好标出的单元格后重新上报。")
    say("只是检查，没有装载。")


def show_loads(loads: Loads, catalogue: Catalogue, console: Console, everything: bool = False) -> None:
    """The loads, newest first: number, when, who, what came of it, and whether it was undone."""
    from rich.table import Table

    table = Table(title=None if everything else f"最近的装载（共 {len(loads.all)} 次，--all 全部列出）")
    for head in ("编号", "时间", "经办", "数据集", "台账", "文件", "指纹", "行数", "入库", "退回", "状态"):
        table.add_column(head, justify="right" if head in ("编号", "行数", "入库", "退回") else "left", overflow="fold")
    for m in reversed(loads.all if everything else loads.all[-30:]):
        name = catalogue.ledgers[m.ledger].name if m.ledger in catalogue.ledgers else m.ledger
        dataset = catalogue.datasets[m.dataset].name if m.dataset in catalogue.datasets else m.dataset
        when = datetime.fromisoformat(m.loaded_at).astimezone().strftime("%Y-%m-%d %H:%M")
        record = loads.undone.get(m.load_id)
        state = f"已撤销（{record.user}）" if record else ""
        file = f"{m.file} {m.sheet}".strip()
        counts = (f"{n:,}" for n in (m.rows_in, m.rows_accepted, m.rows_rejected))
        table.add_row(str(m.seq), when, m.user, dataset, name, file, m.sha256[:8], *counts, state)
    console.print(table)


def show_status(path: Path | None, faults: list[str], catalogue: Catalogue, console: Console) -> bool:
    """How things stand: data sets, ledgers, corrections and what is rejected, from the version that serves.

    False where a correction failed.
    """
    from rich.table import Table

    if path is None:
        console.print("还没有数据。运行 python -m etl 装载。")
        return True
    with duckdb.connect(str(path), read_only=True) as connection:
        table = Table(title=f"当前版本 {path.name}")
        for head in ("数据集", "截至", "台账", "表数", "行数", "退回", "最近装载"):
            table.add_column(head, justify="right" if head in ("表数", "行数", "退回") else "left", overflow="fold")
        for name, as_of, ledger, *counts, loaded in connection.execute(_STATUS).fetchall():
            called = catalogue.ledgers[ledger].name if ledger in catalogue.ledgers else ledger
            when = loaded.replace(tzinfo=UTC).astimezone().strftime("%m-%d %H:%M")
            table.add_row(name, as_of or "", called, *(f"{count:,}" for count in counts), when)
        console.print(table)
        corrections = connection.execute("SELECT state, sentence FROM correction ORDER BY state, correction").fetchall()
        rejects = connection.execute('SELECT severity, sentence FROM v_reject ORDER BY load_id, "row"').fetchall()
    for state, sentence in corrections:
        failed = state == "failed"
        console.print(sentence if failed else f"更正：{sentence}", style="red" if failed else None, markup=False, soft_wrap=True)
    for sentence in faults:
        console.print(f"不能用：{sentence}", style="red", markup=False, soft_wrap=True)
    for severity, sentence in rejects:
        console.print(f"{'退回' if severity == 'error' else '提示'}：{sentence}", markup=False, soft_wrap=True)
    counted = Counter(severity for severity, _ in rejects)
    console.print(f"退回 {counted['error']} 处，提示 {counted['warning']} 处，不能用的文件 {len(faults)} 个。")
    return all(state == "applied" for state, _ in corrections)


_STATUS = """
SELECT d.name, CAST(any_value(d.as_of) AS VARCHAR), l.ledger, count(*)::INT, sum(l.rows_accepted)::INT,
       sum(l.rows_rejected)::INT, max(l.loaded_at)
FROM load l JOIN dataset d USING (dataset) WHERE l.active GROUP BY d.name, l.dataset, l.ledger ORDER BY l.dataset, l.ledger
"""
