"""Other hosts play the load, or run workers, at a Kafka with TLS and a password: rows right, nothing told or left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from streambench.analysis.drains import rank_drains
from streambench.cli.bench import bench
from streambench.cli.crew import CrewAsked
from streambench.cli.draining import drain
from streambench.cli.foreign_kafka import elsewhere, ground_at
from streambench.cli.hosts import with_hosts
from streambench.cli.joining import named_after
from streambench.cli.sharded import ShardsAsked
from streambench.experiment import drains
from streambench.experiment.build import Options, make_request
from streambench.experiment.warming import WarmUp
from streambench.kafka.meeting.log import TopicLog
from streambench.kafka.removal import leftovers
from streambench.kafka.shards.names import control_topic
from streambench.model.conditions import Conditions, Profile
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid, TrialRecord
from streambench.model.verdict import Verdict
from streambench.report.sections.drain import drain_cells
from streambench.results.bundle import read_bundle
from streambench.runtime.waiting import wait_until
from streambench.trial import testbed
from tests.end_to_end.bench import ENGINE_NICE, came_late, on_any_machine
from tests.kafka.kafka_lab import PASSWORD, KafkaLab, kafka_lab
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.patient]

ENGINE = "kafka-python"
SHARDS = 2
RECORDS = 5_000
CACHE = "STREAMBENCH_CACHE"
WAIT_S = 60.0


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaLab]:
    one_broker.close()
    with kafka_lab(tmp_path_factory.mktemp("cluster"), 1) as running:
        yield running


def test_an_engine_is_right_with_two_shards_by_tls(
    lab: KafkaLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testbed, "all_here", lambda bootstrap: False)
    config, out = lab.client_properties(), tmp_path / "results"
    there = elsewhere(None, config, None, None)
    assert there is not None
    asked = ShardsAsked(SHARDS, "two")
    there = named_after(there, asked.run_id)
    request = on_any_machine(
        make_request(
            Options(
                workload="clicks",
                engines=(ENGINE,),
                conditions=Conditions(
                    profile=Profile.DEFAULTS, engine_nice=ENGINE_NICE, foreign_kafka=there.told
                ),
                rate_per_s=1_000,
                measured_s=3.0,
                warm_up_s=1.0,
                quick=True,
                out=out,
            )
        )
    )
    found = ground_at(there, (request,))
    with (
        _shards(asked, config, tmp_path) as logs,
        with_hosts(asked, None, there, found) as ground,
    ):
        bench(ground.told((request,)), workspaces=ground.workspaces, compiled=ground.compiled)
        said = _said(TopicLog(there.access, control_topic(there.prefix)))
    assert not leftovers(there.access, "streambench-")
    (folder,) = out.iterdir()
    (trial,) = read_bundle(folder).of(ENGINE)
    _assert_right(trial.record)
    certificate = trial.record.certificate
    assert certificate is not None
    assert [clock.who for clock in certificate.clocks] == [
        "shard 0/2", "shard 1/2", "the coordinator", "the run's host",
    ]  # fmt: skip
    assert {clock.broker for clock in certificate.clocks} == {0}
    assert all(clock.low_ms <= 0 <= clock.high_ms for clock in certificate.clocks)
    assert any(
        "2 shards and the coordinator went by their own clocks" in note
        for note in trial.record.warnings
    )
    assert "went by their own clocks" in (folder / "report.md").read_text()
    # Nothing that was said, or printed, holds the password.
    assert b'"play"' in said
    assert PASSWORD.encode() not in said
    for file in (*logs, *(path for path in out.rglob("*") if path.is_file())):
        assert PASSWORD.encode() not in file.read_bytes(), file


def test_a_drain_by_two_shards_comes_to_its_end_with_right_rows(
    lab: KafkaLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drains, "WarmUp", partial(WarmUp, loads_at_most=1))
    config, out = lab.client_properties(), tmp_path / "results"
    there = elsewhere(None, config, None, None)
    assert there is not None
    asked = ShardsAsked(SHARDS, "drained")
    there = named_after(there, asked.run_id)
    conditions = Conditions(profile=Profile.DEFAULTS, engine_nice=0, foreign_kafka=there.told)
    request = on_any_machine(
        make_request(
            Options(
                workload="clicks",
                engines=(ENGINE,),
                conditions=conditions,
                rate_per_s=1_000,
                faults=(),
                out=out,
            )
        )
    )
    found = ground_at(there, (request,))
    with (
        _shards(asked, config, tmp_path),
        with_hosts(asked, None, there, found) as ground,
    ):
        (told,) = ground.told((request,))
        code = drain(told, RECORDS, workspaces=ground.workspaces, compiled=ground.compiled)
    assert code is ExitCode.OK
    assert not leftovers(there.access, "streambench-")
    (folder,) = out.iterdir()
    (one,) = rank_drains(read_bundle(folder)).variants
    assert one.ended is None
    assert [(each.warm, each.right, each.records) for each in one.drains] == [
        (False, True, RECORDS),
        (True, True, RECORDS),
    ]
    assert "–" not in drain_cells(one)


def test_workers_on_other_hosts_are_right_by_tls(lab: KafkaLab, tmp_path: Path) -> None:
    config, out = lab.client_properties(), tmp_path / "results"
    there = elsewhere(None, config, None, None)
    assert there is not None
    asked = CrewAsked(2, "crew")
    there = named_after(there, asked.run_id)
    conditions = Conditions(
        profile=Profile.DEFAULTS,
        engine_nice=ENGINE_NICE,
        foreign_kafka=there.told,
        foreign_clusters=asked.clusters,
    )
    request = on_any_machine(
        make_request(
            Options(
                workload="clicks",
                engines=("kafka-streams", "kafka-python"),
                conditions=conditions,
                rate_per_s=1_000,
                measured_s=3.0,
                warm_up_s=1.0,
                quick=True,
                out=out,
            )
        )
    )
    found = ground_at(there, (request,))
    logs = [tmp_path / f"worker-{number}.log" for number in range(2)]
    hosts = [
        _begun(("worker", "join", "--worker", f"{number}/2", "--join", "crew"), config, log)
        for number, log in enumerate(logs)
    ]
    try:
        with with_hosts(None, asked, there, found) as ground:
            bench(ground.told((request,)), workspaces=ground.workspaces)
        assert [host.wait(WAIT_S) for host in hosts] == [0, 0], logs[0].read_text()
    finally:
        for host in hosts:
            host.kill()
            host.wait()
    assert not leftovers(there.access, "streambench-")
    (folder,) = out.iterdir()
    bundle = read_bundle(folder)
    for engine in ("kafka-streams", "kafka-python"):
        (trial,) = bundle.of(engine)
        _assert_right(trial.record)
        # What they use there is unknown, and never 0.
        assert trial.record.measures.get("engine_cpu_s_per_million") is None
        assert trial.record.measures.get("engine_memory_peak_bytes") is None
        assert trial.record.readings
        assert any("joined the run" in warning for warning in trial.record.warnings)
    for file in (*logs, *(path for path in out.rglob("*") if path.is_file())):
        assert PASSWORD.encode() not in file.read_bytes(), file


@contextmanager
def _shards(asked: ShardsAsked, config: Path, folder: Path) -> Iterator[list[Path]]:
    """All shards of a run, each with a cache of its own, and their logs; all end well when the run does."""
    logs = [folder / f"shard-{index}.log" for index in range(asked.count)]
    shards: list[subprocess.Popen[bytes]] = []
    try:
        for index, log in enumerate(logs):
            words = ("play", "--shard", f"{index}/{asked.count}", "--join", asked.run_id)
            shards.append(_begun(words, config, log, {CACHE: str(folder / f"cache-{index}")}))
        yield logs
        assert [shard.wait(WAIT_S) for shard in shards] == [0] * asked.count, logs[0].read_text()
    finally:
        for shard in shards:
            shard.kill()
            shard.wait()


def _begun(
    words: tuple[str, ...],
    config: Path,
    log: Path,
    changed: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.Popen[bytes]:
    with log.open("wb") as file:
        return subprocess.Popen(
            [sys.executable, "-m", "streambench", *words, "--kafka-config", str(config)],
            stdout=file,
            stderr=file,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **changed},
        )


def _assert_right(record: TrialRecord) -> None:
    match record.outcome:
        case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
            assert verdict.right, (verdict.damage, verdict.examples)
            assert verdict.expected_rows == verdict.right_rows > 100
        case Invalid(reason=reason):
            assert came_late(record), reason
        case other:
            pytest.fail(str(other))


def _said(log: TopicLog) -> bytes:
    """All of a topic."""
    found: list[bytes] = []

    def whole() -> bool:
        found.extend(log.read())
        return any(b'"close"' in value for value in found)

    try:
        wait_until(whole, what="the control topic", timeout_s=WAIT_S)
        return b"\n".join(found)
    finally:
        log.close()
