"""Where an engine's clock waited for a partition, its report says for which; old bundles are read as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streambench.model.plan import EventClock
from streambench.model.trial import ClockWait
from streambench.report.document import Plot, Points, Section
from streambench.report.sections.latency import OWN_CLOCK_METRICS, latency_section
from streambench.results.bundle import BundleWriter, read_bundle
from tests.report import example

SILENT = ClockWait(EventClock.MIN_OF_PARTITIONS, 1, 24, 29_400.0, silent_from_ms=30_000.0)
SPLIT = {
    "own_clock_wait_p50_ms": 12_000.0,
    "own_clock_wait_p99_ms": 29_400.0,
    "engine_part_p50_ms": 31.0,
    "engine_part_p99_ms": 44.0,
}


def section_of(root: Path, *waits: ClockWait, measured: bool = True) -> Section:
    writer = BundleWriter.create(root, replace(example.RUN, planned=("flink",)))
    figures = {**example.measures(13, 28, 41), **(SPLIT if measured else {})}
    record = example.completed(1, "flink", example.RIGHT, figures, clock_waits=waits)
    writer.add_trial(record, example.tables(13, 28))
    return latency_section(read_bundle(writer.finish()))


def points_of(section: Section) -> str:
    return " ".join(" ".join(b.points) for b in section.blocks if isinstance(b, Points))


def headings_of(section: Section) -> list[str | None]:
    figure = next(block for block in section.blocks if isinstance(block, Plot))
    return [column.metric for column in figure.table.columns]


def test_the_silent_partition_is_named_with_since_when_and_what_it_means(tmp_path: Path) -> None:
    said = points_of(section_of(tmp_path, SILENT))
    assert "Flink SQL: partition 1 was silent from 30.0 s of the load to its end" in said
    assert "the slowest partition, so every window waits for it" in said
    assert "24 measured windows waited 1 s or more, 29.4 s at most" in said


@pytest.mark.parametrize(
    ("wait", "words"),
    [
        (replace(SILENT, silent_until_ms=41_500.0), "from 30.0 s of the load to 41.5 s"),
        (replace(SILENT, silent_from_ms=None), "event times of partition 1 were behind"),
        (replace(SILENT, clock=EventClock.PER_PARTITION), "the windows of its keys wait for it"),
        (replace(SILENT, windows=1), "1 measured window waited"),
    ],
)
def test_the_words_follow_what_was_found(tmp_path: Path, wait: ClockWait, words: str) -> None:
    assert words in points_of(section_of(tmp_path, wait))


def test_nothing_is_said_where_no_clock_waited_long(tmp_path: Path) -> None:
    assert "partition" not in points_of(section_of(tmp_path))


def test_a_bundle_of_before_has_no_empty_columns(tmp_path: Path) -> None:
    assert set(OWN_CLOCK_METRICS) <= set(headings_of(section_of(tmp_path / "new")))
    old = headings_of(section_of(tmp_path / "old", measured=False))
    assert "delay_p50_ms" in old
    assert not set(OWN_CLOCK_METRICS) & set(old)
