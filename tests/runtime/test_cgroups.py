"""What control groups leave of processor and memory: quotas and limits of all parents, of both versions."""

from __future__ import annotations

import os
from pathlib import Path

import psutil
import pytest

from streambench.kafka import player
from streambench.model.plan import Role
from streambench.runtime import cores as cores_module
from streambench.runtime.cgroups import (
    ControlGroups,
    Throttling,
    cpu_quota_cores,
    memory_limit_bytes,
    memory_room_bytes,
    throttling,
)
from streambench.runtime.cores import Cores, Decides, cores
from streambench.runtime.cpu_sets import cores_here, split
from streambench.runtime.memory import available_memory_bytes, total_memory_bytes
from tests.runtime.cgroup_tree import version_1, version_2

HOST_CORES = 16
POD = "/kubepods/pod7/box"


@pytest.fixture
def host_of_16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: HOST_CORES)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(HOST_CORES)), raising=False)


def quota_2(folder: Path, quota: str, own: str = "/") -> ControlGroups:
    return version_2(folder, own, {own.strip("/"): {"cpu.max": quota}})


@pytest.mark.parametrize(
    ("quota", "found"),
    [
        ("200000 100000", 2.0),
        ("150000 100000", 1.5),
        ("25000 50000", 0.5),
        ("max 100000", None),
        ("", None),
        ("200000", None),
    ],
)
def test_a_quota_of_version_2_is_its_part_of_the_period(
    tmp_path: Path, quota: str, found: float | None
) -> None:
    assert cpu_quota_cores(quota_2(tmp_path, quota)) == found


def test_the_least_quota_of_all_parents_holds(tmp_path: Path) -> None:
    files = {
        "": {"cpu.max": "max 100000"},
        "kubepods": {"cpu.max": "800000 100000"},
        "kubepods/pod7": {"cpu.max": "300000 100000"},
        "kubepods/pod7/box": {"cpu.max": "max 100000"},
        "kubepods/pod7/box/deeper": {"cpu.max": "100000 100000"},
        "kubepods/other": {"cpu.max": "100000 100000"},
    }
    assert cpu_quota_cores(version_2(tmp_path, POD, files)) == 3.0


@pytest.mark.parametrize("folder", ["cpu,cpuacct", "cpu"])
def test_version_1_is_read_under_either_name_of_its_folder(tmp_path: Path, folder: str) -> None:
    files = {
        f"{folder}/kubepods": {"cpu.cfs_quota_us": "400000", "cpu.cfs_period_us": "100000"},
        f"{folder}/kubepods/pod7/box": {"cpu.cfs_quota_us": "-1", "cpu.cfs_period_us": "100000"},
    }
    assert cpu_quota_cores(version_1(tmp_path, POD, files)) == 4.0


def test_a_container_that_sees_the_hosts_path_finds_its_group_at_the_mount(tmp_path: Path) -> None:
    told = {"cpu.cfs_quota_us": "200000", "cpu.cfs_period_us": "100000"}
    assert cpu_quota_cores(version_1(tmp_path / "1", "/docker/0af3", {"cpu": told})) == 2.0
    above = version_2(tmp_path / "2", "/../../box", {"": {"cpu.max": "200000 100000"}})
    assert cpu_quota_cores(above) == 2.0


def test_without_control_groups_nothing_is_limited(tmp_path: Path) -> None:
    nowhere = ControlGroups(tmp_path / "cgroup", tmp_path / "fs")
    assert cpu_quota_cores(nowhere) is None
    assert memory_limit_bytes(nowhere) is None
    assert memory_room_bytes(nowhere) is None
    assert throttling(nowhere) is None


@pytest.mark.usefixtures("host_of_16")
@pytest.mark.parametrize(
    ("quota", "count", "words"),
    [
        ("200000 100000", 2, "2 (a quota of 2; the machine has 16)"),
        ("290000 100000", 2, "2 (a quota of 2.9; the machine has 16)"),
        ("50000 100000", 1, "1 (a quota of 0.5; the machine has 16)"),
        ("1600000 100000", 16, "16"),
        ("9900000 100000", 16, "16"),
        ("max 100000", 16, "16"),
    ],
)
def test_a_quota_is_rounded_down_but_never_to_none(
    tmp_path: Path, quota: str, count: int, words: str
) -> None:
    found = cores(quota_2(tmp_path, quota))
    assert (found.count, found.words()) == (count, words)


