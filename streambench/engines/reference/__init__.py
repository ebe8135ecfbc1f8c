"""The scripted engine: right results after a set delay, or with set damage; an instrument."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streambench.engines.protocol import Engine

    ENGINE: Engine


def __getattr__(name: str) -> Engine:
    # On demand: the worker process imports this package too, without the tool's dependencies.
    if name == "ENGINE":
        from streambench.engines.reference.engine import Reference

        return Reference()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
