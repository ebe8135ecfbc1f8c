"""The worker process: a member of the consumer group that aggregates the partitions it is given.

    python -m streambench.engines.kafka_python.worker JOB.json NAME READINGS.jsonl

Rows are written when their window closes; then, and only then, an offset is committed with them
(beyond that once in a commit interval, so that input without results is not read again without end).
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.consumer.subscription_state import ConsumerRebalanceListener
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.errors import KafkaError

from streambench.engines.common.bounded_producer import BoundedProducer
from streambench.engines.common.query_module import Query, load_query
from streambench.engines.kafka_python.output import Output, PlainOutput, TransactionalOutput
from streambench.engines.kafka_python.windows import Closed, Mark, PartitionWindows

log = logging.getLogger("worker")

READINGS_S = 1.0
COMMITTED_TIMEOUT_MS = 30_000


class Worker(ConsumerRebalanceListener):  # type: ignore[misc]
    """Polls, feeds, writes. Everything but the callbacks of a rebalance runs in one thread, and these
    come only while that thread is inside `poll`.
    """

    def __init__(
        self,
        consumer: KafkaConsumer,
        output: Output,
        query: Query,
        *,
        commit_interval_s: float,
        poll_timeout_ms: int,
    ) -> None:
        self._consumer = consumer
        self._output = output
        self._query = query
        self._commit_interval_s = commit_interval_s
        self._poll_timeout_ms = poll_timeout_ms
        self._windows: dict[TopicPartition, PartitionWindows] = {}
        self._unplaced: set[TopicPartition] = set()
        self._next_commit_s = time.monotonic() + commit_interval_s
        self._late_before = 0
        self.records = self.rows = self.commits = self.rebalances = self.failed_writes = 0

    # --- the group ---

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Partitions that came; where to begin is asked later, outside the callback."""
        log.info("assigned %s", sorted(tp.partition for tp in assigned))
        self.rebalances += 1
        self._unplaced.update(assigned)

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Partitions that went: all that was written of them is committed, the rest is the log's."""
        log.info("revoked %s", sorted(tp.partition for tp in revoked))
        for partition in revoked:
            self._forget(partition)

    def on_partitions_lost(self, lost: list[TopicPartition]) -> None:
        """Partitions that went without a word, because the group thought us dead."""
        self.on_partitions_revoked(lost)

    def _forget(self, partition: TopicPartition) -> None:
        self._unplaced.discard(partition)
        windows = self._windows.pop(partition, None)
        if windows is not None:
            self._late_before += windows.late_records

    def _place(self, partition: TopicPartition) -> bool:
        """Read `partition` from the last commit on; False when that is not known yet.

        kafka-python keeps the position of a partition that it had before, beyond the records that
        the new owner needs: it must be moved in every case.
        """
        try:
            # A call that gave up leaves its question behind, and the next call takes the answer, old
            # as it may be. So what the first call brings is dropped. A transaction that a dead owner
            # left open is waited for by the client.
            for _ in range(2):
                found = self._consumer.committed(
                    partition, metadata=True, timeout_ms=COMMITTED_TIMEOUT_MS
                )
        except KafkaError as error:
            if not error.retriable:
                raise
            log.info("partition %d: %s", partition.partition, error)
            return False
        mark = Mark(0, 0) if found is None else Mark(found.offset, int(found.metadata or 0))
        self._consumer.seek(partition, mark.offset)
        self._windows[partition] = PartitionWindows(self._query, mark)
        log.info("partition %d: from %s", partition.partition, mark)
        return True

    # --- the work ---

    def step(self) -> None:
        """One poll and all that follows from it. Raises KafkaError that time does not mend."""
        polled = self._consumer.poll(timeout_ms=self._poll_timeout_ms)
        for partition in tuple(self._unplaced):
            # What this poll returned of it was read from before the move.
            polled.pop(partition, None)
            if self._place(partition):
                self._unplaced.discard(partition)
        closed: dict[TopicPartition, list[Closed]] = {}
        for partition, records in polled.items():
            windows = self._windows.get(partition)
            if windows is None:  # revoked by the rebalance that this poll ran
                continue
            events = json.loads(b"[" + b",".join([record.value for record in records]) + b"]")
            over = windows.feed(records, events)
            self.records += len(records)
            if over:
                closed[partition] = over
        if closed:
            self._write(closed)
        if time.monotonic() >= self._next_commit_s:
            self._commit_progress()

    def _write(self, closed: Mapping[TopicPartition, list[Closed]]) -> None:
        marks = {partition: self._windows[partition].mark() for partition in closed}
        rows = list(self._rows(closed))
        if self._put(rows, marks):
            self.rows += len(rows)

    def _rows(
        self, closed: Mapping[TopicPartition, list[Closed]]
    ) -> Iterator[tuple[int, bytes, bytes]]:
        row = self._query.row
        for partition, windows in closed.items():
            for start_ms, totals_by_key in windows:
                for key, totals in totals_by_key.items():
                    yield partition.partition, *row(key, start_ms, totals)

    def _commit_progress(self) -> None:
        """Commit where input was read that no window that closed has committed."""
        self._next_commit_s = time.monotonic() + self._commit_interval_s
        marks = {
            partition: mark
            for partition, windows in self._windows.items()
            if (mark := windows.mark()) != windows.committed
        }
        if marks:
            self._put([], marks)

    def _put(
        self, rows: list[tuple[int, bytes, bytes]], marks: Mapping[TopicPartition, Mark]
    ) -> bool:
        """Write and commit; where that fails, go back to the last commit. False then."""
        try:
            self._output.write(rows, marks)
        except KafkaError as error:
            log.warning("a write failed, back to the last commit: %s", error)
            self.failed_writes += 1
            self._output.recover()
            for partition in tuple(self._windows):
                self._forget(partition)
            self._unplaced.update(self._consumer.assignment())
            return False
        self.commits += 1
        for partition, mark in marks.items():
            self._windows[partition].committed = mark
        return True

    def reading(self) -> dict[str, Any]:
        """What this worker says of itself."""
        late = sum(windows.late_records for windows in self._windows.values())
        return {
            "pid": os.getpid(),
            "t_ms": time.time_ns() // 1_000_000,
            "partitions": sorted(partition.partition for partition in self._windows),
            "records": self.records,
            "rows": self.rows,
            "late_records": self._late_before + late,
            "commits": self.commits,
            "failed_writes": self.failed_writes,
            "rebalances": self.rebalances,
        }


