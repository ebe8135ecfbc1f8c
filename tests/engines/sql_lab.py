"""SQL run by Flink and by Spark themselves, in one process without a cluster, over records as JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from streambench.engines.flink import ENGINE as FLINK
from streambench.engines.spark import ENGINE as SPARK
from streambench.model.conditions import Variant
from streambench.model.plan import Artifacts
from streambench.model.workload import Field
from streambench.runtime.artifacts import resolve
from streambench.workload.sql import FLINK as FLINK_DIALECT
from streambench.workload.sql import SPARK as SPARK_DIALECT
from streambench.workload.sql import Dialect, sql_type
from tests.workload.meaning_tables import json_line

_TIMEOUT_S = 480
_FLINK = """
import json, sys
from pyflink.table import EnvironmentSettings, TableEnvironment

environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
environment.get_config().set("parallelism.default", "1")
found = []
for asked in json.load(open(sys.argv[1])):
    environment.execute_sql("DROP TABLE IF EXISTS records")
    environment.execute_sql(
        f"CREATE TABLE records ({asked['columns']}) WITH ('connector' = 'filesystem', "
        f"'path' = '{asked['records']}', 'format' = 'json')"
    )
    found.append([])
    for query in asked["queries"]:
        with environment.execute_sql(query).collect() as rows:
            found[-1].append([list(row) for row in rows])
json.dump(found, open(sys.argv[2], "w"), default=str)
"""
_SPARK = """
import json, sys
from pyspark.sql import SparkSession

builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.log.level", "ERROR")
spark = builder.getOrCreate()
found = []
for asked in json.load(open(sys.argv[1])):
    spark.read.schema(asked["columns"]).json(asked["records"]).createOrReplaceTempView("records")
    found.append([[list(row) for row in spark.sql(query).collect()] for query in asked["queries"]])
json.dump(found, open(sys.argv[2], "w"), default=str)
spark.stop()
"""


@dataclass(frozen=True)
class SqlEngine:
    """What runs SQL, and what it calls the types of fields."""

    name: str
    artifacts: Artifacts
    script: str
    dialect: Dialect


FLINK_SQL = SqlEngine(
    "flink", FLINK.requires(Variant("flink", FLINK.version)), _FLINK, FLINK_DIALECT
)
SPARK_SQL = SqlEngine(
    "spark", SPARK.requires(Variant("spark", SPARK.version)), _SPARK, SPARK_DIALECT
)


@dataclass(frozen=True)
class SqlQuestions:
    """Queries over one table, `records`."""

    fields: Sequence[Field]
    records: Sequence[Mapping[str, Any]]
    queries: Sequence[str]


Answers: TypeAlias = list[list[list[Any]]]
"""The rows of each query; decimals are texts."""


def run_sql(
    engine: SqlEngine, questions: Mapping[str, SqlQuestions], folder: Path
) -> dict[str, Answers]:
    """What an engine says to all of them, in one process: to start takes longer than most queries."""
    asked = []
    for number, each in enumerate(questions.values()):
        records = folder / f"records-{number}"
        records.mkdir()
        lines = (json_line(record) + "\n" for record in each.records)
        (records / "records.json").write_text("".join(lines), encoding="utf-8")
        columns = (f"`{f.name}` {sql_type(f.type, engine.dialect)}" for f in each.fields)
        asked.append(
            {
                "columns": ", ".join(columns),
                "records": str(records),
                "queries": list(each.queries),
            }
        )
    found: list[Answers] = run_script(engine, engine.script, asked, folder)
    return dict(zip(questions, found, strict=True))


def run_script(engine: SqlEngine, script: str, asked: Any, folder: Path) -> Any:
    """What a script of the engine's interpreter finds; it reads `asked` as JSON, and writes such."""
    resolved = resolve(engine.artifacts)
    (folder / "asked.json").write_text(json.dumps(asked))
    (folder / "script.py").write_text(script)
    done = subprocess.run(
        [str(resolved.python), "script.py", "asked.json", "found.json"],
        cwd=folder,
        env={
            **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
            "JAVA_HOME": str(resolved.java.parent.parent),
            "SPARK_LOCAL_IP": "127.0.0.1",
            # No function is in Python, so that no worker of it needs what is not installed.
            "_python_worker_execution_mode": "process",
        },
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads((folder / "found.json").read_text())
