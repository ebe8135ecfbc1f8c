from __future__ import annotations

from streambench.analysis.metrics import maximum_of, summarise
from streambench.model.metrics import METRICS
from streambench.model.trial import TrialRecord
from streambench.report.document import Cell, Tone
from streambench.report.words.figures import figure_cell, labelled, spread_of, text_of

from .example import MIB, RIGHT, completed, measures


def record(p99_ms: float = 28, windows: int = 120) -> TrialRecord:
    figures = measures(13, p99_ms, 41)
    return completed(1, "flink", RIGHT, figures, measured_windows=windows)


def test_a_percentile_is_shown_from_its_number_of_windows_on() -> None:
    assert labelled(summarise("delay_p99_ms", [record(windows=100)])) == "28"
    assert labelled(summarise("delay_p99_ms", [record(windows=99)])) == "max 41"
    assert labelled(summarise("delay_p50_ms", [record(windows=20)])) == "13"
    assert labelled(summarise("delay_p50_ms", [record(windows=19)])) == "max 41"


def test_a_percentile_without_a_maximum_is_a_dash_with_the_reason() -> None:
    cell = figure_cell(summarise("event_latency_p99_ms", [record(windows=60)]))
    assert cell == Cell("–", "needs 100 windows, had 60", Tone.QUIET)


def test_what_is_not_known_is_a_dash_and_never_zero() -> None:
    assert figure_cell(summarise("gc_pause_ms", [record()])).text == "–"
    assert figure_cell(summarise("excess_lag_end_ms", [record()])).text == "0"


def test_repeats_give_their_median_and_range() -> None:
    figure = summarise("delay_p99_ms", [record(30), record(20), record(50)])
    assert (text_of(figure), spread_of(figure)) == ("30", "20 to 50")


def test_a_median_that_leaves_a_trial_out_says_so() -> None:
    unknown = completed(2, "flink", RIGHT, {**measures(13, 28, 41), "delay_p99_ms": None})
    most = summarise("delay_p99_ms", [record(30), record(34), unknown])
    assert figure_cell(most) == Cell("32", "30 to 34, known in 2 of 3")
    assert labelled(most) == "32 (2/3)"  # where there is no room for a note


def test_what_one_of_five_trials_knows_is_no_median() -> None:
    unknown = completed(2, "flink", RIGHT, {**measures(13, 28, 41), "delay_p99_ms": None})
    one = summarise("delay_p99_ms", [record(34), *[unknown] * 4])
    assert figure_cell(one) == Cell("–", "34, known in 1 of 5 trials only", Tone.QUIET)
    assert labelled(one) == "–"
    assert labelled(summarise("delay_p99_ms", [record(34)])) == "34"  # all trials that there are


def test_one_trial_too_short_for_a_percentile_takes_it_from_all() -> None:
    assert summarise("delay_p99_ms", [record(), record(windows=50)]).instead


def test_bytes_are_shown_in_the_metrics_unit() -> None:
    figures = {"engine_memory_peak_bytes": 512.0 * MIB}
    assert (
        text_of(summarise("engine_memory_peak_bytes", [completed(1, "x", RIGHT, figures)])) == "512"
    )


def test_every_maximum_belongs_to_a_metric_of_the_table() -> None:
    names = {metric.name for metric in METRICS}
    stand_ins = {maximum_of(metric.name) for metric in METRICS} - {None}
    stems = ("delay", "visible", "own_clock_wait", "engine_part")
    assert stand_ins == {f"{stem}_max_ms" for stem in stems}
    assert stand_ins <= names
