"""What can be declared compiles: names, sizes and lengths at their limits, by the compilers that engines have."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from streambench.engines.common.query_source import query_source
from streambench.engines.flink import ENGINE as FLINK
from streambench.engines.flink.submit import statements
from streambench.engines.kafka_streams import ENGINE as STREAMS
from streambench.engines.kafka_streams.source import JsonParser, programs
from streambench.engines.protocol import Engine
from streambench.engines.spark import ENGINE as SPARK
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Artifacts, Plan
from streambench.model.record_key import NoKey
from streambench.model.workload import Workload
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from streambench.workload.java import java_constants, to_java
from streambench.workload.limits import MOST_VALUES
from streambench.workload.python import to_python
from streambench.workload.sql import to_sql
from tests.engines.hard_workloads import NAMES, all_of_them, large, long
from tests.engines.snapshot import matches_text

_LENGTHS = re.compile("INTERVAL|ofMillis|milliseconds")


def plan_text(engine: Engine, workload: Workload, program: str) -> str:
    plan = engine.plan(workload, Conditions(), Variant(engine.name, engine.version))
    assert isinstance(plan, Plan)
    return next(each.text for each in plan.programs if each.name == program)


def test_the_words_are_many() -> None:
    assert len(NAMES) > 100


@pytest.mark.parametrize("number", range(len(all_of_them())))
def test_the_python_programs_compile(number: int) -> None:
    workload = all_of_them()[number]
    compile(query_source(workload), "query.py", "exec")
    compile(query_source(replace(workload, key=NoKey())), "query.py", "exec")
    compile(plan_text(SPARK, workload, "query.py"), "query.py", "exec")


def test_lists_mean_the_same_in_sql_and_in_python() -> None:
    where = large()[0].query.where
    assert where is not None
    code = compile(to_python(where), "where", "eval")
    records = [
        (s, n)
        for s in ("a", "v7", f"v{MOST_VALUES // 2 - 1}")
        for n in (-9, -3, -2, 0, 3, 1251, 2000)
    ]
    with duckdb.connect() as connection:
        for s, n in records:
            (by_sql,) = connection.execute(
                f"SELECT {to_sql(where)} FROM (SELECT ? AS s, CAST(? AS BIGINT) AS n)", [s, n]
            ).fetchone() or (None,)
            assert eval(code, {}, {"s": s, "n": n}) is by_sql


def test_long_windows_are_written_so_that_flink_and_java_read_them() -> None:
    told = []
    for workload in long():
        sql = plan_text(FLINK, workload, "query.sql")
        java = plan_text(STREAMS, workload, "WindowedAggregation.java")
        python = plan_text(SPARK, workload, "query.py")
        lines = (line.strip() for text in (sql, java, python) for line in text.splitlines())
        told += [line for line in lines if _LENGTHS.search(line)]
    matches_text("\n".join(told), "long-windows")


# --- by the real compilers ---


@pytest.mark.engine
@pytest.mark.no_load
@pytest.mark.parametrize("parser", list(JsonParser), ids=lambda parser: parser.value)
def test_the_java_programs_compile(tmp_path: Path, parser: JsonParser) -> None:
    # Every other one as if its records were keyed by none.
    moving = (replace(each, key=NoKey()) for each in all_of_them()[::2])
    for at, workload in enumerate((*all_of_them(), *moving)):
        folder = tmp_path / str(at)
        folder.mkdir()
        java(
            folder, {p.name: p.text for p in programs(workload, retention_ms=1_000, parser=parser)}
        )


@pytest.mark.engine
@pytest.mark.no_load
def test_long_lists_mean_the_same_in_java(tmp_path: Path) -> None:
    where = large()[0].query.where
    assert where is not None
    constants = java_constants([where])
    assert len(constants) == 2
    declared = "\n".join(f"static final {c.type} {c.name} = {c.value};" for c in constants.values())
    records = [
        (s, n)
        for s in ("a", "v7", f"v{MOST_VALUES // 2 - 1}")
        for n in (-9, -3, -2, 0, 3, 1251, 2000)
    ]
    calls = "\n".join(f'System.out.println(holds(new Event("{s}", {n}L)));' for s, n in records)
    text = to_java(where, variable=lambda name: f"event.{name}", constants=constants)
    source = f"""class Holds {{
record Event(String s, long n) {{}}
{declared}
static boolean holds(Event event) {{ return {text}; }}
public static void main(String[] args) {{ {calls} }}
}}"""
    classes, command = java(tmp_path, {"Holds.java": source})
    done = subprocess.run(
        [command, "-cp", str(classes), "Holds"], capture_output=True, text=True, check=True
    )
    code = compile(to_python(where), "where", "eval")
    expected = [eval(code, {}, {"s": s, "n": n}) for s, n in records]
    assert json.loads(f"[{','.join(done.stdout.split())}]") == expected
    assert len(set(expected)) == 2


def java(folder: Path, texts: dict[str, str]) -> tuple[Path, str]:
    """The classes of these sources, and the command that runs them."""
    sources = []
    for name, text in texts.items():
        sources.append(folder / name)
        sources[-1].write_text(text, encoding="utf-8")
    artifacts = resolve(Artifacts(java=True, jar_sets=("streams-4.3.1", "compiler")))
    classes = compile_java(
        tuple(sources),
        classpath=artifacts.jars["streams-4.3.1"],
        out=folder / "classes",
        java=artifacts.java,
        ecj=artifacts.jars["compiler"][0],
    )
    return classes, str(artifacts.java)


# Statements on stdin, a list for each workload; Flink's planner reads them as far as to a job graph.
_FLINK = """
import json, sys
from pyflink.common import Configuration
from pyflink.table import EnvironmentSettings, ExplainDetail, TableEnvironment

