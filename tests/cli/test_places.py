"""Where jobs go on, said to any command that makes trials: what is refused before anything starts, and what is used."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from streambench.cli import places
from streambench.cli.crew import ENGINES, CrewAsked
from streambench.cli.foreign_kafka import Elsewhere, Ground
from streambench.cli.sharded import ShardsAsked
from streambench.kafka import inspection, removal
from streambench.kafka.removal import Leftovers
from streambench.model.conditions import ForeignCluster
from streambench.model.errors import ExitCode
from streambench.model.kafka_access import KafkaAccess
from streambench.model.trial import TraceRef
from streambench.trial.workspace import workspace
from tests.cli.conftest import Asked
from tests.cli.test_commands import COMPLETE, streambench
from tests.engines.rest_server import Server, serving

KAFKA = "--bootstrap-servers h:1"
EVERY = (*COMPLETE, "curve --rates 5k,10k")
REFUSED = [
    ("--flink-rest http://jobs:8081", "cannot reach the broker that streambench starts"),
    ("--spark-master spark://m:7077", "cannot reach the broker that streambench starts"),
    (f"--spark-master spark://m:7077 {KAFKA}", "need a folder for state that all of them reach"),
    ("--flink-rest nonsense://x", "is not the address of a JobManager"),
    ("--checkpoint-dir hdfs://n/x", "is for clusters of yours, and none is named"),
    (f"--shards 9 {KAFKA}", "9 shards cannot share 4 partitions"),
    ("--shards 2", "hosts that play the load meet in a Kafka of yours"),
    ("--workers-elsewhere", "hosts that run workers meet in a Kafka of yours"),
    (f"--workers-elsewhere --engine flink {KAFKA}", "and neither is run"),
    ("--run-id monday", "and none is waited for"),
    (f"--shards 2 --run-id monday-2 {KAFKA}", "'monday-2' cannot name a run"),
    (
        "--flink-rest http://127.0.0.1:1 --set flink:taskmanager.numberOfTaskSlots=2",
        "is a setting of Flink's processes",
    ),
    ("--flink-rest http://127.0.0.1:1 --engine flink:adaptive", "is a setting of Flink's"),
]


@pytest.fixture
def flink() -> Iterator[Server]:
    with serving() as made:
        made.answers["/overview"] = {
            "flink-version": "2.3.0",
            "taskmanagers": 2,
            "slots-total": 2,
            "slots-available": 2,
        }
        made.answers["/jobs/overview"] = {"jobs": []}
        yield made


@pytest.mark.parametrize("command", EVERY)
@pytest.mark.parametrize(("options", "said"), REFUSED, ids=[options for options, _ in REFUSED])
def test_what_cannot_be_had_is_refused_with_a_hint_of_the_same_command(
    asked: Asked, command: str, options: str, said: str
) -> None:
    refused = streambench(f"{command} {options}", columns=1_000)
    assert refused.exit_code == ExitCode.USAGE, refused.output
    assert not asked.requests
    form = re.fullmatch(r"error: (.+)\n\nhint: (.+)\n", refused.stderr)
    assert form is not None, refused.stderr
    assert said in form[1]
    for hinted in re.findall(r"streambench ([\w-]+)", form[2]):
        assert hinted == command.split()[0]


@pytest.mark.parametrize("command", EVERY)
def test_a_cluster_of_the_users_gets_the_jobs_of_its_engine(
    asked: Asked, flink: Server, command: str
) -> None:
    done = streambench(f"{command} --flink-rest {flink.url} --engine flink,kafka-python")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert "2 of 2 slot(s) free" in " ".join(done.stderr.split())
    for request in asked.requests:
        assert request.conditions.foreign_clusters == (ForeignCluster("flink", flink.url),)
        there, here = (contender.plan for contender in request.contenders)
        assert (there.cluster, here.cluster) == (flink.url, None)  # type: ignore[union-attr]


@pytest.mark.parametrize("command", EVERY)
def test_a_cluster_of_an_engine_that_is_not_run_is_refused(
    asked: Asked, flink: Server, command: str
) -> None:
    done = streambench(f"{command} --flink-rest {flink.url} --engine kafka-python")
    assert done.exit_code == ExitCode.USAGE, done.output
    assert "is a cluster of flink, which is not run" in " ".join(done.stderr.split())
    assert not asked.requests


@pytest.mark.parametrize(
    "command", ["find-rate --workers 3", "drain --workers 3", "sweep workers=1,3"]
)
def test_the_most_workers_of_all_points_must_find_a_slot(
    asked: Asked, flink: Server, command: str
) -> None:
    done = streambench(f"{command} --engine flink --flink-rest {flink.url}")
    assert done.exit_code == ExitCode.ENVIRONMENT, done.output
    assert "2 of 2 slots free, and the job needs 3" in " ".join(done.stderr.split())
    assert not asked.requests


@pytest.mark.parametrize("command", EVERY)
def test_jobs_that_stay_are_told_also_where_the_command_fails(
    asked: Asked, flink: Server, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = {"jid": "a1", "name": "streambench-x-1-2", "state": "RUNNING"}

    def fails(*_: object, **__: object) -> ExitCode:
        flink.answers["/jobs/overview"] = {"jobs": [left]}
        raise RuntimeError("on purpose")

    for body in ("bench.bench", "finding.find", "draining.drain"):
        monkeypatch.setattr(f"streambench.cli.{body}", fails)
    done = streambench(f"{command} --engine flink --flink-rest {flink.url}", columns=1_000)
    assert "left behind" in done.stderr
    assert f"streambench clean --flink-rest {flink.url}" in done.stderr


class Hosts:
    """Hosts that join at once: who was waited for, and the loads that they heard of."""

    def __init__(self) -> None:
        self.shards: ShardsAsked | None = None
        self.crew: CrewAsked | None = None
        self.paced: bool | None = None

    def hear(self, ref: TraceRef) -> None:
        raise AssertionError("nothing is compiled here")


@pytest.fixture
def hosts(monkeypatch: pytest.MonkeyPatch) -> Hosts:
    found = Hosts()

    @contextmanager
    def joined(
        shards: ShardsAsked | None, crew: CrewAsked | None, there: Elsewhere, ground: Ground
    ) -> Iterator[Ground]:
        found.shards, found.crew = shards, crew
        assert there.prefix == "streambench-monday-"
        yield dataclasses.replace(ground, compiled=found.hear)

    @contextmanager
    def kafka(there: Elsewhere, requests: Sequence[object], *, paced: bool) -> Iterator[Ground]:
        found.paced = paced
        yield Ground(workspace)

    monkeypatch.setattr(inspection, "inspect_brokers", lambda access: {})
    monkeypatch.setattr(removal, "leftovers", lambda access, prefix: Leftovers((), ()))
    monkeypatch.setattr(places, "with_hosts", joined)
    monkeypatch.setattr(places, "ground_of", kafka)
    return found


@pytest.mark.parametrize("command", EVERY)
def test_hosts_that_join_serve_every_command(asked: Asked, hosts: Hosts, command: str) -> None:
    options = f"--shards 4 --workers-elsewhere --workers 3 --run-id monday {KAFKA}"
    done = streambench(f"{command} {options}")
    assert done.exit_code == ExitCode.OK, done.stderr
    assert hosts.shards == ShardsAsked(4, "monday")
    assert hosts.crew == CrewAsked(3, "monday")
    # Shards compile a load before any job is made.
    assert asked.compiled == hosts.hear
    # A drain's records are due at no instant.
    assert hosts.paced is (command != "drain")
    for request in asked.requests:
        assert [each.engine for each in request.conditions.foreign_clusters] == list(ENGINES)


@pytest.mark.parametrize("asking", ["--shards 2", "--workers-elsewhere"])
def test_what_another_run_of_the_name_has_there_is_not_told_as_left_behind(
    asked: Asked, monkeypatch: pytest.MonkeyPatch, asking: str
) -> None:
    def topics(access: KafkaAccess, prefix: str) -> Leftovers:
        return Leftovers((f"{prefix}input-1a2b",), ())

    monkeypatch.setattr(inspection, "inspect_brokers", lambda access: {})
    monkeypatch.setattr(removal, "leftovers", topics)
    refused = streambench(f"run {asking} --run-id monday {KAFKA}", columns=1_000)
    assert refused.exit_code == ExitCode.USAGE, refused.stderr
    assert "a run of this name is going on" in refused.stderr
    assert "left behind" not in refused.stderr
    assert not asked.requests


def test_as_many_hosts_join_a_sweep_as_its_widest_point_needs(asked: Asked, hosts: Hosts) -> None:
    line = f"sweep workers=1,4 --workers-elsewhere --run-id monday {KAFKA}"
    assert streambench(line).exit_code == ExitCode.OK
    assert hosts.crew == CrewAsked(4, "monday")


def test_every_point_of_a_sweep_must_have_a_partition_for_each_shard(
    asked: Asked, hosts: Hosts
) -> None:
    refused = streambench(f"sweep partitions=2,4 --shards 3 --run-id monday {KAFKA}")
    assert refused.exit_code == ExitCode.USAGE
    assert "3 shards cannot share 2 partitions" in " ".join(refused.stderr.split())
    assert not asked.requests
