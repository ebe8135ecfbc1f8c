"""What a report says of the machine, of its capacity and of what is not known of cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from streambench.model.capacity import CarriedRate, MachineCapacity
from streambench.model.machine import MachineUsage, Stranger
from streambench.report import markdown
from streambench.results.bundle import BundleWriter, read_bundle
from tests.report.example import RIGHT, RUN, completed, every_result, measures, tables

BUSY = MachineUsage(0.31, 0.002, 0.011, 0.062, (Stranger("cc1", 0.058),), 0.79, 0.0, None)
CAPACITY = MachineCapacity(
    "{}", "2026-11-19T08:00:00+00:00", (CarriedRate(250_000, True, None, 2.0, 0.1, 0.2),)
)


def text_of(root: Path, *, machine: MachineUsage | None = None, capacity: MachineCapacity) -> str:
    run = replace(RUN, planned=("flink",), capacity=capacity)
    writer = BundleWriter.create(root, run)
    record = completed(1, "flink", RIGHT, measures(13, 28, 41), machine=machine)
    writer.add_trial(record, tables(13, 28))
    return markdown.render(read_bundle(writer.finish()))


def test_the_machine_of_each_trial_is_shown_with_who_else_used_it(tmp_path: Path) -> None:
    said = text_of(tmp_path, machine=BUSY, capacity=CAPACITY)
    (row,) = [line for line in said.splitlines() if "cc1 5.8" in line]
    for figure in ("31.0", "6.2", "1.1", "0.2", "79.0", "0.0", "–"):
        assert figure in row
    assert "marked above 3% and invalid above 10%" in said


def test_a_quota_is_shown_where_one_holds(tmp_path: Path) -> None:
    words = "a quota was used up"
    assert words not in text_of(tmp_path / "none", machine=BUSY, capacity=CAPACITY)
    throttled = replace(BUSY, throttled_share=0.034)
    said = text_of(tmp_path / "quota", machine=throttled, capacity=CAPACITY)
    assert words in said
    (row,) = [line for line in said.splitlines() if "cc1 5.8" in line]
    assert "3.4" in row


def test_a_bundle_that_knows_nothing_of_the_machine_says_nothing(tmp_path: Path) -> None:
    assert "something else" not in text_of(tmp_path, capacity=CAPACITY).lower()


@pytest.mark.parametrize(
    ("of_this_run", "words"),
    [
        (True, "It was tried at the beginning of this run."),
        (False, "It was tried at 2026-11-19T08:00:00+00:00, maybe for another run."),
    ],
)
def test_a_capacity_says_whose_it_is(tmp_path: Path, of_this_run: bool, words: str) -> None:
    assert words in text_of(tmp_path, capacity=replace(CAPACITY, of_this_run=of_this_run))


def test_nothing_is_said_of_an_engine_because_a_value_is_missing(tmp_path: Path) -> None:
    """No trial here knows its checkpoints, and Spark's and Flink's state is in none but those."""
    said = markdown.render(read_bundle(every_result(tmp_path)))
    assert "has no checkpoints" not in said
    assert "its state is in the broker" not in said


def test_a_bundle_of_before_calls_its_capacity_otherwise(tmp_path: Path) -> None:
    run = replace(RUN, planned=("flink",), capacity=CAPACITY)
    folder = BundleWriter.create(tmp_path, run).finish()
    file = folder / "run.json"
    file.write_text(file.read_text().replace('"capacity"', '"null_trial"'))
    assert read_bundle(folder).run.capacity == CAPACITY
