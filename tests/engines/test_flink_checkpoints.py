"""Which checkpoint a job goes on from."""

from __future__ import annotations

import os
from pathlib import Path

from streambench.engines.flink.submission import newest_checkpoint


def checkpoint(folder: Path, name: str, at_s: float, *, complete: bool = True) -> Path:
    made = folder / name
    made.mkdir(parents=True)
    metadata = made / ("_metadata" if complete else "_metadata.inprogress")
    metadata.touch()
    os.utime(metadata, (at_s, at_s))
    return made


def test_the_newest_complete_one_of_all_jobs(tmp_path: Path) -> None:
    checkpoint(tmp_path, "first/chk-10", 10)
    newest = checkpoint(tmp_path, "second/chk-9", 20)
    checkpoint(tmp_path, "second/chk-11", 30, complete=False)
    (tmp_path / "second" / "shared").mkdir()
    assert newest_checkpoint(tmp_path) == newest


def test_none_where_none_is_complete(tmp_path: Path) -> None:
    assert newest_checkpoint(tmp_path) is None
    checkpoint(tmp_path, "first/chk-1", 10, complete=False)
    assert newest_checkpoint(tmp_path) is None
