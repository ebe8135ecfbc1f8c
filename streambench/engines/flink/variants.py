"""Other ways in which Flink is run, each under a name."""

from __future__ import annotations

from streambench.engines.protocol import NamedVariant

VARIANTS: tuple[NamedVariant, ...] = (
    NamedVariant(
        name="adaptive",
        title="adaptive scheduler",
        note="Flink's adaptive scheduler: it goes on with the slots that are left when one is lost.",
        settings=(("jobmanager.scheduler", "adaptive"),),
    ),
)
