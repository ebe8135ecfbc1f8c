"""How each variant stands: its result in words, its reason, and whether and where it is ranked."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import assert_never

from streambench.analysis.damage_words import damage_words, right_words
from streambench.analysis.delays import DelayRanking, rank_by_delay
from streambench.analysis.eligible import (
    delay_stem,
    late_possible,
    trials_at_another_speed,
    unbelieved,
)
from streambench.analysis.metrics import MetricSummary, summarise
from streambench.analysis.ranking import Placed
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, NotRun, TrialRecord
from streambench.model.verdict import Verdict
from streambench.results.bundle import Bundle, TrialBundle


class VariantStatus(enum.Enum):
    """The result of a variant over all its trials."""

    RIGHT = "right"
    WRONG_AFTER = "wrong after the fault"
    WRONG = "wrong"
    FAILED = "failed"
    INVALID = "invalid"
    UNSUPPORTED = "unsupported"
    LEFT_OUT = "left out"
    NOT_REACHED = "not reached"


_WORDS = {VariantStatus.WRONG_AFTER: "right, then wrong"}

RIGHT_SO_FAR = frozenset({VariantStatus.RIGHT, VariantStatus.WRONG_AFTER})
"""Right while delay was measured: what a fault breaks later does not make that delay untrue."""


@dataclass(frozen=True)
class RowsChecked:
    """How many rows came out `right`, of how many `expected`; not `exact` where only bounds are known."""

    right: int
    expected: int
    exact: bool


@dataclass(frozen=True)
class Standing(Placed):
    """One variant's place: `completed` are the trials that its figures come from.

    `aside` are completed, too, but were made at another speed of the machine than most: their rows count
    for what is right, their times and costs for nothing. A variant that has no others keeps them.
    `rows_right`: all rows of all trials were, be their times valid or not; no trial's record is missing.
    """

    label: str
    title: str
    status: VariantStatus
    words: str
    reason: str | None
    trials: tuple[TrialBundle, ...]
    completed: tuple[TrialBundle, ...]
    aside: tuple[TrialBundle, ...] = ()
    rows_right: bool = False

    @property
    def records(self) -> tuple[TrialRecord, ...]:
        """Records of the completed trials."""
        return tuple(trial.record for trial in self.completed)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """The judge's words on all trials whose rows were judged, be their times valid or not."""
        found = (trial.record.verdict for trial in self.trials)
        return tuple(verdict for verdict in found if verdict is not None)

    def summary(self, metric: str) -> MetricSummary:
        """What may be said of a metric over the completed trials."""
        return summarise(metric, self.records)

    @property
    def rows(self) -> RowsChecked:
        """What the judge found, over all trials whose rows were judged."""
        return RowsChecked(
            sum(verdict.right_rows for verdict in self.verdicts),
            sum(verdict.expected_rows for verdict in self.verdicts),
            all(verdict.exact for verdict in self.verdicts),
        )


def title_of(bundle: Bundle, label: str) -> str:
    """An engine's name as in the report, else the variant's label."""
    return bundle.run.titles.get(label, label)


def standings(bundle: Bundle) -> tuple[Standing, ...]:
    """All variants: ranked ones first by rank, then the right, then the rest, each in planned order."""
    stands = {label: _standing(bundle, label) for label in bundle.labels}
    places = delay_ranking(bundle, tuple(stands.values())).places
    for place in places:
        stands[place.label] = stands[place.label].at(place)
    ranked = [stands[place.label] for place in places if place.rank is not None]
    order = list(VariantStatus)
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
    status, words, reason = _result(bundle, label, trials)
    if not trials and bundle.lost(label):
        status, words, reason = (
            VariantStatus.INVALID,
            "lost",
            "its record is missing or damaged",
        )
    title = title_of(bundle, label)
    right = _rows_right(bundle, label, trials)
    standing = Standing(label, title, status, words, reason, trials, compared, aside, right)
    return replace(standing, unranked=_why_unranked(bundle, standing))


