from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from streambench.analysis.phases import RecoveryPhase, phases_of
from streambench.model.conditions import Conditions
from streambench.model.fault import FaultKind, Hit, Recovery
from streambench.model.verdict import Damage
from streambench.model.windows import Tumbling
from streambench.results.lateness import Observed, band_ms, could_delay_ms
from streambench.results.partition_windows import PartitionWindows, from_table, to_table
from streambench.results.recovery import recovery

Floats = npt.NDArray[np.float64]

WINDOW_MS = 500.0
WINDOWS = 240
PARTITIONS = 4
USUAL_MS = 30.0
RECORDS = 10_000.0
HIT_MS = 60_123.0
BAND_MS = 50.0
END_MS = WINDOWS * WINDOW_MS

CLOSING_MS: Floats = np.arange(1, WINDOWS + 1, dtype=np.float64) * WINDOW_MS


def windows(complete_ms: Floats, closing_ms: Floats = CLOSING_MS) -> PartitionWindows:
    return PartitionWindows(
        start_ms=CLOSING_MS - WINDOW_MS,
        closing_ms=closing_ms,
        complete_ms=complete_ms,
        has_rows=np.ones(complete_ms.shape, dtype=np.bool_),
        records=np.full(WINDOWS, RECORDS),
    )


def undisturbed() -> Floats:
    return np.tile(CLOSING_MS + USUAL_MS, (PARTITIONS, 1))


def silence(
    complete_ms: Floats, partitions: Iterable[int], begin_ms: float, length_ms: float
) -> None:
    """Nothing of these partitions comes for a while from an instant after the hit on, then all at once."""
    end_ms = HIT_MS + begin_ms + length_ms
    held = (complete_ms[0] > HIT_MS + begin_ms) & (CLOSING_MS <= end_ms)
    for partition in partitions:
        complete_ms[partition, held] = end_ms + USUAL_MS


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
    observed: Observed | None = None,
    noticed_ms: tuple[float, ...] = (),
) -> Recovery:
    hit = Hit(kind, "worker-0", (17,), at_ms, 0, over_ms=at_ms + 250, exit_code=-9)
    return recovery(
        hit,
        windows(complete_ms),
        observed or Observed(END_MS, BAND_MS, 2_000.0),
        noticed_ms=noticed_ms,
        damage=Damage(),
    )


# --- late time: all partitions, all stretches, wherever they begin ---


def test_the_partition_that_is_back_first_does_not_speak_for_the_others() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, [0], 0, 1_000)
    silence(complete_ms, [1, 2, 3], 0, 30_000)
    found = timeline(complete_ms)
    assert found.late_time_ms == pytest.approx((1_000 + 3 * 30_000) / 4, abs=WINDOW_MS)
    assert [part.late_time_ms for part in found.partitions] == [
        pytest.approx(ms, abs=WINDOW_MS) for ms in (1_000, 30_000, 30_000, 30_000)
    ]
    assert found.back_for_good_ms == pytest.approx(30_000, abs=WINDOW_MS + 100)
    assert found.caught_up_ms == pytest.approx(30_000, abs=100)
    assert found.timely_ms == pytest.approx(1_000, abs=WINDOW_MS + 100)


def test_a_partition_that_is_late_for_ten_seconds_of_two_is_five() -> None:
    complete_ms = undisturbed()[:2]
    silence(complete_ms, [1], 0, 10_000)
    assert timeline(complete_ms).late_time_ms == 5_000


def test_every_late_stretch_counts() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, range(PARTITIONS), 0, 1_500)
    silence(complete_ms, range(PARTITIONS), 2_500, 20_000)
    found = timeline(complete_ms)
    assert found.late_time_ms == pytest.approx(21_500, abs=2 * WINDOW_MS)
    assert found.caught_up_ms == pytest.approx(22_500, abs=100)
    assert found.back_for_good_ms == pytest.approx(22_500, abs=WINDOW_MS + 100)
    assert found.timely_ms == pytest.approx(1_500, abs=WINDOW_MS + 100)


def test_equal_outages_are_equally_long_wherever_they_begin() -> None:
    at_once, later = undisturbed(), undisturbed()
    silence(at_once, range(PARTITIONS), 0, 8_000)
    silence(later, range(PARTITIONS), 8_000, 8_000)
    assert timeline(at_once).late_time_ms == timeline(later).late_time_ms == 8_000
    assert timeline(later).outage_begin_ms == pytest.approx(8_000, abs=WINDOW_MS)


