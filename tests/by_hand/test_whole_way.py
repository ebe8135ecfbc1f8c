"""A query by hand from the load's bytes to the verdict, by `consumer.py`: only the broker is left out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, cast

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from streambench.engines.common.query_module import HandProgram, load_program
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.gathering import Gathering, Parting
from streambench.engines.kafka_python.windows import CommitMark
from streambench.kafka.raw_rows import RawRow, RawRows
from streambench.kafka.rows import decode
from streambench.load.probes import probes_of
from streambench.load.trace import Trace, compile_trace
from streambench.model.columns import value_column
from streambench.model.conditions import Guarantee
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.model.windows import Tumbling
from streambench.model.workload import Workload
from streambench.oracle.expected import expect
from streambench.oracle.judge import judge
from streambench.results.expectations import load as load_expectation
from streambench.results.expectations import store
from streambench.trial.own_rows import OwnRows
from streambench.workload.partition import partition_of
from tests.by_hand.top import CONSUMER, DECLARED, ORACLE, top
from tests.oracle.stand_in import OFFSET_MS, T0_MS
from tests.oracle.whole_way import logged_records

DURATION_MS = 2_000


class Given(NamedTuple):
    offset: int
    timestamp: int
    value: bytes


@dataclass
class Consumers:
    """The states of all partitions and the one place of their parts, as the worker keeps them."""

    program: HandProgram
    partitions: int

    def __post_init__(self) -> None:
        self.logs: dict[int, list[Given]] = {each: [] for each in range(self.partitions)}
        self.states = {
            each: Parting(self.program, CommitMark(0, 0), each) for each in range(self.partitions)
        }
        self.parts: list[Given] = []
        self.place = Gathering(self.program, CommitMark(0, 0), self.partitions)
        self.rows: list[tuple[bytes, bytes]] = []

    def take(self, partition: int, event_ms: int, value: bytes) -> None:
        """Let a record be consumed at once."""
        log = self.logs[partition]
        log.append(Given(len(log), event_ms, value))
        self._feed(partition, log[-1:])

    def _feed(self, partition: int, records: Sequence[Given]) -> None:
        events = [json.loads(each.value) for each in records]
        for part in self.states[partition].feed(records, events):
            self.parts.append(Given(len(self.parts), part.event_ms, part.value))
            self._gather(self.parts[-1:])

    def _gather(self, records: Sequence[Given]) -> None:
        self.rows += self.place.feed(records, [json.loads(each.value) for each in records])

    def taken_over(self) -> None:
        """All of them die behind a commit, and others go on from what was committed."""
        marks = {each: self._again(state.mark()) for each, state in self.states.items()}
        mark = self._again(self.place.mark())
        self.place = Gathering(self.program, mark, self.partitions)
        self._gather(self.parts[mark.offset :])
        for each, log in self.logs.items():
            self.states[each] = Parting(self.program, marks[each], each)
            self._feed(each, log[marks[each].offset :])

    @staticmethod
    def _again(mark: CommitMark) -> CommitMark:
        return CommitMark.read(mark.offset, mark.text)


def consumed(
    workload: Workload, trace: Trace, folder: Path, dies_each: int | None = None
) -> list[tuple[bytes, bytes]]:
    """The rows of a load; with `dies_each` all consumers die after so many records, again and again."""
    by_hand = workload.query.by_hand
    assert by_hand is not None
    (folder / "query.py").write_text(query_source(workload))
    (folder / "consumer.py").write_text((workload.folder / "consumer.py").read_text())
    program = cast(HandProgram, load_program(folder / "query.py"))
    consumers = Consumers(program, workload.partitions)
    for number, (partition, event_ms, _, value) in enumerate(logged_records(trace), start=1):
        consumers.take(partition, event_ms + OFFSET_MS, value)
        if dies_each is not None and number % dies_each == 0:
            consumers.taken_over()
    for probe in probes_of(workload):
        consumers.take(probe.partition, OFFSET_MS + 60_000, probe.value)
    return consumers.rows


def table_of(workload: Workload, rows: Sequence[tuple[bytes, bytes]]) -> pa.Table:
    appended_ms = T0_MS + DURATION_MS + 1_000
    raw = (
        RawRow(0, at, appended_ms, appended_ms * 1_000_000, key, value)
        for at, (key, value) in enumerate(rows)
    )
    found = decode(RawRows.of(raw), workload.query)
    assert found.malformed == ()
    return found.table


@pytest.fixture
def workload(tmp_path: Path) -> Workload:
    return top(tmp_path / "top")


@pytest.fixture
def trace(workload: Workload, tmp_path: Path) -> Trace:
    return compile_trace(workload, duration_ms=DURATION_MS, seed=3, cache=tmp_path / "cache")


def damage_of(workload: Workload, trace: Trace, rows: pa.Table) -> Damage:
    expected = expect(trace, workload.query, EventClock.OF_ITS_OWN)
    return judge(
        rows,
        expected,
        guarantee=Guarantee.AT_LEAST_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    ).verdict.damage


def test_rows_of_a_right_program_are_right(
    workload: Workload, trace: Trace, tmp_path: Path
) -> None:
    rows = table_of(workload, consumed(workload, trace, tmp_path))

    assert rows.num_rows >= DURATION_MS // 500
    assert damage_of(workload, trace, rows) == Damage()


@pytest.mark.parametrize("dies_each", [1, 7, 333])
def test_deaths_lose_nothing_and_write_nothing_else(
    workload: Workload, trace: Trace, tmp_path: Path, dies_each: int
) -> None:
    if dies_each == 1:  # each of them reads its open windows again
        trace = compile_trace(workload, duration_ms=600, seed=3, cache=tmp_path / "cache")
    lived, died = tmp_path / "lived", tmp_path / "died"
    lived.mkdir()
    died.mkdir()

    rows = consumed(workload, trace, died, dies_each)

    assert rows == consumed(workload, trace, lived)


def changed(rows: pa.Table, by: int) -> pa.Table:
    name = value_column("orders")
    values = rows.column(name).to_pylist()
    values[0] += by
    return rows.set_column(rows.column_names.index(name), name, pa.array(values, pa.int64()))


@pytest.mark.parametrize(
    ("damaged", "found"),
    [
        (lambda rows: rows.slice(1), Damage(lost=1, windows=1)),
        (lambda rows: changed(rows, 1), Damage(conflicting=1, windows=1)),
        (lambda rows: changed(rows, -1), Damage(conflicting=1, windows=1)),
        (lambda rows: pa.concat_tables([rows, rows.slice(0, 1)]), Damage(duplicates=1, windows=1)),
    ],
)
def test_what_is_wrong_with_a_row_is_told(
    workload: Workload,
    trace: Trace,
    tmp_path: Path,
    damaged: Callable[[pa.Table], pa.Table],
    found: Damage,
) -> None:
    rows = table_of(workload, consumed(workload, trace, tmp_path))

    assert damage_of(workload, trace, damaged(rows)) == found


def test_a_row_of_a_group_that_has_none_is_unexpected(
    workload: Workload, trace: Trace, tmp_path: Path
) -> None:
    rows = table_of(workload, consumed(workload, trace, tmp_path))
    other = rows.slice(0, 1)
    other = other.set_column(other.column_names.index("key"), "key", pa.array(["99"]))

    damage = damage_of(workload, trace, pa.concat_tables([rows, other]))

    assert damage == Damage(unexpected=1, windows=1)


def test_a_row_is_early_only_where_no_clock_has_reached_its_closing_instant(
    workload: Workload, trace: Trace, tmp_path: Path
) -> None:
    rows = table_of(workload, consumed(workload, trace, tmp_path))
    expected = expect(trace, workload.query, EventClock.OF_ITS_OWN)
    at = rows.column_names.index("appended_ms")
    start = pc.min(rows.column("window_start_ms")).as_py()
    first = rows.filter(pc.equal(rows.column("window_start_ms"), start)).slice(0, 1)
    quantum = expected.table.column("earliest_quantum")[0].as_py()
    due_ms = T0_MS + (quantum + 1) * trace.meta.quantum_ms

    in_time = first.set_column(at, "appended_ms", pa.array([due_ms - 1], pa.int64()))
    early = first.set_column(at, "appended_ms", pa.array([due_ms - 2], pa.int64()))

    assert damage_of(workload, trace, in_time).early == 0
    assert damage_of(workload, trace, early).early == 1


def test_an_expectation_is_kept_in_a_bundle_and_read_again(
    workload: Workload, trace: Trace, tmp_path: Path
) -> None:
    expected = expect(trace, workload.query, EventClock.OF_ITS_OWN)

    again = load_expectation(tmp_path, store(tmp_path, expected), ())

    assert again.table.equals(expected.table)
    assert again.aggregates == expected.aggregates


def test_probes_lie_on_the_partition_of_their_key_and_tell_which_rows_are_due(
    workload: Workload,
) -> None:
    probes = probes_of(workload)

    assert [probe.partition for probe in probes] == [0, 1]
    for probe in probes:
        keys = probe.keys_of(probe.together)
        assert {partition_of(key or b"", 2) for key in keys} == {probe.partition}
        assert all(json.loads(value)["amount"] > 10 for value in probe.together)
    assert set(probes[0].due) == set(probes[1].due)
    assert probes[0].due


def test_probes_are_as_many_records_as_it_takes_to_get_a_row(tmp_path: Path) -> None:
    text = ORACLE.replace("QUALIFY", "WHERE orders >= 5\nQUALIFY")

    probes = probes_of(top(tmp_path, oracle_sql=text))

    assert sum(len(probe.together) for probe in probes) >= 5


def test_a_query_that_never_has_a_row_is_refused(tmp_path: Path) -> None:
    text = ORACLE.replace("QUALIFY", "WHERE orders < 0\nQUALIFY")

    with pytest.raises(UsageError, match=r"oracle\.sql makes no row"):
        probes_of(top(tmp_path, oracle_sql=text))


def test_all_rows_of_the_windows_of_own_records_are_exempt() -> None:
    own = OwnRows()
    own.sent("7", 1_000)
    rows = pa.table({"key": ["7", "8", "8"], "window_start_ms": pa.array([1_000, 1_000, 1_100])})

    exempt = own.among(rows, Tumbling(100), by_hand=True)

    assert exempt.find(rows).tolist()[2] == -1
    assert min(exempt.find(rows).tolist()[:2]) >= 0


DOUBLES = DECLARED.replace('orders = "bigint"', 'orders = { type = "double", within = 0.5 }')


@pytest.mark.parametrize(("by", "right"), [(0.5, True), (0.51, False)])
def test_a_double_may_lie_within_what_is_declared(tmp_path: Path, by: float, right: bool) -> None:
    oracle = ORACLE.replace("count(*) AS orders", "CAST(count(*) AS DOUBLE) AS orders")
    consumer = CONSUMER.replace('"orders": orders', f'"orders": orders + {by}')
    workload = top(tmp_path / "w", workload_toml=DOUBLES, oracle_sql=oracle, consumer_py=consumer)
    trace = compile_trace(workload, duration_ms=DURATION_MS, seed=3, cache=tmp_path / "cache")

    rows: Any = table_of(workload, consumed(workload, trace, tmp_path))

    assert (damage_of(workload, trace, rows) == Damage()) is right
