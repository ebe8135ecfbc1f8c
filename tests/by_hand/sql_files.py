"""`flink.sql`, `spark.py` and `spark.sql` run by the engines themselves, over files in place of topics."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from streambench.engines.common.symbols import fill, symbols_in
from streambench.engines.dry_runs import Tried
from streambench.engines.flink.query import query_sql
from streambench.engines.flink.submit import statements
from streambench.engines.spark.query import query_program
from streambench.model.workload import Workload
from streambench.workload.oracle_sql import shift_ms
from tests.engines.sql_lab import FLINK_SQL, SPARK_SQL, run_script

_METADATA: Final = " METADATA FROM 'timestamp'"
_FLINK: Final = """
import json, sys
from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

asked = json.load(open(sys.argv[1]))
configuration = Configuration()
for name, value in asked["configuration"].items():
    configuration.set_string(name, value)
settings = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration)
environment = TableEnvironment.create(settings.build())
for statement in asked["statements"]:
    result = environment.execute_sql(statement)
result.wait()
json.dump(None, open(sys.argv[2], "w"))
"""
_CONFIGURATION: Final = {
    "parallelism.default": "1",
    "table.local-time-zone": "UTC",
    "pipeline.auto-watermark-interval": "10 ms",
    "execution.checkpointing.interval": "60 s",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.network.min": "256m",
}
_SPARK: Final = """
import json, sys
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.classic.dataframe import DataFrame

asked = json.load(open(sys.argv[1]))
builder = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.log.level", "ERROR")
builder = builder.config("spark.sql.shuffle.partitions", "1").config("spark.sql.session.timeZone", "UTC")
builder = builder.config("spark.sql.adaptive.enabled", "false").config("spark.driver.memory", "1g")
spark = builder.getOrCreate()
plain = DataFrame.writeStream


class Source:
    # Stands for a topic: a stream of files, one a batch.
    def format(self, name):
        return self

    def option(self, name, value):
        return self

    def load(self):
        stream = spark.readStream.schema("at BIGINT, value STRING").option("maxFilesPerTrigger", "1")
        records = stream.json(asked["records"])
        value, at = F.col("value").cast("binary"), F.timestamp_millis(F.col("at"))
        return records.select(value.alias("value"), at.alias("timestamp"))


class Sink:
    # Stands for the output: what is appended to it.
    def __init__(self, frame):
        self.frame = frame

    def ignored(self, *values, **named):
        return self

    format = option = trigger = ignored

    def outputMode(self, mode):
        self.mode = mode
        return self

    def start(self):
        writer = plain.fget(self.frame).format("memory").queryName("written_rows").outputMode(self.mode)
        query = writer.option("checkpointLocation", asked["checkpoint"]).start()
        query.processAllAvailable()
        query.stop()
        return spark.table("written_rows")


class Session:
    readStream = Source()
    sql = spark.sql


DataFrame.writeStream = property(Sink)
names = {"spark": Session()}
exec(asked["program"], names)
json.dump([row.value for row in names["query"].select("value").collect()], open(sys.argv[2], "w"))
spark.stop()
"""


def _values(given: Tried, offset_ms: int) -> list[list[tuple[int, dict[str, Any]]]]:
    """Event time and value of the records, and of those behind them."""
    return [
        [(event_ms + offset_ms, json.loads(value)) for _, event_ms, value in some]
        for some in (given.records, given.flush)
    ]


def flink_rows(workload: Workload, given: Tried, folder: Path) -> list[Mapping[str, Any]]:
    """The rows of `flink.sql`; a file's end closes all windows."""
    (folder / "in").mkdir(parents=True)
    lines = []
    for event_ms, value in _values(given, shift_ms(workload.query))[0]:
        seconds, ms = divmod(event_ms, 1_000)
        at = datetime.fromtimestamp(seconds, UTC)
        time = f"{at:%Y-%m-%d %H:%M:%S}.{ms:03}Z"
        lines.append(json.dumps({**value, "event_time": time}) + "\n")
    (folder / "in" / "records.json").write_text("".join(lines), encoding="utf-8")
    source = {"connector": "filesystem", "path": str(folder / "in"), "format": "json"}
    sink = {"connector": "filesystem", "path": str(folder / "out"), "format": "json"}
    text = query_sql(workload, source, sink)
    assert _METADATA in text
    text = fill(text.replace(_METADATA, ""), {})
    asked = {"configuration": _CONFIGURATION, "statements": statements(text)}
    run_script(FLINK_SQL, _FLINK, asked, folder)
    files = [path for path in (folder / "out").rglob("*") if path.is_file()]
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]


def spark_rows(workload: Workload, given: Tried, folder: Path) -> list[Mapping[str, Any]]:
    """The rows of `spark.py` or `spark.sql`, over a stream of three batches: the last ones close all windows."""
    (folder / "in").mkdir(parents=True)
    by_hand = workload.query.by_hand
    assert by_hand is not None
    for each in by_hand.files:
        (folder / each.file.value).write_text(each.text, encoding="utf-8")
    records, flush = _values(given, shift_ms(workload.query))
    for number, some in enumerate((records, flush, [(at + 1, value) for at, value in flush])):
        lines = [json.dumps({"at": at, "value": json.dumps(value)}) + "\n" for at, value in some]
        path = folder / "in" / f"{number}.json"
        path.write_text("".join(lines), encoding="utf-8")
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    text = query_program(workload, {}, {})
    symbols = dict.fromkeys(symbols_in(text), "unread") | {"job_dir": str(folder)}
    asked = {
        "program": fill(text, symbols),
        "records": str(folder / "in"),
        "checkpoint": str(folder / "checkpoint"),
    }
    return [json.loads(each) for each in run_script(SPARK_SQL, _SPARK, asked, folder)]
