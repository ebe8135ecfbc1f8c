"""The whole calibration, as a user runs it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streambench.cli.calibrate import as_data
from streambench.cli.calibrating import Calibration
from streambench.model.errors import ExitCode
from streambench.model.machine import ANY_MACHINE
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker]

# What a trial is called when another's work took the machine: then no time of it proves anything.
NOT_OURS = (
    "something else was running",
    "other guests of this host",
    "memory was short",
    "the load came late",
)


@dataclass(frozen=True)
class Calibrated:
    """How `streambench calibrate` ended, and its lines."""

    exit_code: int
    lines: list[dict[str, Any]]


@pytest.fixture(scope="module")
def calibrated(tmp_path_factory: pytest.TempPathFactory) -> Calibrated:
    one_broker.close()  # nothing of ours runs beside what is measured
    done = subprocess.run(
        [sys.executable, "-m", "streambench", "calibrate", "--json", "--wait"],
        cwd=tmp_path_factory.mktemp("calibrated"),
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    return Calibrated(done.returncode, json.loads(done.stdout)["lines"])


def test_everything_that_is_set_is_found(calibrated: Calibrated) -> None:
    assert len(calibrated.lines) == 22
    missed = [line for line in calibrated.lines if not line["held"]]
    assert calibrated.exit_code == (ExitCode.FAILED if missed else ExitCode.OK)
    spoilt = [
        line
        for line in missed
        if any(words in str(line.get("why_missed") or line.get("found")) for words in NOT_OURS)
    ]
    # What was measured, and is wrong, is a fault on any machine.
    wrong = [line for line in missed if line not in spoilt]
    assert not wrong, json.dumps(wrong, indent=1)
    if spoilt:
        pytest.skip(f"the machine was not ours alone, {len(spoilt)} times: {spoilt[0]}")


def test_damage_is_counted_to_the_row_on_any_machine(
    calibrated: Calibrated, tmp_path: Path
) -> None:
    lines = [line for line in calibrated.lines if line.get("unit") == "rows"]
    if any(line["measured"] is None for line in lines):  # its trial was spoilt
        again = Calibration.prepared(tmp_path, ANY_MACHINE)
        found = dataclasses.replace(again, workspaces=one_broker.workspace).damage()
        lines = as_data(found, took_s=0)["lines"]
    assert len(lines) == 7
    assert all(line["held"] for line in lines), lines
    assert all(line["set"] >= 4 for line in lines[:6])
