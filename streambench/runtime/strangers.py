"""What processes that are no part of a run use: by name, from looks at the table of all processes."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from streambench.model.machine import Stranger
from streambench.runtime.sessions import ProcessRow

_INIT = 1
_KTHREADD = 2
_SHOWN = 3
# Below this one process is no word worth.
_LEAST_SHARE = 0.005


@dataclass(eq=False)
class _Used:
    """CPU-seconds since the first look at a process, by look; `read_s` is all that it ever used."""

    name: str
    ticks_ns: list[int]
    used_s: list[float]
    reaped_s: float
    read_s: float
    parent: int

    def add(self, tick_ns: int, grown_s: float) -> None:
        self.ticks_ns.append(tick_ns)
        self.used_s.append(self.used_s[-1] + grown_s)

    def between(self, start_ns: int, end_ns: int) -> float:
        at_start, at_end = np.interp([start_ns, end_ns], self.ticks_ns, self.used_s)
        return float(at_end - at_start)


@dataclass(eq=False)
class Strangers:
    """Follows all processes but the known ones. A child that nobody saw is found in its parent's account.

    The kernel's own threads are followed apart: what they do is done for others, and nobody says for whom.
    """

    _found: dict[tuple[int, str], _Used] = field(default_factory=dict)
    _live: set[tuple[int, str]] = field(default_factory=set)
    _looked_ns: int | None = None

    def look(self, table: Mapping[int, ProcessRow], known: Collection[int], tick_ns: int) -> None:
        """Take note of a table of processes; `known` are the pids of the run."""
        here = {(pid, row.start): row for pid, row in table.items() if pid not in known}
        gone_s = self._gone_s(self._live - here.keys())
        for key, row in here.items():
            used = self._found.get(key)
            if used is None:
                self._found[key] = self._begin(row, tick_ns)
                continue
            # What a child had used before it ended has been noted under its own name. Orphans, also those
            # of an engine, end in the account of the first process, which never waits for its own.
            unseen_s = max(0.0, row.reaped_s - used.reaped_s - gone_s[row.pid])
            before_s = used.read_s - used.reaped_s
            used.add(tick_ns, max(0.0, row.own_s - before_s) + unseen_s * (row.pid != _INIT))
            used.reaped_s, used.read_s = row.reaped_s, row.own_s + row.reaped_s
            used.parent = row.parent
        self._live, self._looked_ns = set(here), tick_ns

    def shares(self, start_ns: int, end_ns: int, total_s: float) -> tuple[Stranger, ...]:
        """The busiest names between two instants, as shares of `total_s`, the time of all cores."""
        by_name: defaultdict[str, float] = defaultdict(float)
        for used in self._found.values():
            if used.parent != _KTHREADD:
                by_name[used.name] += used.between(start_ns, end_ns) / total_s
        busiest = sorted(by_name.items(), key=lambda item: -item[1])[:_SHOWN]
        return tuple(Stranger(name, share) for name, share in busiest if share >= _LEAST_SHARE)

    def kernel_s(self, start_ns: int, end_ns: int) -> float:
        """CPU-seconds of the kernel's own threads."""
        return sum(
            used.between(start_ns, end_ns)
            for used in self._found.values()
            if used.parent == _KTHREADD
        )

    def _gone_s(self, gone: set[tuple[int, str]]) -> Mapping[int, float]:
        """What had been read of processes that ended, by whose account it is in now.

        Where the one that waited for it has ended as well, it has gone on to that one's parent.
        """
        ended = {pid: self._found[pid, start] for pid, start in gone}
        gone_s: defaultdict[int, float] = defaultdict(float)
        for used in ended.values():
            parent, passed = used.parent, set[int]()
            while parent in ended and parent not in passed:
                passed.add(parent)
                parent = ended[parent].parent
            gone_s[parent] += used.read_s
        return gone_s

    def _begin(self, row: ProcessRow, tick_ns: int) -> _Used:
        read_s = row.own_s + row.reaped_s
        name = plain_name(row.name)
        if self._looked_ns is None:  # it may have begun long ago
            return _Used(name, [tick_ns], [0.0], row.reaped_s, read_s, row.parent)
        ticks = [self._looked_ns, tick_ns]
        return _Used(name, ticks, [0.0, read_s], row.reaped_s, read_s, row.parent)


def plain_name(name: str) -> str:
    """A program's name without what some write behind it: whom they serve, or a folder."""
    return (
        re.split(r"[:/@]", name.strip("() "), maxsplit=1)[0].strip() or "a process without a name"
    )
