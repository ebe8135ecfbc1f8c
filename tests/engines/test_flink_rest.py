"""What is asked of Flink's REST interface, against one that answers as a test wants."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from streambench.engines.common.http import NoAnswer
from streambench.engines.flink.rest import FlinkRest
from streambench.model.errors import EngineFailed
from tests.engines.rest_server import Server, serving


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.fixture
def rest(server: Server) -> FlinkRest:
    return FlinkRest(f"http://127.0.0.1:{server.server_port}", "j1")


def savepoint(server: Server, status: str, **operation: Any) -> None:
    answer = {"status": {"id": status}, "operation": operation or None}
    server.answers["/jobs/j1/savepoints/t1"] = answer


def test_a_stop_keeps_the_state_and_lets_no_window_close(server: Server, rest: FlinkRest) -> None:
    server.answers["/jobs/j1/stop"] = {"request-id": "t1"}
    assert rest.stop_with_savepoint("file:///s") == "t1"
    asked = ("/jobs/j1/stop", {"targetDirectory": "file:///s", "drain": False})
    assert server.posted == [asked]


def test_a_savepoint_is_somewhere_once_it_is_complete(server: Server, rest: FlinkRest) -> None:
    savepoint(server, "IN_PROGRESS")
    assert rest.savepoint("t1") is None
    savepoint(server, "COMPLETED", location="file:/s/savepoint-j1")
    assert rest.savepoint("t1") == "file:/s/savepoint-j1"


def test_a_savepoint_that_failed_says_why(server: Server, rest: FlinkRest) -> None:
    savepoint(server, "COMPLETED", **{"failure-cause": {"class": "TimeoutException"}})
    with pytest.raises(EngineFailed, match="TimeoutException"):
        rest.savepoint("t1")


def test_a_task_manager_is_busy_when_one_of_its_slots_is_used(
    server: Server, rest: FlinkRest
) -> None:
    managers = [
        {"id": "127.0.0.1:43749-c48ae9", "slotsNumber": 1, "freeSlots": 0},
        {"id": "127.0.0.1:39001-00ff12", "slotsNumber": 1, "freeSlots": 1},
        {"id": "127.0.0.1:40002-aa0102", "slotsNumber": 2, "freeSlots": 1},
    ]
    server.answers["/taskmanagers"] = {"taskmanagers": managers}
    assert rest.busy_ports() == {43749, 40002}


def test_exceptions_are_those_of_the_job_that_is_asked_about(
    server: Server, rest: FlinkRest
) -> None:
    entries = [
        {"timestamp": 2_000, "exceptionName": "b"},
        {"timestamp": 1_000, "exceptionName": "a"},
    ]
    server.answers["/jobs/j2/exceptions"] = {"exceptionHistory": {"entries": entries}}
    assert rest.about("j2").exceptions() == ((2_000, "b"), (1_000, "a"))
    with pytest.raises(NoAnswer):
        rest.exceptions()
