from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from streambench.runtime import scratch


class Mount(NamedTuple):
    mountpoint: str
    fstype: str


def test_a_folder_in_memory_is_taken_only_with_room_for_all_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scratch, "_CANDIDATES", (tmp_path / "none", tmp_path))
    mounts = [Mount(str(tmp_path), "tmpfs")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    monkeypatch.setattr(scratch, "available_memory_bytes", lambda: 1_000)
    assert scratch.memory_folder(1_000) == tmp_path
    assert scratch.memory_folder(1_001) is None  # it would take memory that engines need
    monkeypatch.setattr(scratch, "available_memory_bytes", lambda: 2**62)
    assert scratch.memory_folder(2**61) is None  # the folder itself is smaller
    mounts[0] = Mount(str(tmp_path), "ext4")
    assert scratch.memory_folder(1) is None


def test_a_scratch_folder_is_new_and_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = scratch.make_scratch(tmp_path), scratch.make_scratch(tmp_path)
    assert first != second
    assert first.parent == tmp_path
    assert not any(first.iterdir())
    usual = tmp_path / "usual"
    usual.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(usual))
    assert scratch.make_scratch(None).parent == usual
