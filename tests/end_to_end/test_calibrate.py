"""The whole calibration, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from streambench.model.errors import ExitCode

pytestmark = [pytest.mark.engine, pytest.mark.broker]


def test_everything_that_is_set_is_found(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "streambench", "calibrate", "--json", "--wait"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    data = json.loads(done.stdout)
    missed = [line for line in data["lines"] if not line["held"]]
    assert not missed, json.dumps(missed, indent=1)
    assert done.returncode == ExitCode.OK
    assert len(data["lines"]) >= 19
