"""The sending loop: open loop, at most five requests in flight, everything noted down."""

from __future__ import annotations

import select
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final

from streambench.kafka.clocks import realtime_minus_monotonic_ns
from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import Connection, ConnectionLost, arrival_ns
from streambench.kafka.frames import Frame, FrameSource
from streambench.kafka.keep_pace import LONGEST_UNREAD_NS, Queues, keep_pace
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.secured import NotLetIn
from streambench.kafka.send_times import UNSET, SendTimes
from streambench.kafka.wire import (
    ACKNOWLEDGED,
    RETRIABLE,
    Buffer,
    ErrorCode,
    error_name,
    parse_produce,
)

MAX_IN_FLIGHT: Final = 5
"""The broker remembers five batches a producer and partition: more in flight could be reordered."""

# So much is built ahead at most. More would take a core from the broker for a millisecond, and its answers
# would come later; and not before it is written does anybody look whether the play is stopped.
_AHEAD: Final = 32
_AHEAD_BYTES: Final = 4 << 20
_MARGIN_NS: Final = 2_000_000
_NO_OFFSET: Final = -1  # of a duplicate, sometimes
_ANSWER_TIMEOUT_S: Final = 30.0
_GIVE_UP_S: Final = 60.0
_RECONNECT_PAUSE_S: Final = 0.05
_CONNECT_TIMEOUT_S: Final = 1.0
_LONGEST_WAIT_S: Final = 1.0


class DeliveryFailed(Exception):
    """The broker refused a batch for good, or could not be reached for too long."""


