"""Personal columns: dropped, masked, or replaced by a pseudonym that only this home's key can make."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from etl.wording import plain

KEY_FILE = "pseudonym.key"


def pseudonym_key(root: Path) -> bytes:
    """The home's key (``pseudonym.key``, readable by its owner only), made at first use."""
    path = root / KEY_FILE
    if not path.is_file():
        root.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".pseudonym-{os.getpid()}.key")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
        temporary.replace(path)
    return bytes.fromhex(path.read_text(encoding="ascii").strip())


def pseudonym(key: bytes, text: str) -> str:
    """The same person gets the same 16 hexadecimal digits; nobody without the key can go back or try names."""
    return hmac.new(key, plain(text).encode(), hashlib.sha256).hexdigest()[:16]
