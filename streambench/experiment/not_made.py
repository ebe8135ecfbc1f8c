"""Records of trials that left no figures: never made, or ended by a failure."""

from __future__ import annotations

from datetime import UTC, datetime

from streambench.experiment.request import Contender
from streambench.model.errors import ClocksApart, EngineFailed, InstrumentFailed
from streambench.model.plan import Unsupported
from streambench.model.sweep import Point
from streambench.model.trial import Failed, Invalid, NotRun, Outcome, TrialRecord


def not_run(
    number: int, round_number: int, contender: Contender, gap: Unsupported, point: Point
) -> TrialRecord:
    """The record of a trial that cannot be made."""
    outcome = NotRun(gap.whose, gap.reason, gap.hint)
    return not_made(number, round_number, contender, outcome, point)


def not_made(
    number: int, round_number: int, contender: Contender, outcome: Outcome, point: Point
) -> TrialRecord:
    """The record of a trial that left nothing but its outcome."""
    return TrialRecord(
        number=number,
        round=round_number,
        variant=contender.variant,
        outcome=outcome,
        started_at=datetime.now(UTC).isoformat(timespec="seconds"),
        cold=False,
        point=point,
    )


def ended_by(error: EngineFailed | InstrumentFailed) -> Outcome:
    """What becomes of a trial that this ended."""
    match error:
        case EngineFailed():
            return Failed(error.stage, error.message, error.hint, error.log_tail)
        case InstrumentFailed():
            return Invalid(error.message, by_clocks=isinstance(error, ClocksApart))
