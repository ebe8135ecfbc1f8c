"""The sending loop for several brokers: each leader has a lane of its own, and partitions move between them."""

from __future__ import annotations

import select
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Final

from streambench.kafka.cluster import Cluster
from streambench.kafka.connection import ConnectionLost
from streambench.kafka.delivery import MAX_IN_FLIGHT, DeliveryFailed, after, foreign
from streambench.kafka.frames import Frame, FrameSource
from streambench.kafka.leader_lane import LeaderLane
from streambench.kafka.partition_logs import PartitionLogs
from streambench.kafka.secured import NotLetIn
from streambench.kafka.send_times import UNSET, SendTimes
from streambench.kafka.wire import ACKNOWLEDGED, RETRIABLE, ErrorCode, error_name, parse_produce

_AHEAD_NS: Final = 20_000_000
_AHEAD: Final = 32
_ANSWER_TIMEOUT_S: Final = 30.0
_GIVE_UP_S: Final = 60.0
_LOOK_AGAIN_S: Final = 0.05
# A broker that does not answer holds up the others' lanes for so long.
_ASKING_TIMEOUT_S: Final = 0.5
_LONGEST_WAIT_S: Final = 1.0
_NO_OFFSET: Final = -1


class ClusterDelivery:
    """Delivers all frames of one source, each not before it is due, to whoever leads its partitions.

    A frame is split by leader. Its instants are those of its last part. When a leader is lost, or says
    that it leads no more, then

    1. all that its lane has no acknowledgement for waits, partition by partition;
    2. the new leaders are asked for, and where their logs end: what they hold is acknowledged;
    3. the rest is written again to them, in order, with the same producer id, epoch and sequences.

    The other lanes go on meanwhile. So no topic may have another writer; see `Delivery`.
    """

    def __init__(
        self,
        cluster: Cluster,
        topic: str,
        frames: FrameSource,
        times: SendTimes,
        *,
        logs: PartitionLogs,
        t0_ns: int,
        progress: Callable[[int, int], None],
        watch_fd: int | None,
    ) -> None:
        self._cluster = cluster
        self._topic = topic
        self._frames = frames
        self._times = times
        self._logs = logs
        self._t0_ns = t0_ns
        self._progress = progress
        self._watched = [] if watch_fd is None else [watch_fd]
        self._next = 0
        self._lanes: dict[int, LeaderLane] = {}
        self._leader_of: dict[int, int] = {}
        self._waiting: dict[int, deque[int]] = {partition: deque() for partition in logs.ends}
        self._homeless_since_s = time.monotonic()
        self._look_at_s = 0.0
        self._frame_of: dict[int, int] = {}  # of the batches that have no acknowledgement
        self._left_of: dict[int, int] = {}  # of a frame: its batches without one
        self._unwritten: dict[int, int] = {}  # of a frame: its batches that were not written yet
        self._tries: dict[int, int] = {}  # how often a batch without acknowledgement was written
        self._done = 0
        self.records_acknowledged = 0
        self.retried_batches = 0
        self.errors: Counter[str] = Counter()
        self.stopped = False

    def run(self) -> None:
        """Send everything and return when all of it is acknowledged. Raises DeliveryFailed."""
        total = len(self._frames)
        try:
            while self._done < total and not self.stopped:
                self._prepare()
                if self._waiting and time.monotonic() >= self._look_at_s:
                    self._place()
                for lane in tuple(self._lanes.values()):
                    self._guarded(lane, self._write_what_is_due)
                self._wait()
        finally:
            for lane in self._lanes.values():
                lane.connection.close()

    def _now_ns(self) -> int:
        return time.monotonic_ns() - self._t0_ns

    # --- building ---

    def _prepare(self) -> None:
        """Split the frames that are due soon among the lanes; what has no leader waits."""
        frames = self._frames
        built = 0
        while self._next < len(frames) and built < _AHEAD:
            due_ns = frames.due_of(self._next)
            if due_ns - self._now_ns() > _AHEAD_NS:
                return
            index, numbers = self._next, frames.numbers_of(self._next)
            self._next += 1
            built += 1
            self._left_of[index] = self._unwritten[index] = len(numbers)
            by_lane: dict[int, list[int]] = {}
            for number in numbers:
                self._frame_of[number] = index
                partition = frames.partition_of[number]
                leader = self._leader_of.get(partition)
                if leader is None:
                    self._waiting[partition].append(number)
                else:
                    by_lane.setdefault(leader, []).append(number)
            for node, some in by_lane.items():
                self._lanes[node].built.append(frames.part(index, some))

    # --- writing ---

    def _guarded(self, lane: LeaderLane, act: Callable[[LeaderLane], None]) -> None:
        try:
            act(lane)
        except ConnectionLost as lost:
            self._leave(lane, str(lost))

    def _write_what_is_due(self, lane: LeaderLane) -> None:
        while True:
            if lane.writing is None:
                if not lane.in_flight:
                    lane.connection.renew_if_due()
                frame = lane.next_frame()
                if frame is None or frame.due_ns > self._now_ns():
                    return
                lane.begin(frame)
            assert lane.writing is not None
            if not self._write(lane, lane.writing):
                return

    def _write(self, lane: LeaderLane, frame: Frame) -> bool:
        """Write as much as is taken; True when the frame is out."""
        attempt_ns = self._now_ns()
        sent = lane.connection.write(lane.rest)
        if sent == 0:
            return False
        times, index = self._times, frame.index
        if lane.rest is frame.parts:
            frame.attempts += 1
            times.attempts[index] = max(times.attempts[index], frame.attempts)
            if frame.attempts == 1:
                times.possible_ns[index] = max(times.possible_ns[index], attempt_ns)
        lane.rest = after(lane.rest, sent)
        if lane.rest:
            return False
        now_ns = self._now_ns()
        if not lane.in_flight:
            lane.answered_at_ns = now_ns
        lane.in_flight.append(frame)
        lane.writing = None
        self._note_written(frame, now_ns)
        return True

    def _note_written(self, frame: Frame, now_ns: int) -> None:
        """A frame is written when the last of its batches has been for the first time."""
        first_time = [number for number in frame.numbers if number not in self._tries]
        for number in frame.numbers:
            self._tries[number] = frame.attempts
        if not first_time:
            return
        self._unwritten[frame.index] -= len(first_time)
        if self._unwritten[frame.index] == 0:
            self._times.written_ns[frame.index] = now_ns
            self._progress(self._frames.records_in(frame.index), frame.quantum)

    # --- waiting and reading ---

    def _wait(self) -> None:
        sockets = {lane.connection.socket.fileno(): lane for lane in self._lanes.values()}
        writing = [fileno for fileno, lane in sockets.items() if lane.writing is not None]
        readable, _, _ = select.select([*sockets, *self._watched], writing, [], self._patience_s())
        for fileno, lane in sockets.items():
            if fileno in readable:
                self._guarded(lane, self._take)
            elif lane.in_flight and self._now_ns() - lane.answered_at_ns > _ANSWER_TIMEOUT_S * 1e9:
                self._leave(lane, f"no answer within {_ANSWER_TIMEOUT_S:.0f} s")
        if self._watched and self._watched[0] in readable:
            self.stopped = True

    def _patience_s(self) -> float:
        """How long nothing has to be done, unless somebody answers."""
        wait_s = _LONGEST_WAIT_S
        if self._waiting:
            wait_s = min(wait_s, max(0.0, self._look_at_s - time.monotonic()))
        if self._next < len(self._frames):
            ahead_ns = self._frames.due_of(self._next) - _AHEAD_NS // 2 - self._now_ns()
            wait_s = min(wait_s, max(0.0, ahead_ns / 1e9))
        for lane in self._lanes.values():
            frame = lane.next_frame() if lane.writing is None else None
            if frame is not None:
                wait_s = min(wait_s, max(0.0, (frame.due_ns - self._now_ns()) / 1e9))
        return wait_s

    def _take(self, lane: LeaderLane) -> None:
        answers = lane.connection.answers()
        arrived_ns = lane.connection.arrived_ns - self._t0_ns
        for correlation_id, body in answers:
            if not lane.in_flight or lane.in_flight[0].correlation_id != correlation_id:
                raise ConnectionLost("an answer out of order")
            frame = lane.in_flight.popleft()
            lane.answered_at_ns = arrived_ns
            if refused := self._judge(lane, frame, body, arrived_ns):
                self._frames.narrow(frame, refused)
                lane.refused.append(frame)
        if lane.refused and not lane.in_flight and lane.writing is None:
            raise ConnectionLost(lane.refusal)

    def _judge(self, lane: LeaderLane, frame: Frame, body: bytes, arrived_ns: int) -> Sequence[int]:
        """Note what is acknowledged; return the numbers of those to be written again."""
        refused: list[int] = []
        numbers = {self._frames.partition_of[number]: number for number in frame.numbers}
        for partition, error, base_offset in parse_produce(body):
            if not error or error in ACKNOWLEDGED:
                if base_offset not in (_NO_OFFSET, self._logs.ends[partition]):
                    raise foreign(partition, base_offset, self._logs.ends[partition])
                self._acknowledged(numbers[partition], arrived_ns)
            elif error in RETRIABLE:
                lane.refusal = error_name(error)
                refused.append(numbers[partition])
            elif error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER and lane.refused:
                refused.append(numbers[partition])
            else:
                raise DeliveryFailed(
                    f"the broker refused a batch for partition {partition}: {error_name(error)}"
                )
        return refused

    def _acknowledged(self, number: int, now_ns: int) -> None:
        partition, records = self._frames.partition_of[number], self._frames.records_of[number]
        self._times.base_offset[number] = self._logs.ends[partition]
        self._logs.ends[partition] += records
        self.records_acknowledged += records
        index = self._frame_of.pop(number)
        self._tries.pop(number, None)
        self._left_of[index] -= 1
        if self._left_of[index]:
            return
        del self._left_of[index], self._unwritten[index]
        if self._times.written_ns[index] == UNSET:  # written in part when the connection was lost
            self._times.written_ns[index] = now_ns
            self._progress(self._frames.records_in(index), self._frames.quantum_of(index))
        # An answer may come before this process has looked at the clock again.
        self._times.acked_ns[index] = max(now_ns, self._times.written_ns[index])
        self._done += 1

    # --- partitions that move ---

    def _leave(self, lane: LeaderLane, reason: str) -> None:
        """Give up a leader: its partitions wait for another one."""
        self.errors[reason] += 1
        lane.connection.close()
        del self._lanes[lane.node]
        if not self._waiting:
            self._homeless_since_s = time.monotonic()
        for partition, node in tuple(self._leader_of.items()):
            if node == lane.node:
                del self._leader_of[partition]
                self._waiting[partition] = deque()
        for frame in lane.unanswered():
            for number in frame.numbers:
                self._waiting[self._frames.partition_of[number]].append(number)
                self.retried_batches += self._tries.get(number, 0) > 0
        self._look_at_s = 0.0

    def _place(self) -> None:
        """Find leaders for the partitions that wait. Raises DeliveryFailed after a minute in vain."""
        self._look_at_s = time.monotonic() + _LOOK_AGAIN_S
        try:
            leaders = self._cluster.leaders(self._topic, timeout_s=_ASKING_TIMEOUT_S)
        except (ConnectionLost, NotLetIn) as lost:
            self._in_vain(str(lost))
            return
        groups: dict[int, list[int]] = {}
        for partition in self._waiting:
            if (leader := leaders.get(partition)) is not None:
                groups.setdefault(leader, []).append(partition)
        why = "no partition of these has a leader"
        for node, partitions in groups.items():
            try:
                ends = self._logs.ask(partitions, timeout_s=_ASKING_TIMEOUT_S)
                if node not in self._lanes:
                    connection = self._cluster.connect_to(node, timeout_s=_ASKING_TIMEOUT_S)
                    connection.non_blocking()
                    self._lanes[node] = LeaderLane(node, connection, MAX_IN_FLIGHT, self._now_ns())
            except (ConnectionLost, NotLetIn) as lost:  # a broker that starts knows no users yet
                why = str(lost)
                continue
            self._settle(self._lanes[node], ends)
        if self._waiting:
            self._in_vain(why)

    def _in_vain(self, why: str) -> None:
        if time.monotonic() - self._homeless_since_s > _GIVE_UP_S:
            raise DeliveryFailed(f"no delivery for {_GIVE_UP_S:.0f} s: {why}")

    def _settle(self, lane: LeaderLane, ends: dict[int, int]) -> None:
        """Acknowledge what the logs hold up to `ends`, and give the rest to the lane."""
        now_ns = self._now_ns()
        by_frame: dict[int, list[int]] = {}
        for partition, end in ends.items():
            numbers = self._waiting.pop(partition)
            while (
                numbers and self._logs.ends[partition] + self._frames.records_of[numbers[0]] <= end
            ):
                self._acknowledged(numbers.popleft(), now_ns)
            if self._logs.ends[partition] != end:
                raise foreign(partition, end, self._logs.ends[partition])
            for number in numbers:
                by_frame.setdefault(self._frame_of[number], []).append(number)
            self._leader_of[partition] = lane.node
        for index in sorted(by_frame):
            frame = self._frames.part(index, sorted(by_frame[index]))
            frame.attempts = max(self._tries.get(number, 0) for number in frame.numbers)
            lane.again.append(frame)
