"""How far runs of the same engine lie apart, as measured by benchmarks/between_runs.py."""

from __future__ import annotations

from collections.abc import Mapping

from streambench.analysis.compare.difference import BetweenSessions

BETWEEN_RUNS: Mapping[str, BetweenSessions] = {}
"""By the key of a figure; docs/method.md (comparing) has the data. Of one that is not here it is unknown."""
