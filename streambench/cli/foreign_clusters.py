"""Options for clusters of engines that streambench did not start, and what is made sure of before a run there."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias
from urllib.parse import urlsplit

import typer

from streambench.cli.console import err, out
from streambench.model.conditions import ForeignCluster, ForeignKafka
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.plan import Plan

if TYPE_CHECKING:
    from streambench.experiment.request import Contender, Request

FlinkRestOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--flink-rest", metavar="URL", help="A Flink session cluster of yours."),
]
SparkMasterOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--spark-master", metavar="URL", help="A Spark cluster of yours."),
]
CheckpointDirOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--checkpoint-dir", metavar="URL", help="A folder that both of them reach."),
]
FLINK: Final = "flink"
SPARK: Final = "spark"
_FLINK_PORT: Final = 8081
_SPARK_PORT: Final = 7077
_TIMEOUT_S: Final = 5.0
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class ClustersAsked:
    """The options as they were written."""

    flink_rest: str | None = None
    spark_master: str | None = None
    checkpoint_dir: str | None = None


def clusters_asked(asked: ClustersAsked, kafka: ForeignKafka | None) -> tuple[ForeignCluster, ...]:
    """The clusters that the options name, where a run can use them; none without any. Raises UsageError."""
    found = clusters_named(asked)
    for each in found:
        if _is_here(each.endpoint):
            continue
        if kafka is None:
            raise UsageError(
                f"the cluster at {each.endpoint} cannot reach the broker that streambench starts: that one "
                "is for this machine alone",
                hint="streambench run --bootstrap-servers HOST:PORT, with a Kafka that both reach",
            )
        if each.engine == SPARK and each.checkpoint_dir is None:
            raise UsageError(
                f"Spark's executors at {each.endpoint} need a folder for state that all of them reach",
                hint="--checkpoint-dir hdfs://HOST:PORT/FOLDER, or any other URL that they can write to",
            )
    return found


def clusters_named(asked: ClustersAsked) -> tuple[ForeignCluster, ...]:
    """The clusters that the options name; none without any. Raises UsageError."""
    folder = _checkpoint_dir(asked)
    found: list[ForeignCluster] = []
    if asked.flink_rest is not None:
        found.append(ForeignCluster(FLINK, flink_endpoint(asked.flink_rest), folder))
    if asked.spark_master is not None:
        found.append(ForeignCluster(SPARK, _spark_endpoint(asked.spark_master), folder))
    return tuple(found)


def tell_jobs_left(clusters: Sequence[ForeignCluster], prefix: str) -> None:
    """Say which jobs of a run did not end; nothing where a cluster does not answer any more."""
    from streambench.engines.flink.inspection import jobs_left

    for cluster in clusters:
        if cluster.engine != FLINK:
            continue  # an application of Spark ends with its driver, which is here
        try:
            left = jobs_left(cluster.endpoint, prefix)
        except EnvironmentLacks:
            continue
        if left:
            err.print(
                f"left behind in Flink: {', '.join(left.values())}\n\n"
                f"hint: streambench clean --flink-rest {cluster.endpoint}",
                markup=False,
            )


def clean_flink(flink_rest: str, prefix: str, *, yes: bool) -> None:
    """Cancel jobs there that a run left behind, after a yes. Raises UsageError, EnvironmentLacks."""
    from streambench.engines.flink.inspection import cancel_job, jobs_left

    endpoint = flink_endpoint(flink_rest)
    left = jobs_left(endpoint, prefix)
    if not left:
        err.print(f"no job there has a name that begins with {prefix}", markup=False)
        return
    for job, name in left.items():
        out.print(f"job {name} ({job})", markup=False, soft_wrap=True)
    err.print("a run that is going on there would lose its job", markup=False)
    if not yes and not typer.confirm("Cancel these?", default=False, err=True):
        err.print("nothing was cancelled")
        return
    for job in left:
        cancel_job(endpoint, job)
    err.print(f"cancelled {len(left)} jobs")


def inspect_clusters(requests: Sequence[Request]) -> None:
    """See that each cluster answers and has room, and say what it is. Raises UsageError, EnvironmentLacks."""
    for cluster in requests[0].conditions.foreign_clusters:
        contenders = tuple(_given_to(cluster, requests))
        if not contenders:
            raise UsageError(
                f"{cluster.endpoint} is a cluster of {cluster.engine}, which is not run",
                hint=f"streambench run --engine {cluster.engine}",
            )
        workers = max(request.conditions.workers for request in requests)
        for version in dict.fromkeys(each.variant.version for each in contenders):
            err.print(cluster_words(cluster, version, workers), markup=False)


def cluster_words(cluster: ForeignCluster, version: str, workers: int) -> str:
    """What is there, for a client of `version` and a job of so many workers. Raises EnvironmentLacks."""
    if cluster.engine == FLINK:
        from streambench.engines.flink.inspection import inspect_flink

        found = inspect_flink(cluster.endpoint, version, workers)
        other = "" if found.version == version else f"; the client is Flink {version}"
        return f"{found.shown} at {cluster.endpoint}{other}"
    _refuse_silence(cluster.endpoint)
    return (
        f"Spark's master at {cluster.endpoint} can be reached; executors are asked for with each job, of "
        f"Spark {version}"
    )


def flink_endpoint(text: str) -> str:
    """`http://HOST:PORT` of a JobManager's REST interface. Raises UsageError."""
    url = text if "://" in text else f"http://{text}"
    try:
        there = urlsplit(url)
        port = there.port or _FLINK_PORT
    except ValueError:
        there, port = urlsplit(""), 0
    plain = not (there.username or there.path.strip("/") or there.query or there.fragment)
    if there.scheme != "http" or not there.hostname or not plain:
        raise UsageError(
            f"'{_without_password(text)}' is not the address of a JobManager's REST interface: "
            "http://HOST:PORT, without a path or a log-in; one by TLS cannot be used yet",
            hint="streambench run --flink-rest http://jobmanager:8081",
        )
    host = f"[{there.hostname}]" if ":" in there.hostname else there.hostname
    return f"http://{host}:{port}"


