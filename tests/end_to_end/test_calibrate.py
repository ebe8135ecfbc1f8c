"""The calibration: by day all that no other test finds, by night as a user runs it."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streambench.cli.calibrate import as_data
from streambench.cli.calibrating import Calibration
from streambench.experiment.calibration.compare import Line, OutcomeCheck
from streambench.model.errors import ExitCode
from streambench.model.machine import ANY_MACHINE
from streambench.runtime.runlock import RunLock
from tests.one_broker import brief_jvms, one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.alone]

# What a trial is called when another's work took the machine: then no time of it proves anything.
NOT_OURS = (
    "something else was running",
    "other guests of this host",
    "memory was short",
    "the load came late",
)


@dataclass(frozen=True)
class Calibrated:
    """How `streambench calibrate` ended, None: it was not asked as a command, and its lines."""

    exit_code: ExitCode | None
    lines: list[dict[str, Any]]


_NOT_SEARCHED = OutcomeCheck("a rate", "", "", True)


class _ByDay(Calibration):
    """All but the search for a set rate, which takes a third of the time: test_find_rate has such a one."""

    def rate(self) -> Line:
        """No search."""
        return _NOT_SEARCHED


def by_day(folder: Path) -> Calibrated:
    with RunLock(wait=True), _ByDay.prepared(folder).on_one_broker() as together:
        found = tuple(line for line in together.lines() if line is not _NOT_SEARCHED)
    return Calibrated(None, as_data(found, took_s=0)["lines"])


def as_a_command(folder: Path) -> Calibrated:
    done = subprocess.run(
        [sys.executable, "-m", "streambench", "calibrate", "--json", "--wait"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=1_800,
        check=False,
    )
    return Calibrated(ExitCode(done.returncode), json.loads(done.stdout)["lines"])


@pytest.fixture(
    scope="module", params=[by_day, pytest.param(as_a_command, marks=pytest.mark.nightly)]
)
def calibrated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Calibrated:
    one_broker.close()  # nothing of ours runs beside what is measured
    made: Callable[[Path], Calibrated] = request.param
    with brief_jvms(None):  # its broker is a part of the instrument
        return made(tmp_path_factory.mktemp("calibrated"))


def test_everything_that_is_set_is_found(calibrated: Calibrated) -> None:
    missed = [line for line in calibrated.lines if not line["held"]]
    if calibrated.exit_code is None:
        assert len(calibrated.lines) == 21
    else:
        assert len(calibrated.lines) == 22
        assert calibrated.exit_code is (ExitCode.FAILED if missed else ExitCode.OK)
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
