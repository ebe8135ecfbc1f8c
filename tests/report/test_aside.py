"""Trials at another speed of the machine: in no figure of their engine, and checked all the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from streambench.analysis.recoveries import recovered
from streambench.analysis.variants import VariantStatus, standings
from streambench.model.machine import MachineUsage
from streambench.model.verdict import Damage
from streambench.report import markdown
from streambench.results.bundle import Bundle, BundleWriter, read_bundle

from .example import RIGHT, RUN, WRONG, completed, measures, tables
from .example_recovery import CLEAN, KILL, Course, course_tables, hit_trial, kill, read_off

QUIET = MachineUsage(0.5, 0.0, 0.01, 0.0, (), 0.1, 0.0, None)


def of_two_engines(root: Path, gauges_us: Sequence[float], slow_ms: float = 28) -> Bundle:
    """Trials of Flink and Kafka Streams in turn; one of a greater gauge has a p99 of `slow_ms`."""
    run = replace(RUN, repeats=len(gauges_us) // 2, planned=("flink", "kafka-streams"))
    writer = BundleWriter.create(root, run)
    for number, gauge_us in enumerate(gauges_us, start=1):
        label = ("flink", "kafka-streams")[(number + 1) % 2]
        p99_ms = slow_ms if gauge_us > 250 else 28
        figures = {**measures(13, p99_ms, p99_ms + 10), "player_cpu_us_per_request": gauge_us}
        record = completed(number, label, RIGHT, figures, machine=QUIET)
        writer.add_trial(replace(record, round=(number + 1) // 2), tables(13, 28, seed=number))
    return read_bundle(writer.finish())


def test_a_trial_at_another_speed_of_the_machine_is_left_out_alone(tmp_path: Path) -> None:
    bundle = of_two_engines(tmp_path, (200, 205, 210, 260, 204, 206), slow_ms=900)
    stands = {stand.label: stand for stand in standings(bundle)}
    assert {label: stand.rank for label, stand in stands.items()} == {
        "flink": 1,
        "kafka-streams": 1,
    }
    streams = stands["kafka-streams"]
    assert [each.record.number for each in streams.completed] == [2, 6]
    assert [each.record.number for each in streams.aside] == [4]
    assert streams.summary("delay_p99_ms").high == 28
    assert len(streams.verdicts) == 3, "its rows are checked all the same"
    said = markdown.render(bundle)
    assert "Trial 4: the machine was slower than in most: the player took 260.0 µs" in said
    assert "Kafka Streams: 2 of 3 trials are in its figures. Trial 4 was made" in said
    assert "in every trial at the machine's usual speed" in said


def test_damage_in_a_trial_at_another_speed_is_damage(tmp_path: Path) -> None:
    bundle = of_two_engines(tmp_path, (200, 205, 210, 260, 204, 206))
    wrong = completed(4, "kafka-streams", WRONG, measures(13, 28, 41))
    odd = replace(wrong, measures=bundle.trials[3].record.measures)
    trials = tuple(
        replace(each, record=odd) if each.record.number == 4 else each for each in bundle.trials
    )
    (streams,) = (
        each for each in standings(replace(bundle, trials=trials)) if each.label == "kafka-streams"
    )
    assert (streams.status, streams.rank) == (VariantStatus.WRONG, None)


def test_an_engine_of_which_all_trials_were_made_at_another_speed_is_not_ranked(
    tmp_path: Path,
) -> None:
    bundle = of_two_engines(tmp_path, (200, 300, 205, 302, 204, 206))
    trials = tuple(each for each in bundle.trials if each.record.number != 6)
    stands = {each.label: each for each in standings(replace(bundle, trials=trials))}
    assert stands["kafka-streams"].unranked == ("the machine's speed changed, in 2 of 2 trials")
    assert not stands["kafka-streams"].aside, "what it has is shown"
    assert stands["flink"].rank == 1


def killed_at_several_speeds(root: Path) -> Bundle:
    """Kills of three trials of two engines; Kafka Streams' second one at another speed, late and damaged."""
    run = replace(RUN, planned=("flink", "kafka-streams"), repeats=3)
    writer = BundleWriter.create(root, run)
    for number in range(1, 7):
        label = ("flink", "kafka-streams")[(number + 1) % 2]
        odd = number == 4
        course = Course(20, (9.0 if odd else 2.0,), 150_000, bursts=False, seed=number)
        columns = course_tables(course)
        damage = Damage(duplicates=7, windows=1) if odd else CLEAN
        figures = {**measures(13, 28, 41), "player_cpu_us_per_request": 300.0 if odd else 200.0}
        came = read_off(columns, kill(), 99_000.0, damage=damage)
        record = hit_trial(number, label, (came,), figures, measured_windows=40)
        writer.add_trial(replace(record, round=(number + 1) // 2), columns)
    return read_bundle(writer.finish())


def test_a_hit_at_another_speed_of_the_machine_counts_in_the_damage_and_in_no_time(
    tmp_path: Path,
) -> None:
    bundle = killed_at_several_speeds(tmp_path)
    by_label = {one.standing.label: one for one in recovered(bundle, KILL)}
    streams = by_label["kafka-streams"]
    assert streams.rank == 1
    assert len(streams.values) == 2
    assert max(value or 0.0 for value in streams.values) < 4_000
    assert streams.damage.duplicates == 7
    assert [each.trial.record.number for each in streams.every_hit] == [2, 4, 6]
    said = markdown.render(bundle)
    assert "(2 to 3 times each, medians over 2 to 3 trials)" in said
    assert "trial 4, hit 1" in said
    assert "at another speed of the machine" in said