for number, texts in enumerate(json.load(sys.stdin)):
    configuration = Configuration()
    configuration.set_string("pipeline.jars", sys.argv[1])
    settings = EnvironmentSettings.new_instance().in_streaming_mode()
    environment = TableEnvironment.create(settings.with_configuration(configuration).build())
    *tables, insert = texts
    for text in tables:
        environment.execute_sql(text)
    plan = environment.explain_sql(insert, ExplainDetail.JSON_EXECUTION_PLAN)
    print(number, "GlobalWindowAggregate" in plan or "WindowAggregate" in plan, flush=True)
"""
# Programs on stdin; Spark plans the query without a broker, as far as to what it would start.
_SPARK = """
import contextlib, io, json, sys
from pyspark.sql import SparkSession

spark = (
    SparkSession.builder.master("local[1]")
    .config("spark.jars", sys.argv[1]).config("spark.ui.enabled", "false").getOrCreate()
)
for number, text in enumerate(json.load(sys.stdin)):
    names = {"spark": spark}
    exec(compile(text.partition("query = (")[0], "query.py", "exec"), names)
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        names["results"].explain(mode="codegen")
    # What is first or last is found by sorting.
    plan = told.getvalue()
    print(number, "HashAggregate(" in plan or "SortAggregate(" in plan, flush=True)
"""


@pytest.mark.engine
@pytest.mark.no_load
def test_flink_plans_every_one() -> None:
    symbols = {"${broker}": "127.0.0.1:1", "$${": "${"}
    every = []
    for workload in all_of_them():
        sql = plan_text(FLINK, workload, "query.sql")
        for name, value in symbols.items():
            sql = sql.replace(name, value)
        every.append(statements(sql))
    artifacts = resolve(FLINK.requires(Variant(FLINK.name, FLINK.version)))
    # The connector, and what compiles the functions that look values up in small tables.
    jars = ";".join(jar.absolute().as_uri() for set_ in artifacts.jars.values() for jar in set_)
    planned(artifacts.python, _FLINK, jars, every, artifacts.java)


@pytest.mark.engine
@pytest.mark.no_load
def test_spark_plans_every_one() -> None:
    artifacts = resolve(SPARK.requires(Variant(SPARK.name, SPARK.version)))
    (connector,) = artifacts.jars.values()
    texts = [plan_text(SPARK, workload, "query.py") for workload in all_of_them()]
    planned(artifacts.python, _SPARK, ",".join(map(str, connector)), texts, artifacts.java)


def planned(python: Path | None, script: str, jars: str, every: object, java: Path) -> None:
    """Let an engine's planner read all of them; fails with its words at the first that it does not."""
    done = subprocess.run(
        [str(python), "-c", script, jars],
        input=json.dumps(every),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        env={
            "JAVA_HOME": str(java.parent.parent),
            "PATH": "/usr/bin:/bin",
            # Else PyFlink begins a server for functions in Python, which no job here has.
            "_python_worker_execution_mode": "process",
        },
    )
    lines = [line for line in done.stdout.splitlines() if line.endswith(("True", "False"))]
    assert done.returncode == 0, f"{lines[-1:]}\n{done.stderr[-4000:]}"
    assert lines == [f"{number} True" for number in range(len(all_of_them()))]
