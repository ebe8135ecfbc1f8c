"""A meeting's topic in memory, that can be away for a while."""

from __future__ import annotations

import threading
import time

from streambench.kafka.meeting.log import LogLost
from streambench.kafka.one_record import Appended

_WAIT_S = 0.02


class Records:
    """What was written, by all."""

    def __init__(self) -> None:
        self.values: list[bytes] = []
        self.changed = threading.Condition()
        self.away = False
        self.gone = False
        self.skew_ms = 0  # of the writers' clocks before the broker's

    def log(self) -> MemoryLog:
        return MemoryLog(self)


class MemoryLog:
    """One reader's place in the records; a record that is `twice` was written again after a lost answer."""

    def __init__(self, records: Records, *, twice: bool = False) -> None:
        self._records = records
        self._at = 0
        self._twice = twice

    def append(self, value: bytes) -> Appended:
        records = self._records
        if records.away or records.gone:
            raise LogLost("the broker is away", gone=records.gone)
        sent_ns = time.time_ns()
        with records.changed:
            records.values += [value, value] if self._twice else [value]
            records.changed.notify_all()
        append_ms = sent_ns // 1_000_000 - records.skew_ms
        return Appended(sent_ns, time.time_ns(), append_ms)

    def read(self) -> list[bytes]:
        records = self._records
        if records.away or records.gone:
            time.sleep(_WAIT_S)
            raise LogLost("the broker is away", gone=records.gone)
        with records.changed:
            records.changed.wait_for(lambda: len(records.values) > self._at, _WAIT_S)
            found = records.values[self._at :]
            self._at = len(records.values)
        return found

    def give_up(self) -> None:
        pass

    def close(self) -> None:
        pass
