"""What brokers and workers used, from answers as a Prometheus gives them."""

from __future__ import annotations

import json
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from streambench.cli.monitoring import look_at_prometheus, prometheus_url
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.plan import Role
from streambench.runtime.observed_usage import observed_usage, roles_seen
from streambench.runtime.prometheus import NotPrometheus, Prometheus

START_S, END_S = 1_000.0, 1_010.0
Series = tuple[dict[str, str], list[tuple[float, float]]]

FLINK: dict[str, str] = {"job": "flink", "instance": "w:9249", "host": "w", "tm_id": "w_1"}
MANAGER: dict[str, str] = {"job": "flink", "instance": "m:9249", "host": "m"}
BROKER: dict[str, str] = {"job": "kafka", "instance": "b:7071"}
PYTHON: dict[str, str] = {"job": "prometheus", "instance": "p:9090"}
EXECUTOR: dict[str, str] = {
    "namespace": "bench",
    "pod": "app-exec-1",
    "container": "spark-kubernetes-executor",
}
SIDECAR: dict[str, str] = {"namespace": "bench", "pod": "app-exec-1", "container": "sidecar"}
SERVICE = {
    "name": "bench-taskmanager-1",
    "container_label_com_docker_compose_service": "taskmanager",
}
# By the metric, all that is scraped; selectors are the server's work, and the fake one's.
SCRAPED: dict[str, list[Series]] = {
    "flink_taskmanager_Status_JVM_CPU_Time": [
        (FLINK, [(1_001, 2e9), (1_005, 5e9), (1_009, 6e9)]),
        # Its successor at the same address.
        (dict(FLINK, tm_id="w_2"), [(1_009.5, 1e9), (1_010, 1.5e9)]),
    ],
    "flink_taskmanager_Status_JVM_Memory_Heap_Used": [
        (FLINK, [(1_001, 100.0), (1_005, 300.0), (1_009, 200.0)])
    ],
    "flink_taskmanager_Status_JVM_Memory_NonHeap_Used": [(FLINK, [(1_001, 50.0), (1_005, 50.0)])],
    "flink_jobmanager_Status_JVM_CPU_Time": [(MANAGER, [(1_005, 9e9)])],
    "kafka_server_brokertopicmetrics_bytesin_total": [
        (BROKER, [(1_002, 1e6), (1_006, 3e6)]),
        (dict(BROKER, topic="input"), [(1_002, 5e5), (1_006, 2e6)]),
    ],
    "kafka_server_brokertopicmetrics_bytesout_total": [
        (dict(BROKER, topic="input"), [(1_002, 10), (1_006, 30)]),
        (dict(BROKER, topic="output"), [(1_002, 1), (1_006, 5)]),
    ],
    "process_cpu_seconds_total": [
        # It began anew between the two.
        (BROKER, [(1_002, 100.0), (1_004, 101.0), (1_006, 0.5)]),
        (PYTHON, [(1_002, 7.0), (1_006, 9.0)]),
    ],
    "process_resident_memory_bytes": [(BROKER, [(1_002, 4e8), (1_006, 6e8)])],
    "container_cpu_usage_seconds_total": [
        (EXECUTOR, [(1_001, 3.0), (1_009, 11.0)]),
        (SIDECAR, [(1_001, 3.0), (1_009, 4.0)]),
        (SERVICE, [(1_001, 1.0), (1_009, 2.0)]),
    ],
    "container_memory_working_set_bytes": [(EXECUTOR, [(1_001, 1e9)])],
}


def matches(labels: Mapping[str, str], selector: str) -> bool:
    if not selector:
        return True
    name, _, values = selector.strip("{}").partition("=~")
    return labels.get(name, "") in values.strip('"').split("|")


def answer(query: str, at_s: float | None) -> Any:
    if query == "vector(1)":
        return {"resultType": "vector", "result": [{"metric": {}, "value": [1.0, "1"]}]}
    selected, _, length = query.partition("[")
    metric, brace, selector = selected.partition("{")
    found = [
        (labels, values)
        for labels, values in SCRAPED.get(metric, [])
        if matches(labels, brace + selector)
    ]
    if not length:
        result = [
            {"metric": dict(labels, __name__=metric), "value": [at, str(value)]}
            for labels, values in found
            for at, value in values[-1:]
        ]
        return {"resultType": "vector", "result": result}
    assert at_s is not None
    from_s = at_s - int(length.removesuffix("ms]")) / 1000
    result = [
        {
            "metric": dict(labels, __name__=metric),
            "values": [[at, str(value)] for at, value in values if from_s < at <= at_s],
        }
        for labels, values in found
    ]
    return {"resultType": "matrix", "result": [each for each in result if each["values"]]}


@contextmanager
def serving(respond: Any) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urllib.parse.urlsplit(self.path)
            assert parts.path == "/api/v1/query"
            asked = urllib.parse.parse_qs(parts.query)
            at = asked.get("time")
            code, body = respond(asked["query"][0], None if at is None else float(at[0]))
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def prometheus(query: str, at_s: float | None) -> tuple[int, bytes]:
    return 200, json.dumps({"status": "success", "data": answer(query, at_s)}).encode()


