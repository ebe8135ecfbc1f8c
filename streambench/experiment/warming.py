"""How a fresh job is compiled before anything is measured.

A job on a JVM runs what is not compiled yet at a fraction of its speed, and near the highest rate it
then has no time left for its compiler. Records come at once, as many as it can take, until it works them
off no faster. For a rate near the highest that was not enough: a load follows that rises to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from streambench.experiment.request import Request
from streambench.load.trace import Trace
from streambench.model.plan import Plan
from streambench.model.shape import Ramp
from streambench.model.trial import WarmedUp
from streambench.model.workload import Synthetic
from streambench.oracle.expected import Expected, expect
from streambench.trial.job import RunningJob
from streambench.trial.load import BETWEEN_LOADS_S, Load, Played
from streambench.trial.observer import Phase

# As long as each load is worked off faster than the last by so much, the job is still being compiled.
STILL_FASTER: Final = 1.15
LOADS_AT_MOST: Final = 5
# Then the job gets used to the rate, from so much of it on. Given the full rate at once, a job that had
# just begun was 9 s behind, for good.
RISES_FROM: Final = 0.3
RISING_MS: Final = 15_000


@dataclass(frozen=True)
class WarmedBy:
    """One load that was worked off; `per_s` is in records, None when no row came."""

    played: Played
    expected: Expected
    per_s: float | None


class WarmUp:
    """Loads that come at once, one after another, and perhaps one that comes at its pace.

    `again` makes the next load from the rate (records/s) at which the last was worked off; at most
    `loads_at_most` come at once. `expected` says what must come of a load. `rising` is played after them. `records_at_most` is what all may come
    to, for the room that they need.
    """

    def __init__(
        self,
        first: Trace,
        again: Callable[[float], Trace],
        *,
        expected: Callable[[Trace], Expected],
        records_at_most: int,
        loads_at_most: int = LOADS_AT_MOST,
        rising: Trace | None = None,
    ) -> None:
        self._first = first
        self._again = again
        self._expect = expected
        self._loads_at_most = loads_at_most
        self._rising = rising
        self._expected: dict[str, Expected] = {}
        self.records_at_most = records_at_most

    def __call__(self, job: RunningJob) -> tuple[Played, ...]:
        """Play all of them; what came of them is to be judged by `expected`. Raises as `RunningJob.play`."""
        at_once = tuple(step.played for step in self.steps(job))
        load = self._rising
        if load is None or not at_once[-1].complete:
            return at_once
        due = self.expected(load).due()
        rising = job.play(
            Load(load, due, Phase.WARM_UP, "rising to the rate", silence_s=BETWEEN_LOADS_S)
        )
        return (*at_once, rising)

    def expected(self, load: Trace) -> Expected:
        """The rows that must come of one of its loads."""
        key = load.ref.sha256
        if key not in self._expected:
            self._expected[key] = self._expect(load)
        return self._expected[key]

    def outcome(self, played: Sequence[Played], head_s: float) -> WarmedUp:
        """How long the job was under load at its pace before it was measured; not tested."""
        rising = None if self._rising is None else self._rising.ref.sha256
        at_pace_ms = [p.trace.meta.duration_ms for p in played if p.trace.ref.sha256 == rising]
        return WarmedUp(head_s + sum(at_pace_ms) / 1000, None)

    def steps(self, job: RunningJob) -> Iterator[WarmedBy]:
        """Play what comes at once, load by load. Raises as `RunningJob.play`."""
        load, before_per_s = self._first, 0.0
        for number in range(1, self._loads_at_most + 1):
            note = f"{load.ref.records:,} records at once"
            expected = self.expected(load)
            played = job.play_at_once(
                Load(load, expected.due(), note=note, silence_s=BETWEEN_LOADS_S)
            )
            found = WarmedBy(played, expected, played.worked_off_per_s)
            yield found
            if not played.complete or found.per_s is None:
                return
            if number == self._loads_at_most or not still_faster(found.per_s, before_per_s):
                return
            before_per_s = found.per_s
            load = self._again(found.per_s)


def expectation(request: Request, plan: Plan) -> Callable[[Trace], Expected]:
    """What must come of a load of this request, by the event clock of this plan."""
    return lambda load: expect(load, request.workload.query, plan.event_clock)


def rising_to(request: Request) -> Request:
    """The request of a load that rises to this one's rate; of generated load only."""
    load = request.workload.input
    assert isinstance(load, Synthetic), "a replay has its own arrivals"
    rate_per_s = request.load_rate_per_s
    ramp = Ramp(max(1, int(RISES_FROM * rate_per_s)), rate_per_s)
    workload = replace(request.workload, input=load.shaped(ramp))
    return replace(request, workload=workload, rate_per_s=None)


def still_faster(per_s: float, before_per_s: float) -> bool:
    """Whether a load was worked off so much faster than the one before that the job is not warm yet."""
    return per_s >= STILL_FASTER * before_per_s
