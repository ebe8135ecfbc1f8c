"""Result rows that are not a load's: of streambench's own records, and of loads before it in the same job."""

from __future__ import annotations

from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.compute as pc

from streambench.model.windows import Window
from streambench.oracle.expected import Due
from streambench.oracle.keyed_windows import KeyedWindows


@dataclass
class OwnRows:
    """What a job was given besides the load that is judged; grows as it is written."""

    _records: set[tuple[str, int]] = field(default_factory=set)
    _loads: list[KeyedWindows] = field(default_factory=list)

    def sent(self, group: str, event_ms: int) -> None:
        """A probe, closer or flush record of that group was written; `event_ms` since the epoch."""
        self._records.add((group, event_ms))

    def played(self, due: Due, *, event_offset_ms: int) -> None:
        """A load whose rows were read and judged; what still comes of it comes twice."""
        self._loads.append(due.may.shifted(event_offset_ms))

    def among(self, rows: pa.Table, window: Window, *, by_hand: bool = False) -> KeyedWindows:
        """Rows that stand for none of the load's, their windows since the epoch.

        All those of streambench's own records, and of earlier loads those that are among `rows`. Of a query
        `by_hand` they are all rows of the windows in which these records lie: a load has none there.
        """
        places = rows.select(["key", "window_start_ms"])
        if by_hand:
            starts = {s for _, event_ms in self._records for s in window.starts(event_ms)}
            own = pc.is_in(places.column("window_start_ms"), pa.array(sorted(starts), pa.int64()))
            found = [places.filter(own)]
            found += [places.filter(pa.array(load.find(places) >= 0)) for load in self._loads]
            return KeyedWindows.of(pa.concat_tables(found))
        held = [(key, s) for key, event_ms in self._records for s in window.starts(event_ms)]
        sent = {"key": [key for key, _ in held], "window_start_ms": [start for _, start in held]}
        found = [pa.table(sent, schema=places.schema)]
        found += [places.filter(pa.array(load.find(places) >= 0)) for load in self._loads]
        return KeyedWindows.of(pa.concat_tables(found))
