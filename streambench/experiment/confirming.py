"""Confirming trials: a rate of the search for longer, in a fresh job that is warmed like the search's."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.experiment.one import PlannedTrial, run_one
from streambench.experiment.rate_search import rounded
from streambench.experiment.request import Contender, Request
from streambench.experiment.search_policy import USUAL, SearchPolicy
from streambench.experiment.session import Session
from streambench.experiment.warming import WarmUp, expectation, rising_to
from streambench.load.trace import PARTIAL, Trace
from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Pace
from streambench.model.plan import Plan
from streambench.model.search import Confirmation, SearchRecord
from streambench.model.sweep import AxisName, Point
from streambench.model.trial import Completed, TrialRecord, TrialSpec
from streambench.results.limits import delay_within
from streambench.results.sustained import judge_pace
from streambench.runtime.scratch import memory_folder
from streambench.trial.schedule import duration_ms
from streambench.trial.timeline import Timeline
from streambench.trial.workspace import passing_folder, scratch_bytes

_LOADS_AT_ONCE: Final = 2
# The load, the broker's log of it and the engine beside them.
_ROOM_FACTOR: Final = 3


@dataclass(frozen=True)
class ToConfirm:
    """A rate that a search found, for trial `number` of the run, of the `search`-th engine.

    `limited`: its delay counts, too.
    """

    contender: Contender
    plan: Plan
    found: SearchRecord
    rate_per_s: int
    number: int
    search: int
    limited: bool


class Confirming:
    """Makes the confirming trials of a run of searches; each is in the bundle at once."""

    def __init__(
        self,
        request: Request,
        session: Session,
        most_per_s: int,
        policy: SearchPolicy = USUAL,
    ) -> None:
        self._request = request
        self._session = session
        self._most_per_s = most_per_s
        self._policy = policy

    def trial(self, asked: ToConfirm) -> TrialRecord:
        """Make a trial. Raises what `run_one` does."""
        confirm, limited = self._policy.confirm, asked.limited
        request = dataclasses.replace(
            self._request,
            rate_per_s=asked.rate_per_s,
            warm_up_s=confirm.limited_warm_up_s if limited else confirm.warm_up_s,
            measured_s=confirm.measured_for_s(self._request.workload.query.window),
            recovery_s=0.0,
            faults=(),
        )
        # Some GB, played once.
        with passing_folder(self._room(request), prefix=PARTIAL) as folder:
            return self._tried(request, asked, folder)

    def _room(self, request: Request) -> Path:
        """Memory where there is so much: what is compiled to a disk has to be written out at once."""
        first = self._session.loads.broker_warm_up(request)
        records = (request.rate_per_s or 0) * duration_ms(request.spans) // 1_000
        load_bytes = int(first.records_bytes / first.ref.records * records)
        needed_bytes = scratch_bytes(records=records, load_bytes=load_bytes)
        return memory_folder(_ROOM_FACTOR * needed_bytes) or first.folder.parent

    def _tried(self, request: Request, asked: ToConfirm, folder: Path) -> TrialRecord:
        contender, plan = asked.contender, asked.plan
        trace = self._session.loads.of_length(request, duration_ms(request.spans), folder)
        point: Point = ((AxisName.RATE, float(request.rate_per_s or 0)),)
        planned = PlannedTrial(
            TrialSpec(
                number=asked.number,
                round=0,
                variant=contender.variant,
                conditions=request.conditions,
                segment=request.segment(trace, 0),
                cold=False,
                point=point,
                machine_limits=request.machine_limits,
            ),
            request,
            contender,
            expectation(request, plan)(trace).due(),
            self._warm_up(request, asked, folder),
        )
        shown = self._session.observer.trial_begins(
            asked.search, len(request.contenders), contender.title, point
        )
        return run_one(planned, self._session, Timeline(shown))

    def _warm_up(self, request: Request, asked: ToConfirm, folder: Path) -> WarmUp:
        """Records at once, as the search's job had them at first, and then what rises to the rate."""

        def at_once(rate_per_s: float, load_ms: int) -> Trace:
            rate = min(rounded(rate_per_s), self._most_per_s)
            return self._session.loads.of_length(
                dataclasses.replace(request, rate_per_s=rate), load_ms, folder
            )

        rising_ms = self._policy.confirm.rising_ms
        rising = self._session.loads.of_length(rising_to(request), rising_ms, folder)
        first = at_once(self._policy.at_once_per_s, self._policy.at_once_ms)
        again = at_once(
            asked.found.drain_per_s or self._policy.at_once_per_s, self._policy.later_at_once_ms
        )
        return WarmUp(
            first,
            lambda _: again,
            expected=expectation(request, asked.plan),
            records_at_most=first.ref.records + again.ref.records + rising.ref.records,
            loads_at_most=_LOADS_AT_ONCE,
            rising=rising,
        )


def confirmation(
    record: TrialRecord, rate_per_s: int, limit: Limit | None, guarantee: Guarantee
) -> Confirmation:
    """What a confirming trial says: that the engine kept up and, where there is one, kept the limit."""

    def told(held: bool, why: str) -> Confirmation:
        return Confirmation(rate_per_s, record.number, held, why, limited=limit is not None)

    if not isinstance(record.outcome, Completed):
        return told(False, getattr(record.outcome, "reason", record.outcome.kind))
    if not record.outcome.verdict.right:
        return told(False, "its result was not right")
    found = judge_pace(record.measures, record.measured_windows)
    if found.pace is not Pace.KEPT_UP or limit is None:
        return told(found.pace is Pace.KEPT_UP, found.why)
    within, why = delay_within(record.measures, limit, guarantee)
    return told(within, f"{found.why}; {why}")
