"""Records of one input partition that go to the partition of their group, through a topic in between."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, Protocol

from streambench.engines.common.query_module import GroupKey, MovingProgram
from streambench.engines.kafka_python.windows import CommitMark, Record
from streambench.workload.partition import partition_of

# So many groups are remembered with their partition, which takes long to compute.
_KNOWN: Final = 1 << 18


class ValuedRecord(Record, Protocol):
    """A consumed record with its value."""

    @property
    def value(self) -> bytes: ...  # noqa: D102


class MovedRecord(NamedTuple):
    """A record on its way: its partition there, its key, its value as it came, and its event time."""

    partition: int
    key: bytes
    value: bytes
    event_ms: int


class Mover:
    """Lets the records that pass `where` go on, in the order of the log; keeps nothing of them.

    It has no windows: what is late is found out where the records arrive.
    """

    late_records = 0

    def __init__(self, query: MovingProgram, mark: CommitMark, partitions: int) -> None:
        self._query = query
        self._partitions = partitions
        self._position = mark.offset
        self._places: dict[GroupKey, tuple[int, bytes]] = {}
        self.committed = mark

    def mark(self) -> CommitMark:
        """What may be committed once all that was moved has been written."""
        return CommitMark(self._position, 0)

    def feed(self, records: Sequence[ValuedRecord], events: Sequence[Any]) -> list[MovedRecord]:
        """Take the next records, `events` being their parsed values; return those that go on."""
        where, group_of, places = self._query.where, self._query.group_of, self._places
        moved = []
        for record, event in zip(records, events, strict=True):
            if where(event):
                group = group_of(event)
                place = places.get(group)
                if place is None:
                    place = self._place(group)
                moved.append(MovedRecord(*place, record.value, record.timestamp))
        if records:
            self._position = records[-1].offset + 1
        return moved

    def _place(self, group: GroupKey) -> tuple[int, bytes]:
        if len(self._places) >= _KNOWN:
            self._places.clear()
        key = self._query.key_bytes(group)
        place = self._places[group] = (partition_of(key, self._partitions), key)
        return place
