"""Cases in Flink: the statements as they are generated, over files in place of topics, many in one streaming job."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from streambench.engines.flink import ENGINE
from streambench.engines.flink.lookups import COMPILER
from streambench.engines.flink.query import query_sql
from streambench.engines.flink.submit import statements
from streambench.model.conditions import Variant
from streambench.model.plan import TABLES, Program
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from tests.engines.sql_lab import FLINK_SQL, run_script
from tests.properties.agreement import json_object
from tests.properties.cases import Case
from tests.properties.in_java import packaged
from tests.properties.outcomes import Asked, Outcome, planned

_CASES_OF_A_JOB: Final = 20
_TIME: Final = "event_time"
_METADATA: Final = " METADATA FROM 'timestamp'"
_SCRIPT: Final = """
import json, sys
from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, TableEnvironment

asked = json.load(open(sys.argv[1]))
configuration = Configuration()
for name, value in asked["configuration"].items():
    configuration.set_string(name, value)
settings = EnvironmentSettings.new_instance().in_streaming_mode().with_configuration(configuration)
environment = TableEnvironment.create(settings.build())
found = {}
tables = set()


def insert(case):
    environment.execute_sql(f"CREATE DATABASE IF NOT EXISTS {case['name']}")
    environment.use_database(case["name"])
    for statement in case["tables"]:
        if case["name"] not in tables:
            environment.execute_sql(statement)
    tables.add(case["name"])
    return case["insert"]


def run(cases):
    together = environment.create_statement_set()
    for case in cases:
        together.add_insert_sql(insert(case))
    together.execute().wait()


for job in asked["jobs"]:
    try:
        run(job)
    except Exception:
        # One of them fails: each by itself, then, into a folder of its own.
        for case in job:
            case["name"], name = case["name"] + "_alone", case["name"]
            case["tables"] = [each.replace(case["out"], case["out"] + "_alone") for each in case["tables"]]
            try:
                run([case])
                found[name] = case["out"] + "_alone"
            except Exception as error:
                found[name] = "FAILED " + str(error)[:3000]
    else:
        found.update((case["name"], case["out"]) for case in job)
json.dump(found, open(sys.argv[2], "w"))
"""
_CONFIGURATION: Final = {
    "parallelism.default": "1",
    "table.local-time-zone": "UTC",
    "pipeline.auto-watermark-interval": "10 ms",
    # What files hold is there with a checkpoint, of which the last one comes at the end.
    "execution.checkpointing.interval": "60 s",
    "taskmanager.memory.network.max": "256m",
    "taskmanager.memory.network.min": "256m",
}


def run_flink_cases(asked: Sequence[Asked], folder: Path, outcome: Outcome) -> None:
    """Add the outcome of each case."""
    programs = planned(ENGINE, asked, outcome)
    folder.mkdir(parents=True, exist_ok=True)
    jar = _functions(programs, folder)
    given = []
    for each in programs:
        (each.folder / "in").mkdir()
        (each.folder / "in" / "records.json").write_text(_lines(each.case), encoding="utf-8")
        out = str(each.folder / "out")
        source = {"connector": "filesystem", "path": str(each.folder / "in"), "format": "json"}
        sink = {
            "connector": "filesystem",
            "path": out,
            "format": "json",
            "json.encode.decimal-as-plain-number": "true",
        }
        text = query_sql(each.workload, source, sink)
        assert _METADATA in text
        text = text.replace(_METADATA, "").replace("file://${job_dir}/lookups.jar", f"file://{jar}")
        text = text.replace("AS 'Lookups$", f"AS '{each.name}.Lookups$")
        *tables, insert = statements(text)
        given.append({"name": each.name, "tables": tables, "insert": insert, "out": out})
    jobs = [given[at : at + _CASES_OF_A_JOB] for at in range(0, len(given), _CASES_OF_A_JOB)]
    found = run_script(FLINK_SQL, _SCRIPT, {"configuration": _CONFIGURATION, "jobs": jobs}, folder)
    for each in programs:
        said: str = found[each.name]
        if said.startswith("FAILED"):
            outcome.add(each, (), [said])
        else:
            outcome.add(each, _rows(Path(said)))


def _functions(programs: Mapping[Asked, Mapping[str, Program]], folder: Path) -> Path:
    """A jar with the functions of all cases that look up, and with their tables."""
    sources = [
        path
        for each, named in programs.items()
        for path in packaged(each, named.values(), _made(folder / each.name), {})
    ]
    jar = folder / "lookups.jar"
    if not sources:
        return jar
    artifacts = resolve(ENGINE.requires(Variant(ENGINE.name, ENGINE.version)))
    assert artifacts.python is not None
    (api,) = artifacts.python.parent.parent.rglob("pyflink/lib/flink-table-api-java-uber-*.jar")
    classes = compile_java(
        tuple(sources),
        classpath=(api,),
        out=folder / "classes",
        java=artifacts.java,
        ecj=artifacts.jars[COMPILER][0],
    )
    with zipfile.ZipFile(jar, "w") as file:
        for path in sorted(classes.rglob("*.class")):
            file.write(path, path.relative_to(classes))
        for path in sorted(folder.glob(f"*/{TABLES}/*")):
            file.write(path, path.relative_to(folder))
    return jar


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _lines(case: Case) -> str:
    """The log; a record's time is a column of it."""
    lines = []
    for event in case.events:
        at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=event.at_ms)
        time = f"{at:%Y-%m-%d %H:%M:%S}.{event.at_ms % 1_000:03}Z"
        lines.append(json_object({**case.sent(event.row), _TIME: time}) + "\n")
    return "".join(lines)


def _rows(folder: Path) -> list[bytes]:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert not [path for path in files if "inprogress" in path.name], "not all is written"
    return [line for path in files for line in path.read_bytes().split(b"\n") if line]
