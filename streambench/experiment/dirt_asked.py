"""The dirt that a run is asked for: what cannot be, or could not be told, is refused before it starts."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import dataclass

from streambench.engines.common.variants import TOLERANT
from streambench.engines.registry import CONTENDERS
from streambench.experiment.request import Request
from streambench.model.dirt import Dirt, DirtKind, DirtyInstant
from streambench.model.errors import UsageError
from streambench.model.windows import Sessions
from streambench.model.workload import Workload
from streambench.workload.dirt import check_dirt, possible_kinds

# Behind a record that stops a job for a while there is so much to be seen.
APART_MS = 2_000
# An engine of micro-batches drops by the clock of two batches before.
BEHIND_MS = 10_000


@dataclass(frozen=True)
class EachKind:
    """The terms of a run that has one record of each kind."""

    engines: tuple[str, ...]
    measured_s: float
    warm_up_s: float = 1.0


def each_kind(workload: Workload) -> EachKind | None:
    """Each engine as it is shipped, and as its documentation advises; None: the workload does not ask for it."""
    if workload.dirt is None or workload.dirt.each_ms is None:
        return None
    forms = tuple(name for engine in CONTENDERS for name in (engine, f"{engine}:{TOLERANT}"))
    return EachKind(forms, (workload.dirt.each_ms * len(DirtKind) + BEHIND_MS) / 1000)


def clean(request: Request) -> Request:
    """The same without the dirt that its workload declares, which is told."""
    if not request.dirt:
        return request
    told = (
        f"workload '{request.workload.name}' declares dirt, which `streambench run` alone plays: this load "
        "is without"
    )
    return dataclasses.replace(request, dirt=Dirt(), warnings=(*request.warnings, told))


def dirt_of(more: Dirt, request: Request) -> Dirt:
    """The dirt of a run: what its workload declares, and single records `more`.

    These take the place of one record of each kind. Raises UsageError.
    """
    workload, declared = request.workload, request.dirt
    instants = more.instants
    if not instants and declared.each_ms is not None:
        instants = tuple(
            DirtyInstant(kind, number * declared.each_ms)
            for number, kind in enumerate(possible_kinds(workload), start=1)
        )
    asked = Dirt(instants, declared.shares)
    check_dirt(workload, asked)
    if not asked:
        return asked
    if workload.late_records_possible:
        raise UsageError(
            f"records of workload '{workload.name}' may be late, and what a dirty one does to others could "
            "not be told from that",
            hint=f"streambench validate {workload.name} names the grace with which none is late",
        )
    if request.faults:
        raise UsageError(
            "dirt and faults in one run could not be told apart",
            hint="streambench run --fault none --dirt not-json@25s",
        )
    measured_ms = round(request.measured_s * 1000)
    ordered = sorted(asked.instants, key=lambda each: each.at_ms)
    for each in ordered:
        if each.at_ms >= measured_ms:
            raise UsageError(
                f"{each} comes after the end: the measured part is {measured_ms / 1000:g} s long",
                hint=f"streambench run {workload.name} --dirt {each} "
                f"--duration {each.at_ms // 1000 + 10}s",
            )
    window = workload.played_window
    apart_ms = APART_MS
    if not isinstance(window, Sessions):
        apart_ms += window.horizon_ms(workload.query.grace_ms)
    for earlier, later in itertools.pairwise(ordered):
        if later.at_ms - earlier.at_ms < apart_ms:
            raise UsageError(
                f"{earlier} and {later} are too close: what each did is told by windows of its own, and "
                f"these are {apart_ms / 1000:g} s apart",
                hint=f"streambench run {workload.name} --dirt {earlier} "
                f"--dirt {later.kind.value}@{-(-(earlier.at_ms + apart_ms) // 1000)}s",
            )
    return asked
