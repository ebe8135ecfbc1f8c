"""The file that a workload replays, found on another host by its content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from streambench.kafka.meeting.parcels import name_of
from streambench.model.errors import InstrumentFailed
from streambench.model.recipe import Recipe
from streambench.model.workload import Replay
from streambench.workload.locate import default_roots


def content_of(recipe: Recipe) -> str | None:
    """The SHA-256 of the file that is replayed; None where the load is generated."""
    load = recipe.workload.input
    return name_of(load.path) if isinstance(load, Replay) else None


def with_own_file(recipe: Recipe, content: str | None, more: Sequence[Path] = ()) -> Recipe:
    """The recipe with this host's copy of the file, of this SHA-256.

    It is looked for at `more`, at the path of the coordinator's, and in the workload's folder here. Raises
    InstrumentFailed where none of these is the same file.
    """
    workload = recipe.workload
    load = workload.input
    if not isinstance(load, Replay) or content is None:
        return recipe
    own = tuple(root / workload.name / load.path.name for root in default_roots())
    for path in (*more, load.path, *own):
        if path.is_file() and name_of(path) == content:
            return replace(recipe, workload=replace(workload, input=replace(load, path=path)))
    here = [str(path) for path in (*more, load.path, *own) if path.is_file()]
    found = f"other bytes are in {', '.join(here)}" if here else "there is none of its name"
    raise InstrumentFailed(
        f"the file {load.path.name} that {workload.name} replays is not on this host "
        f"(SHA-256 {content[:12]}…): {found}",
        hint=f"copy it to ./workloads/{workload.name}/{load.path.name}",
    )
