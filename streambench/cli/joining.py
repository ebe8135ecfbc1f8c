"""A run that other hosts join: what it is called, who is which of them, and where they meet."""

from __future__ import annotations

import dataclasses
import secrets
import shlex
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

from streambench.cli.foreign_kafka import TOPIC_LETTERS, USUAL_PREFIX, Elsewhere
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.shards import Share
from streambench.model.written import quoted, read_whole

if TYPE_CHECKING:
    from streambench.kafka.meeting.guest import Guest
    from streambench.kafka.meeting.messages import Announce

JOIN_S: Final = 600.0
"""So long others may take to come."""

MOST_SHARDS: Final = 256
# Without '-', which ends the name in those of topics: so no run's topics begin as another's do.
_LETTERS: Final = TOPIC_LETTERS - {"-"}
_LONGEST_ID: Final = 40


@dataclass(frozen=True)
class Seat:
    """One of `of` hosts: of number `index`, from 0; None: of any number that is free."""

    index: int | None
    of: int


def run_id(text: str) -> str:
    """A run's name, as a part of its topics' names. Raises UsageError."""
    if not text or len(text) > _LONGEST_ID or set(text) - _LETTERS:
        raise UsageError(
            f"{quoted(text)} cannot name a run: up to {_LONGEST_ID} letters, digits, '.' and '_' can",
            hint=f"--run-id {_fit(text)}",
        )
    return text


def _fit(text: str) -> str:
    """A name like this one that can be."""
    return "".join(each for each in text if each in _LETTERS)[:_LONGEST_ID] or "monday"


def run_id_asked(name: str | None, *, joined: bool) -> str:
    """What the run is called for those that join it, a drawn name where none is given. Raises UsageError."""
    if name is None:
        return secrets.token_hex(3)
    if not joined:
        raise UsageError(
            "--run-id names a run for the hosts that join it, and none is waited for",
            hint="streambench run --shards 4 --run-id NAME --bootstrap-servers HOST:PORT",
        )
    return run_id(name)


def share(text: str) -> Share:
    """`3/16`: the shard of number 3, counted from 0, of 16."""
    return _one_of(str(text), "shard")


def _one_of(text: str, what: str) -> Share:
    index, slash, of = text.partition("/")
    numbers = (read_whole(index), read_whole(of)) if slash else (None, None)
    if numbers[0] is None or numbers[1] is None or not 1 <= numbers[1] <= MOST_SHARDS:
        raise typer.BadParameter(
            f"{quoted(text)} is not a {what}; write its number and how many there are, as 3/16"
        )
    found = Share(numbers[0], numbers[1])
    if found.index >= found.of:
        raise typer.BadParameter(
            f"there is no {what} {found}: they are counted from 0/{found.of} to {found.of - 1}/{found.of}"
        )
    return found


def seat(text: str) -> Seat:
    """`1/2`: the number 1, counted from 0, of 2; `any/2`: a number that is free."""
    index, slash, of = str(text).partition("/")
    if slash and index == "any":
        number = read_whole(of)
        if number is None or not 1 <= number <= MOST_SHARDS:
            raise typer.BadParameter(
                f"{quoted(str(text))} is not a worker; write how many there are, as any/2"
            )
        return Seat(None, number)
    own = _one_of(str(text), "worker")
    return Seat(own.index, own.of)


def named_after(there: Elsewhere | None, name: str, topic_prefix: str | None = None) -> Elsewhere:
    """The same Kafka, where the run's topics have its name."""
    assert there is not None, "who waits for others without one has been refused"
    begins = USUAL_PREFIX if topic_prefix is None else topic_prefix
    return dataclasses.replace(there, prefix=f"{begins}{name}-")


def join_command(there: Elsewhere, name: str, command: str, of: int) -> Callable[[str], str]:
    """The command by which a host joins run `name`, by the host's number out of `of`."""
    begins = there.prefix.removesuffix(f"{name}-")
    words = ["--join", name, "--bootstrap-servers", there.told.bootstrap]
    if there.access.properties:
        words += ["--kafka-config", "FILE"]
    if begins != USUAL_PREFIX:
        words += ["--topic-prefix", begins]
    line = shlex.join(words)
    return lambda number: f"streambench {command} {number}/{of} {line}"


def refuse_a_second(there: Elsewhere) -> None:
    """Refuse the name of a run that has topics there, other than those of a look at it.

    Raises UsageError, and EnvironmentLacks where no broker answers.
    """
    from streambench.kafka.inspection import begin_of_probes, inspect_brokers
    from streambench.kafka.removal import leftovers

    inspect_brokers(there.access)
    found = leftovers(there.access, there.prefix)
    # Our own may still be listed, for brokers delete in their own time.
    probes = begin_of_probes(there.prefix)
    if names := [name for name in (*found.topics, *found.groups) if not name.startswith(probes)]:
        of_this_run = dataclasses.replace(there, topic_prefix=there.prefix)
        first = names[0]
        raise UsageError(
            f"a run of this name is going on, or left something behind: {first}",
            hint=f"--run-id with another name, or {of_this_run.clean_command}",
        )


def admitted(guest: Guest, wanted: Announce, run: str, within_s: float) -> int:
    """Join the run; the seat there. Raises EnvironmentLacks where it has just ended, else as `Guest.join`."""
    from streambench.kafka.meeting.guest import MeetingOver

    try:
        return guest.join(wanted, within_s)
    except MeetingOver as over:
        why = f": {over.reason}" if over.reason else ""
        raise EnvironmentLacks(
            f"run {run} has ended{why}",
            hint=f"streambench run --run-id {run} --bootstrap-servers HOST:PORT, with --shards or "
            "--workers-elsewhere",
        ) from over


def host_name() -> str:
    """What this host is called where others read it."""
    return socket.gethostname()
