"""The judge's word on one load that was played into a job which goes on running."""

from __future__ import annotations

from dataclasses import replace

from streambench.model.conditions import Guarantee
from streambench.model.verdict import Damage, Verdict
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged, judge
from streambench.trial.load import Played

_NS_PER_MS = 1_000_000


def judge_load(
    played: Played,
    expected: Expected,
    *,
    guarantee: Guarantee,
    state_exact: bool,
    start_realtime_ns: int | None = None,
) -> Judged:
    """Judge all that came with one load; `start_realtime_ns` stands in for its T0.

    An output record that is no result row at all is unexpected, too.
    """
    start_ns = played.start_realtime_ns if start_realtime_ns is None else start_realtime_ns
    judged = judge(
        played.rows,
        expected,
        guarantee=guarantee,
        start_realtime_ms=start_ns // _NS_PER_MS,
        event_offset_ms=played.event_offset_ms,
        exempt=played.own_rows,
        state_exact=state_exact,
    )
    if not played.malformed_count:
        return judged
    found = judged.verdict.damage
    damage = replace(found, unexpected=found.unexpected + played.malformed_count)
    verdict = replace(judged.verdict, damage=damage, right=False, guarantee_honoured=False)
    return replace(judged, verdict=verdict)


def verdict_at_once(judged: Judged, guarantee: Guarantee, *, complete: bool) -> Verdict:
    """The word on a load that came at once: without due instants nothing can be early."""
    damage = replace(judged.verdict.damage, early=0)
    right = complete and damage.clean_under(guarantee)
    return replace(judged.verdict, damage=damage, right=right)


def not_right(which: str, records: int, damage: Damage) -> str:
    """What was not right with a load of so many records."""
    return (
        f"of {records:,} records {which}, the result was not right: "
        f"{damage.wrong} rows wrong, {damage.lost} lost, {damage.duplicates} twice"
    )
