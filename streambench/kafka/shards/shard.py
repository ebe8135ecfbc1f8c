"""A shard: does what the coordinator orders, with a player of its own, until the run is over."""

from __future__ import annotations

import base64
import dataclasses
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streambench.kafka.frames import ControlRecord
from streambench.kafka.meeting.clock import measure
from streambench.kafka.meeting.guest import Guest
from streambench.kafka.meeting.log import LogLost
from streambench.kafka.meeting.messages import COORDINATOR, ClockProbe, Order
from streambench.kafka.meeting.parcels import Parcels, chunks_of, name_of
from streambench.kafka.meeting.party import Speaker
from streambench.kafka.meeting.serving import serve_orders
from streambench.kafka.player import Player, processes_for
from streambench.kafka.playing import Playing
from streambench.kafka.send_times import SendLogMeta
from streambench.kafka.shards.data_file import with_own_file
from streambench.kafka.shards.names import Command
from streambench.kafka.skew import refuse_skew
from streambench.load.recipe_text import NoRecipe, read_recipe
from streambench.load.trace import compile_trace
from streambench.model.clocks import ClockBound
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.shards import Share
from streambench.model.trial import TraceRef
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until

_PLAY_POLL_S: Final = 0.1
_LONGEST_PLAY_S: Final = 7 * 86_400.0
_LAST_WRITE_S: Final = 60.0


@dataclass(frozen=True)
class ShardPlace:
    """Where a shard works: its Kafka, its processes, its folders, and where a file of data may be."""

    access: KafkaAccess
    supervisor: Supervisor
    scratch: Path
    cache: Path
    host: str
    data: Sequence[Path] = ()


