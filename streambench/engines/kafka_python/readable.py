"""The values of consumed records; what is not as the workload declares it may be left out, with a word."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from streambench.engines.common.query_module import QueryProgram, SessionProgram, reader_of

log = logging.getLogger("worker")


class ReadRecords(NamedTuple):
    """Records that could be read, and the value of each."""

    records: Sequence[Any]
    events: Sequence[Any]


def read(records: Sequence[Any], query: QueryProgram | SessionProgram) -> ReadRecords:
    """Consumed records with their values; those that the program does not take for any are left out."""
    if (reader := reader_of(query)) is not None:
        return readable_of(records, reader, query.PARSE_FLOAT)
    return read_own(records, query)


def read_own(records: Sequence[Any], query: QueryProgram | SessionProgram) -> ReadRecords:
    """The same of records that the workers themselves have written: all of them can be read."""
    array = b"[" + b",".join([record.value for record in records]) + b"]"
    return ReadRecords(records, json.loads(array, parse_float=query.PARSE_FLOAT))


def readable_of(
    records: Sequence[Any],
    reader: Callable[[Any], bool],
    parse_float: Callable[[str], Any] | None,
) -> ReadRecords:
    """Those of consumed records whose values are JSON that `reader` takes; a warning tells of each other."""
    good: list[Any] = []
    events: list[Any] = []
    for record in records:
        try:
            event = json.loads(record.value, parse_float=parse_float)
        except (TypeError, ValueError) as error:  # a null value; what is no JSON
            _left_out(record, str(error))
            continue
        if reader(event):
            good.append(record)
            events.append(event)
        else:
            _left_out(record, "it is not as it is declared")
    return ReadRecords(good, events)


def _left_out(record: Any, why: str) -> None:
    log.warning("left out record %d of partition %d: %s", record.offset, record.partition, why)
