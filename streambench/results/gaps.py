"""What a bundle lacks: files that a whole one has, and that are missing or cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.model.trial import TrialRecord

UNREADABLE = (pa.ArrowException, OSError)
"""What reading a table raises where its file is cut off or damaged."""

# Reports are made of these, so they are read to their end; of the others only the footer is.
_REPORTED = ("partitions", "series", "windows")
_EVERY_JUDGED_TRIAL = ("load", "rows", "series", "usage", "windows")


@dataclass(frozen=True)
class Gap:
    """A file of a trial's folder that is missing, or is there and cannot be read.

    Without a `folder`, the `file` is a whole trial.
    """

    folder: str
    file: str
    there: bool = False


def table_gaps(folder: Path, record: TrialRecord, *, with_partitions: bool) -> Iterator[Gap]:
    """The tables that a trial should have and lacks.

    A trial without a certificate was not judged, and has none. `with_partitions`: whether trials with
    a fault keep their partitions' windows, which those of the first version of the method do not.
    """
    if record.certificate is None:
        return
    wanted = list(_EVERY_JUDGED_TRIAL)
    if with_partitions and record.recoveries:
        wanted.append("partitions")
    for name in sorted(wanted):
        path = folder / f"{name}.parquet"
        if not path.is_file():
            yield Gap(folder.name, path.name)
        elif not _readable(path):
            yield Gap(folder.name, path.name, there=True)


def trial_gaps(folders: Iterable[str], wanted: int) -> Iterator[Gap]:
    """The trials that have no folder: trials are numbered from 1, and there were `wanted` at least."""
    begun = (name.partition("-")[0] for name in folders)
    there = {int(digits) for digits in begun if digits.isdigit()}
    for number in range(1, max([wanted, *there], default=0) + 1):
        if number not in there:
            yield Gap("", f"trial {number}")


def gap_words(gaps: Iterable[Gap]) -> tuple[str, ...]:
    """`windows.parquet is missing in 01-flink`; what is alike in several folders is said once."""
    where: dict[tuple[str, bool], list[str]] = {}
    for gap in gaps:
        where.setdefault((gap.file, gap.there), []).append(gap.folder)
    files: dict[tuple[tuple[str, ...], bool], list[str]] = {}
    for (file, there), folders in where.items():
        files.setdefault((tuple(folders), there), []).append(file)
    return tuple(_words(names, folders, there) for (folders, there), names in files.items())


def _words(files: list[str], folders: tuple[str, ...], there: bool) -> str:
    which = files[0] if len(files) == 1 else f"{', '.join(files[:-1])} and {files[-1]}"
    verb = "cannot be read" if there else "is missing" if len(files) == 1 else "are missing"
    if folders == ("",):
        return f"{which} {verb}"
    return f"{which} {verb} in {folders[0] if len(folders) == 1 else f'{len(folders)} trials'}"


def _readable(path: Path) -> bool:
    try:
        if path.stem in _REPORTED:
            pq.read_table(path)
        else:
            pq.read_metadata(path)
    except UNREADABLE:
        return False
    return True
