"""The files that a Flink job is made of: its query, its configuration, its log format."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from streambench.engines.common.access import access_options, logs_in_by_token
from streambench.engines.common.hand_files import hand_programs
from streambench.engines.common.noticed import LOG_TIME
from streambench.engines.common.settings import values
from streambench.engines.flink.lookups import lookup_programs
from streambench.engines.flink.query import query_sql
from streambench.engines.flink.settings import CLUSTER, JOB, SINK, SOURCE
from streambench.engines.flink.versions import TOKEN_JARS
from streambench.model.conditions import Conditions, ForeignCluster, Guarantee
from streambench.model.expression import DecimalType, FieldType
from streambench.model.plan import Program, Setting
from streambench.model.workload import Query, Workload

_PLAIN = re.compile(r"[A-Za-z0-9][\w./-]*( ms)?")

_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = CONSOLE
appender.console.target = SYSTEM_OUT
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = LOG_TIME %-5p %c{1} %m%n
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.types.name = org.apache.flink.api.java.typeutils
logger.types.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
""".replace("LOG_TIME", LOG_TIME)


def flink_programs(
    workload: Workload, conditions: Conditions, settings: Sequence[Setting], connector: str
) -> tuple[Program, ...]:
    """Query, submission, cluster configuration and log format, the one most worth reading first.

    `connector` is the set of jars with the connector.
    """
    cluster = conditions.cluster_of("flink")
    return (
        Program(
            "query.sql",
            "sql",
            query_sql(
                workload, _source(conditions, settings), _sink(workload, conditions, settings)
            ),
        ),
        Program("job.json", "json", _job(settings, _jars(conditions, connector), cluster)),
        Program(
            "conf/config.yaml",
            "yaml",
            _config(settings) if cluster is None else _written(_address(cluster)),
        ),
        Program("conf/log4j.properties", "properties", _LOG4J),
        *lookup_programs(workload),
        *hand_programs(workload),
    )


def _source(conditions: Conditions, settings: Sequence[Setting]) -> Mapping[str, str]:
    return {
        "connector": "kafka",
        "topic": "${input_topic}",
        "properties.bootstrap.servers": "${broker}",
        **access_options(conditions, "sql", prefix="properties.", engine="flink"),
        "properties.group.id": "${job_id}",
        "format": "json",
        **values(settings, SOURCE),
    }


def _sink(
    workload: Workload, conditions: Conditions, settings: Sequence[Setting]
) -> Mapping[str, str]:
    options = {
        "connector": "kafka",
        "topic": "${output_topic}",
        "properties.bootstrap.servers": "${broker}",
        **access_options(conditions, "sql", prefix="properties.", engine="flink"),
        "key.format": "raw" if _is_one_string(workload.query) else "json",
        "key.fields": ";".join(key.name for key in workload.query.row_keys),
        "value.format": "json",
        "value.fields-include": "ALL",
        **_plain_decimals(workload.query),
        **values(settings, SINK),
    }
    if conditions.guarantee is Guarantee.EXACTLY_ONCE:
        options["sink.transactional-id-prefix"] = "${job_id}"
    return options


def _plain_decimals(query: Query) -> dict[str, str]:
    """Else 100.00 would be written as 1E+2."""
    option = "json.encode.decimal-as-plain-number"
    keys = any(isinstance(key.type, DecimalType) for key in query.row_keys)
    types = [each.type for each in query.aggregates]
    if query.by_hand is not None:
        types += [each.type for each in query.by_hand.columns]
    decimals = keys or any(isinstance(type_, DecimalType) for type_ in types)
    found = {f"value.{option}": "true"} if decimals else {}
    return {f"key.{option}": "true", **found} if keys else found


def _is_one_string(query: Query) -> bool:
    """Whether rows can be keyed by a text as it is; of a number that format would make eight bytes."""
    return [key.type for key in query.row_keys] == [FieldType.STRING]


def _address(cluster: ForeignCluster | None) -> dict[str, str]:
    """Where the JobManager is asked."""
    if cluster is None:
        return {"rest.address": "127.0.0.1", "rest.port": "${port:rest}"}
    there = urlsplit(cluster.endpoint)
    return {"rest.address": str(there.hostname), "rest.port": str(there.port)}


def _checkpoints(cluster: ForeignCluster | None) -> dict[str, str]:
    """Where checkpoints are kept; nothing where that is the cluster's own setting."""
    folder = "file://${job_dir}/checkpoints" if cluster is None else cluster.checkpoint_dir
    return {} if folder is None else {"execution.checkpointing.dir": folder}


def _jars(conditions: Conditions, connector: str) -> str:
    """The jars that go to the cluster with the job, as `pipeline.jars` has them."""
    sets = (connector, TOKEN_JARS) if logs_in_by_token(conditions) else (connector,)
    return ";".join(f"${{jar_urls:{name}}}" for name in sets)


def _job(settings: Sequence[Setting], jars: str, cluster: ForeignCluster | None) -> str:
    job = {
        "statements": "${job_dir}/query.sql",
        "submitted": "${job_dir}/submitted.json",
        "configuration": {
            "execution.target": "remote",
            **_address(cluster),
            # The client is started beside the cluster: it asks until the cluster is there.
            "rest.retry.delay": "200 ms",
            "rest.retry.max-attempts": "300",
            "pipeline.name": "${job_id}",
            "pipeline.jars": jars,
            **_checkpoints(cluster),
            **values(settings, JOB),
        },
    }
    return json.dumps(job, indent=2) + "\n"


def _config(settings: Sequence[Setting]) -> str:
    config = {
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": "${port:rpc}",
        "jobmanager.bind-host": "127.0.0.1",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        **_address(None),
        "rest.bind-address": "127.0.0.1",
        "io.tmp.dirs": "${job_dir}/tmp",
        **_checkpoints(None),
        **values(settings, CLUSTER),
    }
    return _written(config)


def _written(config: Mapping[str, str]) -> str:
    return "".join(f"{name}: {_yaml(value)}\n" for name, value in config.items())


def _yaml(value: str) -> str:
    """A scalar; JSON's strings are YAML's, too."""
    return value if _PLAIN.fullmatch(value) else json.dumps(value)
