"""The tables that records are joined with, as functions of Flink SQL.

A join with a bounded table would lose the event time, and the watermark, which only records that pass the
filter may move, is computed before any join. So each column is a scalar function of the field that is compared.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final

from streambench.engines.common.lookup_java import java_lookups, lookup_class
from streambench.engines.common.lookup_tables import text_tables
from streambench.engines.protocol import Embedded
from streambench.model.plan import TABLES, Plan, Program
from streambench.model.workload import Workload
from streambench.runtime.compiler import compile_java

COMPILER: Final = "compiler"
_JAR: Final = "lookups.jar"
_CLASS: Final = "Lookups"
_API: Final = "lib/flink-table-api-java-uber-*.jar"


def lookup_programs(workload: Workload) -> tuple[Program, ...]:
    """The functions' source, and the tables; nothing for a workload without any."""
    if not workload.lookups:
        return ()
    import jinja2  # only a program is made with it

    environment = jinja2.Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        autoescape=False,
    )
    template = files(__package__).joinpath(f"{_CLASS}.java.j2").read_text(encoding="utf-8")
    text = environment.from_string(template).render(lookups=java_lookups(workload))
    return (Program(f"{_CLASS}.java", "java", text), lookup_class(), *text_tables(workload))


def create_functions(workload: Workload) -> Iterator[str]:
    """A statement for each column that is looked up."""
    for lookup in workload.lookups:
        for column in lookup.columns:
            yield (
                f"CREATE TEMPORARY FUNCTION `{_function(column.name)}` AS '{_CLASS}${column.name}'\n"
                f"LANGUAGE JAVA USING JAR 'file://${{job_dir}}/{_JAR}'"
            )


def looked_up_columns(workload: Workload) -> Iterator[str]:
    """The columns of the table of records that are looked up, as it declares them."""
    for lookup in workload.lookups:
        for column in lookup.columns:
            yield f"`{column.name}` AS `{_function(column.name)}`(`{lookup.on}`)"


def pack_functions(plan: Plan, at: Embedded) -> None:
    """Compile the functions of a filled plan into a jar that holds the tables. Raises EngineFailed."""
    sources = tuple(at.job_dir / each.name for each in plan.programs if each.language == "java")
    if not sources:
        return
    (ecj,) = at.artifacts.jars[COMPILER]
    classes = compile_java(
        sources,
        classpath=tuple(sorted(Path(plan.symbols["flink_home"]).glob(_API))),
        out=at.job_dir / "classes",
        java=at.artifacts.java,
        ecj=ecj,
    )
    with zipfile.ZipFile(at.job_dir / _JAR, "w", zipfile.ZIP_DEFLATED) as jar:
        for file in sorted(classes.glob("*.class")):
            jar.write(file, file.name)
        for file in sorted((at.job_dir / TABLES).iterdir()):
            jar.write(file, f"{TABLES}/{file.name}")


def _function(column: str) -> str:
    return f"lookup_{column}"
