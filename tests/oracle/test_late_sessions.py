"""Sessions where records come late: the oracle against engines in plain Python, and what it lets pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pytest

from streambench.model.columns import value_column
from streambench.model.conditions import Guarantee
from streambench.model.expression import (
    Comparison,
    ComparisonOperator,
    FieldReference,
    FieldType,
    Literal,
)
from streambench.model.plan import EventClock
from streambench.model.verdict import Damage
from streambench.model.windows import Sessions
from streambench.model.workload import SESSION_LENGTH, Query
from streambench.oracle.evidence import ClockEvidence
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import judge
from streambench.oracle.late import LateDrops, measured_drops, predict_drops, prove_drops
from streambench.oracle.settled import settled
from tests.oracle.late_session_engines import (
    Session,
    by_partition,
    in_batches,
    least_over_partitions,
)
from tests.oracle.stand_in import OFFSET_MS, QUANTUM_MS, T0_MS, Record, StandIn, query, trace_of

GAP_MS = 40
PARTITIONS = 3
SEEDS = range(12)


def drawn(seed: int, count: int = 500) -> list[Record]:
    """Events of which some come long after their time, all of which pass."""
    chance = Random(seed)
    found = []
    for at in range(count):
        key = chance.randrange(9)
        behind_ms = chance.choice([0, 3, 15, 15, chance.randrange(160)])
        found.append(
            Record(
                quantum=at // 2,
                partition=key % PARTITIONS,
                event_ms=at // 2 * QUANTUM_MS + chance.randrange(QUANTUM_MS) - behind_ms,
                key=f"k{key}",
                value=chance.randrange(-20, 50),
            )
        )
    return found


def asked(seed: int) -> tuple[int, Query]:
    grace_ms = (0, 10, 30)[seed % 3]
    return grace_ms, query(window=Sessions(GAP_MS), grace_ms=grace_ms)


def rows_of(written: Sequence[Session]) -> pa.Table:
    """The rows of an engine that wrote these sessions, long after the load."""
    count = len(written)
    starts = [min(each.event_ms for each in session) for session in written]
    lasts = [max(each.event_ms for each in session) for session in written]
    values = [[each.value for each in session] for session in written]
    late_ms = T0_MS + 100_000
    return pa.table(
        {
            "partition": pa.array(np.zeros(count), pa.int32()),
            "offset": pa.array(np.arange(count), pa.int64()),
            "appended_ms": pa.array([late_ms] * count, pa.int64()),
            "visible_ns": pa.array([late_ms * 1_000_000] * count, pa.int64()),
            "key": pa.array([session[0].key for session in written], pa.string()),
            "window_start_ms": pa.array([start + OFFSET_MS for start in starts], pa.int64()),
            value_column("n"): pa.array([len(each) for each in values], pa.int64()),
            value_column("total"): pa.array([sum(each) for each in values], pa.int64()),
            value_column("least"): pa.array([min(each) for each in values], pa.int64()),
            value_column("greatest"): pa.array([max(each) for each in values], pa.int64()),
            value_column(SESSION_LENGTH.alias): pa.array(
                [last - start + GAP_MS for start, last in zip(starts, lasts, strict=True)],
                pa.int64(),
            ),
        }
    )


def judged(expected: Expected, rows: pa.Table) -> tuple[Damage, LateDrops, int | None]:
    """The damage, what must have been dropped, and what was."""
    whole = settled(expected, rows, event_offset_ms=OFFSET_MS)
    found = judge(
        rows,
        whole,
        guarantee=Guarantee.EXACTLY_ONCE,
        start_realtime_ms=T0_MS,
        event_offset_ms=OFFSET_MS,
    )
    return found.verdict.damage, prove_drops(whole), measured_drops(found, whole)


def laid(folder: Path, records: Sequence[Record]) -> StandIn:
    return trace_of(folder, records, partitions=PARTITIONS, quanta=len(records))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_clock_per_partition_is_followed_exactly(tmp_path: Path, seed: int) -> None:
    records = drawn(seed)
    grace_ms, asking = asked(seed)
    written = by_partition(records, GAP_MS, grace_ms)
    trace = laid(tmp_path / "columns", records)
    expected = expect(trace, asking, EventClock.PER_PARTITION)
    damage, proved, measured = judged(expected, rows_of(written))
    dropped = len(records) - sum(map(len, written))
    assert expected.exact
    assert expected.unsettled is None
    assert damage == Damage()
    assert expected.table.num_rows == len(written) > 50
    assert proved == LateDrops(len(records), dropped, dropped, dropped)
    assert measured == dropped > 10
    assert predict_drops(trace, asking, EventClock.PER_PARTITION) == proved


@pytest.mark.parametrize("seed", SEEDS)
def test_micro_batches_that_are_known_are_followed_exactly(tmp_path: Path, seed: int) -> None:
    records = drawn(seed)
    grace_ms, asking = asked(seed)
    written, batches = in_batches(records, GAP_MS, grace_ms, Random(seed))
    expected = expect(
        laid(tmp_path / "columns", records),
        asking,
        EventClock.GLOBAL_PER_BATCH,
        ClockEvidence(
            batches=[(mark + OFFSET_MS, ends) for mark, ends in batches],
            event_offset_ms=OFFSET_MS,
        ),
    )
    damage, proved, measured = judged(expected, rows_of(written))
    dropped = len(records) - sum(map(len, written))
    assert expected.exact
    assert damage == Damage()
    assert measured == proved.dropped == dropped > 0


@pytest.mark.parametrize("seed", range(40))
def test_whatever_a_least_over_partitions_did_is_lawful(tmp_path: Path, seed: int) -> None:
    records = drawn(seed)
    grace_ms, asking = asked(seed)
    written = least_over_partitions(records, GAP_MS, grace_ms, Random(seed))
    trace = laid(tmp_path / "columns", records)
    expected = expect(trace, asking, EventClock.MIN_OF_PARTITIONS)
    assert expected.unsettled is not None
    assert expected.table.num_rows > 20
    damage, proved, measured = judged(expected, rows_of(written))
    assert damage == Damage()
    assert measured == len(records) - sum(map(len, written))
    assert proved.low <= measured <= proved.high
    assert predict_drops(trace, asking, EventClock.MIN_OF_PARTITIONS).high == proved.high
    due = expected.due()
    assert len(due.must) < len(due.may)
    assert (due.may.shifted(OFFSET_MS).find(rows_of(written)) >= 0).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_micro_batches_that_are_not_known_are_bounded(tmp_path: Path, seed: int) -> None:
    records = drawn(seed)
    grace_ms, asking = asked(seed)
    written, _ = in_batches(records, GAP_MS, grace_ms, Random(seed))
    trace = laid(tmp_path / "columns", records)
    expected = expect(trace, asking, EventClock.GLOBAL_PER_BATCH)
    damage, proved, measured = judged(expected, rows_of(written))
    assert damage == Damage()
    assert measured is not None
    assert proved.low <= measured <= proved.high


LATE = [
    # Of k0 a session until 20, and another event, in time, that extends it or comes after it closed.
    Record(0, 0, 0, value=1),
    Record(4, 0, 20, value=2),
    Record(17, 0, 85, key="k3", value=9),
    Record(17, 0, 50, value=4),
    Record(17, 0, 18, value=8),
    Record(40, 1, 200, key="k1", value=5),
    Record(40, 2, 200, key="k2", value=5),
]


def damage_of(folder: Path, *written: Session) -> Damage:
    """What is wrong with sessions of k0 and k3, beside those of the other partitions."""
    expected = expect(
        laid(folder, LATE),
        query(window=Sessions(GAP_MS), grace_ms=20),
        EventClock.MIN_OF_PARTITIONS,
    )
    others = [[LATE[2]], [LATE[5]], [LATE[6]]]
    return judged(expected, rows_of([*written, *others]))[0]


def test_lawful_and_unlawful_sessions_of_a_group(tmp_path: Path) -> None:
    first, second, _, extends, late = LATE[:5]
    lawful = {
        "joined and all counted": [[first, second, extends, late]],
        "joined, the late one dropped": [[first, second, extends]],
        "cut where the first had closed, the late one into the second": [
            [first, second],
            [extends, late],
        ],
        "cut where the first had closed, the late one dropped": [[first, second], [extends]],
    }
    for at, (what, written) in enumerate(lawful.items()):
        assert damage_of(tmp_path / f"lawful{at}", *written) == Damage(), what
    assert damage_of(tmp_path / "a", [first, second]).lost == 1  # 50 came before 90 had passed
    assert damage_of(tmp_path / "b", [first], [second, extends]).wrong == 2
    counted_twice = damage_of(tmp_path / "c", [first, second], [first, second, extends])
    assert counted_twice.wrong == 1
    wrong_sum = [*LATE[:2], Record(0, 0, 50, value=30)]
    assert damage_of(tmp_path / "d", wrong_sum).wrong == 1
    # One that was surely there is not.
    assert damage_of(tmp_path / "e", [second, extends]).wrong == 1
    nowhere = [first, second, extends, Record(0, 0, 60)]
    assert damage_of(tmp_path / "f", nowhere).wrong == 1


def test_what_having_hides_is_not_lost(tmp_path: Path) -> None:
    few = Comparison(ComparisonOperator.GT, FieldReference("n", FieldType.BIGINT), Literal(2))
    asking = dataclasses.replace(query(window=Sessions(GAP_MS), grace_ms=20), having=few)
    for at, seed in enumerate(SEEDS):
        records = drawn(seed)
        written = least_over_partitions(records, GAP_MS, 20, Random(seed))
        expected = expect(laid(tmp_path / str(at), records), asking, EventClock.MIN_OF_PARTITIONS)
        passing = [session for session in written if len(session) > 2]
        damage, _, measured = judged(expected, rows_of(passing))
        assert damage == Damage()
        assert measured is None
        damage, *_ = judged(expected, rows_of([*passing, [Record(0, 0, 777, key="k0")]]))
        assert damage.unexpected == 1
