"""The generated Java, compiled and run for real with a harness in place of Kafka Streams."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streambench.engines.common.symbols import fill
from streambench.engines.kafka_streams.source import JsonParser, programs
from streambench.model.plan import Artifacts
from streambench.model.workload import Workload
from streambench.runtime.artifacts import resolve
from streambench.runtime.compiler import compile_java

_JARS = "streams-4.3.1"


def run_java(
    workload: Workload,
    parser: JsonParser,
    harness: str,
    given: str,
    folder: Path,
    *,
    exact: Callable[[str], Any] = float,
) -> list[Any]:
    """What the class `Harness` writes, one JSON value a line, when it reads `given`.

    `exact` reads numbers with a fraction.
    """
    made = programs(workload, retention_ms=1_000, parser=parser)
    files = {each.name: fill(each.text, {}) if each.is_table else each.text for each in made}
    for name, text in (*files.items(), ("Harness.java", harness)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    artifacts = resolve(Artifacts(java=True, jar_sets=(_JARS, "compiler")))
    classes = compile_java(
        (*(folder / each.name for each in made if not each.is_table), folder / "Harness.java"),
        classpath=artifacts.jars[_JARS],
        out=folder / "classes",
        java=artifacts.java,
        ecj=artifacts.jars["compiler"][0],
    )
    class_path = ":".join(map(str, (classes, folder, *artifacts.jars[_JARS])))
    done = subprocess.run(
        [str(artifacts.java), "-cp", class_path, "Harness"],
        input=given.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    lines = done.stdout.decode().split("\n")
    return [json.loads(line, parse_float=exact) for line in lines if line]
