"""Plain worker processes of one job, and more of them while it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from streambench.engines.common.launch import prepare, replan
from streambench.engines.common.workers import Workers
from streambench.engines.protocol import Embedded
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import EventClock, Plan, ProcessPlan, Program, Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor


@pytest.fixture
def at(tmp_path: Path) -> Iterator[Embedded]:
    with Supervisor() as supervisor:
        resolved = Resolved(tmp_path / "bin" / "java")
        yield Embedded(
            supervisor,
            resolved,
            KafkaAccess("b"),
            "i",
            "o",
            "j",
            tmp_path / "job",
            tmp_path / "log",
        )


def plan(workers: int) -> Plan:
    """Each worker keeps the port that it was given, and sleeps."""
    argv = ("/bin/sh", "-c", "echo ${port:x} ${partitions}; exec sleep 600")
    return Plan(
        engine="e",
        version="1",
        event_clock=EventClock.PER_PARTITION,
        programs=(Program("conf", "text", f"{workers} on ${{port:x}}"),),
        processes=tuple(
            ProcessPlan(f"worker-{number}", Role.WORKER, argv) for number in range(workers)
        ),
        settings=(),
        symbols={"partitions": "4"},
    )


def write(at: Embedded, name: str, pid: int) -> None:
    (at.log_dir / f"{name}.jsonl").write_text(json.dumps({"pid": pid}) + "\n")


def test_a_wider_plan_starts_only_what_is_not_there_with_the_same_addresses(at: Embedded) -> None:
    filled = prepare(plan(2), at)
    workers = Workers.start(filled, at)
    first = [child.pid for child in workers.alive()]
    workers.grow(plan(3))
    targets = workers.targets(Role.WORKER)
    assert [target.pid for target in targets][:2] == first
    assert [target.name for target in targets] == ["worker-0", "worker-1", "worker-2"]
    write(at, "worker-2", targets[2].pid)
    assert workers.newest() == (None, None, {"pid": targets[2].pid})
    workers.stop()
    assert at.supervisor.children() == ()
    said = {(at.log_dir / f"worker-{number}.log").read_text() for number in range(3)}
    assert said <= {f"{filled.symbols['port:x']} 4\n", ""}


def test_another_plan_for_the_same_job_replaces_its_programs(at: Embedded) -> None:
    filled = prepare(plan(2), at)
    port = filled.symbols["port:x"]
    assert (at.job_dir / "conf").read_text() == f"2 on {port}"
    again = replan(plan(3), filled, at)
    assert (at.job_dir / "conf").read_text() == f"3 on {port}"
    assert again.symbols == filled.symbols
