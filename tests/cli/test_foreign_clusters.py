"""Clusters of the user's on the command line: what is refused before anything starts, and in which words."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.cli.foreign_clusters import ClustersAsked, clusters_asked
from streambench.cli.main import app
from streambench.kafka.inspection import Inspection, SessionTooShort, WantedOfKafka
from streambench.kafka.removal import Leftovers
from streambench.model.clocks import RUN_HOST_CLOCK, ClockBound, ClocksSeen
from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka
from streambench.model.errors import EnvironmentLacks, ExitCode, UsageError
from streambench.model.kafka_access import KafkaAccess
from streambench.model.kafka_facts import KafkaFacts
from streambench.runtime.ports import free_port
from tests.engines.rest_server import Server, serving
from tests.engines.test_hadoop_conf import write

KAFKA = ForeignKafka("kafka.example:9092")


def streambench(*words: str) -> Result:
    return CliRunner().invoke(app, words, env={"COLUMNS": "1000"})


@pytest.fixture
def flink() -> Iterator[Server]:
    with serving() as made:
        made.answers["/overview"] = {
            "flink-version": "2.3.0",
            "taskmanagers": 2,
            "slots-total": 2,
            "slots-available": 2,
        }
        yield made


@pytest.fixture
def rest() -> Iterator[Server]:
    with serving() as made:
        yield made


@pytest.mark.parametrize(
    ("written", "endpoint"),
    [
        ("http://jobs:8082", "http://jobs:8082"),
        ("http://jobs/", "http://jobs:8081"),
        ("jobs:9", "http://jobs:9"),
        ("http://[::1]:8081", "http://[::1]:8081"),
    ],
)
def test_a_flink_is_named_by_its_rest_address(written: str, endpoint: str) -> None:
    (found,) = clusters_asked(ClustersAsked(flink_rest=written), KAFKA)
    assert found == ForeignCluster("flink", endpoint)


@pytest.mark.parametrize(
    ("written", "endpoint"),
    [
        ("spark://one:7077,two:7078", "spark://one:7077,two:7078"),
        ("spark://one", "spark://one:7077"),
        ("yarn", "yarn"),
        ("k8s://https://api:6443", "k8s://https://api:6443"),
    ],
)
def test_a_spark_is_named_as_spark_names_it(written: str, endpoint: str) -> None:
    asked = ClustersAsked(spark_master=written, checkpoint_dir="hdfs://files/bench/")
    (found,) = clusters_asked(asked, KAFKA)
    assert found == ForeignCluster("spark", endpoint, "hdfs://files/bench")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (ClustersAsked(flink_rest="https://jobs:8081"), "by TLS cannot be used yet"),
        (ClustersAsked(flink_rest="http://jobs:99999"), "is not the address of a JobManager"),
        (ClustersAsked(flink_rest="http://jobs:8081/api"), "without a path"),
        (ClustersAsked(flink_rest=""), "is not the address of a JobManager"),
        (ClustersAsked(spark_master="local[2]"), "is not a Spark master"),
        (ClustersAsked(spark_master="spark://"), "is not a Spark master"),
        (ClustersAsked(spark_master="spark://one:port"), "is not a Spark master"),
        (ClustersAsked(spark_master="spark://one"), "need a folder for state"),
        (ClustersAsked(checkpoint_dir="hdfs://files/x"), "none is named"),
        (
            ClustersAsked(flink_rest="http://jobs", checkpoint_dir="/tmp/x"),
            "is not the URL of a folder",
        ),
        (
            ClustersAsked(flink_rest="http://jobs", checkpoint_dir="file:///"),
            "is not the URL of a folder",
        ),
    ],
)
def test_what_is_no_cluster_is_refused(asked: ClustersAsked, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("[", r"\[")) as refused:
        clusters_asked(asked, KAFKA)
    assert refused.value.hint


def test_a_password_in_an_address_is_refused_and_not_shown() -> None:
    for asked in (
        ClustersAsked(flink_rest="http://me:hunter2@jobs:8081"),
        ClustersAsked(spark_master="spark://me:hunter2@one:7077"),
        ClustersAsked(flink_rest="http://jobs:8081/?token=hunter2"),
        ClustersAsked(flink_rest="http://jobs", checkpoint_dir="s3://key:hunter2@bucket/x"),
    ):
        with pytest.raises(UsageError) as refused:
            clusters_asked(asked, KAFKA)
        assert "hunter2" not in refused.value.message + str(refused.value.hint)


def test_a_cluster_on_another_host_needs_a_kafka_that_it_reaches() -> None:
    with pytest.raises(UsageError, match="cannot reach the broker that streambench starts"):
        clusters_asked(ClustersAsked(flink_rest="http://jobs:8081"), None)
    assert clusters_asked(ClustersAsked(flink_rest="http://127.0.0.1:8081"), None)


def test_nobody_at_the_address_is_told_before_anything_starts() -> None:
    port = free_port()
    done = streambench("run", "--engine", "flink", "--flink-rest", f"http://127.0.0.1:{port}")
    assert done.exit_code == ExitCode.ENVIRONMENT, done.output
    assert f"no Flink JobManager answers at http://127.0.0.1:{port}" in done.stderr
    assert "hint: curl" in done.stderr
    done = streambench("run", "--engine", "spark", "--spark-master", f"spark://127.0.0.1:{port}")
    assert done.exit_code == ExitCode.ENVIRONMENT, done.output
    assert f"no Spark master answers at spark://127.0.0.1:{port}" in done.stderr


def test_a_name_that_no_host_can_have_is_told_before_anything_starts() -> None:
    done = streambench("doctor", "--spark-master", "spark://a..b:7077")
    assert done.exit_code == ExitCode.ENVIRONMENT, done.output
    assert "no Spark master answers at spark://a..b:7077" in done.stdout


def test_too_few_slots_are_told_before_anything_starts(flink: Server) -> None:
    words = ("run", "--engine", "flink", "--flink-rest", flink.url, "--workers", "3")
    done = streambench(*words)
    assert done.exit_code == ExitCode.ENVIRONMENT, done.output
    assert "has 2 of 2 slots free, and the job needs 3" in done.stderr


SPARK_IN = shlex.split(
    "run --engine spark --bootstrap-servers kafka.example:9092 --checkpoint-dir hdfs://files.example/bench "
    "--spark-master"
)


def test_a_yarn_that_nothing_names_is_told_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HADOOP_CONF_DIR", "YARN_CONF_DIR"):
        monkeypatch.delenv(name, raising=False)
    for words in ((*SPARK_IN, "yarn"), ("clean", "--spark-master", "yarn")):
        done = streambench(*words)
        assert done.exit_code == ExitCode.ENVIRONMENT, done.output
        assert "finds YARN by HADOOP_CONF_DIR or YARN_CONF_DIR" in done.stderr
        assert "hint: export HADOOP_CONF_DIR=" in done.stderr
    done = streambench("doctor", "--spark-master", "yarn")
    assert done.exit_code == ExitCode.ENVIRONMENT, done.output
    assert "finds YARN by HADOOP_CONF_DIR or YARN_CONF_DIR" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("k8s://https://api:6443",), "from which image executors are made"),
        (("k8s://https://api",), "is not a Kubernetes API server with its port"),
        (
            ("yarn", "--set", "spark:spark.submit.deployMode=cluster"),
            "driver runs on this machine, not in the cluster",
        ),
    ],
)
def test_what_spark_elsewhere_lacks_is_told_before_anything_starts(
    words: tuple[str, ...], said: str
) -> None:
    done = streambench(*SPARK_IN, *words)
    assert done.exit_code == ExitCode.USAGE, done.output
    assert said in done.stderr
    assert "hint: " in done.stderr


def test_clean_ends_what_a_run_left_in_a_yarn(
    rest: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = {"yarn_resourcemanager_webapp_address": rest.url.partition("://")[2]}
    monkeypatch.setenv("HADOOP_CONF_DIR", str(write(tmp_path, "yarn-site.xml", web)))
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    live = "NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING"
    rest.answers[f"/ws/v1/cluster/apps?applicationTypes=SPARK&states={live}"] = {
        "apps": {"app": [{"id": "application_7", "name": "streambench-x-1"}]}
    }
    end = "/ws/v1/cluster/apps/application_7/state?user.name=me"
    rest.answers[end] = {"state": "KILLED"}
    done = streambench("clean", "--spark-master", "yarn", "--yes")
    assert done.exit_code == ExitCode.OK, done.output
    assert "streambench-x-1 (application_7)" in done.stdout
    assert rest.put == [(end, {"state": "KILLED"})]


def test_a_cluster_of_an_engine_that_is_not_run_is_refused(flink: Server) -> None:
    done = streambench("run", "--engine", "kafka-python", "--flink-rest", flink.url)
    assert done.exit_code == ExitCode.USAGE, done.output
    assert "is a cluster of flink, which is not run" in done.stderr


def test_a_fault_of_its_processes_is_a_gap_with_its_reason(flink: Server) -> None:
    words = ("run", "--engine", "flink", "--flink-rest", flink.url, "--fault", "worker-kill@25s")
    done = streambench(*words)
    assert done.exit_code == ExitCode.OK, done.output
    assert "done to processes that streambench started" in " ".join(done.output.split())


def test_doctor_tells_of_a_cluster(flink: Server) -> None:
    done = streambench("doctor", "--flink-rest", flink.url)
    assert f"Flink 2.3.0, 2 TaskManager(s), 2 of 2 slot(s) free at {flink.url}" in done.stdout
    done = streambench("doctor", "--flink-rest", f"http://127.0.0.1:{free_port()}")
    assert done.exit_code == ExitCode.ENVIRONMENT
    assert "no Flink JobManager answers" in done.stdout


def test_doctor_tells_of_another_patch_release_and_of_settings(flink: Server) -> None:
    flink.answers["/overview"] |= {"flink-version": "2.3.1"}
    flink.answers["/jobmanager/config"] = [{"key": "heartbeat.timeout", "value": "50 s"}]
    told = streambench("doctor", "--flink-rest", flink.url).stdout
    assert "Flink 2.3.1, which runs in the cluster, is not tested with streambench" in told
    assert "in effect there: heartbeat.timeout = 50 s" in told
    assert "not set there, or not told: execution.checkpointing.interval" in told


@pytest.mark.parametrize("master", ["spark://nowhere:7077", "k8s://https://nowhere:6443"])
def test_clean_does_not_say_of_whom_it_does_not_ask_that_nothing_is_left(master: str) -> None:
    done = streambench("clean", "--spark-master", master, "--yes")
    assert done.exit_code == ExitCode.USAGE, done.output
    assert f"does not ask {master} for jobs" in done.stderr
    assert "hint: in Kubernetes pods may stay" in done.stderr


def test_clean_goes_on_to_others_that_are_named(
    flink: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container, where the environment names all of them."""
    monkeypatch.setattr("streambench.kafka.inspection.inspect_brokers", lambda access: {})
    left = Leftovers(("streambench-x-input",), ())
    monkeypatch.setattr("streambench.kafka.removal.leftovers", lambda access, prefix: left)
    removed = []
    monkeypatch.setattr(
        "streambench.kafka.removal.remove", lambda access, found: removed.append(found)
    )
    flink.answers["/jobs/overview"] = {"jobs": []}
    spark = ("--spark-master", "spark://nowhere:7077")
    others = ("--flink-rest", flink.url, "--bootstrap-servers", "kafka:9092")
    done = streambench("clean", *spark, *others, "--yes")
    assert done.exit_code == ExitCode.OK, done.output
    assert "does not ask spark://nowhere:7077 for jobs" in done.stderr
    assert removed == [left]
    removed.clear()
    done = streambench("clean", *spark, "--bootstrap-servers", "kafka:9092", "--yes")
    assert (done.exit_code, removed) == (ExitCode.OK, [left])