def test_a_single_pause_before_the_fault_does_not_hide_an_outage() -> None:
    delays_ms = np.full(60, USUAL_MS)
    delays_ms[7] = 1_900.0
    band = band_ms(delays_ms)
    assert band == USUAL_MS + 20
    complete_ms = undisturbed()
    silence(complete_ms, range(PARTITIONS), 0, 2_500)
    found = timeline(complete_ms, observed=Observed(END_MS, band, 2_000.0))
    assert found.late_time_ms == 2_500


def test_a_window_that_never_comes_is_late_to_the_end_of_what_was_observed() -> None:
    complete_ms = undisturbed()
    complete_ms[1, CLOSING_MS > HIT_MS] = np.nan
    found = timeline(complete_ms)
    late = np.count_nonzero((CLOSING_MS > HIT_MS) & (CLOSING_MS <= END_MS - BAND_MS))
    assert found.late_time_ms == late * WINDOW_MS / PARTITIONS
    assert found.worst_delay_ms is None
    assert found.back_for_good_ms is None
    assert not found.over


def test_what_comes_after_the_end_of_what_was_observed_did_not_come_within_it() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, range(PARTITIONS), 0, 20_000)
    observed = Observed(HIT_MS + 10_000, BAND_MS, 2_000.0)
    found = timeline(complete_ms, observed=observed)
    assert found.late_time_ms == pytest.approx(10_000, abs=WINDOW_MS)
    assert (found.timely_ms, found.caught_up_ms, found.back_for_good_ms) == (None, None, None)
    assert found.worst_delay_ms is None


def test_what_is_in_flight_at_the_next_hit_is_not_this_ones_doing() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, range(PARTITIONS), 20_000, 3_000)
    closing_ms = CLOSING_MS[CLOSING_MS < HIT_MS + 20_000][-1]
    next_ms = closing_ms + 10  # before its rows come
    assert timeline(complete_ms, observed=Observed(next_ms, BAND_MS, 2_000.0)).late_time_ms == 0


def test_windows_of_partitions_are_kept_as_they_were() -> None:
    complete_ms = undisturbed()
    complete_ms[1, 7] = np.nan
    has_rows = np.ones(complete_ms.shape, dtype=np.bool_)
    has_rows[2, 9:] = False
    before = replace(windows(complete_ms), has_rows=has_rows)
    after = from_table(to_table(before))
    assert (after.has_rows == has_rows).all()
    for name in ("start_ms", "closing_ms", "records"):
        assert (getattr(after, name) == getattr(before, name)).all()
    np.testing.assert_allclose(
        after.complete_ms[has_rows], complete_ms[has_rows], rtol=0, atol=1e-6
    )
    assert after.apart_ms == before.apart_ms == 500


# --- that no window was late ---


def test_silence_between_two_closings_is_no_lateness() -> None:
    found = timeline(undisturbed())
    assert not found.disturbed
    assert found.over
    assert (found.late_time_ms, found.back_for_good_ms) == (0, 0)
    assert (found.outage_begin_ms, found.timely_ms, found.caught_up_ms) == (None, None, None)
    assert found.worst_delay_ms == USUAL_MS


def test_that_no_window_was_late_is_unknown_where_the_band_hides_the_fault() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, range(PARTITIONS), 0, 1_800)
    hidden = timeline(complete_ms, observed=Observed(END_MS, 2_850.0, 2_000.0))
    assert not hidden.disturbed
    assert hidden.late_time_ms is None
    seen = timeline(complete_ms, observed=Observed(END_MS, 1_950.0, 2_000.0))
    assert seen.late_time_ms == 0


def test_after_a_command_that_no_window_was_late_is_unknown_and_nobody_comes_back() -> None:
    complete_ms = undisturbed()
    calm = timeline(complete_ms, kind=FaultKind.COMMAND, observed=Observed(END_MS, 100.0))
    assert not calm.disturbed
    assert (calm.late_time_ms, calm.back_ms, calm.back_for_good_ms) == (None, None, 0.0)
    silence(complete_ms, range(PARTITIONS), 0, 3_000)
    late = timeline(complete_ms, kind=FaultKind.COMMAND, observed=Observed(END_MS, 100.0))
    assert late.late_time_ms == pytest.approx(3_000, abs=WINDOW_MS)
    assert late.back_ms is None
    assert RecoveryPhase.BACK not in phases_of(FaultKind.COMMAND)


