"""What is said of a Flink job, from what its JobManager says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from streambench.engines.common.asking import AskingPolicy
from streambench.engines.common.http import NoAnswer
from streambench.engines.flink import ENGINE
from streambench.engines.flink import job as flink_job
from streambench.engines.flink.job import FlinkJob
from streambench.engines.flink.rest import FlinkRest, JobStatus
from streambench.engines.protocol import Embedded, State, Target
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import EngineFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan, Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from tests.engines.cluster_lab import CLICKS

IN_ONE_SLOT = JobStatus("RUNNING", ("RUNNING", "RUNNING"), 2, 0, 0, slots=1)
HEALTHY = JobStatus("RUNNING", ("RUNNING", "RUNNING"), 1, 0, 0)


class Told(FlinkRest):
    """A JobManager that says what it is told to."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:1", "job")
        self.answer: JobStatus | None = HEALTHY
        self.asked_about: list[str] = []
        self.failures: tuple[tuple[int, str], ...] = ()
        self.interval_ms = 1_000

    def checkpoint_interval_ms(self) -> int:
        return self.interval_ms

    def about(self, job: str) -> FlinkRest:
        self.asked_about.append(job)
        return self

    def late_records(self) -> int | None:
        return 0

    def effective(self) -> Mapping[tuple[str, str], str]:
        return {}

    def exceptions(self) -> tuple[tuple[int, str], ...]:
        return self.failures

    def status(self) -> JobStatus:
        if self.answer is None:
            raise NoAnswer("silent")
        return self.answer


ALWAYS_ASKED = AskingPolicy(fresh_s=0, metrics_age_s=0)


class Lab:
    """A job whose processes sleep and whose JobManager is told what to say."""

    def __init__(
        self,
        supervisor: Supervisor,
        folder: Path,
        conditions: Conditions,
        asking: AskingPolicy = ALWAYS_ASKED,
    ) -> None:
        made = ENGINE.plan(CLICKS, conditions, Variant("flink", ENGINE.version))
        assert isinstance(made, Plan)
        self.supervisor = supervisor
        self.job_dir = folder
        for process in made.processes:
            if process.role is not Role.SUBMITTER:
                supervisor.start(
                    process.name,
                    process.role,
                    ("sleep", "600"),
                    log=folder / process.name,
                    restart=process.restart,
                )
        at = Embedded(supervisor, Resolved(folder), KafkaAccess(""), "", "", "", folder, folder)
        self.rest = Told()
        self.job = FlinkJob(made, at, self.rest, 1_000, asking)

    def end(self, target: Target) -> None:
        """End a process for good."""
        self.supervisor.stop_named([target.name])

    def let_pass(self, seconds: int) -> None:
        """So long ago the last checkpoint completed now."""
        self.job._watches[-1]._checkpoint_ns -= seconds * 1_000_000_000

    def state(self, answer: JobStatus | None) -> State:
        self.rest.answer = answer
        return self.job.healthy().state


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    with Supervisor() as supervisor:
        yield Lab(supervisor, tmp_path, Conditions())


@pytest.fixture
def mortal_lab(tmp_path: Path) -> Iterator[Lab]:
    """The same, but what dies there is never started again."""
    with Supervisor() as supervisor:
        yield Lab(supervisor, tmp_path, Conditions(restart_delay_ms=None))


def test_a_job_runs_when_all_tasks_run_and_a_checkpoint_is_complete(lab: Lab) -> None:
    assert lab.state(JobStatus("RUNNING", ("RUNNING", "DEPLOYING"), 0, 2, None)) is State.STARTING
    assert lab.state(JobStatus("RUNNING", ("RUNNING", "RUNNING"), 0, 2, 0)) is State.STARTING
    assert lab.state(HEALTHY) is State.RUNNING


