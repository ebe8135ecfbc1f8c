"""A real broker, a small load whose result is counted by hand, and what an engine makes of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from streambench.engines.protocol import Embedded, Engine, Job
from streambench.kafka.broker import Broker, start_broker
from streambench.kafka.topics import (
    TopicSpec,
    create_topics,
    input_topic_config,
    output_topic_config,
)
from streambench.load.partition import partition_of
from streambench.model.conditions import Conditions, Variant
from streambench.model.expression import (
    Aggregate,
    AggregateFunction,
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.plan import Artifacts, Plan
from streambench.model.windows import Tumbling
from streambench.model.workload import Field, Query, Synthetic, Workload
from streambench.runtime.artifacts import resolve
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until

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
        group_by="campaign",
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


@dataclass
class ClusterLab:
    """One broker and one running job."""

    supervisor: Supervisor
    broker: Broker
    bootstrap: str
    partitions: int
    job: Job
    plan: Plan
    job_dir: Path
    log_dir: Path
    launch_s: float
    producer: Any
    consumer: Any
    rows: Counter[Row] = field(default_factory=Counter)
    expected: dict[tuple[str, int], list[int]] = field(default_factory=dict)
    effective: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def send(self, partition: int, key: str, action: str, price: int, event_ms: int) -> None:
        """Write one record; one that passes the filter is counted as expected."""
        value = {"campaign": key, "action": action, "price": price}
        self.producer.send(
            "input",
            key=key.encode(),
            value=json.dumps(value, separators=(",", ":")).encode(),
            partition=partition,
            timestamp_ms=event_ms,
        )

    def view(self, key: str, price: int, event_ms: int) -> None:
        """Write a record that passes the filter, on its key's partition."""
        window = event_ms // WINDOW_MS * WINDOW_MS
        self.expected.setdefault((key, window), []).append(price)
        self.send(partition_of(key.encode(), self.partitions), key, VIEW, price, event_ms)

    def windows(self, first: int, count: int, keys: int = 20) -> None:
        """Write windows `first` … `first + count − 1`: some records a key, out of order within grace."""
        for number in range(first, first + count):
            start_ms = ORIGIN_MS + number * WINDOW_MS
            for key in range(keys):
                for price in range(1, 2 + (key + number) % 3):
                    event_ms = start_ms + (key * 37 + price * 101 + 7) % WINDOW_MS
                    self.view(f"c{key}", price * 10 + number, event_ms)
                # Far ahead but filtered out: it must not move the event clock.
                self.send(key % self.partitions, f"c{key}", "click", 1, start_ms + 3_600_000)
        self.producer.flush()

    def close_windows(self, number: int) -> None:
        """One record on every partition that closes all windows before `number`'s start."""
        event_ms = ORIGIN_MS + number * WINDOW_MS + GRACE_MS + 1
        for partition in range(self.partitions):
            self.send(partition, f"flush-{partition}", VIEW, 0, event_ms)
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
        for records in self.consumer.poll(timeout_ms=200).values():
            for record in records:
                row = json.loads(record.value)
                assert list(row) == [
                    "campaign", "window_start", "views", "revenue", "cheapest", "dearest",
                ]  # fmt: skip
                assert all(type(value) is int for value in list(row.values())[1:])
                if not row["campaign"].startswith("flush-"):
                    self.rows[tuple(row.values())] += 1

    def right_rows(self) -> Counter[Row]:
        """What must come out, each row once."""
        return Counter(
            (key, window, len(prices), sum(prices), min(prices), max(prices))
            for (key, window), prices in self.expected.items()
        )

    def no_death(self) -> bool:
        """Whether nothing has died unasked."""
        return not self.supervisor.deaths()


@contextmanager
def running(
    engine: Engine, conditions: Conditions, folder: Path, variant: Variant | None = None
) -> Iterator[ClusterLab]:
    """A broker with topics, and `engine` running CLICKS on it."""
    variant = variant or Variant(engine.name, engine.version)
    plan = engine.plan(CLICKS, conditions, variant)
    assert isinstance(plan, Plan)
    needs = engine.requires(variant)
    artifacts = resolve(
        Artifacts(java=True, jar_sets=("broker", *needs.jar_sets), python_env=needs.python_env)
    )
    partitions = conditions.partitions
    with Supervisor() as supervisor:
        broker = start_broker(
            supervisor,
            folder=folder / "broker",
            log_dir=folder / "logs",
            java=artifacts.java,
            jars=artifacts.jars["broker"],
        )
        create_topics(
            broker.bootstrap,
            (
                TopicSpec("input", partitions, input_topic_config()),
                TopicSpec("output", partitions, output_topic_config()),
            ),
        )
        begun = time.monotonic()
        job = engine.attach(
            plan,
            Embedded(
                supervisor=supervisor,
                artifacts=artifacts,
                bootstrap=broker.bootstrap,
                input_topic="input",
                output_topic="output",
                job_id=f"test-{time.monotonic_ns()}",
                job_dir=folder / "job",
                log_dir=folder / "logs",
            ),
        )
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
        consumer.assign([TopicPartition("output", number) for number in range(partitions)])
        try:
            yield ClusterLab(
                supervisor,
                broker,
                broker.bootstrap,
                partitions,
                job,
                plan,
                folder / "job",
                folder / "logs",
                time.monotonic() - begun,
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
