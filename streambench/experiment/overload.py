"""Which points of a curve tell nothing new: those above a rate that an engine did not bear."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.experiment.request import Contender, Request
from streambench.model.pace import Pace
from streambench.model.sweep import AxisName, Point
from streambench.model.trial import Completed, Failed, LeftOut, TrialRecord
from streambench.results.sustained import judge_pace


def beyond_reach(
    request: Request, contender: Contender, before: Sequence[TrialRecord]
) -> LeftOut | None:
    """Why this engine is not tried at this rate; None when it is to be.

    Far above what an engine bears its backlog takes longer than anybody waits for it, and its delay says
    how long the load was.
    """
    rate = _rate(request.point)
    if rate is None:
        return None
    lower = [
        (at, said)
        for record in before
        if record.variant.label == contender.variant.label
        and (at := _rate(record.point)) is not None
        and at < rate
        and (said := not_borne(record)) is not None
    ]
    if not lower:
        return None
    at, said = min(lower)
    return LeftOut(f"at {at:,.0f} events/s {said}")


def not_borne(record: TrialRecord) -> str | None:
    """Why a rate was not borne, in words; None where it was, or where nobody knows."""
    match record.outcome:
        case Failed(reason=reason):
            return f"it failed: {reason}"
        case Completed():
            judged = judge_pace(record.measures, record.measured_windows)
            return "it fell behind" if judged.pace is Pace.FELL_BEHIND else None
        case _:
            return None


def _rate(point: Point) -> float | None:
    return dict(point).get(AxisName.RATE)
