"""The report of a sweep: curves, knees, and every point with its pace."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from rich.console import Console, RenderableType

from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, Invalid, Outcome, TrialRecord
from streambench.report import markdown
from streambench.report.answer import answer
from streambench.report.compose import compose
from streambench.report.document import figures_of
from streambench.report.drawing import to_png, to_svg
from streambench.report.swept import knee, of, swept
from streambench.report.terminal import render
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from tests.report.example import HELD, RIGHT, RUN, WRONG, measures, trial


def text_of(renderable: RenderableType) -> str:
    console = Console(width=80, file=io.StringIO(), no_color=True)
    console.print(renderable)
    return cast(io.StringIO, console.file).getvalue()


RATES = (5_000.0, 10_000.0, 20_000.0)
FLAT = {
    "lag_slope_ms_per_s": 0.2, "lag_slope_lower_ms_per_s": -1.0,
    "lag_slope_upper_ms_per_s": 1.4, "backlog_end_ms": 3.0,
}  # fmt: skip
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


def test_a_knee_is_the_last_rate_before_the_first_that_was_not_kept(bundle: Bundle) -> None:
    every = swept(bundle)
    assert knee(of(every, "flink")) == 10_000
    assert knee(of(every, "kafka-streams")) == 5_000
    assert answer(bundle) == (
        "Shown to keep up: Flink SQL up to 10,000 events/s, Kafka Streams up to 5,000 events/s; "
        "Kafka Streams not right at every point."
    )


def test_the_report_has_a_curve_for_delay_and_cost_and_every_point(bundle: Bundle) -> None:
    document = compose(bundle)
    names = [figure.name for figure in figures_of(document)]
    assert names[:4] == ["sweep-median", "sweep-tail", "sweep-cost", "sweep-memory"]
    for figure in figures_of(document):
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


def test_an_invalid_point_is_told_and_ends_the_curve(tmp_path: Path) -> None:
    bundle = bundle_of(
        tmp_path,
        [
            at(1, "flink", 5_000, FLAT, Completed(RIGHT)),
            at(2, "flink", 10_000, FLAT, Invalid("the load came late")),
            at(3, "flink", 20_000, FLAT, Completed(RIGHT)),
        ],
    )
    assert knee(of(swept(bundle), "flink")) == 5_000
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
    figure = figures_of(compose(bundle))[0]
    svg = to_svg(figure.draw, narrow=False, prefix="x", title="t")
    assert "workers = 1" in svg
    assert "workers = 2" in svg
    assert len(figure.table.rows) == 4
    assert "CPU seconds per million" in answer(bundle)
