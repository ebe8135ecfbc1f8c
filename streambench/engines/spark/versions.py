"""The versions of Spark that are tested, each with the Kafka connector that it runs with."""

from __future__ import annotations

from collections.abc import Mapping

# The connector is released with Spark; one of another version is used where its own is not to be had.
CONNECTORS: Mapping[str, str] = {
    "4.3.0": "4.2.0",
    "4.2.0": "4.2.0",
    "4.1.1": "4.1.1",
}
VERSIONS = tuple(CONNECTORS)
USUAL_VERSION = "4.3.0"


def connector_jars(version: str) -> str:
    """The set of jars with the connector of a version of Spark."""
    return f"spark-connector-{CONNECTORS[version]}"


def connector_words(version: str) -> str | None:
    """What a reader must know of a connector of another version; None where it is Spark's own."""
    connector = CONNECTORS[version]
    if connector == version:
        return None
    return f"Spark {version}: its own Kafka connector is not to be had; it runs with {connector}'s."
