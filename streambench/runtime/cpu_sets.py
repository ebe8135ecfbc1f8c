"""Cores of their own for engine, broker and load, where there are enough of them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Final

from streambench.model.plan import Role
from streambench.runtime.cgroups import HERE, ControlGroups
from streambench.runtime.cores import Decides, cores

LEAST_CORES: Final = 8
"""Fewer are shared: an engine with its usual two workers needs more than what would be left."""

_LOAD_CORES: Final = 1  # the player takes a tenth of one at a million events/s
_BROKER_CORES: Final = 2
_LOAD_ROLES: Final = (Role.PLAYER, Role.READER)

CpuSets = Mapping[Role, frozenset[int]]
"""The cores of a role; a role that is not named may run anywhere."""


def split(own: Sequence[int]) -> CpuSets:
    """Disjoint sets for load, broker and engine out of `own` cores; nothing where there are too few."""
    if len(own) < LEAST_CORES:
        return {}
    ordered = sorted(own)
    load = frozenset(ordered[:_LOAD_CORES])
    broker = frozenset(ordered[_LOAD_CORES : _LOAD_CORES + _BROKER_CORES])
    engine = frozenset(ordered[_LOAD_CORES + _BROKER_CORES :])
    return {
        **dict.fromkeys(_LOAD_ROLES, load),
        Role.BROKER: broker,
        **dict.fromkeys((Role.WORKER, Role.COORDINATOR, Role.SUBMITTER), engine),
    }


def cores_here(groups: ControlGroups = HERE) -> tuple[int, ...]:
    """The cores that this process has for itself; empty where the system cannot say or cannot bind.

    A quota is time on any core, and none of them is ours: containers beside this one that chose the
    same cores would share them, and have less than they may.
    """
    if not hasattr(os, "sched_getaffinity") or cores(groups).decided_by is Decides.QUOTA:
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))


def bind_this_thread(cpus: frozenset[int] | None) -> None:
    """Let this thread, and so what it starts, run on these cores only."""
    if cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, cpus)


def cpu_set_words(sets: CpuSets) -> str:
    """For the report: who has which cores."""
    if not sets:
        return (
            f"engine, broker and load share all cores (fewer than {LEAST_CORES}, or not bindable)"
        )
    return ", ".join(
        f"{word} {_ranges(sets[role])}"
        for word, role in (("load", Role.PLAYER), ("broker", Role.BROKER), ("engine", Role.WORKER))
    )


def _ranges(cpus: frozenset[int]) -> str:
    ordered = sorted(cpus)
    parts: list[list[int]] = []
    for cpu in ordered:
        if parts and cpu == parts[-1][-1] + 1:
            parts[-1].append(cpu)
        else:
            parts.append([cpu])
    return "+".join(str(p[0]) if len(p) == 1 else f"{p[0]}-{p[-1]}" for p in parts)
