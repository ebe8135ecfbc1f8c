"""Engine, broker and load have cores of their own where there are enough."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import psutil
import pytest

from streambench.model.plan import Role
from streambench.runtime.cpu_sets import LEAST_CORES, cores_here, cpu_set_words, split
from streambench.runtime.supervisor import Supervisor

FOREVER = "import signal; signal.pause()"


def test_the_sets_are_disjoint_and_leave_nothing_out() -> None:
    cores = [0, 2, 3, 4, 5, 6, 7, 8, 9, 12]
    sets = split(cores)
    load, broker, engine = sets[Role.PLAYER], sets[Role.BROKER], sets[Role.WORKER]
    assert sorted([*load, *broker, *engine]) == cores
    assert sets[Role.READER] == load
    assert sets[Role.COORDINATOR] == sets[Role.SUBMITTER] == engine
    assert len(engine) > len(broker) >= len(load) >= 1
    assert cpu_set_words(sets) == "load 0, broker 2-3, engine 4-9+12"


def test_few_cores_are_shared_and_that_is_said() -> None:
    assert split(range(LEAST_CORES - 1)) == {}
    assert split(()) == {}
    assert "share all cores" in cpu_set_words({})


@pytest.mark.skipif(not cores_here(), reason="this system cannot bind processes to cores")
def test_a_child_and_what_it_starts_run_on_the_cores_of_its_role(tmp_path: Path) -> None:
    one, *_ = cores_here()
    with Supervisor(cpu_sets={Role.WORKER: frozenset({one})}) as supervisor:
        argv = (sys.executable, "-c", FOREVER)
        bound = supervisor.start("bound", Role.WORKER, argv, log=tmp_path / "log")
        free = supervisor.start("free", Role.BROKER, argv, log=tmp_path / "log")
        assert psutil.Process(bound.pid).cpu_affinity() == [one]
        assert psutil.Process(free.pid).cpu_affinity() == list(cores_here())
    assert os.sched_getaffinity(0) == set(cores_here())
