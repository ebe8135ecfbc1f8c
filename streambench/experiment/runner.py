"""The one way in which a job of a run is made: launch it, let a script play its loads, stop it.

1. A place is made, with a broker of its own, and the job is launched there.
2. A script plays load after load, and decides by each what comes next.
3. The job is stopped. A part of each trial's load is played once more without it.
4. Its logs are kept, whatever ended it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from streambench.experiment.kept_job import KeptJob
from streambench.model.trial import TrialRecord
from streambench.trial.job import RunningJob
from streambench.trial.job_spec import JobSpec
from streambench.trial.observer import Observer, Phase, Status
from streambench.trial.testbed import Testbed
from streambench.trial.workspace import ON_DISK, Room, Workspace

Script: TypeAlias = Callable[[RunningJob, Workspace], None]
"""Plays the loads of a job that is launched, in its place."""


@dataclass(frozen=True)
class Launch:
    """What is launched, the room that its loads need, and what puts records there before."""

    spec: JobSpec
    room: Room
    before: Callable[[Testbed], None] | None = None


def run_job(
    kept: KeptJob,
    launch: Launch,
    observer: Observer,
    script: Script,
    known: Callable[[Iterator[TrialRecord]], None] | None = None,
) -> None:
    """Run a job; `known` hears of trials of which more is known when the job has gone.

    Raises EngineFailed and InstrumentFailed, when all that was kept is kept.
    """
    session = kept.session
    with session.workspaces(launch.room) as place:

        def play_again() -> None:
            if known is not None and kept.has_more_to_play:
                observer.status(Status(Phase.AGAIN))
                known(kept.play_again())

        try:
            with session.running(
                launch.spec, place, observer, before=launch.before, after=play_again
            ) as job:
                kept.warnings = () if place.in_memory else (ON_DISK,)
                script(job, place)
        finally:
            session.writer.add_logs(kept.number, kept.contender.variant, place.log_dir)
