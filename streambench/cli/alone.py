"""What is measured runs alone, and ends in order when it is interrupted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from streambench.cli.console import err

if TYPE_CHECKING:
    from streambench.runtime.runlock import Holder


@contextmanager
def alone(*, wait: bool) -> Iterator[None]:
    """Hold the lock of all runs; without `wait`, raises EnvironmentLacks while another one holds it."""
    from streambench.runtime.runlock import RunLock
    from streambench.runtime.signals import interrupts_unwind

    with interrupts_unwind(), RunLock(wait=wait, on_wait=_say_who_runs):
        yield


def _say_who_runs(holder: Holder | None) -> None:
    who = "another run" if holder is None else f"the run with pid {holder.pid}"
    err.print(f"waiting for {who} to end")