@pytest.fixture
def server() -> Iterator[Prometheus]:
    with serving(prometheus) as url:
        yield Prometheus(url)


def test_each_process_is_known_by_its_metrics_and_nothing_else_is_counted(
    server: Prometheus,
) -> None:
    every = observed_usage(server, start_s=START_S, end_s=END_S)
    found = {each.target: each for each in every}
    assert {name: each.role for name, each in found.items()} == {
        "flink/w:9249": "worker",
        "flink/m:9249": "coordinator",
        "kafka/b:7071": "broker",
        "bench/app-exec-1/spark-kubernetes-executor": "worker",
        "bench-taskmanager-1": "worker",
    }
    worker = found["flink/w:9249"]
    assert worker.cpu_s == pytest.approx(4.5)  # both lives of it
    assert worker.seen_s == 9.0
    assert worker.cores_mean == pytest.approx(0.5)
    # Only where heap and non-heap are both known.
    assert (worker.memory_mean_bytes, worker.memory_peak_bytes) == (250.0, 350.0)
    assert worker.memory_is == "JVM, heap and non-heap in use"
    assert (worker.received_bytes, worker.sent_bytes) == (None, None)

    broker = found["kafka/b:7071"]
    assert broker.cpu_s == pytest.approx(1.5)
    assert (broker.received_bytes, broker.sent_bytes) == (2e6, 24.0)
    assert (broker.memory_mean_bytes, broker.memory_peak_bytes) == (5e8, 6e8)

    executor = found["bench/app-exec-1/spark-kubernetes-executor"]
    assert (executor.cpu_s, executor.memory_peak_bytes) == (8.0, 1e9)


def test_what_is_not_told_is_unknown_and_never_0(server: Prometheus) -> None:
    found = {each.target: each for each in observed_usage(server, start_s=START_S, end_s=END_S)}
    manager = found["flink/m:9249"]  # of one sample nothing follows
    assert (manager.cpu_s, manager.cores_mean, manager.memory_mean_bytes) == (None, None, None)
    assert manager.memory_is is None
    assert found["bench-taskmanager-1"].memory_peak_bytes is None
    assert observed_usage(server, start_s=2_000, end_s=2_010) == ()


def test_what_is_scraped_now_is_told_by_role(server: Prometheus) -> None:
    assert roles_seen(server) == {Role.WORKER: 3, Role.COORDINATOR: 1, Role.BROKER: 1}


def test_a_run_is_refused_where_there_is_no_prometheus(
    server: Prometheus, capsys: pytest.CaptureFixture[str]
) -> None:
    look_at_prometheus(None)
    look_at_prometheus(server.url)
    said = " ".join(capsys.readouterr().err.split())
    assert said.endswith("it watches 1 broker, 1 coordinator and 3 workers")
    with pytest.raises(
        EnvironmentLacks, match=r"no Prometheus at .*: it does not answer"
    ) as refused:
        look_at_prometheus("http://127.0.0.1:1")
    assert "curl" in (refused.value.hint or "")


@pytest.mark.parametrize("url", ["http://a..b:9090", "http://127.0.0.1:1/ü"])
def test_an_address_that_no_request_can_hold_is_refused_in_words(url: str) -> None:
    with pytest.raises(EnvironmentLacks, match="it does not answer"):
        look_at_prometheus(url)


@pytest.mark.parametrize(
    ("code", "body", "said"),
    [
        (404, b"", "HTTP 404"),
        (200, b"<html>", "not as Prometheus does"),
        (200, b'{"status": "error", "data": {}}', "not as Prometheus does"),
        (200, b'{"status": "success", "data": {"resultType": "scalar", "result": []}}', "not as"),
        (200, b'{"status": "success", "data": {"resultType": "vector", "result": [7]}}', "not as"),
        (200, b"[]", "not as Prometheus does"),
    ],
)
def test_another_answer_is_none_of_a_prometheus(code: int, body: bytes, said: str) -> None:
    def other(query: str, at_s: float | None) -> tuple[int, bytes]:
        return code, body

    with serving(other) as url, pytest.raises(NotPrometheus, match=said):
        Prometheus(url).check()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prometheus:9090", "is no address"),
        ("ftp://prometheus", "is no address"),
        ("http://", "is no address"),
        ("http://a:99999999", "is no address"),
        ("http://me:secret@a:9090", "takes no password"),
        ("http://a:9090/graph?token=secret", "is more than the address"),
        ("http://a:9090/#secret", "is more than the address"),
        ("me:secret@a:9090", "is no address"),
        ("me:se?cret@a:9090", "is no address"),
        ("ftp://me:secret@a", "is no address"),
        ("a:9090/?token=secret", "is no address"),
    ],
)
def test_what_is_no_address_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        prometheus_url(text)
    assert said in refused.value.message
    assert "cret" not in refused.value.message
    assert refused.value.hint
    assert prometheus_url("http://a:9090/prom") == "http://a:9090/prom"
