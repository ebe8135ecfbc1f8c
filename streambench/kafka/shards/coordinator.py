"""All shards of a run, as its coordinator has them: from their coming to the end of the run."""

from __future__ import annotations

import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from streambench.kafka.meeting.clock import measure
from streambench.kafka.meeting.host import Host, Member, OrderGiven
from streambench.kafka.meeting.log import TopicLog, meeting_topic
from streambench.kafka.meeting.messages import COORDINATOR, ClockProbe, Letter, ParcelPart
from streambench.kafka.meeting.parcels import Parcels, chunks_of, name_of
from streambench.kafka.meeting.party import POLICY, Hearer, MeetingPolicy, Party
from streambench.kafka.shards.data_file import content_of
from streambench.kafka.shards.names import ROLE, Command, control_topic, logs_topic
from streambench.kafka.topics import create_topics
from streambench.load.recipe_text import recipe_text
from streambench.model.clocks import COORDINATOR_CLOCK, ClockBound
from streambench.model.errors import InstrumentFailed
from streambench.model.kafka_access import KafkaAccess
from streambench.model.trial import TraceRef

# A shard may have to compile a long load, or to read a large file.
_PREPARE_S: Final = 1_800.0
_PARCEL_S: Final = 60.0


@dataclass(frozen=True)
class MeetingPlace:
    """The Kafka in which a run meets its shards: the prefix of its topics, and how often these are kept."""

    access: KafkaAccess
    prefix: str
    replication: int = 1
    min_insync: int = 1

    @property
    def topics(self) -> tuple[str, str]:
        """The topics of the meeting; they go with the run."""
        return control_topic(self.prefix), logs_topic(self.prefix)


class Shards:
    """Shards that have come. Each job of the run has them write to its topic, one job at a time."""

    def __init__(self, host: Host, logs: Party, parcels: Parcels, place: MeetingPlace) -> None:
        self.host = host
        self.topics = place.topics
        self._logs = logs
        self._parcels = parcels
        self._prepared: set[tuple[str, tuple[str, ...]]] = set()
        self._folder = parcels.folder

    @property
    def count(self) -> int:
        """How many there are. Raises InstrumentFailed where one has gone."""
        return len(self.host.members)

    def prepare(self, ref: TraceRef) -> None:
        """Have a trace compiled by all, to the same bytes; once. Raises InstrumentFailed."""
        if self.has(ref):
            return
        if ref.recipe is None:
            raise InstrumentFailed("shards cannot compile a load of which only the bytes are known")
        file = self._folder / "recipe"
        file.write_bytes(zlib.compress(recipe_text(ref.recipe).encode()))
        name = name_of(file)
        for chunk in chunks_of(file, name):
            self.host.say(chunk)
        wanted = {"recipe": name, "sha256": ref.sha256, "data": content_of(ref.recipe)}
        given = self.host.order(Command.PREPARE.value, wanted)
        self.host.reports(given, _PREPARE_S)
        # Theirs who have done it: another one may have taken a seat meanwhile.
        self._prepared.add((ref.sha256, tuple(member.name for member in given.members)))

    def has(self, ref: TraceRef) -> bool:
        """Whether all have compiled it. Raises InstrumentFailed where a shard has gone."""
        return (ref.sha256, self._names()) in self._prepared

    def _names(self) -> tuple[str, ...]:
        return tuple(member.name for member in self.host.members)

    def send_logs(self, given: OrderGiven, timeout_s: float) -> list[tuple[Path, dict[str, Any]]]:
        """The send log of each shard that played, with its metadata; waits. Raises InstrumentFailed."""
        results = self.host.reports(given, timeout_s)
        return [
            (self._arrived(member, result["log"]), dict(result["meta"]))
            for member, result in zip(given.members, results, strict=True)
        ]

    def _arrived(self, member: Member, name: str) -> Path:
        if not self._logs.wait_for(lambda: self._parcels.has(member.name, name), _PARCEL_S):
            why = "" if self._logs.lost is None else f": {self._logs.lost}"
            raise InstrumentFailed(f"the send log of {self.host.words(member)} did not arrive{why}")
        return self._parcels.file(member.name, name)

    def own_clock(self) -> ClockBound:
        """The coordinator's clock beside the broker's. Raises InstrumentFailed."""
        return measure(COORDINATOR_CLOCK, socket.gethostname(), lambda: self.host.say(ClockProbe()))


@contextmanager
def shards_meeting(
    place: MeetingPlace, count: int, folder: Path, policy: MeetingPolicy = POLICY
) -> Iterator[Shards]:
    """Make the topics and let shards come; at the end they are told that it is over.

    `folder` is for what they send. Who makes the meeting deletes its topics. Raises InstrumentFailed.
    """
    create_topics(
        place.access,
        [meeting_topic(name, place.replication, place.min_insync) for name in place.topics],
    )
    control, logs = place.topics
    parcels = Parcels(folder)

    def heard(letter: Letter) -> None:
        if isinstance(letter.message, ParcelPart):
            parcels.hear(letter.sender, letter.message)

    listening = Party(
        TopicLog(place.access, logs), COORDINATOR, Hearer(heard), state=None, policy=policy
    )
    with Host(TopicLog(place.access, control), ROLE, count, policy=policy) as host:
        listening.start()
        try:
            yield Shards(host, listening, parcels, place)
        finally:
            listening.close()


def gather(
    shards: Shards, timeout_s: float, told: Callable[[str], None], hint: Callable[[int], str]
) -> None:
    """Wait until all have come. Raises InstrumentFailed, naming those that are missing."""
    shards.host.gather(timeout_s, told, hint)
