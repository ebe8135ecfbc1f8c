"""Two runs of one name in a Kafka of the user's: the second is refused, and takes nothing of the first away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import pytest

from streambench.cli.crew import CrewAsked, crew_of
from streambench.cli.foreign_kafka import Elsewhere, elsewhere
from streambench.cli.joining import named_after, refuse_a_second
from streambench.cli.sharded import ShardsAsked, gathered
from streambench.engines.common.crew import crew_topic
from streambench.kafka import inspection, removal
from streambench.kafka.inspection import begin_of_probes
from streambench.kafka.removal import Leftovers
from streambench.kafka.shards import coordinator
from streambench.kafka.shards.names import control_topic, logs_topic
from streambench.kafka.topics import TopicSpec
from streambench.model.errors import InstrumentFailed, UsageError
from streambench.model.kafka_access import KafkaAccess
from tests.kafka.meeting.memory_log import MemoryLog, Records


@pytest.fixture
def there() -> Elsewhere:
    return named_after(elsewhere("h:1", None, None, None), "monday")


class Names:
    """The topics of a Kafka, where nothing else is."""

    def __init__(self) -> None:
        self.there: set[str] = set()

    def make(self, access: KafkaAccess, topics: Sequence[TopicSpec]) -> None:
        wanted = {topic.name for topic in topics}
        if both := self.there & wanted:
            raise InstrumentFailed(f"topics {', '.join(both)} could not be made: there is one")
        self.there |= wanted

    def found(self, access: KafkaAccess, prefix: str) -> Leftovers:
        return Leftovers(tuple(sorted(name for name in self.there if name.startswith(prefix))), ())

    def remove(self, access: KafkaAccess, found: Leftovers) -> None:
        self.there -= set(found.topics)


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    found, records = Names(), Records()

    def log(access: KafkaAccess, topic: str) -> MemoryLog:
        return MemoryLog(records)

    monkeypatch.setattr(inspection, "inspect_brokers", lambda access: {})
    monkeypatch.setattr(removal, "leftovers", found.found)
    monkeypatch.setattr(removal, "remove", found.remove)
    for module in (coordinator, "streambench.kafka.topics"):
        name = module if isinstance(module, str) else module.__name__
        monkeypatch.setattr(f"{name}.create_topics", found.make)
    monkeypatch.setattr(coordinator, "TopicLog", log)
    monkeypatch.setattr("streambench.kafka.meeting.log.TopicLog", log)
    monkeypatch.setattr("streambench.kafka.meeting.host._GOODBYE_S", 0.1)
    return found


def of_shards(there: Elsewhere) -> AbstractContextManager[object]:
    return gathered(there, ShardsAsked(2, "monday"), timeout_s=0.1)


def of_workers(there: Elsewhere) -> AbstractContextManager[object]:
    return crew_of(there, CrewAsked(2, "monday"), timeout_s=0.1)


BOTH = (of_shards, of_workers)


@pytest.mark.parametrize("meeting", BOTH)
def test_who_cannot_make_its_topics_takes_none_away(
    there: Elsewhere, names: Names, meeting: Callable[[Elsewhere], AbstractContextManager[object]]
) -> None:
    firsts = {control_topic(there.prefix), logs_topic(there.prefix), crew_topic(there.prefix)}
    names.there |= firsts
    with pytest.raises(InstrumentFailed, match="could not be made"), meeting(there):
        pass
    assert names.there == firsts


@pytest.mark.parametrize("meeting", BOTH)
def test_who_made_its_topics_takes_these_away_and_no_other(
    there: Elsewhere, names: Names, meeting: Callable[[Elsewhere], AbstractContextManager[object]]
) -> None:
    another = f"{there.prefix}of-another"
    names.there.add(another)
    with pytest.raises(InstrumentFailed, match="have not come"), meeting(there):
        pass
    assert names.there == {another}


def test_a_run_of_the_same_name_is_refused(there: Elsewhere, names: Names) -> None:
    refuse_a_second(there)
    names.there.add(control_topic(there.prefix))
    with pytest.raises(UsageError, match="a run of this name is going on"):
        refuse_a_second(there)


def test_what_the_look_before_it_made_is_no_other_run(there: Elsewhere, names: Names) -> None:
    names.there.add(f"{begin_of_probes(there.prefix)}a1b2c3")
    refuse_a_second(there)
    names.there.add(f"{there.prefix}clicks-in-1f")
    with pytest.raises(UsageError, match="clicks-in-1f"):
        refuse_a_second(there)
