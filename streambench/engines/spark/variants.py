"""Other ways in which Spark is run, each under a name."""

from __future__ import annotations

from streambench.engines.protocol import NamedVariant

VARIANTS: tuple[NamedVariant, ...] = ()
