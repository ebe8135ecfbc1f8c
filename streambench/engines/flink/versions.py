"""The versions of Flink that are tested, each with the Kafka connector that it runs with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The connector has releases of its own, whose names end in the Flink that they were built for.
CONNECTORS: Mapping[str, str] = {
    "2.3.0": "5.0.0-2.2",
    "2.2.1": "5.0.0-2.2",
    "2.1.3": "4.0.1-2.0",
}
VERSIONS = tuple(CONNECTORS)
USUAL_VERSION = "2.3.0"


def connector_jars(version: str) -> str:
    """The set of jars with the connector of a version of Flink."""
    return f"flink-connector-{CONNECTORS[version]}"


TOKEN_JARS: Final = "flink-tokens"
"""The set of jars that the client in a connector needs for a log-in by a token, and does not bring."""


def connector_words(version: str) -> str | None:
    """What a reader must know of a connector that was built for another version; None where it was not."""
    connector = CONNECTORS[version]
    built_for = connector.rpartition("-")[2]
    if version.startswith(f"{built_for}."):
        return None
    return (
        f"Flink {version}: there is no Kafka connector of its own; it runs with {connector}, built for "
        f"Flink {built_for}."
    )
