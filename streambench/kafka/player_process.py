"""The player's own process: reads commands as JSON lines from stdin, answers each with one line.

Commands: `send` (control records, acknowledged before the answer), `play` (a trace, paced; the
answer comes when all is acknowledged and the send log is written), `gauge` (how fast the machine is). The end of stdin, or SIGTERM, ends
the process, also in the middle of a play. Nothing but answers goes to stdout; stderr is the log.
"""

from __future__ import annotations

import argparse
import base64
import gc
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from streambench.kafka.clocks import realtime_minus_monotonic_ns
from streambench.kafka.cluster import Cluster
from streambench.kafka.cluster_delivery import ClusterDelivery
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.delivery import Delivery, DeliveryFailed
from streambench.kafka.frames import ControlFrames, ControlRecord, FrameSource, TraceFrames
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.process import end_of_input_on_sigterm
from streambench.kafka.progress import ProgressFile
from streambench.kafka.send_times import SendLogMeta, SendTimes, write_send_times
from streambench.kafka.sequences import Sequences
from streambench.kafka.wire import (
    ProduceLayout,
    ProducerIdentity,
    error_name,
    init_producer_id_request,
    parse_init_producer_id,
)
from streambench.model.errors import StreambenchError
from streambench.model.kafka_access import KafkaAccess
from streambench.runtime.priority import go_first
from streambench.runtime.waiting import wait_until

_START_TIMEOUT_S: Final = 30.0


class PlayerProcess:
    """State that outlives a play: the producer's identity, its sequences, where the logs end."""

    def __init__(
        self, access: KafkaAccess, topic: str, partitions: int, share: tuple[int, int] = (0, 1)
    ) -> None:
        """Of `share` (i, n) the partitions p with p mod n = i are this process's."""
        self._share = share
        self._topic = topic
        self._layout = ProduceLayout(topic)
        self._cluster = Cluster(access)
        connection, identity = wait_until(
            self._introduce,
            what=f"a producer id from the broker at {access.bootstrap}",
            timeout_s=_START_TIMEOUT_S,
            stage="load",
        )
        index, of = share
        self._logs = PartitionLogs(self._cluster, topic, range(index, partitions, of))
        self._sequences = Sequences(identity, [0] * partitions)
        # Several brokers: the partitions' leaders are several, and may move.
        self._connection: Connection | None = connection
        if len(self._cluster.brokers) > 1:
            connection.close()
            self._connection = None

    def _introduce(self) -> tuple[Connection, ProducerIdentity] | None:
        """Connect and ask for a producer id; None while the broker cannot give one."""
        try:
            connection = self._cluster.anyone(timeout_s=_START_TIMEOUT_S)
        except ConnectionLost as error:
            print(f"not connected: {error}", file=sys.stderr)
            return None
        try:
            error_code, identity = parse_init_producer_id(
                connection.call(init_producer_id_request(0))
            )
        except ConnectionLost as lost:
            print(f"connection lost: {lost}", file=sys.stderr)
            connection.close()
            return None
        if error_code:
            print(f"no producer id: {error_name(error_code)}", file=sys.stderr)
            connection.close()
            return None
        return connection, identity

    def send(self, records: tuple[ControlRecord, ...]) -> None:
        """Deliver control records in order. Raises DeliveryFailed."""
        frames = ControlFrames(records, layout=self._layout, sequences=self._sequences)
        with self._delivery(
            frames, SendTimes(len(frames), len(frames.partition_of)), t0_ns=time.monotonic_ns()
        ) as delivery:
            delivery.run()

    @contextmanager
    def _delivery(
        self,
        frames: FrameSource,
        times: SendTimes,
        *,
        t0_ns: int,
        progress: Callable[[int, int], None] = lambda records, quantum: None,
        watch_fd: int | None = None,
    ) -> Iterator[Delivery | ClusterDelivery]:
        """A delivery by the one connection that is kept, or to several brokers by connections of its own."""
        if self._connection is None:
            yield ClusterDelivery(
                self._cluster,
                self._topic,
                frames,
                times,
                logs=self._logs,
                t0_ns=t0_ns,
                progress=progress,
                watch_fd=watch_fd,
            )
            return
        delivery = Delivery(
            self._cluster,
            self._connection,
            frames,
            times,
            logs=self._logs,
            t0_ns=t0_ns,
            progress=progress,
            watch_fd=watch_fd,
        )
        try:
            yield delivery
        finally:
            self._connection = delivery.connection

    def play(
        self,
        batches: Path,
        *,
        records: Path,
        quantum_ms: int,
        start_realtime_ns: int,
        event_offset_ms: int,
        send_log: Path,
        progress: ProgressFile,
        unthrottled: bool,
        holds: Sequence[tuple[int, int]],
        quanta: tuple[int, int] | None,
        watch_fd: int,
    ) -> SendLogMeta:
        """Play a trace and write its send log, after a failure too. Returns the metadata.

        Of `quanta` (first, end) only those are played.
        """
        frames = TraceFrames(
            _between(self._own(np.load(batches, mmap_mode="r")), quanta),
            records_path=records,
            quantum_ms=quantum_ms,
            layout=self._layout,
            sequences=self._sequences,
            event_offset_ms=event_offset_ms,
            unthrottled=unthrottled,
            holds=holds,
        )
        times = SendTimes(len(frames), len(frames.partition_of))
        offset_start_ns = realtime_minus_monotonic_ns()
        t0_ns = time.monotonic_ns() if unthrottled else start_realtime_ns - offset_start_ns
        failure: str | None = None
        # A collection in the loop would stop it for milliseconds; nothing there makes cycles.
        gc.collect()
        gc.freeze()
        gc.disable()
        cpu_s, wall_s = time.process_time(), time.monotonic()
        try:
            with self._delivery(
                frames, times, t0_ns=t0_ns, progress=progress.advance, watch_fd=watch_fd
            ) as delivery:
                delivery.run()
        except DeliveryFailed as failed:
            failure = str(failed)
        finally:
            cpu_s, wall_s = time.process_time() - cpu_s, time.monotonic() - wall_s
            ended_ns = time.monotonic_ns() - t0_ns
            gc.enable()
            gc.unfreeze()
        offset_end_ns = realtime_minus_monotonic_ns()
        meta = SendLogMeta(
            start_realtime_ns=t0_ns + offset_start_ns,
            realtime_minus_monotonic_start_ns=offset_start_ns,
            realtime_minus_monotonic_end_ns=offset_end_ns,
            drift_ns=offset_end_ns - offset_start_ns,
            retried=delivery.retried_batches,
            errors=dict(delivery.errors),
            failure="stopped before its end" if delivery.stopped else failure,
            records_acknowledged=delivery.records_acknowledged,
            ended_ns=ended_ns,
            wall_s=wall_s,
            cpu_s=cpu_s,
            requests=len(frames),
        )
        write_send_times(
            send_log,
            quantum=frames.batch_quantum,
            partition=frames.batch_partition,
            records=frames.batch_records,
            frame_of_batch=frames.frame_of_batch,
            due_ns_of_frame=frames.due_ns,
            times=times,
            meta=meta,
        )
        return meta

    def gauge(
        self, batches: Path, *, records: Path, quantum_ms: int, quanta: tuple[int, int]
    ) -> float | None:
        """The least processor time to make a request of `quanta`, in µs; None where there are none.

        They are made again and again, to tell how fast the machine is, and none is sent.
        """
        frames = TraceFrames(
            _between(self._own(np.load(batches, mmap_mode="r")), quanta),
            records_path=records,
            quantum_ms=quantum_ms,
            layout=self._layout,
            sequences=self._sequences.copy(),  # none is sent: no number is used up
            event_offset_ms=0,
        )
        return frames.least_build_us()

    def _own(self, batches: npt.NDArray[np.void]) -> npt.NDArray[np.void]:
        index, of = self._share
        return batches if of == 1 else batches[batches["partition"] % of == index]

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()


