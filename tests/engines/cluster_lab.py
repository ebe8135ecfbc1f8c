"""A small load whose result is counted by hand, and what an engine makes of it on a real broker."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streambench.engines.common.noticed import BROKER_LOG
from streambench.engines.protocol import Embedded, Engine, External, Job, Readings, State
from streambench.load.partition import partition_of
from streambench.model.aggregate import Aggregate, AggregateFunction
from streambench.model.conditions import Conditions, Variant
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.plan import Plan
from streambench.model.windows import Tumbling
from streambench.model.workload import Field, Query, Synthetic, Workload
from streambench.runtime.artifacts import resolve
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from tests.one_broker import one_broker

WINDOW_MS, GRACE_MS = 500, 100
# Half past a second, so that whole seconds are not enough to tell a window's start.
ORIGIN_MS = 1_764_000_000_500
Row = tuple[str, int, int, int, int, int]  # key, window start, count, sum, min, max

_ACTION, _PRICE = (
    FieldReference("action", FieldType.STRING),
    FieldReference("price", FieldType.BIGINT),
)

CLICKS = Workload(
    name="clicks",
    title="Clicks per campaign",
    folder=Path("workloads/clicks"),
    fields=(
        Field("campaign", FieldType.STRING, None),
        Field("action", FieldType.STRING, None),
        Field("price", FieldType.BIGINT, None),
    ),
    input=Synthetic(rate_per_s=1_000, disorder_ms=50),
    query=Query(
        where=Comparison(ComparisonOperator.EQ, _ACTION, Literal("it's \\ a; view")),
        group_by=(FieldReference("campaign", FieldType.STRING),),
        window=Tumbling(WINDOW_MS),
        grace_ms=GRACE_MS,
        aggregates=(
            Aggregate("views", AggregateFunction.COUNT, None),
            Aggregate("revenue", AggregateFunction.SUM, _PRICE),
            Aggregate("cheapest", AggregateFunction.MIN, _PRICE),
            Aggregate("dearest", AggregateFunction.MAX, _PRICE),
        ),
    ),
    partitions=4,
    quantum_ms=5,
)
VIEW = "it's \\ a; view"
FLUSH = "flush-"
_GIVEN_UP = threading.Event()


@contextmanager
def given_up() -> Iterator[None]:
    """Let nobody wait for a job meanwhile: an interrupted session has to end soon."""
    _GIVEN_UP.set()
    try:
        yield
    finally:
        _GIVEN_UP.clear()


@dataclass
class ClusterLab:
    """A running job, whose `supervisor` keeps nothing but its processes.

    Several tests may have it one after another. Windows are numbered from where the test began, and what
    happened or came out before is not its business.
    """

    supervisor: Supervisor
    bootstrap: str
    input_topic: str
    output_topic: str
    partitions: int
    conditions: Conditions
    job: Job
    plan: Plan
    producer: Any
    consumer: Any
    rows: Counter[Row] = field(default_factory=Counter)
    expected: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    effective: Mapping[tuple[str, str], str] = field(default_factory=dict)
    before: Readings = field(default_factory=Readings)
    _deaths: int = 0
    _begin_ms: int = ORIGIN_MS
    _newest_ms: int = ORIGIN_MS

    def begin_again(self) -> None:
        """Begin another test with this job, once it is well; one that had nothing to do is as new."""
        if self._newest_ms == ORIGIN_MS:
            return
        self.wait_healthy()
        self.before = self.job.readings()
        self._deaths = len(self.supervisor.deaths())
        self._begin_ms = self._newest_ms // WINDOW_MS * WINDOW_MS + WINDOW_MS
        self.rows.clear()
        self.expected.clear()

    def begin_of(self, number: int) -> int:
        """When window `number` begins, in ms of event time."""
        return self._begin_ms + number * WINDOW_MS

    def send(self, partition: int, key: str, action: str, price: int, event_ms: int) -> None:
        """Write one record; one that passes the filter is counted as expected."""
        value = {"campaign": key, "action": action, "price": price}
        self.producer.send(
            self.input_topic,
            key=key.encode(),
            value=json.dumps(value, separators=(",", ":")).encode(),
            partition=partition,
            timestamp_ms=event_ms,
        )

    def view(self, key: str, price: int, event_ms: int) -> None:
        """Write a record that passes the filter, on its key's partition."""
        window = event_ms // WINDOW_MS * WINDOW_MS
        self.expected.setdefault((key, window), []).append(price)
        self._newest_ms = max(self._newest_ms, event_ms)
        self.send(partition_of(key.encode(), self.partitions), key, VIEW, price, event_ms)

    def windows(self, first: int, count: int, keys: int = 20) -> None:
        """Write windows `first` … `first + count − 1`: some records a key, out of order within grace."""
        for number in range(first, first + count):
            start_ms = self.begin_of(number)
            for key in range(keys):
                for price in range(1, 2 + (key + number) % 3):
                    event_ms = start_ms + (key * 37 + price * 101 + 7) % WINDOW_MS
                    self.view(f"c{key}", price * 10 + number, event_ms)
                # Far ahead but filtered out: it must not move the event clock.
                self.send(key % self.partitions, f"c{key}", "click", 1, start_ms + 3_600_000)
        self.producer.flush()

    def close_windows(self, number: int) -> None:
        """One record on every partition that closes all windows before `number`'s start."""
        event_ms = self.begin_of(number) + GRACE_MS + 1
        self._newest_ms = max(self._newest_ms, event_ms)
        for partition in range(self.partitions):
            self.send(partition, f"{FLUSH}{partition}", VIEW, 0, event_ms)
        self.producer.flush()

    def wait_for_rows(self, timeout_s: float = 180.0) -> None:
        """Read until every expected window has a row."""

        wait_until(
            self.complete, what="the rows", timeout_s=timeout_s, alive=self.no_death, stage="drain"
        )

    def complete(self) -> bool:
        """Read, and tell whether every expected window has a row."""
        self.read()
        return {(row[0], row[1]) for row in self.rows} >= set(self.expected)

    def read(self) -> None:
        """Take what is visible, the flush records' windows left out."""
        self._go_on()
        for records in self.consumer.poll(timeout_ms=200).values():
            for record in records:
                row = json.loads(record.value)
                assert list(row) == [
                    "campaign", "window_start", "views", "revenue", "cheapest", "dearest",
                ]  # fmt: skip
                assert all(type(value) is int for value in list(row.values())[1:])
                if self.is_ours(row):
                    self.rows[tuple(row.values())] += 1

    def is_ours(self, row: Mapping[str, Any]) -> bool:
        """Whether it is of a window of this test, and no flush record's."""
        return row["window_start"] >= self._begin_ms and not row["campaign"].startswith(FLUSH)

    def right_rows(self) -> Counter[Row]:
        """What must come out, each row once."""
        return Counter(
            (key, window, len(prices), sum(prices), min(prices), max(prices))
            for (key, window), prices in self.expected.items()
        )

    def died(self) -> list[str]:
        """The names of what died unasked since the test began."""
        return [death.name for death in self.supervisor.deaths()[self._deaths :]]

    def no_death(self) -> bool:
        """Whether nothing has."""
        return not self.died()

    def noticed_ms(self) -> tuple[float, ...]:
        """The failures that the engine has noticed since the test began."""
        found = self.job.readings().failures_noticed_ms
        return tuple(ms for ms in found if ms not in self.before.failures_noticed_ms)

    def restarts(self) -> int:
        """How often the engine had to begin again since the test began."""
        return (self.job.readings().restarts or 0) - (self.before.restarts or 0)

    def wait_healthy(self) -> None:
        """Wait until all workers say that they have what is theirs."""

        def healthy() -> bool:
            self._go_on()
            return self.job.healthy().state is State.RUNNING

        wait_until(healthy, what="the job's health", timeout_s=120)

    def _go_on(self) -> None:
        if _GIVEN_UP.is_set():
            raise RuntimeError("nobody waits for this job any more")


