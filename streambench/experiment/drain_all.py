"""Drains of all contenders, round by round."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from streambench.experiment.drains import drain_one
from streambench.experiment.execute import RunObserver
from streambench.experiment.request import Request
from streambench.experiment.rounds import interleaved
from streambench.load.trace import Trace
from streambench.model.conditions import Variant
from streambench.model.drain import DrainRecord
from streambench.model.plan import EventClock, Plan, Unsupported
from streambench.oracle.expected import Expected, expect
from streambench.runtime.artifacts import Resolved


def drain_all(
    request: Request,
    *,
    load: Trace,
    broker_warm_up: Trace,
    artifacts: Mapping[Variant, Resolved],
    observer: RunObserver,
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
                    request,
                    contender,
                    plan,
                    number=number,
                    round_number=round_number,
                    load=load,
                    expected=promised[clock],
                    broker_warm_up=broker_warm_up.ref,
                    artifacts=artifacts[contender.variant],
                    observer=observer.trial_begins(number, len(trials), contender.title, ()),
                    told=know,
                )
        done.append(record)
    return tuple(done)
