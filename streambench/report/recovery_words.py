"""Recoveries in sentences: who was back first, and who lost, doubled or miscounted."""

from __future__ import annotations

import math
from collections.abc import Sequence

from streambench.model.fault import FaultKind
from streambench.report.fault_words import damage_brief, deeds, fault_words, nobody
from streambench.report.numbers import in_seconds, listing, number, sentence, three_digits
from streambench.report.recovered import Recovered, kinds, recovered, spread
from streambench.report.recovery_curves import at_once
from streambench.results.bundle import Bundle


def recovery_sentence(every: Sequence[Recovered]) -> str:
    """Who was back when, then the damage; `every` are of one kind, and some of them were hit."""
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
    """What one engine's lane says: its place and when it was back, or why there is nothing to see."""
    if not one.hits:
        return one.standing.status.value
    if one.usually_undisturbed:
        words = f"no window was late{_mostly(one)}"
    elif one.deciding.never:
        words = f"not within {_observed(one)}"
    else:
        done = "all results out" if one.kind is FaultKind.BURST else "timely again"
        words = f"{done} after {in_seconds(one.deciding.median or 0.0)} s"
    return words if one.rank is not None or one.deciding.never else f"{words}, not ranked"


def lane_brief(one: Recovered) -> str:
    """The same where there is little room."""
    if not one.hits:
        return one.standing.status.value
    if one.usually_undisturbed:
        return "usually not late" if one.disturbed else "never late"
    if one.deciding.never:
        return "not within the trial"
    words = f"{in_seconds(one.deciding.median or 0.0)} s"
    return words if one.rank is not None else f"{words}, not ranked"


def lane_name(one: Recovered) -> str:
    """The engine's place and name: `2. Flink`, `1= Flink` when it shares its place."""
    if one.rank is None:
        return one.title
    return f"{one.place} {one.title}" if one.tied else f"{one.place}. {one.title}"


def lane_damage(one: Recovered) -> str:
    """Its damage in one line; nothing where it was not hit."""
    if not one.hits:
        return ""
    return damage_brief(one.damage)


def burst_events(hit: Sequence[Recovered]) -> str:
    """`100,000 events at once`, or what is known of it."""
    known = [n for one in hit for struck in one.hits if (n := at_once(struck)) is not None]
    return f"{three_digits(max(known))} events at once" if known else "a burst"


def _lead(hit: Sequence[Recovered]) -> str:
    kind = hit[0].kind
    lead = fault_words(kind).after
    if kind is FaultKind.BURST:
        events = burst_events(hit)
        lead = lead if events == lead.removeprefix("after ") else f"after {events}"
    most = max(len(one.hits) for one in hit)
    return lead if most == 1 else f"{lead} ({most} times each, medians)"


def _times(hit: Sequence[Recovered], *, reasons: bool) -> str:
    """Ranked ones in their order, then the others; with `reasons` their damage is told at once."""
    ranked = [one for one in hit if one.rank is not None]
    rest = [one for one in hit if one.rank is None]
    cold = _shared_reason(rest) if not ranked else None
    parts: list[str] = []
    said = False  # whether the words that the later times stand for have been said
    for one in (*ranked, *rest):
        words = _time(one, first=not said)
        said = said or not (one.usually_undisturbed or one.deciding.never)
        if one.rank is None and not one.deciding.never and not cold:
            told = one.clean or reasons
            words += f" (not ranked: {one.unranked})" if told else " (not ranked)"
        if ranked and one is ranked[-1]:
            words += _ties(ranked)
        parts.append(words)
    every = ", ".join(parts)
    return f"{every} (not ranked: {cold})" if cold else every


def _shared_reason(rest: Sequence[Recovered]) -> str | None:
    """The reason that is the same for all of several."""
    reasons = {one.unranked for one in rest}
    return (
        reasons.pop()
        if len(reasons) == 1 and len(rest) > 1 and not rest[0].deciding.never
        else None
    )


def _time(one: Recovered, *, first: bool) -> str:
    """`Flink was timely again after 3.10 s`; short where the words before it have said so."""
    burst = one.kind is FaultKind.BURST
    if one.usually_undisturbed:
        return f"{one.title} had no late window{_mostly(one)}"
    if one.deciding.never:
        doing = "did not have all results out" if burst else "was not timely again"
        return f"{one.title} {doing} within {_observed(one)}"
    rate = _rate(one) if burst else ""
    after = f"after {in_seconds(one.deciding.median or 0.0)} s{rate}"
    if not first:
        return f"{one.title} {after}"
    return f"{one.title} {'had all results out' if burst else 'was timely again'} {after}"


def _mostly(one: Recovered) -> str:
    return " after most hits" if one.disturbed else ""


def _rate(one: Recovered) -> str:
    rate = spread([struck.recovery.catch_up_per_s for struck in one.hits]).median
    return "" if rate is None else f" ({three_digits(rate)} events/s)"


def _ties(ranked: Sequence[Recovered]) -> str:
    tied = [one for one in ranked if one.tied]
    groups = [
        listing([one.title for one in tied if one.rank == rank])
        for rank in dict.fromkeys(one.rank for one in tied)
    ]
    return f" ({'; '.join(f'{group} are not told apart' for group in groups)})" if groups else ""


def _observed(one: Recovered) -> str:
    longest_ms = max(struck.until_ms for struck in one.hits)
    return f"the {number(math.floor(longest_ms / 1000))} s observed"
