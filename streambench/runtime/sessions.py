"""Processes by session: who is left of a child, and signals to all of them.

Every child leads a session of its own, so its session id is its pid, and whatever it starts stays in
that session even when it makes process groups of its own or when its parent has died. The kernel does
not give out a pid while it still names a session. Standard library only: the guardian uses this too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

_PROC = "/proc"
_POLL_S = 0.02
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


class ProcessRow(NamedTuple):
    """One process of the machine; `start` is an opaque mark that tells a reused pid from the old one.

    `name` is the program's, without its folder and arguments. `own_s` is its processor time, `reaped_s`
    that of the children which it has waited for (in `own_s` where the system does not tell them apart).
    """

    pid: int
    parent: int
    group: int
    session: int
    start: str
    zombie: bool
    name: str
    own_s: float
    reaped_s: float


def process_table() -> dict[int, ProcessRow]:
    """All processes of the machine by pid, zombies included."""
    rows: Iterable[ProcessRow | None]
    if os.path.exists(f"{_PROC}/self/stat"):
        rows = (_row_of_proc(int(name)) for name in os.listdir(_PROC) if name.isdigit())
    else:
        rows = _rows_of_ps()
    return {row.pid: row for row in rows if row is not None}


def start_mark(pid: int) -> str | None:
    """The mark of the process that has this pid now; None when there is none."""
    if os.path.exists(f"{_PROC}/self/stat"):
        row = _row_of_proc(pid)
    else:
        row = next((row for row in _rows_of_ps(pid) if row is not None), None)
    return None if row is None else row.start


def descendants(leader: int, table: Mapping[int, ProcessRow]) -> set[int]:
    """Pids of the children of `leader`, of theirs, and so on; without `leader`."""
    by_parent: dict[int, list[int]] = {}
    for row in table.values():
        by_parent.setdefault(row.parent, []).append(row.pid)
    found: set[int] = set()
    open_pids = [leader]
    while open_pids:
        for pid in by_parent.get(open_pids.pop(), ()):
            if pid not in found and pid != leader:
                found.add(pid)
                open_pids.append(pid)
    return found


def is_stranger(leader: int, mark: str | None, table: Mapping[int, ProcessRow]) -> bool:
    """Whether the pid `leader` has meanwhile been given to a process that is not the marked one."""
    row = table.get(leader)
    return row is not None and mark is not None and row.start != mark


def sessions_of(leader: int, mark: str | None) -> set[int]:
    """The session of `leader` and those that its descendants made for themselves; empty for a stranger."""
    table = process_table()
    if is_stranger(leader, mark, table):
        return set()
    # Whatever the table says, the caller never ends itself.
    return ({leader} | {table[pid].session for pid in descendants(leader, table)}) - {os.getsid(0)}


def live_members(sessions: Collection[int]) -> tuple[ProcessRow, ...]:
    """Processes of these sessions that still run (a zombie does not)."""
    table = process_table()
    return tuple(row for row in table.values() if row.session in sessions and not row.zombie)


def end_sessions(
    sessions: Collection[int], *, patience_s: float, kill_within_s: float = 5.0
) -> tuple[ProcessRow, ...]:
    """End every process of these sessions: SIGTERM, `patience_s`, then SIGKILL.

    Returns what is alive even so: normally nothing.
    """
    left = live_members(sessions)
    signal_groups(left, signal.SIGTERM)
    # A stopped process takes SIGTERM only after it has been continued.
    signal_groups(left, signal.SIGCONT)
    deadline_s = time.monotonic() + patience_s
    while left and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
        left = live_members(sessions)
    deadline_s = time.monotonic() + kill_within_s
    while left and time.monotonic() < deadline_s:
        # Repeated, for a process may fork between a look at the table and the signal.
        signal_groups(left, signal.SIGKILL)
        time.sleep(_POLL_S)
        left = live_members(sessions)
    return left


def signal_groups(rows: Iterable[ProcessRow], signum: signal.Signals) -> None:
    """Send `signum` to the process groups of `rows`."""
    for group in {row.group for row in rows}:
        # PermissionError: on macOS, a group of which only zombies are left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signum)


def _row_of_proc(pid: int) -> ProcessRow | None:
    try:
        with open(f"{_PROC}/{pid}/stat", "rb") as file:
            text = file.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    # The name in brackets may hold blanks and brackets itself.
    name_end = text.rindex(b")")
    fields = text[name_end + 2 :].split()
    user, system, reaped_user, reaped_system = map(int, fields[11:15])
    return ProcessRow(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        start=fields[19].decode(),
        zombie=fields[0] in (b"Z", b"X"),
        name=text[text.index(b"(") + 1 : name_end].decode(errors="replace"),
        own_s=(user + system) / _TICKS_PER_S,
        reaped_s=(reaped_user + reaped_system) / _TICKS_PER_S,
    )


def _rows_of_ps(pid: int | None = None) -> Iterable[ProcessRow | None]:
    """Where there is no /proc (macOS); its `sess` column is an address, so the session is asked for."""
    which = ["-A"] if pid is None else ["-p", str(pid)]
    listing = subprocess.run(
        ["ps", *which, "-o", "pid=,ppid=,pgid=,stat=,time=,lstart=,comm="],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,  # `ps -p` says 1 when there is no such process
        env={**os.environ, "LC_ALL": "C"},
    ).stdout
    for line in listing.splitlines():
        number, parent, group, state, used, *started, command = line.split(None, 10)
        try:
            session = os.getsid(int(number))
        except (ProcessLookupError, PermissionError):
            # A zombie has no session that can be asked for; it is not counted as alive anyway.
            if not state.startswith("Z"):
                continue
            session = int(group)
        yield ProcessRow(
            int(number),
            int(parent),
            int(group),
            session,
            " ".join(started),
            state.startswith("Z"),
            command.strip().rpartition("/")[2],
            _seconds(used),
            0.0,
        )


def _seconds(clock: str) -> float:
    """Of `[[days-]hours:]minutes:seconds`, as `ps` writes it."""
    days, _, rest = clock.rpartition("-")
    seconds = 0.0
    for part in rest.split(":"):
        seconds = seconds * 60 + float(part)
    return seconds + 86_400 * int(days or 0)
