"""Faults in words: what was done, what comes back, and which phases of a recovery are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from streambench.analysis.phases import RecoveryPhase
from streambench.model.fault import FaultKind
from streambench.model.numbers import listing, number, plural
from streambench.model.verdict import Damage


@dataclass(frozen=True)
class FaultWords:
    """`after` begins a sentence; `short` stands in a column's heading; `victim` is what comes back."""

    title: str
    after: str
    short: str
    victim: str | None


def fault_words(kind: FaultKind) -> FaultWords:
    """How a report speaks of this kind of fault."""
    match kind:
        case FaultKind.WORKER_KILL:
            return FaultWords(
                "Recovery: a worker is killed", "after a worker was killed", "kill", "worker"
            )
        case FaultKind.WORKER_PAUSE:
            return FaultWords(
                "Recovery: a worker is paused", "after a worker was paused", "pause", "worker"
            )
        case FaultKind.COORDINATOR_KILL:
            return FaultWords(
                "Recovery: the coordinator is killed",
                "after the coordinator was killed",
                "coordinator kill",
                "coordinator",
            )
        case FaultKind.BROKER_RESTART:
            return FaultWords(
                "Recovery: the broker goes away and comes back",
                "after the broker went away",
                "broker restart",
                "broker",
            )
        case FaultKind.RESCALE:
            return FaultWords(
                "Recovery: a planned restart with one worker more",
                "after a planned restart with one worker more",
                "rescale",
                "workers",
            )
        case FaultKind.COMMAND:
            return FaultWords(
                "Recovery: a command of yours is run", "after the command was run", "command", None
            )
        case FaultKind.BURST:
            return FaultWords("Throughput: a burst", "after a burst", "burst", None)
        case _:
            assert_never(kind)


def phase_label(phase: RecoveryPhase, kind: FaultKind) -> str:
    """A phase's heading; what comes back is the fault's victim."""
    victim = fault_words(kind).victim
    if phase is RecoveryPhase.BACK and victim is not None:
        return f"{victim} back"
    if phase is RecoveryPhase.CAUGHT_UP and kind is FaultKind.BURST:
        return "all results out"
    return phase.value


def deeds(damage: Damage) -> list[str]:
    """What an engine did wrong, as predicates: `lost 3 rows`, `over-counted 24 rows`."""
    found = (
        (damage.lost, "lost {}"),
        (damage.under_counted, "under-counted {}"),
        (damage.over_counted, "over-counted {}"),
        (damage.conflicting, "wrote {} with conflicting values"),
        (damage.unexpected, "wrote {} for which nothing was due"),
        (damage.early, "wrote {} too early"),
        (damage.duplicates, "wrote {} twice"),
    )
    return [words.format(plural(count, "row")) for count, words in found if count]


def damage_brief(damage: Damage) -> str:
    """The three questions of a recovery in one line: `0 lost · 100 twice · 24 over-counted`."""
    wrong = [
        f"{number(count)} {kind}"
        for count, kind in (
            (damage.over_counted, "over-counted"),
            (damage.under_counted, "under-counted"),
            (damage.conflicting, "conflicting"),
            (damage.unexpected, "unexpected"),
            (damage.early, "early"),
        )
        if count
    ]
    return " · ".join(
        (
            f"{number(damage.lost)} lost",
            f"{number(damage.duplicates)} twice",
            *(wrong or ["0 miscounted"]),
        )
    )


def nobody(damages: Sequence[Damage]) -> str:
    """What no engine of these did, as a clause; empty where each did something."""
    innocent = sum(damage.clean for damage in damages)
    if not innocent:
        return ""
    who = "nobody" if innocent == len(damages) else "nobody else"
    if len(damages) == 1:
        who = "it never"
    past = ["lost", "doubled", "miscounted"]
    if any(damage.duplicates for damage in damages):
        past.remove("doubled")
    return f"{who} {listing(past).replace(' and ', ' or ')} a row"
