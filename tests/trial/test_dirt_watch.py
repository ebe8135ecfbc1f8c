"""What is seen of a job behind a dirty record, and when it is taken for stopped for good."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from streambench.engines.protocol import Health, State
from streambench.model.plan import Role
from streambench.trial.dirt_watch import DirtWatch, StopPolicy


@dataclass
class Scripted:
    """A job, a supervisor and a clock in one."""

    state: State = State.RUNNING
    counter: int = 0
    died: list[Any] = field(default_factory=list)
    clock_s: float = 0.0

    def healthy(self) -> Health:
        return Health(self.state, "2 of 4 tasks")

    def left_out(self) -> int | None:
        return self.counter

    def deaths(self) -> tuple[Any, ...]:
        return tuple(self.died)

    def now_s(self) -> float:
        return self.clock_s

    def dies(self, role: Role = Role.WORKER, name: str = "worker-0") -> None:
        self.died.append(SimpleNamespace(role=role, name=name))


def watched(scene: Scripted, folder: Path, *due_ms: int) -> DirtWatch:
    parts: Any = scene
    return DirtWatch(due_ms, parts, parts, folder, StopPolicy(), scene.now_s)


def look(watch: DirtWatch, scene: Scripted, at_ms: int, rows: int) -> str | None:
    scene.clock_s = at_ms / 1000
    found = watch.look(at_ms, rows)
    return None if found is None else found.why


def write(folder: Path, name: str, *lines: str) -> None:
    with (folder / name).open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_what_is_said_belongs_to_the_record_before_it(tmp_path: Path) -> None:
    scene = Scripted()
    watch = watched(scene, tmp_path, 3_000, 6_000)
    write(tmp_path, "worker-0.log", "1 WARN usual: 17 of 3", "1 INFO begun")
    assert look(watch, scene, 1_000, 5) is None
    assert not watch.begun
    assert look(watch, scene, 2_500, 9) is None
    assert watch.begun
    write(
        tmp_path, "worker-0.log", "4 WARN usual: 99 of 1", "4 WARN left out record 3", "4 INFO on"
    )
    scene.counter = 1
    assert look(watch, scene, 5_600, 20) is None
    write(tmp_path, "worker-1.log", "Traceback (most recent call last):")
    scene.dies()
    assert look(watch, scene, 7_000, 30) is None
    first, second = watch.over().said
    assert (first.lines, first.counted, first.ended) == (("4 WARN left out record 3",), 1, 0)
    assert (second.lines, second.counted, second.ended) == (
        ("Traceback (most recent call last):",),
        0,
        1,
    )


def test_brokers_and_players_say_nothing_of_the_engine(tmp_path: Path) -> None:
    scene = Scripted()
    watch = watched(scene, tmp_path, 1_000)
    assert look(watch, scene, 1_000, 1) is None
    write(tmp_path, "broker.log", "ERROR in the broker")
    scene.dies(Role.PLAYER)
    (said,) = watch.over().said
    assert (said.lines, said.ended) == ((), 0)


def test_who_dies_again_and_again_is_stopped_for_good(tmp_path: Path) -> None:
    scene = Scripted(State.DEGRADED)
    watch = watched(scene, tmp_path, 1_000)
    assert look(watch, scene, 1_500, 1) is None
    for name in ("worker-0", "worker-1", "worker-2"):
        scene.dies(name=name)
    # Each of them once: the record may have been passed over then.
    assert look(watch, scene, 2_000, 2) is None
    scene.dies(Role.COORDINATOR, "worker-1")
    assert look(watch, scene, 2_500, 3) == "its processes ended 4 times"
    assert watch.over().stopped is watch.stopped is not None


def test_it_is_the_first_records_doing_though_others_were_written_meanwhile(tmp_path: Path) -> None:
    scene = Scripted(State.DEGRADED)
    watch = watched(scene, tmp_path, 1_000, 4_000, 7_000, 10_000)
    for at_ms, dies in (
        (2_000, False),
        (5_000, True),
        (7_500, False),
        (9_000, False),
        (11_000, True),
    ):
        assert look(watch, scene, at_ms, at_ms) is None
        if dies:
            scene.dies()
    scene.dies(name="worker-1")
    assert look(watch, scene, 11_500, 99) == "its processes ended 3 times"
    seen = watch.over()
    assert seen.stopped is not None
    assert seen.stopped.by == 1
    assert [each.due_ms for each in seen.said] == [1_000, 4_000]


def test_who_died_and_was_well_for_two_records_has_recovered(tmp_path: Path) -> None:
    scene = Scripted()
    watch = watched(scene, tmp_path, 1_000, 4_000, 7_000, 10_000)
    scene.dies()
    for at_ms in (1_500, 4_500, 7_500):
        assert look(watch, scene, at_ms, at_ms) is None
    assert look(watch, scene, 10_500, 99) is None
    scene.dies()
    scene.dies()
    assert look(watch, scene, 11_000, 100) is None
    scene.dies()
    assert look(watch, scene, 11_500, 101) == "its processes ended 3 times"
    seen = watch.over()
    assert seen.stopped is not None
    assert seen.stopped.by == 3


def test_a_job_that_failed_is_stopped_at_once(tmp_path: Path) -> None:
    scene = Scripted(State.FAILED)
    watch = watched(scene, tmp_path, 1_000)
    # Before the record is written nothing is its doing.
    assert look(watch, scene, 900, 1) is None
    assert look(watch, scene, 1_100, 1) == "it failed: 2 of 4 tasks"


def test_silence_of_a_job_that_does_not_run(tmp_path: Path) -> None:
    scene = Scripted(State.DEGRADED)
    watch = watched(scene, tmp_path, 1_000)
    assert look(watch, scene, 1_000, 7) is None
    assert look(watch, scene, 8_900, 7) is None
    assert look(watch, scene, 9_000, 7) == "no row came for 8 s (2 of 4 tasks)"


def test_silence_from_before_the_record_is_not_its_doing(tmp_path: Path) -> None:
    scene = Scripted(State.DEGRADED)
    watch = watched(scene, tmp_path, 20_000)
    assert look(watch, scene, 1_000, 0) is None
    assert look(watch, scene, 20_500, 0) is None
    assert look(watch, scene, 28_000, 0) == "no row came for 8 s (2 of 4 tasks)"


def test_one_that_is_slow_and_says_that_it_runs_is_given_longer(tmp_path: Path) -> None:
    scene = Scripted()
    watch = watched(scene, tmp_path, 1_000)
    assert look(watch, scene, 1_000, 7) is None
    assert look(watch, scene, 20_900, 7) is None
    assert look(watch, scene, 20_950, 8) is None  # a row: the silence is over
    assert look(watch, scene, 40_900, 8) is None
    assert look(watch, scene, 41_000, 8) == "no row came for 20 s, though it says that it runs"


def test_silence_is_the_doing_of_the_record_with_which_it_began(tmp_path: Path) -> None:
    scene = Scripted(State.DEGRADED)
    watch = watched(scene, tmp_path, 1_000, 4_000, 7_000, 10_000)
    for at_ms, rows in ((1_000, 1), (4_000, 2), (4_500, 3), (7_000, 3), (10_000, 3)):
        assert look(watch, scene, at_ms, rows) is None
    assert look(watch, scene, 12_600, 3) == "no row came for 8 s (2 of 4 tasks)"
    seen = watch.over()
    assert seen.stopped is not None
    assert seen.stopped.by == 1


def test_what_is_missing_in_the_end_of_one_that_does_not_run(tmp_path: Path) -> None:
    scene = Scripted()
    watch = watched(scene, tmp_path, 1_000)
    assert look(watch, scene, 1_500, 1) is None
    watch.gives_up(9_000)
    assert watch.stopped is None  # it runs: what is missing is lost
    scene.state = State.DEGRADED
    watch.gives_up(9_000)
    assert watch.stopped is not None
    assert watch.stopped.why == "rows were missing in the end, and it did not run (2 of 4 tasks)"
