"""What the judge counted of one variant: over its trials, or over its drains where a run is of drains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streambench.analysis.drains import DrainedVariant, rank_drains
from streambench.analysis.recoveries import total
from streambench.model.conditions import Guarantee
from streambench.model.experiment import BacklogDrain
from streambench.model.trial import Completed, Outcome
from streambench.model.verdict import Damage, Verdict
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class RowsCounted:
    """Exact counts over `of` of them, each a `what`; `why` says why they are not known.

    `uncounted` are kinds of damage that were not counted. `wrong` is how many came out wrong.
    """

    what: str
    of: int
    damage: Damage
    wrong: int
    why: str | None = None
    uncounted: frozenset[str] = frozenset()

    def count(self, kind: str) -> int | None:
        """How many rows of a kind there are; None where that is not known."""
        if self.why is not None or kind in self.uncounted:
            return None
        return int(getattr(self.damage, kind))

    def why_not(self, kind: str) -> str:
        """Why a count is not known."""
        return self.why or f"this run did not count {kind}"


def rows_counted(bundle: Bundle, label: str) -> RowsCounted:
    """Of a variant of a bundle."""
    if isinstance(bundle.run.experiment, BacklogDrain):
        one = next(each for each in rank_drains(bundle).variants if each.label == label)
        return _of_drains(bundle, one)
    found = (trial.record.verdict for trial in bundle.of(label))
    verdicts = [verdict for verdict in found if verdict is not None]
    why = None
    if bundle.lost(label):
        why = "a record of its trials is missing or damaged"
    elif not verdicts:
        why = "it has no trial whose rows were judged"
    return _over("trial", verdicts, why)


def _over(what: str, verdicts: Sequence[Verdict], why: str | None) -> RowsCounted:
    wrong = sum(not verdict.right for verdict in verdicts)
    return RowsCounted(
        what, len(verdicts), total(verdict.damage for verdict in verdicts), wrong, why
    )


def _of_drains(bundle: Bundle, one: DrainedVariant) -> RowsCounted:
    """By their verdicts; where these were not kept, it is known only of a right drain that nothing is wrong."""
    verdicts = _verdicts(bundle, one)
    unfinished = one.ended if one.drains or one.ended else "it has no finished drain"
    if len(verdicts) == len(one.drains):
        return _over("drain", verdicts, unfinished)
    uncounted = frozenset(
        {"duplicates"} if bundle.run.conditions.guarantee is Guarantee.AT_LEAST_ONCE else ()
    )
    if one.wrong and unfinished is None:
        unfinished = (
            f"{one.wrong} of {len(one.drains)} drains came out wrong, and rows were not counted"
        )
    return RowsCounted("drain", len(one.drains), Damage(), one.wrong, unfinished, uncounted)


def _verdicts(bundle: Bundle, one: DrainedVariant) -> list[Verdict]:
    """Those of its drains that the bundle has."""
    kept: dict[tuple[int | None, int | None], Outcome] = {
        (load.record.job, load.record.number): load.record.outcome
        for load in bundle.loads
        if load.record.variant.label == one.label
    }
    outcomes = (kept.get((each.job, drain.load)) for each in one.rounds for drain in each.drains)
    return [each.verdict for each in outcomes if isinstance(each, Completed)]
