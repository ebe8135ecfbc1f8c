"""Cases in the generated Java: many topologies compiled at once, and driven one after another in one JVM."""

from __future__ import annotations

import base64
import itertools
import os
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from streambench.engines.common.symbols import fill
from streambench.engines.kafka_streams import ENGINE
from streambench.engines.kafka_streams.versions import jars_of
from streambench.model.plan import LONGEST_JUMP, TABLES, Artifacts, Program
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java
from tests.properties.cases import Case, Event
from tests.properties.logs import partitions_of, record_of
from tests.properties.outcomes import Asked, Outcome, planned, write_tables

_DRIVER: Final = "streams-driver-4.4.0"
_PROPERTIES: Final = "streams.properties"
_TIMEOUT_S: Final = 280


def run_java_cases(asked: Sequence[Asked], folder: Path, outcome: Outcome) -> None:
    """Add the outcome of each case."""
    # Of every second case JSON is read and written by code that is generated, too.
    programs = planned(ENGINE, asked, outcome, variants=(None, "flat-json"))
    jars = jars_of(ENGINE.version)
    artifacts = resolve(Artifacts(java=True, jar_sets=(jars, _DRIVER, "compiler")))
    class_path = (*artifacts.jars[jars], *artifacts.jars[_DRIVER], folder)
    sources = [Path(__file__).with_name("Cases.java")]
    for each, named in programs.items():
        (folder / each.name).mkdir(parents=True, exist_ok=True)
        sources += _sources(each, named, folder / each.name)
    classes = compile_java(
        tuple(sources),
        classpath=class_path,
        out=folder / "classes",
        java=artifacts.java,
        ecj=artifacts.jars["compiler"][0],
    )
    lines = [
        line
        for each, named in programs.items()
        for line in _lines(each, named[_PROPERTIES].text, folder)
    ]
    done = subprocess.run(
        [
            *(str(artifacts.java), "-XX:TieredStopAtLevel=1", "-Xmx512m", "-cp"),
            *(os.pathsep.join(map(str, (classes, *class_path))), "Cases"),
        ],
        input="".join(f"{line}\n" for line in lines).encode(),
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-3_000:]
    rows: dict[str, list[bytes]] = {}
    for line in done.stdout.split(b"\n"):
        name, _, row = line.partition(b" ")
        rows.setdefault(name.decode(), []).append(row)
    for each in programs:
        mine = rows.get(each.name, [])
        failed = [row.decode() for row in mine if row.startswith(b"FAILED")]
        outcome.add(each, mine, failed)


def _sources(asked: Asked, programs: Mapping[str, Program], folder: Path) -> Iterator[Path]:
    """The programs as they are, in a package of their own, with the topics and the load's jumps filled in."""
    symbols = {"input_topic": "input", "output_topic": "output"}
    symbols[LONGEST_JUMP] = str(_longest_jump_ms(asked.case))
    yield from packaged(asked, programs.values(), folder, symbols)


def packaged(
    asked: Asked, programs: Iterable[Program], folder: Path, symbols: Mapping[str, str]
) -> Iterator[Path]:
    """The Java of a case in a package of its own, which begins its tables' folder in the class path as well."""
    write_tables(programs, folder)
    for program in programs:
        if program.language == "java":
            text = f"package {asked.name};\n\n{fill(program.text, symbols)}"
            text = text.replace(f'"/{TABLES}/', f'"/{asked.name}/{TABLES}/')
            path = folder / program.name
            path.write_text(text, encoding="utf-8")
            yield path


def _lines(asked: Asked, properties: str, folder: Path) -> Iterator[str]:
    for number, events in enumerate(partitions_of(asked.case)):
        filled = properties.replace("${job_id}", f"{asked.name}-{number}")
        filled = filled.replace("${broker}", "127.0.0.1:1")
        filled += f"state.dir = {folder / 'state'}\n"
        yield f"open {asked.name} {_base64(filled)}"
        for event in events[:-1]:
            yield _line("at", asked.case, event)
        yield _line("last", asked.case, events[-1])


def _line(word: str, case: Case, event: Event) -> str:
    record = record_of(case, event)
    return f"{word} {record.at_ms} {_base64(record.key)} {_base64(record.value)}"


def _longest_jump_ms(case: Case) -> int:
    """By how much the clock of a partition moves in one step, at most."""
    longest_ms = 0
    for events in partitions_of(case):
        times_ms = [event.at_ms for event in events if case.passes(event.row)]
        clock_ms = list(itertools.accumulate(times_ms, max))
        longest_ms = max([longest_ms, *(b - a for a, b in itertools.pairwise(clock_ms))])
    return longest_ms


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
