"""`streambench doctor`: what this machine has, and the command that mends what it lacks."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace

import psutil
import typer
from rich.table import Table

from streambench.cli.console import err, out
from streambench.cli.foreign_clusters import (
    ClustersAsked,
    FlinkRestOption,
    SparkMasterOption,
    clusters_named,
    look_at,
    settings_words,
)
from streambench.cli.foreign_kafka import (
    BootstrapOption,
    Elsewhere,
    KafkaConfigOption,
    ReplicationOption,
    TopicPrefixOption,
    elsewhere,
)
from streambench.model.conditions import Conditions, ForeignCluster
from streambench.model.errors import EnvironmentLacks, ExitCode

_ENOUGH_MEMORY_BYTES = 6 * 2**30
_BROKER_FILES_BYTES = 700 * 2**20  # of a default run
_FREE_DISK_BYTES = 4 * 2**30
_QUOTA_WORDS = (
    "once it is used up, everything stands still until its next period, and such trials are "
    "invalid; a CPU set (--cpuset-cpus) gives whole cores instead"
)


def _memory_words() -> str:
    from streambench.runtime.memory import total_memory_bytes

    machine, here = psutil.virtual_memory().total, total_memory_bytes()
    limited = "" if here == machine else f" (a limit; the machine has {machine / 2**30:.1f})"
    return f"{here / 2**30:.1f}{limited}"


def _look_at_kafka(there: Elsewhere, say: Callable[..., None]) -> None:
    from streambench.kafka.inspection import SessionTooShort, WantedOfKafka, inspect_kafka
    from streambench.model.clocks import hull_of

    wanted = WantedOfKafka(
        there.prefix,
        there.told.replication,
        there.told.min_insync,
        transactions=True,
        session_timeout_ms=Conditions().session_timeout_ms,
    )
    only_as_shipped: str | None = None
    try:
        try:
            found = inspect_kafka(there.access, wanted)
        except SessionTooShort as refused:
            only_as_shipped = f"a run needs {refused.hint}: {refused.message}"
            found = inspect_kafka(there.access, replace(wanted, session_timeout_ms=None))
    except EnvironmentLacks as error:
        say("Kafka", False, error.message, error.hint or "")
        return
    facts = found.facts
    release = f"Kafka {facts.release or 'of unknown version'}"
    where = f"{facts.brokers} broker(s) at {there.told.bootstrap}"
    say("Kafka", True, f"{release}, {where}: {there.access.shown}")
    for note in (*found.notes, *([] if only_as_shipped is None else [only_as_shipped])):
        say("Kafka", True, note)
    if (bounds := found.clocks.bounds) and (apart := hull_of([each.offset for each in bounds])):
        say(
            "clocks", True, f"this machine's is {apart.words} from those of {len(bounds)} broker(s)"
        )


def _look_at_cluster(cluster: ForeignCluster, workers: int, say: Callable[..., None]) -> None:
    from streambench.engines.registry import contender_named

    _, variant = contender_named(cluster.engine)
    what = f"{cluster.engine}'s cluster"
    try:
        found = look_at(cluster, variant.version, workers)
    except EnvironmentLacks as error:
        say(what, False, error.message, error.hint or "")
        return
    for words in (found.shown, *settings_words(found.facts), *found.notes):
        say(what, True, words)


def doctor(
    bootstrap_servers: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    replication: ReplicationOption = None,
    topic_prefix: TopicPrefixOption = None,
    flink_rest: FlinkRestOption = None,
    spark_master: SparkMasterOption = None,
) -> None:
    """Check Python, Java, memory, disk, the cache and what an interrupted run may have left.

    With a Kafka of yours: whether a run could be made there. A topic and a group are made, and deleted.
    With clusters of yours: whether they answer, of which version, and with how many slots.
    """
    there = elsewhere(bootstrap_servers, kafka_config, replication, topic_prefix)
    clusters = clusters_named(ClustersAsked(flink_rest, spark_master))
    from streambench.engines.registry import CONTENDERS, contender_named
    from streambench.kafka.broker_versions import artifacts_of_testbed
    from streambench.runtime.artifacts import missing
    from streambench.runtime.cores import Decides, cores
    from streambench.runtime.java import find_java
    from streambench.runtime.memory import available_memory_bytes
    from streambench.runtime.paths import cache_dir
    from streambench.runtime.runlock import RunLock
    from streambench.runtime.scratch import memory_folder
    from streambench.runtime.signals import interrupts_unwind

    rows: list[tuple[str, str, str]] = []

    def say(what: str, good: bool, detail: str, mend: str = "") -> None:
        rows.append(
            ("ok" if good else "LACKS", what, detail if good or not mend else f"{detail}; {mend}")
        )

    say("Python", True, f"{sys.version.split()[0]} at {sys.executable}")
    java = find_java()
    if java is None:
        say("Java", True, "none found; a Java runtime is fetched with the first run")
    else:
        build = "" if java.build is None else f": {java.build}"
        say("Java", True, f"{java.version} ({java.origin}){build}")
    available_bytes = available_memory_bytes()
    say(
        "memory",
        available_bytes >= _ENOUGH_MEMORY_BYTES,
        f"{available_bytes / 2**30:.1f} GiB available of {_memory_words()}",
        "run: streambench run --workers 1",
    )
    in_memory = memory_folder(_BROKER_FILES_BYTES)
    if in_memory is None:
        say(
            "broker's files",
            True,
            "on disk: no memory-backed folder with room; loads may come late",
        )
    else:
        say("broker's files", True, f"in memory ({in_memory})")
    here = cores()
    say("cores", here.count >= 2, here.words(), "figures of one core mix engine, broker and load")
    if here.decided_by is Decides.QUOTA:
        say("quota", True, _QUOTA_WORDS)
    root = cache_dir()
    existing = next(path for path in (root, *root.parents) if path.exists())
    free_bytes = psutil.disk_usage(str(existing)).free
    say(
        "disk",
        free_bytes >= _FREE_DISK_BYTES,
        f"{free_bytes / 2**30:.1f} GiB free where the cache is ({root})",
        "run: streambench clean",
    )
    for name in ("the testbed", *CONTENDERS):
        if name == "the testbed":
            needs = artifacts_of_testbed()
        else:
            engine, variant = contender_named(name)
            needs = engine.requires(variant)
        to_fetch = sum(download.download_bytes for download in missing([needs]))
        detail = (
            f"{to_fetch / 1e6:,.0f} MB to fetch: streambench fetch" if to_fetch else "in the cache"
        )
        say(name, True, detail)
    try:
        with RunLock(wait=False):
            say("other runs", True, "none")
    except EnvironmentLacks as error:
        say("other runs", False, error.message, error.hint or "")
    if there is not None:
        with interrupts_unwind():  # what was made there is taken away
            _look_at_kafka(there, say)
    for cluster in clusters:
        _look_at_cluster(cluster, Conditions().workers, say)
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    out.print(table)
    if any(state == "LACKS" for state, _, _ in rows):
        err.print("something is lacking: see the lines marked LACKS")
        raise typer.Exit(ExitCode.ENVIRONMENT)
