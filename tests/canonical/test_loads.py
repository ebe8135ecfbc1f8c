"""The loads of the canonical workloads have the proportions that their originals have.

Each count is held against its mean by six standard deviations of a binomial, or exactly.
"""

from __future__ import annotations

import glob
import math
from collections import Counter
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.dataset as ds
import pytest

from streambench.load.trace import Trace
from streambench.model.workload import Synthetic
from streambench.workload.parse import load_named
from tests.canonical.answers import CAMPAIGNS, Event
from tests.canonical.loads import events_sent, small_trace

SIX = 6


def likely(count: int, share: float, of: int) -> bool:
    """Whether so many of `of` may be, where each is one with this probability."""
    return abs(count - share * of) <= SIX * math.sqrt(of * share * (1 - share))


@pytest.fixture(scope="module")
def bids(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    """20,000 bids, one every 5 ms: the n-th has the event time 5 n."""
    trace = small_trace("nexmark-q11", tmp_path_factory.mktemp("bids"), 200, 100)
    found = sorted(events_sent(trace), key=lambda each: each[0])
    assert [event_ms for event_ms, _ in found] == list(range(0, 100_000, 5))
    return found


def newest(bid: int) -> tuple[int, int]:
    """The newest auction and person: 3 and 1 come with each 46 bids, from 1,000 and from 2,000 on."""
    rounds = bid // 46 + 1
    return 1_000 + 3 * rounds - 1, 2_000 + rounds - 1


def test_half_of_the_bids_are_for_the_hot_auction(bids: list[Event]) -> None:
    hot = sum(bid["auction"] == newest(n)[0] // 100 * 100 for n, (_, bid) in enumerate(bids))
    # Another is drawn of 101 that are there and 10 that are next, and may be the hot one as well.
    assert likely(hot, 0.5 + 0.5 / 111, len(bids))


def test_three_quarters_of_the_bids_are_of_the_hot_bidder(bids: list[Event]) -> None:
    later = [(n, bid) for n, (_, bid) in enumerate(bids) if newest(n)[1] % 100 != 0 and n >= 92]
    hot = sum(bid["bidder"] == newest(n)[1] // 100 * 100 + 1 for n, bid in later)
    least, most = 0.75, 0.75 + 0.25 / 12  # of few people each is drawn more often
    deviation = SIX * math.sqrt(0.75 * 0.25 * len(later))
    assert least * len(later) - deviation <= hot <= most * len(later) + deviation


def test_no_bid_is_for_what_is_long_gone_or_far_ahead(bids: list[Event]) -> None:
    for n, (_, bid) in enumerate(bids):
        auction, person = newest(n)
        assert max(1_000, min(auction - 100, auction // 100 * 100)) <= bid["auction"]
        assert bid["auction"] <= auction + 10
        assert 2_000 <= bid["bidder"] <= person + 10


def test_a_price_has_any_number_of_digits_as_often(bids: list[Event]) -> None:
    digits = Counter(len(str(bid["price"])) for _, bid in bids if bid["price"] < 10**8)
    assert digits.keys() == set(range(3, 9))
    for count in digits.values():
        assert likely(count, 1 / 6, len(bids))


@pytest.mark.parametrize(
    ("name", "events"), [("nexmark-q11", 5_000), ("nexmark-q11:original", 10_000)]
)
def test_bids_are_46_of_50_events(name: str, events: int) -> None:
    load = load_named(name).input
    assert isinstance(load, Synthetic)
    assert load.rate_per_s * 50 == 46 * events


def test_yahoo_s_events_are_drawn_evenly_of_what_there_is(tmp_path: Path) -> None:
    events = [record for _, record in events_sent(small_trace("ysb", tmp_path, 5_000, 6))]
    for field, known in (
        ("event_type", 3), ("ad_type", 5), ("user_id", 100), ("page_id", 100), ("ad_id", 1_000),
    ):  # fmt: skip
        found = Counter(record[field] for record in events)
        assert len(found) == known
        assert all(likely(count, 1 / known, len(events)) for count in found.values())
    assert {record["ip_address"] for record in events} == {"1.2.3.4"}
    for field in ("user_id", "page_id", "ad_id"):
        assert {len(record[field]) for record in events} <= {34, 35, 36, 37}, field


def test_yahoo_s_table_has_100_campaigns_of_10_ads() -> None:
    lines = CAMPAIGNS.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "ad_id,campaign_id"
    ads, campaigns = zip(*(line.split(",") for line in lines[1:]), strict=True)
    assert len(set(ads)) == 1_000
    assert set(Counter(campaigns).values()) == {10}
    assert len(set(campaigns)) == 100


@pytest.mark.parametrize("name", ["theodolite-uc2", "theodolite-uc2:original"])
def test_a_sensor_sends_60_records_in_a_window(name: str) -> None:
    workload = load_named(name)
    assert isinstance(workload.input, Synthetic)
    sensors = 200 if name == "theodolite-uc2" else 10_000
    window_s = workload.query.window.span_ms(1) / 1_000
    assert workload.input.rate_per_s * window_s == 60 * sensors


@pytest.mark.parametrize(
    ("name", "field", "keys", "rate_per_s"),
    [
        ("karimov-aggregation", "gem_pack", 160, 2_000),
        ("osp-sliding", "measurement_id", 360, 3_000),
        ("theodolite-uc2", "identifier", 200, 3_000),
    ],
)
def test_all_keys_come_as_often(
    name: str, field: str, keys: int, rate_per_s: int, tmp_path: Path
) -> None:
    events = events_sent(small_trace(name, tmp_path, rate_per_s, 5))
    found = Counter(record[field] for _, record in events)
    assert len(found) == keys
    assert all(likely(count, 1 / keys, len(events)) for count in found.values())


def delays_ms(trace: Trace, after_ms: int) -> npt.NDArray[np.int64]:
    """How far behind the end of its quantum each event lies, of those that are due later than this."""
    columns = ds.dataset(sorted(glob.glob(trace.columns_glob))).to_table(
        columns=["quantum", "event_ms"]
    )
    begins_ms = columns.column("quantum").to_numpy().astype(np.int64) * trace.meta.quantum_ms
    behind_ms = begins_ms + trace.meta.quantum_ms - columns.column("event_ms").to_numpy()
    return np.asarray(behind_ms[begins_ms >= after_ms], dtype=np.int64)


def test_a_heavy_tail_falls_by_a_pareto_law(tmp_path: Path) -> None:
    trace = small_trace("heavy-tail", tmp_path, 10_000, 60)
    found = delays_ms(trace, 30_000)  # earlier ones are cut at the beginning of the load
    assert len(found) == 300_000

    def beyond(ms: float) -> float:
        """The share that lies farther behind: of all, by 50 ms to 30 s at the exponent 1.2."""
        whole = 1 - (50 / 30_000) ** 1.2
        return float(0.05 * ((50 / ms) ** 1.2 - (50 / 30_000) ** 1.2) / whole)

    for ms in (100, 300, 1_000, 5_000):
        count = int(np.count_nonzero(found > ms))
        # The end of a quantum is up to 5 ms behind the instant from which the delay is drawn.
        least, most = beyond(ms) * len(found), beyond(ms - 5) * len(found)
        spread = 4 * math.sqrt(most)  # six would not tell 1.2 from 1.3
        assert least - spread <= count <= most + spread, ms
    assert found.max() <= 30_005
