"""What is seen of a Flink cluster before a job is given to it, and what of a run is found there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from streambench.engines.flink.cluster_settings import CORES, DECIDING, HEAP, SLOTS
from streambench.engines.flink.inspection import (
    FlinkClient,
    cancel_job,
    cancel_named,
    free_slots,
    inspect_flink,
    jobs_left,
)
from streambench.engines.flink.settings import known_names
from streambench.engines.flink.versions import VERSIONS
from streambench.model.errors import EnvironmentLacks
from streambench.runtime.ports import free_port
from tests.engines.rest_server import Server, serving

OVERVIEW = {
    "flink-version": "2.3.1",
    "taskmanagers": 3,
    "slots-total": 3,
    "slots-available": 2,
}


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        made.answers["/overview"] = OVERVIEW
        yield made


def test_version_and_slots_are_told(server: Server) -> None:
    found = inspect_flink(server.url, "2.3.0", 2)
    assert found.shown == "Flink 2.3.1, 3 TaskManager(s), 2 of 3 slot(s) free"


@pytest.mark.parametrize(
    ("changed", "version", "said", "hint"),
    [
        ({}, "2.2.1", "is Flink 2.3.1, and a client of Flink 2.2", "--engine flink@2.3.0"),
        ({"flink-version": "1.20.1"}, "2.3.0", "is Flink 1.20.1", "a cluster of Flink 2.3.0"),
        (
            {"slots-available": 1},
            "2.3.0",
            "has 1 of 3 slots free, and the job needs 2",
            "--workers 1",
        ),
        ({"flink-version": None, "taskmanagers": "many"}, "2.3.0", "is not the REST interface", ""),
    ],
)
def test_a_cluster_that_does_not_fit_is_refused(
    server: Server, changed: dict[str, Any], version: str, said: str, hint: str
) -> None:
    server.answers["/overview"] = OVERVIEW | changed
    with pytest.raises(EnvironmentLacks) as refused:
        inspect_flink(server.url, version, 2)
    assert said in refused.value.message
    assert hint in (refused.value.hint or "")


def test_what_is_built_of_a_version_is_that_version(server: Server) -> None:
    server.answers["/overview"] = OVERVIEW | {"flink-version": "2.3-SNAPSHOT"}
    assert inspect_flink(server.url, "2.3.0", 2).version == "2.3-SNAPSHOT"


def test_another_patch_release_is_known_and_warned_of(server: Server) -> None:
    found = FlinkClient().look(server.url, "2.3.0", 2)
    assert found.facts.version == "2.3.1"
    (note,) = found.notes
    assert "Flink 2.3.1, which runs in the cluster, is not tested with streambench" in note
    server.answers["/overview"] = OVERVIEW | {"flink-version": "2.3-SNAPSHOT"}
    assert "Flink 2.3-SNAPSHOT" in FlinkClient().look(server.url, "2.3.0", 2).notes[0]
    server.answers["/overview"] = OVERVIEW | {"flink-version": "2.3.0"}
    assert FlinkClient().look(server.url, "2.3.0", 2).notes == ()


def test_settings_that_decide_are_read_and_those_not_told_stay_unknown(server: Server) -> None:
    silent = FlinkClient().look(server.url, "2.3.0", 2).facts.settings
    assert set(silent.values()) == {None}
    server.answers["/jobmanager/config"] = [
        {"key": "heartbeat.timeout", "value": "50 s"},
        {"key": "s3.secret-key", "value": "******"},
    ]
    manager = {"slotsNumber": 1, "hardware": {"cpuCores": 4, "freeMemory": 512 * 2**20}}
    larger = {"slotsNumber": 1, "hardware": {"cpuCores": 4, "freeMemory": 1024 * 2**20}}
    server.answers["/taskmanagers"] = {"taskmanagers": [manager, larger]}
    told = FlinkClient().look(server.url, "2.3.0", 2).facts.settings
    known = {name: value for name, value in told.items() if value is not None}
    assert known == {"heartbeat.timeout": "50 s", HEAP: "512 | 1024", SLOTS: "1", CORES: "4"}
    server.answers["/taskmanagers"] = ["other"]
    server.answers["/jobmanager/config"] = {"key": 1}
    assert set(FlinkClient().look(server.url, "2.3.0", 2).facts.settings.values()) == {None}


def test_settings_that_are_read_are_options_of_flink() -> None:
    for version in VERSIONS:
        assert set(DECIDING) <= known_names(version)


def test_only_the_job_of_that_name_is_cancelled(server: Server) -> None:
    server.answers["/jobs/overview"] = {
        "jobs": [
            {"jid": "a", "name": "streambench-1-2", "state": "RUNNING"},
            {"jid": "b", "name": "streambench-1-23", "state": "RUNNING"},
        ]
    }
    cancel_named(server.url, "streambench-1-2")
    assert server.patched == ["/jobs/a?mode=cancel"]
    cancel_named(f"http://127.0.0.1:{free_port()}", "streambench-1-2")


def test_slots_that_nobody_tells_of_are_unknown_and_not_none(server: Server) -> None:
    assert free_slots(server.url) == 2
    assert free_slots(f"http://127.0.0.1:{free_port()}") is None


def test_nobody_and_another_program_are_told_apart(server: Server) -> None:
    silent = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(EnvironmentLacks, match="no Flink JobManager answers at"):
        inspect_flink(silent, "2.3.0", 1)
    server.answers["/overview"] = {"name": "something else"}
    with pytest.raises(EnvironmentLacks, match="is not the REST interface"):
        inspect_flink(server.url, "2.3.0", 1)
    server.answers["/overview"] = [1, 2]
    with pytest.raises(EnvironmentLacks, match="is not the REST interface"):
        inspect_flink(server.url, "2.3.0", 1)


def test_jobs_of_a_run_are_found_by_their_prefix_and_cancelled(server: Server) -> None:
    server.answers["/jobs/overview"] = {
        "jobs": [
            {"jid": "a", "name": "streambench-1-2", "state": "RUNNING"},
            {"jid": "b", "name": "streambench-1-1", "state": "CANCELED"},
            {"jid": "c", "name": "payments", "state": "RUNNING"},
        ]
    }
    assert jobs_left(server.url, "streambench-") == {"a": "streambench-1-2"}
    cancel_job(server.url, "a")
    assert server.patched == ["/jobs/a?mode=cancel"]