def test_a_cpu_set_counts_and_the_smaller_of_both_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: HOST_CORES)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3, 4, 5}, raising=False)
    only_set = cores(quota_2(tmp_path, "max 100000"))
    assert only_set == Cores(3, HOST_CORES, Decides.CPU_SET)
    assert only_set.words() == "3 (a CPU set; the machine has 16)"
    assert cores(quota_2(tmp_path, "200000 100000")).decided_by is Decides.QUOTA
    assert cores(quota_2(tmp_path, "400000 100000")).decided_by is Decides.CPU_SET


@pytest.mark.usefixtures("host_of_16")
def test_a_quota_is_no_set_of_cores_that_parts_could_have_for_themselves(tmp_path: Path) -> None:
    assert split(cores_here(quota_2(tmp_path, "200000 100000"))) == {}
    assert split(cores_here(quota_2(tmp_path, "1200000 100000"))) == {}
    whole = split(cores_here(quota_2(tmp_path, "max 100000")))
    assert len(whole[Role.WORKER]) == HOST_CORES - 3


@pytest.mark.usefixtures("host_of_16")
def test_players_are_as_many_as_the_quota_carries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 8_000_000
    for quota, processes in (("max 100000", 4), ("800000 100000", 2), ("200000 100000", 1)):
        groups = quota_2(tmp_path, quota)
        monkeypatch.setattr(player, "cores_of_machine", lambda there=groups: cores(there))
        assert player.processes_for(many, partitions=8) == processes


def test_memory_is_the_least_limit_less_what_is_used_there(tmp_path: Path) -> None:
    files = {
        "": {"memory.max": "max"},
        "kubepods": {
            "memory.max": "9000000",
            "memory.current": "8500000",
            "memory.stat": "anon 8000000\ninactive_file 400000",
        },
        "kubepods/pod7/box": {
            "memory.max": "5000000",
            "memory.current": "3000000",
            "memory.stat": "anon 2000000\ninactive_file 900000",
        },
    }
    groups = version_2(tmp_path, POD, files)
    assert memory_limit_bytes(groups) == total_memory_bytes(groups) == 5_000_000
    assert memory_room_bytes(groups) == available_memory_bytes(groups) == 900_000


def test_memory_of_version_1_and_its_number_for_no_limit(tmp_path: Path) -> None:
    own = {
        "memory.limit_in_bytes": "5000000",
        "memory.usage_in_bytes": "3000000",
        "memory.stat": "inactive_file 1\ntotal_inactive_file 900000",
    }
    limited = version_1(tmp_path / "limited", POD, {"memory/kubepods/pod7/box": own})
    assert memory_room_bytes(limited) == 2_900_000
    own["memory.limit_in_bytes"] = "9223372036854771712"
    free = version_1(tmp_path / "free", POD, {"memory/kubepods/pod7/box": own})
    assert memory_limit_bytes(free) is None
    assert total_memory_bytes(free) == psutil.virtual_memory().total


def test_the_group_that_was_stopped_most_often_is_the_one_that_tells(tmp_path: Path) -> None:
    def counted(quota: str, periods: int, throttled: int) -> dict[str, str]:
        said = f"usage_usec 5\nnr_periods {periods}\nnr_throttled {throttled}\nthrottled_usec 9"
        return {"cpu.max": quota, "cpu.stat": said}

    files = {
        "": {"cpu.max": "max 100000", "cpu.stat": "nr_periods 0\nnr_throttled 99"},
        "kubepods": counted("800000 100000", 500, 3),
        "kubepods/pod7": counted("300000 100000", 400, 40),
        "kubepods/pod7/box": counted("max 100000", 0, 0),
    }
    assert throttling(version_2(tmp_path, POD, files)) == Throttling(400, 40)


def test_no_quota_is_no_throttling_whatever_is_counted(tmp_path: Path) -> None:
    files = {"": {"cpu.max": "max 100000", "cpu.stat": "nr_periods 10\nnr_throttled 5"}}
    assert throttling(version_2(tmp_path, "/", files)) is None


def test_this_machine_is_read_without_complaint() -> None:
    assert cores().count >= 1
    assert available_memory_bytes() <= total_memory_bytes()
    assert cores_module.cores().machine == os.cpu_count()
