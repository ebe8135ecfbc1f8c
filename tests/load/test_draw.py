"""What fields and delays are drawn as: their ends, their shares, and that chunks alter nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from streambench.load.columns import Integers, Numbers
from streambench.load.delays import Delays
from streambench.load.draw import GrowingColumn, MagnitudeColumn, Stream
from streambench.load.quantiles import by_magnitude, pareto
from streambench.load.resolve import chunks, content_key, resolve
from streambench.model.field_source import Growing, MagnitudeRange
from streambench.model.workload import Synthetic, Tail, Workload
from streambench.workload.parse import load_workload

MANY = 400_000
PRICES = [15068, 2693, 828435, 196, 14164016]
LATE_US = [67531, 59947, 101258, 51696, 184141]
# Auctions of Nexmark as bids see them: three come with each 46 bids, and a bid is for one of the 101 newest,
# one of the 10 next, or half of the time for the last multiple of 100.
AUCTIONS = Growing(first=1_000, new=3, per=46, among=101, ahead=10, hot=0.5, hot_every=100)


def ids(growing: Growing, count: int, seed: int = 1) -> Integers:
    return GrowingColumn(growing, Stream(seed, "a"), Stream(seed, "hot:a")).next(count).values


def test_ids_that_grow_are_among_the_newest_and_the_next() -> None:
    found = ids(AUCTIONS, MANY)
    newest = 1_000 + (np.arange(MANY) // 46) * 3 + 2
    hot = 1_000 + (newest - 1_000) // 100 * 100
    assert np.mean(found == hot) == pytest.approx(0.5 + 0.5 / 111, abs=0.005)
    rest = found[found != hot]
    behind = newest[found != hot] - rest
    assert behind.min() == -10
    assert behind.max() == 100
    assert found[:46].min() == 1_000  # none before the first
    assert {int(each) for each in found[:46]} <= set(range(1_000, 1_013))


def test_the_hot_one_may_lie_behind_the_multiple() -> None:
    bidders = Growing(first=0, new=1, per=2, among=10, hot=1.0, hot_every=100, hot_at=1)
    found = ids(bidders, 1_000)
    assert set(found[2:202]) == {1}  # none before the second id is there
    assert set(found[202:402]) == {101}
    assert int(found[0]) == 0


@pytest.mark.parametrize("sizes", [(1, 2, 3), (1_000, 7, 5_000)])
def test_chunks_alter_no_id_and_no_number(sizes: tuple[int, ...]) -> None:
    growing = GrowingColumn(AUCTIONS, Stream(3, "a"), Stream(3, "hot:a"))
    parts = np.concatenate([growing.next(size).values for size in sizes])
    assert np.array_equal(parts, ids(AUCTIONS, sum(sizes), seed=3))
    prices = MagnitudeColumn(MagnitudeRange(100, 100_000_000), Stream(3, "p"))
    drawn = np.concatenate([prices.next(size).values for size in sizes])
    whole = MagnitudeColumn(MagnitudeRange(100, 100_000_000), Stream(3, "p"))
    assert np.array_equal(drawn, whole.next(sum(sizes)).values)


def test_each_factor_is_as_likely_as_another() -> None:
    drawn = by_magnitude(100, 100_000_000).draw(Stream(1, "p").words(MANY))
    assert drawn.min() >= 100
    assert drawn.max() <= 100_000_000
    for digits in range(2, 8):
        share = np.mean((drawn >= 10**digits) & (drawn < 10 ** (digits + 1)))
        assert share == pytest.approx(1 / 6, abs=0.004)


def test_small_numbers_have_the_share_of_their_magnitude() -> None:
    drawn = by_magnitude(1, 10).draw(Stream(1, "p").words(MANY))
    expected = np.diff(np.log(np.arange(1, 12))) / np.log(11)
    assert np.bincount(drawn, minlength=11)[1:] / MANY == pytest.approx(expected, abs=0.004)


@pytest.mark.parametrize("word", [0, 1, 2**63, 2**64 - 1])
def test_no_word_leads_out_of_the_range(word: int) -> None:
    words = np.array([word], dtype=np.uint64)
    assert 7 <= int(by_magnitude(7, 9).draw(words)[0]) <= 9
    assert 50 <= int(pareto(50, 10_000, 1.2).draw(words)[0]) <= 10_000


def test_a_pareto_tail_is_cut_off_and_keeps_its_shares() -> None:
    drawn = pareto(50_000, 10_000_000, 1.2).draw(Stream(1, "t").words(MANY))
    cut = (50_000 / 10_000_000) ** 1.2
    for value in (60_000, 100_000, 1_000_000, 5_000_000):
        above = ((50_000 / value) ** 1.2 - cut) / (1 - cut)
        assert np.mean(drawn >= value) == pytest.approx(above, abs=0.004)


def test_the_bytes_of_a_table_are_the_same_everywhere() -> None:
    """Known from a first run: what `decimal` reckons is defined to the last digit."""
    words = Stream(5, "x").words(5)
    assert by_magnitude(100, 100_000_000).draw(words).tolist() == PRICES
    assert pareto(50_000, 60_000_000, 1.5).draw(words).tolist() == LATE_US


def delays(tail: Tail | None, nominal_us: Integers) -> Integers:
    return Delays(Synthetic(1_000, 50, None, tail), seed=1).next_us(nominal_us)


def test_a_tail_moves_its_share_and_no_other_event() -> None:
    nominal = np.full(MANY, 100_000_000, dtype=np.int64)
    usual, found = delays(None, nominal), delays(Tail(0.01, 50, 10_000, 1.2), nominal)
    moved = found != usual
    assert np.mean(moved) == pytest.approx(0.01, abs=0.001)
    assert found[moved].min() >= 50_000
    assert 5_000_000 < found[moved].max() <= 10_000_000


def test_an_even_tail_reaches_from_the_disorder_to_its_end() -> None:
    found = delays(Tail(1.0, 50, 150, None), np.full(MANY, 10**9, dtype=np.int64))
    assert (found.min(), found.max()) == pytest.approx((50_000, 150_000), abs=20)
    assert found.mean() == pytest.approx(100_000, rel=0.01)


def test_no_event_of_a_tail_lies_before_the_load_begins() -> None:
    nominal = np.arange(0, 1_000_000, 100, dtype=np.int64)
    found = delays(Tail(1.0, 50, 60_000, 1.1), nominal)
    assert (nominal - found).min() >= -50_000  # as the disorder alone could move it
    assert np.all(nominal[600:] - found[600:] >= 0)


@pytest.fixture
def declared(tmp_path: Path) -> Workload:
    folder = tmp_path / "bids"
    folder.mkdir()
    (folder / "workload.toml").write_text(
        """
