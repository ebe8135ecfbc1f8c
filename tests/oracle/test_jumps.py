"""How far a partition's clock jumps in one step."""

from __future__ import annotations

from pathlib import Path

from streambench.oracle.jumps import longest_jump_ms
from tests.oracle.stand_in import Record, query, trace_of


def jump_ms(folder: Path, *records: Record, partitions: int = 2) -> int:
    return longest_jump_ms(trace_of(folder, records, partitions=partitions), query(), 10_000)


def test_the_longest_step_of_any_partition_counts_and_the_one_to_the_flush(tmp_path: Path) -> None:
    steady = [Record(n, n % 2, n * 100) for n in range(100)]
    assert jump_ms(tmp_path / "steady", *steady) == 200
    silent = [each for each in steady if each.partition == 0 or not 20 < each.quantum < 60]
    assert jump_ms(tmp_path / "silent", *silent) == 4_200
    ended = [each for each in steady if each.partition == 0 or each.quantum < 30]
    assert jump_ms(tmp_path / "ended", *ended) == 10_000 - 2_900


def test_only_records_that_pass_move_a_clock(tmp_path: Path) -> None:
    records = [Record(n, 0, n * 100, action="view" if n % 10 == 0 else "click") for n in range(100)]
    assert jump_ms(tmp_path / "few", *records, partitions=1) == 1_000
    late = [Record(0, 0, 5_000), Record(1, 0, 100), Record(2, 0, 5_500)]
    assert jump_ms(tmp_path / "late", *late, partitions=1) == 4_500
    none = [Record(0, 0, 5, action="click")]
    assert jump_ms(tmp_path / "none", *none, partitions=1) == 0
