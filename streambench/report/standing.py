"""How each variant stands: its result in words, its reason, and whether and where it is ranked."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from streambench.analysis.delays import DelayRanking, rank_by_delay
from streambench.analysis.eligible import delay_stem as delay_stem
from streambench.analysis.eligible import late_possible as late_possible
from streambench.analysis.eligible import unbelieved
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, NotRun, TrialRecord
from streambench.model.verdict import Verdict
from streambench.report.damage_words import damage_words
from streambench.report.numbers import number
from streambench.report.shown import Shown, shown
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.speed import at_another_speed, completed_records


class Status(enum.Enum):
    """The result of a variant over all its trials."""

    RIGHT = "right"
    WRONG_AFTER = "wrong after the fault"
    WRONG = "wrong"
    FAILED = "failed"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    LEFT_OUT = "left out"
    NOT_REACHED = "not reached"


RIGHT_SO_FAR = frozenset({Status.RIGHT, Status.WRONG_AFTER})
"""Right while delay was measured: what a fault breaks later does not make that delay untrue."""


@dataclass(frozen=True)
class Standing:
    """One variant's place: `completed` are the trials that its figures come from.

    `aside` are completed, too, but were made at another speed of the machine than most: their rows count
    for what is right, their times and costs for nothing. A variant that has no others keeps them.
    `rank` is None when it is not ranked, for the reason `unranked`. `alike` are the labels of ranked
    variants that it is not told apart from.
    """

    label: str
    title: str
    status: Status
    words: str
    reason: str | None
    trials: tuple[TrialBundle, ...]
    completed: tuple[TrialBundle, ...]
    unranked: str | None
    aside: tuple[TrialBundle, ...] = ()
    rank: int | None = None
    alike: tuple[str, ...] = ()

    @property
    def tied(self) -> bool:
        """Whether it is not told apart from some other ranked variant."""
        return bool(self.alike)

    @property
    def records(self) -> tuple[TrialRecord, ...]:
        """Records of the completed trials."""
        return tuple(trial.record for trial in self.completed)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The judge's words on all completed trials, whatever the machine's speed."""
        every = (*self.completed, *self.aside)
        outcomes = (trial.record.outcome for trial in every)
        return tuple(each.verdict for each in outcomes if isinstance(each, Completed))

    def shown(self, metric: str) -> Shown:
        """What may be shown of a metric over the completed trials."""
        return shown(metric, self.records)

    @property
    def place(self) -> str:
        """`1`, `2=` when not told apart from another, or nothing."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.tied else ''}"


def title_of(bundle: Bundle, label: str) -> str:
    """An engine's name as in the report, else the variant's label."""
    return bundle.run.titles.get(label, label)


def standings(bundle: Bundle) -> tuple[Standing, ...]:
    """All variants: ranked ones first by rank, then the right, then the rest, each in planned order."""
    stands = {label: _standing(bundle, label) for label in bundle.labels}
    places = delay_ranking(bundle, tuple(stands.values())).places
    for place in places:
        stands[place.label] = replace(
            stands[place.label], rank=place.rank, alike=place.alike, unranked=place.why
        )
    ranked = [stands[place.label] for place in places if place.rank is not None]
    order = list(Status)
    rest = sorted(
        (s for s in stands.values() if s.rank is None), key=lambda s: order.index(s.status)
    )
    return (*ranked, *rest)


def delay_ranking(bundle: Bundle, stands: Sequence[Standing]) -> DelayRanking:
    """How those that may be ranked compare, and by which figure."""
    may = {stand.label: stand.records for stand in stands if stand.unranked is None}
    return rank_by_delay(may, delay_stem(bundle))


def _standing(bundle: Bundle, label: str) -> Standing:
    trials = bundle.of(label)
    completed = tuple(t for t in trials if isinstance(t.record.outcome, Completed))
    compared, aside = _by_speed(bundle, completed)
    status, words, reason = _result(bundle, trials)
    if not trials and bundle.lost(label):
        status, words, reason = Status.INVALID, "lost", "its record is missing or damaged"
    standing = Standing(
        label, title_of(bundle, label), status, words, reason, trials, compared, None, aside
    )
    return replace(standing, unranked=_why_unranked(bundle, standing))


def _by_speed(
    bundle: Bundle, completed: tuple[TrialBundle, ...]
) -> tuple[tuple[TrialBundle, ...], tuple[TrialBundle, ...]]:
    """(those at the speed of most, the others); all and none where none was made at that speed."""
    odd = at_another_speed(completed_records(bundle))
    usual = tuple(trial for trial in completed if trial.record.number not in odd)
    if not usual:
        return completed, ()
    return usual, tuple(trial for trial in completed if trial.record.number in odd)


def _result(bundle: Bundle, trials: tuple[TrialBundle, ...]) -> tuple[Status, str, str | None]:
    """The worst thing that happened, but what the instrument spoilt counts only when nothing else is left."""
    found: dict[Status, list[str]] = {}
    for trial in trials:
        status, reason = _one(trial.record, bundle)
        found.setdefault(status, []).append(reason)
    if not found:
        partial = "the run was interrupted before it" if bundle.run.partial else "no trial of it"
        return Status.NOT_REACHED, "not reached", partial
    worst = next(
        status
        for status in (
            Status.WRONG,
            Status.FAILED,
            Status.WRONG_AFTER,
            Status.RIGHT,
            Status.INVALID,
            Status.UNSUPPORTED,
            Status.LEFT_OUT,
        )
        if status in found
    )
    words = "right, then wrong" if worst is Status.WRONG_AFTER else worst.value
    if len(trials) > 1:
        words = f"{worst.value} in {len(found[worst])} of {len(trials)}"
    reason = _of_all(found[worst], len(trials))
    if worst is Status.FAILED and Status.WRONG_AFTER in found:
        reason = f"{reason}; {found[Status.WRONG_AFTER][0]} in another trial"
    if worst in RIGHT_SO_FAR and Status.INVALID in found:
        invalid = f"{len(found[Status.INVALID])} invalid: {found[Status.INVALID][0]}"
        reason = f"{reason}; {invalid}" if reason else invalid
    return worst, words, reason or None


def _of_all(reasons: Sequence[str], trials: int) -> str:
    """The first reason that there is, and in how many trials there was one."""
    told = [reason for reason in reasons if reason]
    if not told or trials == 1:
        return next(iter(told), "")
    example = "e.g. " if len(set(told)) > 1 else ""
    return f"{example}{told[0]}, in {len(told)} of {trials} trials"


def _one(record: TrialRecord, bundle: Bundle) -> tuple[Status, str]:
    match record.outcome:
        case Completed(verdict=verdict):
            if verdict.right:
                return Status.RIGHT, _when(record, damage_words(verdict))
            if record.steady_right:
                return Status.WRONG_AFTER, _when(record, damage_words(verdict))
            return Status.WRONG, damage_words(verdict)
        case Failed(stage=stage, reason=reason):
            return Status.FAILED, f"at {stage}: {reason}"
        case Invalid(reason=reason):
            return Status.INVALID, reason
        case NotRun(reason=reason):
            return Status.UNSUPPORTED, reason
        case LeftOut(reason=reason):
            return Status.LEFT_OUT, reason
        case _:
            assert_never(record.outcome)


def _when(record: TrialRecord, words: str) -> str:
    """Damage with the time of it, where there was none before the fault."""
    before = record.steady_damage
    if not words or before is None or before.duplicates or not before.clean:
        return words
    return f"{words} after the fault"


def _why_unranked(bundle: Bundle, standing: Standing) -> str | None:
    if standing.status not in RIGHT_SO_FAR:
        return str(standing.status.value)
    if late_possible(bundle):
        return "records may lawfully be dropped here, so delay is not compared"
    return unbelieved(bundle, standing.records)


def rows_checked(standing: Standing) -> str:
    """How many rows the judge found right, of how many expected, over the completed trials."""
    verdicts = standing.verdicts
    right = sum(verdict.right_rows for verdict in verdicts)
    expected = sum(verdict.expected_rows for verdict in verdicts)
    bounds = "" if all(verdict.exact for verdict in verdicts) else ", within bounds"
    return f"{number(right)} of {number(expected)} rows{bounds}"
