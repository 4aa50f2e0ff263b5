"""What the page 数据导入 asks of the ETL: the one module of the interface, beside data.py, that calls it; public functions only."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from jiejian.catalogue import Catalogue, CatalogueError, Ledger, catalogue
from jiejian.home import home
from jiejian.ui import person
from jiejian.ui.jobs import Job

if TYPE_CHECKING:
    from etl.run import Summary
    from etl.trial import Checked, Doubt
    from etl.uploads import Upload

    __all__ = ["Checked", "Doubt", "Summary", "Upload"]

# A street's own ledgers: what is dropped here never mixes with published or made-up figures.
DATASET = "street"


def desk(action: str = "import") -> str:
    """The account at the desk, which must be allowed to act; empty for the local one where nobody signs in."""
    who = person.require(action)
    return who.account if person.signs_in() else ""


# ---- uploads ----


def keep(files: Iterable) -> tuple[list[Upload], list[str]]:
    """Keep dropped files aside (the tables of a zip one by one); and a sentence for each that cannot be."""
    from etl.textfile import Unreadable
    from etl.uploads import Uploads, unpacked

    kept, complaints, uploads, who = [], [], Uploads(home()), desk()
    for file in files:
        try:
            kept += [uploads.keep(name, content, who) for name, content in unpacked(file.name, file.getvalue())]
        except Unreadable as error:
            complaints.append(f"文件“{file.name}”{error}。")
    return kept, complaints


def forget(uploads: Iterable[Upload]) -> None:
    from etl.uploads import Uploads

    desk()
    for upload in uploads:
        Uploads(home()).forget(upload)


def marked(upload: Upload, checked: Checked, who: str) -> bytes:
    """The file with its bad cells marked; empty when the upload is no longer kept, or was sent by someone else than ``who`` (see desk)."""
    from etl.giveback import give_back
    from etl.uploads import Uploads

    uploads = Uploads(home())
    found = uploads.find(upload.id, who)
    if found is None:
        return b""
    with tempfile.TemporaryDirectory() as folder:
        return give_back(uploads.path(found), checked.problems, Path(folder) / "marked.xlsx").read_bytes()


def marked_name(upload: Upload) -> str:
    from etl import giveback

    return giveback.marked_name(upload.name)


# ---- work ----


def _job(what: str, work) -> Job:
    from etl.faults import ClockFault, StorageFault
    from etl.load import Damaged
    from etl.run import Busy
    from etl.undo import Refused

    return Job(what, work, (Busy, ClockFault, StorageFault, Damaged, Refused, CatalogueError))


def check(uploads: Sequence[Upload]) -> Job:
    """Recognise and check; the result is a list of Checked, one a file."""
    from etl import build

    desk()
    return _job("正在识别和核对", lambda note: build.check_uploads(uploads, DATASET, note))


def load(uploads: Sequence[Upload]) -> Job:
    """Load; the result is the ETL's Summary."""
    from etl import build

    who = desk()
    person.did("导入", "、".join(upload.name for upload in uploads))
    return _job("正在装载", lambda note: build.load_uploads(uploads, DATASET, who, note))


def undo(loads: Sequence[str], back: bool = False) -> Job:
    """Leave loads out, or bring them back; the result is the loads concerned."""
    from etl import build

    who = desk("roll back")
    person.did("恢复装载" if back else "撤销装载", _told(loads))
    act, what = (build.restore, "正在恢复") if back else (build.rollback, "正在撤销")
    return _job(what, lambda note: act(loads, by=who)[0])


def _told(loads: Sequence[str]) -> str:
    """Loads by number and file."""
    from etl import build

    by_id = {m.load_id: m for m in build.history().all}
    return "、".join(f"第{by_id[i].seq}次 {by_id[i].file}" if i in by_id else i for i in loads)


# ---- questions ----


def remember_mapping(doubt: Doubt, ledger: str, columns: dict[str, str]) -> None:
    """Which ledger a layout is (empty: none) and under which head each column stands; used from now on, by the shell as well."""
    from etl import build

    who = desk()
    known = catalogue().ledgers
    person.did("记住对应", f"{doubt.sheet} → {known[ledger].name if ledger in known else '不装载'}")
    build.memory().remember_mapping(DATASET, doubt.layout, ledger, columns, who)


