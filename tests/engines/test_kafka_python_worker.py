"""The worker's loop and its commits, against a group and a broker that do their worst."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from kafka import TopicPartition
from kafka.errors import (
    CommitFailedError,
    KafkaError,
    KafkaTimeoutError,
    ProducerFencedError,
    RebalanceInProgressError,
)
from kafka.structs import ConsumerGroupMetadata, OffsetAndMetadata

from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.member import GroupMember
from streambench.engines.kafka_python.output import GivenUp, PlainOutput, TransactionalOutput
from streambench.engines.kafka_python.worker import Worker
from tests.engines.cluster_lab import CLICKS, VIEW

P0, P1 = TopicPartition("input", 0), TopicPartition("input", 1)


class Record(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


class Log:
    """One partition of input: offset n holds a record of this time that passes the filter."""

    def __init__(self, *times: int) -> None:
        value = b'{"campaign":"c1","action":"%s","price":5}' % VIEW.replace("\\", "\\\\").encode()
        self.records = [Record(offset, time, value) for offset, time in enumerate(times)]


def finish(callback: Coroutine[Any, Any, None]) -> None:
    """Run what waits for nothing to its end."""
    with pytest.raises(StopIteration):
        callback.send(None)


class Consumer:
    """A group of one, whose rebalances the test brings about."""

    def __init__(self, logs: dict[TopicPartition, Log]) -> None:
        self.logs = logs
        self.positions: dict[TopicPartition, int] = {}
        self.offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        self.generation = 1
        self.member_id = "member"
        self.unknown: set[str] = set()  # members that the broker has thrown out
        self.rejoined: list[str] = []
        self.joining = False
        self.limit = 1_000
        self.commit_errors: list[KafkaError] = []
        self.committed_errors: list[KafkaError] = []
        self.pending: list[Callable[[], None]] = []
        self.listener: Any = None

    def give(self, *partitions: TopicPartition, position: int = 0) -> None:
        """In the next poll these come, with the position that a client may still have of them."""

        def happen() -> None:
            self.positions.update(dict.fromkeys(partitions, position))
            finish(self.listener.on_partitions_assigned(list(partitions)))

        self.pending.append(happen)

    def take(self, *partitions: TopicPartition, lost: bool = False) -> None:
        """In the next poll these go."""

        def happen() -> None:
            for partition in partitions:
                del self.positions[partition]
            call = self.listener.on_partitions_lost if lost else self.listener.on_partitions_revoked
            finish(call(list(partitions)))

        self.pending.append(happen)

    def poll(self, timeout_ms: float) -> dict[TopicPartition, list[Record]]:
        # Records are fetched before the rebalance that the same poll runs.
        polled = {
            partition: self.logs[partition].records[at : at + self.limit]
            for partition, at in self.positions.items()
        }
        pending, self.pending = self.pending, []
        for happen in pending:
            happen()
            polled.update(
                {
                    partition: self.logs[partition].records[at : at + self.limit]
                    for partition, at in self.positions.items()
                    if partition not in polled
                }
            )
        for partition, records in polled.items():
            if records and partition in self.positions:
                self.positions[partition] = records[-1].offset + 1
        return {partition: records for partition, records in polled.items() if records}

    def committed(
        self, partition: TopicPartition, metadata: bool, timeout_ms: int
    ) -> OffsetAndMetadata | None:
        assert metadata
        if self.committed_errors:
            raise self.committed_errors.pop(0)
        return self.offsets.get(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.positions[partition] = offset

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def rejoin(self, refused: ConsumerGroupMetadata) -> None:
        """As the worker's own: what it has is lost in the next poll, and comes back if nobody has it."""
        self.rejoined.append(refused.member_id)
        partitions = tuple(self.positions)
        self.generation = -1
        self.take(*partitions, lost=True)

        def happen() -> None:
            self.generation, self.member_id = 2, f"{refused.member_id} again"

        self.pending.append(happen)
        self.give(*partitions, position=1_000)

    def group_metadata(self) -> ConsumerGroupMetadata:
        member = self.member_id if self.generation >= 0 else ""
        return ConsumerGroupMetadata("group", self.generation, member)

    def commit(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        if self.commit_errors:
            raise self.commit_errors.pop(0)
        self.offsets.update(offsets)

    async def commit_async(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        self.commit(offsets)


class Future:
    def __init__(self, error: KafkaError | None) -> None:
        self.error = error

    def get(self, timeout: float) -> None:
        if self.error is not None:
            raise self.error


class Producer:
    """Keeps rows apart until their transaction is committed; without transactions all at once."""

    def __init__(self, consumer: Consumer, rows: list[bytes], *, transactional: bool) -> None:
        self.consumer = consumer
        self.rows = rows
        self.open: list[bytes] | None = None
        self.transactional = transactional
        self.offsets: dict[TopicPartition, OffsetAndMetadata] = {}
        self.errors: dict[str, list[KafkaError]] = {}
        self.aborted = 0
        self.closed = False
        self.stubborn = False

    def fail(self, call: str, *errors: KafkaError) -> None:
        self.errors[call] = list(errors)

    def _maybe_fail(self, call: str) -> None:
        if self.errors.get(call):
            raise self.errors[call].pop(0)

    def init_transactions(self) -> None:
        assert self.transactional

    def begin_transaction(self) -> None:
        assert self.open is None
        self._maybe_fail("begin")
        self.open = []

    def send(self, topic: str, *, key: bytes, value: bytes, partition: int) -> Future:
        (self.rows if self.open is None else self.open).append(value)
        errors = self.errors.get("deliver")
        return Future(errors.pop(0) if errors else None)

    def flush(self, timeout: float | None = None) -> None:
        assert timeout is not None  # kafka-python's would wait for ever for rows that it dropped

    def send_offsets_to_transaction(
        self,
        offsets: dict[TopicPartition, OffsetAndMetadata],
        metadata: ConsumerGroupMetadata,
    ) -> None:
        # As kafka-python does: what is refused stays, and goes out with the next transaction.
        self.offsets.update(offsets)
        self._maybe_fail("offsets")
        if metadata.member_id in self.consumer.unknown:
            raise CommitFailedError("UnknownMemberIdError")

    def commit_transaction(self) -> None:
        self._maybe_fail("commit")
        assert self.open is not None
        self.rows += self.open
        self.consumer.offsets.update(self.offsets)
        self.offsets = {}
        self.open = None

    def abort_transaction(self) -> None:
        self._maybe_fail("abort")
        self.open = None
        self.aborted += 1

    def close(self, timeout: float) -> None:
        self._maybe_fail("close")
        self.closed = True

    @property
    def _sender(self) -> Producer:
        return self

    def force_close(self) -> None:
        self.closed = not self.stubborn

    def join(self, timeout: float) -> None:
        assert timeout > 0

    def is_alive(self) -> bool:
        return not self.closed


class Bench:
    """A worker on fakes; rows are what a committed reader sees.

    It commits with each window, or else whenever `commit_is_due` was called.
    """

    def __init__(
        self, query: QueryProgram, *, transactional: bool, each_window: bool = True, **logs: Log
    ) -> None:
        self.consumer = Consumer({P0: logs.get("p0", Log()), P1: logs.get("p1", Log())})
        self.rows: list[bytes] = []
        self.producers: list[Producer] = []
        member = cast(GroupMember, self.consumer)
        output: PlainOutput | TransactionalOutput
        if transactional:
            output = TransactionalOutput(self._producer, member, "output")
        else:
            output = PlainOutput(self._producer(False), member, "output")
        self.worker = Worker(
            member,
            output,
            query,
            commit_interval_s=3_600.0,
            each_window=each_window,
            poll_timeout_ms=0,
        )
        self.consumer.listener = self.worker

    def _producer(self, transactional: bool = True) -> Producer:
        self.producers.append(Producer(self.consumer, self.rows, transactional=transactional))
        return self.producers[-1]

    def steps(self, count: int = 4) -> None:
        for _ in range(count):
            self.worker.step()

    def commit_is_due(self) -> None:
        """The next step commits."""
        self.worker._next_commit_s = 0.0

    def seen(self) -> list[tuple[int, int]]:
        """(window start, count) of each row, in the order of writing."""
        return [(row["window_start"], row["views"]) for row in map(json.loads, self.rows)]


@pytest.fixture
def query(tmp_path: Path) -> QueryProgram:
    path = tmp_path / "query.py"
    path.write_text(query_source(CLICKS))
    return load_query(path)


TIMES = (10, 510, 20, 650, 700, 1_700)
RIGHT = [(0, 2), (500, 3)]
both = pytest.mark.parametrize("transactional", [False, True], ids=["plain", "transactional"])


@both
def test_closed_windows_come_out_with_their_commit(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(query, transactional=transactional, p0=Log(*TIMES))
    bench.consumer.give(P0)
    bench.steps()
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets == {P0: OffsetAndMetadata(5, "1500", -1)}


@both
def test_an_old_position_is_not_believed(query: QueryProgram, transactional: bool) -> None:
    bench = Bench(query, transactional=transactional, p0=Log(*TIMES))
    bench.consumer.give(P0, position=3)
    bench.steps()
    assert bench.seen() == RIGHT


@both
def test_a_partition_that_goes_and_comes_back_is_read_from_its_commit(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(query, transactional=transactional, p0=Log(*TIMES), p1=Log(*TIMES))
    bench.consumer.give(P0, P1)
    bench.consumer.limit = 2
    bench.steps(3)
    bench.consumer.take(P0)
    bench.steps(1)
    bench.consumer.give(P0, position=4)
    bench.steps(8)
    assert sorted(bench.seen()) == sorted(RIGHT * 2)


@both
def test_what_a_poll_brings_of_a_partition_that_it_revoked_is_dropped(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(query, transactional=transactional, p0=Log(*TIMES))
    bench.consumer.give(P0)
    bench.consumer.limit = 1
    bench.steps(2)
    bench.consumer.limit = 1_000
    bench.consumer.take(P0, lost=True)
    bench.steps(1)
    assert bench.seen() == []
    assert bench.consumer.offsets == {}


@both
def test_one_that_was_thrown_out_of_its_group_writes_nothing(
    query: QueryProgram, transactional: bool
) -> None:
    # Offsets without a generation would pass the broker unchecked.
    bench = Bench(query, transactional=transactional, p0=Log(*TIMES))
    bench.consumer.give(P0)
    bench.consumer.limit = 2
    bench.steps(2)
    bench.consumer.limit = 1_000
    bench.consumer.generation = -1
    bench.steps(2)
    assert bench.rows == []
    assert bench.consumer.offsets == {}
    bench.consumer.generation = 2
    bench.steps()
    assert bench.seen() == RIGHT


def test_a_refused_commit_costs_duplicates_and_no_more(query: QueryProgram) -> None:
    bench = Bench(query, transactional=False, p0=Log(*TIMES))
    bench.consumer.commit_errors = [CommitFailedError()]
    bench.consumer.give(P0)
    bench.steps()
    assert bench.seen() == RIGHT + RIGHT
    assert bench.worker.reading()["failed_writes"] == 1


def test_a_row_that_could_not_be_delivered_is_written_again(query: QueryProgram) -> None:
    bench = Bench(query, transactional=False, p0=Log(*TIMES))
    bench.producers[0].fail("deliver", KafkaTimeoutError("expired"))
    bench.consumer.give(P0)
    bench.steps(2)
    assert bench.consumer.offsets == {}
    bench.steps()
    assert bench.seen()[-2:] == RIGHT


@pytest.mark.parametrize("call", ["begin", "deliver", "offsets", "commit"])
def test_a_failed_transaction_is_aborted_and_repeated_by_a_new_producer(
    query: QueryProgram, call: str
) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.producers[0].fail(call, KafkaError("aborted by the broker"))
    bench.consumer.give(P0)
    bench.steps(6)
    assert bench.seen() == RIGHT
    assert bench.producers[0].aborted == 1
    assert bench.producers[0].closed
    assert len(bench.producers) == 2


def test_one_whose_transaction_the_group_refuses_joins_anew(query: QueryProgram) -> None:
    # Nothing else says that it was thrown out; others have gone on with one of its partitions.
    bench = Bench(query, transactional=True, p0=Log(*TIMES), p1=Log(*TIMES))
    bench.consumer.give(P0, P1)
    bench.consumer.limit = 2
    bench.steps(2)
    theirs = OffsetAndMetadata(6, "1600", -1)
    bench.consumer.offsets = {P0: theirs}
    bench.consumer.limit = 1_000
    bench.consumer.unknown = {"member"}
    bench.steps(8)
    assert bench.consumer.rejoined == ["member"]
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets == {P0: theirs, P1: OffsetAndMetadata(5, "1500", -1)}


def test_a_group_that_refuses_over_and_over_is_joined_anew_each_time(query: QueryProgram) -> None:
    # That is no sign of a second process with the same transactional id.
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.consumer.give(P0)
    for _ in range(8):
        bench.consumer.unknown |= {bench.consumer.member_id, f"{bench.consumer.member_id} again"}
        bench.steps(2)
    assert bench.rows == []
    bench.consumer.unknown.clear()
    bench.steps(4)
    assert bench.seen() == RIGHT


def test_one_that_the_group_refuses_while_partitions_go_joins_anew(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, each_window=False, p0=Log(*TIMES), p1=Log(*TIMES))
    bench.consumer.give(P0, P1)
    bench.steps(2)
    bench.consumer.unknown = {"member"}
    bench.consumer.take(P0)
    bench.steps(2)
    assert bench.consumer.rejoined == ["member"]
    bench.commit_is_due()
    bench.steps(2)
    assert bench.seen() == RIGHT
    assert set(bench.consumer.offsets) == {P1}


def test_offsets_of_a_refused_transaction_do_not_come_back_later(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES), p1=Log(*TIMES))
    bench.consumer.give(P0)
    bench.producers[0].fail("offsets", CommitFailedError())
    bench.steps(2)
    # Meanwhile somebody else had P0 and went on, and all that is ours is P1.
    bench.consumer.take(P0, lost=True)
    bench.steps(1)
    further = OffsetAndMetadata(1_000, "9000", -1)
    bench.consumer.offsets[P0] = further
    bench.consumer.give(P1)
    bench.steps()
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets[P0] == further


def test_a_fenced_producer_is_replaced(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.producers[0].fail("commit", ProducerFencedError())
    bench.producers[0].fail("abort", ProducerFencedError())
    bench.consumer.give(P0)
    bench.steps(6)
    assert bench.seen() == RIGHT
    assert bench.producers[0].closed
    assert len(bench.producers) == 2


def test_a_producer_that_does_not_end_is_not_replaced(query: QueryProgram) -> None:
    # It could take the transactional id back from its successor.
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.producers[0].fail("commit", KafkaError())
    bench.producers[0].fail("close", KafkaTimeoutError())
    bench.producers[0].stubborn = True
    bench.consumer.give(P0)
    bench.steps(1)
    with pytest.raises(GivenUp):
        bench.steps(1)
    assert len(bench.producers) == 1


def test_a_producer_whose_close_hangs_is_ended_by_force_and_replaced(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.producers[0].fail("commit", KafkaError())
    bench.producers[0].fail("close", KafkaTimeoutError())
    bench.consumer.give(P0)
    bench.steps(6)
    assert bench.seen() == RIGHT
    assert bench.producers[0].closed
    assert len(bench.producers) == 2


def test_one_that_is_fenced_over_and_over_gives_up(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.consumer.give(P0)

    def fenced_step() -> None:
        bench.producers[-1].fail("commit", ProducerFencedError())
        bench.producers[-1].fail("abort", ProducerFencedError())
        bench.steps(1)

    for _ in range(7):  # before each failure one that finds its place again
        fenced_step()
    with pytest.raises(GivenUp):
        fenced_step()
    assert bench.rows == []


def test_the_start_is_asked_again_until_it_is_known(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.consumer.committed_errors = [KafkaTimeoutError(), KafkaTimeoutError()]
    bench.consumer.give(P0)
    bench.steps(2)
    assert bench.rows == []
    bench.steps()
    assert bench.seen() == RIGHT


def test_a_join_is_not_kept_waiting_for_the_start(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    bench.consumer.committed_errors = [KafkaTimeoutError()]
    bench.consumer.joining = True
    bench.consumer.give(P0)
    bench.steps(2)
    assert bench.consumer.committed_errors  # nobody has asked
    bench.consumer.joining = False
    bench.steps()
    assert bench.seen() == RIGHT


def test_an_answer_left_over_from_a_call_that_gave_up_is_not_used(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, p0=Log(*TIMES))
    answers = [OffsetAndMetadata(0, "0", -1), OffsetAndMetadata(1, "500", -1)]
    bench.consumer.committed = lambda partition, **_: answers.pop(0)  # type: ignore[method-assign]
    bench.consumer.give(P0)
    bench.steps()
    assert bench.seen() == [(500, 3)]


@both
def test_input_without_results_is_committed_once_in_an_interval(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(query, transactional=transactional, p0=Log())
    filtered = b'{"campaign":"c1","action":"click","price":5}'
    bench.consumer.logs[P0].records = [Record(n, 10, filtered) for n in range(5)]
    bench.consumer.give(P0)
    bench.steps(3)
    assert bench.consumer.offsets == {}
    bench.commit_is_due()
    bench.steps(1)
    assert bench.consumer.offsets == {P0: OffsetAndMetadata(5, "0", -1)}
    commits = bench.worker.commits
    bench.commit_is_due()
    bench.steps(1)
    assert bench.worker.commits == commits
    assert bench.rows == []


def test_an_idle_partition_holds_no_other_back(query: QueryProgram) -> None:
    bench = Bench(query, transactional=False, p0=Log(*TIMES), p1=Log())
    bench.consumer.give(P0, P1)
    bench.steps()
    assert bench.seen() == RIGHT
    assert set(bench.consumer.offsets) == {P0}


# --- once in a commit interval ---


@both
def test_rows_wait_for_the_commit_only_where_they_are_in_a_transaction(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(query, transactional=transactional, each_window=False, p0=Log(*TIMES))
    bench.consumer.give(P0)
    bench.steps()
    assert bench.seen() == ([] if transactional else RIGHT)
    assert bench.consumer.offsets == {}
    bench.commit_is_due()
    bench.steps(1)
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets == {P0: OffsetAndMetadata(5, "1500", -1)}
    assert bench.worker.commits == 1


def test_one_transaction_holds_the_windows_of_several_polls(query: QueryProgram) -> None:
    bench = Bench(query, transactional=True, each_window=False, p0=Log(*TIMES))
    bench.consumer.give(P0)
    bench.consumer.limit = 1
    bench.steps(8)
    assert bench.rows == []
    bench.commit_is_due()
    bench.steps(1)
    assert bench.seen() == RIGHT
    assert len(bench.producers) == 1


def test_a_commit_that_is_due_within_a_poll_does_not_wait_for_its_end(query: QueryProgram) -> None:
    """After a failure a poll can close more windows than a transaction has time for."""
    logs = {"p0": Log(*TIMES), "p1": Log(*TIMES)}
    bench = Bench(query, transactional=True, each_window=False, **logs)
    bench.consumer.give(P0, P1)
    bench.steps(1)  # it learns of them
    bench.commit_is_due()
    bench.steps(1)
    # The first partition's rows went out by themselves; the next interval has begun.
    assert set(bench.consumer.offsets) == {P0}
    assert bench.worker.commits == 1
    bench.commit_is_due()
    bench.steps(1)
    assert set(bench.consumer.offsets) == {P0, P1}


@both
def test_what_was_written_since_the_last_commit_is_written_again_after_a_failed_one(
    query: QueryProgram, transactional: bool
) -> None:
    later = (1_710, 2_300)
    bench = Bench(query, transactional=transactional, each_window=False, p0=Log(*TIMES, *later))
    bench.consumer.give(P0)
    bench.consumer.limit = len(TIMES)
    bench.steps(1)
    bench.commit_is_due()
    bench.steps(1)
    bench.consumer.limit = 1_000
    bench.producers[0].fail("deliver", KafkaTimeoutError("expired"))
    bench.steps(2)
    bench.commit_is_due()
    bench.steps(4)
    assert bench.worker.reading()["failed_writes"] == 1
    bench.commit_is_due()
    bench.steps(1)
    once = [*RIGHT, (1_500, 2)]
    assert bench.seen() == (once if transactional else [*once, (1_500, 2)])


@both
def test_partitions_that_go_are_committed_before(query: QueryProgram, transactional: bool) -> None:
    bench = Bench(
        query, transactional=transactional, each_window=False, p0=Log(*TIMES), p1=Log(*TIMES)
    )
    bench.consumer.give(P0, P1)
    bench.steps(2)
    bench.consumer.take(P0)
    bench.steps(1)
    assert bench.consumer.offsets == dict.fromkeys((P0, P1), OffsetAndMetadata(5, "1500", -1))
    assert sorted(bench.seen()) == sorted(RIGHT * 2)
    bench.consumer.give(P0, position=6)
    bench.commit_is_due()
    bench.steps(4)
    assert sorted(bench.seen()) == sorted(RIGHT * 2)
    assert bench.worker.failed_writes == 0


@both
def test_where_that_commit_fails_nothing_is_taken_as_committed(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(
        query, transactional=transactional, each_window=False, p0=Log(*TIMES), p1=Log(*TIMES)
    )
    bench.consumer.give(P0, P1)
    bench.steps(2)
    bench.producers[0].fail("offsets", CommitFailedError())
    bench.consumer.commit_errors = [CommitFailedError()]
    bench.consumer.take(P0)
    bench.steps(1)
    assert bench.consumer.offsets == {}
    bench.consumer.give(P0, position=6)
    bench.steps(2)
    bench.commit_is_due()
    bench.steps(1)
    assert sorted(bench.seen()) == sorted(RIGHT * (2 if transactional else 4))


def test_rows_of_partitions_that_were_lost_are_not_committed(query: QueryProgram) -> None:
    # Somebody else has them, and may have written the same rows.
    bench = Bench(query, transactional=True, each_window=False, p0=Log(*TIMES), p1=Log(*TIMES))
    bench.consumer.give(P0, P1)
    bench.steps(2)
    bench.consumer.take(P0, lost=True)
    bench.commit_is_due()
    bench.steps(1)
    assert bench.producers[0].aborted == 1
    assert P0 not in bench.consumer.offsets
    bench.commit_is_due()
    bench.steps(2)
    assert bench.seen() == RIGHT


@pytest.mark.parametrize("revoked", [False, True])
def test_rows_of_an_earlier_membership_are_not_committed(
    query: QueryProgram, revoked: bool
) -> None:
    # Thrown out while it joined, it comes back as a new member, and kafka-python calls nothing lost.
    bench = Bench(query, transactional=True, each_window=False, p0=Log(*TIMES), p1=Log(*TIMES))
    bench.consumer.give(P0, P1)
    bench.steps(2)
    theirs = OffsetAndMetadata(6, "1600", -1)
    bench.consumer.offsets = {P0: theirs}
    bench.consumer.member_id = "another member"
    bench.commit_is_due()
    if revoked:
        bench.consumer.take(P0)
    bench.steps(1)
    assert bench.producers[0].aborted == 1
    bench.commit_is_due()
    bench.steps(2)
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets[P0] == theirs


def test_a_commit_during_a_rebalance_is_put_off(query: QueryProgram) -> None:
    bench = Bench(query, transactional=False, each_window=False, p0=Log(*TIMES))
    bench.consumer.give(P0)
    bench.steps(2)
    bench.consumer.commit_errors = [RebalanceInProgressError()]
    bench.commit_is_due()
    bench.steps(1)
    assert bench.consumer.offsets == {}
    bench.commit_is_due()
    bench.steps(1)
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets == {P0: OffsetAndMetadata(5, "1500", -1)}
    assert bench.worker.failed_writes == 0


def test_no_partition_is_begun_under_another_membership_than_the_rest(query: QueryProgram) -> None:
    # It is thrown out between the two questions, and somebody else goes on with the first partition.
    bench = Bench(query, transactional=True, each_window=False, p0=Log(*TIMES), p1=Log(*TIMES))
    answer, asked = bench.consumer.committed, []

    def committed(partition: TopicPartition, **how: Any) -> OffsetAndMetadata | None:
        found = answer(partition, **how)
        asked.append(partition)
        if len(asked) == 2:
            bench.consumer.offsets[partition] = OffsetAndMetadata(6, "1600", -1)
            bench.consumer.member_id = "another member"
        return found

    bench.consumer.committed = committed  # type: ignore[assignment,method-assign]
    bench.consumer.give(P0, P1)
    bench.steps(3)
    bench.commit_is_due()
    bench.steps(1)
    assert bench.seen() == RIGHT
    assert bench.consumer.offsets[asked[0]].offset == 6


@both
def test_one_that_is_asked_to_end_commits_first_and_never_again(
    query: QueryProgram, transactional: bool
) -> None:
    bench = Bench(query, transactional=transactional, each_window=False, p0=Log(*TIMES, 2_300))
    bench.consumer.give(P0)
    bench.consumer.limit = len(TIMES)
    bench.steps(2)
    bench.worker.finish()
    assert bench.seen() == RIGHT
    bench.worker._windows[P0].feed(
        [Record(6, 2_300, b"")], [{"action": VIEW, "campaign": "c", "price": 1}]
    )
    finish(bench.worker.on_partitions_revoked([P0]))
    assert bench.consumer.offsets == {P0: OffsetAndMetadata(5, "1500", -1)}
