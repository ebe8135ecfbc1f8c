"""What is wrong with a file that a user wrote: where, what, and what to write instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from streambench.workload.toml_places import KeyPath


@dataclass(frozen=True)
class Mistake:
    """One thing that is wrong with the value at `path`, and what to do about it.

    `position` is the character of the value, a text, that is meant; it counts from 1.
    """

    path: KeyPath
    what: str
    instead: str
    position: int | None = None

    def __str__(self) -> str:
        return f"{dotted(self.path)}: {self.what}" if self.path else self.what


def dotted(path: Sequence[str | int]) -> str:
    """The path as users write it: `input.fields.price`; items of lists are counted from 1."""
    steps = ""
    for step in path:
        steps += f"[{step + 1}]" if isinstance(step, int) else f".{step}"
    return steps.removeprefix(".")


def value_at(data: object, path: Sequence[str | int]) -> Any:
    """What stands at `path`; None where nothing does."""
    for step in path:
        match data, step:
            case Mapping(), str() if step in data:
                data = data[step]
            case list(), int() if step < len(data):
                data = data[step]
            case _:
                return None
    return data
