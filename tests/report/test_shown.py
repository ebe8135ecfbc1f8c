from __future__ import annotations

from streambench.model.metrics import METRICS
from streambench.model.trial import TrialRecord
from streambench.report.document import Cell, Tone
from streambench.report.shown import maximum_of, shown

from .example import MIB, RIGHT, completed, measures


def record(p99_ms: float = 28, windows: int = 120) -> TrialRecord:
    figures = measures(13, p99_ms, 41)
    return completed(1, "flink", RIGHT, figures, measured_windows=windows)


def test_a_percentile_is_shown_from_its_number_of_windows_on() -> None:
    assert shown("delay_p99_ms", [record(windows=100)]).labelled == "28"
    assert shown("delay_p99_ms", [record(windows=99)]).labelled == "max 41"
    assert shown("delay_p50_ms", [record(windows=20)]).labelled == "13"
    assert shown("delay_p50_ms", [record(windows=19)]).labelled == "max 41"


def test_a_percentile_without_a_maximum_is_a_dash_with_the_reason() -> None:
    cell = shown("event_latency_p99_ms", [record(windows=60)]).cell()
    assert cell == Cell("–", "needs 100 windows, had 60", Tone.QUIET)


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    assert shown("gc_pause_ms", [record()]).cell().text == "–"
    assert shown("excess_lag_end_ms", [record()]).cell().text == "0"


def test_repeats_give_their_median_and_range() -> None:
    figure = shown("delay_p99_ms", [record(30), record(20), record(50)])
    assert (figure.text, figure.spread) == ("30", "20 to 50")


def test_a_median_that_leaves_a_trial_out_says_so() -> None:
    unknown = completed(2, "flink", RIGHT, {**measures(13, 28, 41), "delay_p99_ms": None})
    most = shown("delay_p99_ms", [record(30), record(34), unknown])
    assert most.cell() == Cell("32", "30 to 34, known in 2 of 3")
    assert most.labelled == "32 (2/3)"  # where there is no room for a note


def test_what_one_of_five_trials_knows_is_no_median() -> None:
    unknown = completed(2, "flink", RIGHT, {**measures(13, 28, 41), "delay_p99_ms": None})
    one = shown("delay_p99_ms", [record(34), *[unknown] * 4])
    assert one.cell() == Cell("–", "34, known in 1 of 5 trials only", Tone.QUIET)
    assert one.labelled == "–"
    assert shown("delay_p99_ms", [record(34)]).labelled == "34"  # all trials that there are


def test_one_trial_too_short_for_a_percentile_takes_it_from_all() -> None:
    assert shown("delay_p99_ms", [record(), record(windows=50)]).instead


def test_bytes_are_shown_in_the_metrics_unit() -> None:
    figures = {"engine_memory_peak_bytes": 512.0 * MIB}
    assert shown("engine_memory_peak_bytes", [completed(1, "x", RIGHT, figures)]).text == "512"


def test_every_maximum_belongs_to_a_metric_of_the_table() -> None:
    names = {metric.name for metric in METRICS}
    stand_ins = {maximum_of(metric.name) for metric in METRICS} - {None}
    stems = ("delay", "visible", "own_clock_wait", "engine_part")
    assert stand_ins == {f"{stem}_max_ms" for stem in stems}
    assert stand_ins <= names
