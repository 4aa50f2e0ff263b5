"""The documents are held to the code."""

import re
import tomllib

import pytest

from jiejian.catalogue import load_catalogue
from jiejian.export.catalogue_doc import markdown
from jiejian.home import BUNDLED_CATALOGUE, PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")
TWIN = (PROJECT / "README.zh-CN.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.S)


@pytest.mark.parametrize("text", [README, TWIN], ids=["English", "Chinese"])
def test_the_first_two_bash_blocks_are_the_two_commands(text):
    start, test = blocks(text, "bash")[:2]
    assert len(start.strip().splitlines()) == len(test.strip().splitlines()) == 1
    assert "requirements.txt" in start and "streamlit run dashboard.py" in start
    assert "requirements-dev.txt" in test and test.strip().endswith("-m pytest")
    assert len(blocks(text, "powershell")) == 2


def test_the_gate_runs_the_readmes_test_command():
    gate = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert "README.md" in gate and "eval" in gate


def test_the_catalogue_document_is_the_catalogue():
    written = (PROJECT / "docs" / "指标目录.md").read_text(encoding="utf-8")
    assert written == markdown(load_catalogue(BUNDLED_CATALOGUE)), "run: python -m jiejian catalogue > docs/指标目录.md"


@pytest.mark.parametrize("document", ["README.md", "README.zh-CN.md", "docs/用户指南.md", "CHANGELOG.md"])
def test_links_and_pictures_lead_somewhere(document):
    path = PROJECT / document
    for target in re.findall(r"\]\(([^)#]+?)\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), f"{document} -> {target}"


def test_the_guide_names_every_page():
    guide = (PROJECT / "docs" / "用户指南.md").read_text(encoding="utf-8")
    from jiejian.ui.frame import PAGES

    for page in PAGES:
        assert page.title in guide and page.title in README and page.title in TWIN
        assert (PROJECT / "pages" / f"{page.name}.py").is_file()


@pytest.mark.parametrize("module", ["etl", "jiejian"])
def test_commands_of_the_readme_exist(module):
    import subprocess
    import sys

    for command in set(re.findall(rf"python -m {module} ([a-z]+)", README)):
        result = subprocess.run([sys.executable, "-m", module, command, "--help"], cwd=PROJECT, capture_output=True, text=True)
        assert result.returncode == 0, f"{module} {command}: {result.stderr}"


def test_requirements_are_pinned_exactly():
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (PROJECT / name).read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith((" ", "#", "-r")):
                assert re.match(r"^[A-Za-z0-9._\[\]-]+==\S+", line), f"{name}: {line}"


def test_it_is_served_to_this_machine_only_and_sends_nothing():
    config = tomllib.loads((PROJECT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1" and config["server"]["headless"] is True
    assert config["browser"]["gatherUsageStats"] is False
    assert config["client"]["showErrorDetails"] == "none"
