"""Cases in Spark: the programs as they are generated, over a table in place of a topic, in one process.

Of a table a watermark lets nothing go, and all windows are over at the end: so it is where no record is late.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streambench.engines.common.symbols import fill, symbols_in
from streambench.engines.spark import ENGINE
from tests.engines.sql_lab import SPARK_SQL, run_script
from tests.properties.logs import record_of
from tests.properties.outcomes import Asked, Outcome, planned, write_tables

_SCRIPT: Final = """
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


class Source:
    # Stands for a topic: a case's log in a file.
    def __init__(self, path):
        self.path = path

    def format(self, name):
        return self

    def option(self, name, value):
        return self

    def load(self):
        records = spark.read.schema("at BIGINT, value STRING").json(self.path)
        value, at = F.col("value").cast("binary"), F.timestamp_millis(F.col("at"))
        return records.select(value.alias("value"), at.alias("timestamp"))


class Sink:
    # Stands for the output: what would be written.
    def __init__(self, frame):
        self.frame = frame

    def ignored(self, *values, **named):
        return self

    format = option = trigger = outputMode = ignored

    def start(self):
        return self.frame


class Session:
    def __init__(self, path):
        self.readStream = Source(path)
        self.read = spark.read


DataFrame.writeStream = property(Sink)
found = {}
for case in asked:
    try:
        names = {"spark": Session(case["records"])}
        exec(case["program"], names)
        found[case["name"]] = [row.value for row in names["query"].select("value").collect()]
    except Exception as error:
        found[case["name"]] = "FAILED " + str(error)[:2000]
json.dump(found, open(sys.argv[2], "w"))
spark.stop()
"""


def run_spark_cases(asked: Sequence[Asked], folder: Path, outcome: Outcome) -> None:
    """Add the outcome of each case."""
    programs = planned(ENGINE, asked, outcome)
    folder.mkdir(parents=True, exist_ok=True)
    given = []
    for each, named in programs.items():
        records = each.folder / "records.json"
        logged = [record_of(each.case, event) for event in each.case.events]
        lines = [json.dumps({"at": record.at_ms, "value": record.value}) for record in logged]
        records.write_text("".join(f"{line}\n" for line in lines))
        write_tables(named.values(), each.folder)
        program = fill(named["query.py"].text, _symbols(named["query.py"].text, each.folder))
        given.append({"name": each.name, "records": str(records), "program": program})
    found = run_script(SPARK_SQL, _SCRIPT, given, folder)
    for each in programs:
        rows = found[each.name]
        if isinstance(rows, str):
            outcome.add(each, (), [rows])
        else:
            outcome.add(each, [row.encode() for row in rows])


def _symbols(text: str, folder: Path) -> dict[str, str]:
    """Only tables are read: what would be of Kafka, no stand-in looks at."""
    return dict.fromkeys(symbols_in(text), "unread") | {"job_dir": str(folder)}
