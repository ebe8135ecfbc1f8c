"""A case in the Python consumer's own windows, without Kafka: each partition by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple, cast

from streambench.engines.common.lookup_tables import json_tables
from streambench.engines.common.query_module import QueryProgram, SessionProgram, load_program
from streambench.engines.common.query_source import query_source
from streambench.engines.kafka_python.sessions import OpenSessions
from streambench.engines.kafka_python.windows import CommitMark, OpenWindows
from streambench.model.workload import Workload
from tests.properties.cases import Case
from tests.properties.logs import partitions_of, record_of
from tests.properties.outcomes import write_tables


class _Consumed(NamedTuple):
    offset: int
    timestamp: int


def rows_of_consumer(case: Case, workload: Workload, folder: Path) -> list[bytes]:
    """The rows that it writes; a last record closes all windows."""
    path = folder / "query.py"
    path.write_text(query_source(workload), encoding="utf-8")
    write_tables(json_tables(workload), folder)
    program = load_program(path)
    found: list[bytes] = []
    for events in partitions_of(case):
        records = [_Consumed(at, event.at_ms) for at, event in enumerate(events)]
        values = [
            json.loads(record_of(case, event).value, parse_float=program.PARSE_FLOAT)
            for event in events
        ]
        if case.spans.gap_ms:
            sessions = OpenSessions(cast(SessionProgram, program), CommitMark(0, 0))
            found += [value for _, value in sessions.rows(sessions.feed(records, values))]
        else:
            windows = OpenWindows(cast(QueryProgram, program), CommitMark(0, 0))
            found += [value for _, value in windows.rows(windows.feed(records, values))]
    return found
