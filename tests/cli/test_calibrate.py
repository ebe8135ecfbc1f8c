"""What `calibrate` prints, what ends it with 1, and what it runs once more."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streambench.cli import calibrating
from streambench.cli.main import app
from streambench.experiment.calibration.cases import (
    DELAY_CASES,
    FOREIGN_CASE,
    SLOWED_CASE,
    STALLED_CASE,
    Case,
)
from streambench.experiment.calibration.compare import FigureCheck, Line, OutcomeCheck
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Failed, Invalid, Outcome
from tests.experiment.test_calibration import RIGHT, made_of


def called_with(monkeypatch: pytest.MonkeyPatch, lines: Sequence[Line], *arguments: str) -> Any:
    monkeypatch.setattr(calibrating, "calibrate_all", lambda out, rendered: tuple(lines))
    return CliRunner().invoke(app, ["calibrate", *arguments])


@pytest.mark.parametrize(
    ("case", "outcomes", "runs"),
    [
        (DELAY_CASES[1].case, [Completed(RIGHT)], 1),
        (DELAY_CASES[1].case, [Invalid("something else"), Completed(RIGHT)], 2),
        (DELAY_CASES[1].case, [Invalid("something else"), Invalid("again")], 2),
        (DELAY_CASES[1].case, [Completed(replace(RIGHT, right=False))], 1),
        (DELAY_CASES[1].case, [Failed("start", "it ended")], 1),
        (STALLED_CASE, [Invalid("the load came late")], 1),
        (FOREIGN_CASE, [Completed(RIGHT)], 1),
        (SLOWED_CASE, [Invalid("the load came late"), Completed(RIGHT)], 2),
    ],
)
def test_what_the_machine_spoilt_is_run_once_more_and_nothing_else(
    case: Case, outcomes: list[Outcome], runs: int
) -> None:
    left = list(outcomes)
    bundle = calibrating.unspoilt(case, lambda: made_of(left.pop(0)))
    assert len(left) == len(outcomes) - runs
    assert bundle.trials[0].record.outcome is outcomes[runs - 1]


HELD = FigureCheck("result delay", "ms", 100.0, 101.0, 2.0)
MISSED = FigureCheck("late time, outage on one partition", "ms", 750.0, 1_020.0, 100.0)
UNKNOWN = FigureCheck("rows doubled", "rows", 8.0, None, 0.0, "failed: it fell behind")
WRONG_OUTCOME = OutcomeCheck("a stalled player", "invalid", "right", False)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMBENCH_STATE", str(tmp_path / "state"))


def test_all_held_is_0_and_one_miss_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert called_with(monkeypatch, [HELD, HELD]).exit_code == ExitCode.OK
    for missed in (MISSED, UNKNOWN, WRONG_OUTCOME):
        assert called_with(monkeypatch, [HELD, missed]).exit_code == ExitCode.FAILED
    assert called_with(monkeypatch, []).exit_code == ExitCode.FAILED


def test_the_table_fits_80_columns_and_says_what_was_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = called_with(monkeypatch, [HELD, MISSED, UNKNOWN, WRONG_OUTCOME]).stdout
    assert max(map(len, said.splitlines())) <= 80
    assert "+270" in said
    assert "1 of 4 were found" in said
    assert "it fell behind" in said
    assert "a stalled player: right" in said


def test_json_says_the_same_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    found = called_with(monkeypatch, [HELD, UNKNOWN, WRONG_OUTCOME], "--json")
    data = json.loads(found.stdout)
    assert data["held"] is False
    assert [line["held"] for line in data["lines"]] == [True, False, False]
    assert data["lines"][0]["error"] == 1.0
    assert data["lines"][1]["measured"] is None
    assert data["lines"][1]["why_missed"] == "failed: it fell behind"
    assert data["lines"][2]["found"] == "right"
