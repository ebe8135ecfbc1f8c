"""Commits must not meet the closings of windows at few phases: the default is moved, a user's is warned of."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from streambench.experiment.build import Options, make_request
from streambench.experiment.lengths import usual_lengths
from streambench.experiment.phases import Closings, closings, locks_phase, unlocked
from streambench.experiment.request import Request
from streambench.model.conditions import Conditions, Guarantee, Profile
from streambench.model.sweep import AxisName, Point
from streambench.model.windows import Tumbling
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CLICKS = load_workload(shipped_root() / "clicks")
FLIGHTS = load_workload(shipped_root() / "flights")


def of_windows(window_ms: int) -> Closings:
    """Those of a plain run."""
    query = dataclasses.replace(CLICKS.query, window=Tumbling(window_ms))
    workload = dataclasses.replace(CLICKS, query=query)
    return closings(workload, usual_lengths(workload).measured_ms)


def request(
    *settings: str,
    workload: str = "clicks",
    engines: tuple[str, ...] = ("flink", "spark", "kafka-streams", "kafka-python"),
    point: Point = (),
    **terms: object,
) -> Request:
    options = Options(
        workload=workload,
        engines=engines,
        settings=settings,
        conditions=Conditions(**terms),  # type: ignore[arg-type]
        faults=(),
    )
    return make_request(options, point)


@pytest.mark.parametrize(
    ("interval_ms", "window_ms"),
    [
        (500, 500),
        (100, 500),
        (250, 500),
        (1_000, 500),  # two phases
        (750, 500),  # three phases
        (499, 500),  # drifts by 1 ms a window
        (1_001, 500),
        (970, 97_000),
        (970, 970),
        (120_000, 500),  # a minute of windows comes at half of its phases
    ],
)
def test_few_phases_are_told(interval_ms: int, window_ms: int) -> None:
    assert locks_phase(interval_ms, of_windows(window_ms))


@pytest.mark.parametrize(
    ("interval_ms", "window_ms"),
    [
        *((970, window_ms) for window_ms in (500, 1_000, 4_000, 10_000, 60_000, 3_600_000)),
        (300, 970),
        (400, 500),  # four phases at equal distances
        (30_000, 500),  # a minute of windows goes round it twice
        (10, 500),  # shorter than what disorder and quanta spread
    ],
)
def test_spread_phases_are_no_fault(interval_ms: int, window_ms: int) -> None:
    assert not locks_phase(interval_ms, of_windows(window_ms))


def test_the_usual_interval_stays_where_it_can() -> None:
    for window_ms in (500, 1_000, 4_000, 60_000):
        found = unlocked(of_windows(window_ms), Conditions())
        assert (found.conditions, found.told) == (Conditions(), None)


@pytest.mark.parametrize("window_ms", [970, 485, 1_940, 97_000, 968])
def test_the_usual_interval_is_moved_where_it_locks(window_ms: int) -> None:
    found = unlocked(of_windows(window_ms), Conditions())
    moved_ms = found.conditions.commit_interval_ms
    assert moved_ms != 970
    assert abs(moved_ms - 970) < 200
    assert not locks_phase(moved_ms, of_windows(window_ms))
    assert found.told is not None
    assert f"is {moved_ms} ms for every engine" in found.told


def test_an_interval_that_was_chosen_is_not_moved() -> None:
    chosen = Conditions(commit_interval_ms=500)
    found = unlocked(of_windows(500), chosen)
    assert found.conditions == chosen
    assert "the commit interval of 500 ms meets the closings of windows of 500 ms" in (
        found.told or ""
    )
    assert unlocked(of_windows(500), Conditions(commit_interval_ms=960)).told is None


def test_the_points_of_a_sweep_keep_their_intervals_and_are_told_of() -> None:
    points = {
        ms: request(point=((AxisName.COMMIT, float(ms)),), guarantee=Guarantee.EXACTLY_ONCE)
        for ms in (100, 300, 970)
    }
    for ms, found in points.items():
        assert found.conditions.commit_interval_ms == ms
    assert ["at few phases" in " ".join(found.warnings) for found in points.values()] == [
        True,
        True,
        False,
    ]
    usual = Conditions()
    assert unlocked(of_windows(970), usual, chosen=True).conditions == usual


def test_a_replay_counts_its_windows_as_they_are_played() -> None:
    assert closings(FLIGHTS, 60_000) == Closings(20, 2_000, "windows of 1 h")
    assert closings(CLICKS, 60_000) == Closings(120, 500, "windows of 500 ms")


def test_a_plain_run_has_nothing_to_warn_of() -> None:
    for guarantee in Guarantee:
        assert request(guarantee=guarantee).warnings == ()
    assert request(workload="flights").warnings == ()


@pytest.mark.parametrize(
    ("setting", "title", "words"),
    [
        ("flink:execution.checkpointing.interval=1 s", "Flink", "is 1000 ms (user)"),
        ("flink:execution.checkpointing.interval=500", "Flink", "is 500 ms (user)"),
        ("kafka-streams:commit.interval.ms=100", "Kafka Streams", "is 100 ms (user)"),
        ("kafka-python:worker.commit_interval_ms=500", "Python", "is 500 ms (user)"),
    ],
)
def test_a_users_own_interval_is_warned_of(setting: str, title: str, words: str) -> None:
    (warning,) = request(setting).warnings
    assert title in warning
    assert words in warning
    assert "windows of 500 ms" in warning
    assert not request(setting.partition("=")[0] + "=970").warnings


def test_an_interval_that_an_engine_ships_with_is_warned_of() -> None:
    shipped = request(
        engines=("kafka-streams",), guarantee=Guarantee.EXACTLY_ONCE, profile=Profile.DEFAULTS
    )
    (warning,) = shipped.warnings
    assert "commit.interval.ms is 100 ms (engine default)" in warning


def test_the_moved_interval_is_in_every_plan(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (shipped_root() / "clicks" / "workload.toml").read_text()
    folder = tmp_path / "workloads" / "odd"
    folder.mkdir(parents=True)
    (folder / "workload.toml").write_text(text.replace('"500 ms"', '"970 ms"'))
    monkeypatch.chdir(tmp_path)
    found = request(workload="odd", guarantee=Guarantee.EXACTLY_ONCE)
    moved_ms = found.conditions.commit_interval_ms
    assert f"is {moved_ms} ms for every engine" in found.warnings[0]
    assert len(found.warnings) == 1
    for contender in found.contenders:
        asked = {
            setting.value
            for setting in getattr(contender.plan, "settings", ())
            if "commit" in setting.name or setting.name == "execution.checkpointing.interval"
        }
        assert not any("970" in value for value in asked)
