"""The guardian's own process: ends what the tool leaves behind when it dies without a word.

Reads JSON arrays, one a line, from standard input: ["group", leader_pid, start_mark],
["drop", leader_pid], ["folder", path], ["keep", path], ["done"]. At the end of the input without
"done" the tool is dead: everything registered is ended, then the folders are deleted. Run as
`python -m streambench.runtime.guardian_process`; standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable

from streambench.runtime.sessions import end_sessions, sessions_of

READY = "ready"

_PATIENCE_S = 3.0
_DELETE_ATTEMPTS = 20


def main() -> int:
    """Follow the tool until it says "done" or dies."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    print(READY, flush=True)
    groups: dict[int, str | None] = {}
    folders: set[str] = set()
    if not follow(sys.stdin, groups, folders):
        clean_up(groups, folders)
    return 0


def follow(lines: Iterable[str], groups: dict[int, str | None], folders: set[str]) -> bool:
    """Keep `groups` (leader pid to start mark) and `folders` as the tool says; whether it said "done"."""
    for line in lines:
        if not line.endswith("\n"):
            return False  # the tool died in the middle of a word
        match json.loads(line):
            case ["group", int(leader), str() | None as mark]:
                groups[leader] = mark
            case ["drop", int(leader)]:
                groups.pop(leader, None)
            case ["folder", str(path)]:
                folders.add(path)
            case ["keep", str(path)]:
                folders.discard(path)
            case ["done"]:
                return True
    return False


def clean_up(groups: dict[int, str | None], folders: set[str]) -> None:
    """End the sessions of all leaders that are still the marked ones, then delete the folders."""
    sessions: set[int] = set()
    for leader, mark in groups.items():
        sessions |= sessions_of(leader, mark)
    end_sessions(sessions, patience_s=_PATIENCE_S)
    for folder in folders:
        _delete(folder)


def _delete(folder: str) -> None:
    for _ in range(_DELETE_ATTEMPTS):
        with contextlib.suppress(OSError):
            shutil.rmtree(folder)
        if not os.path.lexists(folder):
            return
        # Files of a process that the kernel is still taking down may come up meanwhile.
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
