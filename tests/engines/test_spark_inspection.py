"""What is seen of a Spark elsewhere before a job is given to it, and what a run left in a YARN."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from streambench.engines.spark import CLIENT, ENGINE
from streambench.engines.spark.masters import YARN, Manager, api_server, manager_of
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.plan import Plan
from streambench.runtime.ports import free_port
from tests.engines.cluster_lab import CLICKS
from tests.engines.rest_server import Server, serving
from tests.engines.test_hadoop_conf import write

API = "k8s://https://api.example:6443"
IMAGE = ("spark.kubernetes.container.image", "apache/spark:4.3.0")
LIVE = "/ws/v1/cluster/apps?applicationTypes=SPARK&states=NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING"


@pytest.fixture
def rest() -> Iterator[Server]:
    with serving() as made:
        made.answers["/ws/v1/cluster/info"] = {"clusterInfo": {"hadoopVersion": "3.5.0"}}
        yield made


@pytest.fixture
def conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: Server) -> Path:
    """A configuration whose ResourceManager takes connections at the port of `rest`."""
    port = rest.server_port
    folder = named(tmp_path / "conf", address=port, web=port)
    monkeypatch.delenv("YARN_CONF_DIR", raising=False)
    monkeypatch.setenv("HADOOP_CONF_DIR", str(folder))
    return folder


def named(folder: Path, *, address: int, web: int) -> Path:
    properties = {
        "yarn_resourcemanager_address": f"127.0.0.1:{address}",
        "yarn_resourcemanager_webapp_address": f"127.0.0.1:{web}",
    }
    return write(folder, "yarn-site.xml", properties)


def room(rest: Server, free_mib: int) -> None:
    metrics = {"activeNodes": 3, "availableMB": free_mib}
    rest.answers["/ws/v1/cluster/metrics"] = {"clusterMetrics": metrics}


def planned(endpoint: str, *settings: tuple[str, str]) -> Plan:
    cluster = ForeignCluster("spark", endpoint, "hdfs://files.example/bench")
    conditions = Conditions(foreign_clusters=(cluster,), workers=3)
    found = ENGINE.plan(CLICKS, conditions, Variant("spark", ENGINE.version, settings))
    assert isinstance(found, Plan)
    return found


def configuration(plan: Plan) -> dict[str, object]:
    (text,) = (program.text for program in plan.programs if program.name == "job.json")
    return dict(json.loads(text)["configuration"])


def test_the_room_of_a_yarn_is_told(conf: Path, rest: Server) -> None:
    room(rest, 8_000)
    told = CLIENT.look(YARN, "4.3.0", 2)
    assert told.facts.version == "4.3.0"  # Spark itself is sent there
    assert told.shown.startswith(
        f"YARN of Hadoop 3.5.0 at 127.0.0.1:{rest.server_port}, 3 nodes, 8000 MiB"
    )


def test_too_little_room_is_told_before_anything_starts(conf: Path, rest: Server) -> None:
    room(rest, 1_500)
    with pytest.raises(EnvironmentLacks, match="1500 MiB free on 3 nodes, and 4 executors") as told:
        CLIENT.look(YARN, "4.3.0", 4)
    assert "--workers 3" in (told.value.hint or "")


def test_without_an_answer_by_rest_the_room_is_not_known(conf: Path, rest: Server) -> None:
    assert "its room is not known" in CLIENT.look(YARN, "4.3.0", 2).shown


def test_a_resource_manager_that_is_away_is_told_with_the_file_that_names_it(conf: Path) -> None:
    port = free_port()
    named(conf, address=port, web=port)
    with pytest.raises(
        EnvironmentLacks, match=f"no YARN ResourceManager .*127.0.0.1:{port}"
    ) as told:
        CLIENT.look(YARN, "4.3.0", 2)
    assert str(conf / "yarn-site.xml") in told.value.message
    assert told.value.hint == f"nc -vz 127.0.0.1 {port}"


def test_an_application_that_stayed_is_found_and_ended(conf: Path, rest: Server) -> None:
    apps = [
        {"id": "application_1", "name": "streambench-x-1"},
        {"id": "application_2", "name": "y"},
    ]
    rest.answers[LIVE] = {"apps": {"app": apps}}
    assert CLIENT.jobs_left(YARN, "streambench-") == {"application_1": "streambench-x-1"}
    rest.answers[LIVE] = {"apps": None}  # as YARN says that there is none
    assert CLIENT.jobs_left(YARN, "streambench-") == {}
    assert CLIENT.jobs_left("spark://master:7077", "streambench-") is None  # it is not asked


def test_its_end_is_asked_for_as_the_user(
    conf: Path, rest: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HADOOP_USER_NAME", "me")
    path = "/ws/v1/cluster/apps/application_1/state?user.name=me"
    rest.answers[path] = {"state": "KILLED"}
    CLIENT.cancel(YARN, "application_1")
    assert rest.put == [(path, {"state": "KILLED"})]
    del rest.answers[path]
    with pytest.raises(EnvironmentLacks) as refused:
        CLIENT.cancel(YARN, "application_1")
    assert refused.value.hint == "yarn application -kill application_1"


def test_who_takes_part_is_known_by_the_masters_address(conf: Path, rest: Server) -> None:
    assert CLIENT.coordinators(YARN) == (("127.0.0.1", rest.server_port),)
    assert CLIENT.coordinators("spark://a:1,b:2") == (("a", 1), ("b", 2))
    assert CLIENT.coordinators(API) == (("api.example", 6443),)
    (conf / "yarn-site.xml").unlink()
    assert CLIENT.coordinators(YARN) == ()


@pytest.mark.parametrize(
    ("endpoint", "address"),
    [
        ("k8s://https://api:6443", ("api", 6443)),
        ("k8s://http://127.0.0.1:8001", ("127.0.0.1", 8001)),
        ("k8s://api:443", ("api", 443)),
        ("k8s://https://[::1]:6443/prefix", ("::1", 6443)),
        ("k8s://https://api", None),
        ("k8s://api", None),
        ("k8s://ftp://api:1", None),
        ("k8s://https://api:port", None),
        ("k8s://", None),
    ],
)
def test_an_api_server_is_named_with_its_port(
    endpoint: str, address: tuple[str, int] | None
) -> None:
    assert api_server(endpoint) == address
    if address is None:
        with pytest.raises(UsageError, match="is not a Kubernetes API server with its port"):
            CLIENT.endpoint(endpoint)
    else:
        assert CLIENT.endpoint(endpoint) == endpoint
        assert manager_of(endpoint) is Manager.KUBERNETES


def test_an_api_server_that_is_away_is_told_and_one_that_is_there_was_never_tried() -> None:
    # The kernel takes the connection.
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        there = f"k8s://https://127.0.0.1:{server.getsockname()[1]}"
        assert "never run with one" in CLIENT.look(there, "4.3.0", 2).shown
    with pytest.raises(EnvironmentLacks, match="no Kubernetes API server answers"):
        CLIENT.look(there, "4.3.0", 2)


def test_kubernetes_must_be_told_an_image() -> None:
    with pytest.raises(UsageError, match="from which image executors are made") as refused:
        planned(API)
    assert f"--set spark:{IMAGE[0]}=" in (refused.value.hint or "")
    assert configuration(planned(API, IMAGE))[IMAGE[0]] == IMAGE[1]


@pytest.mark.parametrize(
    ("endpoint", "settings", "name", "other"),
    [
        (YARN, (), "spark.executor.instances", "spark.cores.max"),
        (API, (IMAGE,), "spark.executor.instances", "spark.cores.max"),
        ("spark://one:7077", (), "spark.cores.max", "spark.executor.instances"),
    ],
)
def test_as_many_executors_are_asked_for_as_there_are_workers(
    endpoint: str, settings: tuple[tuple[str, str], ...], name: str, other: str
) -> None:
    asked = configuration(planned(endpoint, *settings))
    assert asked[name] == "3"
    assert other not in asked


@pytest.mark.parametrize("endpoint", [YARN, "spark://one:7077", None])
def test_the_driver_is_not_sent_away(endpoint: str | None) -> None:
    clusters = () if endpoint is None else (ForeignCluster("spark", endpoint, "hdfs://a/b"),)
    conditions = Conditions(foreign_clusters=clusters)
    for name, value, said in (
        ("spark.submit.deployMode", "cluster", "driver runs on this machine"),
        ("spark.app.name", "etl", "by its name streambench finds an application again"),
        ("spark.master", "yarn", "an option of its own"),
    ):
        variant = Variant("spark", ENGINE.version, ((name, value),))
        with pytest.raises(UsageError, match=said):
            ENGINE.plan(CLICKS, conditions, variant)
    variant = Variant("spark", ENGINE.version, (("spark.submit.deployMode", "client"),))
    assert isinstance(ENGINE.plan(CLICKS, conditions, variant), Plan)
