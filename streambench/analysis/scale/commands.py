"""The command that would measure what is not known."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.eligible import late_possible
from streambench.results.bundle import Bundle


def searchable(bundles: Sequence[Bundle]) -> bool:
    """Whether curves and searches take the workload: they refuse one whose records may be late."""
    return not any(map(late_possible, bundles))


def curve_of(workload: str, label: str | None = None, *, any_rate: bool = True) -> str:
    """A curve, or a run of a load that has no other than its own rate; of one variant or of all."""
    command = f"streambench {'curve' if any_rate else 'run'} {workload}"
    return command if label is None else f"{command} --engine {_asked(label)}"


def search_of(workload: str, label: str) -> str:
    """A search for the highest rate of one variant."""
    return f"streambench find-rate {workload} --engine {_asked(label)}"


def _asked(label: str) -> str:
    """A label without its settings, which are no part of `--engine`."""
    return label.partition("+")[0]
