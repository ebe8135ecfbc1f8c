"""Drains of all contenders, round by round."""

from __future__ import annotations

from collections.abc import Callable

from streambench.experiment.drains import DrainTask, drain_one
from streambench.experiment.request import Request
from streambench.experiment.rounds import interleaved
from streambench.experiment.session import Session
from streambench.load.trace import Trace
from streambench.model.drain import DrainRecord
from streambench.model.plan import EventClock, Plan, Unsupported
from streambench.oracle.expected import Expected, expect


def drain_all(
    request: Request,
    load: Trace,
    session: Session,
    told: Callable[[tuple[DrainRecord, ...]], None],
) -> tuple[DrainRecord, ...]:
    """Drain every contender `repeats` times; `told` hears of all there is after each drain."""
    done: list[DrainRecord] = []
    promised: dict[EventClock, Expected] = {}

    def know(record: DrainRecord) -> None:
        told((*done, record))

    trials = tuple(interleaved(request.contenders, request.repeats))
    for number, (round_number, contender) in enumerate(trials, start=1):
        match contender.plan:
            case Unsupported(reason=reason):
                record = DrainRecord(contender.variant, round_number, ended=reason)
                know(record)
            case Plan() as plan:
                clock = plan.event_clock
                if clock not in promised:
                    promised[clock] = expect(load, request.workload.query, clock)
                record = drain_one(
                    DrainTask(number, round_number, request, contender, load, promised[clock]),
                    session,
                    session.observer.trial_begins(number, len(trials), contender.title, ()),
                    know,
                )
        done.append(record)
    return tuple(done)
