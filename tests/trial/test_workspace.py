"""How much room a trial asks for decides whether its broker writes to memory or to a disk."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streambench.runtime import scratch
from streambench.runtime.waiting import wait_until
from streambench.trial.workspace import Room, passing_folder, scratch_bytes, workspace

RECORD_BYTES = 60
GB = 10**9


def test_a_slow_load_has_room_for_an_entry_of_each_record_in_every_topic() -> None:
    records = 2_000_000
    assert scratch_bytes(records=records, load_bytes=records * RECORD_BYTES) > 400 * records


def test_a_fast_load_asks_for_little_more_than_itself() -> None:
    """A million a second for a minute and a half: with 400 bytes a record no laptop would hold it."""
    records = 90_000_000
    load_bytes = records * RECORD_BYTES
    assert load_bytes < scratch_bytes(records=records, load_bytes=load_bytes) < 8 * GB


@pytest.mark.parametrize("room", [True, False])
def test_its_files_lie_in_memory_only_when_all_of_that_fits(
    room: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    needed_bytes = scratch_bytes(records=1_000, load_bytes=60_000)
    monkeypatch.setattr(scratch, "available_memory_bytes", lambda: needed_bytes - (not room))
    monkeypatch.setattr(scratch, "_memory_backed", lambda folders: iter((tmp_path,)))
    with workspace(Room(0, 1_000, 60_000)) as place:
        assert place.in_memory is room
        assert (place.scratch.parent == tmp_path) is room
    assert not any(tmp_path.iterdir())


def test_a_passing_folder_goes_with_its_block(tmp_path: Path) -> None:
    with passing_folder(tmp_path, prefix="load-") as folder:
        (folder / "records").write_bytes(b"x")
        assert folder.parent == tmp_path
    assert not any(tmp_path.iterdir())


def test_a_passing_folder_goes_when_the_tool_is_killed(tmp_path: Path) -> None:
    """Some GB of memory would be gone until the machine is started again."""
    text = (
        "import os, pathlib, signal, sys\n"
        "from streambench.trial.workspace import passing_folder\n"
        "with passing_folder(pathlib.Path(sys.argv[1]), prefix='load-') as folder:\n"
        "    (folder / 'records').write_bytes(b'x')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", text, str(tmp_path)], check=False)
    assert ended.returncode == -9
    wait_until(
        lambda: not any(tmp_path.iterdir()), what="the folder to go", timeout_s=30, stage="test"
    )