def remember_period(doubt: Doubt, period: str) -> None:
    """Of which period a sheet of a file speaks that names none."""
    from etl import build

    who = desk()
    person.did("记住对应", f"{doubt.sheet} → {period}")
    build.memory().answer_period(DATASET, doubt.sha256, doubt.sheet, period, who)


def path_of(place_id: str) -> str:
    """A place as an official reads it: 柳河街道／春和社区."""
    return "／".join(place_id.split("/")[1:]) if "/" in place_id else place_id


def remember_place(written: str, place: str) -> None:
    from etl import build

    who = desk()
    person.did("记住对应", f"{written} → {path_of(place)}")
    build.memory().answer_place(DATASET, written, place, who)


def decisions() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Mappings (layout, 台账, 对应, 经办, 时间) and places (written, 写法, 认作, 经办, 时间) that were decided."""
    from etl import build

    desk()
    memory, known = build.memory(), catalogue()
    mappings = [
        (layout, _ledger_name(known, m.ledger), _pairs(known, m.ledger, m.columns), m.who, _local(m.decided_at))
        for layout, m in memory.mappings(DATASET).items()
    ]
    places = [
        (a.written, a.written, a.place_id.rsplit("/", 1)[-1], a.who, _local(a.decided_at))
        for a in memory.place_answers(DATASET).values()
    ]
    return (
        pd.DataFrame(mappings, columns=["key", "台账", "对应关系", "经办", "时间"]),
        pd.DataFrame(places, columns=["key", "写法", "认作", "经办", "时间"]),
    )


def forget_decisions(layouts: Sequence[str] = (), written: Sequence[str] = ()) -> None:
    from etl import build

    desk()
    person.did("忘记对应", "、".join((*layouts, *written)))
    for layout in layouts:
        build.memory().forget_mapping(DATASET, layout)
    for name in written:
        build.memory().forget_place(DATASET, name)


def _ledger_name(known: Catalogue, ledger: str) -> str:
    return known.ledgers[ledger].name if ledger in known.ledgers else ledger or "不装载"


def _pairs(known: Catalogue, ledger: str, columns: dict[str, str]) -> str:
    named = {c.id: c.name for c in known.ledgers[ledger].columns} if ledger in known.ledgers else {}
    return "，".join(f"{named.get(c, c)}＝{head}" for c, head in columns.items())


def _local(at: str) -> str:
    moment = datetime.fromisoformat(at if "+" in at else f"{at}+00:00")
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


# ---- what was loaded, and templates ----


def loads(dataset: str) -> pd.DataFrame:
    """Every load of a data set, the newest first: key, 编号, 时间, 经办, 台账, 文件, 工作表, 行数, 入库, 退回, 提醒, 状态."""
    from etl import build

    desk()
    kept, known = build.history(), catalogue()
    rows = [
        (
            m.load_id,
            m.seq,
            _local(m.loaded_at),
            m.user,
            _ledger_name(known, m.ledger),
            m.file,
            m.sheet,
            m.rows_in,
            m.rows_accepted,
            m.rows_rejected,
            m.warnings,
            f"已撤销（{kept.undone[m.load_id].user}）" if m.load_id in kept.undone else "有效",
        )
        for m in reversed(kept.all)
        if m.dataset == dataset
    ]
    heads = ["key", "编号", "时间", "经办", "台账", "文件", "工作表", "行数", "入库", "退回", "提醒", "状态"]
    return pd.DataFrame(rows, columns=heads)


def ledgers(dataset: str = DATASET) -> list[Ledger]:
    """The ledgers that a file of a data set may be."""
    return [l for l in catalogue().ledgers.values() if not l.datasets or dataset in l.datasets]


def template(ledger: Ledger) -> bytes:
    """The empty workbook of a ledger, with the street's communities in its lists."""
    from etl import build

    return build.template(ledger, DATASET)


def all_templates() -> bytes:
    """The templates of all ledgers in one archive."""
    kept = BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as package:
        for ledger in ledgers():
            package.writestr(template_name(ledger), template(ledger))
    return kept.getvalue()


def template_name(ledger: Ledger) -> str:
    return f"{ledger.name}（模板）.xlsx"
