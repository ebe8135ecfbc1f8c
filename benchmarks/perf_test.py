"""kafka-producer-perf-test, which other senders are measured beside: its jar, and the records that it sends."""

from __future__ import annotations

import os
import resource
import subprocess
from pathlib import Path

from streambench.kafka.broker_versions import broker_jars
from streambench.load.trace import Trace
from streambench.runtime.artifacts import Resolved
from streambench.runtime.download import download_all
from streambench.runtime.jars import HINT, Jar

LINGER_MS, BATCH_BYTES = 5, 256 << 10
TIMEOUT_S = 600
_FRAMING_BYTES = 9  # length, attributes, deltas, key and value lengths, headers
_TOOLS = Jar(
    "org.apache.kafka:kafka-tools:4.3.1",
    "62f3c5dd7aa3442d4c5bc6a95f86e2502178ea09de8e27f74d9563bf955e253c",
    698668,
)


def fetch_tools() -> None:
    """Have its jar in the cache."""
    download_all([_TOOLS.file], what="kafka-tools", hint=HINT)


def record_bytes(trace: Trace) -> int:
    """Key and value of a record of the trace, as a mean."""
    return trace.records_path.stat().st_size // trace.meta.records - _FRAMING_BYTES


def send_as_many(
    trace: Trace, resolved: Resolved, folder: Path, *, topic: str, to: str, config: Path | None
) -> None:
    """Send as many records of that size, acks=all, `to` these servers; `config` has its client properties."""
    jars = (*broker_jars(resolved.jars), _TOOLS.file.path)
    with_config = () if config is None else ("--command-config", str(config))
    sized = ("--record-size", str(record_bytes(trace)))
    subprocess.run(
        [
            *(str(resolved.java), "-Xmx512m", "-cp", os.pathsep.join(map(str, jars))),
            *("org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--throughput", "-1"),
            *("--num-records", str(trace.meta.records), *sized, *with_config),
            *("--command-property", f"bootstrap.servers={to}", "acks=all"),
            *(f"linger.ms={LINGER_MS}", f"batch.size={BATCH_BYTES}"),
        ],
        check=True,
        capture_output=True,
        cwd=folder,  # a certificate is named as it lies there
        timeout=TIMEOUT_S,
    )


def children_cpu_s() -> float:
    """CPU-seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
