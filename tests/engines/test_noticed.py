"""When an engine noticed a failure, read from log lines as they really are."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from streambench.engines.common.noticed import expired_members, instants, noticed
from streambench.engines.flink.job import MANAGER_LOST
from streambench.engines.spark.job import FAILURES

COORDINATOR = "[GroupCoordinator id=1 topic=__consumer_offsets partition=0]"
MEMBER = "test-3593253296508-worker-0-StreamThread-1-consumer-bfe1b1d8-9d8a-4b89-9288-56c73f705e7f"
BROKER = f"""\
2026-11-24 12:01:17.253 INFO  {COORDINATOR} Pending dynamic member with id {MEMBER} joins group \
test-3593253296508 in Empty state. Adding to the group now. (GroupMetadataManager)
2026-11-24 12:01:26.705 INFO  {COORDINATOR} Member {MEMBER} in group test-3593253296508 has failed, \
removing it from the group. (GroupMetadataManager)
2026-11-24 12:01:26.705 INFO  {COORDINATOR} Preparing to rebalance group test-3593253296508 in state \
PreparingRebalance with old generation 3 (reason: removing member {MEMBER} on heartbeat expiration.). \
(GroupMetadataManager)
2026-11-24 12:01:29.569 INFO  {COORDINATOR} [Group test-3593253296508] Member {MEMBER} has left group \
through explicit `LeaveGroup` request; client reason: not provided (GroupMetadataManager)
2026-11-24 12:01:31.001 INFO  {COORDINATOR} Pending member x in group test-3593253296508 has been \
removed after session timeout expiration. (GroupMetadataManager)
"""
LED_BY_THE_BROKER = f"""\
2026-11-24 12:01:26.705 INFO  {COORDINATOR} [GroupId test-3593253296508] Streams member {MEMBER} \
fenced from the group because the member session expired.. (GroupMetadataManager)
2026-11-24 12:01:27.001 INFO  {COORDINATOR} [GroupId test-3593253296508][MemberId {MEMBER}] Member left \
the streams group. (GroupMetadataManager)
2026-11-24 12:01:28.000 INFO  {COORDINATOR} [GroupId test-4] Streams member {MEMBER} fenced from the \
group because the member session expired.. (GroupMetadataManager)
"""

MASTER = """\
2026-11-24 11:59:13.879 INFO  Master 127.0.0.1:43158 got disassociated, removing it.
2026-11-24 11:59:16.555 INFO  Master Registering worker 127.0.0.1:44225 with 1 cores, 512.0 MiB RAM
2026-11-24 11:59:35.737 INFO  Master 127.0.0.1:37027 got disassociated, removing it.
2026-11-24 11:59:35.738 INFO  Master Removing worker worker-20261124115915-127.0.0.1-37027 on 127.0.0.1:37027
2026-11-24 11:59:35.739 INFO  Master Telling app of lost executor: 1
2026-11-24 12:00:09.434 INFO  Master Removing app app-20261124115951-0000
2026-11-24 12:00:10.064 WARN  Master Got status update for unknown executor app-20261124115951-0000/1
"""
DRIVER = """\
WARNING: Using incubator modules: jdk.incubator.vector
2026-11-24 11:59:35.756 INFO  StandaloneSchedulerBackend Executor app-20261124115916-0000/1 removed: worker lost
2026-11-24 11:59:35.770 ERROR TaskSchedulerImpl Lost executor 1 on 127.0.0.1: worker lost: 127.0.0.1:37027 got disassociated
io.netty.channel.unix.Errors$NativeIoException: recvAddress(..) failed with error(-104): Connection reset by peer
2026-11-24 11:59:41.779 INFO  StandaloneSchedulerBackend Shutting down all executors
"""


def ms(clock: str) -> float:
    """Local time of that day, as the logs have it."""
    return datetime.fromisoformat(f"2026-11-24 {clock}").timestamp() * 1000


def test_the_broker_notices_members_that_gave_no_sign_of_life() -> None:
    found = instants(BROKER.splitlines(), expired_members("test-3593253296508"))
    assert found == (ms("12:01:26.705"), ms("12:01:31.001"))


def test_so_it_does_where_it_leads_the_group_itself() -> None:
    found = instants(LED_BY_THE_BROKER.splitlines(), expired_members("test-3593253296508"))
    assert found == (ms("12:01:26.705"),)


def test_members_of_other_groups_are_others_business() -> None:
    assert instants(BROKER.splitlines(), expired_members("test-359325329650")) == ()
    assert instants(BROKER.splitlines(), expired_members("test-3593253296508.")) == ()


def test_spark_notices_lost_workers_executors_and_drivers_not_every_closed_connection(
    tmp_path: Path,
) -> None:
    (tmp_path / "master.log").write_text(MASTER)
    (tmp_path / "driver.log").write_text(DRIVER)
    logs = [tmp_path / name for name in ("master.log", "driver.log", "absent.log")]
    assert noticed(logs, FAILURES) == (ms("11:59:35.738"), ms("11:59:35.770"), ms("12:00:09.434"))


def test_a_task_manager_notices_that_its_job_manager_is_gone() -> None:
    lines = [
        "2026-11-24 12:05:50.199 WARN  ReliableDeliverySupervisor Association with remote system "
        "[pekko.tcp://flink@127.0.0.1:58943] has failed, address is now gated for [50] ms. Reason: "
        "[Disassociated] ",
        "2026-11-24 12:05:52.030 INFO  TaskExecutor The heartbeat of JobManager with id "
        "80b727fc8acb45e0e0c85953d3fa5b72 timed out.",
        "2026-11-24 12:05:52.034 INFO  TaskExecutor Close JobManager connection for job "
        "cf189123d1e5deaa7c81a18401dd7a10.",
        "2026-11-24 12:05:52.077 INFO  TaskExecutor The heartbeat of ResourceManager with id "
        "d0dc913b50f9f17c861df65e9e561e74 timed out.",
        "2026-11-24 12:05:52.674 INFO  TaskExecutor Could not resolve ResourceManager address "
        "pekko.tcp://flink@127.0.0.1:58943/user/rpc/resourcemanager_*, retrying in 200 ms",
    ]
    assert instants(lines, MANAGER_LOST) == (ms("12:05:52.030"), ms("12:05:52.077"))


def test_a_silent_executor_or_worker_is_noticed_too() -> None:
    lines = [
        "2026-11-24 12:00:20.100 WARN  HeartbeatReceiver Removing executor 1 with no recent "
        "heartbeats: 10502 ms exceeds timeout 10000 ms",
        "2026-11-24 12:00:21.100 WARN  Master Removing worker-20261124115915-127.0.0.1-37027 "
        "because we got no heartbeat in 10 seconds",
    ]
    assert instants(lines, FAILURES) == (ms("12:00:20.100"), ms("12:00:21.100"))
