"""The files that a Spark job is made of: its query, its configuration, its log format."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from streambench.engines.common.access import access_options, token_flags
from streambench.engines.common.hand_files import hand_program, hand_programs
from streambench.engines.common.jvm import gc_log_flag, initial_heap_flag
from streambench.engines.common.lookup_tables import json_tables
from streambench.engines.common.noticed import LOG_TIME
from streambench.engines.common.settings import values
from streambench.engines.spark.masters import Manager, manager_of
from streambench.engines.spark.query import query_program
from streambench.engines.spark.settings import (
    APPLICATION,
    DRIVER_JVM_OPTIONS,
    EXECUTOR_JVM_OPTIONS,
    SINK,
    SOURCE,
    executor_heap_mib,
    leaves_unreadable_out,
)
from streambench.engines.spark.trigger import trigger_ms
from streambench.model.by_hand import HandFile
from streambench.model.conditions import Conditions, ForeignCluster
from streambench.model.plan import Program, Setting
from streambench.model.workload import Workload

LOG4J_FLAG = "-Dlog4j2.configurationFile=file:${job_dir}/log4j2.properties"
_PLAIN_FLAGS = "-XX:+UseSerialGC -XX:MetaspaceSize=128m"
_JVM_FLAGS = f"{_PLAIN_FLAGS} {LOG4J_FLAG}"
_LOG4J = """\
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = Console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = LOG_TIME %-5p %c{1} %m%n
logger.deploy.name = org.apache.spark.deploy
logger.deploy.level = INFO
logger.scheduler.name = org.apache.spark.scheduler.cluster
logger.scheduler.level = INFO
""".replace("LOG_TIME", LOG_TIME)
# In YARN this one is of that package, and tells of each batch's tasks.
_LOG4J_YARN = """\
logger.yarn.name = org.apache.spark.scheduler.cluster.YarnScheduler
logger.yarn.level = WARN
"""


def spark_programs(
    workload: Workload,
    conditions: Conditions,
    settings: Sequence[Setting],
    *,
    heap_mib: int,
    connector: str,
) -> tuple[Program, ...]:
    """Query, application configuration and log format, the one most worth reading first.

    `heap_mib` is an executor's; `connector` is the set of jars with the connector.
    """
    cluster = conditions.cluster_of("spark")
    return (
        Program("query.py", "python", _query(workload, conditions, settings)),
        Program(
            "job.json",
            "json",
            _job(settings, conditions, heap_mib, connector)
            if cluster is None
            else _job_elsewhere(settings, conditions, cluster, connector),
        ),
        Program("log4j2.properties", "properties", _log4j(cluster)),
        *json_tables(workload),
        *_hand_files(workload),
        *hand_programs(workload),
    )


def _hand_files(workload: Workload) -> Iterator[Program]:
    """The one that is run, of those that are there."""
    by_hand = workload.query.by_hand
    for file in (HandFile.SPARK, HandFile.SPARK_SQL):
        if by_hand is not None and by_hand.text_of(file) is not None:
            yield hand_program(workload, file)
            return


def _log4j(cluster: ForeignCluster | None) -> str:
    in_yarn = cluster is not None and manager_of(cluster.endpoint) is Manager.YARN
    return _LOG4J + _LOG4J_YARN if in_yarn else _LOG4J


def _query(workload: Workload, conditions: Conditions, settings: Sequence[Setting]) -> str:
    access = access_options(conditions, "json", prefix="kafka.", engine="spark")
    source = {
        "kafka.bootstrap.servers": "${broker}",
        **access,
        "subscribe": "${input_topic}",
        **values(settings, SOURCE),
    }
    sink = {
        "kafka.bootstrap.servers": "${broker}",
        **access,
        "topic": "${output_topic}",
        "checkpointLocation": checkpoint_of(conditions.cluster_of("spark")),
        **values(settings, SINK),
    }
    elsewhere = conditions.cluster_of("spark") is not None
    return query_program(
        workload,
        source,
        sink,
        trigger_ms(settings),
        elsewhere=elsewhere,
        observed=leaves_unreadable_out(settings),
    )


def checkpoint_of(cluster: ForeignCluster | None) -> str:
    """Where the query keeps its state: a folder that all executors reach."""
    if cluster is None:
        return "${job_dir}/checkpoint"
    if cluster.checkpoint_dir is None:
        # With its scheme: the user's Hadoop may take a bare path for one of its own.
        return "file://${job_dir}/checkpoint"
    return f"{cluster.checkpoint_dir.rstrip('/')}/${{job_id}}"


def _job_elsewhere(
    settings: Sequence[Setting], conditions: Conditions, cluster: ForeignCluster, connector: str
) -> str:
    """The job file of a driver whose executors are elsewhere: they get the connector from the driver."""
    asked = values(settings, APPLICATION)
    of_token = token_flags(conditions)
    flags = " ".join((_JVM_FLAGS, gc_log_flag("${job_dir}/gc"), *of_token))
    of_executors = " ".join(
        (initial_heap_flag(executor_heap_mib(conditions)), _PLAIN_FLAGS, *of_token)
    )
    options = {
        name: f"{ours} {asked[name]}" if name in asked else ours
        for name, ours in (
            (DRIVER_JVM_OPTIONS, flags),
            (EXECUTOR_JVM_OPTIONS, of_executors),
        )
    }
    job = {
        "query": "${job_dir}/query.py",
        "progress": "${job_dir}/progress.jsonl",
        "executors": conditions.workers,
        "end": "${job_dir}/end",
        "discard": checkpoint_of(cluster),
        "yarn": manager_of(cluster.endpoint) is Manager.YARN,
        "configuration": {
            "spark.master": cluster.endpoint,
            "spark.app.name": "${job_id}",
            "spark.driver.host": "${driver_host}",
            "spark.driver.bindAddress": "${driver_host}",
            # With its scheme: else a folder is made in the user's Hadoop, and stays there.
            "spark.sql.warehouse.dir": "file://${job_dir}/warehouse",
            "spark.driver.extraClassPath": f"${{jars:{connector}}}",
            "spark.jars": f"${{comma_jars:{connector}}}",
            **options,
            **{name: value for name, value in asked.items() if name not in options},
        },
    }
    return json.dumps(job, indent=2) + "\n"


def _job(settings: Sequence[Setting], conditions: Conditions, heap_mib: int, connector: str) -> str:
    flags = " ".join((_JVM_FLAGS, gc_log_flag("${job_dir}/gc"), *token_flags(conditions)))
    asked = values(settings, APPLICATION)
    # What a user asks for stands behind ours, and wins over it.
    options = {
        name: f"{ours} {asked[name]}" if name in asked else ours
        for name, ours in (
            (DRIVER_JVM_OPTIONS, flags),
            (EXECUTOR_JVM_OPTIONS, f"{initial_heap_flag(heap_mib)} {flags}"),
        )
    }
    job = {
        "query": "${job_dir}/query.py",
        "progress": "${job_dir}/progress.jsonl",
        "master_port": "${port:master}",
        "configuration": {
            "spark.master": "spark://127.0.0.1:${port:master}",
            "spark.app.name": "${job_id}",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.sql.warehouse.dir": "${job_dir}/warehouse",
            "spark.driver.extraClassPath": f"${{jars:{connector}}}",
            "spark.executor.extraClassPath": f"${{jars:{connector}}}",
            **options,
            **{name: value for name, value in asked.items() if name not in options},
        },
    }
    return json.dumps(job, indent=2) + "\n"