title = "Bids"
[input]
rate = 10_000
[input.fields]
auction = { growing = { first = 1_000, new = 3, per = 46, among = 101, ahead = 10, hot = 0.5, hot_every = 100 } }
price   = { int = [100, 100_000_000], by_magnitude = true }
[input.time]
disorder = "50 ms"
tail     = { share = 0.01, to = "10 s", pareto = 1.2 }
[query]
group_by = ["auction"]
window   = { tumbling = "1 s" }
grace    = "1 s"
[query.select]
bids    = "count(*)"
highest = "max(price)"
""",
        encoding="utf-8",
    )
    return load_workload(folder)


def test_a_declaration_becomes_what_it_says(declared: Workload) -> None:
    assert declared.field("auction").source == AUCTIONS
    assert declared.field("price").source == MagnitudeRange(100, 100_000_000)
    synthetic = declared.input
    assert isinstance(synthetic, Synthetic)
    assert synthetic.tail == Tail(0.01, 50, 10_000, 1.2)
    assert synthetic.longest_delay_ms == 10_000
    assert declared.late_records_possible
    enough = dataclasses.replace(declared.query, grace_ms=10_004)
    assert not dataclasses.replace(declared, query=enough).late_records_possible


def test_a_load_of_them_is_whole_in_any_chunks(declared: Workload) -> None:
    load = resolve(declared, duration_ms=3_000, rate_per_s=None)
    found = []
    for size in (1 << 16, 500):
        parts = list(chunks(declared, load, seed=1, partitions=4, chunk_records=size))
        auctions = [part.fields[0] for part in parts]
        assert all(isinstance(each, Numbers) for each in auctions)
        found.append(
            (
                np.concatenate([part.event_ms for part in parts]),
                np.concatenate([each.values for each in auctions if isinstance(each, Numbers)]),
            )
        )
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])
    assert len(found[0][0]) == 30_000


def test_what_a_tail_is_decides_the_trace(declared: Workload) -> None:
    def key(tail: Tail | None) -> str:
        assert isinstance(declared.input, Synthetic)
        workload = dataclasses.replace(
            declared, input=dataclasses.replace(declared.input, tail=tail)
        )
        load = resolve(workload, duration_ms=1_000, rate_per_s=None)
        return content_key(workload, load, seed=1, partitions=4)

    assert len({key(None), key(Tail(0.01, 50, 10_000)), key(Tail(0.01, 50, 10_000, 1.2))}) == 3
