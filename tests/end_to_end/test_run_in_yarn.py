"""`streambench run` whose Spark is in a real YARN comes to its end, with Spark's own jars sent there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.results.bundle import read_bundle
from tests.docker.files import ROOT
from tests.end_to_end.bench import came_late
from tests.engines.yarn_lab import yarn
from tests.kafka.kafka_lab import kafka_lab
from tests.one_broker import one_broker
from tests.orphans import die_with_parent

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.nightly]

_NODE_MIB = 2_600
_WHOLE_S = 600.0


def test_a_run_comes_to_its_end_and_nothing_stays(tmp_path: Path) -> None:
    one_broker.close()
    brokers = tmp_path / "brokers"
    brokers.mkdir()
    with kafka_lab(brokers, 1) as kafka, yarn(tmp_path / "yarn", _NODE_MIB) as cluster:
        # As where nothing was put there beforehand.
        sent = [(name, value) for name, value in cluster.settings if name != "spark.yarn.jars"]
        state = tmp_path / "state"
        words = ["run", "clicks", "--quick", "--rate", "1k", "--engine", "spark", "--wait"]
        words += ["--profile", "defaults", "--spark-master", "yarn"]
        words += ["--kafka-config", str(kafka.client_properties())]
        words += ["--checkpoint-dir", state.as_uri(), "--out", str(tmp_path / "results")]
        for name, value in sent:
            words += ["--set", f"spark:{name}={value}"]
        done = subprocess.run(
            [sys.executable, "-m", "streambench", *words],
            env={**os.environ, "PYTHONPATH": str(ROOT), "HADOOP_CONF_DIR": str(cluster.conf)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=_WHOLE_S,
            preexec_fn=die_with_parent,
        )
        said = " ".join(f"{done.stdout} {done.stderr}".split())  # as if no line had an end
        # The second where its load came late.
        assert done.returncode in (ExitCode.OK, ExitCode.INVALID), said
        assert "launch · a node of YARN fetches Spark and begins the application" in said
        assert list(cluster.applications().values()) == [("FINISHED", "SUCCEEDED")]
        assert not any(cluster.staging.rglob("*application*"))
    assert not any(state.iterdir())
    (folder,) = (tmp_path / "results").iterdir()
    (trial,) = read_bundle(folder).trials
    match trial.record.outcome:
        case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
            assert verdict.right, verdict.examples
            assert verdict.expected_rows == verdict.right_rows > 100
        case other:
            assert came_late(trial.record), (other, said)
    # What executors use is unknown, and never 0.
    assert trial.record.measures.get("engine_cpu_s_per_million") is None
    assert (folder / "report.md").exists()
