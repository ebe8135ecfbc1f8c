"""All engines against three brokers, a Flink and a Spark that streambench did not start, by TLS and with a password."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streambench.cli.bench import bench
from streambench.cli.foreign_clusters import ClustersAsked, clusters_asked, inspect_clusters
from streambench.cli.foreign_kafka import elsewhere, ground_at, ground_of
from streambench.engines.flink.cluster_settings import HEAP
from streambench.experiment.build import Options, make_request
from streambench.kafka.access.without_files import private_keys_in
from streambench.kafka.removal import leftovers
from streambench.model.cluster_facts import VERSION_THERE
from streambench.model.conditions import Conditions, Guarantee, Profile
from streambench.model.fault import Fault, FaultKind
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.results.bundle import Bundle, read_bundle
from streambench.runtime.supervisor import Supervisor
from streambench.trial import testbed
from tests.beside import all_started
from tests.end_to_end.bench import ENGINE_NICE, brisk_workload, came_late, on_any_machine
from tests.end_to_end.clusters_lab import (
    FlinkCluster,
    SparkCluster,
    flink_cluster,
    flink_jobs,
    spark_applications,
    spark_cluster,
)
from tests.end_to_end.shown import showing, shown_by_processes
from tests.kafka.kafka_lab import PART_OF_PASSWORD, KafkaLab, kafka_lab
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.patient]

PREFIX = "streambench-"
RATE_PER_S = 1_000
ENGINES = ("flink", "spark", "kafka-streams", "kafka-python")
# What gives a job to a cluster that runs already, and the file with its query.
GIVES_JOB = {"flink-submit": "query.sql", "spark-driver": "query.py"}


@dataclass(frozen=True)
class Clusters:
    """All that streambench does not start."""

    kafka: KafkaLab
    flink: FlinkCluster
    spark: SparkCluster


@pytest.fixture(scope="module")
def clusters(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clusters]:
    one_broker.close()  # there is memory for some brokers, and time for fewer
    # By a key as well as by a password: both must reach every engine, and be kept nowhere.
    with all_started(
        kafka_lab(tmp_path_factory.mktemp("cluster"), 3, ssl_client_auth="required"),
        flink_cluster(tmp_path_factory.mktemp("flink") / "cluster"),
        spark_cluster(tmp_path_factory.mktemp("spark") / "cluster"),
    ) as (kafka, flink, spark):
        yield Clusters(kafka, flink, spark)


@pytest.fixture
def lab(clusters: Clusters) -> KafkaLab:
    return clusters.kafka


@pytest.fixture
def flink(clusters: Clusters) -> FlinkCluster:
    return clusters.flink


@pytest.fixture
def spark(clusters: Clusters) -> SparkCluster:
    return clusters.spark


def run_there(
    lab: KafkaLab,
    out: Path,
    engines: tuple[str, ...],
    guarantee: Guarantee,
    clusters: ClustersAsked = ClustersAsked(),  # noqa: B008  # a frozen value
    config: Path | None = None,
) -> Bundle:
    there = elsewhere(None, config or lab.client_properties(), len(lab.ports), None)
    assert there is not None
    request = on_any_machine(
        make_request(
            Options(
                workload="clicks",
                engines=engines,
                # Beside three brokers on few cores none is to starve.
                conditions=Conditions(
                    guarantee=guarantee,
                    profile=Profile.DEFAULTS,
                    engine_nice=ENGINE_NICE,
                    foreign_kafka=there.told,
                    foreign_clusters=clusters_asked(clusters, there.told),
                ),
                rate_per_s=RATE_PER_S,
                measured_s=3.0,
                warm_up_s=1.0,
                quick=True,
                out=out,
            )
        )
    )
    seen = inspect_clusters((request,), request.conditions.foreign_clusters)
    ground = ground_at(there, (request,)).with_clusters(seen)
    bench(ground.told((request,)), workspaces=ground.workspaces)
    assert not leftovers(there.access, PREFIX)
    (folder,) = out.iterdir()
    return read_bundle(folder)


def assert_right(found: Bundle, engines: tuple[str, ...]) -> None:
    for engine in engines:
        (trial,) = found.of(engine)
        match trial.record.outcome:
            case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
                assert verdict.right, (engine, verdict.damage, verdict.examples)
                assert verdict.expected_rows == verdict.right_rows > 100
            case Invalid(reason=reason):
                assert came_late(trial.record), (engine, reason)
            case other:
                pytest.fail(f"{engine}: {other}")
        measures = trial.record.measures
        # Of brokers that are not ours nothing is known, and nothing is 0.
        assert measures.get("broker_cpu_s_per_million") is None
        assert measures.get("broker_bytes_per_event") is None


def lines_of_key(lab: KafkaLab) -> list[str]:
    """Those of the client's private key, without its marks."""
    (key,) = private_keys_in((lab.folder / "client.pem").read_text())
    return key.splitlines()[1:-1]


