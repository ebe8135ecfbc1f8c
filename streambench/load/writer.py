"""Writes a trace's files as its chunks come: memory holds two chunks, whatever the duration."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from streambench.load.columns import Chunk, Integers, Strings
from streambench.load.dirt import DirtPlacer
from streambench.load.encode import EncodedBatches, Piece, encode_records
from streambench.load.keys import around, keys_of, without_key_in
from streambench.model.dirt import Dirt
from streambench.model.lookup import LookedUp
from streambench.model.workload import Workload

RECORDS_FILE: Final = "records.bin"
BATCHES_FILE: Final = "batches.npy"
COLUMNS_FOLDER: Final = "columns"
DIRT_FILE: Final = "dirt.parquet"
COUNTED_FOLDER: Final = "counted"

BATCH: Final = np.dtype(
    [
        ("quantum", "<i4"),
        ("partition", "<i2"),
        ("count", "<i4"),
        ("offset", "<i8"),
        ("length", "<i4"),
        ("base_ms", "<i8"),
        ("max_ms", "<i8"),
    ]
)
"""One row per batch: where its record section lies in records.bin, and what its header will say."""

Batches: TypeAlias = npt.NDArray[Any]
_UNFINISHED: Final = "batches.raw"
_HASHED_ROWS: Final = 1 << 16


@dataclass(frozen=True)
class WrittenTrace:
    """What the files hold; `sha256` covers records.bin and then the rows of batches.npy, after the tables
    that records are joined with.

    `without_key` records lack a value of their group. All of these are of the good records; `dirty` ones
    lie between them.
    """

    records: int
    sha256: str
    min_event_ms: int
    max_event_ms: int
    records_by_partition: tuple[int, ...]
    without_key: int = 0
    dirty: int = 0


def write_trace(
    folder: Path,
    workload: Workload,
    chunks: Iterable[Chunk],
    *,
    partitions: int,
    progress: Callable[[int], None] | None = None,
) -> WrittenTrace:
    """Encode `chunks` into `folder` (which exists); `progress` is told the records written so far."""
    digest = hashlib.sha256()
    for lookup in workload.lookups:
        # It is in no record, and decides what comes out.
        digest.update(lookup.content.encode())
    written = np.zeros(partitions, np.int64)
    dirty = np.zeros(partitions, np.int64)
    placer = DirtPlacer(workload, workload.dirt or Dirt(), partitions)
    least, greatest = np.iinfo(np.int64).max, np.iinfo(np.int64).min
    offset = without_key = 0
    (folder / COLUMNS_FOLDER).mkdir()
    with (
        (folder / RECORDS_FILE).open("wb") as records,
        (folder / _UNFINISHED).open("wb") as batches,
        ThreadPoolExecutor(max_workers=1) as writing,
    ):

        def write(number: int, encoded: EncodedBatches, columns: pa.Table) -> None:
            records.write(encoded.data.data)
            digest.update(encoded.data.data)
            file = folder / COLUMNS_FOLDER / f"{number:06d}.parquet"
            pq.write_table(
                columns, file, compression="zstd", compression_level=1, store_schema=False
            )

        # Writing, hashing and compressing hold no lock of the interpreter: a second core does them
        # while the next chunk is drawn and encoded.
        pending: Future[None] | None = None
        for number, arrived in enumerate(chunks):
            ordered = by_batch(arrived, workload, partitions)
            chunk, partition = ordered.chunk, ordered.partition
            starts = batch_starts(chunk.quantum, partition)
            clean = encode_chunk(ordered, workload, starts)
            counts = np.diff(starts, append=len(partition))
            placed = placer.place(
                clean, chunk.quantum[starts], partition[starts], counts, written + dirty
            )
            encoded, added = placed.encoded, placed.added
            rows = _batch_rows(chunk, partition, starts, encoded, offset)
            rows["count"] += added.astype(np.int32)
            batches.write(rows.tobytes())
            behind = _behind_dirt(partition, starts, added)
            positions = _positions(partition, written + dirty) + behind
            columns = _columns(chunk, workload, partition, positions)
            if pending is not None:
                pending.result()
            pending = writing.submit(write, number, encoded, columns)
            offset += len(encoded.data)
            without_key += without_key_in(chunk, workload)
            written += np.bincount(partition, minlength=partitions)
            dirty += np.bincount(partition[starts], weights=added, minlength=partitions).astype(
                np.int64
            )
            least = min(least, int(clean.base_ms.min()))
            greatest = max(greatest, int(clean.max_ms.max()))
            if progress is not None:
                progress(int(written.sum()))
        if pending is not None:
            pending.result()
    _finish_batches(folder, digest)
    if workload.dirt:
        pq.write_table(placer.finish(), folder / DIRT_FILE)
        (folder / COUNTED_FOLDER).mkdir()
        schema = pq.read_schema(folder / COLUMNS_FOLDER / "000000.parquet")
        pq.write_table(placer.to_count(schema), folder / COUNTED_FOLDER / "dirt.parquet")
    total = int(written.sum())
    return WrittenTrace(
        records=total,
        sha256=digest.hexdigest(),
        min_event_ms=least if total else 0,
        max_event_ms=greatest if total else 0,
        records_by_partition=tuple(int(count) for count in written),
        without_key=without_key,
        dirty=int(dirty.sum()),
    )


@dataclass(frozen=True)
class OrderedChunk:
    """A chunk in the order of its batches, with the key (None: they have none) and the partition of each record."""

    chunk: Chunk
    key: Strings | None
    partition: Integers


def by_batch(chunk: Chunk, workload: Workload, partitions: int) -> OrderedChunk:
    """Order by (quantum, partition), keeping the order of arrival within."""
    key = keys_of(chunk, workload)
    if key is None:
        partition = around(chunk.quantum, partitions)
    else:
        partition = key.table.partitions(partitions)[key.codes]
    slot = (chunk.quantum - chunk.quantum[0]) * partitions + partition
    # numpy sorts 16-bit numbers by radix, ten times faster than wider ones.
    narrow = slot.astype(np.uint16) if int(slot.max()) < 1 << 16 else slot
    order = np.argsort(narrow, kind="stable")
    sorted_chunk = Chunk(
        chunk.quantum[order],
        chunk.event_ms[order],
        tuple(field.take(order) for field in chunk.fields),
    )
    return OrderedChunk(sorted_chunk, None if key is None else key.take(order), partition[order])


def batch_starts(quantum: Integers, partition: Integers) -> Integers:
    """Return the index of each batch's first record, of records that lie in the order of batches."""
    changes = (np.diff(quantum) != 0) | (np.diff(partition) != 0)
    return np.concatenate([[0], np.flatnonzero(changes) + 1])


