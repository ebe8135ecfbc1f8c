"""Is there room for what is about to start: memory and disk; and what is freed goes back at once."""

from __future__ import annotations

import ctypes
import importlib
import os
import shutil
from pathlib import Path

import psutil

from streambench.model.errors import EnvironmentLacks
from streambench.runtime.cgroups import HERE, ControlGroups, memory_limit_bytes, memory_room_bytes

# A JVM takes this times its heap: code, metaspace, thread stacks, network buffers.
HEAP_FACTOR = 1.6

_MIB = 1024 * 1024
# Of glibc's malloc.h.
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
_ARROW_POOL = "ARROW_DEFAULT_MEMORY_POOL"


def give_back_what_is_freed() -> None:
    """Let this process keep no memory for later that it has freed: a run's tables are large, but short-lived.

    Arrow's own allocator keeps most of it. So does the C library of what lies in a heap, and each thread
    has one of its own; glibc alone can be told. To be called before Arrow is imported.
    """
    if _ARROW_POOL not in os.environ:
        # What reads and writes Parquet heeds nothing else, and nothing later than the import. Engines are
        # not to inherit it.
        os.environ[_ARROW_POOL] = "system"
        importlib.import_module("pyarrow")
        del os.environ[_ARROW_POOL]
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MIB)
        mallopt(_M_ARENA_MAX, 2)


def check_memory(heap_mib_sum: int) -> None:
    """Raise EnvironmentLacks unless the heaps of all processes fit into the memory available now."""
    available = available_memory_bytes()
    needed = int(heap_mib_sum * HEAP_FACTOR * _MIB)
    if available < needed:
        raise EnvironmentLacks(
            f"{needed // _MIB} MiB of memory are needed (heaps of {heap_mib_sum} MiB in all),"
            f" {available // _MIB} MiB are available",
            hint="take fewer workers: streambench run --workers 1",
        )


def check_disk(path: Path, needed_bytes: int) -> None:
    """Raise EnvironmentLacks unless `needed_bytes` fit on the disk of `path`, which need not exist yet."""
    folder = path.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < needed_bytes:
        raise EnvironmentLacks(
            f"{-(-needed_bytes // _MIB)} MiB of disk are needed in {folder},"
            f" {free // _MIB} MiB are free",
            hint="streambench clean",
        )


def available_memory_bytes(groups: ControlGroups = HERE) -> int:
    """What can be allocated without swapping; within a container, what its limit leaves."""
    return _at_most(int(psutil.virtual_memory().available), memory_room_bytes(groups))


def total_memory_bytes(groups: ControlGroups = HERE) -> int:
    """The machine's, or the limit of a container."""
    return _at_most(int(psutil.virtual_memory().total), memory_limit_bytes(groups))


def _at_most(machine_bytes: int, limit_bytes: int | None) -> int:
    return machine_bytes if limit_bytes is None else min(machine_bytes, limit_bytes)
