"""The clocks by which a job's loads are timed: compared before each load and after its last row."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from streambench.kafka.send_times import read_meta, write_meta
from streambench.kafka.skew import refuse_skew
from streambench.model.clocks import ClocksSeen


class LooksAtClocks(Protocol):
    """Compares this host's clock with the brokers'; see `BrokerClocks`."""

    def look(self, also: Collection[int] = ()) -> ClocksSeen:
        """Each broker that leads partitions now, and `also` others."""
        ...


class ClockWatch:
    """Two looks at the clocks for each load; none where `clocks` is None, for all have one clock."""

    def __init__(self, clocks: LooksAtClocks | None = None) -> None:
        self._clocks = clocks
        self._before = ClocksSeen()

    def begin(self, *, paced: bool) -> None:
        """Compare them before a load; `paced`: it comes when it is due.

        Raises InstrumentFailed where a paced one would surely not be timed right.
        """
        if self._clocks is None:
            return
        self._before = self._clocks.look()
        if paced:
            for clock in self._before.bounds:
                refuse_skew(clock)

    def end(self, send_log: Path) -> None:
        """Compare them once more, and put what held all the while beside the send log."""
        if self._clocks is None:
            return
        seen = self._before.until(self._clocks.look(self._before.brokers))
        meta = read_meta(send_log)
        known = (*meta.clocks, *seen.bounds)
        write_meta(send_log, replace(meta, clocks=known, unknown_clocks=seen.unknown))
