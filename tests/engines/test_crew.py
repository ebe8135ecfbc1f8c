"""Workers on other hosts, by a meeting in memory: what is started there, what is told, who is away."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import pytest

from streambench import __version__
from streambench.engines.common.crew import ROLE, Crew, CrewWorkers, plan_text, read_plan
from streambench.engines.common.crew_member import CrewMember, MemberPlace
from streambench.engines.common.launch import prepare
from streambench.engines.protocol import Embedded, WorkerEngine
from streambench.engines.registry import worker_engine_named
from streambench.kafka.meeting.guest import Guest
from streambench.kafka.meeting.host import Host
from streambench.kafka.meeting.messages import COORDINATOR, Announce, Ended
from streambench.kafka.meeting.parcels import Parcels
from streambench.kafka.meeting.party import MeetingPolicy
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.errors import EngineFailed, InstrumentFailed, UsageError
from streambench.model.kafka_access import KafkaAccess
from streambench.model.plan import Artifacts, EventClock, Plan, ProcessPlan, Program, Role
from streambench.runtime.artifacts import Resolved
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import CLICKS
from tests.kafka.meeting.memory_log import MemoryLog, Records

QUICK = MeetingPolicy(beat_s=0.02, silent_beats=200, lost_s=5.0)
WAIT_S = 20.0
# Says what it was given and who it is, then lives on.
WORKER = """
import json, os, sys, time
name, readings, topic, bootstrap = sys.argv[1:]
with open(readings, "a") as file:
    print(json.dumps({"pid": os.getpid(), "effective": {"own": {"topic": topic}}}), file=file)
    line = {"pid": os.getpid(), "name": name, "bootstrap": bootstrap, "count": 3}
    print(json.dumps(line), file=file, flush=True)
print("said all", flush=True)
time.sleep(600)
"""


def plan(restart: bool = False) -> Plan:
    return Plan(
        engine="pretended",
        version="1",
        event_clock=EventClock.PER_PARTITION,
        programs=(Program("worker.py", "python", WORKER),),
        processes=tuple(
            ProcessPlan(
                name=f"worker-{number}",
                role=Role.WORKER,
                argv=(
                    *(sys.executable, "${job_dir}/worker.py", f"worker-{number}"),
                    *(f"${{log_dir}}/worker-{number}.jsonl", "${input_topic}", "${broker}"),
                ),
                restart=restart,
            )
            for number in range(2)
        ),
        settings=(),
    )


class Pretended:
    """An engine whose workers are scripts."""

    title = "Pretended"

    def requires(self, variant: Variant) -> Artifacts:
        return Artifacts()

    def prepared(self, plan: Plan, at: Embedded) -> Plan:
        return prepare(plan, at)


class Scene:
    """A coordinator and two hosts."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.records = Records()
        self.folder = folder
        self.host = stack.enter_context(Host(MemoryLog(self.records), ROLE, 2, policy=QUICK))
        self.supervisors: list[Supervisor] = []
        self.told: list[str] = []
        self.guests: list[Guest] = []
        for seat in range(2):
            self._join(stack, seat)
        self.host.gather(WAIT_S, self.told.append, str)
        sent = folder / "sent"
        sent.mkdir()
        self.crew = Crew(self.host, sent, "workers")
        (folder / "logs").mkdir()
        self.at = Embedded(
            supervisor=cast(Supervisor, None),
            artifacts=Resolved(folder),
            kafka=KafkaAccess("of.the.coordinator:1"),
            input_topic="clicks-in",
            output_topic="clicks-out",
            job_id="job-7",
            job_dir=folder / "job",
            log_dir=folder / "logs",
        )

    def _join(self, stack: ExitStack, seat: int) -> None:
        supervisor = stack.enter_context(Supervisor())
        self.supervisors.append(supervisor)
        own = self.folder / f"host-{seat}"
        (own / "parcels").mkdir(parents=True)
        parcels = Parcels(own / "parcels")
        member = CrewMember(
            MemberPlace(KafkaAccess(f"of.host.{seat}:1"), supervisor, own),
            parcels,
            cast(Callable[[str], WorkerEngine], lambda _: Pretended()),
            self.told.append,
        )
        # Its own thread says goodbye, as a host does: the coordinator waits for that when it closes.
        attending = stack.enter_context(ExitStack())
        guest = attending.enter_context(
            Guest(
                MemoryLog(self.records),
                f"worker-{seat}",
                chunk=lambda chunk: parcels.hear(COORDINATOR, chunk),
                state=member.state,
                policy=QUICK,
            )
        )
        self.guests.append(guest)
        guest.join(Announce(ROLE, seat, 2, __version__, f"host-{seat}"), WAIT_S)

        def serve() -> None:
            with attending, suppress(InstrumentFailed):
                member.serve(guest, seat)

        thread = threading.Thread(target=serve)
        thread.start()
        stack.callback(thread.join)
        # Told before the guests leave, so that they end by themselves.
        stack.callback(self.host.close)

    def started(self, **differs: Any) -> CrewWorkers:
        workers = self.crew.start(plan(**differs), self.at)
        wait_until(lambda: all(workers.newest()), what="the first lines", timeout_s=WAIT_S)
        return workers


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        yield Scene(stack, tmp_path)


