"""A Kafka Streams-style consumer in Python: a group of processes on kafka-python."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from streambench.engines.protocol import Engine

    ENGINE: Engine


def __getattr__(name: str) -> Engine:
    # On demand: the worker processes import this package too, and what the tool needs beside them
    # must not be counted as the engine's memory and start.
    if name == "ENGINE":
        from streambench.engines.kafka_python.engine import KafkaPython

        return KafkaPython()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
