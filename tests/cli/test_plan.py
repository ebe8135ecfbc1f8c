"""`plan` as a user types it: what is printed, chosen and refused."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streambench.analysis.scale.lines import Assumption
from streambench.cli.main import app
from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.trial import Invalid
from tests.analysis.scale.bundles import BEHIND, MACHINE, bundle, curve, load
from tests.report.example import RUN


def run_plan(line: str, columns: int = 80) -> Result:
    return CliRunner().invoke(app, ["plan", *shlex.split(line)], env={"COLUMNS": str(columns)})


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a curve of two engines, the second of which was spoilt."""
    monkeypatch.chdir(tmp_path)
    records = [
        load(1, 1e5, cost=8.0),
        load(2, 2e5),
        load(3, 4e5, lag=BEHIND),
        load(4, 1e5, label="spark", outcome=Invalid("the clock stepped by 40 ms")),
    ]
    curve(Path("results"), records)
    return Path("results")


def test_a_plan_is_printed_with_formulas_and_assumptions(place: Path) -> None:
    said = run_plan("--rate 10M --engine flink")
    assert said.exit_code == ExitCode.OK, said.output
    assert max(map(len, said.stdout.splitlines())) <= 80
    words = " ".join(said.stdout.split())
    assert "2 workers and 4 partitions kept up with 200 k/s; not with 400 k/s." in words
    assert "2.00 CPU-s per million × 10 M/s ÷ 50 %" in words
    assert "10 M/s ÷ 50 k/s of each ÷ 50 %" in words
    assert "Extrapolated: 10 M/s is 50 times 200 k/s, the lowest rate that a line goes by." in words
    assert "a plan from that rate would ask for 4.0 times the cores" in words
    assert "one trial, so its spread is not known" in words
    assert "(it fell behind)" in words
    assert Assumption.COST_STAYS.value in words
    assert "bundle: results/" in said.stderr


def test_every_letter_of_an_assumption_is_explained(place: Path) -> None:
    said = run_plan("--rate 10M --engine flink", columns=200).stdout
    how, _, assumed = said.partition("Assumed:")
    used = {letter for group in re.findall(r"\[([a-z ]+)\]", how) for letter in group.split()}
    explained = re.findall(r"^([a-z])  \S", assumed, re.MULTILINE)
    assert used == set(explained)
    assert len(explained) == len(set(explained))


def test_several_rates_stand_beside_each_other(place: Path) -> None:
    said = run_plan("--rate 1M,10M --rate 100M --engine flink --numbers").stdout
    (cores,) = re.findall(r"^engine cores +(.+)$", said, re.MULTILINE)
    assert cores.split() == ["4.0", "40", "400"]
    assert "How it came about" not in said


def test_who_has_no_valid_trial_is_unknown_beside_the_others(place: Path) -> None:
    said = " ".join(run_plan("--rate 1M").stdout.split())
    assert "Spark Structured Streaming: unknown. Invalid: the clock stepped by 40 ms." in said
    assert "measure it: streambench curve clicks --engine spark" in said


def test_json_is_all_of_it_and_nothing_else(place: Path) -> None:
    said = run_plan("--rate 1M,2M --json")
    found = json.loads(said.stdout)
    assert [rate["rate_per_s"] for rate in found["plan"]["engines"][0]["rates"]] == [1e6, 2e6]
    assert found["plan"]["basis"]["unknown"][0]["label"] == "spark"


def test_a_newer_plain_run_does_not_hide_the_curve(place: Path) -> None:
    newer = replace(load(1, 2e4, asked=False), started_at="2026-11-21T00:00:00+00:00")
    bundle(place, [newer], started_at="2026-11-21T00:00:00+00:00")
    said = run_plan("--rate 1M --engine flink --numbers")
    assert "kept up with 200 k/s" in said.stdout
    assert said.stderr.count("bundle: ") == 2
    exactly = replace(RUN.conditions, guarantee=Guarantee.EXACTLY_ONCE)
    bundle(place, [newer], started_at="2026-11-22T00:00:00+00:00", conditions=exactly)
    assert run_plan("--rate 1M --engine flink --numbers").stderr.count("bundle: ") == 2


