"""How a fresh job is compiled before anything is measured.

A job on a JVM runs what is not compiled yet at a fraction of its speed, and near the highest rate it
then has no time left for its compiler. Records come at once, as many as it can take, until it works them
off no faster. For a rate near the highest that was not enough: a load follows that rises to it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from streambench.experiment.request import Request
from streambench.load.trace import Trace
from streambench.model.shape import Ramp
from streambench.model.workload import shaped
from streambench.oracle.expected import Expected
from streambench.trial.job import RunningJob
from streambench.trial.load import BETWEEN_LOADS_S, Load, Played

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


@dataclass(frozen=True)
class WarmUp:
    """Loads that come at once, one after another.

    `again` makes the next load from the rate (records/s) at which the last was worked off; at most
    `loads_at_most` come. After the last row of each, nothing must come for `silence_s` (None: as long as
    the conditions ask for).
    """

    first: Trace
    again: Callable[[float], Trace]
    loads_at_most: int = LOADS_AT_MOST
    silence_s: float | None = BETWEEN_LOADS_S

    def steps(self, job: RunningJob, promised: Callable[[Trace], Expected]) -> Iterator[WarmedBy]:
        """Play load by load; `promised` says what must come of one. Raises as `RunningJob.play`."""
        load, before_per_s = self.first, 0.0
        for number in range(1, self.loads_at_most + 1):
            note = f"{load.ref.records:,} records at once"
            expected = promised(load)
            played = job.play_at_once(
                Load(load, expected.due(), note=note, silence_s=self.silence_s)
            )
            found = WarmedBy(played, expected, played.worked_off_per_s)
            yield found
            if not played.complete or found.per_s is None:
                return
            if number == self.loads_at_most or not still_faster(found.per_s, before_per_s):
                return
            before_per_s = found.per_s
            load = self.again(found.per_s)


def rising_to(request: Request) -> Request:
    """The request of a load that rises to this one's rate; of generated load only."""
    rate_per_s = request.load_rate_per_s
    ramp = Ramp(max(1, int(RISES_FROM * rate_per_s)), rate_per_s)
    workload = replace(request.workload, input=shaped(request.workload.input, ramp))
    return replace(request, workload=workload, rate_per_s=None)


def still_faster(per_s: float, before_per_s: float) -> bool:
    """Whether a load was worked off so much faster than the one before that the job is not warm yet."""
    return per_s >= STILL_FASTER * before_per_s
