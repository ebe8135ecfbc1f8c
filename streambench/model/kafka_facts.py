"""What brokers that streambench did not start say of themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class KafkaFacts:
    """Versions and settings in effect; None is what the brokers do not tell, or not to who logged in.

    `release` (`4.4`) follows from the highest metadata.version that all brokers know: a broker does not tell
    its version. `metadata_version` is the level in effect. `topic` holds the settings of a topic that was
    made as the run's input is; `broker` those of the brokers, joined by ` | ` where they differ.
    """

    brokers: int
    release: str | None = None
    metadata_version: int | None = None
    topic: Mapping[str, str | None] = field(default_factory=dict)
    broker: Mapping[str, str | None] = field(default_factory=dict)
