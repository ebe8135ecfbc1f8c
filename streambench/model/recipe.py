"""What a load is compiled from: who has the same recipe makes the same bytes, wherever."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.workload import Workload


@dataclass(frozen=True)
class Recipe:
    """The arguments of `load.trace.compile_trace` that decide a byte."""

    workload: Workload
    duration_ms: int | None
    seed: int
    rate_per_s: int | None
    partitions: int
