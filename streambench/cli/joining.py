"""A run that other hosts join: what it is called, who is which of them, and where they meet."""

from __future__ import annotations

import dataclasses
import secrets
import socket
from typing import Final

import typer

from streambench.cli.foreign_kafka import USUAL_PREFIX, Elsewhere
from streambench.model.errors import UsageError
from streambench.model.shards import Share
from streambench.model.written import quoted, read_whole

JOIN_S: Final = 600.0
"""So long others may take to come."""

MOST_SHARDS: Final = 256
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
_LONGEST_ID: Final = 40


def run_id(text: str) -> str:
    """A run's name, as a part of its topics' names. Raises UsageError."""
    if not text or len(text) > _LONGEST_ID or set(text) - _LETTERS:
        raise UsageError(
            f"{quoted(text)} cannot name a run: up to {_LONGEST_ID} letters, digits, '.', '_' and '-' can",
            hint="--run-id monday",
        )
    return text


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


def named_after(there: Elsewhere | None, name: str, topic_prefix: str | None = None) -> Elsewhere:
    """The same Kafka, where the run's topics have its name."""
    assert there is not None, "who waits for others without one has been refused"
    begins = USUAL_PREFIX if topic_prefix is None else topic_prefix
    return dataclasses.replace(there, prefix=f"{begins}{name}-")


def refuse_a_second(there: Elsewhere) -> None:
    """Refuse the name of a run that has topics there. Raises UsageError."""
    from streambench.kafka.removal import leftovers

    if found := leftovers(there.access, there.prefix):
        of_this_run = dataclasses.replace(there, topic_prefix=there.prefix)
        first = (*found.topics, *found.groups)[0]
        raise UsageError(
            f"a run of this name is going on, or left something behind: {first}",
            hint=f"--run-id with another name, or {of_this_run.clean_command}",
        )


def host_name() -> str:
    """What this host is called where others read it."""
    return socket.gethostname()
