from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from streambench.model.errors import EnvironmentLacks
from streambench.runtime import memory

GIB = 1024**3
MIB = 1024**2
# Three times 80 MiB of each: of numpy, of Arrow, and written as Parquet. All is freed but for small things.
USES_AND_FREES = """
import io, os, sys
from streambench.runtime.memory import give_back_what_is_freed

if sys.argv[1] == "back":
    give_back_what_is_freed()
    assert "ARROW_DEFAULT_MEMORY_POOL" not in os.environ
import numpy as np, pyarrow as pa, pyarrow.compute as pc, pyarrow.parquet as pq

def work():
    kept = []
    for _ in range(3):
        some = [np.ones(1 << 18) for _ in range(40)]
        kept.append(np.ones(100))
        more = [pc.add(pa.array(each), 1) for each in some]
        kept.append(np.ones(1000))
        pq.write_table(pa.table({"n": np.arange(10 << 20)}), io.BytesIO())
    return kept

kept = work()
print("freed", flush=True)
sys.stdin.read()
"""


def test_heaps_that_fit_pass_and_others_are_told_of_fewer_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "available_memory_bytes", lambda: 4 * GIB)
    memory.check_memory(2560)  # 1.6 times that is 4096
    with pytest.raises(EnvironmentLacks, match=r"4097 MiB .* 4096 MiB are available") as caught:
        memory.check_memory(2561)
    assert "--workers 1" in (caught.value.hint or "")


def test_a_disk_is_checked_where_the_folder_will_be(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"
    memory.check_disk(folder, 1)
    with pytest.raises(EnvironmentLacks, match="MiB of disk are needed") as caught:
        memory.check_disk(folder, 2**60)
    assert str(tmp_path) in caught.value.message
    assert not folder.exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can be told")
def test_memory_that_is_freed_goes_back_to_the_system() -> None:
    assert resident_mib("kept") - resident_mib("back") > 150


def resident_mib(how: str) -> int:
    """What a process holds that has used 720 MiB in turns and freed them."""
    with subprocess.Popen(
        [sys.executable, "-c", USES_AND_FREES, how],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "freed\n"
        held = psutil.Process(process.pid).memory_info().rss
        process.stdin.close()
    return int(held // MIB)