def _spark_endpoint(text: str) -> str:
    scheme, colons, rest = text.partition("://")
    if text == "yarn" or (scheme == "k8s" and rest):
        return text
    if colons and scheme == "spark" and "@" not in rest and "/" not in rest:
        hosts = [
            each if ":" in each else f"{each}:{_SPARK_PORT}" for each in rest.split(",") if each
        ]
        if hosts and all(each.rpartition(":")[2].isdigit() for each in hosts):
            return f"spark://{','.join(hosts)}"
    raise UsageError(
        f"'{_without_password(text)}' is not a Spark master: spark://HOST:PORT, yarn or k8s://URL",
        hint="streambench run --spark-master spark://master:7077",
    )


def _without_password(text: str) -> str:
    """What may be shown of an address: not who logs in with what."""
    before, at, after = text.rpartition("@")
    scheme, colons, _ = before.partition("://")
    return text if not at else f"{scheme}{colons}…@{after}" if colons else f"…@{after}"


def _checkpoint_dir(asked: ClustersAsked) -> str | None:
    folder = asked.checkpoint_dir
    if folder is None:
        return None
    if asked.flink_rest is None and asked.spark_master is None:
        raise UsageError(
            "--checkpoint-dir is for clusters of yours, and none is named",
            hint=f"streambench run --flink-rest http://HOST:8081 --checkpoint-dir {folder}",
        )
    scheme, colons, rest = folder.partition("://")
    if not colons or not scheme.isalnum() or not rest.strip("/") or "@" in rest.split("/")[0]:
        raise UsageError(
            f"'{_without_password(folder)}' is not the URL of a folder, without a log-in",
            hint="--checkpoint-dir hdfs://namenode:8020/streambench, or file:///shared/streambench",
        )
    return folder.rstrip("/")


def _given_to(cluster: ForeignCluster, requests: Sequence[Request]) -> Iterator[Contender]:
    for request in requests:
        for each in request.contenders:
            if each.engine.name == cluster.engine and isinstance(each.plan, Plan):
                yield each


def _is_here(endpoint: str) -> bool:
    hosts = endpoint.partition("://")[2].split(",")
    return bool(hosts[0]) and all(_host(each) in _LOOPBACK for each in hosts)


def _host(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _refuse_silence(endpoint: str) -> None:
    """Raise EnvironmentLacks where none of a standalone master's addresses takes a connection."""
    scheme, _, rest = endpoint.partition("://")
    if scheme != "spark":
        return
    why = ""
    for each in rest.split(","):
        try:
            address = (_host(each), int(each.rpartition(":")[2]))
            with socket.create_connection(address, timeout=_TIMEOUT_S):
                return
        except OSError as error:
            why = str(error)
    host, _, port = rest.split(",")[0].rpartition(":")
    raise EnvironmentLacks(
        f"no Spark master answers at {endpoint}: {why}", hint=f"nc -vz {host} {port}"
    )