def _between(batches: npt.NDArray[np.void], quanta: tuple[int, int] | None) -> npt.NDArray[np.void]:
    if quanta is None:
        return batches
    first, end = np.searchsorted(batches["quantum"], quanta)
    return batches[first:end]


def _answer(**fields: Any) -> None:
    print(json.dumps(fields), flush=True)


def _carry_out(player: PlayerProcess, command: dict[str, Any]) -> None:
    match command["command"]:
        case "send":
            player.send(
                tuple(
                    ControlRecord(
                        record["partition"],
                        record["event_ms"],
                        None if record["key"] is None else base64.b64decode(record["key"]),
                        base64.b64decode(record["value"]),
                    )
                    for record in command["records"]
                )
            )
            _answer(ok=True)
        case "play":
            with ProgressFile.attach(Path(command["progress"])) as progress:
                meta = player.play(
                    Path(command["batches"]),
                    records=Path(command["records"]),
                    quantum_ms=command["quantum_ms"],
                    start_realtime_ns=command["start_realtime_ns"],
                    event_offset_ms=command["event_offset_ms"],
                    send_log=Path(command["send_log"]),
                    progress=progress,
                    unthrottled=command["unthrottled"],
                    holds=command["holds"],
                    quanta=command["quanta"],
                    watch_fd=sys.stdin.fileno(),
                )
                progress.finish()
            if meta.failure is None:
                _answer(ok=True)
            else:
                _answer(error=meta.failure)
        case "gauge":
            first, end = command["quanta"]
            least_us = player.gauge(
                Path(command["batches"]),
                records=Path(command["records"]),
                quantum_ms=command["quantum_ms"],
                quanta=(first, end),
            )
            _answer(ok=True, least_us=least_us)
        case unknown:
            _answer(error=f"unknown command {unknown!r}")


def main() -> None:
    """Serve commands until the end of stdin."""
    parser = argparse.ArgumentParser(prog="streambench-player", description=__doc__)
    parser.add_argument("--topic", required=True)
    parser.add_argument("--partitions", required=True, type=int)
    parser.add_argument("--share", nargs=2, type=int, default=(0, 1), metavar=("INDEX", "OF"))
    arguments = parser.parse_args()
    end_of_input_on_sigterm()
    if not go_first():
        print(
            "no real-time scheduling: the load may come late when cores are short", file=sys.stderr
        )
    # Who logs in comes by the pipe: a command line can be read by everybody.
    access = KafkaAccess.from_json(json.loads(sys.stdin.readline()))
    try:
        player = PlayerProcess(
            access, arguments.topic, arguments.partitions, tuple(arguments.share)
        )
    except (StreambenchError, ConnectionLost) as error:
        _answer(error=str(error))
        sys.exit(1)
    _answer(ok=True)
    # readline(), not iteration, which would read ahead and hide the next command from select().
    while line := sys.stdin.readline():
        try:
            _carry_out(player, json.loads(line))
        except DeliveryFailed as failed:
            _answer(error=str(failed))
    player.close()


if __name__ == "__main__":
    main()
