"""The arguments by which kafka-python's clients reach a Kafka."""

from __future__ import annotations

from typing import Any

from streambench.kafka.access.sasl import sasl_options
from streambench.kafka.access.tls import tls_context
from streambench.model.kafka_access import KafkaAccess


def python_client_options(access: KafkaAccess) -> dict[str, Any]:
    """Of a consumer, a producer or an admin client. Raises UsageError."""
    options: dict[str, Any] = {
        "bootstrap_servers": access.bootstrap.split(","),
        "security_protocol": access.protocol.value,
        **sasl_options(access),
    }
    if (context := tls_context(access)) is not None:
        options["ssl_context"] = context
    return options
