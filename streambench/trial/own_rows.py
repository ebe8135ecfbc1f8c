"""Result rows that are not a load's: of streambench's own records, and of loads before it in the same job."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa

from streambench.model.windows import Window
from streambench.oracle.expected import Due


@dataclass(frozen=True)
class _Load:
    due: Due
    event_offset_ms: int
    latest_ms: int  # the start of its last window, since the epoch


@dataclass
class OwnRows:
    """What a job was given besides the load that is judged; grows as it is written."""

    _records: set[tuple[str, int]] = field(default_factory=set)
    _loads: list[_Load] = field(default_factory=list)

    def sent(self, key: str, event_ms: int) -> None:
        """A probe, closer or flush record was written; `event_ms` since the epoch."""
        self._records.add((key, event_ms))

    def played(self, due: Due, *, event_offset_ms: int) -> None:
        """A load whose rows were read and judged; what still comes of it comes twice."""
        latest_ms = max((start for _, start in due.may), default=0) + event_offset_ms
        self._loads.append(_Load(due, event_offset_ms, latest_ms))

    def among(self, rows: pa.Table, window: Window) -> frozenset[tuple[str, int]]:
        """(key, window start since the epoch) of rows that stand for none of the load's.

        All those of streambench's own records, and of earlier loads those that are among `rows`.
        """
        found = {(key, window.assign(event_ms)) for key, event_ms in self._records}
        places = rows.select(["key", "window_start_ms"])
        starts = places.column("window_start_ms").to_numpy()
        for load in self._loads:
            for row in places.filter(pa.array(starts <= load.latest_ms)).to_pylist():
                key, start = row["key"], row["window_start_ms"]
                if (key, start - load.event_offset_ms) in load.due.may:
                    found.add((key, start))
        return frozenset(found)
