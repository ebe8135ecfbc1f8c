"""Workers of a job on other hosts: who joined the run for that, and what they say of their processes."""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from streambench.engines.common.workers import Reading
from streambench.engines.protocol import Embedded, Target
from streambench.kafka.meeting.host import Host, Member
from streambench.kafka.meeting.parcels import chunks_of, name_of
from streambench.model.errors import EngineFailed, InstrumentFailed
from streambench.model.plan import Plan, Role

ROLE: Final = "worker"
_START_S: Final = 1_800.0  # a host may have to fetch the engine first
_TELL_S: Final = 30.0
_PLANS: Final = TypeAdapter(Plan)


class CrewCommand(enum.Enum):
    """What a host is told to do."""

    START = "start"  # its worker of a job
    TELL = "tell"  # what the worker says of itself
    STOP = "stop"


def crew_topic(prefix: str) -> str:
    """Where the coordinator and the hosts of workers meet."""
    return f"{prefix}workers"


def plan_text(plan: Plan) -> str:
    """A plan, not filled in, as others read it: it holds symbols in place of what is secret."""
    return _PLANS.dump_json(plan).decode()


def read_plan(text: str) -> Plan:
    """What `plan_text` wrote."""
    return _PLANS.validate_json(text)


@dataclass(frozen=True)
class Crew:
    """The hosts that have joined, each for one worker of every job.

    `folder` is for what is sent to them, by `topic`.
    """

    host: Host
    folder: Path
    topic: str

    def start(self, plan: Plan, at: Embedded) -> CrewWorkers:
        """Start the processes of a plan, not filled in, one on each host. Raises EngineFailed."""
        file = self.folder / "plan.json"
        file.write_text(plan_text(plan), encoding="utf-8")
        name = name_of(file)
        workers = CrewWorkers(self.host, plan, at)
        try:
            for part in chunks_of(file, name):
                self.host.say(part)
            workers.start(name)
        except InstrumentFailed as error:
            workers.stop()
            raise EngineFailed(
                error.message, stage="launch", hint="see what `streambench worker join` says there"
            ) from error
        except BaseException:
            workers.stop()
            raise
        return workers


class CrewWorkers:
    """The workers of one job on the hosts of a crew, in the order of their seats."""

    def __init__(self, host: Host, plan: Plan, at: Embedded) -> None:
        self._host = host
        self._plan = plan
        self._at = at
        self._members: tuple[Member, ...] = host.members[: len(plan.processes)]
        self._stopped = False

    def start(self, plan: str) -> None:
        """Have each host start its process; `plan` names the parcel. Raises InstrumentFailed."""
        at = self._at
        given = self._host.order(
            CrewCommand.START.value,
            {
                "plan": plan,
                "job_id": at.job_id,
                "input_topic": at.input_topic,
                "output_topic": at.output_topic,
                "nice": at.nice,
            },
            self._members,
        )
        self._host.reports(given, _START_S)

    @property
    def restarts(self) -> int:
        """How many of their processes ended without having been asked to, as far as heartbeats tell."""
        return sum(int(state.get("restarts", 0)) for state in self._states())

    def targets(self, role: Role) -> tuple[Target, ...]:
        """None: they are on other hosts."""
        return ()

    def newest(self) -> tuple[Reading | None, ...]:
        """What the newest heartbeat of each host had; None where it is away, or its worker has said nothing."""
        return tuple(state.get("line") for state in self._states())

    def totals(self) -> tuple[Reading, ...]:
        """The last lines of all their processes; none where a host does not answer any more."""
        return tuple(line for told in self._told() for line in told["totals"])

    def effective(self) -> dict[tuple[str, str], str]:
        """(scope, name) of a setting → the value that the first worker reported."""
        for told in self._told():
            return {(scope, name): value for scope, name, value in told["effective"]}
        return {}

    def grow(self, plan: Plan) -> None:
        """Never asked for: a crew has as many hosts as have joined. Raises EngineFailed."""
        raise EngineFailed("no host has joined for one worker more", stage="rescale")

    def stop(self) -> None:
        """End them, and keep the end of each log; may be called twice."""
        if self._stopped:
            return
        self._stopped = True
        # A host that has gone has ended its worker by itself: nobody coordinates it any more.
        with contextlib.suppress(InstrumentFailed):
            given = self._host.order(CrewCommand.STOP.value, {}, self._here())
            for member, told in zip(given.members, self._host.reports(given, _TELL_S), strict=True):
                log = self._at.log_dir / f"worker-{member.seat}.log"
                log.write_text(str(told.get("log", "")), encoding="utf-8")

    def _told(self) -> Sequence[Mapping[str, Any]]:
        try:
            given = self._host.order(CrewCommand.TELL.value, {}, self._here())
            return self._host.reports(given, _TELL_S)
        except InstrumentFailed:
            return ()

    def _here(self) -> tuple[Member, ...]:
        return tuple(member for member in self._members if member.gone is None)

    def _states(self) -> list[Mapping[str, Any]]:
        """What each host says of this job; nothing of one that is gone, or that speaks of another job."""
        states = [{} if member.gone is not None else member.state for member in self._members]
        return [state if state.get("job") == self._at.job_id else {} for state in states]