def main(job_path: Path, name: str, readings_path: Path) -> None:
    """Run until SIGTERM or until an error that time does not mend."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("worker").setLevel(logging.INFO)
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))

    job = json.loads(job_path.read_text(encoding="utf-8"))
    client_id = f"{job['group']}-{name}"
    exactly_once = job["guarantee"] == "exactly-once"
    consumer = KafkaConsumer(
        bootstrap_servers=job["bootstrap"],
        group_id=job["group"],
        client_id=client_id,
        enable_auto_commit=False,
        partition_assignment_strategy=[CooperativeStickyAssignor],
        **job["consumer"],
    )
    effective: dict[str, Any] = {}

    def new_producer() -> KafkaProducer:
        own = {"transactional_id": client_id} if exactly_once else {}
        producer = BoundedProducer(
            bootstrap_servers=job["bootstrap"], client_id=client_id, **job["producer"], **own
        )
        effective.update({f"producer.{n}": producer.config[n] for n in job["producer"]})
        return producer

    output: Output
    if exactly_once:
        output = TransactionalOutput(new_producer, consumer, job["output"])
    else:
        output = PlainOutput(new_producer(), consumer, job["output"])
    effective.update({f"consumer.{n}": consumer.config[n] for n in job["consumer"]})
    effective.update({f"worker.{n}": value for n, value in job["worker"].items()})

    worker = Worker(
        consumer,
        output,
        load_query(job_path.parent / job["query"]),
        commit_interval_s=job["worker"]["commit_interval_ms"] / 1000,
        poll_timeout_ms=job["worker"]["poll_timeout_ms"],
    )
    consumer.subscribe([job["input"]], listener=worker)
    # A poll makes thousands of short-lived objects, and none of them in cycles.
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)

    with readings_path.open("a", encoding="utf-8", buffering=1) as readings:
        said = {"pid": os.getpid(), "effective": {"kafka-python": effective}}
        readings.write(json.dumps(said) + "\n")
        next_reading_s = time.monotonic()
        while not stopping:
            worker.step()
            if time.monotonic() >= next_reading_s:
                next_reading_s = time.monotonic() + READINGS_S
                readings.write(json.dumps(worker.reading()) + "\n")
        readings.write(json.dumps(worker.reading()) + "\n")
    output.close()
    consumer.close(autocommit=False, timeout_ms=1_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
