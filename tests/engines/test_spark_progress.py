"""What can be known of a Spark job from its own files."""

from __future__ import annotations

import json
from pathlib import Path

from streambench.engines.spark.progress import read_batches, read_progress


def line(event: str, **values: object) -> str:
    return json.dumps({"event": event, "at": 1.0, **values}) + "\n"


def batch(number: int, late: int) -> str:
    return line(
        "batch",
        number=number,
        records=10,
        duration_ms={"addBatch": number},
        watermark=None,
        late_partial_rows=late,
    )


def test_late_rows_are_summed_and_a_line_half_written_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    text = line("session", configuration={"a": "1", "b": None}) + line("started", run="r")
    file.write_text(text + batch(0, 2) + batch(1, 3) + batch(2, 5)[:-10])
    told = read_progress(file)
    assert told.configuration == {"a": "1"}
    assert told.started
    assert told.batches == 2
    assert told.late_partial_rows == 5
    assert told.last_durations_ms == {"addBatch": 1}
    assert told.failure is None


def test_a_new_driver_begins_anew_after_what_the_killed_one_left_half_written(
    tmp_path: Path,
) -> None:
    file = tmp_path / "progress.jsonl"
    first = line("begun", pid=7) + line("session", configuration={"a": "1"})
    first += line("started", run="r") + batch(0, 2) + line("terminated", exception="x")
    file.write_text(first + batch(1, 3)[:-10])
    assert read_progress(file).failure == "x"
    file.write_text(first + batch(1, 3)[:-10] + "\n" + line("begun", pid=8))
    told = read_progress(file)
    assert (told.pid, told.started, told.failure) == (8, False, None)
    assert (told.batches, told.fresh_batches, told.late_partial_rows) == (1, 0, 2)
    with file.open("a") as more:
        more.write(line("session", configuration={"a": "1"}) + line("started", run="s"))
        more.write(batch(1, 3))
    told = read_progress(file)
    assert (told.started, told.batches, told.fresh_batches) == (True, 2, 1)
    assert told.late_partial_rows == 5


def test_before_the_first_line_nothing_has_started(tmp_path: Path) -> None:
    assert not read_progress(tmp_path / "progress.jsonl").started


def test_a_query_that_ended_failed_even_without_an_exception(tmp_path: Path) -> None:
    file = tmp_path / "progress.jsonl"
    file.write_text(line("terminated", exception=None))
    assert read_progress(file).failure == "the query ended by itself"


def test_batches_come_in_their_order_with_watermark_and_end_offsets(tmp_path: Path) -> None:
    offsets = tmp_path / "offsets"
    offsets.mkdir()
    for number in (10, 9):
        metadata = json.dumps({"batchWatermarkMs": number * 1_000, "conf": {}})
        ends = json.dumps({"input": {"0": number, "1": number + 1}})
        (offsets / str(number)).write_text(f"v1\n{metadata}\n{ends}")
    (offsets / ".11.tmp").write_text("half")
    (offsets / "11.tmp").write_text("half")
    assert read_batches(tmp_path) == ((9_000, {0: 9, 1: 10}), (10_000, {0: 10, 1: 11}))


def test_without_a_checkpoint_there_are_no_batches(tmp_path: Path) -> None:
    assert read_batches(tmp_path) == ()