def test_what_a_fault_could_have_delayed_results_by() -> None:
    conditions = Conditions(session_timeout_ms=2_000, restart_delay_ms=500)

    def of(kind: FaultKind, over_ms: float | None) -> float | None:
        return could_delay_ms(Hit(kind, "it", (), 1_000.0, 0, over_ms), conditions)

    assert of(FaultKind.WORKER_KILL, 1_012.0) == 2_500
    assert of(FaultKind.COORDINATOR_KILL, None) == 2_500
    assert of(FaultKind.WORKER_PAUSE, 6_000.0) == 5_000
    assert of(FaultKind.BROKER_RESTART, 1_700.0) == 700
    assert of(FaultKind.BURST, 1_000.0) is None
    assert of(FaultKind.COMMAND, 1_400.0) is None


# --- the instants ---


def test_an_outage_of_three_seconds_and_a_set_pace_are_found_to_within_a_window() -> None:
    complete_ms = undisturbed()
    complete_ms[1] = served_again(3_000, 50)
    found = timeline(complete_ms, noticed_ms=(HIT_MS - 9_000, HIT_MS + 2_100, HIT_MS + 9_000))
    assert found.disturbed
    assert found.detected_ms == 2_100
    assert found.back_ms == 250
    assert found.outage_begin_ms == 60_500 - HIT_MS
    # Six windows are due when the outage ends; each takes 50 ms.
    assert found.late_time_ms == pytest.approx(3_000 / PARTITIONS, abs=WINDOW_MS / PARTITIONS)
    assert found.caught_up_ms == pytest.approx(3_000 + 6 * 50, abs=100)
    assert found.timely_ms == pytest.approx(3_000 + 7 * 50, abs=WINDOW_MS)
    assert found.back_for_good_ms == found.timely_ms
    assert found.worst_delay_ms == pytest.approx(HIT_MS + 3_050 - 60_500)
    assert [part.begin_ms is None for part in found.partitions] == [True, False, True, True]
    assert found.partitions[1].end_ms == found.timely_ms


def test_a_single_window_that_is_late_by_less_than_a_window_counts_but_moves_no_instant() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, range(PARTITIONS), 0, 3_000)
    at = int(np.flatnonzero(CLOSING_MS > HIT_MS + 20_000)[0])
    before = timeline(complete_ms)
    complete_ms[2, at] += 100
    found = timeline(complete_ms)
    assert before.late_time_ms is not None
    assert found.late_time_ms == before.late_time_ms + WINDOW_MS / PARTITIONS
    assert found.back_for_good_ms == before.back_for_good_ms
    assert found.caught_up_ms == before.caught_up_ms
    complete_ms[2, at] += WINDOW_MS
    assert timeline(complete_ms).back_for_good_ms == pytest.approx(20_500, abs=WINDOW_MS)
    complete_ms[2, at : at + 2] = CLOSING_MS[at : at + 2] + 130
    assert timeline(complete_ms).back_for_good_ms == pytest.approx(21_500, abs=WINDOW_MS)


def test_where_only_single_windows_are_late_nothing_was_out() -> None:
    complete_ms = undisturbed()
    complete_ms[2, np.flatnonzero(CLOSING_MS > HIT_MS)[3]] += 100
    found = timeline(complete_ms)
    assert found.disturbed
    assert found.late_time_ms == WINDOW_MS / PARTITIONS
    assert (found.outage_begin_ms, found.back_for_good_ms) == (None, 0)


def test_rows_in_flight_at_the_hit_belong_to_it_and_what_came_before_does_not() -> None:
    complete_ms = undisturbed()
    closed_before = int(np.flatnonzero(CLOSING_MS <= HIT_MS)[-1])
    at_ms = float(CLOSING_MS[closed_before] + 10)  # before its rows come
    complete_ms[3, closed_before] += 4_000
    complete_ms[3, closed_before - 1] += 4_000
    found = timeline(complete_ms, at_ms=at_ms)
    assert found.outage_begin_ms == -10
    assert found.late_time_ms == WINDOW_MS / PARTITIONS


