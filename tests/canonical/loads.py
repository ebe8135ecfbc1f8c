"""A workload's load as an engine gets it: records read from the bytes that are sent."""

from __future__ import annotations

import json
from pathlib import Path

from streambench.load.trace import Trace, compile_trace
from streambench.workload.parse import load_named
from tests.canonical.answers import Event
from tests.oracle.whole_way import logged_records


def small_trace(name: str, cache: Path, rate_per_s: int, duration_s: int) -> Trace:
    """A load of the workload or form `name`."""
    return compile_trace(
        load_named(name),
        duration_ms=duration_s * 1_000,
        seed=7,
        cache=cache,
        rate_per_s=rate_per_s,
    )


def events_sent(trace: Trace) -> list[Event]:
    """All records in the order of their partitions."""
    return [(event_ms, json.loads(value)) for _, event_ms, _, value in logged_records(trace)]
