"""Figures from the shell: ``python -m jiejian query --metric on_time_rate --by community --period 2026-10``.

Prints what the pages show, from the same code. Exit status 0, or 2 with a Chinese sentence when a question cannot be
answered.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from getpass import getuser
from pathlib import Path

from pydantic import ValidationError

from jiejian import audit
from jiejian.analysis.total import totals
from jiejian.catalogue import CatalogueError, Metric, catalogue
from jiejian.export.catalogue_doc import markdown
from jiejian.export.tables import figures_table, to_csv
from jiejian.figures import names_of
from jiejian.format import format_value
from jiejian.home import home
from jiejian.offline import PLATFORMS, NotMade, make
from jiejian.periods import Period, parse_period
from jiejian.roles import ROLES, BadRoles, Entry, changed
from jiejian.selection import Selection, from_params, latest_periods, metric_named
from jiejian.warehouse import NoWarehouse, Warehouse, serving


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except (CatalogueError, NoWarehouse, ValueError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m jiejian", description="街鉴：从命令行查数")
    commands = parser.add_subparsers(required=True, metavar="命令")
    query = commands.add_parser("query", help="查询指标")
    query.add_argument("--metric", action="append", required=True, help="指标编号或名称，可写多次")
    query.add_argument("--by", choices=("community", "street"), default="community", help="按社区，或全街道合计")
    query.add_argument("--period", help="2026-10、2026-Q4、2026-H2、2026 或 2026-C10；默认最近一个月")
    query.add_argument("--since", help="起始时间，给出后输出逐期序列")
    query.add_argument("--community", action="append", default=[], help="社区名称，可写多次；默认全部")
    query.add_argument("--dataset", help="数据集：street、demo、articles、national")
    query.add_argument("--format", choices=tuple(_FORMATS), default="table")
    query.add_argument("--no-bom", action="store_true", help="CSV 不带 BOM")
    query.set_defaults(run=_query)
    metrics = commands.add_parser("metrics", help="列出可用指标")
    metrics.add_argument("--dataset")
    metrics.set_defaults(run=_metrics)
    role = commands.add_parser("role", help="写入人员与角色名单（登录后谁能看什么、做什么）")
    role.add_argument("account", help="登录系统给出的账号，通常是邮箱")
    role.add_argument("role", choices=(*ROLES, "移出"))
    role.add_argument("--community", action="append", help="只看这个社区，可写多次；只用于“查看”")
    role.set_defaults(run=_role)
    document = commands.add_parser("catalogue", help="输出指标目录（Markdown）")
    document.set_defaults(run=lambda options: print(markdown(catalogue()), end=""))
    offline = commands.add_parser("offline", help="做一个不联网也能安装的文件夹")
    offline.add_argument("folder", type=Path, metavar="文件夹")
    offline.add_argument("--platform", action="append", choices=tuple(PLATFORMS), help="可写多次；默认全部")
    offline.add_argument("--python", action="append", help="目标机器的 Python 版本，如 3.11，可写多次；默认与本机相同")
    offline.set_defaults(run=_offline)
    return parser


def _offline(options: argparse.Namespace) -> None:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    try:
        made = make(options.folder, options.platform or PLATFORMS, options.python or [here])
    except NotMade as error:
        raise ValueError(str(error)) from error
    print(f"已做好：{made}。整个文件夹拷到目标机器，按里面的“安装说明.txt”安装。")


def _open(dataset: str | None) -> tuple[Warehouse, str]:
    source = Warehouse(serving(home()), catalogue())
    there = source.datasets()
    if dataset and dataset not in there:
        raise ValueError(f"没有数据集“{dataset}”。可用的有：{'、'.join(there)}。")
    return source, dataset or source.default_dataset()


def _role(options: argparse.Namespace) -> None:
    try:
        entry = None if options.role == "移出" else Entry(role=options.role, communities=options.community)
        changed(home(), options.account, entry)
    except ValidationError as error:
        raise ValueError(f"{error.errors()[0]['ctx']['error']}。") from error
    except BadRoles as error:
        raise ValueError(str(error)) from error
    audit.record(home(), audit.at_the_machine(getuser()), "角色变更", f"{options.account} → {options.role}")
    print(f"已写入 {home().roles}")


def _metrics(options: argparse.Namespace) -> None:
    source, dataset = _open(options.dataset)
    for metric in source.metrics(dataset):
        print(f"{metric.id}\t{metric.name}\t{metric.unit}")


def _query(options: argparse.Namespace) -> None:
    source, dataset = _open(options.dataset)
    info = source.datasets()[dataset]
    if info.mode == "published":
        raise ValueError("公开报道的数字各有时间口径，不能按周期查询。请在页面“数据导出”中查看。")
    selection = _selection(options, source, dataset)
    metrics = tuple(source.catalogue.metrics[m] for m in selection.metrics)
    frame = source.query(selection)
    if options.by == "street":
        frame = totals(frame, metrics, source.catalogue.measures)
    context = source.context(dataset, selection.metrics, selection.places, selection.period, selection.since)
    _FORMATS[options.format](frame, metrics, context, source, options)


def _selection(options: argparse.Namespace, source: Warehouse, dataset: str) -> Selection:
    places = source.places(dataset)
    period = options.period or _newest(source, dataset, metric_named(options.metric[0], source.catalogue)).key
    chosen = {
        "dataset": [dataset],
        "metric": options.metric,
        "community": options.community,
        "period": [period],
        "since": [options.since] if options.since else [],
    }
    return from_params(chosen, source.catalogue, names_of(places))


def _newest(source: Warehouse, dataset: str, metric: str) -> Period:
    """The newest complete period of the shortest grain in which the metric can be shown."""
    info = source.datasets()[dataset]
    complete = latest_periods(info.first, info.as_of)
    found = next((complete[g][0] for g in source.grains(dataset, metric) if complete[g]), None)
    if found is None:
        raise ValueError(
            f"数据集“{dataset}”里“{source.catalogue.metrics[metric].name}”还没有完整的一期。请用 --period 写明时间。"
        )
    return found


def _csv(frame, metrics, context, source, options) -> None:
    sys.stdout.buffer.write(to_csv(figures_table(frame, metrics, context, source.catalogue), bom=not options.no_bom))


def _json(frame, metrics, context, source, options) -> None:
    units = {m.id: m.unit for m in metrics}
    kept = frame[["place_id", "place", "metric", "period", "value", "numerator", "denominator", "status", "qualifier"]]
    rows = kept.assign(unit=kept["metric"].map(units), dataset=context.dataset, fictional=context.fictional)
    print(
        json.dumps(
            json.loads(rows.to_json(orient="records", force_ascii=False, double_precision=15)), ensure_ascii=False, indent=1
        )
    )


def _table(frame, metrics: Sequence[Metric], context, source, options) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{context.subtitle}", caption=context.foot)
    for head in (source.catalogue.datasets[context.dataset].unit_of_comparison, "时间"):
        table.add_column(head)
    for metric in metrics:
        table.add_column(f"{metric.name}（{metric.unit}）", justify="right")
    values = {(r.place, r.period, r.metric): r.value for r in frame.itertuples()}
    for place, period in dict.fromkeys(zip(frame["place"], frame["period"], strict=True)):
        cells = (format_value(values.get((place, period, m.id)), m, exact=True) for m in metrics)
        table.add_row(place, parse_period(period).label, *cells)
    console = Console()
    console.print(table)


_FORMATS: dict[str, Callable] = {"table": _table, "csv": _csv, "json": _json}

if __name__ == "__main__":
    sys.exit(main())
