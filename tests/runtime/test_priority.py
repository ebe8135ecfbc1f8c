from __future__ import annotations

import sys
from pathlib import Path

import psutil

from streambench.model.plan import Role
from streambench.runtime.supervisor import Supervisor
from streambench.runtime.waiting import wait_until

PARENT = """
import subprocess, sys, time
sys.stdin.readline()
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


def test_a_nice_child_and_what_it_starts_let_others_go_first(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        log = tmp_path / "log"
        argv = (sys.executable, "-c", PARENT)
        child = supervisor.start("polite", Role.WORKER, argv, log=log, pipes=True, nice=7)
        assert child.process.stdin is not None
        child.process.stdin.write("\n")
        process = psutil.Process(child.pid)
        (grandchild,) = wait_until(
            lambda: process.children() or None, what="a grandchild", timeout_s=20
        )
        own = psutil.Process().nice()
        assert (process.nice(), grandchild.nice()) == (own + 7, own + 7) or own > 0
        autogroup = Path(f"/proc/{child.pid}/autogroup")
        if autogroup.exists():
            assert autogroup.read_text().split()[-1] == "7"


def test_a_child_is_as_important_as_the_tool_unless_asked(tmp_path: Path) -> None:
    with Supervisor() as supervisor:
        argv = (sys.executable, "-c", "import time; time.sleep(60)")
        child = supervisor.start("equal", Role.WORKER, argv, log=tmp_path / "log")
        assert psutil.Process(child.pid).nice() == psutil.Process().nice()