def encode_chunk(ordered: OrderedChunk, workload: Workload, starts: Integers) -> EncodedBatches:
    """Encode records, each batch beginning at one of `starts`."""
    return encode_records(
        key=None if ordered.key is None else ordered.key.keys(),
        value=json_pieces(ordered.chunk, workload),
        event_ms=ordered.chunk.event_ms,
        batch_starts=starts,
    )


def json_pieces(chunk: Chunk, workload: Workload) -> list[Piece]:
    """Return the records' JSON objects in pieces: compact, fields in the declared order."""
    pieces: list[Piece] = []
    opening = "{"
    for field, column in zip(workload.fields, chunk.fields, strict=True):
        if isinstance(field.source, LookedUp):
            continue
        pieces += [f'{opening}"{field.name}":'.encode(), column.json()]
        opening = ","
    return [*pieces, b"}"]


def _batch_rows(
    chunk: Chunk, partition: Integers, starts: Integers, encoded: EncodedBatches, offset: int
) -> Batches:
    rows = np.empty(len(starts), BATCH)
    rows["quantum"] = chunk.quantum[starts]
    rows["partition"] = partition[starts]
    rows["count"] = np.diff(starts, append=len(partition))
    rows["offset"] = offset + np.cumsum(encoded.lengths) - encoded.lengths
    rows["length"] = encoded.lengths
    rows["base_ms"] = encoded.base_ms
    rows["max_ms"] = encoded.max_ms
    return rows


def _positions(partition: Integers, written: Integers) -> Integers:
    """Each record's ordinal within its partition, after those that are `written`."""
    position = np.empty(len(partition), np.int64)
    for number, before in enumerate(written):
        here = np.flatnonzero(partition == number)
        position[here] = before + np.arange(len(here))
    return position


def _behind_dirt(partition: Integers, starts: Integers, added: Integers) -> Integers:
    """How many dirty records of the chunk lie before each good one in its partition."""
    behind = np.zeros(len(partition), np.int64)
    sizes = np.diff(starts, append=len(partition))
    for own in np.unique(partition[starts][added > 0]):
        here = np.flatnonzero(partition[starts] == own)
        before = np.cumsum(added[here]) - added[here]
        behind[partition == own] = np.repeat(before, sizes[here])
    return behind


def _columns(chunk: Chunk, workload: Workload, partition: Integers, position: Integers) -> pa.Table:
    columns = {
        "quantum": pa.array(chunk.quantum.astype(np.int32)),
        "partition": pa.array(partition.astype(np.int16)),
        "position": pa.array(position),
        "event_ms": pa.array(chunk.event_ms),
    }
    for field, column in zip(workload.fields, chunk.fields, strict=True):
        columns[field.name] = column.arrow()
    return pa.table(columns)


def _finish_batches(folder: Path, digest: hashlib._Hash) -> None:
    """Give the rows their header, which could not be written before their number was known."""
    unfinished = folder / _UNFINISHED
    count = unfinished.stat().st_size // BATCH.itemsize
    with unfinished.open("rb") as raw, (folder / BATCHES_FILE).open("wb") as finished:
        header = {
            "descr": np.lib.format.dtype_to_descr(BATCH),
            "fortran_order": False,
            "shape": (count,),
        }
        np.lib.format.write_array_header_1_0(finished, header)
        while block := raw.read(_HASHED_ROWS * BATCH.itemsize):
            digest.update(block)
            finished.write(block)
    unfinished.unlink()
