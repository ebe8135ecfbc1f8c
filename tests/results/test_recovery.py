from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from streambench.model.fault import FaultKind, Hit, Recovery
from streambench.model.verdict import Damage
from streambench.results.partition_windows import PartitionWindows
from streambench.results.recovery import band_ms, recovery

Floats = npt.NDArray[np.float64]

WINDOW_MS = 500.0
WINDOWS = 240
PARTITIONS = 4
USUAL_MS = 30.0
RECORDS = 10_000.0
HIT_MS = 60_123.0
BAND_MS = 45.0
END_MS = WINDOWS * WINDOW_MS

CLOSING_MS: Floats = np.arange(1, WINDOWS + 1, dtype=np.float64) * WINDOW_MS


def windows(complete_ms: Floats) -> PartitionWindows:
    return PartitionWindows(
        closing_ms=CLOSING_MS,
        complete_ms=complete_ms,
        has_rows=np.ones(complete_ms.shape, dtype=np.bool_),
        records=np.full(WINDOWS, RECORDS),
    )


def undisturbed() -> Floats:
    return np.tile(CLOSING_MS + USUAL_MS, (PARTITIONS, 1))


def served_again(outage_ms: float, window_ms: float) -> Floats:
    """What one partition does that stands still from the hit on and then needs `window_ms` a window."""
    complete_ms: Floats = CLOSING_MS + USUAL_MS
    free_ms = HIT_MS + outage_ms
    for at in np.flatnonzero(CLOSING_MS + USUAL_MS > HIT_MS):
        free_ms = max(complete_ms[at], free_ms + window_ms)
        complete_ms[at] = free_ms
    return complete_ms


def timeline(
    complete_ms: Floats,
    *,
    kind: FaultKind = FaultKind.WORKER_KILL,
    at_ms: float = HIT_MS,
    until_ms: float = END_MS,
    noticed_ms: tuple[float, ...] = (),
) -> Recovery:
    hit = Hit(kind, "worker-0", (17,), at_ms, 0, over_ms=at_ms + 250, exit_code=-9)
    return recovery(
        hit,
        windows(complete_ms),
        band_ms=BAND_MS,
        until_ms=until_ms,
        noticed_ms=noticed_ms,
        damage=Damage(),
    )


def test_an_outage_of_three_seconds_and_a_set_pace_are_found_to_within_a_window() -> None:
    complete_ms = undisturbed()
    complete_ms[1] = served_again(3_000, 50)
    found = timeline(complete_ms, noticed_ms=(HIT_MS - 9_000, HIT_MS + 2_100, HIT_MS + 9_000))
    assert found.disturbed
    assert found.detected_ms == 2_100
    assert found.back_ms == 250
    assert found.outage_begin_ms == 60_500 - HIT_MS
    # Seven windows are due when the outage ends; each takes 50 ms, one more comes meanwhile.
    assert found.caught_up_ms == pytest.approx(3_000 + 7 * 50, abs=WINDOW_MS)
    assert found.timely_ms == pytest.approx(3_000 + 7 * 50, abs=WINDOW_MS)
    assert found.settled_ms == found.timely_ms
    assert found.worst_delay_ms == pytest.approx(HIT_MS + 3_050 - 60_500)
    assert [part.begin_ms is None for part in found.partitions] == [True, False, True, True]
    assert found.partitions[1].end_ms == found.timely_ms


def test_the_first_partition_that_is_back_ends_the_outage_and_the_last_the_backlog() -> None:
    complete_ms = undisturbed()
    complete_ms[0] = served_again(2_000, 10)
    complete_ms[2] = served_again(6_000, 10)
    found = timeline(complete_ms)
    assert found.timely_ms == pytest.approx(2_000, abs=WINDOW_MS + 100)
    assert found.caught_up_ms == pytest.approx(6_000, abs=WINDOW_MS + 200)
    assert found.outage_ms is not None
    assert found.outage_ms == pytest.approx(2_000, abs=WINDOW_MS + 100)


def test_silence_between_two_closings_is_no_outage() -> None:
    found = timeline(undisturbed())
    assert not found.disturbed
    assert found.timely_ms is None
    assert found.caught_up_ms is None
    assert found.outage_ms is None
    assert found.worst_delay_ms == USUAL_MS


