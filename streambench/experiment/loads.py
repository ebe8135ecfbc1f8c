"""The loads of a run, compiled when they are needed and kept where they crowd nothing."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from streambench.experiment.request import Request
from streambench.experiment.settling_policy import SETTLING
from streambench.experiment.warming import LOADS_AT_MOST, RISING_MS, rising_to
from streambench.load.resolve import resolve
from streambench.load.trace import COMPILING, PARTIAL, Trace, compile_trace
from streambench.model.plan import Plan
from streambench.model.sweep import Point
from streambench.runtime.memory import HEAP_FACTOR, check_disk
from streambench.runtime.scratch import memory_folder
from streambench.trial.schedule import duration_ms
from streambench.trial.workspace import ENTRIES_AT_MOST, passing_folder, scratch_bytes

WARMING_PER_S: Final = 250_000
# As much load as compiles the broker's write path; it is played as fast as it goes.
_BROKER_WARM_UP_MS: Final = 10_000
# The oracle's columns and the index of batches, beside the records.
_TRACE_FACTOR: Final = 1.15
# What a bundle keeps of a trial, where each record makes a row.
_BYTES_PER_STORED_ROW: Final = 20


@dataclasses.dataclass(frozen=True)
class LoadsPolicy:
    """How large the loads before the measured one are, and how large one may be to be kept.

    `at_once_per_s` for `at_once_ms` come at once, a million records, at least twice: until they are
    not worked off faster any more. A load that would fill more than `kept_bytes` of the cache is
    compiled for the trials that play it.
    """

    at_once_per_s: int = WARMING_PER_S
    at_once_ms: int = 4_000
    rising_ms: int = RISING_MS
    kept_bytes: int = COMPILING.cache_limit_bytes // 4


LOADS: Final = LoadsPolicy()


def compile_load(request: Request, load_ms: int | None, folder: Path) -> Trace:
    """The load of a request's rate in `folder`; `load_ms` is None for all of a replayed file."""
    return compile_trace(
        request.workload,
        duration_ms=load_ms,
        seed=request.seed,
        cache=folder,
        rate_per_s=request.rate_per_s,
    )


def measured_ms(request: Request) -> int | None:
    """How long the load of a trial is; None for a replay, which is as long as its file."""
    return None if request.is_replay else duration_ms(request.spans)


def records_of(request: Request) -> int:
    """How many records the load of a request has; nothing is compiled."""
    load = resolve(
        request.workload, duration_ms=measured_ms(request), rate_per_s=request.rate_per_s
    )
    return load.records


class Loads:
    """Compiles what the trials of a run play, into `cache`.

    What is large goes into a folder of its own, in memory where there is room, until the load of another
    point is asked for. Leaving the context deletes that folder, and so does the guardian.
    """

    def __init__(self, cache: Path, policy: LoadsPolicy = LOADS) -> None:
        self._cache = cache
        self._policy = policy
        self._passing = ExitStack()
        self._folder: Path | None = None
        self._point: Point | None = None

    def __enter__(self) -> Loads:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._passing.close()

    def of_length(self, request: Request, load_ms: int, folder: Path | None = None) -> Trace:
        """The load of a request's rate, of another length; in `folder` or in the cache."""
        return compile_load(request, load_ms, folder or self._cache)

    def measured(self, request: Request) -> Trace:
        """What a trial of this request measures."""
        dirty = dataclasses.replace(request, workload=request.dirty_workload)
        return compile_load(dirty, measured_ms(request), self._place(request))

    def broker_warm_up(self, request: Request) -> Trace:
        """What a fresh broker is warmed with: the workload's own rate, whatever is measured."""
        own = dataclasses.replace(request, rate_per_s=None)
        return compile_load(own, None if request.is_replay else _BROKER_WARM_UP_MS, self._cache)

    def at_once(self, request: Request) -> Trace | None:
        """What comes at once before a trial, until the job is warm; None: nothing does."""
        if not request.warmed:
            return None
        at_once = dataclasses.replace(request, rate_per_s=self._policy.at_once_per_s)
        return compile_load(at_once, self._policy.at_once_ms, self._cache)

    def rising(self, request: Request) -> Trace | None:
        """What then rises to the rate; None: nothing does."""
        if not request.warmed:
            return None
        return compile_load(rising_to(request), self._policy.rising_ms, self._place(request))

    def settling(self, request: Request) -> Trace | None:
        """What is played at the rate until the delay no longer falls; None: nothing is."""
        if not request.settles:
            return None
        load_ms = round(SETTLING.load_s(request.warm_up_s) * 1000)
        return compile_load(request, load_ms, self._place(request))

    def check_room(self, requests: Sequence[Request]) -> None:
        """Raise EnvironmentLacks unless loads, the broker's log of each and a bundle have room."""
        needs = [self._need(request) for request in requests]
        on_disk = sum(need.trace_bytes for need in needs if need.kept)
        passing = [need for need in needs if not need.kept]
        if passing and memory_folder(max(need.in_all_bytes for need in passing)) is None:
            on_disk += max(need.trace_bytes for need in passing)
        check_disk(self._cache, on_disk)
        rows = min(ENTRIES_AT_MOST, max(records_of(request) for request in requests))
        check_disk(requests[0].out, rows * _BYTES_PER_STORED_ROW)
        beside_bytes = max(need.beside_bytes for need in needs)
        if memory_folder(beside_bytes) is None:
            check_disk(Path(tempfile.gettempdir()), beside_bytes)

    def _place(self, request: Request) -> Path:
        if request.is_replay:
            return self._cache  # and its file need not be read again to know that
        need = self._need(request)
        if need.kept:
            return self._cache
        if self._folder is None or self._point != request.point:
            self._passing.close()
            self._cache.mkdir(parents=True, exist_ok=True)
            parent = memory_folder(need.in_all_bytes) or self._cache
            self._folder = self._passing.enter_context(passing_folder(parent, prefix=PARTIAL))
            self._point = request.point
        return self._folder

    def _need(self, request: Request) -> _Need:
        own = self.broker_warm_up(request)
        bytes_each = own.records_bytes / own.ref.records
        played = records_of(request)
        before = 0
        if request.settles:
            load_s = SETTLING.load_s(request.warm_up_s)
            settling = round(request.load_rate_per_s * load_s)
            played += settling
            before = settling * SETTLING.loads_at_most(request.warm_up_s) - settling
        if request.warmed:
            policy, rising = self._policy, rising_to(request)
            played += resolve(
                rising.workload, duration_ms=policy.rising_ms, rate_per_s=None
            ).records
            before += LOADS_AT_MOST * policy.at_once_per_s * policy.at_once_ms // 1_000
        heaps = [c.plan.heap_mib for c in request.contenders if isinstance(c.plan, Plan)]
        written = played + before
        trace_bytes = round(played * bytes_each * _TRACE_FACTOR)
        beside_bytes = scratch_bytes(records=written, load_bytes=round(written * bytes_each))
        return _Need(
            trace_bytes=trace_bytes,
            beside_bytes=beside_bytes + int(max(heaps, default=0) * HEAP_FACTOR * 2**20),
            kept=request.is_replay or trace_bytes <= self._policy.kept_bytes,
        )


@dataclasses.dataclass(frozen=True)
class _Need:
    """The room of one point: what is played, and what a trial writes and takes beside it."""

    trace_bytes: int
    beside_bytes: int
    kept: bool

    @property
    def in_all_bytes(self) -> int:
        return self.trace_bytes + self.beside_bytes
