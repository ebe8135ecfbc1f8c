"""A load that came at once is timed by the clock of who plays it, and by that which stamps its last row."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from streambench.experiment.at_once import _mistimed
from streambench.kafka.send_times import SendLogMeta
from streambench.model.clocks import COORDINATOR_CLOCK, RUN_HOST_CLOCK, ClockBound
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.trial import LoadKind
from streambench.trial.job_spec import JobSpec

FAR_SHARD = ClockBound("shard 0/2", "there", 30.0, 40.0, 0)
NEAR_SHARD = ClockBound("shard 0/2", "there", -0.5, 0.5, 0)
FAR_BROKER = ClockBound(RUN_HOST_CLOCK, "here", 30.0, 40.0, 1)
# Each within the limit, and in sum they are not.
BEHIND = ClockBound("shard 0/2", "there", -18.0, -10.0, 0)
AHEAD = ClockBound(COORDINATOR_CLOCK, "here", 11.0, 15.0, 0)


@pytest.mark.parametrize(
    ("clocks", "appended", "visible"),
    [
        ((), False, False),
        ((NEAR_SHARD,), False, False),
        ((FAR_SHARD,), True, True),
        ((FAR_BROKER,), True, False),
        ((NEAR_SHARD, FAR_BROKER), True, False),
        ((BEHIND, AHEAD), False, True),
    ],
)
def test_a_clock_spoils_only_what_is_timed_by_it(
    clocks: tuple[ClockBound, ...], appended: bool, visible: bool
) -> None:
    meta = cast(SendLogMeta, SimpleNamespace(clocks=clocks))
    for guarantee, spoilt in (
        (Guarantee.AT_LEAST_ONCE, appended),
        (Guarantee.EXACTLY_ONCE, visible),
    ):
        spec = cast(JobSpec, SimpleNamespace(conditions=Conditions(guarantee=guarantee)))
        assert (_mistimed(LoadKind.WARM, spec, meta) is not None) is spoilt


@pytest.mark.parametrize(
    ("clocks", "appended"),
    [((FAR_SHARD,), False), ((FAR_SHARD, AHEAD), False), ((FAR_BROKER,), True)],
)
def test_a_cold_job_begins_by_our_own_clock(clocks: tuple[ClockBound, ...], appended: bool) -> None:
    meta = cast(SendLogMeta, SimpleNamespace(clocks=clocks))
    for guarantee, spoilt in (
        (Guarantee.AT_LEAST_ONCE, appended),
        (Guarantee.EXACTLY_ONCE, False),
    ):
        spec = cast(JobSpec, SimpleNamespace(conditions=Conditions(guarantee=guarantee)))
        assert (_mistimed(LoadKind.COLD, spec, meta) is not None) is spoilt
