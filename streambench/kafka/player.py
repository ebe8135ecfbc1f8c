"""The player, as the tool holds it: one process that writes the load, or several that share it."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from streambench.kafka.channel import Channel
from streambench.kafka.frames import ControlRecord
from streambench.kafka.playing import Part, Playing
from streambench.kafka.progress import PlayProgress, ProgressFile
from streambench.load.trace import Trace
from streambench.load.writer import BATCHES_FILE
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Role
from streambench.model.trial import TraceRef
from streambench.runtime.cores import cores as cores_of_machine
from streambench.runtime.supervisor import Child, Supervisor

__all__ = ["ControlRecord", "PlayProgress", "Player", "Playing", "processes_for"]

# What one process has been shown to write on time, at a tenth of a core (benchmarks/paced.py).
EVENTS_PER_PROCESS_PER_S: Final = 2_000_000
# A second process on a machine of two cores would only take turns with the first.
_CORES_PER_PROCESS: Final = 4
_START_TIMEOUT_S: Final = 60.0
_GAUGE_TIMEOUT_S: Final = 60.0
_SEND_TIMEOUT_S: Final = 90.0


def processes_for(rate_per_s: int, partitions: int, cores: int | None = None) -> int:
    """How many processes a load of this rate is shared by, on a machine of so many cores."""
    cores = cores or cores_of_machine().count
    wanted = -(-rate_per_s // EVENTS_PER_PROCESS_PER_S)
    return max(1, min(wanted, partitions, cores // _CORES_PER_PROCESS))


class Player:
    """Plays traces into one topic, as one idempotent producer a process.

    Of n processes, process i has the partitions p with p mod n = i, and nobody else writes to them: a
    trace's bytes do not depend on n. One thing at a time: a play must have been waited for before the
    next command.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        children: Sequence[Child],
        channels: Sequence[Channel],
        shares: int = 1,
    ) -> None:
        """Of so many `shares` this player has one."""
        self._supervisor = supervisor
        self._children = tuple(children)
        self._channels = tuple(channels)
        self._shares = shares
        self._playing: Playing | None = None

    @classmethod
    def start(
        cls,
        supervisor: Supervisor,
        *,
        access: KafkaAccess,
        topic: str,
        partitions: int,
        log_dir: Path,
        processes: int = 1,
        wait: bool = True,
        name: str = "player",
        share: tuple[int, int] = (0, 1),
    ) -> Player:
        """Start and wait until all are connected. Raises InstrumentFailed: then none of them runs.

        Without `wait`, `connected` has to be called before anything else. Of `share` (i, n) the partitions
        p with p mod n = i are this player's; others have the rest.
        """
        own, of = share
        children: list[Child] = []
        channels: list[Channel] = []
        with ExitStack() as undo:
            undo.callback(lambda: supervisor.stop(*children))
            for index in range(processes):
                argv = (
                    *(sys.executable, "-m", "streambench.kafka.player_process"),
                    *("--topic", topic, "--partitions", str(partitions)),
                    *("--share", str(own + index * of), str(of * processes)),
                )
                one = name if index == 0 else f"{name}-{index}"
                log = log_dir / f"{one}.log"
                child = supervisor.start(one, Role.PLAYER, argv, log=log, pipes=True)
                children.append(child)
                channels.append(Channel(child, "the player"))
                channels[-1].tell(**access.as_json())
            player = cls(supervisor, children, channels, of)
            if wait:
                player.connected()
            undo.pop_all()
        return player

    def connected(self) -> None:
        """Wait until all are connected; once. Raises InstrumentFailed."""
        for channel in self._channels:
            channel.answer(_START_TIMEOUT_S)

    @property
    def children(self) -> tuple[Child, ...]:
        """Its processes."""
        return self._children

    def send(self, records: Sequence[ControlRecord]) -> None:
        """Write records outside the trace, in order; returns when all are acknowledged."""
        shares: dict[int, list[ControlRecord]] = {}
        for record in records:
            process = record.partition // self._shares % len(self._channels)
            shares.setdefault(process, []).append(record)
        for index, share in shares.items():
            self._channels[index].tell(command="send", records=[_plain(each) for each in share])
        for index in shares:
            self._channels[index].answer(_SEND_TIMEOUT_S)

    def prepare(self, ref: TraceRef) -> None:
        """Its files are here already."""

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
    ) -> Playing:
        """Begin to play: quantum q is due at `start_realtime_ns` + (q + 1) quanta.

        `event_offset_ms` is added to the trace's event times. `send_log` is the Parquet file to be
        written, its metadata beside it as `.json`. `unthrottled` ignores the due instants, to
        measure the player itself. `holds` are [start_ms, end_ms) after `start_realtime_ns` whose load is
        due all at once at their end. Of `quanta` (first, end) only those are played, when they are due.
        """
        trace = Trace.open(ref)
        send_log.parent.mkdir(parents=True, exist_ok=True)
        parts = [self._part(index, send_log.absolute()) for index in range(len(self._channels))]
        for part in parts:
            part.channel.tell(
                command="play",
                batches=str((trace.folder / BATCHES_FILE).absolute()),
                records=str(trace.records_path.absolute()),
                quantum_ms=trace.meta.quantum_ms,
                start_realtime_ns=start_realtime_ns,
                event_offset_ms=event_offset_ms,
                send_log=str(part.send_log),
                progress=str(part.progress_path),
                unthrottled=unthrottled,
                holds=[list(hold) for hold in holds],
                quanta=quanta,
            )
        self._playing = Playing(parts, send_log.absolute())
        return self._playing

    def gauge_us(self, ref: TraceRef, quanta: tuple[int, int]) -> float | None:
        """The least processor time to make a request of `quanta` (first, end); None where there are none.

        Nothing is sent. The time is that of the quickest process. Raises InstrumentFailed.
        """
        trace = Trace.open(ref)
        for channel in self._channels:
            channel.tell(
                command="gauge",
                batches=str((trace.folder / BATCHES_FILE).absolute()),
                records=str(trace.records_path.absolute()),
                quantum_ms=trace.meta.quantum_ms,
                quanta=quanta,
            )
        answers = [channel.answer(_GAUGE_TIMEOUT_S) for channel in self._channels]
        known: list[float] = [each["least_us"] for each in answers if each["least_us"] is not None]
        return min(known, default=None)

    def _part(self, index: int, send_log: Path) -> Part:
        own_log = send_log.with_name(f"{send_log.stem}.{index}.npz")
        progress_path = own_log.with_suffix(".progress")
        return Part(
            self._channels[index], progress_path, ProgressFile.create(progress_path), own_log
        )

    def close(self) -> None:
        """End the processes, a play under way included (its send log is still written)."""
        self._supervisor.stop(*self._children)
        if self._playing is not None:
            self._playing.keep()


def _plain(record: ControlRecord) -> dict[str, object]:
    return {
        "partition": record.partition,
        "event_ms": record.event_ms,
        "key": None if record.key is None else base64.b64encode(record.key).decode(),
        "value": base64.b64encode(record.value).decode(),
    }
