from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from streambench.runtime.guardian import Guardian
from streambench.runtime.guardian_process import clean_up, follow
from streambench.runtime.sessions import start_mark
from streambench.runtime.waiting import wait_until

FOREVER = "import signal; signal.pause()"
# Ignores SIGTERM and says its pid.
STUBBORN = (
    "import os, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    "print(os.getpid(), flush=True); signal.pause()"
)
# A tool with a child and a stubborn grandchild whose parent has ended, and a temporary folder.
TOOL = """
import json, os, pathlib, signal, sys, time
from streambench.model.plan import Role
from streambench.runtime.supervisor import Supervisor

folder = pathlib.Path(sys.argv[1])
temporary = folder / "temporary"
temporary.mkdir()
(temporary / "segment.log").write_text("x")
stubborn = sys.argv[2]
orphan = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"
with Supervisor() as supervisor:
    supervisor.discard_at_end(temporary)
    log = folder / "stubborn.log"
    child = supervisor.start("child", Role.BROKER, [sys.executable, "-c", stubborn], log=log)
    orphans = folder / "orphan.log"
    argv = [sys.executable, "-c", orphan, stubborn]
    parent = supervisor.start("parent", Role.WORKER, argv, log=orphans)
    while not (log.exists() and log.read_text() and orphans.read_text() and not parent.alive()):
        time.sleep(0.01)
    guardian = supervisor._guardian.pid
    print(json.dumps([guardian, child.pid, int(orphans.read_text())]), flush=True)
    signal.pause()
"""


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_when_the_tool_is_killed_nothing_of_it_remains(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", TOOL, str(tmp_path), STUBBORN]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True) as tool:
        assert tool.stdout is not None
        pids: list[int] = json.loads(tool.stdout.readline())
        guardian = pids[0]
        assert all(running(pid) for pid in pids)
        # What a closed terminal and an impatient user send first must not reach the guardian.
        for signum in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            os.kill(guardian, signum)
        tool.kill()
    assert all(running(pid) for pid in pids)
    wait_until(lambda: not any(map(running, pids)), what="the guardian's work", timeout_s=20)
    assert not (tmp_path / "temporary").exists()
    assert (tmp_path / "stubborn.log").exists()


def test_a_guardian_that_is_told_done_touches_nothing(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True) as child:
        guardian = Guardian()
        guardian.group(child.pid, start_mark(child.pid))
        guardian.folder(tmp_path)
        guardian.done()
        assert not running(guardian.pid)
        assert running(child.pid)
        assert tmp_path.exists()
        child.kill()


def test_a_pid_that_was_given_to_another_process_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True) as stranger:
        clean_up({stranger.pid: "another start"}, set())
        assert running(stranger.pid)
        clean_up({stranger.pid: start_mark(stranger.pid)}, set())
        assert stranger.wait(10) == -signal.SIGTERM


def test_dropped_groups_and_kept_folders_are_forgotten() -> None:
    groups: dict[int, str | None] = {}
    folders: set[str] = set()
    lines = [
        ["group", 11, "a"], ["group", 12, None], ["folder", "/x\ny"], ["folder", "/z"],
        ["drop", 11], ["keep", "/z"],
    ]  # fmt: skip
    assert not follow([json.dumps(line) + "\n" for line in lines], groups, folders)
    assert groups == {12: None}
    assert folders == {"/x\ny"}


@pytest.mark.parametrize(
    ("last", "in_order"), [('["done"]\n', True), ('["done"]', False), ("", False)]
)
def test_only_a_whole_done_is_an_end_in_order(last: str, in_order: bool) -> None:
    assert follow([last] if last else [], {}, set()) is in_order