def test_a_restart_degrades_although_the_state_stays_running(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    assert lab.state(IN_ONE_SLOT) is State.DEGRADED  # the adaptive scheduler's way
    restarted = JobStatus("RUNNING", ("RUNNING", "RUNNING"), 2, 0, 1)
    assert lab.state(restarted) is State.DEGRADED
    assert lab.state(restarted) is State.RUNNING


def test_tasks_that_are_not_running_degrade(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    assert lab.state(JobStatus("RUNNING", ("RUNNING", "SCHEDULED"), 2, 0, 0)) is State.DEGRADED


def test_checkpoints_that_do_not_complete_degrade(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    lab.let_pass(11)
    assert lab.state(HEALTHY) is State.DEGRADED
    assert "checkpoint" in lab.job.healthy().detail


def test_checkpoints_are_given_the_time_that_the_user_set(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    lab.rest.interval_ms = 60_000
    lab.let_pass(500)
    assert lab.state(HEALTHY) is State.RUNNING
    lab.let_pass(200)
    assert lab.state(HEALTHY) is State.DEGRADED


def test_a_silent_job_manager_degrades_and_a_failed_job_fails(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    assert lab.state(None) is State.DEGRADED
    assert lab.state(JobStatus("FAILED", (), 1, 0, 0)) is State.FAILED


def test_a_task_manager_that_is_away_degrades(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    lab.end(lab.job.targets(Role.WORKER)[0])
    assert lab.state(HEALTHY) is State.DEGRADED


def test_a_job_manager_that_is_away_degrades_if_it_comes_back(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    (manager,) = lab.job.targets(Role.COORDINATOR)
    lab.end(manager)
    assert lab.state(HEALTHY) is State.DEGRADED


def test_a_job_manager_that_never_comes_back_fails(mortal_lab: Lab) -> None:
    assert mortal_lab.state(HEALTHY) is State.RUNNING
    (manager,) = mortal_lab.job.targets(Role.COORDINATOR)
    mortal_lab.end(manager)
    assert mortal_lab.state(HEALTHY) is State.FAILED


def test_failures_are_remembered_when_they_are_seen(lab: Lab) -> None:
    assert lab.state(HEALTHY) is State.RUNNING
    lab.rest.failures = ((2_000, "lost"), (1_000, "lost"))
    assert lab.state(JobStatus("RUNNING", ("RUNNING", "CANCELING"), 2, 0, 1)) is State.DEGRADED
    lab.rest.failures = ()
    lab.rest.answer = None
    assert lab.job.readings().failures_noticed_ms == (1_000.0, 2_000.0)


def test_a_job_that_was_resumed_is_another_one_whose_counters_begin_anew(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete = lab.job_dir / "checkpoints" / "old" / "chk-7"
    complete.mkdir(parents=True)
    (complete / "_metadata").touch()
    (lab.job_dir / "checkpoints" / "old" / "chk-8").mkdir()
    submitted: list[Path | None] = []

    def submit(plan: Plan, at: Embedded, *, checkpoint: Path | None) -> str:
        submitted.append(checkpoint)
        return "new"

    monkeypatch.setattr(flink_job, "submit", submit)
    assert lab.state(HEALTHY) is State.RUNNING
    assert lab.state(JobStatus("RUNNING", ("RUNNING",), 9, 0, 2, 900)) is State.DEGRADED
    lab.job.resume()
    assert submitted == [complete]
    assert lab.rest.asked_about == ["new"]
    assert lab.state(JobStatus("RUNNING", ("RUNNING",), 0, 0, 0)) is State.DEGRADED
    assert lab.state(JobStatus("RUNNING", ("RUNNING",), 1, 0, 0, 50)) is State.RUNNING
    readings = lab.job.readings()
    assert readings.restarts == 3
    assert readings.checkpoint_bytes == 950


def test_without_a_complete_checkpoint_there_is_nothing_to_resume(lab: Lab) -> None:
    (lab.job_dir / "checkpoints" / "old" / "chk-1").mkdir(parents=True)
    with pytest.raises(EngineFailed):
        lab.job.resume()


def test_it_is_not_asked_again_while_its_answer_is_fresh(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        lab = Lab(supervisor, tmp_path, Conditions(), AskingPolicy(fresh_s=60))
        assert lab.state(HEALTHY) is State.RUNNING
        assert lab.state(None) is State.RUNNING


def test_readings_without_an_answer_are_unknown_not_zero(lab: Lab) -> None:
    lab.rest.answer = None
    readings = lab.job.readings()
    assert readings.late_counter is None
    assert readings.restarts is None
    assert readings.gc_pauses is None


def test_stop_ends_all_its_processes_and_may_be_called_twice(lab: Lab) -> None:
    lab.job.stop()
    lab.job.stop()
    assert lab.supervisor.children() == ()
    assert lab.supervisor.deaths() == ()