def _by_speed(
    bundle: Bundle, completed: tuple[TrialBundle, ...]
) -> tuple[tuple[TrialBundle, ...], tuple[TrialBundle, ...]]:
    """(those at the speed of most, the others); all and none where none was made at that speed."""
    odd = trials_at_another_speed(bundle)
    usual = tuple(trial for trial in completed if trial.record.number not in odd)
    if not usual:
        return completed, ()
    return usual, tuple(trial for trial in completed if trial.record.number in odd)


def _result(
    bundle: Bundle, label: str, trials: tuple[TrialBundle, ...]
) -> tuple[VariantStatus, str, str | None]:
    """The worst thing that happened, but what the instrument spoilt counts only when nothing else is left."""
    found: dict[VariantStatus, list[str]] = {}
    for trial in trials:
        status, reason = _one(trial.record, bundle)
        found.setdefault(status, []).append(reason)
    if not found:
        partial = "the run was interrupted before it" if bundle.run.partial else "no trial of it"
        return VariantStatus.NOT_REACHED, "not reached", partial
    worst = next(
        status
        for status in (
            VariantStatus.WRONG,
            VariantStatus.FAILED,
            VariantStatus.WRONG_AFTER,
            VariantStatus.RIGHT,
            VariantStatus.INVALID,
            VariantStatus.UNSUPPORTED,
            VariantStatus.LEFT_OUT,
        )
        if status in found
    )
    words = _WORDS.get(worst, worst.value)
    if worst is VariantStatus.INVALID and _rows_right(bundle, label, trials):
        words = "rows right, times invalid"
    if len(trials) > 1:
        words = f"{worst.value} in {len(found[worst])} of {len(trials)}"
    reason = _of_all(found[worst], len(trials))
    if worst is VariantStatus.FAILED and VariantStatus.WRONG_AFTER in found:
        reason = f"{reason}; {found[VariantStatus.WRONG_AFTER][0]} in another trial"
    if worst in RIGHT_SO_FAR and VariantStatus.INVALID in found:
        invalid = f"{len(found[VariantStatus.INVALID])} invalid: {found[VariantStatus.INVALID][0]}"
        reason = f"{reason}; {invalid}" if reason else invalid
    return worst, words, reason or None


def _rows_right(bundle: Bundle, label: str, trials: Sequence[TrialBundle]) -> bool:
    verdicts = [trial.record.verdict for trial in trials]
    every = bool(verdicts) and all(each is not None and each.right for each in verdicts)
    return every and not bundle.lost(label)


def _of_all(reasons: Sequence[str], trials: int) -> str:
    """The first reason that there is, and in how many trials there was one."""
    told = [reason for reason in reasons if reason]
    if not told or trials == 1:
        return next(iter(told), "")
    example = "e.g. " if len(set(told)) > 1 else ""
    return f"{example}{told[0]}, in {len(told)} of {trials} trials"


def _one(record: TrialRecord, bundle: Bundle) -> tuple[VariantStatus, str]:
    match record.outcome:
        case Completed(verdict=verdict):
            if verdict.right:
                return VariantStatus.RIGHT, _when(record, damage_words(verdict))
            if record.steady_right:
                return VariantStatus.WRONG_AFTER, _when(record, damage_words(verdict))
            return VariantStatus.WRONG, damage_words(verdict)
        case Failed(stage=stage, reason=reason):
            return VariantStatus.FAILED, f"at {stage}: {reason}"
        case Invalid(reason=reason, verdict=verdict):
            return _of_invalid(record, reason, verdict)
        case NotRun(reason=reason):
            return VariantStatus.UNSUPPORTED, reason
        case LeftOut(reason=reason):
            return VariantStatus.LEFT_OUT, reason
        case _:
            assert_never(record.outcome)


def _of_invalid(
    record: TrialRecord, reason: str, verdict: Verdict | None
) -> tuple[VariantStatus, str]:
    """Rows are right or wrong whatever times are worth."""
    if verdict is None:
        return VariantStatus.INVALID, reason
    if verdict.right:
        return VariantStatus.INVALID, f"{reason}; its rows were {right_words(verdict)}"
    words = f"{_when(record, damage_words(verdict))}; its times are invalid: {reason}"
    before = record.steady_damage
    after = before is not None and before.clean_under(verdict.guarantee)
    return VariantStatus.INVALID if after else VariantStatus.WRONG, words


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
