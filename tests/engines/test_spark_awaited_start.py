"""An application that YARN takes and gives no container is given up, and no other."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from streambench.engines.spark import driver

JOB = {"configuration": {"spark.app.name": "ours"}, "executors": 2}


@dataclass
class Application:
    """As far as YARN's client tells of one."""

    name: str
    containers: int

    def getName(self) -> str:
        return self.name

    def getApplicationId(self) -> str:
        return f"id of {self.name}"

    def getApplicationResourceUsageReport(self) -> Any:
        return SimpleNamespace(getNumUsedContainers=lambda: self.containers)


@dataclass
class Client:
    """YARN's client, which tells of these applications when it is asked, and of the last ones from then on."""

    answers: list[list[Application]]
    killed: list[str] = field(default_factory=list)
    told_all: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    def getApplications(self, kinds: Any, states: Any) -> list[Application]:
        self.asked += 1
        if self.asked > len(self.answers):
            self.told_all.set()
        return self.answers[min(self.asked, len(self.answers)) - 1]

    def killApplication(self, application: str) -> None:
        self.killed.append(application)

    def init(self, configuration: Any) -> None:
        pass

    def start(self) -> None:
        pass

    def stop(self) -> None:
        self.over.set()


def watched(client: Client, monkeypatch: pytest.MonkeyPatch, until: threading.Event) -> list[Any]:
    """What is written while a session starts, until `until`."""
    monkeypatch.setattr(driver, "_AWAITED_POLL_S", 0.001)
    monkeypatch.setattr(driver, "_EXECUTORS_TIMEOUT_S", -1.0)
    jvm = MagicMock()
    jvm.org.apache.hadoop.yarn.client.api.YarnClient.createYarnClient.return_value = client
    written = io.StringIO()
    with driver.AwaitedStart(JOB, jvm, driver.ProgressLines(written)):
        assert until.wait(30)
    assert client.over.wait(30)
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_one_without_a_container_is_told_and_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client([[Application("another's", 0), Application("ours", 0)]])
    awaits, told = watched(client, monkeypatch, client.over)
    assert awaits["why"] == "YARN has no room for the application yet"
    assert (told["event"], told["have"], told["wanted"]) == ("lacking", 0, 2)
    assert client.killed == ["id of ours"]


NOT_TAKEN = "YARN has not taken the application yet"


@pytest.mark.parametrize(
    ("applications", "why"),
    [
        ([], NOT_TAKEN),
        ([Application("another's", 0)], NOT_TAKEN),
        ([Application("ours", 1)], "a node of YARN fetches Spark and begins the application"),
    ],
    ids=["not sent yet", "another's waits", "its node fetches Spark"],
)
def test_any_other_is_left_alone_and_it_is_told_once_what_it_waits_for(
    applications: list[Application], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client([applications])
    (told,) = watched(client, monkeypatch, client.told_all)
    assert (told["event"], told["why"]) == ("awaits", why)
    assert not client.killed


def test_one_that_runs_has_been_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client([[Application("ours", 1)], []])
    fetches, starts = watched(client, monkeypatch, client.told_all)
    assert "fetches Spark" in fetches["why"]
    assert starts["why"] == "executors start"
