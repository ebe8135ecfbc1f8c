from __future__ import annotations

from pathlib import Path

import pytest

from streambench.model.errors import EnvironmentLacks
from streambench.runtime import memory

GIB = 1024**3


def test_heaps_that_fit_pass_and_others_are_told_of_fewer_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 4 * GIB)
    memory.check_memory(2560)  # 1.6 times that is 4096
    with pytest.raises(EnvironmentLacks, match=r"4097 MiB .* 4096 MiB are available") as caught:
        memory.check_memory(2561)
    assert "--workers 1" in (caught.value.hint or "")


def test_the_limit_of_a_container_counts_but_its_page_cache_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_CGROUP", tmp_path)
    unlimited = memory.available_memory_bytes()
    (tmp_path / "memory.current").write_text("3000000\n")
    (tmp_path / "memory.stat").write_text("anon 2000000\ninactive_file 900000\n")
    (tmp_path / "memory.max").write_text("5000000\n")
    assert memory.available_memory_bytes() == 2_900_000
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.available_memory_bytes() == pytest.approx(unlimited, rel=0.3)


def test_a_disk_is_checked_where_the_folder_will_be(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    memory.check_disk(folder, 1)
    with pytest.raises(EnvironmentLacks, match="MiB of disk are needed") as caught:
        memory.check_disk(folder, 2**60)
    assert str(tmp_path) in caught.value.message
    assert not folder.exists()
