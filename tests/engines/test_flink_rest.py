"""What is asked of Flink's REST interface, against one that answers as a test wants."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from streambench.engines.common.http import NoAnswer
from streambench.engines.flink.rest import FlinkRest
from streambench.model.errors import EngineFailed


class Server(ThreadingHTTPServer):
    """Answers by path, and keeps what was posted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers: dict[str, Any] = {}
        self.posted: list[tuple[str, Any]] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((self.path, json.loads(body)))
        self._answer()

    def _answer(self) -> None:
        found = self.server.answers.get(self.path)
        body = json.dumps(found).encode()
        self.send_response(404 if found is None else 202)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join()


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
