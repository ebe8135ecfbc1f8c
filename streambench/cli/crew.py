"""Workers on hosts that join a run: the options of who coordinates them, and how they come together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from streambench.cli.console import err
from streambench.cli.foreign_kafka import Elsewhere
from streambench.cli.joining import JOIN_S, join_command
from streambench.model.conditions import ForeignCluster
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from streambench.engines.common.crew import Crew
    from streambench.experiment.request import Request

WorkersElsewhereOption: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--workers-elsewhere", help="Kafka Streams and Python workers run on hosts that join."
    ),
]
ENGINES: Final = ("kafka-streams", "kafka-python")


@dataclass(frozen=True)
class CrewAsked:
    """So many hosts shall each run a worker of the run called `run_id`."""

    count: int
    run_id: str

    @property
    def clusters(self) -> tuple[ForeignCluster, ...]:
        """Where these engines run, then."""
        there = f"the workers of run {self.run_id}"
        return tuple(ForeignCluster(engine, there) for engine in ENGINES)


def crew_asked(asked: bool, workers: int, run_id: str, there: Elsewhere | None) -> CrewAsked | None:
    """What the option says; None: all workers run here. Raises UsageError."""
    if not asked:
        return None
    if there is None:
        raise UsageError(
            "hosts that run workers meet in a Kafka of yours, and none is named",
            hint="streambench run --workers-elsewhere --bootstrap-servers HOST:PORT",
        )
    return CrewAsked(workers, run_id)


def refuse_no_worker(requests: Sequence[Request]) -> None:
    """Refuse hosts that would have nothing to do. Raises UsageError."""
    if not any(each.engine.name in ENGINES for r in requests for each in r.contenders):
        raise UsageError(
            "--workers-elsewhere is for Kafka Streams and the Python consumer, and neither is run",
            hint=f"streambench run --workers-elsewhere --engine {','.join(ENGINES)}",
        )


@contextmanager
def crew_of(there: Elsewhere, asked: CrewAsked, timeout_s: float = JOIN_S) -> Iterator[Crew]:
    """The hosts of the run's workers, when all have come; their topic goes at the end.

    Raises InstrumentFailed.
    """
    from streambench.engines.common.crew import ROLE, Crew, crew_topic
    from streambench.kafka.meeting.host import Host
    from streambench.kafka.meeting.log import TopicLog, meeting_topic
    from streambench.kafka.removal import take_away
    from streambench.kafka.topics import create_topics
    from streambench.runtime.scratch import make_scratch
    from streambench.runtime.supervisor import Supervisor

    told, topic = there.told, crew_topic(there.prefix)
    command = join_command(there, asked.run_id, "worker join --worker", asked.count)
    with ExitStack() as stack:
        keeper = stack.enter_context(Supervisor())
        folder = make_scratch(None)
        keeper.discard_at_end(folder)
        create_topics(there.access, [meeting_topic(topic, told.replication, told.min_insync)])
        # Not before it was made: another run of this name may have its own.
        stack.callback(take_away, there.access, [topic])
        host = stack.enter_context(Host(TopicLog(there.access, topic), ROLE, asked.count))
        err.print(
            f"waiting for {asked.count} workers, {timeout_s / 60:.0f} minutes at most; "
            f"on each host, I from 0 to {asked.count - 1}:\n  {command('I')}",
            markup=False,
            soft_wrap=True,
        )
        host.gather(timeout_s, _say, lambda seat: command(str(seat)))
        yield Crew(host, folder, topic)


def _say(what: str) -> None:
    err.print(what, markup=False, soft_wrap=True)
