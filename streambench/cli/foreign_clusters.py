"""Options for clusters of engines that streambench did not start, and what is made sure of before a run there."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from streambench.cli.console import err, out
from streambench.cli.foreign_kafka import USUAL_PREFIX, Elsewhere
from streambench.model.cluster_facts import ClusterFacts, ClusterFound
from streambench.model.conditions import ForeignCluster, ForeignKafka
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.numbers import plural
from streambench.model.plan import Plan

if TYPE_CHECKING:
    from streambench.engines.protocol import ClusterClient
    from streambench.experiment.request import Request

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
_OPTIONS: Final = {FLINK: "--flink-rest", SPARK: "--spark-master"}
_CONTAINER_AT_ACCOUNT: Final = ("abfs", "abfss", "wasb", "wasbs")


@dataclass(frozen=True)
class ClustersAsked:
    """The options as they were written."""

    flink_rest: str | None = None
    spark_master: str | None = None
    checkpoint_dir: str | None = None


def clusters_asked(asked: ClustersAsked, kafka: ForeignKafka | None) -> tuple[ForeignCluster, ...]:
    """The clusters that the options name, where a run can use them; none without any. Raises UsageError."""
    from streambench.engines.common.elsewhere import is_here

    found = clusters_named(asked)
    for each in found:
        if is_here(each.endpoint):
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
    written = ((FLINK, asked.flink_rest), (SPARK, asked.spark_master))
    return tuple(
        ForeignCluster(engine, _client(engine).endpoint(address), folder)
        for engine, address in written
        if address is not None
    )


def tell_jobs_left(clusters: Sequence[ForeignCluster], there: Elsewhere | None) -> None:
    """Say which jobs of a run did not end; nothing where a cluster does not answer any more."""
    prefix, begun_by = (USUAL_PREFIX, ()) if there is None else (there.prefix, there.begun_by)
    for cluster in clusters:
        try:
            left = _client(cluster.engine).jobs_left(cluster.endpoint, prefix)
        except EnvironmentLacks:
            continue
        if left:
            option = _OPTIONS[cluster.engine]
            command = ("streambench", "clean", option, cluster.endpoint, *begun_by)
            err.print(
                f"left behind at {cluster.endpoint}: {', '.join(left.values())}\n\n"
                f"hint: {shlex.join(command)}",
                markup=False,
                soft_wrap=True,
            )


def tell_left(left: Sequence[str]) -> None:
    """Say what jobs could not take away from a cluster, in the words of each."""
    for words in left:
        err.print(f"may be left behind: {words}", markup=False, soft_wrap=True)


def clean_clusters(asked: ClustersAsked, prefix: str, *, yes: bool, kafka: bool) -> None:
    """Cancel jobs there that a run left behind, after a yes.

    One that is not asked for jobs is told of, where another one, or a `kafka`, is looked at as well.
    Raises UsageError, EnvironmentLacks.
    """
    clusters = clusters_named(asked)
    for cluster in clusters:
        client = _client(cluster.engine)
        left = client.jobs_left(cluster.endpoint, prefix)
        if left is not None:
            _cancel(client, cluster.endpoint, left, prefix, yes=yes)
            continue
        unasked = UsageError(
            f"streambench does not ask {cluster.endpoint} for jobs: an application there ends with its "
            "driver, which runs on this machine",
            hint="in Kubernetes pods may stay where a run was killed: kubectl get pods -l spark-role=executor",
        )
        if len(clusters) == 1 and not kafka:
            raise unasked
        err.print(f"{unasked.message}; {unasked.hint}", markup=False, soft_wrap=True)


def _cancel(
    client: ClusterClient, endpoint: str, left: Mapping[str, str], prefix: str, *, yes: bool
) -> None:
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
        client.cancel(endpoint, job)
    err.print(f"cancelled {plural(len(left), 'job')}")


def inspect_clusters(
    requests: Sequence[Request], clusters: Sequence[ForeignCluster]
) -> Mapping[str, ClusterFound]:
    """See that each cluster answers and has room, and say what it is; what was found, by engine.

    Raises UsageError, EnvironmentLacks.
    """
    seen: dict[str, ClusterFound] = {}
    for cluster in clusters:
        run = [
            each
            for request in requests
            for each in request.contenders
            if each.engine.name == cluster.engine
        ]
        if not run:
            raise UsageError(
                f"{cluster.endpoint} is a cluster of {cluster.engine}, which is not run",
                hint=f"streambench run --engine {cluster.engine}",
            )
        workers = max(request.conditions.workers for request in requests)
        given = (each.variant.version for each in run if isinstance(each.plan, Plan))
        for version in dict.fromkeys(given):
            found = look_at(cluster, version, workers)
            before = seen.setdefault(cluster.engine, found)
            if before.facts.version != found.facts.version:
                # Each contender brings its own version.
                seen[cluster.engine] = replace(found, facts=replace(found.facts, version=None))
            for words in (found.shown, *settings_words(found.facts), *found.notes):
                err.print(words, markup=False, soft_wrap=True)
    return seen


def look_at(cluster: ForeignCluster, version: str, workers: int) -> ClusterFound:
    """What is there, for a client of `version` and a job of so many workers. Raises EnvironmentLacks."""
    return _client(cluster.engine).look(cluster.endpoint, version, workers)


def settings_words(facts: ClusterFacts) -> tuple[str, ...]:
    """The settings that the cluster tells, and that it tells none of, in words."""
    told = [f"{name} = {value}" for name, value in facts.settings.items() if value is not None]
    silent = [name for name, value in facts.settings.items() if value is None]
    both = (("in effect there", told), ("not set there, or not told", silent))
    return tuple(f"{words}: {', '.join(names)}" for words, names in both if names)


def _checkpoint_dir(asked: ClustersAsked) -> str | None:
    from streambench.engines.common.elsewhere import without_log_in

    folder = asked.checkpoint_dir
    if folder is None:
        return None
    if asked.flink_rest is None and asked.spark_master is None:
        raise UsageError(
            "--checkpoint-dir is for clusters of yours, and none is named",
            hint=f"streambench run --flink-rest http://HOST:8081 --checkpoint-dir {folder}",
        )
    scheme, colons, rest = folder.partition("://")
    logs_in = "@" in rest.split("/")[0] and scheme not in _CONTAINER_AT_ACCOUNT
    if not colons or not scheme.isalnum() or not rest.strip("/") or logs_in:
        raise UsageError(
            f"'{without_log_in(folder)}' is not the URL of a folder, without a log-in",
            hint="--checkpoint-dir hdfs://namenode:8020/streambench, or file:///shared/streambench",
        )
    return folder.rstrip("/")


def _client(engine: str) -> ClusterClient:
    from streambench.engines.registry import cluster_client

    client = cluster_client(engine)
    assert client is not None, "only engines with clusters have an option"
    return client
