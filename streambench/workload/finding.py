"""One thing that stands against a load."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong (`fatal`), or that only weakens what a result can say.

    `path` leads to the key of workload.toml that decides it.
    """

    message: str
    hint: str
    fatal: bool
    path: tuple[str, ...] = ("input",)
