"""Which processes come back, and when."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from streambench.engines.common.launch import start
from streambench.engines.common.restart import comes_back, kept_alive
from streambench.engines.protocol import Embedded
from streambench.model.conditions import Conditions
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import ProcessPlan, Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until

SLEEPER = ProcessPlan("sleeper", Role.WORKER, ("sleep", "600"))


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Embedded]:
    with Supervisor() as supervisor:
        yield Embedded(
            supervisor, Resolved(tmp_path), KafkaAccess(""), "", "", "", tmp_path, tmp_path
        )


def kill(at: Embedded, process: ProcessPlan) -> None:
    assert at.supervisor.hit(process.name, signal.SIGKILL)
    wait_until(lambda: bool(at.supervisor.deaths()), what="its death", timeout_s=10)


def test_with_a_delay_of_nought_it_is_back_at_once(at: Embedded) -> None:
    process = kept_alive(SLEEPER, Conditions(restart_delay_ms=0))
    first = start(process, at)
    kill(at, process)
    assert comes_back(process, at.supervisor)
    second = wait_until(lambda: at.supervisor.current("sleeper"), what="it", timeout_s=10)
    assert second.pid != first.pid


def test_before_its_delay_is_over_it_is_away_but_will_come_back(at: Embedded) -> None:
    process = kept_alive(SLEEPER, Conditions(restart_delay_ms=60_000))
    start(process, at)
    kill(at, process)
    assert at.supervisor.current("sleeper") is None
    assert comes_back(process, at.supervisor)


def test_without_a_delay_it_never_comes_back(at: Embedded) -> None:
    process = kept_alive(SLEEPER, Conditions(restart_delay_ms=None))
    start(process, at)
    kill(at, process)
    assert not comes_back(process, at.supervisor)
