"""A folder that installs and starts without any network: the project, its dependencies as wheels for each platform, a start script.

Made on a machine with a network by ``python -m jiejian offline FOLDER``; pip downloads exactly the versions of requirements.txt.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from jiejian.home import PROJECT

# What runs; tests and benchmarks stay here, and so does everything that belongs to a street.
_PROJECT = (
    "dashboard.py", "pages", "jiejian", "etl", "catalogue", "docs", "data/articles", "data/national", "data/inbox/README.md",
    ".streamlit/config.toml", "requirements.txt", "README.md", "README.zh-CN.md", "CHANGELOG.md",
)  # fmt: skip
_NOT = shutil.ignore_patterns("__pycache__", "*.pyc", "secrets.toml", ".*.swp")


@dataclass(frozen=True)
class Platform:
    """A kind of machine: the tags of its wheels for pip, the newest first, and what markers of requirements ask for."""

    name: str
    tags: tuple[str, ...]
    marked: tuple[tuple[str, str], ...]


def _linux(machine: str) -> Platform:
    glibc = (*(f"manylinux_2_{n}_{machine}" for n in (28, 27, 26, 24, 17)), f"manylinux2014_{machine}", f"linux_{machine}")
    return Platform(
        f"linux-{machine}",
        glibc,
        (("sys_platform", "linux"), ("platform_system", "Linux"), ("os_name", "posix"), ("platform_machine", machine)),
    )


PLATFORMS = {
    p.name: p
    for p in (
        Platform(
            "windows-x86_64",
            ("win_amd64",),
            (("sys_platform", "win32"), ("platform_system", "Windows"), ("os_name", "nt"), ("platform_machine", "AMD64")),
        ),
        _linux("x86_64"),
        _linux("aarch64"),
    )
}


class NotMade(Exception):
    """Why the folder could not be made; a whole Chinese sentence."""


def make(
    out: Path,
    platforms: Iterable[str] = tuple(PLATFORMS),
    pythons: Sequence[str] = (f"{sys.version_info.major}.{sys.version_info.minor}",),
    download: bool = True,
    say: Callable[[str], None] = print,
) -> Path:
    """Write the folder; it must not exist yet. Without ``download`` the wheels are left out (:func:`command` fetches them)."""
    if out.exists():
        raise NotMade(f"{out} 已经存在。请换一个文件夹名，或先把它移走。")
    building = out.with_name(f".{out.name}.part")
    shutil.rmtree(building, ignore_errors=True)
    try:
        _copy_project(building / "app")
        for name in platforms:
            folder = building / "wheels" / name
            folder.mkdir(parents=True)
            for python in pythons:
                (folder / f"requirements-{python}.txt").write_text(
                    "\n".join(needed(PLATFORMS[name], python)) + "\n", encoding="utf-8"
                )
                if download:
                    say(f"正在下载 {name}（Python {python}）的依赖……")
                    _download(folder, PLATFORMS[name], python)
        _write_scripts(building, pythons)
        building.replace(out)
    finally:
        shutil.rmtree(building, ignore_errors=True)
    return out


def needed(platform: Platform, python: str, requirements: Path = PROJECT / "requirements.txt") -> list[str]:
    """The pinned requirements that a platform needs: markers are decided for it, not for the machine that asks."""
    where = {
        **dict(platform.marked),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    lines = (line.split("#")[0].strip() for line in requirements.read_text(encoding="utf-8").splitlines())
    found = [Requirement(line) for line in lines if line]
    return [f"{r.name}{r.specifier}" for r in found if r.marker is None or r.marker.evaluate(where)]


def command(folder: Path, platform: Platform, python: str) -> list[str]:
    """pip's command for the wheels of one platform and version of Python; nothing is built, nothing beyond the list is fetched."""
    tags = [part for tag in platform.tags for part in ("--platform", tag)]
    number = python.replace(".", "")
    return [
        *(
            sys.executable,
            "-m",
            "pip",
            "download",
            "--quiet",
            "--disable-pip-version-check",
            "--no-deps",
            "--only-binary",
            ":all:",
        ),
        *("--implementation", "cp", "--python-version", python, "--abi", f"cp{number}", "--abi", "abi3", "--abi", "none"),
        *(*tags, "--dest", str(folder), "--requirement", str(folder / f"requirements-{python}.txt")),
    ]


