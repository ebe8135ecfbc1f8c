"""Events of a trace as a file for other programs: JSON lines or Parquet."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from streambench.load.events import events_of, first_instant_ms
from streambench.load.trace import Trace
from streambench.model.errors import UsageError
from streambench.model.workload import Workload

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE: Final = frozenset({"quantum", "partition", "position"})
EVENT_TIME: Final = "event_time"
"""The column of an event's time; what it is called where a field of the workload has that name: `time_name`."""

Write = Callable[[Path, Workload, Trace], None]


def writer_of(file: Path) -> Write:
    """How a file of such a name is written. Raises UsageError where it is not known, or stands already."""
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise UsageError(
            f"events are written as {', '.join(_WRITERS)}; {file.name} ends in none of them",
            hint=f"streambench generate --events {file.stem or 'events'}.jsonl",
        )
    if file.exists():
        raise UsageError(
            f"{file} exists already",
            hint=f"streambench generate --events {file.with_stem(file.stem + '-2')}",
        )
    if not file.absolute().parent.is_dir():
        raise UsageError(
            f"there is no folder {file.parent} to write {file.name} into",
            hint=f"mkdir -p {file.parent}",
        )
    return write


def write_events(file: Path, workload: Workload, trace: Trace) -> None:
    """Write all events in the order in which they are due; the file is there whole or not at all."""
    write = writer_of(file)
    partial = file.with_name(f".{file.name}-{secrets.token_hex(4)}")
    try:
        write(partial, workload, trace)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)


def time_name(workload: Workload) -> str:
    """The name of the column of event times, which no field has."""
    taken = {field.name for field in workload.fields}
    name = EVENT_TIME
    while name in taken:
        name += "_"
    return name


def _json_lines(file: Path, workload: Workload, trace: Trace) -> None:
    """The very bytes of the records, with the event time as a first member."""
    name = time_name(workload)
    with file.open("wb") as lines:
        for event in events_of(trace, first_instant_ms(workload, trace)):
            lines.write(
                f'{{"{name}":"{_instant(event.event_ms)}",'.encode() + event.value[1:] + b"\n"
            )


def _instant(ms: int) -> str:
    # Of whole numbers alone: as a float, an instant may be a millisecond off.
    found = _EPOCH + timedelta(milliseconds=ms)
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def _parquet(file: Path, workload: Workload, trace: Trace) -> None:
    origin_ms, name = first_instant_ms(workload, trace), time_name(workload)
    # It is no part of an event.
    looked_up = [column.name for lookup in workload.lookups for column in lookup.columns]
    writer: pq.ParquetWriter | None = None
    try:
        for part in sorted(trace.columns_folder.glob("*.parquet")):
            table = pq.read_table(part)
            times = pa.array(
                table.column("event_ms").to_numpy() + origin_ms, pa.timestamp("ms", tz="UTC")
            )
            fields = table.drop_columns([*_PLACE, "event_ms", *looked_up])
            table = fields.add_column(0, name, times)
            writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer is not None:
            writer.close()


_WRITERS: Final[dict[str, Write]] = {
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
}
