"""A file's rows as they are played, read once and kept as Parquet for as long as the process lives.

A run looks at them a dozen times, and to read text takes longer than all else.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from streambench.model.workload import Field, Replay
from streambench.workload.file.cells import Connection, literal

FITS, MISSING, MISFIT = 0, 1, 2
"""What is known of a value: it is there, it is not, or it is not of the declared type."""

_KEPT: Final = 8


def state_of(name: str) -> str:
    """The column that says which of these a value is."""
    return f"state:{name}"


@dataclass
class _Folder:
    """A folder that goes with the process."""

    path: Path | None = None

    def get(self) -> Path:
        if self.path is None:
            self.path = Path(tempfile.mkdtemp(prefix="streambench-replay-"))
            weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)
        return self.path


_folder: Final = _Folder()
_files: Final[dict[object, Path]] = {}


def version_of(path: Path) -> tuple[int, ...]:
    """What changes with a file's content; () where there is no file."""
    try:
        stat = path.stat()
    except OSError:
        return ()
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def known_conversion(replay: Replay, fields: Sequence[Field]) -> Path | None:
    """Where this part of the file is as Parquet; None: nowhere yet."""
    return _files.get(_key(replay, fields))


def convert(connection: Connection, replay: Replay, fields: Sequence[Field], query: str) -> Path:
    """Keep the rows of a query; raises DuckDB's errors where the file cannot be read."""
    key = _key(replay, fields)
    file = _folder.get() / f"{len(_files):06d}-{abs(hash(key)):x}.parquet"
    connection.execute(f"COPY ({query}) TO {literal(str(file))} (FORMAT parquet)")
    while len(_files) >= _KEPT:
        _files.pop(next(iter(_files))).unlink(missing_ok=True)
    _files[key] = file
    return file


def parquet_of(file: Path) -> str:
    """The rows that were kept, as a relation."""
    return f"read_parquet({literal(str(file))}, hive_partitioning = false)"


def _key(replay: Replay, fields: Sequence[Field]) -> object:
    # None of these changes a row of the file.
    rows = replace(replay, speed_up=1.0, origin="", copies=None, may_be_late=True, looped=None)
    return rows, tuple(fields), version_of(replay.path)
