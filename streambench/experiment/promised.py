"""What must surely come of a load, whatever an engine's batches are: computed before it is played."""

from __future__ import annotations

from typing import Final

from streambench.load.trace import Trace
from streambench.model.plan import EventClock
from streambench.model.workload import Query
from streambench.oracle.expected import Due, Expected, expect

# Warm-up and measured load, by each clock.
_KEPT: Final = 6


class Promised:
    """Remembers which rows were due of the last loads, as all engines of a run are given the same.

    Of what they must hold it remembers the last load only, which may come several times.
    """

    def __init__(self) -> None:
        self._due: dict[tuple[str, EventClock], Due] = {}
        self._last: tuple[tuple[str, EventClock], Expected] | None = None

    def due(self, load: Trace, query: Query, clock: EventClock) -> Due:
        """The rows of a load, by an engine's clock."""
        key = (load.ref.sha256, clock)
        found = self._due.pop(key, None) or expect(load, query, clock).due()
        while len(self._due) >= _KEPT:
            self._due.pop(next(iter(self._due)))
        self._due[key] = found
        return found

    def rows(self, load: Trace, query: Query, clock: EventClock) -> Expected:
        """The same with their values."""
        key = (load.ref.sha256, clock)
        if self._last is None or self._last[0] != key:
            self._last = (key, expect(load, query, clock))
        return self._last[1]
