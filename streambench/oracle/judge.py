"""The judge: what each row of an engine's output is, and what did not come."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.conditions import Guarantee
from streambench.model.verdict import Damage, RowClass, Verdict
from streambench.oracle.classes import (
    CONFLICTING,
    DUPLICATE,
    EXEMPT,
    OVER,
    RIGHT,
    UNDER,
    UNEXPECTED,
    Codes,
    Flags,
    Int64s,
    classes,
    same_values,
)
from streambench.oracle.examples import examples
from streambench.oracle.expected import Expected
from streambench.oracle.keyed_windows import NO_WINDOWS, KeyedWindows
from streambench.oracle.same_start import several

# A realtime clock may drift by 1 ms within a valid trial.
EARLY_TOLERANCE_MS = 1

# In the order of their codes while judging.
CLASSES = (
    RowClass.RIGHT,
    RowClass.DUPLICATE,
    RowClass.OVER_COUNTED,
    RowClass.UNDER_COUNTED,
    RowClass.CONFLICTING,
    RowClass.UNEXPECTED,
)


@dataclass(frozen=True)
class Judged:
    """The verdict, and every row with what it is.

    `rows` is the judge's input with row_class (value of RowClass; null: an exempt row), first_right
    (the first row of its (key, window) with a right value), early, corrected_later (a wrong row after
    which a right one came) and expected_index (its row of `Expected.table`, null when there is none).
    """

    verdict: Verdict
    rows: pa.Table


def judge(
    rows: pa.Table,
    expected: Expected,
    *,
    guarantee: Guarantee,
    start_realtime_ms: int,
    event_offset_ms: int,
    exempt: KeyedWindows = NO_WINDOWS,
    state_exact: bool = True,
    uncommitted_rows: int | None = None,
    stamps_behind_ms: float = 0.0,
) -> Judged:
    """Judge all rows of a trial, whatever their window: one that nothing was due for is unexpected.

    `rows` has key, window_start_ms (since the epoch), appended_ms, partition, offset and the
    aggregates (`value_column`). `exempt` (since the epoch) are the only rows that are not
    judged: those of streambench's own records and of loads before this one. `state_exact` is
    False for an engine whose state, too, is only at-least-once. A broker elsewhere may stamp a row
    `stamps_behind_ms` before its instant by the clock of the load: so much is not early.

    The first row with a right value is right, the same again a duplicate. With bounds several values
    may be right, but final results must not differ: another value after the first right one is
    conflicting. A trial is right when nothing is lost, wrong or early; duplicates are told apart, and
    are the price of at-least-once but wrong under exactly-once. An
    early row disqualifies even with the right value: its engine cannot have known that it was final,
    and its delay means nothing.
    """
    starts = expected.table.column("window_start_ms").to_numpy()
    must = expected.table.column("must").to_numpy(zero_copy_only=False)

    relative = rows.column("window_start_ms").to_numpy() - event_offset_ms
    index, code = _compare(rows, expected, event_offset_ms)
    # Of those that nothing was due for.
    code[(index < 0) & (exempt.find(rows) >= 0)] = EXEMPT

    order = np.lexsort(
        (
            rows.column("offset").to_numpy(),
            rows.column("partition").to_numpy(),
            rows.column("appended_ms").to_numpy(),
        )
    )
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    first_right, corrected = _repeats(rows, expected, index, code, rank)
    early = _early(rows, expected, index, start_realtime_ms - stamps_behind_ms)

    judged_rows = _with_columns(rows, index, code, first_right, early, corrected)
    seen = np.zeros(len(must), dtype=np.bool_)
    seen[index[index >= 0]] = True
    got_right = np.zeros(len(must), dtype=np.bool_)
    got_right[index[first_right]] = True
    lost = must & ~seen

    damaged = (code > RIGHT) | early
    windows = np.union1d(relative[damaged], starts[lost])
    damage = Damage(
        lost=int(lost.sum()),
        duplicates=_count(code, DUPLICATE),
        over_counted=_count(code, OVER),
        under_counted=_count(code, UNDER),
        conflicting=_count(code, CONFLICTING),
        unexpected=_count(code, UNEXPECTED),
        early=int(early.sum()),
        corrected_later=int(corrected.sum()),
        windows=len(windows),
    )
    verdict = Verdict(
        expected_rows=int(must.sum()),
        right_rows=int((got_right & must).sum()),
        damage=damage,
        examples=examples(
            judged_rows, rank, expected, np.flatnonzero(lost), event_offset_ms=event_offset_ms
        ),
        right=damage.clean_under(guarantee),
        guarantee_honoured=_honoured(damage, guarantee, state_exact=state_exact),
        exact=expected.exact,
        uncommitted_rows=uncommitted_rows,
        guarantee=guarantee,
    )
    return Judged(verdict=verdict, rows=judged_rows)


def _honoured(damage: Damage, guarantee: Guarantee, *, state_exact: bool) -> bool:
    """Whether the engine kept its word, which is not whether the result is right.

    Output: duplicates are the price of at-least-once. State: where that, too, is only
    at-least-once, replayed records may be counted again, so over-counted rows break no promise.
    """
    match guarantee:
        case Guarantee.EXACTLY_ONCE:
            return damage.lost == 0 and damage.wrong == 0 and damage.duplicates == 0
        case Guarantee.AT_LEAST_ONCE:
            allowed = 0 if state_exact else damage.over_counted
            return damage.lost == 0 and damage.wrong == allowed
        case _:
            assert_never(guarantee)


def _compare(rows: pa.Table, expected: Expected, event_offset_ms: int) -> tuple[Int64s, Codes]:
    """For each row its index in the expectation (−1: none) and its class by value alone."""
    # Its rows are distinct: an entry of the set is the row of the same number.
    index = KeyedWindows.of(expected.table).shifted(event_offset_ms).find(rows)
    known = np.flatnonzero(index >= 0)
    code = np.full(len(index), UNEXPECTED, dtype=np.int8)
    code[known] = classes(rows, known, expected, index[known])
    return index, code


def _repeats(
    rows: pa.Table, expected: Expected, index: Int64s, code: Codes, rank: Int64s
) -> tuple[Flags, Flags]:
    """Tell apart, in the order of appending, the first right row, duplicates and conflicts.

    Changes `code` in place. Returns which rows are first right ones, and which wrong ones were
    followed by a right one.
    """
    first_right = np.zeros(len(code), dtype=np.bool_)
    right = np.flatnonzero(code == RIGHT)
    right = right[np.lexsort((rank[right], index[right]))]
    owner = index[right]
    opens = np.r_[True, owner[1:] != owner[:-1]] if len(right) else np.zeros(0, dtype=np.bool_)
    first_right[right[opens]] = True

    group = np.cumsum(opens) - 1
    first_of = right[opens][group]
    same = np.ones(len(right), dtype=np.bool_)
    if not expected.exact or several(expected.table).any():
        same = same_values(rows, right, first_of, expected, owner)
    code[right[~opens & same]] = DUPLICATE
    # Of several sessions with one start each has values of its own.
    code[right[~opens & ~same & ~several(expected.table)[owner]]] = CONFLICTING

    last_right = np.full(expected.table.num_rows + 1, -1, dtype=np.int64)
    np.maximum.at(last_right, owner, rank[right])
    wrong = (code >= OVER) & (index >= 0)
    return first_right, wrong & (last_right[index] > rank)


def _early(rows: pa.Table, expected: Expected, index: Int64s, start_realtime_ms: float) -> Flags:
    """Rows appended before the record that lets the engine's own clock close their window was due."""
    # Where only the flush closes a window, the end of the load is the least that must have passed.
    quantum = expected.table.column("earliest_quantum").fill_null(expected.quanta - 1).to_numpy()
    due_ms = start_realtime_ms + expected.due_ms(quantum.astype(np.int64))
    early = np.zeros(len(index), dtype=np.bool_)
    known = index >= 0
    appended = rows.column("appended_ms").to_numpy()
    early[known] = appended[known] < due_ms[index[known]] - EARLY_TOLERANCE_MS
    return early


def _with_columns(
    rows: pa.Table, index: Int64s, code: Codes, first_right: Flags, early: Flags, corrected: Flags
) -> pa.Table:
    names = pa.array([row_class.value for row_class in CLASSES])
    row_class = pc.take(names, pa.array(code, pa.int8(), mask=code == EXEMPT))
    return (
        rows.append_column("row_class", row_class)
        .append_column("first_right", pa.array(first_right))
        .append_column("early", pa.array(early))
        .append_column("corrected_later", pa.array(corrected))
        .append_column("expected_index", pa.array(index, mask=index < 0))
    )


def _count(code: Codes, wanted: int) -> int:
    return int(np.count_nonzero(code == wanted))
