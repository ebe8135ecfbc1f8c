"""Dirty records between the good ones of a load: what they are made of, and where they lie.

They are put behind the last good record of a batch, so that the good ones are what they are without them.
The oracle reads columns, in which there are none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np
import pyarrow as pa

from streambench.load.columns import Bytes, Integers
from streambench.load.encode import EncodedBatches
from streambench.load.probes import Probe, probes_of
from streambench.model.dirt import (
    FAR_MS,
    HUGE_BYTES,
    RIGHT_RESULTS,
    Dirt,
    DirtKind,
    DirtyInstant,
    RightResult,
)
from streambench.model.errors import UsageError
from streambench.model.workload import Workload
from streambench.workload.dirt import spoiled_field

NOT_JSON: Final = b"not JSON"
TEXT_FOR_NUMBER: Final = b'"n/a"'
_PAST_ZIGZAG: Final = 0x7F

FACTS: Final = pa.schema(
    {
        "kind": pa.string(),
        "quantum": pa.int32(),
        "partition": pa.int16(),
        "position": pa.int64(),  # in the partition's log of this load
        "event_ms": pa.int64(),
        "key": pa.string(),  # the text of the group of the record that it is a copy of
        "shared": pa.bool_(),  # of a share of the load; else a single one, at an instant
    }
)
"""Columns of `dirt.parquet` of a trace: a row for each dirty record, in the order of the batches."""


@dataclass(frozen=True)
class DirtyRecord:
    """What is sent: None is Kafka's null. `shift_ms` is added to its event time."""

    key: bytes | None
    value: bytes | None
    shift_ms: int = 0


