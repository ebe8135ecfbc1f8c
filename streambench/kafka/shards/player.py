"""A job's player whose processes are on other hosts."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from streambench.kafka.frames import ControlRecord
from streambench.kafka.meeting.host import Member, OrderGiven
from streambench.kafka.progress import PlayProgress
from streambench.kafka.send_log import join_send_logs
from streambench.kafka.send_times import SendLogMeta, meta_of, read_meta, write_meta
from streambench.kafka.shards.coordinator import Shards
from streambench.kafka.shards.names import Command
from streambench.kafka.skew import refuse_skew
from streambench.model.clocks import ClockBound
from streambench.model.errors import InstrumentFailed
from streambench.model.trial import TraceRef

_OPEN_S: Final = 90.0
_SEND_S: Final = 90.0
_CLOSE_S: Final = 20.0


class ShardedPlaying:
    """A play under way on all shards; `send_log` is what their logs become."""

    def __init__(
        self, shards: Shards, given: OrderGiven, send_log: Path, clock: ClockBound
    ) -> None:
        self._shards = shards
        self._given = given
        self._send_log = send_log
        self._clock = clock
        self._quantum: int | None = None
        self._meta: SendLogMeta | None = None

    def progress(self) -> PlayProgress:
        """How far it has come, by the newest heartbeats. Raises InstrumentFailed when a shard has gone."""
        if self._meta is not None:
            return PlayProgress(self._meta.records_acknowledged, self._quantum, finished=True)
        finished = self._shards.host.reported(self._given)
        own = [each.state for each in self._given.members]
        states = [state for state in own if state.get("order") == self._given.number]
        quanta = [state["quantum"] for state in states if state["quantum"] is not None]
        if len(quanta) == len(own):
            self._quantum = min(quanta)
        return PlayProgress(
            sum(state["records_written"] for state in states), self._quantum, finished=finished
        )

    def wait(self, timeout_s: float) -> SendLogMeta:
        """Wait until all have played and their logs are one; may be called again. Raises InstrumentFailed."""
        if self._meta is None:
            parts = self._shards.send_logs(self._given, timeout_s)
            join_send_logs([(path, meta_of(meta)) for path, meta in parts], self._send_log)
            for path, _ in parts:
                path.unlink()
            own = self._clock.hull(self._shards.own_clock())
            meta = read_meta(self._send_log)
            write_meta(self._send_log, replace(meta, clocks=(*meta.clocks, own)))
            self._meta = read_meta(self._send_log)
        return self._meta


class ShardedPlayer:
    """Plays traces into one topic by shards; shard i of n has the partitions p with p mod n = i.

    All that is written to a partition its shard writes: probes and flush records, too.
    """

    def __init__(self, shards: Shards, topic: str, partitions: int, most_per_s: int) -> None:
        """Have the shards connect; `connected` waits for them. Raises InstrumentFailed."""
        self._shards = shards
        members = shards.host.members
        if partitions < len(members):
            raise InstrumentFailed(f"{len(members)} shards cannot share {partitions} partitions")
        self._members: tuple[Member, ...] = members
        self._clock: ClockBound | None = None
        self._opening = shards.host.order(
            Command.OPEN.value,
            {"topic": topic, "partitions": partitions, "rate_per_s": most_per_s},
            members,
        )

    def connected(self) -> None:
        """Wait until all are connected; once. Raises InstrumentFailed."""
        self._shards.host.reports(self._opening, _OPEN_S)

    def send(self, records: Sequence[ControlRecord]) -> None:
        """Write records outside the trace, in order; returns when all are acknowledged."""
        of_shard: dict[int, list[dict[str, object]]] = {}
        for record in records:
            seat = record.partition % len(self._members)
            of_shard.setdefault(seat, []).append(
                {
                    "partition": record.partition,
                    "event_ms": record.event_ms,
                    "key": None if record.key is None else base64.b64encode(record.key).decode(),
                    "value": base64.b64encode(record.value).decode(),
                }
            )
        host = self._shards.host
        given = [
            host.order(Command.SEND.value, {"records": told}, [self._members[seat]])
            for seat, told in of_shard.items()
        ]
        for each in given:
            host.reports(each, _SEND_S)

    def prepare(self, ref: TraceRef) -> None:
        """Have the trace compiled by every shard. Raises InstrumentFailed where one makes other bytes."""
        self._shards.prepare(ref)
        self._clock = self._shards.own_clock()

    def play(
        self,
        ref: TraceRef,
        *,
        start_realtime_ns: int,
        event_offset_ms: int,
        send_log: Path,
        unthrottled: bool = False,
        holds: Sequence[tuple[int, int]] = (),
        quanta: tuple[int, int] | None = None,
    ) -> ShardedPlaying:
        """Begin to play, at one instant by each shard's clock; see `Player.play`. Raises InstrumentFailed."""
        clock = self._clock
        if clock is None or not self._shards.has(ref):
            self.prepare(ref)
            clock = self._shards.own_clock()
        refuse_skew(clock)
        send_log.parent.mkdir(parents=True, exist_ok=True)
        given = self._shards.host.order(
            Command.PLAY.value,
            {
                "sha256": ref.sha256,
                "start_realtime_ns": start_realtime_ns,
                "event_offset_ms": event_offset_ms,
                "unthrottled": unthrottled,
                "holds": [list(hold) for hold in holds],
                "quanta": None if quanta is None else list(quanta),
            },
            self._members,
        )
        return ShardedPlaying(self._shards, given, send_log.absolute(), clock)

    def gauge_us(self, ref: TraceRef, quanta: tuple[int, int]) -> float | None:
        """Not known: it would be another machine's."""
        return None

    def close(self) -> None:
        """Have the shards leave the topic, a play under way included."""
        with suppress(InstrumentFailed):  # a shard that has gone writes no more either
            host = self._shards.host
            left = [member for member in self._members if member.gone is None]
            host.reports(host.order(Command.CLOSE.value, {}, left), _CLOSE_S)
