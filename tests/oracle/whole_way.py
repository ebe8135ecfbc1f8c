"""From a load's bytes to rows, by the built-in engine: nothing but a broker is left out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from kafka.record.default_records import DefaultRecordBatch

from streambench.engines.common.lookup_tables import json_tables
from streambench.engines.common.query_module import load_query
from streambench.engines.common.query_source import query_source
from streambench.engines.common.symbols import fill
from streambench.engines.reference.windows import Windows
from streambench.kafka.raw_rows import RawRow
from streambench.load.batch import stamp_header
from streambench.load.probes import probes_of
from streambench.load.trace import Trace
from streambench.model.workload import Workload
from tests.oracle.stand_in import OFFSET_MS, T0_MS


def logged_records(trace: Trace) -> Iterator[tuple[int, int, bytes, bytes]]:
    """Partition, time stamp, key and value of each record, read from the bytes that are sent."""
    data = trace.records_path.read_bytes()
    for row in trace.batches:
        records = data[row["offset"] : row["offset"] + row["length"]]
        header = stamp_header(
            records,
            count=int(row["count"]),
            base_ms=int(row["base_ms"]),
            max_ms=int(row["max_ms"]),
            producer_id=1,
            producer_epoch=0,
            base_sequence=0,
        )
        for record in DefaultRecordBatch(header + records):
            yield int(row["partition"]), record.timestamp, record.key, record.value


def results(workload: Workload, trace: Trace, folder: Path) -> list[RawRow]:
    """What the built-in engine writes, once the load is over."""
    (folder / "query.py").write_text(query_source(workload))
    for table in json_tables(workload):
        (folder / table.name).parent.mkdir(exist_ok=True)
        (folder / table.name).write_text(fill(table.text, {}), encoding="utf-8")
    query = load_query(folder / "query.py")
    windows = Windows(query, trace.meta.partitions, one_clock=False)
    rows = []
    for partition, event_ms, _, value in logged_records(trace):
        event = json.loads(value, parse_float=query.PARSE_FLOAT)
        rows += windows.feed(partition, event_ms + OFFSET_MS, event)
    for probe in probes_of(workload):
        event = json.loads(probe.value, parse_float=query.PARSE_FLOAT)
        rows += windows.feed(probe.partition, OFFSET_MS + 60_000, event)
    appended_ms = T0_MS + trace.meta.duration_ms + 1_000
    return [
        RawRow(0, at, appended_ms, appended_ms * 1_000_000, *query.row(*row[1:]))
        for at, row in enumerate(rows)
    ]
