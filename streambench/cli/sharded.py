"""A load that other hosts play: the options of who coordinates them, and how they come together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from streambench.cli.console import err
from streambench.cli.foreign_kafka import Elsewhere
from streambench.cli.joining import JOIN_S, MOST_SHARDS, join_command
from streambench.cli.parameters import whole
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from streambench.experiment.request import Request
    from streambench.kafka.shards.coordinator import Shards

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


@dataclass(frozen=True)
class ShardsAsked:
    """So many hosts shall play the load of the run called `run_id`."""

    count: int
    run_id: str


def shards_asked(count: int | None, name: str, there: Elsewhere | None) -> ShardsAsked | None:
    """What the options say; None: the load is played here. Raises UsageError."""
    if count is None:
        return None
    if there is None:
        raise UsageError(
            "hosts that play the load meet in a Kafka of yours, and none is named",
            hint=f"streambench run --shards {count} --bootstrap-servers HOST:PORT",
        )
    return ShardsAsked(count, name)


def refuse_too_many(asked: ShardsAsked, requests: Sequence[Request]) -> None:
    """Refuse shards that would have no partition. Raises UsageError."""
    for request in requests:
        if (partitions := request.conditions.partitions) < asked.count:
            raise UsageError(
                f"{asked.count} shards cannot share {partitions} partitions: each plays whole ones",
                hint=f"--shards {partitions}, or [input] partitions = {asked.count} in workload.toml",
            )


@contextmanager
def gathered(there: Elsewhere, asked: ShardsAsked, timeout_s: float = JOIN_S) -> Iterator[Shards]:
    """The shards of the run, when all have come; their topics go at the end. Raises InstrumentFailed."""
    from streambench.kafka.removal import take_away
    from streambench.kafka.shards.coordinator import MeetingPlace, gather, shards_meeting
    from streambench.runtime.scratch import make_scratch
    from streambench.runtime.supervisor import Supervisor

    told = there.told
    place = MeetingPlace(there.access, there.prefix, told.replication, told.min_insync)
    command = join_command(there, asked.run_id, "play --shard", asked.count)
    with ExitStack() as stack:
        keeper = stack.enter_context(Supervisor())
        folder = make_scratch(None)
        keeper.discard_at_end(folder)
        after = stack.enter_context(ExitStack())
        shards = stack.enter_context(shards_meeting(place, asked.count, folder))
        # Not before they were made: another run of this name may have its own.
        after.callback(take_away, there.access, place.topics)
        err.print(
            f"waiting for {asked.count} shards, {timeout_s / 60:.0f} minutes at most; "
            f"on each host, I from 0 to {asked.count - 1}:\n  {command('I')}",
            markup=False,
            soft_wrap=True,
        )
        gather(shards, timeout_s, _say, lambda seat: command(str(seat)))
        yield shards


def _say(what: str) -> None:
    err.print(what, markup=False, soft_wrap=True)


def data_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Files of data that are there. Raises UsageError."""
    for path in paths:
        if not path.is_file():
            raise UsageError(f"there is no file {path}", hint=f"ls -l {path.parent}")
    return tuple(path.absolute() for path in paths)