@contextmanager
def running(
    engine: Engine, conditions: Conditions, folder: Path, variant: Variant | None = None
) -> Iterator[ClusterLab]:
    """`engine` running CLICKS on topics of its own."""
    variant = variant or Variant(engine.name, engine.version)
    plan = engine.plan(CLICKS, conditions, variant)
    assert isinstance(plan, Plan)
    artifacts = resolve(engine.requires(variant))
    broker = one_broker.broker
    partitions = conditions.partitions
    input_topic, output_topic = one_broker.topics(partitions)
    log_dir = folder / "logs"
    log_dir.mkdir()
    (log_dir / BROKER_LOG).symlink_to(broker.log)
    with Supervisor() as supervisor:
        here = Embedded(
            supervisor=supervisor,
            artifacts=artifacts,
            kafka=broker.access,
            input_topic=input_topic,
            output_topic=output_topic,
            job_id=f"test-{time.monotonic_ns()}",
            job_dir=folder / "job",
            log_dir=log_dir,
        )
        job = engine.attach(plan, here if plan.cluster is None else External(here, plan.cluster))
        producer = KafkaProducer(
            bootstrap_servers=broker.bootstrap,
            acks="all",
            linger_ms=5,
            reconnect_backoff_max_ms=500,
        )
        consumer = KafkaConsumer(
            bootstrap_servers=broker.bootstrap,
            isolation_level="read_committed",
            reconnect_backoff_max_ms=500,
            auto_offset_reset="earliest",
            group_id=None,
            enable_auto_commit=False,
        )
        consumer.assign([TopicPartition(output_topic, number) for number in range(partitions)])
        try:
            yield ClusterLab(
                supervisor,
                broker.bootstrap,
                input_topic,
                output_topic,
                partitions,
                conditions,
                job,
                plan,
                producer,
                consumer,
            )
        finally:
            producer.close()
            consumer.close()
            job.stop()


def settings(plan: Plan, scope: str) -> Mapping[str, str]:
    """The settings of one scope."""
    return {item.name: item.value for item in plan.settings if item.scope == scope}
