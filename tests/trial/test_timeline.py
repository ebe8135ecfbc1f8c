"""What took how long: every phase from its first word to the first of the next one."""

from __future__ import annotations

from streambench.model.phases import PhaseTime
from streambench.trial.observer import Phase, Silent, Status
from streambench.trial.timeline import Timeline


def test_phases_follow_one_another_and_end_now() -> None:
    now = [100.0]
    told: list[Status] = []

    class Told(Silent):
        def status(self, status: Status) -> None:
            told.append(status)

    timeline = Timeline(Told(), clock=lambda: now[0])
    for at_s, status in (
        (100.0, Status(Phase.TOPICS)),
        (102.0, Status(Phase.WARM_UP, note="once")),
        (103.0, Status(Phase.WARM_UP, note="once", rows_read=7)),
        (104.0, Status(Phase.WARM_UP, note="again")),
        (109.0, Status(Phase.STOP)),
    ):
        now[0] = at_s
        timeline.status(status)
    now[0] = 110.5
    assert timeline.phases() == (
        PhaseTime("topics", None, 0.0, 2.0),
        PhaseTime("warm-up", "once", 2.0, 2.0),
        PhaseTime("warm-up", "again", 4.0, 5.0),
        PhaseTime("stop", None, 9.0, 1.5),
    )
    assert len(told) == 5


def test_nothing_told_is_nothing_timed() -> None:
    assert Timeline(Silent()).phases() == ()