def test_a_single_window_that_is_late_by_less_than_a_window_is_no_outage() -> None:
    complete_ms = undisturbed()
    at = int(np.flatnonzero(CLOSING_MS > HIT_MS + 20_000)[0])
    complete_ms[2, at] += 100
    assert not timeline(complete_ms).disturbed
    complete_ms[2, at] += WINDOW_MS
    assert timeline(complete_ms).disturbed
    complete_ms = undisturbed()
    complete_ms[2, at : at + 2] += 100
    assert timeline(complete_ms).disturbed


def test_rows_in_flight_at_the_hit_belong_to_it_and_what_came_before_does_not() -> None:
    complete_ms = undisturbed()
    closed_before = int(np.flatnonzero(CLOSING_MS <= HIT_MS)[-1])
    at_ms = float(CLOSING_MS[closed_before] + 10)  # before its rows come
    complete_ms[3, closed_before] += 4_000
    complete_ms[3, closed_before - 1] += 4_000
    found = timeline(complete_ms, at_ms=at_ms)
    assert found.outage_begin_ms == -10


def test_an_engine_that_never_comes_back_has_no_phases_but_its_start() -> None:
    complete_ms = undisturbed()
    complete_ms[:, CLOSING_MS > HIT_MS] = np.nan
    found = timeline(complete_ms)
    assert found.disturbed
    assert found.outage_begin_ms == 60_500 - HIT_MS
    assert found.timely_ms is None
    assert found.caught_up_ms is None
    assert found.settled_ms is None
    assert found.worst_delay_ms is None
    assert found.observed_ms == END_MS - HIT_MS


def test_one_lost_window_does_not_hide_that_the_rest_came_back() -> None:
    complete_ms = undisturbed()
    complete_ms[1] = served_again(3_000, 50)
    complete_ms[1, np.flatnonzero(CLOSING_MS > HIT_MS)[1]] = np.nan
    found = timeline(complete_ms)
    assert found.timely_ms is not None
    assert found.caught_up_ms == found.timely_ms


def test_delay_is_settled_only_when_it_stays_in_its_band() -> None:
    complete_ms = undisturbed()
    complete_ms[1] = served_again(3_000, 50)
    shaky = (CLOSING_MS > HIT_MS + 4_000) & (CLOSING_MS < HIT_MS + 14_000)
    complete_ms[:, np.flatnonzero(shaky)[::2]] += 100
    found = timeline(complete_ms)
    assert found.timely_ms is not None
    assert found.settled_ms is not None
    assert found.timely_ms < 4_000
    # One late window is allowed, so that it is settled just before the last of them.
    assert found.settled_ms == pytest.approx(13_000, abs=1_000)
    assert timeline(complete_ms, until_ms=HIT_MS + 16_000).settled_ms is None  # too few say so
    assert timeline(complete_ms, until_ms=HIT_MS + 8_000).settled_ms is None


def test_a_burst_is_over_when_all_that_it_closed_is_out() -> None:
    at_ms = 60_000.0
    complete_ms = undisturbed()
    held = (CLOSING_MS > 55_000) & (CLOSING_MS <= at_ms)
    closing_ms = CLOSING_MS.copy()
    closing_ms[held] = at_ms
    complete_ms[:, held] = at_ms + np.linspace(40, 800, int(held.sum()))
    hit = Hit(FaultKind.BURST, "the load", (), at_ms, 0, over_ms=at_ms)
    found = recovery(
        hit,
        PartitionWindows(
            closing_ms, complete_ms, np.ones(complete_ms.shape, np.bool_), np.full(WINDOWS, RECORDS)
        ),
        band_ms=BAND_MS,
        until_ms=END_MS,
        noticed_ms=(),
        damage=Damage(),
    )
    assert found.caught_up_ms == pytest.approx(800)
    assert found.catch_up_per_s == pytest.approx(int(held.sum()) * RECORDS / 0.8)
    assert found.back_ms is None


def test_the_band_is_half_as_wide_again_as_the_slowest_undisturbed_window() -> None:
    assert band_ms(np.array([10.0, 40.0, np.nan])) == 60.0
    assert band_ms(np.array([1.0, 2.0])) == 4.0
    assert band_ms(np.array([np.nan])) is None
