"""python -m etl: files → loads → warehouse. Exit code 0 all loaded, 1 some rows rejected, 2 nothing usable or an error."""

from __future__ import annotations

import argparse
import gc
import sys
from pathlib import Path

from etl.hashes import begin


def main(arguments: list[str] | None = None) -> int:
    """Run one command; what it says goes to standard output, the progress bar to standard error."""
    options = _parser().parse_args(arguments)
    if options.command == "load":
        begin(options.files)
    import duckdb

    from etl.backup import Broken
    from etl.faults import ClockFault, StorageFault
    from etl.load import Damaged
    from etl.run import Busy
    from etl.undo import Refused
    from jiejian.catalogue import CatalogueError

    try:
        return _COMMANDS[options.command](options)
    except (Busy, Broken, ClockFault, StorageFault, Damaged, Refused, CatalogueError, OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        print(_sentence(error), file=sys.stderr)
        return 2


def everything(options: argparse.Namespace) -> int:
    """Bundled figures, the street's inbox, and the demo where the street has nothing yet."""
    from etl.build import refresh

    return _run(refresh)


def load(options: argparse.Namespace) -> int:
    """Some files, into one data set."""
    from etl.build import dataset_of, load

    options.dataset = options.dataset or dataset_of(options.contract)
    complaint = _complaint(options)
    if not options.files and not options.contract:
        complaint = "请写明要装载的文件；从数据库装载的，用 --contract 写明台账约定。"
    if complaint:
        print(complaint, file=sys.stderr)
        return 2
    return _run(lambda progress: load(options.files, options.dataset, options.contract, progress))


def demo(options: argparse.Namespace) -> int:
    """Write the made-up street somewhere, or put it away."""
    from etl import demo
    from etl.build import remove_demo, write_demo
    from etl.onrecord import noted

    if options.remove:
        code = _run(lambda progress: remove_demo())
        noted("删除演示数据", "")
        return code
    seed = demo.SEED if options.seed is None else options.seed
    if options.out:
        demo.write(options.out, seed)
    folder = options.out or write_demo(seed)
    print(f"演示数据已写入 {folder}。")
    return 0


def check(options: argparse.Namespace) -> int:
    """What a load would do; each file with findings is given back marked."""
    from rich.console import Console

    from etl import report
    from etl.build import check, dataset_of
    from etl.giveback import give_back, marked_name
    from jiejian.home import home

    options.dataset = options.dataset or dataset_of(options.contract)
    if complaint := _complaint(options):
        print(complaint, file=sys.stderr)
        return 2
    with report.progress_bar() as progress:
        checked = check(options.files, options.dataset, options.contract, progress)
    marked = {}
    for one in checked:
        if one.problems:
            # Not into the inbox: from there it would be loaded as a file of its own.
            inside = home().inbox in one.path.resolve().parents
            folder = options.out or (home().root / "marked" if inside else one.path.parent)
            folder.mkdir(parents=True, exist_ok=True)
            marked[one.path] = give_back(one.path, one.problems, folder / marked_name(one.name))
    report.show_checked(checked, marked, Console())
    if all(one.faults for one in checked):
        return 2
    return 1 if any(one.faults or one.rows_rejected for one in checked) else 0


def template(options: argparse.Namespace) -> int:
    """Write the templates of some ledgers, or of all."""
    from etl.build import template
    from etl.recognise import ledgers_for
    from jiejian.catalogue import catalogue

    known = {l.id: l for l in ledgers_for(catalogue(), options.dataset)} | {l.name: l for l in catalogue().ledgers.values()}
    unknown = [name for name in options.ledgers if name not in known]
    if unknown:
        names = "、".join(l.name for l in ledgers_for(catalogue(), options.dataset))
        print(f"没有台账“{unknown[0]}”，可选：{names}。", file=sys.stderr)
        return 2
    options.out.mkdir(parents=True, exist_ok=True)
    for ledger in [known[n] for n in options.ledgers] or ledgers_for(catalogue(), options.dataset):
        path = options.out / f"{ledger.name}（模板）.xlsx"
        path.write_bytes(template(ledger, options.dataset))
        print(f"已写出 {path}")
    return 0


def loads(options: argparse.Namespace) -> int:
    """Every load: number, when, who, file, rows; and which were undone."""
    from rich.console import Console

    from etl import report
    from etl.build import history
    from jiejian.catalogue import catalogue

    report.show_loads(history(), catalogue(), Console(), options.all)
    return 0


def rollback(options: argparse.Namespace) -> int:
    """Leave loads out of the warehouse, or bring them back."""
    from etl.build import restore, rollback
    from etl.onrecord import noted

    if not options.loads and not options.last:
        print("请写明要撤销的装载编号（python -m etl loads 可查），或用 --last 撤销最近一次。", file=sys.stderr)
        return 2
    touched: list = []

    def work(progress):
        done, summary = (restore if options.undo else rollback)(options.loads, options.last)
        touched.extend(done)
        return summary

    code = _run(work)
    noted("恢复装载" if options.undo else "撤销装载", "、".join(f"第{m.seq}次 {m.file}" for m in touched))
    for load in touched:
        print(f"已{'恢复' if options.undo else '撤销'}：{load.seq} {load.file} {load.sheet}（{load.rows_accepted:,} 行）".replace(" （", "（"))
    return code


def status(options: argparse.Namespace) -> int:
    """What is loaded, until when, and what is rejected."""
    from rich.console import Console

    from etl import report
    from etl.seen import Seen
    from etl.warehouse import serving
    from jiejian.catalogue import catalogue
    from jiejian.home import home

    return 0 if report.show_status(serving(home()), Seen(home()).all_faults(), catalogue(), Console()) else 1


def place(options: argparse.Namespace) -> int:
    """Say once which place a doubtful name means, or take it back."""
    from etl.answers import NoAnswer, decide
    from etl.memory import Memory
    from etl.onrecord import noted
    from jiejian.home import home

    if options.forget:
        Memory(home()).forget_place(options.dataset, options.written)
        noted("忘记对应", options.written)
        print(f"“{options.written}”不再按以前选定的认，下次再问。")
        return 0
    try:
        if not options.meant:
            raise NoAnswer("请写明是名册中的哪一处，例如：python -m etl place 城酉社区 城西社区。")
        print(decide(home(), options.dataset, options.written, options.meant))
        noted("记住对应", f"{options.written} → {options.meant}")
    except NoAnswer as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def path(options: argparse.Namespace) -> int:
    """The file that serves now, for notebooks and other tools."""
    from etl.warehouse import serving
    from jiejian.home import home

    found = serving(home())
    if found is None:
        print("还没有数据。运行 python -m etl 装载。", file=sys.stderr)
        return 2
    print(found)
    return 0


def back_up(options: argparse.Namespace) -> int:
    """The whole home in one file, also while it serves and loads."""
    from etl.build import back_up
    from etl.onrecord import noted

    made = back_up(options.file)
    noted("备份", f"{options.file.name}（{len(made.files):,}个文件）")
    size = options.file.stat().st_size / 1e6
    print(f"已备份到 {options.file}（{len(made.files):,} 个文件，{size:,.1f} MB）。里面有本街道的台账和假名密钥，请像对待原始台账一样保管。")
    return 0


def bring_back(options: argparse.Namespace) -> int:
    """A backup in the place of what stands; that is kept aside."""
    from etl.build import bring_back
    from etl.onrecord import noted

    if not options.file.is_file():
        print(f"找不到文件：{options.file}。请检查路径。", file=sys.stderr)
        return 2
    archive, aside, summary = bring_back(options.file, options.replace)
    # Into the record that came back: what stood there before was put aside with its own.
    noted("恢复备份", f"{options.file.name}（{archive.made_at} 的备份）")
    if aside and any(aside.iterdir()):
        print(f"原有数据已移到 {aside}，确认无误后可自行删除。")
    elif aside:
        aside.rmdir()
    print(f"已恢复到 {archive.made_at} 的备份（{len(archive.files):,} 个文件），数据已重新生成：{summary.path.name}。")
    return 0


def _complaint(options: argparse.Namespace) -> str:
    """What is wrong with the files or the data set that were named, in a sentence; empty when nothing is."""
    from jiejian.catalogue import catalogue

    missing = [str(path) for path in options.files if not path.is_file()]
    if missing:
        return f"找不到文件：{'、'.join(missing)}。请检查路径。"
    if not getattr(options, "contract", None) and options.dataset not in catalogue().datasets:
        return f"没有数据集“{options.dataset}”，可选：{'、'.join(catalogue().datasets)}。"
    return ""


def _run(work) -> int:
    from rich.console import Console

    from etl import onrecord, report
    from jiejian.catalogue import catalogue

    with report.progress_bar() as progress:
        summary = work(progress)
    onrecord.loaded(summary.written)
    report.show_summary(summary, catalogue(), Console())
    return summary.exit_code


def _sentence(error: Exception) -> str:
    from etl.faults import sentence

    return sentence(error) if isinstance(error, OSError) or type(error).__module__.endswith("duckdb") else str(error)


_COMMANDS = {"all": everything, "load": load, "check": check, "template": template, "loads": loads, "rollback": rollback, "backup": back_up, "restore": bring_back, "demo": demo, "place": place, "status": status, "path": path}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m etl", description="装载台账，生成数据。不带命令时装载全部。")
    parser.set_defaults(command="all")
    commands = parser.add_subparsers(metavar="命令")
    for name, text in (
        ("load", "装载指定的文件"),
        ("check", "只检查不装载，把有问题的表标注后退回"),
        ("template", "写出台账的空白模板"),
        ("loads", "列出每一次装载"),
        ("rollback", "撤销装载，或恢复撤销了的"),
        ("backup", "把全部数据备份成一个文件"),
        ("restore", "用备份文件恢复全部数据"),
        ("demo", "写出或移除演示数据"),
        ("place", "说明拿不准的地名是哪一处"),
        ("status", "查看装载情况"),
        ("path", "当前数据文件的路径"),
    ):
        commands.add_parser(name, help=text).set_defaults(command=name)
    load_options, demo_options = commands.choices["load"], commands.choices["demo"]
    check_options = commands.choices["check"]
    for options, many in ((load_options, "*"), (check_options, "+")):
        options.add_argument("files", nargs=many, type=Path, metavar="文件")
        options.add_argument("--dataset", help="数据集，默认约定写明的那一个，没有写明就是 street（本街道）")
    load_options.add_argument("--contract", type=Path, help="自写的台账约定（yml），存入本街道目录")
    check_options.add_argument("--contract", type=Path, help="自写的台账约定（yml），只用这一次")
    check_options.add_argument("--out", type=Path, help="标注后的表放到哪个文件夹，默认与原表相同（inbox 里的放到 marked）")
    blank_options = commands.choices["template"]
    blank_options.add_argument("ledgers", nargs="*", metavar="台账", help="台账名称，默认全部")
    blank_options.add_argument("--dataset", default="street", help="数据集，默认 street（本街道）")
    blank_options.add_argument("--out", type=Path, default=Path(), help="写到哪个文件夹，默认当前文件夹")
    list_options, back_options = commands.choices["loads"], commands.choices["rollback"]
    list_options.add_argument("--all", action="store_true", help="列出全部，默认只列最近 30 次")
    back_options.add_argument("loads", nargs="*", metavar="编号", help="装载编号，见 python -m etl loads")
    back_options.add_argument("--last", action="store_true", help="最近一次装载的全部表")
    back_options.add_argument("--undo", action="store_true", help="反过来：恢复撤销了的装载")
    commands.choices["backup"].add_argument("file", type=Path, metavar="文件", help="备份文件，如 街鉴备份20261101.zip")
    restore_options = commands.choices["restore"]
    restore_options.add_argument("file", type=Path, metavar="文件")
    restore_options.add_argument("--replace", action="store_true", help="替换已有数据（原有的移到 before-restore-… 留存）")
    place_options = commands.choices["place"]
    place_options.add_argument("written", metavar="表里的写法")
    place_options.add_argument("meant", nargs="?", metavar="名册中的名称")
    place_options.add_argument("--dataset", default="street", help="数据集，默认 street（本街道）")
    place_options.add_argument("--forget", action="store_true", help="撤回以前选定的")
    demo_options.add_argument("--seed", type=int, help="随机种子")
    demo_options.add_argument("--out", type=Path, help="写到哪个文件夹")
    demo_options.add_argument("--remove", action="store_true", help="移除演示数据")
    return parser


if __name__ == "__main__":
    # What a run makes mostly lasts until its end: to look through it again and again for what could be given back costs a twentieth of it.
    gc.set_threshold(100_000, 20, 100)
    sys.exit(main())