class Shard:
    """Plays `share` of every load. `parcels` are what the coordinator sends, `logs` takes send logs."""

    def __init__(
        self,
        share: Share,
        place: ShardPlace,
        parcels: Parcels,
        logs: Speaker,
        told: Callable[[str], None],
    ) -> None:
        self._share = share
        self._place = place
        self._parcels = parcels
        self._logs = logs
        self._told = told
        self._player: Player | None = None
        self._playing: tuple[int, Playing] | None = None  # by which order
        self._traces: dict[str, TraceRef] = {}
        self._plays = 0

    def state(self) -> dict[str, Any]:
        """What a heartbeat says of a play under way; asked by another thread."""
        if (under_way := self._playing) is None:
            return {}
        number, playing = under_way
        try:
            return {"order": number, **dataclasses.asdict(playing.progress())}
        except InstrumentFailed:
            return {}

    def serve(self, guest: Guest) -> None:
        """Do what is ordered. Returns when the run is over; raises InstrumentFailed when nobody orders."""
        try:
            serve_orders(guest, lambda order: self._carry_out(guest, order), self._told)
        finally:
            self._close()

    def _carry_out(self, guest: Guest, order: Order) -> Mapping[str, Any]:
        what = order.arguments
        match order.command:
            case Command.OPEN.value:
                self._open(what)
            case Command.PREPARE.value:
                self._prepare(what)
            case Command.SEND.value:
                self._opened().send([_record(each) for each in what["records"]])
            case Command.PLAY.value:
                return self._play(guest, order)
            case Command.CLOSE.value:
                self._close()
            case unknown:
                raise InstrumentFailed(f"this shard does not know how to {unknown}")
        return {}

    def _open(self, what: Mapping[str, Any]) -> None:
        self._close()
        topic, partitions = what["topic"], what["partitions"]
        own = self._share.partitions(partitions)
        self._told(f"{own} of {partitions} partitions of {topic}")
        self._player = Player.start(
            self._place.supervisor,
            access=self._place.access,
            topic=topic,
            partitions=partitions,
            log_dir=self._place.scratch / "logs",
            processes=processes_for(what["rate_per_s"] // self._share.of, own),
            share=(self._share.index, self._share.of),
        )

    def _opened(self) -> Player:
        if self._player is None:
            raise InstrumentFailed("this shard has no topic to write to")
        return self._player

    def _prepare(self, what: Mapping[str, Any]) -> None:
        """Compile the trace from its recipe. Raises InstrumentFailed where other bytes come out."""
        wanted = what["sha256"]
        if not self._parcels.has(COORDINATOR, what["recipe"]):
            raise InstrumentFailed("the recipe of the load has not arrived")
        file = self._parcels.file(COORDINATOR, what["recipe"])
        try:
            recipe = read_recipe(zlib.decompress(file.read_bytes()).decode())
        except (NoRecipe, zlib.error, ValueError) as broken:
            raise InstrumentFailed(f"the recipe of the load cannot be read: {broken}") from broken
        recipe = with_own_file(recipe, what["data"], self._place.data)
        trace = compile_trace(
            recipe.workload,
            duration_ms=recipe.duration_ms,
            seed=recipe.seed,
            cache=self._place.cache,
            rate_per_s=recipe.rate_per_s,
            partitions=recipe.partitions,
        )
        if trace.meta.sha256 != wanted:
            raise InstrumentFailed(
                f"the load that is compiled here is another one: its SHA-256 is "
                f"{trace.meta.sha256[:12]}…, the coordinator's {wanted[:12]}…"
            )
        self._traces[wanted] = trace.ref
        self._told(f"{recipe.workload.name}, {trace.meta.records:,} records: ready")

    def _play(self, guest: Guest, order: Order) -> Mapping[str, Any]:
        player, what = self._opened(), order.arguments
        if (ref := self._traces.get(what["sha256"])) is None:
            raise InstrumentFailed("this shard was not told to prepare that load")
        before = self._clock(guest)
        refuse_skew(before)  # it might not begin for hours; a drain would begin at another time
        self._plays += 1
        send_log = self._place.scratch / f"play-{self._plays}.parquet"
        quanta = what["quanta"]
        playing = player.play(
            ref,
            start_realtime_ns=what["start_realtime_ns"],
            event_offset_ms=what["event_offset_ms"],
            send_log=send_log,
            unthrottled=what["unthrottled"],
            holds=[(begin, end) for begin, end in what["holds"]],
            quanta=None if quanta is None else (quanta[0], quanta[1]),
        )
        self._playing = order.number, playing
        try:
            meta = self._played(guest, playing)
        finally:
            self._playing = None
        meta = dataclasses.replace(meta, clocks=(before.hull(self._clock(guest)),))
        self._told(f"{meta.records_acknowledged:,} records played")
        return {"meta": dataclasses.asdict(meta), "log": self._sent(send_log)}

    def _played(self, guest: Guest, playing: Playing) -> SendLogMeta:
        """Look on until all is played. Raises InstrumentFailed where it is stopped."""

        def over() -> bool:
            if playing.progress().finished:
                return True
            if guest.waiting() is not None:
                self._close()
                raise InstrumentFailed("stopped before its end")
            return False

        wait_until(over, what="the load", timeout_s=_LONGEST_PLAY_S, poll_s=_PLAY_POLL_S)
        return playing.wait(_LAST_WRITE_S)

    def _sent(self, send_log: Path) -> str:
        """Put a send log into the topic of logs; returns the parcel's name."""
        name = name_of(send_log)
        try:
            for chunk in chunks_of(send_log, name):
                self._logs.say(chunk)
        except LogLost as lost:
            raise InstrumentFailed(f"the send log could not be sent: {lost}") from lost
        send_log.unlink()
        send_log.with_suffix(".json").unlink()
        return name

    def _clock(self, guest: Guest) -> ClockBound:
        return measure(f"shard {self._share}", self._place.host, lambda: guest.say(ClockProbe()))

    def _close(self) -> None:
        player, self._player = self._player, None
        if player is not None:
            player.close()


def _record(told: Mapping[str, Any]) -> ControlRecord:
    return ControlRecord(
        told["partition"],
        told["event_ms"],
        None if told["key"] is None else base64.b64decode(told["key"]),
        base64.b64decode(told["value"]),
    )
