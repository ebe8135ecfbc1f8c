from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from streambench.runtime import sessions

FOREVER = "import signal; signal.pause()"


def test_the_table_knows_this_process_and_its_parent() -> None:
    row = sessions.process_table()[os.getpid()]
    assert (row.parent, row.group, row.session) == (os.getppid(), os.getpgid(0), os.getsid(0))
    assert row.start == sessions.start_mark(os.getpid())
    assert not row.zombie


@pytest.mark.skipif(shutil.which("ps") is None, reason="this machine has no ps")
def test_without_proc_the_table_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    pid = os.getpid()
    expected = sessions.process_table()[pid]
    monkeypatch.setattr(sessions, "_PROC", "/nowhere")
    row = sessions.process_table()[pid]
    assert row.start == sessions.start_mark(pid)
    assert row.name == expected.name
    # Whole seconds, and with those of the children that it has waited for, or without.
    assert expected.own_s - 1 <= row.own_s <= expected.own_s + expected.reaped_s + 2
    assert row[:4] == expected[:4]
    assert row.zombie == expected.zombie


@pytest.mark.parametrize(
    ("said", "seconds"), [("0:07.31", 7.31), ("01:02:03", 3723.0), ("2-00:00:01", 172_801.0)]
)
def test_times_as_ps_writes_them(said: str, seconds: float) -> None:
    assert sessions._seconds(said) == pytest.approx(seconds)


def test_a_process_that_does_not_exist_has_no_mark() -> None:
    with subprocess.Popen(["true"]) as ended:
        pass
    assert sessions.start_mark(ended.pid) is None


def test_a_zombie_is_not_alive() -> None:
    with subprocess.Popen([sys.executable, "-c", FOREVER], start_new_session=True) as child:
        assert [row.pid for row in sessions.live_members({child.pid})] == [child.pid]
        assert sessions.end_sessions({child.pid}, patience_s=10) == ()
        assert sessions.process_table()[child.pid].zombie
        assert sessions.live_members({child.pid}) == ()


def test_the_callers_own_session_is_never_among_those_to_end() -> None:
    assert os.getsid(0) not in sessions.sessions_of(os.getsid(0), None)
