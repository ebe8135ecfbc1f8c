"""Rounds of a scripted engine that end early, or when all that were allowed are made."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from streambench.cli import bench as benching
from streambench.cli.until import ends_words, rounds_until
from streambench.experiment.build import Options, make_request
from streambench.experiment.request import Request
from streambench.experiment.session import Session
from streambench.model.errors import ExitCode
from streambench.report.words.until import until_lines
from streambench.results.bundle import Bundle, read_bundle
from streambench.runtime.artifacts import Resolved
from tests.experiment.fake_job import FakeRuns

Run = Callable[..., Bundle]


def request(out: Path, repeats: int) -> Request:
    return make_request(
        Options(
            engines=("reference",),
            measured_s=12.0,
            warm_up_s=1.0,
            rate_per_s=500,
            faults=(),
            repeats=repeats,
            until="p99 ±10%",
            out=out,
        )
    )


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of at most so many rounds, by an engine with these delays, and its bundle."""

    def set_up(requests: Sequence[Request]) -> tuple[Sequence[Request], dict[Any, Resolved]]:
        return requests, {c.variant: Resolved(Path("java"), {}) for c in requests[0].contenders}

    monkeypatch.setattr(benching, "set_up", set_up)
    monkeypatch.setattr(benching, "traces_dir", lambda: tmp_path / "traces")
    monkeypatch.setattr("streambench.report.write.write", lambda folder: (folder,))

    def ran(
        repeats: int, delays_ms: Sequence[int], stops_at: BaseException | None = None
    ) -> Bundle:
        runs = FakeRuns(10_000, delays_ms=delays_ms, stops_at=stops_at)
        monkeypatch.setattr(benching, "Session", partial(Session, running=runs))
        try:
            assert benching.bench((request(tmp_path / "results", repeats),)) is ExitCode.OK
        finally:
            (folder,) = (tmp_path / "results").iterdir()
        return read_bundle(folder)

    return ran


def test_rounds_end_as_soon_as_it_is_known_well_enough(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = run(8, [20, 21, 20, 20, 20, 20, 20, 20])
    assert [trial.record.round for trial in bundle.trials] == [0, 1, 2, 3]
    assert (bundle.run.partial, bundle.run.repeats, bundle.run.rounds_at_most) == (False, 4, 8)
    assert bundle.gaps == ()
    (said,) = until_lines(bundle)
    assert "as was asked, after 4 rounds of at most 8: Reference" in said
    told = " ".join(capsys.readouterr().err.split())
    assert re.search(r"up to 8 trial\(s\) each: at most \d+ min ", told)
    assert ends_words("p99 ±10%") in told
    assert "[4 of at most 8]" in told


def test_rounds_end_when_all_that_were_allowed_are_made(run: Run) -> None:
    bundle = run(5, [20, 60, 30, 90, 25])
    assert (len(bundle.trials), bundle.run.repeats, bundle.run.partial) == (5, 5, False)
    (said,) = until_lines(bundle)
    assert "Not reached" in said
    assert "5 rounds were made, the most that were allowed: " in said


def test_an_interrupted_run_keeps_what_was_measured(run: Run, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(8, [20, 60, 30], KeyboardInterrupt())
    (folder,) = (tmp_path / "results").iterdir()
    bundle = read_bundle(folder)
    assert (len(bundle.trials), bundle.run.partial, bundle.run.repeats) == (3, True, 8)
    (said,) = until_lines(bundle)
    assert "The run was interrupted after 3 rounds: " in said


def test_the_most_rounds_are_what_was_said_else_twenty() -> None:
    assert rounds_until("p99 +-10%", None, quick=False) == ("p99 ±10%", 20)
    assert rounds_until("p99 10%", 7, quick=False) == ("p99 ±10%", 7)
