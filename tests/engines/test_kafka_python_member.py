"""The worker's place in its group: kept while it joins, regained when it is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import MemberToRemove
from kafka.structs import ConsumerGroupMetadata

from streambench.engines.common.bounded_producer import BoundedProducer
from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.member import GroupMember
from streambench.engines.kafka_python.output import PlainOutput, TransactionalOutput
from streambench.engines.kafka_python.worker import Worker
from tests.engines.cluster_lab import CLICKS, VIEW
from tests.kafka.readback import read_back
from tests.one_broker import one_broker

broker = pytest.mark.broker
LIMIT_S = 60.0
# Longer than a test takes: what it finds out, it finds out otherwise.
_NEVER_MS = 300_000


class Coordinator:
    """As much of kafka-python's as a membership needs."""

    def __init__(self, *, rejoining: bool = False) -> None:
        self.rejoining = rejoining
        self.rejoin_needed = False
        self.reset_to: list[str] = []

    def group_metadata(self) -> ConsumerGroupMetadata:
        return ConsumerGroupMetadata("group", 2, "member")

    def request_rejoin(self) -> None:
        self.rejoin_needed = True

    def reset_generation(self, member_id: str) -> None:
        self.reset_to.append(member_id)


def on(coordinator: Coordinator) -> GroupMember:
    consumer: GroupMember = GroupMember.__new__(GroupMember)
    consumer.config = {"group_id": "group"}
    consumer._coordinator = coordinator
    return consumer


@pytest.mark.parametrize(
    ("refused", "rejoining", "reset_to"),
    [
        ((2, "member"), False, ["member"]),
        ((1, "member"), False, []),  # it has joined since
        ((2, "another"), False, []),
        ((2, "member"), True, []),  # the answer to its join will tell
    ],
)
def test_only_the_membership_that_was_refused_is_given_up(
    refused: tuple[int, str], rejoining: bool, reset_to: list[str]
) -> None:
    coordinator = Coordinator(rejoining=rejoining)
    on(coordinator).rejoin(ConsumerGroupMetadata("group", *refused))
    assert coordinator.reset_to == reset_to


@pytest.mark.parametrize("rejoining", [False, True])
def test_a_join_that_was_begun_is_called_for_in_every_poll(
    rejoining: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bool] = []
    coordinator = Coordinator(rejoining=rejoining)

    def poll(*_: object) -> dict[str, Any]:
        seen.append(coordinator.rejoin_needed)
        return {}

    monkeypatch.setattr(KafkaConsumer, "poll", poll)
    on(coordinator).poll(timeout_ms=0)
    assert seen == [rejoining]


@contextmanager
def member(group: str, **settings: Any) -> Iterator[GroupMember]:
    consumer = GroupMember(
        bootstrap_servers=one_broker.broker.bootstrap,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **settings,
    )
    try:
        yield consumer
    finally:
        consumer.close(autocommit=False, timeout_ms=1_000)


def poll_until(reached: Callable[[], bool], *polls: Callable[[], Any]) -> None:
    end_s = time.monotonic() + LIMIT_S
    while not reached():
        assert time.monotonic() < end_s
        for poll in polls:
            poll()


def generation(consumer: GroupMember) -> int:
    found: int = consumer.group_metadata().generation_id
    return found


@pytest.fixture
def admin() -> Iterator[KafkaAdminClient]:
    with KafkaAdminClient(bootstrap_servers=one_broker.broker.bootstrap) as client:
        yield client


@broker
def test_a_join_that_is_answered_between_two_polls_comes_to_its_end(
    admin: KafkaAdminClient,
) -> None:
    # The leader joins again because its topic has more partitions, and the other one lets it wait.
    topic, _ = one_broker.topics(2)
    timing = {
        "session_timeout_ms": _NEVER_MS,
        "heartbeat_interval_ms": 100,
        "metadata_max_age_ms": 100,
    }
    with member(topic, **timing) as leader, member(topic, **timing) as other:

        def poll_leader() -> None:
            leader.poll(timeout_ms=10)

        def poll_other() -> None:
            other.poll(timeout_ms=10)

        def all_given(each: int) -> bool:
            return all(len(consumer.assignment()) == each for consumer in (leader, other))

        leader.subscribe([topic])
        poll_until(lambda: len(leader.assignment()) == 2, poll_leader)
        other.subscribe([topic])
        poll_until(lambda: all_given(1), poll_leader, poll_other)
        before = generation(leader)
        admin.create_partitions({topic: 4})
        poll_until(lambda: leader.joining, poll_leader)
        poll_until(lambda: generation(leader) > before, poll_other)
        poll_until(lambda: all_given(2), poll_leader, poll_other)
        assert not leader.joining


TIMES = (10, 510, 20, 650, 700, 1_700)
RIGHT = {(0, 2), (500, 3)}


@pytest.fixture
def query(tmp_path: Path) -> QueryProgram:
    path = tmp_path / "query.py"
    path.write_text(query_source(CLICKS))
    return load_query(path)


@broker
@pytest.mark.parametrize("transactional", [False, True], ids=["plain", "transactional"])
def test_a_worker_that_was_thrown_out_comes_back_with_its_next_commit(
    query: QueryProgram, admin: KafkaAdminClient, transactional: bool
) -> None:
    bootstrap = one_broker.broker.bootstrap
    topic, rows_topic = one_broker.topics(1)
    value = json.dumps({"campaign": "c1", "action": VIEW, "price": 5}).encode()

    def producer() -> KafkaProducer:
        own = {"transactional_id": topic} if transactional else {}
        return BoundedProducer(bootstrap_servers=bootstrap, **own)

    settings = {"session_timeout_ms": _NEVER_MS, "heartbeat_interval_ms": _NEVER_MS // 3}
    with ExitStack() as stack:
        load = stack.enter_context(KafkaProducer(bootstrap_servers=bootstrap))
        consumer = stack.enter_context(member(topic, **settings))
        output: PlainOutput | TransactionalOutput
        if transactional:
            output = TransactionalOutput(producer, consumer, rows_topic)
        else:
            output = PlainOutput(producer(), consumer, rows_topic)
        worker = Worker(
            consumer,
            output,
            query,
            commit_interval_s=3_600.0,
            each_window=True,
            poll_timeout_ms=50,
        )
        stack.enter_context(closing(output))
        consumer.subscribe([topic], listener=worker)
        for t_ms in TIMES[:-1]:
            load.send(topic, value, timestamp_ms=t_ms, partition=0).get(LIMIT_S)
        poll_until(lambda: worker.records == len(TIMES) - 1, worker.step)
        dead, commits = consumer.group_metadata().member_id, worker.commits
        admin.remove_group_members(topic, [MemberToRemove(member_id=dead)])
        load.send(topic, value, timestamp_ms=TIMES[-1], partition=0).get(LIMIT_S)
        poll_until(lambda: worker.commits > commits, worker.step)
        assert worker.failed_writes == 1
        assert consumer.group_metadata().member_id != dead
        (records,) = read_back(bootstrap, rows_topic, 1)
        rows = [json.loads(record.value) for record in records]
        seen = [(row["window_start"], row["views"]) for row in rows]
        assert set(seen) == RIGHT
        assert (len(seen) == len(RIGHT)) is transactional
