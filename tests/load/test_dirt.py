"""Dirty records, byte for byte: what they are, where they lie, and that good ones stay as they are."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import duckdb
import pytest
from kafka.record.default_records import DefaultRecordBatch

from streambench.load.batch import stamp_header
from streambench.load.recipe_text import read_recipe, recipe_text
from streambench.load.trace import COMPILING, CompilePolicy, Trace, compile_trace
from streambench.model.dirt import FAR_MS, HUGE_BYTES, Dirt, DirtKind, DirtShare, DirtyInstant
from streambench.model.errors import UsageError
from streambench.workload.dirt import possible_kinds
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

CLICKS = load_workload(find("clicks"))


def dirty(*instants: DirtyInstant, shares: tuple[DirtShare, ...] = ()) -> Dirt:
    return Dirt(instants, shares)


def compiled(cache: Path, dirt: Dirt | None, policy: CompilePolicy = COMPILING) -> Trace:
    workload = dataclasses.replace(CLICKS, dirt=dirt)
    return compile_trace(
        workload, duration_ms=2_000, seed=1, cache=cache, rate_per_s=400, policy=policy
    )


def records(trace: Trace) -> list[tuple[int, int, int, bytes | None, bytes | None]]:
    """(quantum, partition, event time, key, value) of each record, as a client reads them."""
    data = trace.records_path.read_bytes()
    found = []
    for row in trace.batches:
        section = data[int(row["offset"]) : int(row["offset"]) + int(row["length"])]
        header = stamp_header(
            section,
            count=int(row["count"]),
            base_ms=int(row["base_ms"]) + FAR_MS * 2,
            max_ms=int(row["max_ms"]) + FAR_MS * 2,
            producer_id=-1,
            producer_epoch=-1,
            base_sequence=-1,
        )
        batch = DefaultRecordBatch(header + section)
        assert batch.validate_crc()
        read = list(batch)
        assert [each.offset for each in read] == list(range(int(row["count"])))
        assert max(each.timestamp for each in read) == batch.max_timestamp
        found += [
            (int(row["quantum"]), int(row["partition"]), e.timestamp - FAR_MS * 2, e.key, e.value)
            for e in read
        ]
    return found


ALL = tuple(
    DirtyInstant(kind, 500 + 100 * number) for number, kind in enumerate(possible_kinds(CLICKS))
)


def test_clicks_can_have_every_kind() -> None:
    assert possible_kinds(CLICKS) == tuple(DirtKind)


def test_each_kind_is_a_good_record_with_one_thing_wrong(tmp_path: Path) -> None:
    clean, spoiled = compiled(tmp_path, None), compiled(tmp_path, dirty(*ALL))
    good, every = records(clean), records(spoiled)
    facts = spoiled.dirt.to_pylist()
    assert [fact["kind"] for fact in facts] == [kind.value for kind in DirtKind]
    assert spoiled.meta.dirty == len(DirtKind)
    # In each partition the good records are what they are, in their order.
    logs = {p: [each for each in every if each[1] == p] for p in range(4)}
    made = {}
    for fact in reversed(facts):
        made[DirtKind(fact["kind"])] = logs[fact["partition"]].pop(fact["position"])
    assert logs == {p: [each for each in good if each[1] == p] for p in range(4)}

    for number, (kind, fact) in enumerate(zip(DirtKind, facts, strict=True)):
        quantum, partition, event_ms, key, _ = made[kind]
        assert partition == number % 4 == fact["partition"]
        at_ms = 500 + 100 * number
        assert (quantum + 1) * 5 >= at_ms  # due then, or with the first batch behind it
        assert not [
            each for each in good if each[1] == partition and at_ms <= each[0] * 5 + 5 < quantum * 5
        ]
        shift = {DirtKind.FAR_AHEAD: FAR_MS, DirtKind.FAR_BEHIND: -FAR_MS}.get(kind, 0)
        in_batch = [each[2] for each in good if each[:2] == (quantum, partition)]
        assert event_ms - shift == max(in_batch) == fact["event_ms"] - shift
        assert key == (None if kind is DirtKind.NULL_KEY else fact["key"].encode())

    values = {kind: record[4] for kind, record in made.items()}

    def as_read(kind: DirtKind) -> dict[str, object]:
        value = values[kind]
        assert value is not None
        found = json.loads(value)
        assert isinstance(found, dict)
        return found

    plain = as_read(DirtKind.NULL_KEY)
    price = plain["price"]
    assert isinstance(price, int)
    assert plain["action"] == "view"
    assert values[DirtKind.NOT_JSON] == b"not JSON"
    cut = values[DirtKind.CUT_OFF]
    assert cut is not None
    assert cut.startswith(b'{"campaign":"c')
    assert not cut.endswith(b"}")
    assert values[DirtKind.TOMBSTONE] is None
    wrongs: dict[DirtKind, dict[str, object]] = {
        DirtKind.NULL_NUMBER: {"price": None},
        DirtKind.TEXT_NUMBER: {"price": "n/a"},
        DirtKind.FRACTION_IN_WHOLE: {"price": price + 0.5},
        DirtKind.UNKNOWN_FIELD: {"unexpected": 1},
        DirtKind.HUGE_RECORD: {"unexpected": "x" * HUGE_BYTES},
        DirtKind.FAR_AHEAD: {},
    }
    for kind, wrong in wrongs.items():
        found = as_read(kind)
        assert {name: each for name, each in found.items() if name not in wrong} == {
            name: each for name, each in plain.items() if name not in wrong
        } | {"campaign": found["campaign"]}
        assert {name: found[name] for name in wrong} == wrong
    missing = as_read(DirtKind.MISSING_FIELD)
    assert set(missing) == {"campaign", "action"}


def test_the_oracle_reads_what_it_reads_without_dirt(tmp_path: Path) -> None:
    clean, spoiled = compiled(tmp_path, None), compiled(tmp_path, dirty(*ALL))
    with duckdb.connect() as connection:
        read = (
            "SELECT quantum, partition, event_ms, campaign, action, price FROM '{}'"
            " ORDER BY partition, position"
        )
        rows = [
            connection.execute(read.format(each.columns_glob)).fetchall()
            for each in (clean, spoiled)
        ]
        positions = connection.execute(
            f"SELECT partition, position FROM '{spoiled.columns_glob}'"
        ).fetchall()
    assert rows[0] == rows[1]
    taken = {(each["partition"], each["position"]) for each in spoiled.dirt.to_pylist()}
    assert not taken & set(positions)
    assert len(taken | set(positions)) == len(records(spoiled))
    same = ("records", "records_by_partition", "min_event_ms", "max_event_ms")
    assert all(getattr(clean.meta, name) == getattr(spoiled.meta, name) for name in same)
    assert clean.meta.sha256 != spoiled.meta.sha256


@pytest.mark.parametrize("share", [0.01, 0.003, 1.5])
def test_a_share_lies_evenly_between_the_good_records(tmp_path: Path, share: float) -> None:
    asked = dirty(
        DirtyInstant(DirtKind.TOMBSTONE, 700),
        shares=(DirtShare(DirtKind.NOT_JSON, share), DirtShare(DirtKind.NULL_KEY, 0.02)),
    )
    found = compiled(tmp_path, asked)
    kinds = found.dirt.column("kind").to_pylist()
    assert kinds.count("not-json") == int(found.meta.records * share)
    assert kinds.count("null-key") == 16
    assert kinds.count("tombstone") == 1
    data = [
        records(compiled(tmp_path / str(size), asked, policy=CompilePolicy(chunk_records=size)))
        for size in (50, 1 << 16)
    ]
    assert data[0] == data[1] == records(found)


def test_a_record_behind_the_load_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--dirt tombstone comes after the load's last record"):
        compiled(tmp_path, dirty(DirtyInstant(DirtKind.TOMBSTONE, 2_500)))


def test_other_hosts_make_the_same_of_its_recipe(tmp_path: Path) -> None:
    trace = compiled(tmp_path, dirty(*ALL, shares=(DirtShare(DirtKind.CUT_OFF, 0.01),)))
    recipe = trace.recipe
    assert recipe is not None
    again = read_recipe(recipe_text(recipe))
    assert again.workload.dirt == recipe.workload.dirt


def test_what_a_workload_cannot_have_is_refused(tmp_path: Path) -> None:
    counting = dataclasses.replace(
        CLICKS, query=dataclasses.replace(CLICKS.query, aggregates=CLICKS.query.aggregates[:1])
    )
    kinds = set(DirtKind) - set(possible_kinds(counting))
    assert kinds == {
        DirtKind.MISSING_FIELD,
        DirtKind.NULL_NUMBER,
        DirtKind.TEXT_NUMBER,
        DirtKind.FRACTION_IN_WHOLE,
    }
    spoiled = dataclasses.replace(counting, dirt=dirty(DirtyInstant(DirtKind.NULL_NUMBER, 500)))
    with pytest.raises(UsageError, match="no aggregate reads a number") as refused:
        compile_trace(spoiled, duration_ms=2_000, seed=1, cache=tmp_path, rate_per_s=400)
    assert "--dirt not-json@25s" in str(refused.value.hint)
