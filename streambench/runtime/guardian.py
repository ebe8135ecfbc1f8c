"""The tool's side of the guardian: a child that outlives the tool just long enough to clean up."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import threading
from pathlib import Path

import streambench
from streambench.model.errors import EnvironmentLacks, InstrumentFailed
from streambench.runtime.guardian_process import READY

_START_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 5.0


class Guardian:
    """A small process that is told of every child and temporary folder of the tool.

    It learns of the tool's death by the end of a pipe, whose writing end no other process has: file
    descriptors of Python are closed in every program that it starts. It leads a session of its own, so
    that the terminal's Ctrl-C and hang-up do not reach it.
    """

    def __init__(self) -> None:
        # As found by this process, whatever the working folder is.
        package_root = str(Path(streambench.__file__).resolve().parents[1])
        search = os.pathsep.join(filter(None, (package_root, os.environ.get("PYTHONPATH"))))
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "streambench.runtime.guardian_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
            env={**os.environ, "PYTHONPATH": search},
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._pipe = self._process.stdin
        with self._process.stdout as answers:
            readable, _, _ = select.select([answers], [], [], _START_TIMEOUT_S)
            if not readable or answers.readline().decode().strip() != READY:
                self.done()
                raise EnvironmentLacks(
                    "the process that cleans up after a crash could not be started",
                    hint=f"{sys.executable} -m streambench.runtime.guardian_process < /dev/null",
                )

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def group(self, leader: int, mark: str | None) -> None:
        """End the session of `leader` should the tool die; `mark` tells a reused pid (sessions.start_mark)."""
        self._tell("group", leader, mark)

    def drop(self, leader: int) -> None:
        """The session of `leader` has ended."""
        self._tell("drop", leader)

    def folder(self, path: Path) -> None:
        """Delete `path` should the tool die."""
        self._tell("folder", str(path))

    def keep(self, path: Path) -> None:
        """`path` has been deleted or is to stay."""
        self._tell("keep", str(path))

    def done(self) -> None:
        """Everything has ended in order: send the guardian away. Never raises for a dead one."""
        with contextlib.suppress(InstrumentFailed):
            self._tell("done")
        with contextlib.suppress(BrokenPipeError):
            self._pipe.close()
        try:
            self._process.wait(_END_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _tell(self, *words: str | int | None) -> None:
        line = (json.dumps(words) + "\n").encode()
        try:
            with self._lock:
                # A line that waits in a buffer would die with the tool.
                self._pipe.write(line)
                self._pipe.flush()
        except (BrokenPipeError, ValueError) as error:
            raise InstrumentFailed(
                "the process that cleans up after a crash has died",
                hint="start it again: streambench run",
            ) from error
