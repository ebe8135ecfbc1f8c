"""How far runs of the same engine lie apart, as measured by benchmarks/between_runs.py."""

from __future__ import annotations

from collections.abc import Mapping

from streambench.analysis.compare.difference import BetweenSessions

BETWEEN_RUNS: Mapping[tuple[str, str], BetweenSessions] = {}
"""By engine and key of a figure; docs/method.md (comparing) has the data. Elsewhere it is unknown."""
