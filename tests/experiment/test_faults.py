from __future__ import annotations

import dataclasses

import pytest

from streambench.experiment.faults import (
    check_faults,
    default_faults,
    draw,
    longest_jitter_ms,
    needed_ms,
    steady_ms,
)
from streambench.model.conditions import Conditions, Profile
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind
from streambench.model.windows import Tumbling
from streambench.model.workload import Workload
from streambench.workload.locate import find
from streambench.workload.parse import load_workload

TUNED = Conditions()
WINDOW = Tumbling(500)
KILL, PAUSE, BURST = FaultKind.WORKER_KILL, FaultKind.WORKER_PAUSE, FaultKind.BURST


@pytest.fixture(scope="module")
def clicks() -> Workload:
    return load_workload(find("clicks"))


def check(workload: Workload, *faults: Fault, measured_ms: int = 60_000) -> None:
    check_faults(
        faults,
        workload,
        measured_ms=measured_ms,
        longest_jitter_ms=longest_jitter_ms(workload, TUNED),
    )


def test_every_engine_of_a_round_is_struck_alike_and_rounds_differ(clicks: Workload) -> None:
    def drawn(round_number: int, seed: int = 1) -> object:
        faults = (Fault(KILL, 25_000, times=3), Fault(BURST, 200_000, lasts_ms=2_000))
        return draw(
            faults, clicks, TUNED, measured_start_ms=20_000, seed=seed, round_number=round_number
        )

    assert drawn(0) == drawn(0)
    assert drawn(0) != drawn(1)
    assert drawn(0) != drawn(0, seed=2)


def test_the_draw_is_the_same_on_every_machine(clicks: Workload) -> None:
    struck = draw(
        (Fault(KILL, 25_000),), clicks, TUNED, measured_start_ms=20_000, seed=1, round_number=0
    )
    (strike,) = struck.strikes
    assert (round(strike.at_ms, 3), round(strike.victim, 6)) == GOLDEN


GOLDEN = (46207.708, 0.118489)


def test_the_jitter_spans_a_window_and_a_commit_interval(clicks: Workload) -> None:
    late_ms = [
        draw(
            (Fault(KILL, 25_000),), clicks, TUNED, measured_start_ms=20_000, seed=s, round_number=r
        )
        .strikes[0]
        .at_ms
        - 45_000
        for s in range(40)
        for r in range(5)
    ]
    assert 0 <= min(late_ms) < 50
    assert 1_420 < max(late_ms) < 500 + 970


def test_only_the_first_of_repeated_acts_has_an_instant_of_its_own(clicks: Workload) -> None:
    struck = draw(
        (Fault(KILL, 25_000, times=3),), clicks, TUNED, measured_start_ms=0, seed=1, round_number=0
    )
    assert [strike.after_previous for strike in struck.strikes] == [False, True, True]
    assert struck.strikes[0].at_ms >= 25_000
    assert all(strike.at_ms < 1_470 for strike in struck.strikes[1:])


def test_a_burst_holds_load_back_and_lets_it_go_on_the_edge_of_a_quantum(clicks: Workload) -> None:
    struck = draw(
        (Fault(BURST, 30_000, lasts_ms=2_000),),
        clicks,
        TUNED,
        measured_start_ms=20_000,
        seed=1,
        round_number=0,
    )
    ((start_ms, end_ms),) = struck.holds
    assert end_ms - start_ms == 2_000
    assert end_ms % clicks.quantum_ms == 0
    assert struck.strikes[0].at_ms == end_ms
    assert 50_000 <= end_ms <= 51_475
    assert steady_ms((Fault(BURST, 30_000, lasts_ms=2_000),)) == 25_000


def test_what_could_not_happen_or_prove_anything_is_refused(clicks: Workload) -> None:
    check(clicks, Fault(KILL, 25_000))
    with pytest.raises(UsageError, match="comes after the end") as caught:
        check(clicks, Fault(KILL, 59_000))
    assert "--duration" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="leaves 19 windows") as caught:
        check(clicks, Fault(KILL, 12_999))
    assert "worker-kill@13s" in (caught.value.hint or "")
    check(clicks, Fault(KILL, 13_000))
    with pytest.raises(UsageError, match="leaves 10 windows") as caught:
        check(clicks, Fault(BURST, 10_000, lasts_ms=2_000))
    assert "burst@15s" in (caught.value.hint or "")
    with pytest.raises(UsageError, match="too close") as caught:
        check(clicks, Fault(KILL, 25_000), Fault(PAUSE, 26_000, lasts_ms=5_000))
    later = Fault(PAUSE, 30_000, lasts_ms=5_000)
    assert f"--fault {Fault(KILL, 25_000)} --fault {later}" in (caught.value.hint or "")
    check(clicks, Fault(KILL, 25_000), later)


def test_the_usual_faults_can_happen_in_the_time_that_is_made_for_them(clicks: Workload) -> None:
    for conditions in (TUNED, Conditions(profile=Profile.DEFAULTS, restart_delay_ms=5_000)):
        faults = default_faults(60_000, conditions, WINDOW)
        assert [fault.kind for fault in faults] == [KILL, BURST]
        assert steady_ms(faults) == 60_000
        check(clicks, *faults, measured_ms=needed_ms(faults, conditions, WINDOW))
    assert needed_ms(default_faults(60_000, TUNED, WINDOW), TUNED, WINDOW) == 118_000


def test_where_windows_are_longer_more_time_is_made_to_see_them(clicks: Workload) -> None:
    kill, burst = faults = default_faults(88_000, TUNED, Tumbling(4_000))
    assert steady_ms(faults) == 88_000
    assert burst.at_ms - 5_000 - kill.at_ms == 35_000 + 12 * 4_000 - 6_000
    assert needed_ms(faults, TUNED, Tumbling(4_000)) == burst.at_ms + 12 * 4_000


def test_room_is_made_for_every_act_of_a_repeated_fault(clicks: Workload) -> None:
    once, thrice = Fault(KILL, 25_000), Fault(KILL, 25_000, times=3)
    assert needed_ms((once,), TUNED, WINDOW) == 60_000
    assert needed_ms((thrice,), TUNED, WINDOW) >= 25_000 + 3 * 35_000
    slow = dataclasses.replace(TUNED, restart_delay_ms=10_000)
    assert needed_ms((thrice,), slow, WINDOW) - needed_ms((thrice,), TUNED, WINDOW) == 30_000
