"""The loads of a job that is given many: each is played once, and they go with the job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from streambench.experiment.loads import Loads
from streambench.experiment.request import Request
from streambench.load.trace import Trace
from streambench.model.plan import Plan
from streambench.runtime.scratch import room_bytes
from streambench.trial.workspace import Room, Workspace, scratch_bytes

RECORDS_IN_ALL: Final = 60_000_000
"""What all loads of a job may come to, for the room that they need: some at a million a second."""

NO_ROOM: Final = "there was no memory left for the files of another load"
# A load, and the broker's copy of it.
_LOADS_OF_ROOM: Final = 2


def job_room(loads: Loads, request: Request, plan: Plan) -> Room:
    """The room of a job of this plan."""
    load_bytes = round(_record_bytes(loads, request) * RECORDS_IN_ALL)
    return Room(plan.heap_mib, RECORDS_IN_ALL, load_bytes)


@dataclass(frozen=True)
class JobLoads:
    """Compiles the loads of one job into its place."""

    loads: Loads
    request: Request
    place: Workspace

    def of(self, rate_per_s: int, load_ms: int) -> Trace:
        """The load of a rate (events/s) and a length."""
        return self.compiled(replace(self.request, rate_per_s=rate_per_s), load_ms)

    def compiled(self, request: Request, load_ms: int) -> Trace:
        """The load of another request for the same job."""
        return self.loads.of_length(request, load_ms, self.place.scratch / "loads")

    def have_room(self, rate_per_s: int, load_ms: int) -> bool:
        """The broker keeps every load of the job: nothing that an engine may read again is deleted."""
        records = rate_per_s * load_ms // 1_000 * _LOADS_OF_ROOM
        load_bytes = round(records * _record_bytes(self.loads, self.request))
        needed_bytes = scratch_bytes(records=records, load_bytes=load_bytes)
        return room_bytes(self.place.scratch, in_memory=self.place.in_memory) > needed_bytes


def _record_bytes(loads: Loads, request: Request) -> float:
    load = loads.broker_warm_up(request)
    return load.records_bytes / load.ref.records