def test_the_last_rows_of_a_dying_process_are_no_recovery() -> None:
    complete_ms = undisturbed()
    closed_before = int(np.flatnonzero(CLOSING_MS <= HIT_MS)[-1])
    at_ms = float(CLOSING_MS[closed_before] + 10)  # its rows are in flight, and come in time
    complete_ms[:, closed_before + 1 : closed_before + 7] = np.nan
    found = timeline(complete_ms, at_ms=at_ms)
    assert found.timely_ms is not None
    assert found.timely_ms > 6 * WINDOW_MS


def test_an_engine_that_never_comes_back_has_no_phases_but_its_start() -> None:
    complete_ms = undisturbed()
    complete_ms[:, CLOSING_MS > HIT_MS] = np.nan
    found = timeline(complete_ms)
    assert found.disturbed
    assert found.outage_begin_ms == 60_500 - HIT_MS
    assert found.timely_ms is None
    assert found.caught_up_ms is None
    assert found.back_for_good_ms is None
    assert found.worst_delay_ms is None
    assert found.observed_ms == END_MS - HIT_MS


def test_one_lost_window_does_not_hide_that_the_rest_came_back() -> None:
    complete_ms = undisturbed()
    complete_ms[1] = served_again(3_000, 50)
    complete_ms[1, np.flatnonzero(CLOSING_MS > HIT_MS)[1]] = np.nan
    found = timeline(complete_ms)
    assert found.timely_ms is not None
    assert found.caught_up_ms == found.timely_ms == found.back_for_good_ms


def test_it_is_back_for_good_only_when_it_is_seen_to_stay() -> None:
    complete_ms = undisturbed()
    silence(complete_ms, [1], 0, 3_000)

    def until(ms: float) -> Recovery:
        return timeline(complete_ms, observed=Observed(HIT_MS + ms, BAND_MS, 2_000.0))

    few, enough = until(4_300), until(4_800)
    assert few.over
    assert few.back_for_good_ms is None
    assert enough.back_for_good_ms == pytest.approx(3_000, abs=WINDOW_MS)
    assert not until(2_900).over


def test_where_no_window_was_due_nothing_is_known() -> None:
    found = timeline(undisturbed(), observed=Observed(HIT_MS + 100, BAND_MS, 2_000.0))
    assert (found.late_time_ms, found.back_for_good_ms, found.worst_delay_ms) == (None, None, None)


def test_a_burst_is_over_when_all_that_it_closed_is_out() -> None:
    at_ms = 60_000.0
    complete_ms = undisturbed()
    held = (CLOSING_MS > 55_000) & (CLOSING_MS <= at_ms)
    closing_ms = CLOSING_MS.copy()
    closing_ms[held] = at_ms
    complete_ms[:, held] = at_ms + np.linspace(40, 800, int(held.sum()))
    hit = Hit(FaultKind.BURST, "the load", (), at_ms, 0, over_ms=at_ms)

    def until(ms: float) -> Recovery:
        return recovery(
            hit,
            windows(complete_ms, closing_ms),
            Observed(ms, BAND_MS),
            noticed_ms=(),
            damage=Damage(),
        )

    found = until(END_MS)
    assert found.caught_up_ms == pytest.approx(800)
    assert found.catch_up_per_s == pytest.approx(int(held.sum()) * RECORDS / 0.8)
    assert found.back_ms is None
    assert (until(60_700).caught_up_ms, until(60_700).catch_up_per_s) == (None, None)


# --- the band ---


def test_the_band_is_half_as_wide_again_as_the_undisturbed_p95() -> None:
    assert band_ms(np.r_[np.full(19, 400.0), 900.0]) == 600.0
    assert band_ms(np.r_[np.full(19, 10.0), np.nan]) == 30.0  # and 20 ms wider at least
    assert band_ms(np.r_[np.full(18, 10.0), 400.0, np.nan]) == 600.0


def test_without_twenty_windows_or_with_many_that_never_came_there_is_no_band() -> None:
    assert band_ms(np.full(19, 10.0)) is None
    assert band_ms(np.r_[np.full(18, 10.0), np.nan, np.nan]) is None
