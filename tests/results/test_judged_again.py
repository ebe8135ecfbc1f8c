"""A stored load is judged again from the bundle's own files, and a changed row is found."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from streambench.cli.main import app
from streambench.load.trace import compile_trace
from streambench.model.columns import value_column
from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.plan import EventClock
from streambench.model.trial import Completed, LoadKind, TrialRecord
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.results import expectations
from streambench.results.bundle import BundleWriter, read_bundle
from streambench.results.judged_again import JudgedAgain, judge_again
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS, pairs, right_rows
from tests.report.example import RUN, trial


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> Expected:
    workload = load_workload(find("clicks"))
    cache = tmp_path_factory.mktemp("traces")
    trace = compile_trace(workload, duration_ms=2_000, seed=1, cache=cache, rate_per_s=2_000)
    return expect(trace, workload.query, EventClock.PER_PARTITION)


def stored(
    folder: Path,
    expected: Expected,
    *,
    kind: LoadKind = LoadKind.MEASURED,
    change: bool = False,
) -> Path:
    """A bundle with one load, whose rows are changed after they were judged if `change` is set."""
    rows = right_rows(expected)
    judged = judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    table = judged.rows
    if change:
        name = value_column(expected.aggregates[0].alias)
        values = table.column(name).to_pylist()
        values[7] += 1
        place = table.column_names.index(name)
        table = table.set_column(place, name, pa.array(values, pa.int64()))
    writer = BundleWriter.create(folder, RUN)
    record: TrialRecord = replace(
        trial(1, "flink", Completed(judged.verdict)),
        start_realtime_ns=T0_MS * 1_000_000,
        event_offset_ms=OFFSET_MS,
        kind=kind,
        job=None if kind is LoadKind.MEASURED else 3,
        expectation=writer.add_expectation(expected),
    )
    own_rows = pa.table(
        {"key": pa.array([], pa.string()), "window_start_ms": pa.array([], pa.int64())}
    )
    tables = {"rows": table, "own_rows": own_rows}
    if kind is LoadKind.MEASURED:
        writer.add_trial(record, tables)
    else:
        writer.add_load(record, tables)
    return writer.finish()


def again(folder: Path) -> JudgedAgain:
    (found,) = judge_again(read_bundle(folder))
    return found


def test_an_expectation_is_read_as_it_was_stored(tmp_path: Path, expected: Expected) -> None:
    name = expectations.store(tmp_path, expected)
    assert expectations.store(tmp_path, expected) == name
    assert [each.name for each in (tmp_path / expectations.FOLDER).iterdir()] == [name]
    holds = ((100, 200),)
    read = expectations.load(tmp_path, name, holds)
    assert read.table.equals(expected.table)
    assert read.inputs.equals(expected.inputs)
    assert read.holds == holds
    assert pairs(read.due().must) == pairs(expected.due().must)
    assert read.moving_quanta.keys() == expected.moving_quanta.keys()
    for partition, quanta in expected.moving_quanta.items():
        assert read.moving_quanta[partition].tolist() == quanta.tolist()


def test_an_expectation_of_before_is_read_without_what_it_lacks(
    tmp_path: Path, expected: Expected
) -> None:
    name = expectations.store(tmp_path, expected)
    file = tmp_path / expectations.FOLDER / name / "facts.json"
    facts = json.loads(file.read_text())
    price = {"name": "price", "type": "bigint"}
    for each in facts["aggregates"]:
        del each["type"], each["filtered"]
        each["argument"] = {"operator": "*", "left": price, "right": {"value": 2}}
    file.write_text(json.dumps(facts))
    assert expectations.load(tmp_path, name, ()).aggregates == expected.aggregates


@pytest.mark.parametrize("kind", [LoadKind.MEASURED, LoadKind.PROBE, LoadKind.WARM])
def test_an_untouched_load_has_the_stored_verdict(
    tmp_path: Path, expected: Expected, kind: LoadKind
) -> None:
    found = again(stored(tmp_path, expected, kind=kind))
    assert found.found is not None
    assert found.found.right
    assert found.found.expected_rows == expected.table.num_rows
    assert found.differences == ()


@pytest.mark.parametrize("change", [False, True])
def test_rows_of_which_the_times_are_invalid_are_judged_again(
    tmp_path: Path, expected: Expected, change: bool
) -> None:
    folder = stored(tmp_path, expected, change=change)
    (file,) = folder.glob("trials/*/trial.json")
    record = json.loads(file.read_text())
    record["outcome"] |= {"kind": "invalid", "reason": "the load came late"}
    file.write_text(json.dumps(record))
    ended = CliRunner().invoke(app, ["judge", str(folder)])
    assert ("right" in ended.stdout, "differs" in ended.stdout) == (True, change)
    assert ended.exit_code == (ExitCode.FAILED if change else ExitCode.OK)


def test_rows_that_are_wrong_and_have_no_verdict_end_the_command_with_1(
    tmp_path: Path, expected: Expected
) -> None:
    folder = stored(tmp_path, expected, change=True)
    (file,) = folder.glob("trials/*/trial.json")
    record = json.loads(file.read_text())
    record["outcome"] = {"kind": "invalid", "reason": "the load came late"}
    file.write_text(json.dumps(record))
    ended = CliRunner().invoke(app, ["judge", str(folder)])
    assert "not right (none stored)" in ended.stdout
    assert ended.exit_code == ExitCode.FAILED


def test_a_changed_row_is_found_and_ends_the_command_with_1(
    tmp_path: Path, expected: Expected
) -> None:
    folder = stored(tmp_path, expected, change=True)
    assert "conflicting: 0 stored, 1 found" in again(folder).differences
    ended = CliRunner().invoke(app, ["judge", str(folder), "--json"])
    assert ended.exit_code == ExitCode.FAILED
    (load,) = json.loads(ended.stdout)
    assert load["stored_right"] is True
    assert load["right"] is False


def test_what_is_missing_is_named(tmp_path: Path, expected: Expected) -> None:
    folder = stored(tmp_path, expected)
    (rows,) = folder.glob("trials/*/rows.parquet")
    rows.unlink()
    assert "rows.parquet" in (again(folder).lacks or "")
    ended = CliRunner().invoke(app, ["judge", str(folder)])
    assert ended.exit_code == ExitCode.USAGE
    assert "could be judged again" in ended.stderr
    assert "hint: " in ended.stderr


def test_a_bundle_of_before_says_that_it_cannot(tmp_path: Path, expected: Expected) -> None:
    folder = stored(tmp_path, expected)
    (file,) = folder.glob("trials/*/trial.json")
    record = json.loads(file.read_text())
    del record["expectation"]
    file.write_text(json.dumps(record))
    assert "before bundles kept" in (again(folder).lacks or "")
