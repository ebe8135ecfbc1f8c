"""SQL run by Flink and by Spark themselves, in one process without a cluster, over records as JSON lines."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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

_TIMEOUT_S = 240
_FLINK = """
import json, sys
from pyflink.table import EnvironmentSettings, TableEnvironment

asked = json.load(open(sys.argv[1]))
environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
environment.get_config().set("parallelism.default", "1")
environment.execute_sql(
    f"CREATE TABLE records ({asked['columns']}) WITH ('connector' = 'filesystem', "
    f"'path' = '{asked['records']}', 'format' = 'json')"
)
found = []
for query in asked["queries"]:
    with environment.execute_sql(query).collect() as rows:
        found.append([list(row) for row in rows])
json.dump(found, open(sys.argv[2], "w"), default=str)
"""
_SPARK = """
import json, sys
from pyspark.sql import SparkSession

asked = json.load(open(sys.argv[1]))
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.bindAddress", "127.0.0.1")
builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.log.level", "ERROR")
spark = builder.getOrCreate()
spark.read.schema(asked["columns"]).json(asked["records"]).createOrReplaceTempView("records")
found = [[list(row) for row in spark.sql(query).collect()] for query in asked["queries"]]
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


def run_sql(
    engine: SqlEngine,
    fields: Sequence[Field],
    records: Sequence[Mapping[str, Any]],
    queries: Sequence[str],
    folder: Path,
) -> list[list[list[Any]]]:
    """The rows of each query over the table `records`; decimals are texts."""
    (folder / "records").mkdir()
    lines = (json_line(record) + "\n" for record in records)
    (folder / "records" / "records.json").write_text("".join(lines), encoding="utf-8")
    asked = {
        "columns": ", ".join(
            f"`{field.name}` {sql_type(field.type, engine.dialect)}" for field in fields
        ),
        "records": str(folder / "records"),
        "queries": list(queries),
    }
    found: list[list[list[Any]]] = run_script(engine, engine.script, asked, folder)
    return found


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
