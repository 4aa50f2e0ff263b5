"""Which files were read already, so that an unchanged one need not be opened; kept in loads/files.json.

Only a memory to save time and to repeat what was wrong with a file: without it everything is read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable

from etl.hashes import FileHash
from etl.origins import Origin
from jiejian.home import Home


class Seen:
    """The memory of a home."""

    def __init__(self, home: Home):
        self._path = home.loads / "files.json"
        try:
            self._files: dict[str, dict] = json.loads(self._path.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            self._files = {}

    def knows(self, origin: Origin, file: FileHash, contracts: str) -> bool:
        """Whether this very file was read under these very contracts."""
        entry = self._entry(origin)
        return entry.get("contracts") == contracts and entry.get("sha256") == file.sha256

    def faults(self, origin: Origin) -> list[str]:
        """What was wrong with the file as a whole when it was read; empty when it could be used."""
        return self._entry(origin).get("faults", [])

    def all_faults(self) -> list[str]:
        """What is wrong with any file, for the status."""
        return [sentence for entry in self._files.values() for sentence in entry.get("faults", [])]

    def note(self, read: Iterable[tuple[Origin, FileHash]], contracts: str, faults: dict[str, list[str]]) -> None:
        """Remember files with their hashes at the end of a run; ``faults`` by the origin's key."""
        before = json.dumps(self._files, sort_keys=True)
        for origin, file in read:
            entry = {"sha256": file.sha256, "contracts": contracts, "faults": faults.get(origin.key, [])}
            self._files[f"{origin.dataset}|{origin.key}"] = entry
        if json.dumps(self._files, sort_keys=True) != before:
            self._write()

    def keep(self, origins: Iterable[Origin]) -> None:
        """Forget all files but these."""
        kept = {f"{o.dataset}|{o.key}" for o in origins}
        gone = [key for key in self._files if key not in kept]
        for key in gone:
            del self._files[key]
        if gone:
            self._write()

    def _entry(self, origin: Origin) -> dict:
        return self._files.get(f"{origin.dataset}|{origin.key}", {})

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._path.with_name(f".files-{os.getpid()}.json")
        temporary.write_text(json.dumps(self._files, ensure_ascii=False, indent=1), encoding="utf-8")
        temporary.replace(self._path)
