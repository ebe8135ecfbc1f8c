"""Trials that were made at another speed of the machine than the others of their run.

The player's time per request over the part that is played again without an engine is the same work in every
trial of a load (docs/method.md, the machine). Where it differs, the machine did.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from streambench.model.trial import Completed, TrialRecord
from streambench.results.bundle import Bundle

GAUGE: Final = "player_cpu_us_per_request"
SAME_SPEED: Final = 1.15
"""Two trials are of one speed when the greater gauge is at most so many times the smaller."""


def completed_records(bundle: Bundle) -> tuple[TrialRecord, ...]:
    """The trials of a run whose speed counts: one that something else spoilt says nothing of the others."""
    records = (trial.record for trial in bundle.trials)
    return tuple(record for record in records if isinstance(record.outcome, Completed))


def at_another_speed(records: Sequence[TrialRecord]) -> Mapping[int, str]:
    """Trial number → why it is not compared, in words, for the trials of one run.

    Gauges are compared within a load. The most trials that are pairwise of one speed stay; where they are
    no more than half, nobody knows which is the machine's speed, and none does.
    """
    by_load: defaultdict[str | None, list[tuple[float, int]]] = defaultdict(list)
    for record in records:
        gauge_us = record.measures.get(GAUGE)
        if gauge_us is not None and gauge_us > 0:
            by_load[record.trace_sha256].append((gauge_us, record.number))
    found: dict[int, str] = {}
    for gauges in by_load.values():
        found |= _apart(sorted(gauges))
    return found


def _apart(gauges: Sequence[tuple[float, int]]) -> Mapping[int, str]:
    alike = max((_alike(gauges, first) for first in range(len(gauges))), key=len)
    if len(alike) == len(gauges):
        return {}
    lowest_us, greatest_us = gauges[0][0], gauges[-1][0]
    if 2 * len(alike) <= len(gauges):
        said = (
            f"the machine's speed changed: the player took between {lowest_us:,.1f} and "
            f"{greatest_us:,.1f} µs for the same request in the trials of this run"
        )
        return {number: said for _, number in gauges}
    usual = f"{alike[0][0]:,.1f} to {alike[-1][0]:,.1f} µs in most trials of this run"
    return {
        number: f"the machine was {'slower' if gauge_us > alike[0][0] else 'faster'} than in most: the "
        f"player took {gauge_us:,.1f} µs for a request that took {usual}"
        for gauge_us, number in gauges
        if (gauge_us, number) not in alike
    }


def _alike(gauges: Sequence[tuple[float, int]], first: int) -> Sequence[tuple[float, int]]:
    """Those from `first` on that are of one speed with it; `gauges` are sorted."""
    return [each for each in gauges[first:] if each[0] <= SAME_SPEED * gauges[first][0]]
