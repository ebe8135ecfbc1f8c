"""What an engine is not to blame for: that something else had the machine."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from streambench.model.disturbance import disturbance
from streambench.model.errors import EngineSlow, InstrumentFailed
from streambench.model.machine import MachineLimits
from streambench.runtime.usage import UsageSampler


@contextmanager
def not_for_others(sampler: UsageSampler, since_ns: int, limits: MachineLimits) -> Iterator[None]:
    """An engine that took too long while something else was running has not failed: the trial has."""
    try:
        yield
    except EngineSlow as slow:
        spoilt = disturbance(sampler.machine(since_ns, time.monotonic_ns()), limits).invalid
        if spoilt is None:
            raise
        raise InstrumentFailed(f"{spoilt}; {slow.message}", hint=slow.hint) from slow
