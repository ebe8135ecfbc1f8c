"""The report of a sweep: curves, knees, and every point with its pace."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console, RenderableType

from streambench.analysis.sweeps import knee, knee_is_seen, of, swept
from streambench.model.conditions import Guarantee
from streambench.model.plan import Origin, Setting
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, Invalid, LeftOut, Outcome, TrialRecord
from streambench.report import markdown
from streambench.report.compose import answer, compose
from streambench.report.document import Plot, plots_of
from streambench.report.plots.drawing import to_png, to_svg
from streambench.report.terminal import render
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import HELD, RIGHT, RUN, WRONG, measures, trial

pytestmark = pytest.mark.drawn


def text_of(renderable: RenderableType) -> str:
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(renderable)
    return cast(io.StringIO, console.file).getvalue()


RATES = (5_000.0, 10_000.0, 20_000.0)
FLAT = {
    "lag_slope_ms_per_s": 0.2, "lag_slope_lower_ms_per_s": -1.0,
    "lag_slope_upper_ms_per_s": 1.4, "backlog_end_ms": 3.0,
}  # fmt: skip
UNSURE = {**FLAT, "lag_slope_upper_ms_per_s": 30.0}
STEEP = {
    "lag_slope_ms_per_s": 400.0, "lag_slope_lower_ms_per_s": 380.0,
    "lag_slope_upper_ms_per_s": 420.0, "backlog_end_ms": 4_000.0,
}  # fmt: skip


def at(
    number: int, label: str, rate: float, lag: dict[str, float], outcome: Outcome, **more: Any
) -> TrialRecord:
    point = ((AxisName.RATE, rate), *more.pop("beside", ()))
    return trial(
        number,
        label,
        outcome,
        certificate=HELD,
        measured_windows=100,
        measures={**measures(20 + rate / 1_000, 60 + rate / 500, 90 + rate / 400), **lag},
        point=point,
        **more,
    )


def bundle_of(folder: Path, records: list[TrialRecord], *axes: Axis) -> Bundle:
    run = replace(
        RUN,
        axes=axes or (Axis(AxisName.RATE, RATES),),
        planned=("flink", "kafka-streams"),
    )
    writer = BundleWriter.create(folder, run)
    for record in records:
        writer.add_trial(record, {})
    return read_bundle(writer.finish())


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Flink keeps up to 10,000/s; Streams' second point is wrong, so it stops at the first."""
    done = Completed(RIGHT)
    return bundle_of(
        tmp_path,
        [
            at(1, "flink", 5_000, FLAT, done),
            at(2, "flink", 10_000, FLAT, done),
            at(3, "flink", 20_000, STEEP, done),
            at(4, "kafka-streams", 5_000, FLAT, done),
            at(5, "kafka-streams", 10_000, FLAT, Completed(WRONG)),
            at(6, "kafka-streams", 20_000, FLAT, done),
        ],
    )


def test_a_knee_is_the_last_rate_before_the_first_that_was_not_borne(bundle: Bundle) -> None:
    every = swept(bundle)
    assert knee(of(every, "flink")) == 10_000
    assert knee(of(every, "kafka-streams")) == 5_000
    assert answer(bundle) == (
        "Shown to keep up: Flink SQL up to 10,000 events/s, Kafka Streams up to 5,000 events/s; "
        "Kafka Streams not right at every point."
    )


