"""A load that other hosts play: the options of who coordinates them, and how they come together."""

from __future__ import annotations

import dataclasses
import secrets
import shlex
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from streambench.cli.console import err
from streambench.cli.foreign_kafka import USUAL_PREFIX, Elsewhere, Ground
from streambench.cli.parameters import whole
from streambench.model.errors import UsageError
from streambench.model.shards import Share
from streambench.model.written import quoted, read_whole

if TYPE_CHECKING:
    from streambench.experiment.request import Request
    from streambench.kafka.shards.coordinator import Shards

MOST_SHARDS = 256
JOIN_S = 600.0
"""So long others may take to come."""

ShardsOption: TypeAlias = Annotated[
    int | None,
    typer.Option(
        parser=whole(1, MOST_SHARDS), metavar="COUNT", help="Hosts that play the load there."
    ),
]
RunIdOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="What they join: streambench play --join."),
]
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_ID = 40


@dataclass(frozen=True)
class ShardsAsked:
    """So many hosts shall play the load of the run called `run_id`."""

    count: int
    run_id: str


def run_id(text: str) -> str:
    """A run's name, as a part of its topics' names. Raises UsageError."""
    if not text or len(text) > _LONGEST_ID or set(text) - _LETTERS:
        raise UsageError(
            f"{quoted(text)} cannot name a run: up to {_LONGEST_ID} letters, digits, '.', '_' and '-' can",
            hint="--run-id monday",
        )
    return text


def share(text: str) -> Share:
    """`3/16`: the shard of number 3, counted from 0, of 16."""
    index, slash, of = str(text).partition("/")
    numbers = (read_whole(index), read_whole(of)) if slash else (None, None)
    if numbers[0] is None or numbers[1] is None or not 1 <= numbers[1] <= MOST_SHARDS:
        raise typer.BadParameter(
            f"{quoted(str(text))} is not a shard; write its number and how many there are, as 3/16"
        )
    found = Share(numbers[0], numbers[1])
    if found.index >= found.of:
        raise typer.BadParameter(
            f"there is no shard {found}: they are counted from 0/{found.of} to {found.of - 1}/{found.of}"
        )
    return found


def shards_asked(
    count: int | None, name: str | None, there: Elsewhere | None
) -> ShardsAsked | None:
    """What the options say; None: the load is played here. Raises UsageError."""
    if count is None:
        if name is not None:
            raise UsageError(
                "--run-id names a run for the hosts that join it, and none is waited for",
                hint="streambench run --shards 4 --run-id NAME --bootstrap-servers HOST:PORT",
            )
        return None
    if there is None:
        raise UsageError(
            "hosts that play the load meet in a Kafka of yours, and none is named",
            hint=f"streambench run --shards {count} --bootstrap-servers HOST:PORT",
        )
    return ShardsAsked(count, secrets.token_hex(3) if name is None else run_id(name))


def refuse_too_many(asked: ShardsAsked, requests: Sequence[Request]) -> None:
    """Refuse shards that would have no partition. Raises UsageError."""
    for request in requests:
        if (partitions := request.conditions.partitions) < asked.count:
            raise UsageError(
                f"{asked.count} shards cannot share {partitions} partitions: each plays whole ones",
                hint=f"--shards {partitions}, or [input] partitions = {asked.count} in workload.toml",
            )


def named_after(
    there: Elsewhere | None, asked: ShardsAsked, topic_prefix: str | None = None
) -> Elsewhere:
    """The same Kafka, where the run's topics have its name."""
    assert there is not None, "shards_asked refuses that"
    begins = USUAL_PREFIX if topic_prefix is None else topic_prefix
    return dataclasses.replace(there, prefix=f"{begins}{asked.run_id}-")


def refuse_a_second(there: Elsewhere, asked: ShardsAsked) -> None:
    """Refuse the name of a run that has topics there. Raises UsageError."""
    from streambench.kafka.removal import leftovers

    if found := leftovers(there.access, there.prefix):
        first = (*found.topics, *found.groups)[0]
        raise UsageError(
            f"a run called {asked.run_id} is going on, or left something behind: {first}",
            hint="--run-id with another name, or streambench clean "
            f"--bootstrap-servers {there.told.bootstrap} --topic-prefix {there.prefix}",
        )


@contextmanager
def gathered(there: Elsewhere, asked: ShardsAsked, timeout_s: float = JOIN_S) -> Iterator[Shards]:
    """The shards of the run, when all have come; its topics go at the end. Raises InstrumentFailed."""
    from streambench.kafka.removal import removed_at_end
    from streambench.kafka.shards.coordinator import MeetingPlace, gather, shards_meeting
    from streambench.runtime.scratch import make_scratch
    from streambench.runtime.supervisor import Supervisor

    told = there.told
    place = MeetingPlace(there.access, there.prefix, told.replication, told.min_insync)
    command = _command(there, asked)
    with ExitStack() as stack:
        keeper = stack.enter_context(Supervisor())
        folder = make_scratch(None)
        keeper.discard_at_end(folder)
        stack.enter_context(removed_at_end(there.access, there.prefix))
        shards = stack.enter_context(shards_meeting(place, asked.count, folder))
        err.print(
            f"waiting for {asked.count} shards, {timeout_s / 60:.0f} minutes at most; "
            f"on each host, I from 0 to {asked.count - 1}:\n  {command('I')}",
            markup=False,
            soft_wrap=True,
        )
        gather(shards, timeout_s, _say, lambda seat: command(str(seat)))
        yield shards


@contextmanager
def played_by(
    asked: ShardsAsked | None, there: Elsewhere | None, ground: Ground
) -> Iterator[Ground]:
    """The same ground, where the shards that are asked for play all loads. Raises as `gathered`, UsageError."""
    from streambench.trial.workspace import foreign_workspaces

    if asked is None or there is None:
        yield ground
        return
    refuse_a_second(there, asked)
    with gathered(there, asked) as shards:
        yield dataclasses.replace(
            ground,
            workspaces=foreign_workspaces(there.access, there.prefix, shards),
            compiled=shards.prepare,
        )


def _command(there: Elsewhere, asked: ShardsAsked) -> Callable[[str], str]:
    begins = there.prefix.removesuffix(f"{asked.run_id}-")
    words = ["--join", asked.run_id, "--bootstrap-servers", there.told.bootstrap]
    if there.access.properties:
        words += ["--kafka-config", "FILE"]
    if begins != "streambench-":
        words += ["--topic-prefix", begins]
    line = shlex.join(words)
    return lambda seat: f"streambench play --shard {seat}/{asked.count} {line}"


def _say(what: str) -> None:
    err.print(what, markup=False, soft_wrap=True)


def host_name() -> str:
    """What this host is called where others read it."""
    return socket.gethostname()


def data_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Files of data that are there. Raises UsageError."""
    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no file {path}", hint=f"ls -l {path.parent}")
    return tuple(path.absolute() for path in paths)
