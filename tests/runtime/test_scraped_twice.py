"""A process that Prometheus has several times is counted once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from streambench.model.observed import ObservedUsage
from streambench.model.plan import Role
from streambench.runtime.observed_usage import observed_usage, roles_seen
from streambench.runtime.prometheus import Prometheus, Samples

CPU = "container_cpu_usage_seconds_total"
MEMORY = "container_memory_working_set_bytes"
SENT = "container_network_transmit_bytes_total"
KAFKA_IN = "kafka_server_brokertopicmetrics_bytesin_total"
HEAP = "flink_taskmanager_Status_JVM_Memory_Heap_Used"
NON_HEAP = "flink_taskmanager_Status_JVM_Memory_NonHeap_Used"
FLINK_CPU = "flink_taskmanager_Status_JVM_CPU_Time"

POD = {"namespace": "bench", "pod": "app-exec-1", "container": "spark-kubernetes-executor"}
KUBELET = {**POD, "job": "kubelet", "instance": "node:10250"}
CADVISOR = {**KUBELET, "metrics_path": "/metrics/cadvisor", "id": "/kubepods/a"}
RESOURCE = {**KUBELET, "metrics_path": "/metrics/resource"}
DAEMON = {**POD, "job": "cadvisor", "instance": "10.0.0.7:8080", "id": "/kubepods/a"}
WORKER = {"job": "flink", "instance": "w:9249"}


def series(labels: Mapping[str, str], *values: tuple[float, float]) -> Samples:
    return Samples(labels, values)


@dataclass(frozen=True)
class Scraped(Prometheus):
    """A server that has these series, whatever interval is asked for."""

    url: str = "http://prometheus:9090"
    has: Mapping[str, tuple[Samples, ...]] = field(default_factory=dict)

    def samples(self, metric: str, *, start_s: float, end_s: float) -> tuple[Samples, ...]:
        name, _, selector = metric.partition("{")
        label, _, values = selector.strip("{}").partition("=~")
        return tuple(
            each
            for each in self.has.get(name, ())
            if not label or each.labels.get(label, "") in values.strip('"').split("|")
        )

    def latest(self, metric: str) -> tuple[Samples, ...]:
        return self.samples(metric, start_s=0, end_s=0)


def used(has: Mapping[str, tuple[Samples, ...]]) -> tuple[ObservedUsage, ...]:
    return observed_usage(Scraped(has=has), start_s=0.0, end_s=10.0)


@pytest.mark.parametrize(
    "other", [RESOURCE, DAEMON, {**CADVISOR, "replica": "b"}, {**CADVISOR, "id": "/system/a"}]
)
def test_of_scrapes_at_once_the_one_that_saw_most_is_taken(other: dict[str, str]) -> None:
    (found,) = used(
        {
            CPU: (series(other, (2, 31.0), (8, 36.0)), series(CADVISOR, (1, 30.0), (9, 38.0))),
            MEMORY: (series(other, (2, 7e8), (8, 7e8)), series(CADVISOR, (1, 1e9), (8, 1e9))),
        }
    )
    assert (found.cpu_s, found.seen_s, found.cores_mean) == (8.0, 8.0, 1.0)
    assert (found.memory_mean_bytes, found.memory_peak_bytes) == (1e9, 1e9)
    assert found.scraped == 2


def test_what_one_scrape_tells_in_parts_is_added() -> None:
    parts = {
        CPU: (
            series({**CADVISOR, "cpu": "cpu00"}, (1, 1.0), (9, 5.0)),
            series({**CADVISOR, "cpu": "cpu01"}, (1, 1.0), (9, 3.0)),
        ),
        SENT: (
            series({**CADVISOR, "interface": "eth0"}, (1, 0.0), (9, 100.0)),
            series({**CADVISOR, "interface": "eth1"}, (1, 0.0), (9, 20.0)),
        ),
    }
    (found,) = used(parts)
    assert (found.cpu_s, found.sent_bytes, found.scraped) == (6.0, 120.0, 1)


def test_lives_that_follow_each_other_are_added() -> None:
    # Begun again in its pod, and then on another node.
    again = {**CADVISOR, "id": "/kubepods/b"}
    moved = {**CADVISOR, "id": "/kubepods/c", "instance": "other:10250"}
    lives = (
        series(CADVISOR, (1, 30.0), (4, 33.0)),
        series(again, (4, 0.5), (6, 1.5)),
        series(moved, (7, 0.5), (9, 2.5)),
    )
    (found,) = used({CPU: lives})
    assert (found.cpu_s, found.seen_s, found.scraped) == (6.0, 8.0, 1)


def test_heap_and_non_heap_are_of_the_same_scrape() -> None:
    a, b = {**WORKER, "replica": "a"}, {**WORKER, "replica": "b"}
    (found,) = used(
        {
            FLINK_CPU: (series(a, (1, 0.0), (9, 4e9)), series(b, (1.5, 1e9), (9, 4e9))),
            # Of these the other replica saw more.
            HEAP: (series(a, (1, 100.0), (5, 100.0)), series(b, (1.5, 90.0), (9, 90.0))),
            NON_HEAP: (series(a, (1, 10.0), (5, 30.0)), series(b, (1.5, 9.0), (9, 9.0))),
        }
    )
    assert (found.cpu_s, found.memory_mean_bytes, found.scraped) == (4.0, 120.0, 2)


@pytest.mark.parametrize("label", ["pod", "kubernetes_pod_name"])
def test_a_broker_that_tells_of_itself_is_no_second_one_as_a_container(label: str) -> None:
    jmx = {"job": "strimzi", "instance": "10.0.0.9:9404", "namespace": "k", label: "kafka-0"}
    own = {"namespace": "k", "pod": "kafka-0", "container": "kafka"}
    other = {**own, "pod": "kafka-1"}
    has = {
        KAFKA_IN: (series(jmx, (1, 0.0), (9, 100.0)),),
        "process_cpu_seconds_total": (series(jmx, (1, 0.0), (9, 4.0)),),
        CPU: (series(own, (1, 0.0), (9, 4.0)), series(other, (1, 0.0), (9, 4.0))),
    }
    assert {each.target: each.scraped for each in used(has)} == {
        "strimzi/10.0.0.9:9404": 2,
        "k/kafka-1/kafka": 1,
    }
    assert roles_seen(Scraped(has=has)) == {Role.BROKER: 2}
