"""Spark's executors in a real YARN, its driver here: rows, deaths, and what stays there."""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from streambench.engines.protocol import State
from streambench.engines.spark import CLIENT, ENGINE
from streambench.engines.spark.masters import YARN
from streambench.model.conditions import Conditions, ForeignCluster, Variant
from streambench.model.errors import EngineFailed, EnvironmentLacks
from streambench.runtime.participants import Participants, Servers
from streambench.runtime.sessions import process_table
from streambench.runtime.waiting import wait_until
from tests.engines.cluster_lab import ClusterLab, running
from tests.engines.yarn_lab import Yarn, yarn

# A minute and a half where others use the machine, too.
pytestmark = [pytest.mark.engine, pytest.mark.nightly]

# Room for one application of two executors, and for no second one.
_NODE_MIB = 2_600
_EXECUTOR = "YarnCoarseGrainedExecutorBackend"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Yarn]:
    with (
        pytest.MonkeyPatch.context() as patch,
        yarn(tmp_path_factory.mktemp("yarn"), _NODE_MIB) as started,
    ):
        patch.delenv("YARN_CONF_DIR", raising=False)
        patch.setenv("HADOOP_CONF_DIR", str(started.conf))
        yield started


def conditions_in(folder: Path) -> Conditions:
    return Conditions(foreign_clusters=(ForeignCluster("spark", YARN, f"file://{folder}/state"),))


def variant_in(cluster: Yarn) -> Variant:
    return Variant(ENGINE.name, ENGINE.version, cluster.settings)


def executors(cluster: Yarn) -> list[psutil.Process]:
    """Those of JVMs below the NodeManager."""
    found = []
    for each in psutil.Process(cluster.pids[1]).children(recursive=True):
        try:
            if each.name() == "java" and any(_EXECUTOR in word for word in each.cmdline()):
                found.append(each)
        except psutil.NoSuchProcess:
            continue
    return found


def kill_an_executor(lab: ClusterLab, cluster: Yarn) -> None:
    victim = executors(cluster)[0]
    os.kill(victim.pid, signal.SIGKILL)
    wait_until(lambda: bool(lab.noticed_ms()), what="the driver's notice", timeout_s=60)


def _wait_for_another(lab: ClusterLab, window: int) -> None:
    """Until the driver counts as many executors again, which it does with each batch."""
    numbers = itertools.count(window)

    def there() -> bool:
        lab.close_windows(next(numbers))
        return lab.job.healthy().state is State.RUNNING

    wait_until(there, what="another executor", timeout_s=90, poll_s=1.0)


def test_rows_are_right_there_after_a_death_too_and_nothing_stays(
    cluster: Yarn, tmp_path: Path
) -> None:
    assert "YARN of Hadoop 3.5.0" in CLIENT.look(YARN, ENGINE.version, 2).shown
    with running(ENGINE, conditions_in(tmp_path), tmp_path, variant_in(cluster)) as lab:
        lab.windows(0, 3)
        lab.close_windows(3)
        lab.wait_for_rows()
        lab.wait_healthy()
        assert len(executors(cluster)) == 2
        # No stranger to the run: they are known by the ResourceManager's address.
        servers = Servers(with_peers=CLIENT.coordinators(YARN))
        taking_part = Participants(servers).look(process_table())
        assert taking_part >= {*cluster.pids, *(each.pid for each in executors(cluster))}
        with pytest.raises(EnvironmentLacks, match="MiB free on 1 node"):
            CLIENT.look(YARN, ENGINE.version, 2)

        kill_an_executor(lab, cluster)
        lab.windows(3, 3)
        lab.close_windows(6)
        lab.wait_for_rows()
        assert lab.rows == lab.right_rows()
        _wait_for_another(lab, 7)
        assert len(executors(cluster)) == 2
        assert lab.job.readings().batches
        lab.job.stop()
        assert lab.supervisor.children() == ()
    assert list(cluster.applications().values()) == [("FINISHED", "SUCCEEDED")]
    assert not any(cluster.staging.rglob("*application*"))
    assert not any((tmp_path / "state").iterdir())
    wait_until(lambda: not executors(cluster), what="the end of the executors", timeout_s=30)


def test_executors_that_get_no_room_are_told(cluster: Yarn, tmp_path: Path) -> None:
    # There is room for one of these beside the ApplicationMaster.
    large = Variant(
        ENGINE.name, ENGINE.version, (*cluster.settings, ("spark.executor.memory", "1g"))
    )
    with (
        pytest.raises(EngineFailed, match="YARN gave 1 of 2 executors") as told,
        running(ENGINE, conditions_in(tmp_path), tmp_path, large),
    ):
        pass
    assert "--workers 1" in (told.value.hint or "")
    assert {state for state, _ in cluster.applications().values()} <= {"FINISHED", "KILLED"}
    assert not any(cluster.staging.rglob("application_*"))


def test_an_application_that_gets_no_room_is_told_and_ended(cluster: Yarn, tmp_path: Path) -> None:
    folders = [tmp_path / name for name in ("first", "second")]
    for folder in folders:
        folder.mkdir()
    first, second = folders
    before = set(cluster.applications())
    with running(ENGINE, conditions_in(first), first, variant_in(cluster)) as lab:
        lab.wait_healthy()
        with (
            pytest.raises(EngineFailed, match="YARN gave 0 of 2 executors") as told,
            running(ENGINE, conditions_in(second), second, variant_in(cluster)),
        ):
            pass
        assert "yarn application -list" in (told.value.hint or "")
        states = [state for name, state in cluster.applications().items() if name not in before]
        assert sorted(states) == [("KILLED", "KILLED"), ("RUNNING", "UNDEFINED")]
        assert len(list(cluster.staging.rglob("application_*"))) == 1  # the first one's