def holders(folder: Path, secret: str) -> list[Path]:
    """The files that hold a secret."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [path for path in files if secret.encode() in path.read_bytes()]


def test_all_engines_are_right_there_and_no_password_is_kept(
    lab: KafkaLab,
    flink: FlinkCluster,
    spark: SparkCluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started: list[Any] = []
    given: dict[str, str] = {}
    usual = Supervisor.start

    def noted(self: Supervisor, name: str, *args: Any, **named: Any) -> Any:
        started.append((name, args, named))
        if name in GIVES_JOB:
            given[name] = (named["cwd"] / GIVES_JOB[name]).read_text()
        return usual(self, name, *args, **named)

    monkeypatch.setattr(Supervisor, "start", noted)
    monkeypatch.setattr(testbed, "all_here", lambda bootstrap: False)
    out = tmp_path / "results"
    asked = ClustersAsked(flink.rest, spark.master, (tmp_path / "state").as_uri())
    with shown_by_processes() as seen:
        found = run_there(lab, out, ENGINES, Guarantee.AT_LEAST_ONCE, asked)
    assert_right(found, ENGINES)
    secrets = (PART_OF_PASSWORD, *lines_of_key(lab))
    for secret in secrets:
        assert holders(out, secret) == []
        assert secret not in repr(started)
        assert showing(seen, secret) == []
    # A cluster elsewhere is told what the files hold, and no path of this host.
    assert set(given) == set(GIVES_JOB)
    for text in given.values():
        assert all(secret in text for secret in secrets)
        assert "BEGIN CERTIFICATE" in text
        assert str(lab.folder) not in text
    report = (found.folder / "report.md").read_text()
    assert "SCRAM-SHA-512" in report
    # The brokers are taken for others' hosts: their clocks are compared, and are this machine's.
    assert "delays go by two clocks: this machine's was" in report
    for engine in ENGINES:
        (trial,) = found.of(engine)
        certificate = trial.record.certificate
        assert certificate is not None
        assert certificate.unknown_clocks == ()
        assert {clock.broker for clock in certificate.clocks} <= {0, 1, 2}
        assert certificate.clocks
        assert all(clock.low_ms <= 0 <= clock.high_ms for clock in certificate.clocks)
    for engine, address in (("flink", flink.rest), ("spark", spark.master)):
        assert f"not started by streambench: {address}" in report
        (trial,) = found.of(engine)
        # What executors and TaskManagers use is unknown, and never 0.
        assert trial.record.measures.get("engine_cpu_s_per_million") is None
        assert trial.record.measures.get("engine_memory_peak_bytes") is None
    flinks = found.run.clusters["flink"]
    assert flinks.version == found.run.versions["flink"]
    assert flinks.settings[HEAP] is not None
    (sparks,) = found.of("spark")
    assert sparks.record.readings[VERSION_THERE] == sparks.record.variant.version
    # They were seen to be a part of the run, not strangers.
    assert any(usage.role == "cluster" for usage in trial.record.usage)
    # Nothing is left behind but the empty folders of Flink's job, which it makes and does not delete.
    assert flink_jobs(flink) == ["CANCELED"]
    assert spark_applications(spark) == 0
    assert not [path for path in (tmp_path / "state").rglob("*") if path.is_file()]


@pytest.mark.nightly
def test_flink_and_spark_of_streambenchs_own_are_right_there(lab: KafkaLab, tmp_path: Path) -> None:
    engines = ("flink", "spark")
    found = run_there(lab, tmp_path / "results", engines, Guarantee.AT_LEAST_ONCE)
    assert_right(found, engines)


@pytest.mark.nightly
def test_exactly_once_there(lab: KafkaLab, flink: FlinkCluster, tmp_path: Path) -> None:
    engines = ("flink", "kafka-streams", "kafka-python")
    asked = ClustersAsked(flink.rest)
    found = run_there(lab, tmp_path / "results", engines, Guarantee.EXACTLY_ONCE, asked)
    assert_right(found, engines)


@pytest.mark.nightly
def test_a_command_that_kills_a_broker_costs_no_row(
    lab: KafkaLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brisk_workload(tmp_path, 200)
    monkeypatch.chdir(tmp_path)
    there = elsewhere(None, lab.client_properties(), 3, None)
    assert there is not None
    victim = 1
    killed = Fault(FaultKind.COMMAND, 8_000, command=f"kill -KILL {lab.processes[victim].pid}")
    options = Options(
        workload="brisk",
        engines=("kafka-python",),
        conditions=Conditions(foreign_kafka=there.told),
        rate_per_s=RATE_PER_S,
        measured_s=30.0,
        warm_up_s=1.0,
        faults=(killed,),
        quick=True,
        out=tmp_path / "results",
    )
    request = on_any_machine(make_request(options))

    def come_back() -> None:
        lab.processes[victim].wait()
        lab.start(victim)

    # Before the run ends: kafka-python forgets sockets that it opened to a broker that is away.
    back = threading.Thread(target=come_back)
    back.start()
    try:
        with ground_of(there, (request,)) as ground:
            bench(ground.told((request,)), workspaces=ground.workspaces)
    finally:
        if back.is_alive():
            lab.processes[victim].kill()
        back.join()
    (folder,) = options.out.iterdir()
    (trial,) = read_bundle(folder).trials
    record = trial.record
    assert record.verdict is not None
    assert record.verdict.right, record.verdict.damage
    certificate = record.certificate
    assert certificate is not None
    assert certificate.exempt_batches > 0
    if not came_late(record):
        (found,) = record.recoveries
        assert (found.hit.exit_code, found.hit.victim) == (0, None)
        assert found.disturbed
