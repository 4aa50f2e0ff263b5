"""What every declaration is: a block of YAML as a frozen class, and texts as people write them there."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


class CatalogueError(Exception):
    """A declaration that cannot be used; the message is a Chinese sentence naming file, block and key."""


def _as_text(value: Any) -> Any:
    """A number written without quotes (period: 2020) is text here; yes, no, on and off would be read as true and false."""
    if isinstance(value, bool):
        raise ValueError("yes、no、on、off、true、false 要加引号")
    return str(value) if isinstance(value, int | float | date) else value


def _given(value: str) -> str:
    if not value.strip():
        raise ValueError("不能留空；比值没有单位的，写成“倍”或“女=100”这样的话")
    return value


def _as_tuple(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(map(_as_text, value))
    return (_as_text(value),) if isinstance(value, str | int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Unit = Annotated[str, AfterValidator(_given)]
Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]


class Declaration(BaseModel):
    """A block of YAML: frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
