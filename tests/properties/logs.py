"""A case's log as the clients of Kafka see it: keys, values, times, and a last record that closes all windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from streambench.workload.keys import key_text
from tests.properties.agreement import json_object
from tests.properties.cases import Case, Event


@dataclass(frozen=True)
class LogRecord:
    """A record of the input: its time stamp, its key, its value as JSON."""

    at_ms: int
    key: str
    value: str


def partitions_of(case: Case) -> Iterator[Sequence[Event]]:
    """The events of each partition that has one which passes, and one more, far behind them, that does, too."""
    for partition in range(case.partitions):
        mine = [event for event in case.events if event.partition == partition]
        passing = [event for event in mine if case.passes(event.row)]
        if passing:
            yield [*mine, Event(closing_ms(case), partition, passing[0].row)]


def closing_ms(case: Case) -> int:
    """When the last record comes."""
    last_ms = max(event.at_ms for event in case.events)
    return last_ms + 3 * (case.spans.length_ms + case.grace_ms) + 10


def record_of(case: Case, event: Event) -> LogRecord:
    """An event as a record."""
    key = key_text([event.row[key] for key in case.keys])
    return LogRecord(event.at_ms, key, json_object(case.sent(event.row)))
