"""The import rule: downwards only. Read off the syntax trees, so that lazy imports count too."""

import ast
from pathlib import Path

import pytest

from jiejian.home import PROJECT

# From the top down; a module may import what stands below it, or beside it in the same layer.
LAYERS = (
    "dashboard",
    "pages",
    "jiejian.ui",
    "jiejian.__main__",
    "jiejian.export",
    "jiejian.slides",
    "jiejian.charts",
    "jiejian.analysis",
    "jiejian.privacy",
    "jiejian.ledgers",
    "jiejian.warehouse", "jiejian.shelf", "jiejian.figures", "jiejian.boundaries", "jiejian.lineage", "jiejian.registers", "jiejian.records", "jiejian.filings", "jiejian.roles", "jiejian.sight",
    "jiejian.smallcells",
    "jiejian.selection",
    "jiejian.periods",
    "jiejian.format",
    "jiejian.context",
    "jiejian.catalogue",
    "jiejian.festivals",
    "jiejian.audit",
    "jiejian.offline", "jiejian.selfcheck",
    "jiejian.keeping",
    "jiejian.home",
)
ONLY = {
    "streamlit": ("dashboard", "pages", "jiejian.ui"),
    "duckdb": ("jiejian.warehouse", "etl"),
    "plotly": ("jiejian.charts",),
}
# The page 数据导入 and the first warehouse go through public functions of the ETL.
MAY_CALL_ETL = {"jiejian.ui.data", "jiejian.ui.importing"}
# What is done at the machine's own shell stands in the same record as what is done on the pages.
ETL_MAY_IMPORT = ("jiejian.catalogue", "jiejian.home", "jiejian.audit")


def modules() -> dict[str, Path]:
    files = [PROJECT / "dashboard.py", *(p for d in ("pages", "jiejian", "etl") for p in (PROJECT / d).rglob("*.py"))]
    return {".".join(p.relative_to(PROJECT).with_suffix("").parts).removesuffix(".__init__"): p for p in files}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer(name: str) -> int | None:
    fits = [i for i, prefix in enumerate(LAYERS) if name == prefix or name.startswith(f"{prefix}.")]
    return fits[0] if fits else None


def under(name: str, prefixes) -> bool:
    return any(name == p or name.startswith(f"{p}.") for p in prefixes)


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_go_downwards(name):
    for imported in imports(modules()[name]):
        package = imported.split(".")[0]
        if package in ONLY:
            assert under(name, ONLY[package]), f"{name} imports {package}"
        if name.split(".")[0] == "etl":
            assert package != "jiejian" or under(imported, ETL_MAY_IMPORT), f"{name} imports {imported}"
        elif package == "etl":
            assert name in MAY_CALL_ETL, f"{name} imports {imported}"
        elif package in ("jiejian", "pages", "dashboard") and layer(imported) is not None:
            assert layer(name) is not None, f"{name} stands in no layer"
            assert layer(imported) >= layer(name), f"{name} imports {imported}, which stands above it"


def test_pages_are_pages():
    assert len((PROJECT / "dashboard.py").read_text().splitlines()) < 40
    for page in (PROJECT / "pages").glob("*.py"):
        text = page.read_text(encoding="utf-8")
        assert len(text.splitlines()) < 60, page.name
        assert "view = frame.page(__file__)" in text, f"{page.name} is not guarded against deep links"
        assert "SELECT" not in text, f"{page.name} has SQL"
