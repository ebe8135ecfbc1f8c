"""What the job file of a worker in Python says of Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from streambench.kafka.access.python_clients import python_client_options
from streambench.model.kafka_access import KafkaAccess


def access_of(job: Mapping[str, Any]) -> KafkaAccess:
    """How the job's Kafka is reached."""
    return KafkaAccess(job["bootstrap"], MappingProxyType(dict(job.get("kafka", {}))))


def clients_of(job: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of kafka-python's clients."""
    return python_client_options(access_of(job))
