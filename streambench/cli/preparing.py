"""What must be there before the first trial: artifacts, memory, disk, the load."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from streambench.cli.fetching import announce, fetch_one
from streambench.experiment.request import Contender, Request
from streambench.load.resolve import resolve
from streambench.load.trace import Trace, compile_trace
from streambench.model.conditions import Variant
from streambench.model.plan import Artifacts, Plan, Unsupported, Whose
from streambench.runtime.artifacts import Resolved
from streambench.runtime.environments import InterpreterMissing
from streambench.runtime.memory import check_memory
from streambench.runtime.paths import cache_dir
from streambench.trial.lab import LAB_ARTIFACTS, LAB_HEAP_MIB
from streambench.trial.schedule import duration_ms

# As much load as compiles the broker's write path; it is played as fast as it goes.
_BROKER_WARM_UP_MS = 10_000
# A million records, at least twice: until they are not worked off faster any more.
WARMING_PER_S = 250_000
WARMING_MS = 4_000
# A trial's own files: the broker's log, both row files, the engine's state and logs.
SCRATCH_BYTES_PER_RECORD = 400


def set_up(
    requests: Sequence[Request],
) -> tuple[tuple[Request, ...], dict[Variant, Resolved]]:
    """Fetch what is missing; an engine whose interpreter cannot be had becomes unsupported."""
    every = {c.variant: c for r in requests for c in r.contenders if isinstance(c.plan, Plan)}
    announce([LAB_ARTIFACTS, *(c.engine.requires(c.variant) for c in every.values())])
    artifacts: dict[Variant, Resolved] = {}
    gaps: dict[Variant, Unsupported] = {}
    for variant, contender in every.items():
        try:
            artifacts[variant] = fetch_one(_with_lab(contender))
        except InterpreterMissing as error:
            gaps[variant] = Unsupported(Whose.MACHINE, error.message, error.hint)

    def known(contender: Contender) -> Contender:
        gap = gaps.get(contender.variant)
        return contender if gap is None else dataclasses.replace(contender, plan=gap)

    found = tuple(
        dataclasses.replace(request, contenders=tuple(map(known, request.contenders)))
        for request in requests
    )
    return found, artifacts


def _with_lab(contender: Contender) -> Artifacts:
    own = contender.engine.requires(contender.variant)
    return Artifacts(
        java=True,
        jar_sets=(*LAB_ARTIFACTS.jar_sets, *own.jar_sets),
        python_env=own.python_env,
    )


def compiled(request: Request) -> Trace:
    """The load of a request, compiled or from the cache."""
    return load(request, None if request.is_replay else duration_ms(request.spans))


def broker_warm_up(request: Request) -> Trace:
    """What a fresh broker is warmed with before a trial of this request."""
    return load(request, None if request.is_replay else _BROKER_WARM_UP_MS)


def warming(request: Request) -> Trace | None:
    """What comes at once before a trial of this request, until the job is warm; None: nothing does."""
    if not request.warmed:
        return None
    at_once = dataclasses.replace(request, rate_per_s=WARMING_PER_S)
    return load(at_once, WARMING_MS)


def load(request: Request, load_ms: int | None, folder: Path | None = None) -> Trace:
    """The load of a request's rate, of another length; in `folder` or in the user's cache."""
    return compile_trace(
        request.workload,
        duration_ms=load_ms,
        seed=request.seed,
        cache=folder or cache_dir() / "traces",
        rate_per_s=request.rate_per_s,
    )


def rate_of(request: Request) -> int:
    """The rate of generated load, in events/s."""
    return request.rate_per_s or int(getattr(request.workload.input, "rate_per_s"))  # noqa: B009


def records_of(request: Request) -> int:
    """How many records the load of a request has; nothing is compiled."""
    load_ms = None if request.is_replay else duration_ms(request.spans)
    return resolve(request.workload, duration_ms=load_ms, rate_per_s=request.rate_per_s).records


def check_heaps(requests: Sequence[Request]) -> None:
    """Raise EnvironmentLacks when the largest engine does not fit into the memory that is left."""
    heaps = [c.plan.heap_mib for r in requests for c in r.contenders if isinstance(c.plan, Plan)]
    check_memory(max(heaps, default=0) + LAB_HEAP_MIB)