def test_each_host_runs_its_own_worker_with_its_own_access(scene: Scene) -> None:
    workers = scene.started()
    lines = [dict(line or {}) for line in workers.newest()]
    assert [line["name"] for line in lines] == ["worker-0", "worker-1"]
    # Nothing that says how Kafka is reached is sent: each host has its own.
    assert [line["bootstrap"] for line in lines] == ["of.host.0:1", "of.host.1:1"]
    assert not any(b"of.the.coordinator" in value for value in scene.records.values)
    assert [len(each.children()) for each in scene.supervisors] == [1, 1]
    assert workers.effective() == {("own", "topic"): "clicks-in"}
    assert sum(int(line["count"]) for line in workers.totals()) == 6
    assert workers.targets(Role.WORKER) == ()


def test_what_was_started_ends_and_leaves_the_end_of_its_log(scene: Scene) -> None:
    workers = scene.started()
    workers.stop()
    workers.stop()
    assert [len(each.children()) for each in scene.supervisors] == [0, 0]
    assert "said all" in (scene.at.log_dir / "worker-1.log").read_text()
    assert [path.name for path in (scene.folder / "host-0").iterdir()] == ["parcels"]
    assert workers.newest() == (None, None)


def test_one_job_follows_another(scene: Scene) -> None:
    scene.started().stop()
    assert len([line for line in scene.started().newest() if line]) == 2


def test_a_worker_that_dies_is_started_again_by_its_host_and_counted(scene: Scene) -> None:
    workers = scene.started(restart=True)
    (child,) = scene.supervisors[0].children()
    child.process.kill()
    wait_until(lambda: workers.restarts == 1, what="the restart", timeout_s=WAIT_S)
    wait_until(lambda: all(workers.newest()), what="its line", timeout_s=WAIT_S)


def test_a_host_that_cannot_start_fails_the_job_and_no_worker_is_left(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Pretended, plan: Plan, at: Embedded) -> Plan:
        raise EngineFailed("no compiler there", stage="launch")

    monkeypatch.setattr(Pretended, "prepared", broken)
    with pytest.raises(EngineFailed, match=r"worker ./2 on host-.: no compiler there"):
        scene.crew.start(plan(), scene.at)
    assert [len(each.children()) for each in scene.supervisors] == [0, 0]


def test_a_host_that_goes_is_away_and_the_next_job_names_it(scene: Scene) -> None:
    workers = scene.started()
    scene.guests[1]._party.speaker.say(Ended("its machine was shut down"))
    wait_until(lambda: workers.newest()[1] is None, what="the host to be missed", timeout_s=WAIT_S)
    assert workers.newest()[0] is not None
    workers.stop()
    with pytest.raises(InstrumentFailed, match=r"worker 1/2 on host-1 is gone: .*shut down"):
        scene.crew.start(plan(), scene.at)


def test_a_plan_is_read_as_it_was_written() -> None:
    engine = worker_engine_named("kafka-streams")
    cluster = ForeignCluster("kafka-streams", "the workers of run monday")
    made = engine.plan(
        CLICKS,
        Conditions(foreign_clusters=(cluster,)),
        Variant("kafka-streams", engine.version),
    )
    assert isinstance(made, Plan)
    assert read_plan(plan_text(made)) == made
    assert made.cluster == cluster.endpoint
    # What runs on other hosts takes nothing of this one's memory.
    assert made.heap_mib == 0
    assert any("joined the run" in warning for warning in made.warnings)


def test_only_engines_of_plain_workers_have_a_crew() -> None:
    assert worker_engine_named("kafka-python").name == "kafka-python"
    with pytest.raises(UsageError, match="workers of a cluster of its own"):
        worker_engine_named("flink")
