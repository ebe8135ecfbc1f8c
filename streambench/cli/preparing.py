"""What must be there before the first trial: artifacts, memory, disk, the load."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from streambench.cli.console import say
from streambench.cli.fetching import announce, fetch_one
from streambench.experiment.capacity import machine_capacity
from streambench.experiment.loads import compile_load
from streambench.experiment.request import Contender, Request
from streambench.kafka.broker_versions import artifacts_of_testbed
from streambench.load.trace import Trace
from streambench.model.capacity import MachineCapacity
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Artifacts, Plan, Unsupported, Whose
from streambench.runtime.artifacts import Resolved
from streambench.runtime.environments import InterpreterMissing
from streambench.runtime.memory import check_memory
from streambench.runtime.paths import cache_dir
from streambench.trial.testbed import BROKER_HEAP_MIB

NO_CAPACITY = (
    "what load can be carried without an engine is not tried: that takes all that a broker has, and "
    "these are not streambench's"
)


def set_up(
    requests: Sequence[Request],
) -> tuple[tuple[Request, ...], dict[Variant, Resolved]]:
    """Fetch what is missing; an engine whose interpreter cannot be had becomes unsupported."""
    every = {
        c.variant: (c, r.conditions)
        for r in requests
        for c in r.contenders
        if isinstance(c.plan, Plan)
    }
    testbeds = [_testbed(r.conditions) for r in requests]
    announce([*testbeds, *(c.engine.requires(c.variant) for c, _ in every.values())])
    artifacts: dict[Variant, Resolved] = {}
    gaps: dict[Variant, Unsupported] = {}
    for variant, (contender, conditions) in every.items():
        try:
            artifacts[variant] = fetch_one(_with_testbed(contender, conditions))
        except InterpreterMissing as error:
            gaps[variant] = Unsupported(Whose.MACHINE, error.message, error.hint)

    def known(contender: Contender) -> Contender:
        gap = gaps.get(contender.variant)
        return contender if gap is None else dataclasses.replace(contender, plan=gap)

    found = tuple(
        dataclasses.replace(request, contenders=tuple(map(known, request.contenders)))
        for request in requests
    )
    _dry_run(found, artifacts)
    return found, artifacts


def _dry_run(requests: Sequence[Request], artifacts: Mapping[Variant, Resolved]) -> None:
    """Try what is written by hand, before anything is started. Raises UsageError."""
    if all(request.workload.query.by_hand is None for request in requests):
        return
    from streambench.engines.dry_runs import dry_run  # slow, and seldom needed

    request = requests[0]
    say(f"trying {request.workload.name} on its first records")
    dry_run(
        request.workload,
        [
            (each.plan, artifacts.get(each.variant))
            for each in request.contenders
            if isinstance(each.plan, Plan)
        ],
    )


def capacity_here(
    request: Request, artifacts: Mapping[Variant, Resolved], told: Callable[[str], None] = say
) -> MachineCapacity | None:
    """What this machine carries of these records without an engine, tried now; once a run.

    None where no engine can be had. None, too, with brokers of the user's: what these carry for others
    is not streambench's to try.
    """
    resolved = next(iter(artifacts.values()), None)
    if resolved is None:
        return None
    if request.conditions.foreign_kafka is not None:
        told(NO_CAPACITY)
        return None
    return machine_capacity(request.workload, resolved, told=told)


def _testbed(conditions: Conditions) -> Artifacts:
    """A broker, unless there is one already."""
    if conditions.foreign_kafka is not None:
        return Artifacts(java=True)
    return artifacts_of_testbed(conditions.broker_version)


def _with_testbed(contender: Contender, conditions: Conditions) -> Artifacts:
    own = contender.engine.requires(contender.variant)
    return Artifacts(
        java=True,
        jar_sets=(*_testbed(conditions).jar_sets, *own.jar_sets),
        python_env=own.python_env,
    )


def load(request: Request, load_ms: int | None, folder: Path | None = None) -> Trace:
    """The load of a request's rate, of another length; in `folder` or in the user's cache."""
    return compile_load(request, load_ms, folder or traces_dir())


def traces_dir() -> Path:
    """Where loads are kept from one run to the next."""
    return cache_dir() / "traces"


def check_heaps(requests: Sequence[Request]) -> None:
    """Raise EnvironmentLacks when the largest engine does not fit into the memory that is left."""
    heaps = [c.plan.heap_mib for r in requests for c in r.contenders if isinstance(c.plan, Plan)]
    check_memory(max(heaps, default=0) + BROKER_HEAP_MIB)
