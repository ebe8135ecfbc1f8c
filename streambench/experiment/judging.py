"""The judge's word on one load that was played into a job which goes on running."""

from __future__ import annotations

from dataclasses import replace

from streambench.model.conditions import Guarantee
from streambench.model.verdict import Damage
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


def damage_at_once(judged: Judged) -> Damage:
    """The damage of a load that came at once: without due instants nothing can be early."""
    return replace(judged.verdict.damage, early=0)


def wrong_at_once(
    played: Played, expected: Expected, *, guarantee: Guarantee, state_exact: bool
) -> str | None:
    """What was not right with a load that came at once, in words; None when all of it was."""
    judged = judge_load(played, expected, guarantee=guarantee, state_exact=state_exact)
    damage = damage_at_once(judged)
    if played.complete and damage.clean_under(guarantee):
        return None
    return not_right(played.trace.ref.records, damage)


def not_right(records: int, damage: Damage) -> str:
    """What was not right with so many records that came at once."""
    return (
        f"of {records:,} records that came at once, the result was not right: "
        f"{damage.wrong} rows wrong, {damage.lost} lost, {damage.duplicates} twice"
    )
