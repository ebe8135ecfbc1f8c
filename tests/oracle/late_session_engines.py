"""Engines with sessions in plain Python: what each documents of records that come late, done the obvious way.

Nothing here is shared with the oracle. A session is a list of records; an engine is given the log and answers
with the sessions that it wrote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.oracle.stand_in import Record

Session = list[Record]
NEVER = -(10**9)


def _near(session: Session, record: Record, gap_ms: int) -> bool:
    return any(abs(each.event_ms - record.event_ms) <= gap_ms for each in session)


def _end(session: Session, gap_ms: int) -> int:
    return max(each.event_ms for each in session) + gap_ms


def joins_first(
    records: Sequence[Record], gap_ms: int, grace_ms: int, clock: Callable[[int], int]
) -> list[Session]:
    """A record joins what is open, and only then is tested; `clock(n)` is event time before record n."""
    still_open: list[Session] = []
    written: list[Session] = []
    for at, record in enumerate(records):
        now_ms = clock(at)
        over = [each for each in still_open if _end(each, gap_ms) + grace_ms <= now_ms]
        written += over
        still_open = [each for each in still_open if each not in over]
        mine = [
            each for each in still_open if each[0].key == record.key and _near(each, record, gap_ms)
        ]
        if not mine and record.event_ms + gap_ms + grace_ms <= now_ms:
            continue
        still_open = [each for each in still_open if each not in mine]
        still_open.append([*(one for each in mine for one in each), record])
    return written + still_open


def by_partition(records: Sequence[Record], gap_ms: int, grace_ms: int) -> list[Session]:
    """Kafka Streams' clock: each partition has its own."""
    written: list[Session] = []
    for partition in {record.partition for record in records}:
        log = [record for record in records if record.partition == partition]

        def clock(at: int, log: Sequence[Record] = log) -> int:
            return max((each.event_ms for each in log[:at]), default=NEVER)

        written += joins_first(log, gap_ms, grace_ms, clock)
    return written


def least_over_partitions(
    records: Sequence[Record], gap_ms: int, grace_ms: int, chance: Random
) -> list[Session]:
    """Flink's clock: partitions are read in any order, and the watermark goes out now and then."""
    partitions = sorted({record.partition for record in records})
    logs = {p: [record for record in records if record.partition == p] for p in partitions}
    seen_ms = dict.fromkeys(partitions, NEVER)
    order: list[Record] = []
    clocks: list[int] = []
    now_ms = NEVER
    eager = chance.random()
    while any(logs.values()):
        partition = chance.choice([p for p in partitions if logs[p]])
        for _ in range(chance.randrange(1, 12)):
            if not logs[partition]:
                break
            clocks.append(now_ms)
            order.append(logs[partition].pop(0))
            seen_ms[partition] = max(seen_ms[partition], order[-1].event_ms)
            if chance.random() < eager:
                now_ms = min(seen_ms.values())
    return joins_first(order, gap_ms, grace_ms, clocks.__getitem__)


Batch = tuple[int, dict[int, int]]


def in_batches(
    records: Sequence[Record], gap_ms: int, grace_ms: int, chance: Random
) -> tuple[list[Session], list[Batch]]:
    """Spark's clock: the watermark of each micro-batch, and the end of each partition in it.

    A batch drops by the watermark of the one before it, then merges, then writes by its own.
    """
    partitions = sorted({record.partition for record in records})
    ends = dict.fromkeys(partitions, 0)
    logs = {p: [record for record in records if record.partition == p] for p in partitions}
    batches: list[Batch] = []
    watermark = before = NEVER
    newest = NEVER
    still_open: list[Session] = []
    written: list[Session] = []
    while any(ends[p] < len(logs[p]) for p in partitions):
        batch: list[Record] = []
        for p in partitions:
            count = chance.randrange(0, 25)
            batch += logs[p][ends[p] : ends[p] + count]
            ends[p] = min(len(logs[p]), ends[p] + count)
        batches.append((watermark, dict(ends)))
        kept = [each for each in batch if each.event_ms + gap_ms > before]
        pieces: list[Session] = [*still_open, *([each] for each in kept)]
        still_open = []
        for piece in sorted(pieces, key=lambda session: min(each.event_ms for each in session)):
            found = [
                each
                for each in still_open
                if each[0].key == piece[0].key
                and min(one.event_ms for one in piece) <= _end(each, gap_ms)
            ]
            for each in found:
                still_open.remove(each)
            still_open.append([*(one for each in found for one in each), *piece])
        over = [each for each in still_open if _end(each, gap_ms) <= watermark]
        written += over
        still_open = [each for each in still_open if each not in over]
        newest = max([newest, *(each.event_ms for each in batch)])
        before, watermark = watermark, max(watermark, newest - grace_ms)
    return written + still_open, batches