def test_a_knee_is_marked_only_where_the_next_rate_was_seen_not_to_be_borne(
    bundle: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert all(knee_is_seen(of(swept(bundle), label)) for label in bundle.labels)
    done = Completed(RIGHT)
    open_ended = bundle_of(
        tmp_path_factory.mktemp("open"),
        [
            *(at(number, "flink", rate, FLAT, done) for number, rate in enumerate(RATES, start=1)),
            at(4, "kafka-streams", 5_000, FLAT, done),
            at(5, "kafka-streams", 10_000, UNSURE, done),
        ],
    )
    every = swept(open_ended)
    assert [knee(of(every, label)) for label in ("flink", "kafka-streams")] == [20_000, 5_000]
    assert not any(knee_is_seen(of(every, label)) for label in open_ended.labels)
    assert "Flink SQL up to 20,000 events/s (no higher rate was tried), Kafka" in answer(open_ended)
    marked, plain = (
        next(f for f in plots_of(compose(each)) if f.name == "sweep-median")
        for each in (bundle, open_ended)
    )
    assert "Strokes: the knees" in marked.reading
    assert "Strokes" not in plain.reading
    assert [_strokes(marked), _strokes(plain)] == [2, 0]


def _strokes(figure: Plot) -> int:
    """Lines that stand upright over the whole height."""
    lines = figure.draw(False).axes[0].get_lines()
    return sum(list(line.get_ydata()) == [0, 1] for line in lines)


def test_what_was_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    records = [
        at(1, "flink", 5_000, FLAT, Completed(RIGHT)),
        at(2, "flink", 10_000, STEEP, Completed(RIGHT)),
        at(3, "flink", 20_000, {}, LeftOut("at 10,000 events/s it fell behind")),
    ]
    bundle = bundle_of(tmp_path, records)
    text = markdown.render_document(compose(bundle))
    assert "An engine is not tried above a rate at which it fell behind" in text
    assert "at 10,000 events/s it fell behind" in text
    assert "unsupported" not in text
    assert "unsupported" not in answer(bundle)
    shown = text_of(render(bundle))
    assert "left out" in shown
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_what_was_not_decided_below_a_rate_that_was_kept_is_borne_as_well(tmp_path: Path) -> None:
    done = Completed(RIGHT)
    records = [
        at(1, "flink", 5_000, UNSURE, done),
        at(2, "flink", 10_000, FLAT, done),
        at(3, "flink", 20_000, STEEP, done),
        at(4, "kafka-streams", 5_000, FLAT, done),
        at(5, "kafka-streams", 10_000, UNSURE, done),
        at(6, "kafka-streams", 20_000, STEEP, done),
    ]
    every = swept(bundle_of(tmp_path, records))
    assert [knee(of(every, label)) for label in ("flink", "kafka-streams")] == [10_000, 5_000]
    assert all(knee_is_seen(of(every, label)) for label in ("flink", "kafka-streams"))


def test_a_rate_that_all_were_spared_is_not_shown(tmp_path: Path) -> None:
    spared = LeftOut("at 10,000 events/s it fell behind")
    records = [
        at(1, "flink", 5_000, FLAT, Completed(RIGHT)),
        at(2, "kafka-streams", 5_000, FLAT, Completed(RIGHT)),
        at(3, "flink", 10_000, STEEP, Completed(RIGHT)),
        at(4, "kafka-streams", 10_000, STEEP, Completed(RIGHT)),
        at(5, "flink", 20_000, {}, spared),
        at(6, "kafka-streams", 20_000, {}, spared),
    ]
    every = swept(bundle_of(tmp_path, records))
    assert [one.point[0][1] for one in every] == [5_000, 5_000, 10_000, 10_000]
    assert [knee(of(every, label)) for label in ("flink", "kafka-streams")] == [5_000, 5_000]


def test_the_report_has_a_curve_for_delay_and_cost_and_every_point(bundle: Bundle) -> None:
    document = compose(bundle)
    names = [figure.name for figure in plots_of(document)]
    assert names[:4] == ["sweep-median", "sweep-tail", "sweep-cost", "sweep-memory"]
    for figure in plots_of(document):
        assert to_png(figure.draw)
        assert "Flink SQL" in to_svg(figure.draw, narrow=True, prefix="x", title="t")
    text = markdown.render_document(document)
    assert "fell behind" in text
    assert "surely more than 380.0" in text
    assert "kept up" in text
    assert "Verdict" not in text  # no ranking over points that differ


def test_the_terminal_shows_each_point_within_80_columns(bundle: Bundle) -> None:
    text = text_of(render(bundle))
    assert all(len(line) <= 80 for line in text.splitlines())
    assert "fell behind" in text
    assert text.count("20,000") == 1


def test_an_invalid_point_is_told_and_says_nothing_against_the_engine(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        [
            at(1, "flink", 5_000, FLAT, Completed(RIGHT)),
            at(2, "flink", 10_000, FLAT, Invalid("the load came late")),
            at(3, "flink", 20_000, FLAT, Completed(RIGHT)),
        ],
    )
    assert knee(of(swept(bundle), "flink")) == 20_000
    assert "the load came late" in markdown.render_document(compose(bundle))


def test_a_grid_has_a_panel_for_each_value_of_its_second_axis(tmp_path: Path) -> None:
    records = [
        at(number, "flink", rate, FLAT, Completed(RIGHT), beside=((AxisName.WORKERS, workers),))
        for number, (rate, workers) in enumerate(
            ((r, w) for r in (5_000.0, 10_000.0) for w in (1.0, 2.0)), start=1
        )
    ]
    axes = (Axis(AxisName.RATE, (5_000, 10_000)), Axis(AxisName.WORKERS, (1, 2)))
    bundle = bundle_of(tmp_path, records, *axes)
    figure = plots_of(compose(bundle))[0]
    svg = to_svg(figure.draw, narrow=False, prefix="x", title="t")
    assert "workers = 1" in svg
    assert "workers = 2" in svg
    assert len(figure.table.rows) == 4
    assert "CPU seconds per million" in answer(bundle)


def by_commit(folder: Path, guarantee: Guarantee, *intervals_ms: float) -> Bundle:
    """Flink follows the interval that is varied, Kafka Streams does not."""
    records: list[TrialRecord] = []
    for label, follows in (("flink", True), ("kafka-streams", False)):
        for interval_ms in intervals_ms:
            value = f"{interval_ms if follows else 7:.0f}"
            delay_ms = 20 + interval_ms
            records.append(
                trial(
                    len(records) + 1,
                    label,
                    Completed(RIGHT),
                    certificate=HELD,
                    measured_windows=100,
                    measures={
                        **measures(20, 60, 90),
                        **FLAT,
                        **{f"visible_{p}_ms": delay_ms for p in ("p50", "p99", "max")},
                    },
                    point=((AxisName.COMMIT, interval_ms),),
                    settings=(Setting("job", "commit", value, Origin.FAIRNESS_RULE, value),),
                )
            )
    axes = (Axis(AxisName.COMMIT, intervals_ms),)
    conditions = replace(RUN.conditions, guarantee=guarantee)
    run = replace(RUN, axes=axes, conditions=conditions, planned=("flink", "kafka-streams"))
    writer = BundleWriter.create(folder, run)
    for record in records:
        writer.add_trial(record, {})
    return read_bundle(writer.finish())


def test_a_sweep_of_the_commit_interval_answers_with_the_delay_that_it_makes(
    tmp_path: Path,
) -> None:
    exactly_once = by_commit(tmp_path / "a", Guarantee.EXACTLY_ONCE, 100, 970)
    assert answer(exactly_once) == (
        "From commit 100 ms to 970 ms, the median delay in ms as a committed reader has it went "
        "Flink SQL 120 → 990, Kafka Streams 120 → 990."
    )
    at_least_once = by_commit(tmp_path / "b", Guarantee.AT_LEAST_ONCE, 100, 970)
    assert "the median delay in ms went Flink SQL 20 → 20" in answer(at_least_once)
    assert "970 ms" in text_of(render(exactly_once))


def test_an_engine_that_does_not_follow_the_commit_interval_is_named(tmp_path: Path) -> None:
    text = markdown.render_document(
        compose(by_commit(tmp_path, Guarantee.EXACTLY_ONCE, 100, 300, 970))
    )
    assert "No setting of Kafka Streams follows the commit interval" in text
    assert "No setting of Flink" not in text


def test_a_course_is_told_only_where_both_ends_are_known(tmp_path: Path) -> None:
    records = [
        at(1, "flink", 5_000, FLAT, Completed(WRONG), beside=((AxisName.WORKERS, 1.0),)),
        at(2, "flink", 10_000, FLAT, Completed(RIGHT), beside=((AxisName.WORKERS, 1.0),)),
        at(3, "flink", 20_000, FLAT, Completed(RIGHT), beside=((AxisName.WORKERS, 1.0),)),
    ]
    axes = (Axis(AxisName.RATE, RATES), Axis(AxisName.WORKERS, (1.0,)))
    said = answer(bundle_of(tmp_path, records, *axes))
    assert said.startswith("The cost at both ends of the sweep by rate is known of no engine")


def test_rates_that_one_job_got_are_told_as_that(bundle: Bundle) -> None:
    """No load rose to each of them, and none had a fresh job."""
    warmed = replace(bundle.run, warming_records=1_000_000, one_job=True)
    text = markdown.render_document(compose(replace(bundle, run=warmed)))
    assert "rates are loads of one job, from the lowest on" in text
    assert "1,000,000 records at once" in text
    assert "rising to the rate" not in text
    fresh = replace(bundle.run, warming_records=1_000_000, rising_s=15.0)
    text = markdown.render_document(compose(replace(bundle, run=fresh)))
    assert "15 s rising to the rate" in text
    assert "loads of one job" not in text
