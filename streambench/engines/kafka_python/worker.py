"""The worker process: a member of the consumer group that aggregates the partitions it is given.

    python -m streambench.engines.kafka_python.worker JOB.json NAME READINGS.jsonl

Rows are written when their window closes. Once in a commit interval they are committed, with the
offsets that say what they were made of; under exactly-once nobody sees them before that.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias, cast

from kafka import KafkaProducer, TopicPartition
from kafka.consumer.subscription_state import AsyncConsumerRebalanceListener
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import KafkaError, RebalanceInProgressError

from streambench.engines.common.bounded_producer import BoundedProducer
from streambench.engines.common.job_file import clients_of
from streambench.engines.common.query_module import (
    HandProgram,
    MovingProgram,
    QueryProgram,
    SessionProgram,
    is_by_hand,
    load_program,
)
from streambench.engines.kafka_python.assignor import EachTopicAssignor
from streambench.engines.kafka_python.gathering import Gathering, Parting
from streambench.engines.kafka_python.member import GroupMember
from streambench.engines.kafka_python.mover import MovedRecord, Mover
from streambench.engines.kafka_python.output import (
    Marks,
    Output,
    PlainOutput,
    TransactionalOutput,
)
from streambench.engines.kafka_python.readable import read, read_own
from streambench.engines.kafka_python.sessions import OpenSessions
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows, Record

log = logging.getLogger("worker")

READINGS_S = 1.0
COMMIT_AGAIN_S = 0.05
POLL_AGAIN_S = 0.05
COMMITTED_TIMEOUT_MS = 30_000
State: TypeAlias = OpenWindows | OpenSessions | Mover | Parting | Gathering
"""What is kept of one partition, by what becomes of its records."""
ASSIGNORS = {"cooperative-sticky": EachTopicAssignor, "range": RangePartitionAssignor}


class Moving(NamedTuple):
    """The topic to which records are moved, and how many partitions it has."""

    topic: str
    partitions: int


class Worker(AsyncConsumerRebalanceListener):  # type: ignore[misc]
    """Polls, feeds, writes, commits. All but the callbacks of a rebalance runs in one thread, and these
    come only while that thread is inside `poll`.

    `each_window`: commit with every window that closes, not only once in the interval. `moving`: records of
    the input are moved to a topic by their group first, and aggregated there.
    """

    def __init__(
        self,
        consumer: GroupMember,
        output: Output,
        query: QueryProgram | SessionProgram,
        *,
        commit_interval_s: float,
        each_window: bool,
        poll_timeout_ms: int,
        moving: Moving | None = None,
    ) -> None:
        self._consumer = consumer
        self._output = output
        self._query = query
        self._commit_interval_s = commit_interval_s
        self._each_window = each_window
        self._poll_timeout_ms = poll_timeout_ms
        self._moving = moving
        self._windows: dict[TopicPartition, State] = {}
        self._unplaced: set[TopicPartition] = set()
        self._member_id = ""
        self._astray = False  # what was written since the last commit must not be committed
        self._next_commit_s = time.monotonic() + commit_interval_s
        self._late_before = 0
        self.records = self.rows = self.commits = self.rebalances = self.failed_writes = 0
        self.moved = self.unreadable = 0

    # --- the group ---

    async def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Partitions that came; where to begin is asked later, outside the callback."""
        log.info("assigned %s", sorted(tp.partition for tp in assigned))
        self.rebalances += 1
        self._unplaced.update(assigned)

    async def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Partitions that go: what was made of them is committed while they are still ours."""
        log.info("revoked %s", sorted(tp.partition for tp in revoked))
        marks = self._marks()
        if self._thrown_out():
            self._astray = True
        if not self._astray and (marks or self._output.pending):
            try:
                await self._output.commit_in_callback(marks)
            except KafkaError as error:
                log.warning("a commit before partitions went failed: %s", error)
                self._astray = True
            else:
                self._committed(marks)
        for partition in revoked:
            self._forget(partition)

    async def on_partitions_lost(self, lost: list[TopicPartition]) -> None:
        """Partitions that went without a word, because the group thought us dead."""
        log.info("lost %s", sorted(tp.partition for tp in lost))
        self._astray = True
        for partition in lost:
            self._forget(partition)

    def _thrown_out(self) -> bool:
        """Whether this is another membership than that under which the windows were fed.

        Then others may have had our partitions in between. kafka-python says so by a callback, except
        when it is thrown out while it joins.
        """
        member_id: str = self._consumer.group_metadata().member_id
        return bool(self._windows) and member_id != self._member_id

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
        # The answer may have to wait for an open transaction, and a join is not kept waiting: it sends no
        # heartbeats.
        membership = self._consumer.group_metadata()
        if self._consumer.joining or membership.generation_id < 0 or self._thrown_out():
            return False
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
        mark = CommitMark(0, 0) if found is None else CommitMark.read(found.offset, found.metadata)
        self._member_id = membership.member_id
        self._consumer.seek(partition, mark.offset)
        self._windows[partition] = self._opened(partition, mark)
        log.info("partition %d: from %s", partition.partition, mark)
        return True

    def _opened(self, partition: TopicPartition, mark: CommitMark) -> State:
        moving = self._moving
        if moving is not None and is_by_hand(self._query):
            program = cast(HandProgram, self._query)
            if partition.topic != moving.topic:
                return Parting(program, mark, partition.partition)
            return Gathering(program, mark, moving.partitions)
        if moving is not None and partition.topic != moving.topic:
            return Mover(cast(MovingProgram, self._query), mark, moving.partitions)
        return _opened(self._query, mark)

    # --- the work ---

    def step(self) -> None:
        """One poll and all that follows from it. Raises KafkaError that time does not mend."""
        polled = self._consumer.poll(timeout_ms=self._patience_ms())
        if self._astray or self._thrown_out():
            self.failed_writes += self._output.pending
            self._back_to_the_last_commit("this worker lost its place in the group")
        for partition in tuple(self._unplaced):
            # What this poll returned of it was read from before the move.
            polled.pop(partition, None)
            if self._place(partition):
                self._unplaced.discard(partition)
        wrote = False
        for partition, records in polled.items():
            windows = self._windows.get(partition)
            if windows is None:  # revoked by the rebalance that this poll ran, or to be read again
                continue
            own = isinstance(windows, Gathering)
            taken = read_own(records, self._query) if own else read(records, self._query)
            self.unreadable += len(records) - len(taken.records)
            if isinstance(windows, Mover | Parting):
                if not self._move(windows.feed(*taken)):
                    return
                self.records += len(records)
            else:
                over = rows_of_closed(windows, *taken)
                self.records += 0 if self._moving else len(records)
                if over and not self._write(partition, over):
                    return
                wrote = wrote or bool(over)
            # Partition by partition: after a failure a poll can close more windows than fit into the time
            # that the broker gives a transaction.
            if time.monotonic() >= self._next_commit_s:
                self.commit()
        if (wrote and self._each_window) or time.monotonic() >= self._next_commit_s:
            self.commit()

    def _patience_ms(self) -> float:
        """How long a poll may wait for records: rows that wait for their commit do not wait longer."""
        if not self._output.pending:
            return self._poll_timeout_ms
        due_ms = (self._next_commit_s - time.monotonic()) * 1000
        return max(0.0, min(self._poll_timeout_ms, due_ms))

    def _write(self, partition: TopicPartition, over: Sequence[tuple[bytes, bytes]]) -> bool:
        """Write the rows of windows that are over; False when that failed."""
        rows = [(partition.partition, *row) for row in over]
        try:
            self._output.write(rows)
        except KafkaError as error:
            self.failed_writes += 1
            self._back_to_the_last_commit(f"a write failed: {error}")
            return False
        self.rows += len(rows)
        return True

    def _move(self, moved: Sequence[MovedRecord]) -> bool:
        """Write records to the topic in between; False when that failed."""
        if not moved:
            return True
        assert self._moving is not None, "nothing is moved without a topic for it"
        try:
            self._output.move(moved, self._moving.topic)
        except KafkaError as error:
            self.failed_writes += 1
            self._back_to_the_last_commit(f"a write failed: {error}")
            return False
        self.moved += len(moved)
        return True

    def commit(self) -> None:
        """Commit the rows since the last time, and what was read; nothing where there is neither."""
        self._next_commit_s = time.monotonic() + self._commit_interval_s
        marks = self._marks()
        if not marks and not self._output.pending:
            return
        try:
            self._output.commit(marks)
        except RebalanceInProgressError:
            # Said by the client itself, which has lost nothing: it may commit when it has joined again.
            self._next_commit_s = time.monotonic() + COMMIT_AGAIN_S
        except KafkaError as error:
            self.failed_writes += 1
            self._back_to_the_last_commit(f"a commit failed: {error}")
        else:
            self._committed(marks)

    def finish(self) -> None:
        """Commit a last time; the callbacks of a consumer that is being closed leave it at that."""
        self.commit()
        self._astray = True

    def _marks(self) -> dict[TopicPartition, CommitMark]:
        """What there is to commit, of those partitions that went on since the last time."""
        return {
            partition: mark
            for partition, windows in self._windows.items()
            if (mark := windows.mark()) != windows.committed
        }

    def _committed(self, marks: Marks) -> None:
        self.commits += 1
        for partition, mark in marks.items():
            self._windows[partition].committed = mark

    def _back_to_the_last_commit(self, why: str) -> None:
        log.warning("back to the last commit: %s", why)
        self._astray = False
        self._output.recover()
        for partition in tuple(self._windows):
            self._forget(partition)
        self._unplaced.update(self._consumer.assignment())

    def reading(self) -> dict[str, Any]:
        """What this worker says of itself."""
        late = sum(windows.late_records for windows in self._windows.values())
        return {
            "pid": os.getpid(),
            "t_ms": time.time_ns() // 1_000_000,
            "partitions": sorted(
                partition.partition
                for partition, state in self._windows.items()
                if not isinstance(state, Mover | Parting)
            ),
            "moving": sorted(
                partition.partition
                for partition, state in self._windows.items()
                if isinstance(state, Mover | Parting)
            ),
            "records": self.records,
            "moved": self.moved,
            "rows": self.rows,
            "late_records": self._late_before + late,
            "unreadable": self.unreadable,
            "commits": self.commits,
            "failed_writes": self.failed_writes,
            "rebalances": self.rebalances,
        }


def rows_of_closed(
    windows: OpenWindows | OpenSessions | Gathering,
    records: Sequence[Record],
    events: Sequence[Any],
) -> list[tuple[bytes, bytes]]:
    """Feed records; key and value of each row of what they close."""
    if isinstance(windows, Gathering):
        return list(windows.feed(records, events))
    if isinstance(windows, OpenSessions):
        return list(windows.rows(windows.feed(records, events)))
    return list(windows.rows(windows.feed(records, events)))


def _opened(query: QueryProgram | SessionProgram, mark: CommitMark) -> OpenWindows | OpenSessions:
    if hasattr(query, "GAP_MS"):
        return OpenSessions(cast(SessionProgram, query), mark)
    return OpenWindows(query, mark)


def main(job_path: Path, name: str, readings_path: Path) -> None:
    """Run until SIGTERM or until an error that time does not mend."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("worker").setLevel(logging.INFO)
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))

    job = json.loads(job_path.read_text(encoding="utf-8"))
    client_id = f"{job['group']}-{name}"
    exactly_once = job["guarantee"] == "exactly-once"
    consumer = GroupMember(
        **clients_of(job),
        group_id=job["group"],
        client_id=client_id,
        enable_auto_commit=False,
        partition_assignment_strategy=[ASSIGNORS[job["worker"]["assignor"]]],
        **job["consumer"],
    )
    effective: dict[str, Any] = {}

    def new_producer() -> KafkaProducer:
        own = {"transactional_id": client_id} if exactly_once else {}
        producer = BoundedProducer(**clients_of(job), client_id=client_id, **job["producer"], **own)
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
        load_program(job_path.parent / job["query"]),
        commit_interval_s=job["worker"]["commit_interval_ms"] / 1000,
        each_window=job["worker"]["commit_each_window"],
        poll_timeout_ms=job["worker"]["poll_timeout_ms"],
        moving=Moving(**job["moving"]) if job["moving"] else None,
    )
    # The leader of a group that knows no partition of the topic yet gives out none. kafka-python then may
    # leave a member waiting until its session is over: seen where the broker knows the group's coordinator
    # at once.
    topics = [job["input"], *([job["moving"]["topic"]] if job["moving"] else [])]
    while not (all(map(consumer.partitions_for_topic, topics)) or stopping):
        time.sleep(POLL_AGAIN_S)
    consumer.subscribe(topics, listener=worker)
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
        worker.finish()
        readings.write(json.dumps(worker.reading()) + "\n")
    output.close()
    consumer.close(autocommit=False, timeout_ms=1_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
