"""The process of the scripted engine: reads all partitions and writes by the script.

python -m streambench.engines.reference.worker JOB.json NAME READINGS.jsonl
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from streambench.engines.common.bounded_producer import BoundedProducer
from streambench.engines.common.job_file import access_of, clients_of
from streambench.engines.common.query_module import QueryProgram, load_query
from streambench.engines.reference.damage import Damager, OutputRow
from streambench.engines.reference.script import Script, Stage
from streambench.engines.reference.windows import Windows
from streambench.engines.reference.writers import PromptWriter, UsualWriter, Writer, WrittenRow
from streambench.kafka.player_process import PlayerProcess
from streambench.model.windows import Hopping

READINGS_S = 1.0
# How late a row may be noticed when nothing is read; a signal, too.
IDLE_POLL_MS = 50
# A poll returns a third of a millisecond late; so much of a wait is spent awake, to be in time.
AWAKE_MS = 1.0


class ScriptedWorker:
    """Polls, aggregates, holds back, writes."""

    def __init__(
        self,
        consumer: KafkaConsumer,
        writer: Writer,
        transactions: BoundedProducer | None,
        query: QueryProgram,
        windows: Windows,
        stage: Stage,
        *,
        commit_interval_s: float,
        closes_by_clock_ms: float | None,
    ) -> None:
        self._consumer = consumer
        self._writer = writer
        self._transactions = transactions
        self._query = query
        self._windows = windows
        self._stage = stage
        self._commit_interval_s = commit_interval_s
        # After a window's end and grace, by the wall clock; None: windows are closed by records.
        self._closes_by_clock_ms = closes_by_clock_ms
        self._commit_s: float | None = None  # when the open transaction is to be committed
        # Once: rows of one window that were read one after another are to leave together.
        self._realtime_ahead_ms = (time.time() - time.monotonic()) * 1000
        self.records = self.rows = 0

    def step(self) -> None:
        """One poll, no longer than until the next row or commit is due, and what follows from it."""
        polled = self._consumer.poll(timeout_ms=self._patience_ms())
        # What was on its way while this process was held up has been there since: it costs no rate.
        stamps_ms = [record.timestamp for records in polled.values() for record in records]
        arrived_ms = min(stamps_ms, default=0) - self._realtime_ahead_ms
        for partition, records in polled.items():
            now_ms = time.monotonic() * 1000
            self.records += len(records)
            done_ms = self._stage.read(len(records), now_ms, arrived_ms)
            array = b"[" + b",".join([record.value for record in records]) + b"]"
            events = json.loads(array, parse_float=self._query.PARSE_FLOAT)
            for record, event in zip(records, events, strict=True):
                closed = self._windows.feed(partition.partition, record.timestamp, event)
                if closed:
                    self._stage.add(closed, done_ms, self._realtime_ahead_ms)
        instants_ms = (self._closing_ms(), self._stage.next_ms())
        next_ms = min((each for each in instants_ms if each is not None), default=None)
        while next_ms is not None and 0 < next_ms - self._reached_ms() <= AWAKE_MS:
            pass
        self._close_by_clock(self._reached_ms())
        rows = self._stage.take(self._reached_ms())
        if rows:
            self._write(rows)
        if self._commit_s is not None and time.monotonic() >= self._commit_s:
            self._commit_s = None
            assert self._transactions is not None
            self._transactions.commit_transaction()

    def _reached_ms(self) -> float:
        """Up to which instant rows are handed over now."""
        return time.monotonic() * 1000 + self._writer.ahead_ms

    def _closing_ms(self) -> float | None:
        """When the next window is closed by the wall clock, on the monotonic one; None: by none."""
        end_ms = self._windows.next_end_ms() if self._closes_by_clock_ms is not None else None
        if end_ms is None or self._closes_by_clock_ms is None:
            return None
        return end_ms + self._closes_by_clock_ms - self._realtime_ahead_ms

    def _close_by_clock(self, now_ms: float) -> None:
        if self._closes_by_clock_ms is None:
            return
        event_ms = now_ms + self._realtime_ahead_ms - self._closes_by_clock_ms
        self._stage.add(self._windows.over_by(event_ms), now_ms, self._realtime_ahead_ms)

    def _patience_ms(self) -> float:
        now_ms = self._reached_ms()
        instants_ms = [now_ms + IDLE_POLL_MS]
        if (next_ms := self._stage.next_ms()) is not None:
            instants_ms.append(next_ms - AWAKE_MS)
        if (closing_ms := self._closing_ms()) is not None:
            instants_ms.append(closing_ms - AWAKE_MS)
        if self._commit_s is not None:
            instants_ms.append(self._commit_s * 1000 + self._writer.ahead_ms)
        return max(0.0, min(instants_ms) - now_ms)

    def _write(self, rows: list[OutputRow]) -> None:
        if self._transactions is not None and self._commit_s is None:
            self._transactions.begin_transaction()
            self._commit_s = time.monotonic() + self._commit_interval_s
        self._writer.write(
            tuple(
                WrittenRow(partition, *self._query.row(name, start_ms, totals))
                for partition, name, start_ms, totals in rows
            )
        )
        self.rows += len(rows)

    def reading(self) -> dict[str, Any]:
        """What this worker says of itself."""
        return {
            "pid": os.getpid(),
            "t_ms": time.time_ns() // 1_000_000,
            "records": self.records,
            "rows": self.rows,
            "damaged": {kind: self._stage.done[kind] for kind in Damager.KINDS},
            "late_records": self._windows.late_records,
        }


def _writer(
    job: Any, script: Script, client_id: str, *, transactional: bool
) -> tuple[Writer, BoundedProducer | None]:
    """The writer, and whose transactions are committed; None: there are none."""
    if script.quantum_ms and not transactional:
        sender = PlayerProcess(access_of(job), job["output"], job["partitions"])
        return PromptWriter(sender, may_lead=not script.by_wall_clock), None
    own = {"transactional_id": client_id} if transactional else {}
    producer = BoundedProducer(
        **clients_of(job), client_id=client_id, acks="all", linger_ms=0, **own
    )
    if transactional:
        producer.init_transactions()
    return UsualWriter(producer, job["output"]), producer if transactional else None


def main(job_path: Path, name: str, readings_path: Path) -> None:
    """Run until SIGTERM."""
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: stopping.append(number))

    job = json.loads(job_path.read_text(encoding="utf-8"))
    client_id = f"{job['job']}-{name}"
    consumer = KafkaConsumer(
        **clients_of(job),
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_poll_records=20_000,
    )
    consumer.assign([TopicPartition(job["input"], n) for n in range(job["partitions"])])
    query = load_query(job_path.parent / job["query"])
    script = Script(**job["script"])
    transactional = job["guarantee"] == "exactly-once"
    writer, transactions = _writer(job, script, client_id, transactional=transactional)
    window = Hopping(query.WINDOW_MS, query.ADVANCE_MS, query.OFFSET_MS)
    stage = Stage(script, window=window, grace_ms=query.GRACE_MS)
    # Whoever stops this process for a moment tells it with that when its stalls begin.
    signal.signal(signal.SIGCONT, lambda number, frame: stage.hit(time.monotonic() * 1000))
    worker = ScriptedWorker(
        consumer,
        writer,
        transactions,
        query,
        Windows(query, job["partitions"], one_clock=job["one_clock"]),
        stage,
        commit_interval_s=job["commit_interval_ms"] / 1000,
        closes_by_clock_ms=float(script.quantum_ms) if script.by_wall_clock else None,
    )
    with readings_path.open("a", encoding="utf-8", buffering=1) as readings:
        next_reading_s = time.monotonic()
        while not stopping:
            worker.step()
            if time.monotonic() >= next_reading_s:
                next_reading_s = time.monotonic() + READINGS_S
                readings.write(json.dumps(worker.reading()) + "\n")
    writer.close()
    consumer.close(autocommit=False, timeout_ms=1_000)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3]))