class Delivery:
    """Delivers all frames of one source, each not before it is due, and waits for every answer.

    `times` is filled in as it goes; `progress` is called with (records, quantum) after each
    first write. The loop ends early (`stopped`) when `watch_fd` becomes readable.

    After a lost connection or a retriable answer, batches without an acknowledgement are written
    again with the same producer id, epoch and sequences, in order and one request at a time. Which of
    them the log holds already, `logs` asks the broker: it does not recognize them all itself, for
    after a restart it remembers a producer's last batch only, and nothing of a producer whose record
    times are older than `producer.id.expiration.ms`. So the topic must have no other writer.
    """

    def __init__(
        self,
        cluster: Cluster,
        connection: Connection,
        frames: FrameSource,
        times: SendTimes,
        *,
        logs: PartitionLogs,
        t0_ns: int,
        progress: Callable[[int, int], None],
        watch_fd: int | None,
    ) -> None:
        self._cluster = cluster
        self.connection = connection
        self._frames = frames
        self._times = times
        self._logs = logs
        self._t0_ns = t0_ns
        self._progress = progress
        self._watched = [] if watch_fd is None else [watch_fd]
        self._next = 0  # the frame to be built next
        self._queues = Queues()
        self._built = self._queues.built
        self._writing: Frame | None = None
        self._rest: Sequence[Buffer] = ()
        self._in_flight = self._queues.in_flight
        self._again: deque[Frame] = deque()
        self._refused: list[Frame] = []  # with a retriable error, or behind one
        self._refusal = ""
        self._done = 0
        self._answered_at_ns = 0
        self._lost_since_s: float | None = None
        self.records_acknowledged = 0
        self.retried_batches = 0
        self.errors: Counter[str] = Counter()
        self.stopped = False

    def run(self) -> None:
        """Send everything and return when all of it is acknowledged. Raises DeliveryFailed."""
        total = len(self._frames)
        self._answered_at_ns = self._now_ns()
        self.connection.non_blocking()
        while self._done < total and not self.stopped:
            try:
                if not self._in_flight and self._writing is None:
                    self.connection.renew_if_due()
                self._wait(self._write_what_is_due())
            except ConnectionLost as lost:
                self._recover(str(lost))
        self._note_accepted()

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._t0_ns

    # --- writing ---

    def _write_what_is_due(self) -> int | None:
        """Return when the next frame is due; None when the broker or the kernel has to move first."""
        while True:
            if self._writing is None:
                frame = self._next_frame()
                if frame is None or frame.due_ns > self._now_ns():
                    break
                (self._again or self._built).popleft()
                self._writing, self._rest = frame, frame.parts
            if not self._write(self._writing):
                return None
        if len(self._built) <= 1:
            self._prepare()
        return None if frame is None else frame.due_ns

    def _may_write(self) -> bool:
        """Whether another request may be in flight: one only while batches are written again.

        None while a new log-in waits for those that are.
        """
        if self._refused or (self._in_flight and self.connection.renewal_is_due()):
            return False
        repeating = self._again or (self._in_flight and self._in_flight[0].attempts > 1)
        return len(self._in_flight) < (1 if repeating else MAX_IN_FLIGHT)

    def _next_frame(self) -> Frame | None:
        """The frame that is to be written next; None when none may be, or none is left."""
        if not self._may_write():
            return None
        if self._again:
            return self._again[0]
        if not self._built:
            self._prepare()
        return self._built[0] if self._built else None

    def _prepare(self) -> None:
        """Do while no frame is due what need not be done for each: many at a time, while the code is hot.

        After 5 ms of sleep the same code takes eight times as long as in a loop.
        """
        self._note_accepted()
        if select.select(self._watched, [], [], 0)[0]:
            self.stopped = True
        built, total = self._built, len(self._frames)
        while len(built) < _AHEAD and self._next < total:
            frame = self._frames.build(self._next)
            built.append(frame)
            self._next += 1
            if (
                built[0].due_ns - self._now_ns() < _MARGIN_NS
                or len(built) * frame.size_bytes > _AHEAD_BYTES
            ):
                return

    def _write(self, frame: Frame) -> bool:
        """Write as much as the kernel takes; True when the frame is out."""
        attempt_ns = self._now_ns()
        sent = self.connection.write(self._rest)
        if sent == 0:
            return False
        times, index = self._times, frame.index
        if times.possible_ns[index] == UNSET:
            times.possible_ns[index] = attempt_ns
        if self._rest is frame.parts:
            frame.attempts += 1
            times.attempts[index] = frame.attempts
            if sent == frame.size_bytes:
                self._written(frame)
                return True
        self._rest = after(self._rest, sent)
        if self._rest:
            return False
        self._written(frame)
        return True

    def _written(self, frame: Frame) -> None:
        now_ns = self._now_ns()
        if not self._in_flight:
            self._answered_at_ns = now_ns
        self._in_flight.append(frame)
        self._writing = None
        if self._times.written_ns[frame.index] == UNSET:
            self._times.written_ns[frame.index] = now_ns
            self._progress(frame.records, frame.quantum)

    # --- waiting and reading ---

    def _wait(self, due_ns: int | None) -> None:
        """Sleep until a frame is due, an answer comes or the kernel takes more."""
        wait_s = _LONGEST_WAIT_S
        if due_ns is not None:
            wait_s = min(max((due_ns - self._now_ns()) / 1e9, 0.0), wait_s)
            if self._may_keep_pace(wait_s):
                cut = keep_pace(
                    self.connection, self._queues, self._times, self._t0_ns, self._progress
                )
                if cut is not None:
                    self._writing = self._in_flight.pop()
                    self._rest = after(self._writing.parts, cut)
                if self._queues.unusual is not None:
                    received, notes = self._queues.unusual
                    self._queues.unusual = None
                    self._take(self.connection.answers_with(received, notes))
                return
        connected = self.connection.socket.fileno()
        # select() and not poll() or epoll, which would round the time-out up to a millisecond.
        readable, _, _ = select.select(
            [connected, *self._watched], [connected] if self._writing else [], [], wait_s
        )
        if connected in readable:
            self._take(self.connection.answers())
        elif self._in_flight and self._now_ns() - self._answered_at_ns > _ANSWER_TIMEOUT_S * 1e9:
            raise ConnectionLost(f"no answer within {_ANSWER_TIMEOUT_S:.0f} s")
        if readable and self._watched and self._watched[0] in readable:
            self.stopped = True

    def _may_keep_pace(self, wait_s: float) -> bool:
        """Whether `keep_pace` may go on: all is as always, and the next frame is small and due soon."""
        return (
            len(self._in_flight) <= 1
            and len(self._built) > 1
            and len(self._built[0].parts) == 1
            and 0 < wait_s <= LONGEST_UNREAD_NS / 1e9
            and not (self._refused or self.stopped)
            and self.connection.notes_arrival
        )

    def _note_accepted(self) -> None:
        """Note down what `keep_pace` left to be noted."""
        accepted, self._queues.accepted = self._queues.accepted, []
        if not accepted:
            return
        distance_ns = realtime_minus_monotonic_ns() + self._t0_ns
        for frame, answer, notes in accepted:
            offsets = frame.answer.offsets.unpack(answer)
            self._note_offsets(frame, dict(zip(offsets[::2], offsets[1::2], strict=True)))
            self._complete(frame, arrival_ns(notes, distance_ns))
        self._answered_at_ns = self._times.acked_ns[accepted[-1][0].index]

    def _note_offsets(self, frame: Frame, offsets: dict[int, int]) -> None:
        frames, ends, base_offset = self._frames, self._logs.ends, self._times.base_offset
        for number in frame.numbers:
            partition = frames.partition_of[number]
            offset = offsets[partition]
            if offset != ends[partition]:
                raise self._foreign(partition, offset)
            base_offset[number] = offset
            ends[partition] = offset + frames.records_of[number]

    def _take(self, answers: Sequence[tuple[int, bytes]]) -> None:
        self._note_accepted()
        arrived_ns = self.connection.arrived_ns - self._t0_ns
        for correlation_id, body in answers:
            if not self._in_flight or self._in_flight[0].correlation_id != correlation_id:
                raise ConnectionLost("an answer out of order")
            frame = self._in_flight.popleft()
            self._answered_at_ns = arrived_ns
            if refused := self._judge(frame, body):
                self._frames.narrow(frame, refused)
                self._refused.append(frame)
            else:
                self._complete(frame, arrived_ns)
        if self._refused and not self._in_flight and self._writing is None:
            # All that was in flight is answered: nothing can overtake what is written again now.
            raise ConnectionLost(self._refusal)

    def _judge(self, frame: Frame, body: bytes) -> Sequence[int]:
        """Note the offsets of acknowledged batches; return the numbers of those to be written again."""
        refused: list[int] = []
        partition_of = self._frames.partition_of
        numbers = {partition_of[number]: number for number in frame.numbers}
        for partition, error, base_offset in parse_produce(body):
            if not error or error in ACKNOWLEDGED:
                if base_offset not in (_NO_OFFSET, self._logs.ends[partition]):
                    raise self._foreign(partition, base_offset)
                self._acknowledged(numbers[partition], partition)
            elif error in RETRIABLE:
                self._refusal = error_name(error)
                refused.append(numbers[partition])
            elif error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER and self._refused:
                refused.append(numbers[partition])  # the batch before it was refused
            else:
                raise DeliveryFailed(
                    f"the broker refused a batch for partition {partition}: {error_name(error)}"
                )
        return refused

    def _acknowledged(self, number: int, partition: int) -> None:
        self._times.base_offset[number] = self._logs.ends[partition]
        self._logs.ends[partition] += self._frames.records_of[number]

    def _complete(self, frame: Frame, now_ns: int) -> None:
        # An answer may come before this process has looked at the clock again.
        self._times.acked_ns[frame.index] = max(now_ns, self._times.written_ns[frame.index])
        self._done += 1
        self._lost_since_s = None
        self.records_acknowledged += frame.records

    # --- after a loss ---

    def _recover(self, reason: str) -> None:
        """Connect again, settle what the log holds, and queue the rest to be written again."""
        self._note_accepted()
        self.errors[reason] += 1
        self._lost_since_s = self._lost_since_s or time.monotonic()
        self.connection.close()
        unanswered = [*self._refused, *self._in_flight]
        if self._writing is not None:
            unanswered.append(self._writing)
        unanswered += self._again
        self._refused.clear()
        self._in_flight.clear()
        self._again.clear()
        self._writing = None
        partition_of = self._frames.partition_of
        partitions = sorted(
            {partition_of[number] for frame in unanswered for number in frame.numbers}
        )
        while True:
            if time.monotonic() - self._lost_since_s > _GIVE_UP_S:
                raise DeliveryFailed(f"no delivery for {_GIVE_UP_S:.0f} s: {reason}")
            if select.select(self._watched, [], [], _RECONNECT_PAUSE_S)[0]:
                self.stopped = True
                return
            try:
                self.connection = self._cluster.anyone(timeout_s=_CONNECT_TIMEOUT_S)
                ends = self._logs.ask(partitions)
            except (ConnectionLost, NotLetIn) as error:
                self.connection.close()
                reason = str(error)
                continue
            break
        self.connection.non_blocking()
        self._settle(unanswered, ends)

    def _settle(self, frames: Sequence[Frame], ends: dict[int, int]) -> None:
        """Acknowledge the batches that the log holds up to `ends`; keep the frames of the others."""
        now_ns = self._answered_at_ns = self._now_ns()
        behind: set[int] = set()
        for frame in frames:
            missing: list[int] = []
            for number in frame.numbers:
                partition = self._frames.partition_of[number]
                end = self._logs.ends[partition] + self._frames.records_of[number]
                if end <= ends[partition] and partition not in behind:
                    self._acknowledged(number, partition)
                else:
                    missing.append(number)
                    behind.add(partition)
            if missing:
                self._frames.narrow(frame, missing)
                self._again.append(frame)
                self.retried_batches += len(missing) if frame.attempts else 0
            else:
                self._complete(frame, now_ns)
        for partition, end in ends.items():
            if self._logs.ends[partition] != end:
                raise self._foreign(partition, end)

    def _foreign(self, partition: int, offset: int) -> DeliveryFailed:
        return foreign(partition, offset, self._logs.ends[partition])


def foreign(partition: int, offset: int, known: int) -> DeliveryFailed:
    """A log that ends elsewhere than where all acknowledged records end."""
    return DeliveryFailed(
        f"partition {partition} is at offset {offset}, not at {known}: "
        "it lost records, or has another writer"
    )


def after(parts: Sequence[Buffer], sent: int) -> Sequence[Buffer]:
    """Return what is left of `parts` after `sent` bytes."""
    for at, part in enumerate(parts):
        if sent < len(part):
            return [memoryview(part)[sent:], *parts[at + 1 :]]
        sent -= len(part)
    return ()