def _download(folder: Path, platform: Platform, python: str) -> None:
    result = subprocess.run(command(folder, platform, python), capture_output=True, text=True, encoding="utf-8", errors="replace")
    if result.returncode:
        last = [line for line in result.stderr.splitlines() if line.startswith("ERROR")] or ["没有说明原因"]
        raise NotMade(
            f"{platform.name} 的依赖没有下载成：{last[-1].removeprefix('ERROR: ')}。请检查网络后重试；没有留下不完整的文件夹。"
        )


def _copy_project(target: Path) -> None:
    for name in _PROJECT:
        source, there = PROJECT / name, target / name
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, there, ignore=_NOT) if source.is_dir() else shutil.copy2(source, there)


def _write_scripts(folder: Path, pythons: Sequence[str]) -> None:
    words = {"@PYTHONS@": " ".join(pythons), "@NEWEST@": pythons[-1]}
    for name, text in (("start.sh", _SH), ("start.cmd", _CMD), ("安装说明.txt", _READ)):
        for key, value in words.items():
            text = text.replace(key, value)
        # cmd.exe misreads scripts with bare line feeds, and a byte order mark before the first command.
        newline = "\n" if name.endswith(".sh") else "\r\n"
        (folder / name).write_text(text, encoding="utf-8", newline=newline)
    (folder / "start.sh").chmod(0o755)


_SH = """#!/bin/sh
# 安装（只在第一次，不访问网络）并启动街鉴。数据放在本文件夹的 data 里；要放别处，先设好 JIEJIAN_HOME。
set -eu
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo 没有)
wheels="$here/wheels/linux-$(uname -m)"
if [ ! -f "$wheels/requirements-$version.txt" ]; then
  echo "这个安装包用于 Python @PYTHONS@，本机是 $version（$(uname -m)）。请装上相应的 Python，再用 PYTHON=python@NEWEST@ sh start.sh 启动。" >&2
  exit 2
fi
cd "$here/app"
if [ ! -f .venv/installed ] || ! cmp -s "$wheels/requirements-$version.txt" .venv/installed; then
  echo "正在安装，约需一分钟……"
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links "$wheels" -r "$wheels/requirements-$version.txt"
  cp "$wheels/requirements-$version.txt" .venv/installed
fi
export JIEJIAN_HOME="${JIEJIAN_HOME:-$here/data}" PYTHONUTF8=1
[ "${1:-}" = --install-only ] && exit 0
echo "打开 http://127.0.0.1:8501"
exec .venv/bin/python -m streamlit run dashboard.py "$@"
"""

_CMD = """@echo off
rem Installs (only once, without any network) and starts Jiejian. Not tried on Windows yet.
chcp 65001 >nul
setlocal
set "HERE=%~dp0"
set "PY=py -3"
where py >nul 2>nul || set "PY=python"
for /f %%v in ('%PY% -c "import sys; print('%%d.%%d' %% sys.version_info[:2])"') do set "VERSION=%%v"
set "WHEELS=%HERE%wheels\\windows-x86_64"
if not exist "%WHEELS%\\requirements-%VERSION%.txt" (
  echo 这个安装包用于 Python @PYTHONS@，本机是 %VERSION%。请装上相应的 Python 后再试。
  pause
  exit /b 2
)
cd /d "%HERE%app"
if exist .venv\\installed fc /b "%WHEELS%\\requirements-%VERSION%.txt" .venv\\installed >nul 2>nul && goto start
echo 正在安装，约需一分钟……
%PY% -m venv .venv || goto failed
.venv\\Scripts\\python -m pip install --quiet --disable-pip-version-check --no-index --no-deps --find-links "%WHEELS%" -r "%WHEELS%\\requirements-%VERSION%.txt" || goto failed
copy /y "%WHEELS%\\requirements-%VERSION%.txt" .venv\\installed >nul
:start
if not defined JIEJIAN_HOME set "JIEJIAN_HOME=%HERE%data"
set PYTHONUTF8=1
start "" http://127.0.0.1:8501
.venv\\Scripts\\python -m streamlit run dashboard.py
exit /b
:failed
echo 安装没有成功。请把上面的提示发给管理员。
pause
exit /b 1
"""

_READ = """街鉴 离线安装包

需要：Python @PYTHONS@（64 位）。没有的先装 Python，安装包请从 python.org 下载后一并拷来。
Windows：双击 start.cmd。（没有在 Windows 上试过）
Linux：sh start.sh
然后在浏览器打开 http://127.0.0.1:8501。数据放在本文件夹的 data 里，升级时保留它，只换 app 和 wheels。
给全街道用、备份、升级，见 app/docs/部署.md。
"""
