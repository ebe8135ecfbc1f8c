"""The commands of docs/by-hand.md, in their order, lead from bare distributions to a report."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from streambench.engines.registry import contender_named
from streambench.kafka.broker_versions import broker_jar_set
from streambench.model.plan import Artifacts
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.results.bundle import read_bundle
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.ports import free_port
from tests.docker.files import ROOT
from tests.end_to_end.bench import came_late
from tests.one_broker import JVM_OPTIONS
from tests.orphans import die_with_parent

PAGE = ROOT / "docs" / "by-hand.md"
ENGINES = ("flink", "spark", "kafka-streams", "kafka-python")
LONG = "--rate 200 --duration 50s --fault none"
LOOK = "--quick --rate 200"
_WHOLE_S = 900.0


def commands() -> str:
    """All shell blocks of the page."""
    found = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    assert len(found) >= 6
    return "".join(found)


def test_no_command_is_left_out_by_its_mark() -> None:
    """A block of another mark would be shown, and never tried."""
    marks = re.findall(r"^```(\w*)$", PAGE.read_text(encoding="utf-8"), re.M)
    assert set(marks) == {"sh", ""}
    assert marks.count("sh") == marks.count("")


@pytest.mark.nightly
@pytest.mark.engine
def test_the_page_leads_to_a_report(tmp_path: Path) -> None:
    """Ports are free ones, both runs are short and share the engines; all else is as the page has it."""
    script = _with_free_ports(commands())
    assert script.count(LONG) == 1
    assert script.count(LOOK) == 1
    script = script.replace(LOOK, f"{LOOK} --engine {','.join(ENGINES[:2])}")
    # A cluster of an engine that is not run would be refused.
    of_kafka = "--kafka-config client.properties --replication 3"
    in_long = f"{LONG} --profile defaults $there"
    assert script.count(in_long) == 1
    script = script.replace(
        in_long, f"{LOOK} --engine {','.join(ENGINES[2:])} --profile defaults {of_kafka}"
    )
    program = tmp_path / "streambench"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m streambench "$@"\n')
    program.chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    said = _said(script, work, _environment(tmp_path))
    folders = sorted((work / "results").iterdir())
    assert len(folders) == 2, said
    for folder, engines in zip(folders, (ENGINES[:2], ENGINES[2:]), strict=True):
        bundle = read_bundle(folder)
        for engine in engines:
            (trial,) = bundle.of(engine)
            match trial.record.outcome:
                case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
                    assert verdict.right, (engine, verdict.examples)
                case other:
                    assert came_late(trial.record), (engine, other, said)
        assert (folder / "report.md").exists()


def _said(script: str, work: Path, environment: Mapping[str, str]) -> str:
    """The last words of a shell that was given this in `work`; nothing that it started is left."""
    shell = subprocess.Popen(
        ["bash", "-c", f"trap 'kill $(jobs -p) 2>/dev/null' EXIT\n{script}"],
        cwd=work,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=die_with_parent,
    )
    try:
        said, _ = shell.communicate(timeout=_WHOLE_S)
    finally:
        if shell.poll() is None:
            # They would outlive it.
            for each in psutil.Process(shell.pid).children(recursive=True):
                each.kill()
        shell.kill()
        shell.wait()
    return said[-6_000:]


def _with_free_ports(script: str) -> str:
    """The page's ports, some of which are written as 910$n, in other words."""
    for tens in ("910", "920", "930"):
        assert f"{tens}$n" in script
        script = re.sub(rf"\b{tens}(?=\d\b|\$n)", str(_free_tens()), script)
    for port in ("8081", "8082", "7077"):
        assert port in script
        script = re.sub(rf"\b{port}\b", str(free_port()), script)
    return script


def _free_tens() -> int:
    """A port without its last digit, of which the last digits 1 to 3 are free."""
    while True:
        tens = free_port() // 10
        with ExitStack() as stack:
            try:
                for last in (1, 2, 3):
                    probe = stack.enter_context(socket.socket())
                    probe.bind(("127.0.0.1", tens * 10 + last))
            except OSError:
                continue
        return tens


def _environment(folder: Path) -> dict[str, str]:
    flink, spark = _distribution("flink"), _distribution("spark")
    assert flink.site_packages is not None
    assert spark.site_packages is not None
    libs = folder / "libs"
    libs.mkdir()
    kafka = resolve(Artifacts(java=True, jar_sets=(broker_jar_set(),)))
    for jar in kafka.jars[broker_jar_set()]:
        (libs / jar.name).symlink_to(jar)
    return {
        **os.environ,
        # Brokers and clusters that soon end are not to optimize anything.
        JVM_OPTIONS: "-XX:TieredStopAtLevel=1",
        "PATH": f"{folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "JAVA_HOME": str(flink.java.parent.parent),
        "KAFKA_LIBS": str(libs),
        "FLINK_HOME": str(flink.site_packages / "pyflink"),
        "SPARK_HOME": str(spark.site_packages / "pyspark"),
    }


def _distribution(engine: str) -> Resolved:
    found, variant = contender_named(engine)
    return resolve(found.requires(variant))
