"""A Spark job with executors elsewhere: where its driver listens, what it leaves, and which version runs there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streambench.engines.protocol import Embedded
from streambench.engines.spark import ENGINE, driver
from streambench.engines.spark import elsewhere as spark_elsewhere
from streambench.engines.spark.elsewhere import SparkJobElsewhere, address_for
from streambench.model.cluster_facts import VERSION_THERE
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.errors import EngineFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Plan
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from tests.engines.cluster_lab import CLICKS

FOLDER = "hdfs://files.example/bench"


class Lab:
    """A job whose driver writes what a test wants, and what was told to stay of it."""

    def __init__(self, folder: Path, checkpoint: str = f"{FOLDER}/x") -> None:
        folder.mkdir(exist_ok=True)
        self.left: list[str] = []
        self.progress = folder / "progress.jsonl"
        self.at = Embedded(
            Supervisor(),
            Resolved(folder),
            KafkaAccess("127.0.0.1:1"),
            "",
            "",
            "",
            folder,
            folder,
            leaves=self.left.append,
        )
        cluster = ForeignCluster("spark", "spark://one:7077", FOLDER)
        conditions = Conditions(foreign_clusters=(cluster,))
        plan = ENGINE.plan(CLICKS, conditions, Variant("spark", ENGINE.version))
        assert isinstance(plan, Plan)
        symbols = {**plan.symbols, "checkpoint": checkpoint}
        self.job = SparkJobElsewhere(Plan(**{**vars(plan), "symbols": symbols}), self.at)
        self.tell("begun", pid=1)

    def tell(self, event: str, **values: Any) -> None:
        with self.progress.open("a") as file:
            file.write(json.dumps({"event": event, **values}) + "\n")

    def begun(self) -> None:
        self.tell("session", configuration={})
        self.tell("started", run="r")


def test_a_checkpoint_whose_driver_did_not_delete_it_is_told(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.begun()
    lab.job.stop()
    (told,) = lab.left
    assert f"{FOLDER}/x" in told
    assert f"hint: hadoop fs -rm -r {FOLDER}/x" in told
    lab.job.stop()
    assert len(lab.left) == 1


def test_one_on_a_disk_is_told_with_its_path(tmp_path: Path) -> None:
    lab = Lab(tmp_path / "job", f"file://{tmp_path}/a b")
    lab.begun()
    lab.job.stop()
    assert f"hint: rm -r '{tmp_path}/a b'" in lab.left[0]


@pytest.mark.parametrize("event", ["discarded", "lacking"])
def test_one_that_is_gone_or_was_never_made_is_not_told(tmp_path: Path, event: str) -> None:
    lab = Lab(tmp_path)
    lab.begun()
    lab.tell(event, have=0, wanted=2)
    lab.job.stop()
    assert lab.left == []


def test_one_in_the_folder_of_the_run_goes_with_it(tmp_path: Path) -> None:
    lab = Lab(tmp_path, f"file://{tmp_path}/checkpoint")
    lab.begun()
    lab.job.stop()
    assert lab.left == []


def test_without_a_session_there_is_no_checkpoint(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.job.stop()
    assert lab.left == []


@pytest.mark.parametrize(
    ("versions", "words", "said"),
    [
        ([ENGINE.version], ENGINE.version, None),
        (["4.3.1"], "4.3.1", "executors are of version 4.3.1"),
        (["4.3.0", "4.3.1"], "4.3.0 | 4.3.1", "of version 4.3.0 and 4.3.1"),
        ([], None, "is not known"),
    ],
)
def test_the_version_of_executors_is_told_and_another_one_is_a_warning(
    tmp_path: Path, versions: list[str], words: str | None, said: str | None
) -> None:
    lab = Lab(tmp_path)
    lab.begun()
    lab.tell("executors", versions=versions)
    readings = lab.job.readings()
    assert readings.words.get(VERSION_THERE) == words
    assert [said in note for note in readings.notes if said] == ([] if said is None else [True])


class Session:
    """A stand-in for a session whose executors answer with `versions`; None: they cannot."""

    def __init__(self, versions: list[str] | None) -> None:
        self.versions = versions
        self.asked = ""

    def range(self, *arguments: int) -> Session:
        assert arguments == (0, 2, 1, 2)  # a task for each executor
        return self

    def selectExpr(self, expression: str) -> Session:
        self.asked = expression
        return self

    def collect(self) -> list[dict[str, str]]:
        if self.versions is None:
            raise RuntimeError("no such class")
        return [{"version": each} for each in self.versions]


@pytest.mark.parametrize(
    ("versions", "told"),
    [(["4.3.1", "4.3.0"], ["4.3.0", "4.3.1"]), (["4.3.0", "4.3.0"], ["4.3.0"]), (None, [])],
)
def test_executors_are_asked_once_each(versions: list[str] | None, told: list[str]) -> None:
    session = Session(versions)
    assert driver.versions_of_executors(session, {"executors": 2}) == told
    assert "reflect(" in session.asked


def test_a_master_without_a_name_that_is_known_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = Lab(tmp_path).at
    assert address_for("spark://nobody.invalid:7077,127.0.0.1:7077", at) == "127.0.0.1"
    with pytest.raises(EngineFailed, match=r"no way to nobody.invalid:7077, a\.\.b:7077") as failed:
        address_for("spark://nobody.invalid:7077,a..b:7077", at)
    assert failed.value.hint == "getent hosts nobody.invalid"
    monkeypatch.setattr(spark_elsewhere, "listening", lambda _: ())
    assert address_for("yarn", at) == "127.0.0.1"
