"""Where the instrument's own files lie while a trial runs: in memory where there is room for them.

A broker's append waits for the page that the disk is just writing back, and so does every store to a
mapped file. On an ordinary disk beside a busy engine that held up the load by 30 to 120 ms, several
times a trial; in memory it does not happen.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from streambench.runtime.memory import available_memory_bytes

_PREFIX = "streambench-"
_MEMORY_FILE_SYSTEMS = frozenset({"tmpfs", "ramfs"})
_CANDIDATES = (Path("/dev/shm"),)


def memory_folder(needed_bytes: int) -> Path | None:
    """A folder whose files lie in memory and that has room for `needed_bytes`; None when there is none."""
    for folder in _memory_backed(_CANDIDATES):
        if room_bytes(folder, in_memory=True) >= needed_bytes:
            return folder
    return None


def room_bytes(folder: Path, *, in_memory: bool) -> int:
    """What may still be written to `folder`."""
    free = shutil.disk_usage(folder).free
    return min(free, available_memory_bytes()) if in_memory else free


def make_scratch(parent: Path | None) -> Path:
    """A new empty folder in `parent`, or in the system's folder for temporary files."""
    return Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))


def _memory_backed(folders: tuple[Path, ...]) -> Iterator[Path]:
    mounts = {Path(part.mountpoint): part.fstype for part in psutil.disk_partitions(all=True)}
    for folder in folders:
        if mounts.get(folder) in _MEMORY_FILE_SYSTEMS:
            try:
                tempfile.TemporaryFile(dir=folder).close()
            except OSError:  # not ours to write to
                continue
            yield folder
