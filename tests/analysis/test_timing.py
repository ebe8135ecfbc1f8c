"""Medians of phases over a variant's trials, and what the command prints of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from typer.testing import CliRunner

from streambench.analysis.timing import timings_of
from streambench.cli.main import app
from streambench.model.conditions import Variant
from streambench.model.errors import ExitCode
from streambench.model.phases import PhaseTime
from streambench.model.search import SearchRecord
from streambench.model.trial import Completed, TrialRecord
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
    (found,) = timings_of(read_bundle(folder))
    assert found.of == "trials"
    assert found.phases == ("launch", "warm-up")
    timings = {variant.label: variant for variant in found.variants}
    flink, streams = timings["flink"], timings["kafka-streams"]
    assert flink.phases_s == {"launch": 25.0, "warm-up": 11.0}
    assert (flink.count, flink.total_s) == (2, 36.0)
    assert streams.phases_s == {"launch": 2.0}
    assert found.all_s == 74.0
    said = CliRunner().invoke(app, ["report", str(folder), "--timing"])
    assert said.exit_code == ExitCode.OK
    assert "25.0" in said.stdout
    assert "1.2 min" in said.stdout
    assert max(map(len, said.stdout.splitlines())) <= 80
    assert not (folder / "report.html").exists()


def test_a_search_has_a_time_line_beside_those_of_its_trials(tmp_path: Path) -> None:
    phases = tuple(PhaseTime("probe", note, 0.0, 15.0) for note in ("the first rate", "100 passed"))
    search = SearchRecord(Variant("flink", "2.0.0"), timeline=phases)
    writer = BundleWriter.create(tmp_path, replace(RUN, searches=(search,)))
    writer.add_trial(timed(1, "flink", ("measured", 50.0)), {})
    folder = writer.finish()
    searches, trials = timings_of(read_bundle(folder))
    assert (searches.of, searches.variants[0].phases_s) == ("searches", {"probe": 30.0})
    assert (trials.of, trials.variants[0].phases_s) == ("trials", {"measured": 50.0})
    said = CliRunner().invoke(app, ["report", str(folder), "--timing"])
    assert "The phases of all searches took 0.5 min together." in said.stdout


def test_a_bundle_without_a_time_line_says_so(tmp_path: Path) -> None:
    folder = bundle(tmp_path, trial(1, "flink", Completed(RIGHT)))
    assert timings_of(read_bundle(folder)) == ()
    said = CliRunner().invoke(app, ["report", str(folder), "--timing"])
    assert said.exit_code == ExitCode.USAGE
    assert "holds no time line" in said.stderr
    assert "hint: streambench run --quick" in said.stderr
