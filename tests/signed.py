"""Somebody who signed in, for tests through Streamlit's own runner; and everything that they were shown, as text."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from jiejian.home import PROJECT

AUTH = {
    "redirect_uri": "http://127.0.0.1:8501/oauth2callback", "cookie_secret": "x" * 40, "client_id": "jiejian", "client_secret": "s",
    "server_metadata_url": "http://127.0.0.1:1/.well-known/openid-configuration",
}  # fmt: skip
ROLES = """
claim: email
people:
  li@example.cn: {role: 查看, communities: [春和社区, 望湖社区]}
  qian@example.cn: {role: 查看}
  wang@example.cn: {role: 编辑}
  zhao@example.cn: {role: 管理}
"""


def home_with_roles(demo_home: Path, folder: Path, roles: str = ROLES) -> Path:
    """The demo's home under another root, with roles and a state of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for part in demo_home.iterdir():
        if part.name not in ("state.sqlite", "decks"):
            (folder / part.name).symlink_to(part)
    (folder / "roles.yml").write_text(roles, encoding="utf-8")
    return folder


def session(account: str = "", page: str = "", auth: dict | None = None, **params: str | list[str]) -> AppTest:
    """A session of somebody who signed in as ``account`` (empty: of nobody), on a page entered through dashboard.py."""
    test = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=120)
    test.secrets["auth"] = auth or AUTH
    if account:
        test.user = {"is_logged_in": True, "email": account}
    for key, value in params.items():
        test.query_params[key] = value
    test.run()
    return test.switch_page(f"pages/{page}.py").run() if page else test


def shown(test: AppTest) -> str:
    """Every text that was sent to the browser: words, tables, figures, choices of pickers, frames within."""
    found = []
    for element in test._tree:
        proto = getattr(element, "proto", None)
        if proto is not None and hasattr(proto, "SerializeToString"):
            found.append(proto.SerializeToString().decode("utf-8", "ignore"))
    text = "\n".join(found)
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)


def written(content: bytes) -> str:
    """The text of a file: of an office file all parts, of Parquet its table."""
    if content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return "\n".join(written(package.read(name)) for name in package.namelist())
    if content.startswith(b"PAR1"):
        return pd.read_parquet(io.BytesIO(content)).to_csv()
    text = content.decode("utf-8", "ignore")
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda m: chr(int(m[1], 16)), text)