def test_an_older_run_of_all_engines_that_were_asked_for_goes_before_a_newer_of_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    both = [load(1, 1e5), load(2, 1e5, label="spark")]
    old = curve(Path("results"), both, started_at="2026-11-19T00:00:00+00:00")
    later = {"started_at": "2026-11-21T00:00:00+00:00"}
    other = {"environment": {**MACHINE, "processor": "Another CPU"}}
    new = curve(Path("results"), [load(1, 2e5)], **other, **later)
    said = run_plan("--rate 1M --engine flink,spark --numbers")
    assert said.exit_code == ExitCode.OK, said.output
    assert said.stderr.split() == ["bundle:", str(old.folder)]
    for line in ("--rate 1M --engine flink", "--rate 1M"):
        assert run_plan(line).stderr.split() == ["bundle:", str(new.folder)]


def test_a_published_example_is_said_to_be_one(place: Path) -> None:
    (made,) = place.iterdir()
    made.rename(place / "example-curve")
    assert "a published example" in run_plan("--rate 1M").stderr
    bundle(place, [load(1, 2e4, asked=False)], started_at="2026-11-19T00:00:00+00:00")
    said = run_plan("--rate 1M")
    assert said.exit_code == ExitCode.OK
    assert "example" not in said.stderr


def test_bundles_of_other_terms_are_not_planned_from_together(place: Path) -> None:
    (first,) = place.iterdir()
    later = {"started_at": "2026-11-21T00:00:00+00:00"}
    other = curve(Path("other"), [load(1, 1e5)], environment={"processor": "Another CPU"}, **later)
    said = run_plan(f"{first} {other.folder} --rate 1M")
    assert said.exit_code == ExitCode.USAGE
    assert "cannot be planned from together: processor is Another CPU and Test CPU" in said.stderr


REFUSED = [
    ("", "--rate is missing"),
    ("--rate 0", "--rate: '0' is not a rate"),
    ("--rate fast", "--rate: 'fast' is not a rate"),
    ("--rate 1M,", None),
    ("--rate 1M --engine flnk", "there is no run of 'flnk' in results; there is flink"),
    ("--rate 1M --engine spark", "no run in results has a trial of spark that can be planned from"),
    ("--rate 1M --headroom 95", "--headroom: '95' is not a percentage from 0 to 90"),
    ("--rate 1M --replication 0", "--replication: '0' is not a whole number from 1 to 9"),
    ("nowhere --rate 1M", "nowhere is not a run bundle"),
    ("results --rate 1M", "results is not a run bundle"),
]


@pytest.mark.parametrize(("line", "why"), REFUSED)
def test_what_cannot_be_planned_is_refused_with_a_hint(
    place: Path, line: str, why: str | None
) -> None:
    said = run_plan(line)
    if why is None:
        assert said.exit_code == ExitCode.OK
        return
    assert said.exit_code == ExitCode.USAGE, said.output
    assert why in said.stderr
    assert "hint: streambench " in said.stderr or "hint: name a folder" in said.stderr
    assert said.stdout == ""


def test_without_any_run_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = run_plan("--rate 1M")
    assert said.exit_code == ExitCode.USAGE
    assert "there is no run bundle in results" in said.stderr
    assert "hint: streambench curve" in said.stderr


def test_help_is_one_screen_with_examples_that_work(place: Path) -> None:
    shown = CliRunner().invoke(app, ["plan", "--help"], env={"COLUMNS": "80"}).stdout
    assert len(shown.splitlines()) <= 48
    assert max(map(len, shown.splitlines())) <= 80
    examples = re.findall(r"^ +streambench plan (.+)$", shown.split("Examples:")[1], re.MULTILINE)
    assert 2 <= len(examples) <= 3
    (run,) = place.iterdir()
    for example in examples:
        assert run_plan(example.replace("results/RUN", str(run))).exit_code == ExitCode.OK
