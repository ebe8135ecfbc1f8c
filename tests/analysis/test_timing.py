"""Medians of phases over a variant's trials, and what the command prints of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from streambench.analysis.timing import timing_of
from streambench.cli.main import app
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, PhaseTime, TrialRecord
from streambench.results.bundle import BundleWriter, read_bundle
from tests.report.example import RIGHT, RUN, trial


def timed(number: int, label: str, *took: tuple[str, float]) -> TrialRecord:
    timeline = tuple(PhaseTime(phase, None, 0.0, took_s) for phase, took_s in took)
    return replace(trial(number, label, Completed(RIGHT)), timeline=timeline)


def bundle(folder: Path, *records: TrialRecord) -> Path:
    writer = BundleWriter.create(folder, RUN)
    for record in records:
        writer.add_trial(record, {})
    return writer.finish()


def test_phases_are_summed_within_a_trial_and_medians_over_trials(tmp_path: Path) -> None:
    folder = bundle(
        tmp_path,
        timed(1, "flink", ("launch", 20.0), ("warm-up", 8.0), ("warm-up", 4.0)),
        timed(2, "flink", ("launch", 30.0), ("warm-up", 10.0)),
        timed(3, "kafka-streams", ("launch", 2.0)),
    )
    found = timing_of(read_bundle(folder))
    assert found is not None
    assert found.phases == ("launch", "warm-up")
    timings = {variant.label: variant for variant in found.variants}
    flink, streams = timings["flink"], timings["kafka-streams"]
    assert flink.phases_s == {"launch": 25.0, "warm-up": 11.0}
    assert (flink.trials, flink.total_s) == (2, 36.0)
    assert streams.phases_s == {"launch": 2.0}
    assert found.trials_s == 74.0
    said = CliRunner().invoke(app, ["report", str(folder), "--timing"])
    assert said.exit_code == ExitCode.OK
    assert "25.0" in said.stdout
    assert "1.2 min" in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 80
    assert not (folder / "report.html").exists()


def test_a_bundle_without_a_time_line_says_so(tmp_path: Path) -> None:
    folder = bundle(tmp_path, trial(1, "flink", Completed(RIGHT)))
    assert timing_of(read_bundle(folder)) is None
    said = CliRunner().invoke(app, ["report", str(folder), "--timing"])
    assert said.exit_code == ExitCode.USAGE
    assert "kept a time line" in said.stderr
    assert "hint: streambench run --quick" in said.stderr
