"""Who is to blame when an engine took too long, or died, beside something else that was running."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from streambench.model.errors import EngineFailed, EngineSlow, InstrumentFailed
from streambench.model.machine import ANY_MACHINE, STRICT, MachineLimits, MachineUsage, Stranger
from streambench.runtime.usage import UsageSampler
from streambench.trial.not_for_others import not_for_others

SLOW = EngineSlow(
    "Spark's Master was not ready after 60.0 s", stage="start", hint="less master.log"
)
DEAD = EngineFailed("worker-1 died (exit 137)", stage="load")


def raised(error: EngineFailed, foreign: float, limits: MachineLimits = STRICT) -> Exception:
    machine = MachineUsage(0.1, 0.0, 0.0, foreign, (Stranger("cc1", foreign),), None, None, None)
    sampler = cast(UsageSampler, SimpleNamespace(machine=lambda start_ns, end_ns: machine))
    with (
        pytest.raises((EngineFailed, InstrumentFailed)) as caught,
        not_for_others(sampler, 0, limits),
    ):
        raise error
    return caught.value


def test_an_engine_that_took_too_long_on_a_machine_of_its_own_has_failed() -> None:
    assert raised(SLOW, foreign=0.02) is SLOW
    assert raised(SLOW, foreign=0.5, limits=ANY_MACHINE) is SLOW


def test_beside_something_else_it_has_not() -> None:
    spoilt = raised(SLOW, foreign=0.5)
    assert isinstance(spoilt, InstrumentFailed)
    assert spoilt.message == (
        "something else was running: 50% of the machine (cc1 50%); "
        "Spark's Master was not ready after 60.0 s"
    )
    assert spoilt.hint == "less master.log"


def test_one_that_died_has_failed_whoever_was_busy() -> None:
    assert raised(DEAD, foreign=0.5) is DEAD
