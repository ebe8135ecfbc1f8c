"""The versions of Kafka Streams that are tested."""

from __future__ import annotations

VERSIONS = ("4.4.0", "4.3.1")
USUAL_VERSION = "4.4.0"


ROCKSDB_JARS = "streams-rocksdb"


def jars_of(version: str) -> str:
    """The set of jars of a version."""
    return f"streams-{version}"
