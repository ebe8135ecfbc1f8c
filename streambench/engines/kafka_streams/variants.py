"""Other ways in which Kafka Streams is run, each under a name."""

from __future__ import annotations

from streambench.engines.protocol import NamedVariant

VARIANTS: tuple[NamedVariant, ...] = ()
