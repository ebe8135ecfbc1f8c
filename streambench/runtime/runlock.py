"""One run at a time: two would take each other's cores and spoil both."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType

import filelock

from streambench.model.errors import EnvironmentLacks
from streambench.runtime.paths import state_dir

_POLL_S = 0.2


@dataclass(frozen=True)
class Holder:
    """The run that has the lock; `started_at` is ISO 8601 in UTC."""

    pid: int
    started_at: str


class RunLock:
    """Context manager that one process of the user can be in at a time on this machine.

    The operating system holds the lock, so it ends with its process, however that dies. Without `wait`
    the second one gets EnvironmentLacks; with it, it waits, after `on_wait` was told of the holder
    (None when that has not yet said who it is).
    """

    def __init__(
        self,
        *,
        wait: bool = False,
        on_wait: Callable[[Holder | None], None] | None = None,
        path: Path | None = None,
    ) -> None:
        # Homes are shared between machines, runs are not.
        self._path = path or state_dir() / f"run-{platform.node()}.lock"
        self._wait = wait
        self._on_wait = on_wait
        self._lock = filelock.FileLock(self._path)

    def __enter__(self) -> RunLock:
        try:
            self._lock.acquire(blocking=False)
        except filelock.Timeout:
            holder = self.holder()
            if not self._wait:
                who = "" if holder is None else f" (pid {holder.pid}, since {holder.started_at})"
                raise EnvironmentLacks(
                    f"another run is under way{who}; two at once would spoil each other",
                    hint="wait for it: streambench run --wait",
                ) from None
            if self._on_wait is not None:
                self._on_wait(holder)
            self._lock.acquire(poll_interval=_POLL_S)
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        self._write(Holder(os.getpid(), now))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._holder_path.unlink(missing_ok=True)
        self._lock.release()

    def holder(self) -> Holder | None:
        """Who wrote the lock's note last; means something only while the lock is held."""
        # Half a note is being written just now: the holder is not yet known.
        with contextlib.suppress(FileNotFoundError, ValueError):
            return Holder(**json.loads(self._holder_path.read_text()))
        return None

    @property
    def _holder_path(self) -> Path:
        # A file of its own, for taking the lock truncates the lock's.
        return self._path.with_suffix(".json")

    def _write(self, holder: Holder) -> None:
        self._holder_path.write_text(json.dumps(asdict(holder)))
