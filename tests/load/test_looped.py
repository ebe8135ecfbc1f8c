"""A file as load of any length and rate: what it holds, when it comes, and under which keys."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from streambench.load.trace import Trace, compile_trace
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock
from streambench.model.shape import Ramp
from streambench.model.workload import Looped, Replay, Workload, shaped
from streambench.oracle.expected import expect
from streambench.workload.as_load import as_load, as_load_words, refuse_rests
from streambench.workload.parse import load_workload

ROWS = 600
# Of the file, at a speed_up of 10: a record each 100 ms of the load.
SECONDS = range(ROWS)

DECLARED = """
title = "Mine"
[input]
replay = "a.csv"
event_time = "t"
speed_up = 10
partitions = 2
[input.fields]
k = "{key}"
n = "bigint"
[query]
group_by = ["k"]
window = {window}
grace = "1 s"
[query.select]
total = "sum(n)"
"""


def declared(
    folder: Path, *, key: str = "string", window: str = '{ tumbling = "10 s" }'
) -> Workload:
    keys = "abcdef" if key == "string" else "123456"
    rows = "".join(
        f"2026-01-01 10:{at // 60:02}:{at % 60:02},{keys[at % 6]},{at + 1}\n" for at in SECONDS
    )
    (folder / "a.csv").write_text(f"t,k,n\n{rows}")
    (folder / "workload.toml").write_text(DECLARED.format(key=key, window=window))
    return load_workload(folder)


def looped_of(workload: Workload) -> Looped:
    assert isinstance(workload.input, Replay)
    assert workload.input.looped is not None
    return workload.input.looped


def records_of(trace: Trace) -> list[tuple[int, int, str, int]]:
    """Quantum, event time, key and number of each record, in the order of arrival."""
    with duckdb.connect() as connection:
        return connection.execute(  # type: ignore[no-any-return]
            f"SELECT quantum, event_ms, k, n FROM '{trace.columns_glob}' ORDER BY quantum, n, k"
        ).fetchall()


def compiled(
    folder: Path, workload: Workload, seconds: int, rate: int | None = None, seed: int = 1
) -> Trace:
    return compile_trace(
        workload, duration_ms=1_000 * seconds, seed=seed, cache=folder / "cache", rate_per_s=rate
    )


def test_at_its_own_rate_a_file_is_played_pass_after_pass(tmp_path: Path) -> None:
    workload = as_load(declared(tmp_path), None, "this")
    looped = looped_of(workload)
    # 599 s between the first and the last record, and a window more.
    assert looped.pass_ms == 610_000
    assert looped.own_per_s == pytest.approx(ROWS / 61)
    exact = dataclasses.replace(looped, rate_per_s=1, own_per_s=1.0)
    assert isinstance(workload.input, Replay)
    workload = dataclasses.replace(
        workload, input=dataclasses.replace(workload.input, looped=exact)
    )
    records = records_of(compiled(tmp_path, workload, 150))
    passes = [records[at : at + ROWS] for at in range(0, len(records), ROWS)]
    assert [len(each) for each in passes] == [600, 600, 280]
    first = passes[0]
    assert [n for *_, n in first] == [at + 1 for at in SECONDS]
    for number, each in enumerate(passes):
        for (quantum, event_ms, key, n), own in zip(each, first, strict=False):
            assert (event_ms, key, n) == (own[1] + 610_000 * number, *own[2:])
            assert quantum == own[0] + number * 12_200  # of 5 ms


@pytest.mark.parametrize("rate", [2, 9, 24, 1_000])
def test_a_record_comes_as_often_as_the_rate_asks_for(tmp_path: Path, rate: int) -> None:
    workload = as_load(declared(tmp_path), None, "this")
    trace = compiled(tmp_path, workload, 310, rate)
    records = records_of(trace)
    mean = 310 * rate
    assert len(records) == pytest.approx(mean, abs=4 * mean**0.5 + 1)
    times = Counter((event_ms, n) for _, event_ms, _, n in records)
    # Each stretch of the file has the rate, the one in which it ends, too.
    for second, count in Counter(quantum // 2_000 for quantum, *_ in records).items():
        assert count == pytest.approx(10 * rate, rel=0.15, abs=5 * (10 * rate) ** 0.5), second
    usual = Counter(times.values()).most_common(1)[0][0]
    assert usual == pytest.approx(rate / 10, rel=0.05, abs=1)
    together: dict[tuple[int, int], list[tuple[int, str]]] = {}
    for quantum, event_ms, key, n in records:
        together.setdefault((event_ms, n), []).append((quantum, key))
    for (_, n), copies in together.items():
        own = "abcdef"[(n - 1) % 6]
        wanted = {own, *(f"{own}~{number}" for number in range(2, len(copies) + 1))}
        assert {key for _, key in copies} == wanted
        assert len({quantum for quantum, _ in copies}) == 1


def test_a_rate_holds_where_the_file_is_sparse_and_where_it_is_dense(tmp_path: Path) -> None:
    """A fifth of the time has a tenth of the records, then all the rest come, then nothing for a while."""
    workload = declared(tmp_path)
    instants = [*range(0, 120, 12), *(120 + at / 4 for at in range(360)), 600]
    rows = "".join(f"2026-01-01 10:{int(at) // 60:02}:{at % 60:06.3f},a,1\n" for at in instants)
    (tmp_path / "a.csv").write_text(f"t,k,n\n{rows}")
    workload = dataclasses.replace(workload, partitions=1)
    looped = as_load(workload, 500, "this")
    assert "for 58 % of the time the file has nothing" in as_load_words(looped)
    with pytest.raises(UsageError, match="engines would bear a rate with rests") as caught:
        refuse_rests(looped, "a search for a rate")
    assert "--rates 6,12" in (caught.value.hint or "")
    records = records_of(compiled(tmp_path, looped, 60))
    stretch = looped.stretch_ms / 5
    counts = Counter(int(quantum // stretch) for quantum, *_ in records)
    full = [count for at, count in sorted(counts.items()) if at < 21_000 / looped.stretch_ms - 1]
    assert len(full) >= 6
    for count in full:
        assert count == pytest.approx(500 * looped.stretch_ms / 1_000, rel=0.1)


def test_a_rate_that_changes_is_followed(tmp_path: Path) -> None:
    workload = as_load(declared(tmp_path), None, "this")
    rising = dataclasses.replace(workload, input=shaped(workload.input, Ramp(0, 400)))
    records = records_of(compiled(tmp_path, rising, 60))
    halves = Counter(quantum // 6_000 for quantum, *_ in records)
    assert halves[0] == pytest.approx(3_000, rel=0.1)
    assert halves[1] == pytest.approx(9_000, rel=0.1)


def test_what_is_drawn_follows_from_the_seed(tmp_path: Path) -> None:
    workload = as_load(declared(tmp_path), None, "this")
    first, again, other = (
        compiled(tmp_path / name, workload, 60, 24, seed).meta.sha256
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert first == again != other


@pytest.mark.parametrize(
    "window",
    ['{ tumbling = "10 s" }', '{ hopping = "20 s", every = "5 s" }', '{ session = "3 s" }'],
)
def test_no_pass_makes_a_record_late_or_reaches_into_another(tmp_path: Path, window: str) -> None:
    workload = as_load(declared(tmp_path, window=window), None, "this")
    expected = expect(
        compiled(tmp_path, workload, 150, 24), workload.query, EventClock.GLOBAL_PER_BATCH
    )
    assert expected.nothing_late
    assert expected.exact
    greatest = max(expected.table.column("high:total").to_pylist())
    one_pass = expect(
        compiled(tmp_path, workload, 60, 24), workload.query, EventClock.GLOBAL_PER_BATCH
    )
    assert greatest <= max(one_pass.table.column("high:total").to_pylist())


def test_a_file_that_is_over_at_once_has_passes_that_can_be_played(tmp_path: Path) -> None:
    workload = declared(tmp_path)
    assert isinstance(workload.input, Replay)
    quick = dataclasses.replace(
        workload, input=dataclasses.replace(workload.input, speed_up=1e6), partitions=1
    )
    quick = dataclasses.replace(quick, query=dataclasses.replace(quick.query, grace_ms=10**7))
    looped = as_load(quick, 100, "this")
    assert looped_of(looped).pass_ms >= 50 * 5 * 1e6
    records = records_of(compiled(tmp_path, looped, 10))
    assert len(records) == pytest.approx(1_000, rel=0.2)


def test_no_two_passes_share_a_quantum(tmp_path: Path) -> None:
    """What comes in one quantum comes in any order, and a window may be shorter than it."""
    workload = declared(tmp_path, window='{ session = "1 s" }')
    assert isinstance(workload.input, Replay)
    quick = dataclasses.replace(
        workload,
        input=dataclasses.replace(workload.input, speed_up=2_300.0),
        query=dataclasses.replace(workload.query, grace_ms=60_000),
        partitions=1,
    )
    trace = compiled(tmp_path, as_load(quick, None, "this"), 5)
    quanta: dict[int, set[int]] = {}
    pass_ms = looped_of(as_load(quick, None, "this")).pass_ms
    for quantum, event_ms, *_ in records_of(trace):
        quanta.setdefault(quantum, set()).add(event_ms // pass_ms)
    assert len({each for passes in quanta.values() for each in passes}) > 10
    assert all(len(passes) == 1 for passes in quanta.values())


def test_a_file_whose_records_may_be_late_is_no_load_and_its_grace_is_named(tmp_path: Path) -> None:
    workload = declared(tmp_path)
    early = dataclasses.replace(workload, query=dataclasses.replace(workload.query, grace_ms=0))
    (tmp_path / "a.csv").write_text(
        "t,k,n\n" + "".join(f"2026-01-01 10:0{9 - at}:00,a,1\n" for at in range(9))
    )
    with pytest.raises(UsageError, match=r"a drain does not fit .*may be late") as caught:
        as_load(early, None, "a drain")
    assert "grace" in (caught.value.hint or "")


def test_without_a_text_among_its_keys_a_file_can_be_thinned_out_but_not_copied(
    tmp_path: Path,
) -> None:
    workload = as_load(declared(tmp_path, key="bigint"), None, "this")
    assert looped_of(workload).key is None
    assert records_of(compiled(tmp_path, workload, 60, 5))
    with pytest.raises(UsageError, match="no field that it groups by is a string"):
        compiled(tmp_path, workload, 60, 50)
