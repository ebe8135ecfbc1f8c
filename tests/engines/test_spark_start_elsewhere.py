"""What is told while Spark's driver waits for a cluster elsewhere, and when it waited too long."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from streambench.engines.protocol import Embedded, External
from streambench.engines.spark import ENGINE, elsewhere
from streambench.engines.spark.processes import DRIVER
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.errors import EngineSlow
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan, ProcessPlan, Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Child, Supervisor
from tests.engines.cluster_lab import CLICKS

ADDRESS = "spark://127.0.0.1:7077"
FETCHED = "a node of YARN fetches Spark and begins the application"
ROOM = "0 of 2 executors are there"


class Lab:
    """A driver that writes some lines and sleeps; `heard` is what was told meanwhile."""

    def __init__(self, supervisor: Supervisor, folder: Path) -> None:
        self.progress = folder / "progress.jsonl"
        self.heard: list[str] = []
        here = Embedded(
            supervisor, Resolved(folder), KafkaAccess("127.0.0.1:9"), "", "", "", folder, folder
        )
        self._at = External(here, ADDRESS, tell=self._hear)
        cluster = ForeignCluster("spark", ADDRESS, folder.as_uri())
        conditions = Conditions(foreign_clusters=(cluster,))
        made = ENGINE.plan(CLICKS, conditions, Variant("spark", ENGINE.version))
        assert isinstance(made, Plan)
        self.plan = made

    def tell(self, event: str, **values: str) -> None:
        with self.progress.open("a") as file:
            file.write(json.dumps({"event": event, **values}) + "\n")

    def start(self) -> None:
        elsewhere.start_driver(self.plan, self._at, Path("driver.py"))

    def _hear(self, why: str) -> None:
        if why not in self.heard:
            self.heard.append(why)
            # What comes after was not there when this was told.
            self.tell("awaits", why=ROOM) if why == FETCHED else self.tell("started")


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    def sleeping(process: ProcessPlan, at: Embedded) -> Child:
        log = tmp_path / "driver.log"
        return at.supervisor.start(process.name, Role.COORDINATOR, ("sleep", "600"), log=log)

    monkeypatch.setattr(elsewhere, "prepare", lambda plan, here, extra: plan)
    monkeypatch.setattr(elsewhere, "start", sleeping)
    with Supervisor() as supervisor:
        yield Lab(supervisor, tmp_path)
        supervisor.stop_named([DRIVER])


def test_each_reason_to_wait_is_told_until_the_query_runs(lab: Lab) -> None:
    lab.tell("awaits", why=FETCHED)
    lab.start()
    assert lab.heard == [FETCHED, ROOM]


def test_a_start_that_takes_too_long_says_what_it_waited_for(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(elsewhere, "_START_TIMEOUT_S", 0.0)
    lab.tell("awaits", why="no room")
    lab.heard.append("no room")
    with pytest.raises(EngineSlow, match=r"although it still runs: no room$"):
        lab.start()