def dirty_record(workload: Workload, probe: Probe, kind: DirtKind) -> DirtyRecord:
    """The record that a ready record is made of, which passes `where`, with one thing wrong."""
    key, value = probe.key, probe.value
    match kind:
        case DirtKind.NOT_JSON:
            return DirtyRecord(key, NOT_JSON)
        case DirtKind.CUT_OFF:
            return DirtyRecord(key, value[: len(value) // 2])
        case DirtKind.TOMBSTONE:
            return DirtyRecord(key, None)
        case DirtKind.NULL_KEY:
            return DirtyRecord(None, value)
        case DirtKind.FAR_BEHIND:
            return DirtyRecord(key, value, -FAR_MS)
        case DirtKind.FAR_AHEAD:
            return DirtyRecord(key, value, FAR_MS)
        case DirtKind.UNKNOWN_FIELD:
            return DirtyRecord(key, _with_member(workload, value, b"1"))
        case DirtKind.HUGE_RECORD:
            return DirtyRecord(key, _with_member(workload, value, b'"' + b"x" * HUGE_BYTES + b'"'))
        case _:
            name = spoiled_field(workload, kind)
            assert name is not None, "it is wrong in a field"
            return DirtyRecord(key, _spoiled(value, name, kind))


@dataclass
class DirtPlacer:
    """Puts dirt into a load's batches, chunk by chunk; how large chunks are alters nothing.

    A single record lies in the first batch of its partition that is due at its instant or later: the n-th
    of the load on partition n mod partitions. Of a share, the n-th record of a kind lies in the batch of the
    good record number ⌈n / share⌉.
    """

    workload: Workload
    dirt: Dirt
    partitions: int
    _probes: tuple[Probe, ...] = ()
    _pending: list[tuple[int, int, DirtyInstant]] = field(default_factory=list)
    _good: int = 0  # records that lie before the chunk
    _made: dict[DirtKind, int] = field(default_factory=dict)
    _facts: list[tuple[str, int, int, int, int, str, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.dirt:
            return
        self._probes = probes_of(self.workload)
        quantum_ms = self.workload.quantum_ms
        ordered = sorted(self.dirt.instants, key=lambda each: each.at_ms)
        self._pending = [
            (max(0, -(-each.at_ms // quantum_ms) - 1), number % self.partitions, each)
            for number, each in enumerate(ordered)
        ]
        self._made = {each.kind: 0 for each in self.dirt.shares}

    def place(
        self,
        encoded: EncodedBatches,
        quantum: Integers,
        partition: Integers,
        counts: Integers,
        written: Integers,
    ) -> PlacedDirt:
        """Put dirt into a chunk's batches, of which the last four tell quantum, partition and records.

        `written` is how many records, dirty ones too, each partition has before the chunk.
        """
        added = np.zeros(len(quantum), np.int64)
        if not self.dirt:
            return PlacedDirt(encoded, added)
        wanted: dict[int, list[tuple[DirtKind, bool]]] = {}
        for at, kind in self._single(quantum, partition):
            wanted.setdefault(at, []).append((kind, False))
        for at, kind in self._shared(counts):
            wanted.setdefault(at, []).append((kind, True))
        self._good += int(counts.sum())
        before = _before_in_partition(partition, counts, written, self.partitions)
        ends = np.cumsum(encoded.lengths)
        lengths, max_ms = encoded.lengths.copy(), encoded.max_ms.copy()
        pieces: list[Bytes] = []
        begin = 0
        for at in sorted(wanted):
            pieces.append(encoded.data[begin : int(ends[at])])
            begin = int(ends[at])
            own = int(partition[at])
            earlier = int(added[:at][partition[:at] == own].sum())
            for kind, shared in wanted[at]:
                made = dirty_record(self.workload, self._probes[own], kind)
                number = int(counts[at]) + int(added[at])
                event_ms = int(encoded.max_ms[at]) + made.shift_ms
                data = _encoded(made, event_ms - int(encoded.base_ms[at]), number)
                pieces.append(np.frombuffer(data, np.uint8))
                lengths[at] += len(data)
                max_ms[at] = max(int(max_ms[at]), event_ms)
                added[at] += 1
                position = int(before[at]) + earlier + number
                key_bytes = self._probes[own].key
                assert key_bytes is not None, "records are keyed by their group"
                key = key_bytes.decode()
                self._facts.append(
                    (kind.value, int(quantum[at]), own, position, event_ms, key, shared)
                )
        pieces.append(encoded.data[begin:])
        spliced = EncodedBatches(np.concatenate(pieces), lengths, encoded.base_ms, max_ms)
        return PlacedDirt(spliced, added)

    def finish(self) -> pa.Table:
        """All dirty records. Raises UsageError where one would have come after the load's end."""
        if self._pending:
            late = self._pending[0][2]
            raise UsageError(
                f"--dirt {late.kind.value} comes after the load's last record",
                hint="let it come earlier, or the load be longer: --duration",
            )
        columns = list(zip(*self._facts, strict=True)) or [()] * len(FACTS)
        return pa.table(
            [pa.array(column, type_) for column, type_ in zip(columns, FACTS.types, strict=True)],
            schema=FACTS,
        )

    def to_count(self, schema: pa.Schema) -> pa.Table:
        """Those single dirty records that are right to count, as rows of a trace's columns.

        Spoiled fields have no value, and so have those that are looked up.
        """
        rows: list[dict[str, object]] = []
        sent = {each.name for each in self.workload.sent}
        for kind_name, quantum, own, position, event_ms, _, shared in self._facts:
            kind = DirtKind(kind_name)
            if shared or RIGHT_RESULTS[kind] is RightResult.LEFT_OUT:
                continue
            values = json.loads(self._probes[own].value, parse_float=Decimal)
            if (spoiled := spoiled_field(self.workload, kind)) is not None:
                values[spoiled] = None
            place = {
                "quantum": quantum,
                "partition": own,
                "position": position,
                "event_ms": event_ms,
            }
            rows.append({**place, **{name: values[name] for name in sent}})
        return pa.table(
            {
                each.name: pa.array([row.get(each.name) for row in rows]).cast(each.type)
                for each in schema
            }
        )

    def _single(self, quantum: Integers, partition: Integers) -> Iterator[tuple[int, DirtKind]]:
        left = []
        for due, own, each in self._pending:
            found = np.flatnonzero((quantum >= due) & (partition == own))
            if len(found):
                yield int(found[0]), each.kind
            else:
                left.append((due, own, each))
        self._pending = left

    def _shared(self, counts: Integers) -> Iterator[tuple[int, DirtKind]]:
        ends = self._good + np.cumsum(counts)
        for each in self.dirt.shares:
            share = Fraction(str(each.share))
            while True:
                after = -(-(self._made[each.kind] + 1) * share.denominator // share.numerator)
                if after > ends[-1]:
                    break
                self._made[each.kind] += 1
                yield int(np.searchsorted(ends, after)), each.kind


@dataclass(frozen=True)
class PlacedDirt:
    """Batches with their dirt, and how many dirty records each has at its end."""

    encoded: EncodedBatches
    added: Integers


def _before_in_partition(
    partition: Integers, counts: Integers, written: Integers, partitions: int
) -> Integers:
    """How many records lie before each batch in its partition, but for the dirt of this chunk."""
    before = np.empty(len(partition), np.int64)
    for own in range(partitions):
        here = np.flatnonzero(partition == own)
        before[here] = int(written[own]) + np.cumsum(counts[here]) - counts[here]
    return before


def _with_member(workload: Workload, value: bytes, member: bytes) -> bytes:
    """With a member more behind all others, which no field of the workload is called as."""
    name = "unexpected"
    while any(each.name == name for each in workload.fields):
        name += "_"
    comma = b"," if value[1:-1] else b""
    return value[:-1] + comma + b'"' + name.encode() + b'":' + member + b"}"


def _spoiled(value: bytes, name: str, kind: DirtKind) -> bytes:
    members = []
    for each, written in _members(value.decode()):
        if each != name:
            members.append(f'"{each}":{written}')
            continue
        match kind:
            case DirtKind.MISSING_FIELD:
                continue
            case DirtKind.NULL_NUMBER:
                spoiled = "null"
            case DirtKind.TEXT_NUMBER:
                spoiled = TEXT_FOR_NUMBER.decode()
            case _:
                spoiled = f"{'0' if written == 'null' else written}.5"
        members.append(f'"{each}":{spoiled}')
    return ("{" + ",".join(members) + "}").encode()


def _members(value: str) -> Iterator[tuple[str, str]]:
    """The members of a flat object, each with its value as it is written."""
    decoder, at = json.JSONDecoder(), 1
    while value[at] != "}":
        at += value[at] == ","
        name, at = decoder.raw_decode(value, at)
        begin = at + 1  # behind the colon
        _, at = decoder.raw_decode(value, begin)
        yield name, value[begin:at]


def _encoded(record: DirtyRecord, time_delta: int, offset_delta: int) -> bytes:
    """A record of format 2; a length of −1 is null."""
    body = b"\x00" + _varint(time_delta) + _varint(offset_delta)
    for part in (record.key, record.value):
        body += _varint(-1) if part is None else _varint(len(part)) + part
    body += b"\x00"
    return _varint(len(body)) + body


def _varint(number: int) -> bytes:
    """Zigzag, seven bits a byte, least first; numbers below 0 too."""
    zigzag = number * 2 if number >= 0 else -number * 2 - 1
    encoded = bytearray()
    while zigzag > _PAST_ZIGZAG:
        encoded.append(zigzag & _PAST_ZIGZAG | 0x80)
        zigzag >>= 7
    encoded.append(zigzag)
    return bytes(encoded)
