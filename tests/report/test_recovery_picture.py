"""The picture of a recovery: what it shows, how far, and how finely."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from streambench.analysis.hits import late_stretches
from streambench.analysis.phases import RecoveryPhase
from streambench.analysis.recoveries import recovered
from streambench.report.document import Plot
from streambench.report.plots.recovery_curves import around
from streambench.report.sections.recovery import recovery_sections
from streambench.results.bundle import Bundle, read_bundle

from .example_recovery import KILL, KILL_MS, Course, course_tables, faulted, never_back


def figure_of(bundle: Bundle) -> Plot:
    """The first fault's picture."""
    return next(b for b in recovery_sections(bundle)[0].blocks if isinstance(b, Plot))


def test_the_lag_curve_is_finer_than_a_second_and_counts_from_the_hit(tmp_path: Path) -> None:
    kafka = recovered(read_bundle(faulted(tmp_path)), KILL)[0]
    curves = around(kafka.hits[0], "delay")
    assert curves is not None
    lag = curves.lag
    assert lag.t_s[0] == pytest.approx(-5)
    assert float(np.diff(lag.t_s).max()) <= 0.11
    before = lag.values[lag.t_s < -0.3]
    assert before.max() < 0.03  # an engine that keeps up shows its usual delay
    assert lag.values.max() == pytest.approx(1.9, abs=0.3)  # it was away for 2.1 s
    after = lag.values[(lag.t_s > 3.5) & (lag.t_s < 20)]
    assert after.max() < 0.03


def test_the_picture_ends_soon_after_the_last_engine_was_back_for_good(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    figure = figure_of(bundle)
    axes = figure.draw(False).axes[0]
    settled_s = max(
        (each.phase(RecoveryPhase.BACK_FOR_GOOD).median or 0) / 1000
        for each in recovered(bundle, KILL)
    )
    assert axes.get_xlim()[0] == pytest.approx(-5, abs=0.1)
    assert axes.get_xlim()[1] == pytest.approx(settled_s + 3, abs=0.01)


def test_an_engine_that_never_came_back_does_not_make_the_others_small(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    gone = never_back(observed_ms=48_000.0)
    flink = replace(bundle.trials[1].record, recoveries=(gone,))
    dead = course_tables(Course(24, (60.0,), 200_000, bursts=False))
    pq.write_table(dead["windows"], bundle.trials[1].folder / "windows.parquet")
    trials = (bundle.trials[0], replace(bundle.trials[1], record=flink))
    figure = figure_of(replace(bundle, trials=trials))
    lanes, lag, _ = figure.draw(False).axes
    assert lanes.get_xlim()[1] < 10
    assert lag.get_ylim()[1] < 10  # as far as it is drawn
    assert "Arrow: not over within the trial." in figure.reading


def test_a_window_that_never_came_is_a_cross(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    path = bundle.trials[0].folder / "windows.parquet"
    table = pq.read_table(path)
    closing, complete = (table.column(n).to_pylist() for n in ("closing_ms", "complete_ms"))
    lost = next(n for n, at_ms in enumerate(closing) if at_ms > 51_000)
    complete[lost] = None
    place = table.column_names.index("complete_ms")
    pq.write_table(table.set_column(place, "complete_ms", pa.array(complete, pa.float64())), path)
    figure = figure_of(bundle)
    crosses = [
        line.get_xdata() for line in figure.draw(False).axes[2].lines if line.get_marker() == "x"
    ]
    assert [float(x) for xs in crosses for x in xs] == [
        pytest.approx((closing[lost] - 50_316) / 1000)
    ]
    assert "Cross: a window that never became complete and right." in figure.reading


def test_the_picture_names_everybody_with_their_damage(tmp_path: Path) -> None:
    figure = figure_of(read_bundle(faulted(tmp_path)))
    for narrow in (False, True):
        drawn = {text.get_text() for text in figure.draw(narrow).axes[0].texts}
        assert {"1= Kafka Streams", "1= Flink SQL", "Python consumer"} <= drawn
        assert "0 lost · 1,204 twice · 0 miscounted" in drawn
        assert "0 lost · 0 twice · 24 over-counted" in drawn


def test_a_bar_stands_where_results_were_late_as_high_as_the_share_of_partitions(
    tmp_path: Path,
) -> None:
    bundle = read_bundle(faulted(tmp_path))
    by_label = {each.standing.label: each for each in recovered(bundle, KILL)}
    (kafka,) = late_stretches(bundle, by_label["kafka-streams"].hits[0])
    (flink,) = late_stretches(bundle, by_label["flink"].hits[0])
    assert (kafka.share, flink.share) == (0.5, 1.0)  # two of its four partitions kept flowing
    for stretch, label in ((kafka, "kafka-streams"), (flink, "flink")):
        late_ms = by_label[label].deciding.median
        assert (stretch.end_s - stretch.start_s) * stretch.share * 1000 == pytest.approx(late_ms)
    bars = figure_of(bundle).draw(False).axes[0].patches
    heights = sorted({round(bar.get_height(), 6) for bar in bars})
    assert heights[0] == pytest.approx(heights[-1] / 2)


def test_each_late_stretch_is_a_bar_of_its_own(tmp_path: Path) -> None:
    bundle = read_bundle(faulted(tmp_path))
    flink = recovered(bundle, KILL)[1].hits[0]
    path = flink.trial.folder / "partitions.parquet"
    table = pq.read_table(path)
    delay = table.column("complete_ms").to_numpy().copy()
    closing = table.column("closing_ms").to_numpy()
    delay[(closing > KILL_MS + 10_000) & (closing < KILL_MS + 12_000)] = 900.0
    place = table.column_names.index("complete_ms")
    pq.write_table(table.set_column(place, "complete_ms", pa.array(delay)), path)
    assert len(late_stretches(bundle, flink)) == 2
