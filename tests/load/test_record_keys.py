"""Records that are keyed by another field than the group, or by none."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from streambench.load.events import events_of
from streambench.load.keys import around
from streambench.load.probes import probes_of
from streambench.load.recipe_text import read_recipe, recipe_text
from streambench.load.trace import CompilePolicy, Trace, compile_trace
from streambench.model.errors import UsageError
from streambench.model.recipe import Recipe
from streambench.model.record_key import KeyFields, NoKey, RecordKey
from streambench.model.workload import Workload
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.partition import partition_of

REKEYED = load_workload(shipped_root() / "rekeyed")
TEXT = (shipped_root() / "rekeyed" / "workload.toml").read_text(encoding="utf-8")
RECORDS = 4_000


def keyed(key: RecordKey | None) -> Workload:
    return dataclasses.replace(REKEYED, key=key)


def compiled(folder: Path, key: RecordKey | None) -> Trace:
    return compile_trace(keyed(key), duration_ms=2_000, seed=1, cache=folder, rate_per_s=2_000)


def test_a_record_has_the_text_of_its_field_as_key_and_lies_on_the_partition_of_that(
    tmp_path: Path,
) -> None:
    keys = Counter[bytes]()
    for event in events_of(compiled(tmp_path, KeyFields(("user",))), 0):
        assert event.key is not None
        keys[event.key] += 1
        assert f'"user":"{event.key.decode()}"'.encode() in event.value
        assert event.partition == partition_of(event.key, 4)
    assert keys.total() == RECORDS
    assert len(keys) > 3_000


def test_without_a_key_records_go_round_the_partitions(tmp_path: Path) -> None:
    trace = compiled(tmp_path, NoKey())
    assert {event.key for event in events_of(trace, 0)} == {None}
    assert trace.meta.records_by_partition == (RECORDS // 4,) * 4


def test_one_record_a_quantum_still_reaches_every_partition(tmp_path: Path) -> None:
    trace = compile_trace(keyed(NoKey()), duration_ms=2_000, seed=1, cache=tmp_path, rate_per_s=200)
    assert trace.meta.records_by_partition == (100,) * 4


def test_keys_decide_the_bytes_and_the_name_of_a_trace(tmp_path: Path) -> None:
    keys = (None, NoKey(), KeyFields(("user",)), KeyFields(("user", "action")))
    traces = [compiled(tmp_path, key) for key in keys]
    assert len({trace.meta.sha256 for trace in traces}) == len(keys)
    assert len(list(tmp_path.iterdir())) == len(keys)


def test_a_chunk_is_cut_anywhere_without_another_byte(tmp_path: Path) -> None:
    traces = [
        compile_trace(
            keyed(NoKey()),
            duration_ms=2_000,
            seed=1,
            cache=tmp_path / str(size),
            rate_per_s=2_000,
            policy=CompilePolicy(chunk_records=size),
        )
        for size in (64, 1 << 16)
    ]
    assert traces[0].meta.sha256 == traces[1].meta.sha256


@pytest.mark.parametrize("partitions", [2, 3, 4, 7, 8])
@pytest.mark.parametrize("apart", [1, 2, 3, 4, 7, 8, 40])
def test_few_records_without_a_key_go_round_all_partitions(partitions: int, apart: int) -> None:
    found = np.bincount(around(np.arange(2_000) * apart, partitions), minlength=partitions)
    assert 0.8 < found.min() * partitions / 2_000 <= found.max() * partitions / 2_000 < 1.2


@pytest.mark.parametrize("key", [NoKey(), KeyFields(("user", "action"))], ids=repr)
def test_a_recipe_carries_the_key(key: RecordKey) -> None:
    recipe = Recipe(keyed(key), 1_000, 1, 100, 4)
    assert read_recipe(recipe_text(recipe)) == recipe


def test_probes_reach_each_partition_of_the_input_and_of_the_groups() -> None:
    for key in (NoKey(), KeyFields(("user",))):
        probes = probes_of(keyed(key))
        assert [probe.partition for probe in probes] == [0, 1, 2, 3]
        for probe in probes:
            assert partition_of(probe.group.encode(), 4) == probe.partition
            assert f'"campaign":"{probe.group}"'.encode() in probe.value
            assert (probe.key is None) == isinstance(key, NoKey)


def declared(folder: Path, key: str) -> Workload:
    assert 'key = "user"' in TEXT
    text = TEXT.replace('key = "user"', f"key = {key}")
    (folder / "workload.toml").write_text(text, encoding="utf-8")
    return load_workload(folder)


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ('"user"', KeyFields(("user",))),
        ('["user", "action"]', KeyFields(("user", "action"))),
        ("false", NoKey()),
        ('"campaign"', None),
        ('["campaign"]', None),
    ],
)
def test_a_key_is_declared(tmp_path: Path, key: str, meant: RecordKey | None) -> None:
    workload = declared(tmp_path, key)
    assert workload.key == meant
    assert workload.rekeyed is (meant is not None)


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ('"usr"', "unknown field 'usr'; did you mean 'user'?"),
        ('["user", "user"]', "a field stands there twice"),
        ("true", "a key is a field"),
        ("[]", "a key is a field"),
        ("7", "a key is a field"),
    ],
)
def test_a_key_that_is_none_is_refused_with_its_place(tmp_path: Path, key: str, said: str) -> None:
    with pytest.raises(UsageError, match=r"workload\.toml") as refused:
        declared(tmp_path, key)
    assert said in refused.value.message
