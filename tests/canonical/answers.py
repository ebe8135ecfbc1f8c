"""What each query asks, in plain Python, from the records as they are sent.

It shares nothing with the oracle, the declaration or the engines: windows, filters and the table of campaigns
are written here once more. A row is a group's text, the start of its window in ms, and values by their names.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

Event = tuple[int, dict[str, Any]]
"""The event time in ms, and the record's JSON value."""
Rows = dict[tuple[str, int], dict[str, float]]
CAMPAIGNS: Final = Path(__file__).parent.parent.parent / "workloads" / "ysb" / "campaigns.csv"


def _windows(event_ms: int, size_ms: int, every_ms: int) -> Iterator[int]:
    """The starts of all windows that hold this instant: the newest first."""
    start_ms = event_ms - event_ms % every_ms
    while start_ms + size_ms > event_ms:
        yield start_ms
        start_ms -= every_ms


def _grouped(
    events: Sequence[Event], key: str, size_ms: int, every_ms: int
) -> dict[tuple[str, int], list[dict[str, Any]]]:
    found: dict[tuple[str, int], list[dict[str, Any]]] = defaultdict(list)
    for event_ms, record in events:
        for start_ms in _windows(event_ms, size_ms, every_ms):
            found[str(record[key]), start_ms].append(record)
    return found


def ysb(events: Sequence[Event], size_ms: int) -> Rows:
    """Views per campaign; an ad of no campaign counts nowhere."""
    with CAMPAIGNS.open(encoding="utf-8", newline="") as file:
        campaigns = {row["ad_id"]: row["campaign_id"] for row in csv.DictReader(file)}
    views: dict[tuple[str, int], int] = defaultdict(int)
    for event_ms, record in events:
        if record["event_type"] == "view" and record["ad_id"] in campaigns:
            views[campaigns[record["ad_id"]], event_ms // size_ms * size_ms] += 1
    return {key: {"views": count} for key, count in views.items()}


def theodolite_uc2(events: Sequence[Event], size_ms: int) -> Rows:
    """Count, mean, variance of all, least, greatest and sum of the power of each sensor."""
    rows: Rows = {}
    for key, records in _grouped(events, "identifier", size_ms, size_ms).items():
        watts = [record["value_in_w"] for record in records]
        mean = math.fsum(watts) / len(watts)
        rows[key] = {
            "measured": len(watts),
            "mean": mean,
            "variance": math.fsum((each - mean) ** 2 for each in watts) / len(watts),
            "least": min(watts),
            "greatest": max(watts),
            "total": math.fsum(watts),
        }
    return rows


def karimov_aggregation(events: Sequence[Event], size_ms: int, every_ms: int) -> Rows:
    """The sum of the prices of each gem pack."""
    return {
        key: {"revenue": sum(record["price"] for record in records)}
        for key, records in _grouped(events, "gem_pack", size_ms, every_ms).items()
    }


def osp_sliding(events: Sequence[Event], size_ms: int, every_ms: int) -> Rows:
    """How many lanes sent something, and how many cars went by, at each place."""
    return {
        key: {"lane_count": len(records), "accumulated_flow": sum(each["flow"] for each in records)}
        for key, records in _grouped(events, "measurement_id", size_ms, every_ms).items()
    }


def nexmark_q11(events: Sequence[Event], gap_ms: int) -> Rows:
    """The bids of each session of a bidder; a session ends a gap after its last bid."""
    bids: dict[str, list[int]] = defaultdict(list)
    for event_ms, record in events:
        bids[str(record["bidder"])].append(event_ms)
    rows: Rows = {}
    for bidder, times in bids.items():
        times.sort()
        start_ms, last_ms, count = times[0], times[0], 0
        for event_ms in times:
            if event_ms - last_ms > gap_ms:
                length_ms = last_ms + gap_ms - start_ms
                rows[bidder, start_ms] = {"bids": count, "window_length": length_ms}
                start_ms, count = event_ms, 0
            last_ms, count = event_ms, count + 1
        rows[bidder, start_ms] = {"bids": count, "window_length": last_ms + gap_ms - start_ms}
    return rows


def high_cardinality(events: Sequence[Event], size_ms: int) -> Rows:
    """Views per campaign, which each record carries."""
    views: dict[tuple[str, int], int] = defaultdict(int)
    for event_ms, record in events:
        if record["event_type"] == "view":
            views[record["campaign"], event_ms // size_ms * size_ms] += 1
    return {key: {"views": count} for key, count in views.items()}


def heavy_tail(events: Sequence[Event], size_ms: int) -> Rows:
    """Clicks per campaign with their prices, whenever they came."""
    rows: Rows = {}
    for key, records in _grouped(events, "campaign", size_ms, size_ms).items():
        prices = [record["price"] for record in records]
        rows[key] = {"clicks": len(prices), "revenue": sum(prices), "dearest": max(prices)}
    return rows


@dataclass(frozen=True)
class Asked:
    """A small load of a workload's form, long enough for some of its windows; and its answer."""

    rate_per_s: int
    duration_s: int
    answer: Callable[..., Rows]
    windows_ms: tuple[int, ...]

    def rows(self, events: Sequence[Event]) -> Rows:
        """All rows that must come of these events."""
        return self.answer(events, *self.windows_ms)


ASKED: Final[Mapping[str, Asked]] = {
    "ysb": Asked(2_000, 4, ysb, (1_000,)),
    "ysb:original": Asked(200, 25, ysb, (10_000,)),
    "theodolite-uc2": Asked(2_000, 5, theodolite_uc2, (2_000,)),
    "theodolite-uc2:original": Asked(50, 130, theodolite_uc2, (60_000,)),
    "karimov-aggregation": Asked(2_000, 4, karimov_aggregation, (2_000, 1_000)),
    "karimov-aggregation:original": Asked(200, 20, karimov_aggregation, (8_000, 4_000)),
    "karimov-aggregation:large": Asked(200, 130, karimov_aggregation, (60_000, 60_000)),
    "karimov-aggregation:single-key": Asked(500, 5, karimov_aggregation, (2_000, 1_000)),
    "osp-sliding": Asked(1_000, 8, osp_sliding, (5_000, 1_000)),
    "osp-sliding:original": Asked(20, 400, osp_sliding, (300_000, 60_000)),
    "nexmark-q11": Asked(2_000, 5, nexmark_q11, (500,)),
    "nexmark-q11:original": Asked(200, 40, nexmark_q11, (10_000,)),
    "high-cardinality": Asked(2_000, 5, high_cardinality, (2_000,)),
    "heavy-tail:all": Asked(1_000, 40, heavy_tail, (1_000,)),
}
