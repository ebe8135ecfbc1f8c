"""Which usual metrics tell what a broker, a worker or a coordinator used. The one place with such names.

A process plays a role by a name that only this role has, or by a label that its maker sets. Nothing is
told from how somebody calls a host.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from streambench.model.plan import Role


@dataclass(frozen=True)
class Amounts:
    """The metrics of one kind of process, in their own units times the factor.

    `memory` are added up, and are what `memory_is` says. Traffic that is told by topic, too, is counted
    where it is told for all of them.
    """

    cpu: str
    cpu_factor: float
    memory: tuple[str, ...]
    memory_is: str
    received: str | None = None
    sent: str | None = None


@dataclass(frozen=True)
class ByName:
    """A target (`job` and `instance`) that has the metric `marker` plays `role`."""

    marker: str
    role: Role
    amounts: Amounts


@dataclass(frozen=True)
class ByLabel:
    """A container whose `label` has one of the values plays that role."""

    label: str
    roles: Mapping[str, Role]


def _flink(part: str) -> Amounts:
    # Flink's Prometheus reporter joins its scopes by underscores; the JVM tells its time in ns.
    jvm = f"flink_{part}_Status_JVM"
    memory = (f"{jvm}_Memory_Heap_Used", f"{jvm}_Memory_NonHeap_Used")
    return Amounts(f"{jvm}_CPU_Time", 1e-9, memory, "JVM, heap and non-heap in use")


# Names as Prometheus' JMX exporter makes them with its own example for Kafka, and of itself.
_KAFKA_IN: Final = "kafka_server_brokertopicmetrics_bytesin_total"
_KAFKA: Final = Amounts(
    "process_cpu_seconds_total",
    1.0,
    ("process_resident_memory_bytes",),
    "resident",
    _KAFKA_IN,
    "kafka_server_brokertopicmetrics_bytesout_total",
)
BY_NAME: Final = (
    ByName("flink_taskmanager_Status_JVM_CPU_Time", Role.WORKER, _flink("taskmanager")),
    ByName("flink_jobmanager_Status_JVM_CPU_Time", Role.COORDINATOR, _flink("jobmanager")),
    ByName(_KAFKA_IN, Role.BROKER, _KAFKA),
)
CONTAINER: Final = Amounts(
    "container_cpu_usage_seconds_total",
    1.0,
    ("container_memory_working_set_bytes",),
    "working set of the container",
    "container_network_receive_bytes_total",
    "container_network_transmit_bytes_total",
)
"""Of cAdvisor, which the kubelet has within."""
BY_LABEL: Final = (
    # As Spark calls the containers of its pods, and Strimzi those of brokers.
    ByLabel(
        "container",
        MappingProxyType(
            {
                "spark-kubernetes-driver": Role.COORDINATOR,
                "spark-kubernetes-executor": Role.WORKER,
                "kafka": Role.BROKER,
            }
        ),
    ),
    # As Flink's documentation calls its services in compose files.
    ByLabel(
        "container_label_com_docker_compose_service",
        MappingProxyType(
            {"jobmanager": Role.COORDINATOR, "taskmanager": Role.WORKER, "kafka": Role.BROKER}
        ),
    ),
)
