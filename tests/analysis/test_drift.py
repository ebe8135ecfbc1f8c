"""Drift over the run: false alarms stay at the level, a drift is found, and its words are true."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from streambench.analysis.compare.comparison import compare
from streambench.analysis.compare.sides import pairs_of, read_sides
from streambench.analysis.drift import DRIFT_LEVEL, RoundLog, change_over_rounds, run_drifts
from streambench.analysis.published.comparison import comparison_to_json
from streambench.analysis.published.drift import drift_results
from streambench.report.comparison.document import compose_comparison
from streambench.report.compose import compose
from streambench.report.document import Points
from streambench.report.markdown import render_document
from streambench.report.terminal import render
from streambench.report.words.drift import drift_lines, seen_drift_lines
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.analysis.compare.bundles import bundle_of
from tests.report.example import RIGHT, RUN, completed, measures, tables

# Of the trials of identical engines that were measured (docs/method.md, identical engines).
MEASURED = (0.43, 0.16, 0.11, 0.15)
RUNS = 1_500


def alarms(spreads: Sequence[float], rounds: int, *, common: float = 0.0, lost: int = 0) -> float:
    """The share of runs without a drift in which one is seen; `common` is the spread of rounds."""
    draw = np.random.Generator(np.random.PCG64(7))
    found = 0
    for _ in range(RUNS):
        of_round = draw.normal(0, common, rounds) if common else np.zeros(rounds)
        levels = draw.normal(5, 2, len(spreads))
        contenders: list[list[RoundLog]] = [
            list(enumerate(level + of_round + draw.normal(0, spread, rounds)))
            for level, spread in zip(levels, spreads, strict=True)
        ]
        for _ in range(lost):
            contenders[int(draw.integers(len(spreads)))].pop()
        change = change_over_rounds(contenders)
        assert change is not None
        found += change.p_value <= DRIFT_LEVEL
    return found / RUNS


@pytest.mark.parametrize("spreads", [(0.15,), (0.43, 0.11), (0.15,) * 4, MEASURED])
@pytest.mark.parametrize("rounds", [3, 5, 12])
def test_false_alarms_stay_at_the_level(spreads: Sequence[float], rounds: int) -> None:
    assert alarms(spreads, rounds) <= DRIFT_LEVEL + 0.015


def test_they_do_where_trials_are_missing() -> None:
    assert alarms(MEASURED, 5, lost=2) <= DRIFT_LEVEL + 0.015


@pytest.mark.parametrize(("rounds", "most"), [(3, 0.10), (5, 0.085), (12, 0.07)])
def test_what_a_whole_round_has_in_common_is_hardly_called_a_drift(
    rounds: int, most: float
) -> None:
    """A neighbour that slows one round by as much as half of what trials differ by."""
    assert alarms((0.15,) * 4, rounds, common=0.075) <= most


def test_a_drift_is_measured_without_bias() -> None:
    draw = np.random.Generator(np.random.PCG64(3))
    held, changes = 0, []
    for _ in range(RUNS):
        change = change_over_rounds(
            [
                [(at, level + 0.1 * at + float(draw.normal(0, 0.1))) for at in range(5)]
                for level in (3.0, 5.0, 8.0)
            ]
        )
        assert change is not None
        low, high = change.interval(DRIFT_LEVEL)
        held += low <= 0.4 <= high
        changes.append(change.mean)
    assert np.mean(changes) == pytest.approx(0.4, abs=0.01)
    assert 0.94 <= held / RUNS <= 0.99


def test_each_contender_has_its_own_level_and_may_miss_a_round() -> None:
    slow = [(at, 9.0 + 0.1 * at) for at in (2, 3, 4)]
    fast = [(at, 1.0 + 0.1 * at) for at in (0, 1, 2)]
    change = change_over_rounds([slow, fast])
    assert change is not None
    assert change.mean == pytest.approx(0.4)
    assert change.p_value == 0


@pytest.mark.parametrize("rounds", [0, 1, 2])
def test_fewer_than_three_rounds_tell_nothing(rounds: int) -> None:
    assert change_over_rounds([[(at, 1.0) for at in range(rounds)]] * 4) is None


def run_of(root: Path, **values_ms: Sequence[float]) -> Bundle:
    """A run whose rounds have these p99; what it costs does not change."""
    rounds = {name.replace("_", "-"): values for name, values in values_ms.items()}
    return bundle_of(root, rounds, run={"repeats": len(next(iter(rounds.values())))})


RISING = {"flink": (50, 56, 66, 70, 81), "spark": (1_000, 1_140, 1_220, 1_420, 1_600)}
LEVEL = {"flink": (50, 56, 51, 49, 55), "spark": (1_000, 1_140, 1_020, 1_100, 990)}


def test_a_rise_is_told_with_its_interval(tmp_path: Path) -> None:
    bundle = run_of(tmp_path, **RISING)
    delay, cpu = run_drifts(bundle)
    assert delay.seen
    assert delay.bounds[0] < 1.6 < delay.bounds[1]
    assert (delay.rounds, len(delay.trials)) == (5, 10)
    (told, steady) = drift_lines(bundle)
    assert told == (
        "Over the run the result delay p99 rose by 60 % (95 %: 53 to 68 %), "
        "from the first of 5 rounds to the last."
    )
    assert not cpu.seen
    assert steady == (
        "No drift over the run was seen in the engine CPU. It was the same in all trials of each engine."
    )
    assert seen_drift_lines(bundle) == (told,)


def test_a_fall_is_told_from_its_lesser_end(tmp_path: Path) -> None:
    falling = {name: tuple(reversed(values)) for name, values in RISING.items()}
    told = drift_lines(run_of(tmp_path, **falling))[0]
    assert told.startswith("Over the run the result delay p99 fell by 37 % (95 %: 34 to 40 %), ")


def test_where_none_was_seen_it_says_what_would_have_been(tmp_path: Path) -> None:
    bundle = run_of(tmp_path, **LEVEL)
    (drift, _) = run_drifts(bundle)
    assert not drift.seen
    told = drift_lines(bundle)[0]
    share = round(100 * (drift.seen_factor - 1))
    assert told == (
        "No drift over the run was seen in the result delay p99. "
        f"10 trials would have shown a rise of {share} % in 8 of 10 tries."
    )
    assert 5 < share < 50
    assert seen_drift_lines(bundle) == ()


def test_what_no_one_would_have_seen_is_no_percentage(tmp_path: Path) -> None:
    told = drift_lines(run_of(tmp_path, flink=(50, 90, 52)))[0]
    assert told == (
        "No drift over the run was seen in the result delay p99. "
        "3 trials would have shown only a change by more than tenfold."
    )


@pytest.mark.parametrize("rounds", [1, 2])
def test_of_fewer_than_three_rounds_nothing_is_said(tmp_path: Path, rounds: int) -> None:
    bundle = run_of(tmp_path, flink=RISING["flink"][:rounds])
    assert drift_lines(bundle) == ()
    assert drift_results(bundle) == ()


def test_the_slowest_window_is_tested_where_a_p99_was_not_earned(tmp_path: Path) -> None:
    bundle = bundle_of(tmp_path, RISING, run={"repeats": 5}, trial={"measured_windows": 50})
    assert "the result delay max rose" in drift_lines(bundle)[0]


def test_cold_trials_tell_nothing(tmp_path: Path) -> None:
    assert drift_lines(bundle_of(tmp_path, RISING, run={"repeats": 5, "quick": True})) == ()


def test_every_kind_of_report_says_it(tmp_path: Path) -> None:
    bundle = run_of(tmp_path, **RISING)
    told, steady = drift_lines(bundle)
    document = compose(bundle)
    points = {
        section.anchor: [
            point for block in section.blocks if isinstance(block, Points) for point in block.points
        ]
        for section in document.sections
    }
    assert told in points["verdict"]
    assert steady not in points["verdict"]
    assert {told, steady} <= set(points["trials"])
    assert told in render_document(document)
    assert " ".join(terminal_text(bundle).split()).count(told) == 1


def terminal_text(bundle: Bundle) -> str:
    console = Console(width=80, file=StringIO())
    with console.capture() as said:
        console.print(render(bundle))
    return said.get()


def test_it_is_published(tmp_path: Path) -> None:
    (delay, cpu) = drift_results(run_of(tmp_path, **RISING))
    assert (delay.metric, delay.rounds, delay.seen) == ("delay_p99_ms", 5, True)
    assert delay.high is not None
    assert delay.low < delay.factor < delay.high
    assert (cpu.metric, cpu.seen, cpu.factor) == ("engine_cpu_s_per_million", False, 1.0)


def test_the_cost_drifts_by_itself(tmp_path: Path) -> None:
    run = replace(RUN, planned=("flink",), repeats=4)
    writer = BundleWriter.create(tmp_path, run)
    for at, cpu_s in enumerate((20.0, 21.1, 22.0, 23.2)):
        figures = measures(20, (50, 54, 49, 53)[at], 60, cpu_s=cpu_s)
        record = completed(at + 1, "flink", RIGHT, figures)
        writer.add_trial(replace(record, round=at), tables(20, 50, seed=at))
    (told,) = seen_drift_lines(read_bundle(writer.finish()))
    assert told.startswith("Over the run the engine CPU rose by 16 % (95 %: ")


def test_a_comparison_notes_whose_run_drifted(tmp_path: Path) -> None:
    drifted = run_of(tmp_path / "a", **RISING)
    steady = run_of(tmp_path / "b", **LEVEL)
    texts = (f"{drifted.folder}:flink", f"{drifted.folder}:spark", f"{steady.folder}:flink")
    comparison = compare(pairs_of(read_sides(texts)))
    assert compose_comparison(comparison).banners == (
        "A and B: over the run the result delay p99 rose by 60 % (95 %: 53 to 68 %).",
    )
    assert '"seen": true' in comparison_to_json(comparison, ())
    alone = compare(pairs_of(read_sides((f"{steady.folder}:flink", f"{steady.folder}:spark"))))
    assert compose_comparison(alone).banners == ()


def test_an_effect_of_rounds_counts_by_round() -> None:
    """All engines of the last round are slow by the same: that is one round of three, not 12 trials."""
    shared = [(0, 0.0), (1, 0.0), (2, 1.0)]
    noise = (0.01, -0.01, 0.02)
    contenders = [
        [(at, log + sign * extra) for (at, log), extra in zip(shared, noise, strict=True)]
        for sign in (1, -1, 1, -1)
    ]
    change = change_over_rounds(contenders)
    assert change is not None
    assert change.freedom == 1
    assert change.p_value > 0.2
    assert math.isfinite(change.error)
