"""Damage by part of a trial: what was wrong before a fault, and after which one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from streambench.model.verdict import Damage, RowClass
from streambench.oracle.expected import Expected
from streambench.oracle.judge import Judged

Floats = npt.NDArray[np.float64]


def damage_by_part(
    judged: Judged,
    expected: Expected,
    *,
    cuts_ms: Sequence[float],
    in_flight_ms: float,
    start_realtime_ms: float,
    event_offset_ms: int,
) -> tuple[Damage, ...]:
    """The damage before the first of `cuts_ms` (since T0, rising) and after each of them.

    A row that came counts where it was appended: what is written again because of a fault is its
    doing, however old the window. A row that never came counts where it was due; a window that closed
    less than `in_flight_ms` before a cut was still on its way and belongs to what follows. The parts
    add up to the whole verdict's damage, but for windows that are hit in two of them.
    """
    rows, table = judged.rows, expected.table
    classes = np.asarray(rows.column("row_class").fill_null("").to_pylist(), dtype=object)
    appended_ms = rows.column("appended_ms").to_numpy() - start_realtime_ms
    early = rows.column("early").to_numpy(zero_copy_only=False).astype(np.bool_)
    corrected = rows.column("corrected_later").to_numpy(zero_copy_only=False).astype(np.bool_)
    start_ms = rows.column("window_start_ms").to_numpy() - event_offset_ms
    part_of_row = np.searchsorted(np.asarray(cuts_ms), appended_ms, side="right")

    must = table.column("must").to_numpy(zero_copy_only=False).astype(np.bool_)
    index = rows.column("expected_index").fill_null(-1).to_numpy().astype(np.int64)
    seen = np.zeros(len(must), dtype=np.bool_)
    seen[index[index >= 0]] = True
    lost = np.flatnonzero(must & ~seen)
    quantum = table.column("closing_quantum").fill_null(expected.quanta - 1).to_numpy()
    closing_ms = expected.due_ms(quantum.astype(np.int64)[lost])
    lost_start_ms = table.column("window_start_ms").to_numpy()[lost]
    part_of_lost = np.searchsorted(np.asarray(cuts_ms) - in_flight_ms, closing_ms, side="right")

    def of(part: int) -> Damage:
        mine, gone = part_of_row == part, part_of_lost == part

        def count(row_class: RowClass) -> int:
            return int(np.count_nonzero(mine & (classes == row_class.value)))

        harmless = ("", RowClass.RIGHT.value)
        hurt = mine & (early | ~np.isin(classes, harmless))
        return Damage(
            lost=int(np.count_nonzero(gone)),
            duplicates=count(RowClass.DUPLICATE),
            over_counted=count(RowClass.OVER_COUNTED),
            under_counted=count(RowClass.UNDER_COUNTED),
            conflicting=count(RowClass.CONFLICTING),
            unexpected=count(RowClass.UNEXPECTED),
            early=int(np.count_nonzero(mine & early)),
            corrected_later=int(np.count_nonzero(mine & corrected)),
            windows=len(np.union1d(start_ms[hurt], lost_start_ms[gone])),
        )

    return tuple(of(part) for part in range(len(cuts_ms) + 1))
