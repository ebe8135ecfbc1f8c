"""Which tests of a session that is spread over processes may run at the same time, and which goes first."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

import pytest

ALONE: Final = "alone"
"""The group, run by one process, of tests that look at an engine's rows or at times."""
BROKERS: Final = "brokers"
"""The group, run by another, of those with a broker only, or whose engine can bear that another is at work."""


def lane(item: pytest.Item) -> str | None:
    """The group of a test that has a real broker or engine with a load, or may have nothing beside it."""
    if item.get_closest_marker("alone") or item.get_closest_marker("timed"):
        return ALONE
    if item.get_closest_marker("ends") or item.get_closest_marker("patient"):
        return BROKERS
    if item.get_closest_marker("engine"):
        return None if item.get_closest_marker("no_load") else ALONE
    return BROKERS if item.get_closest_marker("broker") else None


def is_spread(config: pytest.Config) -> bool:
    """Whether this is one of several processes of a session."""
    return hasattr(config, "workerinput")


class Turns:
    """What a process of the session holds while it runs tests, so that others wait where they have to.

    All know each other by locks in a folder of the session.

    `alone` has the room for itself. `timed` has no broker and no engine of another process beside it; what
    runs at idle priority may go on. Both are held for a file, as what a file's tests share works between them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._held = ExitStack()
        self._for: tuple[Path, bool, bool] | None = None

    def take(self, item: pytest.Item) -> None:
        """Wait until the test may run; what is held for another file is given back before."""
        alone = item.get_closest_marker("alone") is not None
        timed = item.get_closest_marker("timed") is not None
        wanted = (item.path, alone, timed)
        if wanted == self._for:
            return
        self.give_back()
        self._for = wanted
        self._enter("room", for_itself=alone)
        if timed or lane(item) == BROKERS:
            self._enter("engines", for_itself=timed)

    def _enter(self, place: str, *, for_itself: bool) -> None:
        # Through the gate one at a time: one who waits for all others to leave is not overtaken by them.
        with _locked(self._folder / f"{place}-gate", fcntl.LOCK_EX):
            how = fcntl.LOCK_EX if for_itself else fcntl.LOCK_SH
            self._held.enter_context(_locked(self._folder / place, how))

    def give_back(self) -> None:
        """Let others go on."""
        self._held.close()
        self._for = None


class _locked:
    """A lock on a file, which ends with this process at the latest."""

    def __init__(self, path: Path, how: int) -> None:
        self._path = path
        self._how = how

    def __enter__(self) -> None:
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, self._how)

    def __exit__(self, *_: object) -> None:
        os.close(self._file)


def let_others_go_first() -> None:
    """Take from now on only the time of the processors that no engine of the session's asks for.

    Linux may share processors out among sessions of processes first (autogroup, sched(7)). The policy counts
    only within one of them. Beside an engine at nice 19, which has a session of its own, a test at idle
    priority in that of a shell took 97% of a processor. In one of its own, as nice, it takes half; beside one
    at nice 5 it takes 3%.
    """
    if not hasattr(os, "SCHED_IDLE") or os.getsid(0) == os.getpid():
        return
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    with suppress(OSError):
        os.setsid()
        Path("/proc/self/autogroup").write_text("19")
