"""A run of which other hosts play the load, or run workers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from streambench.cli.crew import CrewAsked, crew_of
from streambench.cli.foreign_kafka import Elsewhere, Ground
from streambench.cli.sharded import ShardsAsked, gathered


@contextmanager
def with_hosts(
    asked: ShardsAsked | None, crew: CrewAsked | None, there: Elsewhere | None, ground: Ground
) -> Iterator[Ground]:
    """The same ground, where the shards that are asked for play all loads, and a crew runs workers.

    Raises as `gathered` and `crew_of`, and UsageError.
    """
    from streambench.trial.workspace import foreign_workspaces

    if there is None or (asked is None and crew is None):
        yield ground
        return
    with ExitStack() as stack:
        hosts = None if crew is None else stack.enter_context(crew_of(there, crew))
        shards = None if asked is None else stack.enter_context(gathered(there, asked))
        yield dataclasses.replace(
            ground,
            workspaces=foreign_workspaces(there.access, there.prefix, shards, hosts),
            compiled=None if shards is None else shards.prepare,
        )
