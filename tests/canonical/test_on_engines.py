"""The canonical workloads on engines: the Python consumer's program by day, all engines for real by night."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest

from streambench.engines.common.lookup_tables import json_tables
from streambench.engines.common.query_module import QueryProgram, SessionProgram, load_program
from streambench.engines.common.query_source import query_source
from streambench.engines.gaps import gaps
from streambench.engines.kafka_python.sessions import OpenSessions
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid
from streambench.model.verdict import Verdict
from streambench.model.windows import Sessions
from streambench.model.workload import Workload
from streambench.workload.parse import load_named
from tests.canonical.answers import ASKED, Rows
from tests.canonical.loads import events_sent, small_trace
from tests.end_to_end.bench import came_late, run
from tests.oracle.whole_way import logged_records
from tests.properties.outcomes import write_tables

NAMES = tuple(dict.fromkeys(name.partition(":")[0] for name in ASKED))
ENGINES = ("flink", "spark", "kafka-streams", "kafka-python")
# A record beyond all windows, so that they close. Times are positive on a consumer.
LATER_MS = 10**9
BEGIN_MS = 60_000 * 10**6


class Consumed(NamedTuple):
    offset: int
    timestamp: int


def in_consumer(workload: Workload, trace: Trace, folder: Path) -> list[dict[str, Any]]:
    """The rows of the program that is generated for the Python consumer, of all records in their order."""
    path = folder / "query.py"
    path.write_text(query_source(workload), encoding="utf-8")
    write_tables(json_tables(workload), folder)
    program = load_program(path)
    ordered = sorted(
        ((event_ms, value) for _, event_ms, _, value in logged_records(trace)),
        key=lambda each: each[0],
    )
    closing = next(
        value
        for _, value in ordered
        if program.where(json.loads(value, parse_float=program.PARSE_FLOAT))
    )
    ordered.append((LATER_MS, closing))
    records = [Consumed(at, BEGIN_MS + event_ms) for at, (event_ms, _) in enumerate(ordered)]
    values = [json.loads(value, parse_float=program.PARSE_FLOAT) for _, value in ordered]
    if isinstance(workload.query.window, Sessions):
        sessions = OpenSessions(cast(SessionProgram, program), CommitMark(0, 0))
        found = sessions.rows(sessions.feed(records, values))
    else:
        windows = OpenWindows(cast(QueryProgram, program), CommitMark(0, 0))
        found = windows.rows(windows.feed(records, values))
    return [json.loads(value) for _, value in found]


def as_rows(workload: Workload, written: list[dict[str, Any]]) -> Rows:
    """Rows by their group and window, as a second computation has them."""
    (key,) = (each.name for each in workload.query.group_by)
    rows: Rows = {}
    for row in written:
        start_ms = row.pop("window_start") - BEGIN_MS
        if "window_end" in row:
            row["window_length"] = row.pop("window_end") - BEGIN_MS - start_ms
        where = str(row.pop(key)), start_ms
        assert where not in rows
        rows[where] = row
    return rows


@pytest.mark.parametrize("name", NAMES)
def test_the_python_program_counts_what_a_second_computation_counts(
    name: str, tmp_path: Path
) -> None:
    (asked,) = [ASKED[each] for each in ASKED if each in (name, f"{name}:all")]
    workload = load_named(next(each for each in ASKED if ASKED[each] is asked))
    trace = small_trace(workload.name, tmp_path / "traces", asked.rate_per_s, asked.duration_s)
    due = asked.rows(events_sent(trace))
    (tmp_path / "program").mkdir()
    rows = as_rows(workload, in_consumer(workload, trace, tmp_path / "program"))
    assert rows.keys() == due.keys()
    for where, row in rows.items():
        assert row.keys() == due[where].keys()
        for alias, value in due[where].items():
            assert math.isclose(row[alias], value, rel_tol=1e-9, abs_tol=1e-9), (where, alias)


@pytest.mark.parametrize("name", NAMES)
def test_every_engine_has_each_of_them(name: str) -> None:
    assert list(gaps(load_named(name))) == []


def assert_right(name: str, engines: tuple[str, ...], folder: Path) -> None:
    """Run it for a short while: every row is right, although a busy machine may have made the load late."""
    code, found = run(
        folder / "results", *engines, workload=name, guarantee=Guarantee.AT_LEAST_ONCE
    )
    valid = [each for each in found.trials if not isinstance(each.record.outcome, Invalid)]
    assert code is (ExitCode.OK if valid else ExitCode.INVALID)
    for engine in engines:
        (trial,) = found.of(engine)
        match trial.record.outcome:
            case Completed(verdict=verdict) | Invalid(verdict=Verdict() as verdict):
                assert verdict.right, (engine, verdict.damage, verdict.examples)
                assert verdict.right_rows > 100
            case Invalid(reason=reason):
                assert came_late(trial.record), (engine, reason)
            case other:
                pytest.fail(f"{engine}: {other}")


@pytest.mark.engine
@pytest.mark.patient
def test_a_table_without_keys_on_a_real_consumer(tmp_path: Path) -> None:
    assert_right("ysb", ("kafka-python",), tmp_path)


@pytest.mark.nightly
@pytest.mark.engine
@pytest.mark.patient
@pytest.mark.parametrize("name", NAMES)
def test_all_engines_are_right_on_each_of_them(name: str, tmp_path: Path) -> None:
    assert_right(name, ENGINES, tmp_path)
