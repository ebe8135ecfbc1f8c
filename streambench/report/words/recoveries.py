"""Recoveries in sentences: how long results were late, and who lost, doubled or miscounted."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

from streambench.analysis.hits import records_at_once
from streambench.analysis.recoveries import Recovered, kinds, recovered, spread
from streambench.model.fault import FaultKind
from streambench.model.numbers import (
    in_seconds,
    listing,
    number,
    plural,
    sentence,
    three_digits,
)
from streambench.report.words.faults import damage_brief, deeds, fault_words, nobody
from streambench.results.bundle import Bundle


def recovery_sentence(every: Sequence[Recovered]) -> str:
    """Who was late for how long, then the damage; `every` are of one kind, and some of them were hit."""
    hit = [one for one in every if one.hits]
    parts = [f"{_lead(hit)}, {_times(hit, reasons=False)}"]
    parts += [f"{one.title} {listing(done)}" for one in hit if (done := deeds(one.damage))]
    innocents = nobody([one.damage for one in hit])
    return sentence("; ".join([*parts, *([innocents] if innocents else [])])) + "."


def recovery_clause(bundle: Bundle) -> str:
    """The same in a clause, of the fault that matters most; empty without a fault."""
    every = main_recoveries(bundle)
    hit = [one for one in every if one.hits]
    return f"{fault_words(hit[0].kind).after}, {_times(hit, reasons=True)}" if hit else ""


def main_recoveries(bundle: Bundle) -> tuple[Recovered, ...]:
    """Of the first fault that hits a process, else of the first; empty without a fault."""
    found = kinds(bundle)
    if not found:
        return ()
    return recovered(bundle, next((k for k in found if k is not FaultKind.BURST), found[0]))


def lane_words(one: Recovered) -> str:
    """What one engine's lane says: how long it was late, or why there is nothing to see."""
    if not one.hits:
        return one.standing.status.value
    if one.deciding.never:
        words = f"{'not all out' if one.kind is FaultKind.BURST else 'still late'} after {_observed(one)}"
    elif one.deciding.median is None:
        words = "late time not known"
    elif one.usually_undisturbed:
        words = f"no window was late{_mostly(one)}"
    elif one.kind is FaultKind.BURST:
        words = f"all results out after {in_seconds(one.deciding.median)} s"
    else:
        words = f"late for {late_time(one)} s"
    return words if one.rank is not None or one.deciding.never else f"{words}, not ranked"


def lane_brief(one: Recovered) -> str:
    """The same where there is little room."""
    if not one.hits:
        return one.standing.status.value
    if one.deciding.never:
        return "not over within the trial"
    if one.deciding.median is None:
        return "not known"
    if one.usually_undisturbed:
        return "usually not late" if one.disturbed else "never late"
    words = f"{late_time(one)} s"
    return words if one.rank is not None else f"{words}, not ranked"


def late_time(one: Recovered) -> str:
    """What decides, in seconds: `2.40`, or `at most 2.40` where only whole windows are known."""
    words = in_seconds(one.deciding.median or 0.0)
    return f"at most {words}" if one.at_most and one.kind is not FaultKind.BURST else words


def lane_name(one: Recovered) -> str:
    """The engine's place and name: `2. Flink`, `1= Flink` when it shares its place."""
    if one.rank is None:
        return one.title
    return f"{one.place} {one.title}" if one.alike else f"{one.place}. {one.title}"


def lane_damage(one: Recovered) -> str:
    """Its damage in one line; nothing where it was not hit."""
    if not one.hits:
        return ""
    return damage_brief(one.damage)


def burst_events(hit: Sequence[Recovered]) -> str:
    """`100,000 events at once`, or what is known of it."""
    known = [n for one in hit for struck in one.hits if (n := records_at_once(struck)) is not None]
    return f"{three_digits(max(known))} events at once" if known else "a burst"


