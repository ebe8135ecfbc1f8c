"""`streambench clean`: say what is kept on this machine, and delete it when asked."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.foreign_clusters import (
    ClustersAsked,
    FlinkRestOption,
    SparkMasterOption,
    clean_clusters,
)
from streambench.cli.foreign_kafka import (
    USUAL_PREFIX,
    BootstrapOption,
    KafkaConfigOption,
    TopicPrefixOption,
    elsewhere,
)
from streambench.model.kafka_access import KafkaAccess
from streambench.model.numbers import plural


def _size_bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(
        file.lstat().st_size for file in path.rglob("*") if file.is_file() or file.is_symlink()
    )


def _clean_kafka(access: KafkaAccess, prefix: str, *, yes: bool) -> None:
    from streambench.kafka.inspection import inspect_brokers
    from streambench.kafka.removal import leftovers, remove

    inspect_brokers(access)
    found = leftovers(access, prefix)
    if not found:
        err.print(f"no topic and no group there begins with {prefix}", markup=False)
        return
    for kind, names in (("topic", found.topics), ("group", found.groups)):
        for name in names:
            out.print(f"{kind} {name}", markup=False, soft_wrap=True)
    err.print("a run that is going on there would lose its topics", markup=False)
    if not yes and not typer.confirm("Delete these?", default=False, err=True):
        err.print("nothing was deleted")
        return
    remove(access, found)
    err.print(
        f"deleted {plural(len(found.topics), 'topic')} and {plural(len(found.groups), 'group')}"
    )


def clean(
    traces_only: Annotated[
        bool, typer.Option("--traces", help="Only compiled loads, not engines or jars.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without asking.")] = False,
    bootstrap_servers: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    topic_prefix: TopicPrefixOption = None,
    flink_rest: FlinkRestOption = None,
    spark_master: SparkMasterOption = None,
) -> None:
    """List what streambench keeps in its cache, with sizes, and delete it after a yes.

    With a Kafka of yours: topics and groups there that a run left behind. With a Flink of yours: jobs;
    with a Spark of yours in YARN: applications.
    """
    prefix = topic_prefix or USUAL_PREFIX
    kafka = bootstrap_servers is not None or kafka_config is not None
    if flink_rest is not None or spark_master is not None:
        clean_clusters(ClustersAsked(flink_rest, spark_master), prefix, yes=yes, kafka=kafka)
        if not kafka:
            return
    if (there := elsewhere(bootstrap_servers, kafka_config, None, topic_prefix)) is not None:
        _clean_kafka(there.access, prefix, yes=yes)
        return
    from streambench.report.fitting import FittingTable
    from streambench.runtime.paths import cache_dir
    from streambench.runtime.runlock import RunLock

    root = cache_dir()
    entries = sorted(root.iterdir()) if root.exists() else []
    if traces_only:
        entries = [entry for entry in entries if entry.name == "traces"]
    if not entries:
        err.print(f"nothing to clean in {root}")
        return
    table = FittingTable(gap=2, plain=True)
    table.add_column("folder", overflow="fold")
    table.add_column("MB", justify="right", no_wrap=True)
    total_bytes = 0
    for entry in entries:
        size_bytes = _size_bytes(entry)
        total_bytes += size_bytes
        table.add_row(entry.name, f"{size_bytes / 1e6:,.1f}")
    table.add_row("all", f"{total_bytes / 1e6:,.1f}")
    out.print(f"in {root}:", soft_wrap=True)
    out.print(table)
    if not yes and not typer.confirm("Delete these?", default=False, err=True):
        err.print("nothing was deleted")
        return
    with RunLock(wait=False):  # a run that needs these files may be going on
        for entry in entries:
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
    err.print(f"deleted {total_bytes / 1e6:,.1f} MB")
