"""What is said of a Spark job, from its processes, its Master and its driver's lines."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streambench.engines.common.asking import AskingPolicy
from streambench.engines.common.http import NoAnswer
from streambench.engines.protocol import Embedded, State
from streambench.engines.spark import ENGINE
from streambench.engines.spark import job as spark_job
from streambench.engines.spark.job import SparkJob
from streambench.engines.spark.processes import DRIVER, MASTER
from streambench.model.conditions import Conditions, Variant
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan, Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import CLICKS


class Lab:
    """A job whose processes sleep, whose Master answers and whose driver writes what a test wants."""

    def __init__(self, supervisor: Supervisor, folder: Path, conditions: Conditions) -> None:
        made = ENGINE.plan(CLICKS, conditions, Variant("spark", ENGINE.version))
        assert isinstance(made, Plan)
        self.supervisor = supervisor
        self.used: int | None = conditions.workers
        self.progress = folder / "progress.jsonl"
        for process in made.processes:
            supervisor.start(
                process.name,
                process.role,
                ("sleep", "600"),
                log=folder / process.name,
                restart=process.restart,
                restart_delay_s=process.restart_delay_ms / 1000,
            )
        symbols = {**made.symbols, "port:master-ui": "1"}
        plan = Plan(**{**vars(made), "symbols": symbols})
        at = Embedded(supervisor, Resolved(folder), KafkaAccess(""), "", "", "", folder, folder)
        self.job = SparkJob(plan, at, AskingPolicy(fresh_s=0))

    def get_json(self, url: str) -> Any:
        if self.used is None:
            raise NoAnswer("silent")
        return {"coresused": self.used}

    def tell(self, event: str, **values: Any) -> None:
        with self.progress.open("a") as file:
            file.write(json.dumps({"event": event, **values}) + "\n")

    def begin(self) -> None:
        driver = self.supervisor.current(DRIVER)
        assert driver is not None
        self.tell("begun", pid=driver.pid)

    def batch(self) -> None:
        self.tell("batch", late_partial_rows=0, duration_ms={})

    def state(self) -> State:
        return self.job.healthy().state


@pytest.fixture
def restart_delay_ms() -> int | None:
    return 0


@pytest.fixture
def lab(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, restart_delay_ms: int | None
) -> Iterator[Lab]:
    with Supervisor() as supervisor:
        made = Lab(supervisor, tmp_path, Conditions(restart_delay_ms=restart_delay_ms))
        monkeypatch.setattr(spark_job, "get_json", made.get_json)
        yield made


def run(lab: Lab) -> None:
    assert lab.state() is State.STARTING
    lab.begin()
    assert lab.state() is State.STARTING
    lab.batch()
    assert lab.state() is State.RUNNING


def test_a_job_runs_when_a_batch_is_done_on_all_cores(lab: Lab) -> None:
    run(lab)
    lab.used = 1
    assert lab.state() is State.DEGRADED
    lab.used = None
    assert lab.state() is State.DEGRADED


def test_a_driver_that_died_degrades_until_its_successor_has_done_a_batch(lab: Lab) -> None:
    run(lab)
    (victim,) = lab.job.targets(Role.COORDINATOR)
    assert victim.name == DRIVER
    lab.supervisor.hit(DRIVER, signal.SIGKILL)
    successor = wait_until(
        lambda: (now := lab.supervisor.current(DRIVER)) and now.pid != victim.pid and now,
        what="the successor",
        timeout_s=10,
    )
    assert successor
    # The dead driver's lines are not the new one's.
    assert lab.state() is State.DEGRADED
    lab.begin()
    assert lab.state() is State.DEGRADED
    lab.batch()
    assert lab.state() is State.RUNNING


@pytest.mark.parametrize("restart_delay_ms", [60_000])
def test_a_driver_that_is_due_to_come_back_degrades(lab: Lab) -> None:
    run(lab)
    lab.supervisor.hit(DRIVER, signal.SIGKILL)
    wait_until(lambda: bool(lab.supervisor.deaths()), what="its death", timeout_s=10)
    assert lab.job.targets(Role.COORDINATOR) == ()
    assert lab.state() is State.DEGRADED


@pytest.mark.parametrize("restart_delay_ms", [None])
def test_a_driver_that_never_comes_back_fails(lab: Lab) -> None:
    run(lab)
    lab.supervisor.hit(DRIVER, signal.SIGKILL)
    wait_until(lambda: bool(lab.supervisor.deaths()), what="its death", timeout_s=10)
    assert lab.state() is State.FAILED


def test_a_master_that_is_gone_fails_for_nobody_starts_it_again(lab: Lab) -> None:
    run(lab)
    lab.supervisor.stop_named([MASTER])
    assert lab.state() is State.FAILED


def test_a_query_that_failed_fails_before_it_ran_and_else_waits_for_a_new_driver(lab: Lab) -> None:
    lab.begin()
    lab.tell("terminated", exception="no such topic")
    assert lab.state() is State.FAILED
    lab.begin()
    lab.batch()
    assert lab.state() is State.RUNNING
    lab.tell("terminated", exception="no broker")
    assert lab.state() is State.DEGRADED


def test_roles_keep_their_processes_though_the_master_is_no_target(lab: Lab) -> None:
    names = [child.name for child in lab.supervisor.children(Role.COORDINATOR)]
    assert names == [MASTER, DRIVER]
    assert len(lab.job.targets(Role.WORKER)) == 2
