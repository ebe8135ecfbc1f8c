"""The A/A benchmark: its factor holds 5 % of single trials, and identical engines are seldom told apart."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.core import TyperGroup
from typer.main import get_command

from benchmarks.alike import (
    REPEATS,
    alarm_share,
    alike,
    delays_of,
    factor_of,
    options_of,
    table,
)
from streambench.cli.main import app
from streambench.results.bundle import BundleWriter, read_bundle
from streambench.results.speed import GAUGE
from tests.report.example import RIGHT, RUN, completed, measures
from tests.results.test_disturbance import QUIET

FLOOR = 2.0


def values(count: int, spread: float, seed: int) -> list[float]:
    return [float(v) for v in 50 * np.exp(np.random.default_rng(seed).normal(0, spread, count))]


def test_the_factor_is_the_least_that_at_most_five_of_a_hundred_pairs_exceed() -> None:
    # 66 pairs of twelve trials: three of them may differ by more.
    trials = [100.0] * 9 + [150.0, 200.0, 400.0]
    assert factor_of(trials, FLOOR) == 4.0  # nine pairs differ fourfold
    assert factor_of([100.0] * 11 + [900.0], FLOOR) == 9.0
    assert factor_of([100.0] * 66 + [900.0], FLOOR) == 1.0  # 66 of 2,211 pairs
    assert factor_of([0.0, 0.5, 1.9], FLOOR) == 1.0  # below the floor there is no difference
    assert factor_of([10.0, 11.9], FLOOR) == 1.0


@pytest.mark.parametrize("by_round", [True, False])
@pytest.mark.parametrize("repeats", REPEATS)
def test_identical_engines_are_told_apart_in_six_of_a_hundred_splits_at_most(
    repeats: int, by_round: bool
) -> None:
    shares = []
    for seed in range(8):
        trials = values(12, 0.2, seed)
        factor = factor_of(trials, FLOOR)
        shares.append(
            alarm_share(trials, repeats, floor=FLOOR, factor=factor, by_round=by_round, splits=100)
        )
    assert np.mean(shares) <= 0.06


def test_a_factor_that_is_too_small_gives_false_alarms() -> None:
    trials = values(12, 0.2, 1)
    share = alarm_share(trials, 1, floor=FLOOR, factor=1.1, by_round=True, splits=200)
    assert share > 0.3


def test_the_greatest_factor_counts_for_all(tmp_path: Path) -> None:
    noisy, calm = values(12, 0.3, 1), values(12, 0.02, 2)
    writer = BundleWriter.create(tmp_path, replace(RUN, repeats=12, planned=("spark", "flink")))
    number = 0
    for at in range(12):
        for label, each in (("spark", noisy), ("flink", calm)):
            number += 1
            record = completed(number, label, RIGHT, measures(9, each[at], 99), round=at)
            # Every other one was at another speed, and had not settled: that stays.
            measured = {**record.measures, GAUGE: 10.0 + 7 * (at % 2)}
            writer.add_trial(replace(record, measures=measured, trend_share=0.4 * (at % 2)), {})
    spoilt = completed(25, "flink", RIGHT, measures(9, 5_000, 9_000), round=12, saturated=True)
    writer.add_trial(spoilt, {})
    beside = completed(26, "flink", RIGHT, measures(9, 5_000, 9_000), round=13)
    writer.add_trial(replace(beside, machine=replace(QUIET, foreign_share=0.04)), {})
    metric, found = delays_of([read_bundle(writer.finish())])
    assert metric == "delay_p99_ms"
    assert found == {"spark": noisy, "flink": calm}
    told = {one.label: one for one in alike(found, floor=FLOOR, splits=50)}
    assert told["spark"].factor > 1.5 > told["flink"].factor
    assert told["flink"].alarms[0].by_round == 0.0  # by the factor of Spark
    text = table(list(told.values()))
    assert "told apart at 5 repeats" in text
    assert text.count("\n") == 3


def test_fewer_than_twelve_trials_are_refused(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, planned=("flink",)))
    writer.add_trial(completed(1, "flink", RIGHT, measures(9, 20, 30)), {})
    with pytest.raises(SystemExit, match="flink: 12 trials are needed, and 1 may be taken"):
        delays_of([read_bundle(writer.finish())])


def test_its_own_run_is_one_that_the_command_line_takes(tmp_path: Path) -> None:
    asked = Namespace(workload="clicks", trials=12, seconds=60, engine=["flink", "spark"])
    command = get_command(app)
    assert isinstance(command, TyperGroup)
    options = options_of(asked, tmp_path)
    parsed = command.commands["run"].make_context("run", options).params
    assert (parsed["repeat"], parsed["duration"], parsed["fault"]) == (12, 60.0, ["none"])
    assert (parsed["engine"], parsed["to"]) == (["flink", "spark"], tmp_path)