def test_clean_cancels_what_a_run_left_there(flink: Server) -> None:
    flink.answers["/jobs/overview"] = {
        "jobs": [{"jid": "a1", "name": "streambench-x-1-2", "state": "RUNNING"}]
    }
    done = streambench("clean", "--flink-rest", flink.url, "--yes")
    assert done.exit_code == ExitCode.OK, done.output
    assert "streambench-x-1-2" in done.stdout
    assert flink.patched == ["/jobs/a1?mode=cancel"]


@pytest.mark.parametrize("as_shipped_only", [True, False])
def test_doctor_tries_what_a_run_asks_for(
    monkeypatch: pytest.MonkeyPatch, as_shipped_only: bool
) -> None:
    """A broker as shipped misses no member as soon as a run asks for: `run` would refuse it."""
    asked: list[int | None] = []

    def look(access: KafkaAccess, wanted: WantedOfKafka) -> Inspection:
        asked.append(wanted.session_timeout_ms)
        if as_shipped_only and wanted.session_timeout_ms is not None:
            raise SessionTooShort("the brokers refuse 2000 ms", hint="--profile defaults")
        return Inspection(KafkaFacts(1, "4.4"))

    monkeypatch.setattr("streambench.kafka.inspection.inspect_kafka", look)
    done = streambench("doctor", "--bootstrap-servers", "kafka:9092")
    told = " ".join(done.stdout.split())
    assert "Kafka 4.4, 1 broker(s) at kafka:9092" in told
    assert ("a run needs --profile defaults" in told) == as_shipped_only
    usual_ms = Conditions().session_timeout_ms
    assert asked == ([usual_ms, None] if as_shipped_only else [usual_ms])


def test_doctor_tells_how_far_the_brokers_clocks_are(monkeypatch: pytest.MonkeyPatch) -> None:
    near = tuple(ClockBound(RUN_HOST_CLOCK, "here", -0.4, 1.3, node) for node in (0, 1))
    found: Inspection | EnvironmentLacks = Inspection(KafkaFacts(2, "4.4"), clocks=ClocksSeen(near))

    def look(access: KafkaAccess, wanted: WantedOfKafka) -> Inspection:
        assert wanted.timed_there
        if isinstance(found, EnvironmentLacks):
            raise found
        return found

    monkeypatch.setattr("streambench.kafka.inspection.inspect_kafka", look)
    told = " ".join(streambench("doctor", "--bootstrap-servers", "kafka:9092").stdout.split())
    assert "clocks this machine's is -1 to +2 ms from those of 2 broker(s)" in told
    found = EnvironmentLacks("the clock of here is not broker 1's", hint="let NTP keep them")
    done = streambench("doctor", "--bootstrap-servers", "kafka:9092")
    assert done.exit_code == ExitCode.ENVIRONMENT
    told = " ".join(done.stdout.split())
    assert "LACKS Kafka the clock of here is not broker 1's; let NTP keep them" in told
