"""How a replay lies in time: its span, its disorder, and rows far away from all others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:  # a generated load needs none of it
    import numpy as np
    import numpy.typing as npt

from streambench.model.workload import Field, Replay
from streambench.workload.file.cells import ORDINAL
from streambench.workload.source import EVENT_MS, arrival_order, opened

Int64s: TypeAlias = "npt.NDArray[np.int64]"

# A row is far away when it lies three times as far from the middle nine tenths as these are long.
_MIDDLE: Final = (5, 95)
_FAR: Final = 3
_FEW: Final = 0.01
# A file that is mostly so far out of order was not written in the order of its times.
_SHUFFLED: Final = 0.05


@dataclass(frozen=True)
class FarRow:
    """A row whose event time lies far away from all others; rows count from 1."""

    row: int
    event_ms: int


@dataclass(frozen=True)
class Extent:
    """The event times of a replay, in ms: those that are not far away, and the lags of records.

    A lag is how far an event lies behind the greatest event time before it, in the order of arrival; 0
    where it is ahead. `lags_ms` are sorted. `step_ms` is the usual distance between two event times that
    differ. `far` are rows far away, the first few, of `far_rows`.
    """

    rows: int
    first_ms: int
    last_ms: int
    lags_ms: Int64s
    step_ms: int
    far: tuple[FarRow, ...]
    far_rows: int

    @property
    def span_ms(self) -> int:
        """From the first event to the last."""
        return self.last_ms - self.first_ms

    def lag_ms(self, percent: float) -> int:
        """The lag that so many percent of the records do not exceed."""
        import numpy as np

        at = min(len(self.lags_ms) - 1, int(np.ceil(percent / 100 * len(self.lags_ms))) - 1)
        return int(self.lags_ms[max(0, at)])

    @property
    def behind(self) -> int:
        """How many records lie behind an earlier one."""
        import numpy as np

        return int(np.count_nonzero(self.lags_ms))

    @property
    def is_shuffled(self) -> bool:
        """Whether the order of arrival has little to do with the times."""
        return self.span_ms > 0 and self.lag_ms(50) > _SHUFFLED * self.span_ms

    @property
    def is_far_behind(self) -> bool:
        """Whether some record lies so far behind an earlier one."""
        return self.lag_ms(100) > _SHUFFLED * self.span_ms


def measure_extent(replay: Replay, fields: Sequence[Field]) -> Extent:
    """Read all event times in the order of arrival; UsageError where the file cannot be read."""
    import numpy as np

    with opened(replay, fields) as connection:
        table = connection.sql(
            f'SELECT "{EVENT_MS}", "{ORDINAL}" FROM source ORDER BY {arrival_order(replay)}'
        ).to_arrow_table()
    event_ms = np.asarray(table.column(EVENT_MS).to_numpy(), dtype=np.int64)
    rows = np.asarray(table.column(ORDINAL).to_numpy(), dtype=np.int64)
    return extent_of(event_ms, rows)


def extent_of(event_ms: Int64s, rows: Int64s) -> Extent:
    """The extent of event times in the order of arrival, at least one; `rows` are their places in the file."""
    import numpy as np

    far = far_away(event_ms)
    near = event_ms[~far]
    seen = np.maximum.accumulate(near)
    lags = np.sort(seen - near)
    steps = np.diff(np.unique(near))
    found = np.flatnonzero(far)
    shown = found[np.argsort(rows[found])][:3]
    return Extent(
        rows=len(event_ms),
        first_ms=int(near.min()),
        last_ms=int(near.max()),
        lags_ms=lags,
        step_ms=int(np.median(steps)) if len(steps) else 0,
        far=tuple(FarRow(int(rows[at]), int(event_ms[at])) for at in shown),
        far_rows=len(found),
    )


def far_away(event_ms: Int64s) -> npt.NDArray[np.bool_]:
    """Which event times are far away from all others: a few, behind a gap wider than all others are spread."""
    import numpy as np

    low, high = np.percentile(event_ms, _MIDDLE, method="nearest")
    width = max(1, int(high) - int(low))
    ordered = np.sort(event_ms)
    gaps = np.diff(ordered)
    far = np.zeros(len(event_ms), dtype=np.bool_)
    few = max(1, int(_FEW * len(event_ms)))
    for at in np.flatnonzero(gaps > _FAR * width):
        below, above = int(ordered[at]), int(ordered[at + 1])
        if len(ordered) - int(at) - 1 <= few:
            far |= event_ms >= above
        elif int(at) + 1 <= few:
            far |= event_ms <= below
    return far
