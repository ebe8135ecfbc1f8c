"""Other ways in which Spark is run, each under a name."""

from __future__ import annotations

from streambench.engines.protocol import NamedVariant

TRIGGER = "trigger"

VARIANTS: tuple[NamedVariant, ...] = (
    NamedVariant(
        name="trigger-1s",
        title="trigger every second",
        note="A batch every second instead of one after the other: fewer batches, and results that "
        "wait for the next one.",
        settings=((TRIGGER, "1s"),),
    ),
)
