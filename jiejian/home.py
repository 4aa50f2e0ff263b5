"""Where things lie on disk: the project's own folders and the street's home (``JIEJIAN_HOME``).

The home holds what belongs to the street (warehouse, loads, inbox, decks, its own catalogue); the project folder
holds what ships. An update of the project never touches the home.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
BUNDLED_CATALOGUE = PROJECT / "catalogue"
BUNDLED_DATA = PROJECT / "data"


@dataclass(frozen=True)
class Home:
    """The folders below one home; nothing is created until something is written."""

    root: Path

    @property
    def warehouse(self) -> Path:
        return self.root / "warehouse"

    @property
    def pointer(self) -> Path:
        """The small text file that names the warehouse version that serves now."""
        return self.warehouse / "current"

    @property
    def size(self) -> Path:
        """Beside the versions: name and bytes of the last one that was finished."""
        return self.warehouse / "size"

    def cut_short(self, version: Path) -> bool:
        """Whether a version has another size than it was finished with: the engine opens one that was cut short, and fails later.

        One of which no size is known (a home of an older release) is taken for whole.
        """
        try:
            name, size = self.size.read_text(encoding="utf-8").split()
            return name == version.name and version.stat().st_size != int(size)
        except (OSError, ValueError):
            return False

    @property
    def loads(self) -> Path:
        return self.root / "loads"

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def demo(self) -> Path:
        return self.root / "demo"

    @property
    def decks(self) -> Path:
        return self.root / "decks"

    @property
    def templates(self) -> Path:
        """A street's own .pptx template for presentations."""
        return self.root / "templates"

    @property
    def roles(self) -> Path:
        """Who may see and do what, where people sign in (see roles.py)."""
        return self.root / "roles.yml"

    @property
    def state(self) -> Path:
        """The application's own small state: decisions, and the record of what was done."""
        return self.root / "state.sqlite"

    @property
    def catalogue(self) -> Path:
        return self.root / "catalogue"


def home() -> Home:
    """The home in force: the environment variable ``JIEJIAN_HOME``, else the project's data folder."""
    return Home(Path(os.environ.get("JIEJIAN_HOME") or BUNDLED_DATA).expanduser().resolve())