def _lead(hit: Sequence[Recovered]) -> str:
    kind = hit[0].kind
    lead = fault_words(kind).after
    if kind is FaultKind.BURST:
        events = burst_events(hit)
        lead = lead if events == lead.removeprefix("after ") else f"after {events}"
    times = [len(one.hits) for one in hit]
    if max(times) == 1:
        return lead
    trials = [one.deciding.count for one in hit]
    medians = f", medians over {_from_to(trials, 'trial')}" if max(trials) > 1 else ", means"
    return f"{lead} ({_from_to(times, 'time')} each{medians})"


def _from_to(counts: Sequence[int], what: str) -> str:
    """`5 trials`, or `4 to 5 trials` where engines differ."""
    least, most = min(counts), max(counts)
    return plural(most, what) if least == most else f"{least} to {plural(most, what)}"


def _times(hit: Sequence[Recovered], *, reasons: bool) -> str:
    """Ranked ones in their order, then the others; with `reasons` their damage is told at once."""
    ranked = [one for one in hit if one.rank is not None]
    rest = [one for one in hit if one.rank is None]
    shared = _shared_reason(rest) if not ranked else None
    parts: list[str] = []
    reasons_said: set[str | None] = set()
    said = False  # whether the words that the later times stand for have been said
    for one in (*ranked, *rest):
        words = _time(one, first=not said)
        said = said or not (one.usually_undisturbed or one.deciding.never)
        if one.rank is None and not one.deciding.never and not shared:
            told = one.clean or reasons
            again = one.unranked in reasons_said
            if told:
                reasons_said.add(one.unranked)
            either = " either" if again else ""
            words += (
                f" (not ranked: {one.unranked})" if told and not again else f" (not ranked{either})"
            )
        if ranked and one is ranked[-1]:
            words += _ties(ranked)
        parts.append(words)
    every = ", ".join(parts)
    return f"{every} (not ranked: {shared})" if shared else every


def _shared_reason(rest: Sequence[Recovered]) -> str | None:
    """The reason that is the same for all of several."""
    reasons = {one.unranked for one in rest}
    return (
        reasons.pop()
        if len(reasons) == 1 and len(rest) > 1 and not rest[0].deciding.never
        else None
    )


def _time(one: Recovered, *, first: bool) -> str:
    """`Flink had late results for 3.10 s of the load`; short where the words before it have said so."""
    burst = one.kind is FaultKind.BURST
    if one.deciding.never:
        doing = "did not have all results out" if burst else "was still late"
        return f"{one.title} {doing} {'within' if burst else 'at the end of'} {_observed(one)}"
    if one.deciding.median is None:
        return f"the late time of {one.title} is not known"
    if one.usually_undisturbed:
        return f"{one.title} had no late window{_mostly(one)}"
    if burst:
        after = f"after {late_time(one)} s{_rate(one)}"
        return f"{one.title} had all results out {after}" if first else f"{one.title} {after}"
    if first:
        return f"{one.title} had late results for {late_time(one)} s of the load"
    return f"{one.title} for {late_time(one)} s"


def _mostly(one: Recovered) -> str:
    return " in most trials" if one.disturbed else ""


def _rate(one: Recovered) -> str:
    rate = spread([struck.recovery.catch_up_per_s for struck in one.hits]).median
    return "" if rate is None else f" ({three_digits(rate)} events/s)"


def _ties(ranked: Sequence[Recovered]) -> str:
    """Who is not told apart from whom: all of them, or pair by pair."""
    tied = [one for one in ranked if one.alike]
    pairs = [
        (one, other)
        for one, other in itertools.combinations(tied, 2)
        if other.standing.label in one.alike
    ]
    if not pairs:
        return ""
    if len(pairs) == len(tied) * (len(tied) - 1) // 2:
        groups = [listing([one.title for one in tied])]
    else:
        groups = [f"{one.title} and {other.title}" for one, other in pairs]
    return f" ({'; '.join(f'{group} are not told apart' for group in groups)})"


def _observed(one: Recovered) -> str:
    longest_ms = max(struck.until_ms for struck in one.hits)
    return f"the {number(math.floor(longest_ms / 1000))} s observed"
