"""What was set beside what was measured: each miss is seen, and ends the command with 1."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest

from streambench.experiment.calibration import disturb
from streambench.experiment.calibration.cases import (
    DAMAGE,
    OUTAGE_CASE,
    OUTAGES,
    PRECISION,
    RATE_PER_S,
    RESOLUTION_MS,
    Outage,
)
from streambench.experiment.calibration.compare import (
    FigureCheck,
    all_held,
    damage_lines,
    delay_line,
    invalid_line,
    rate_line,
    slowed_line,
)
from streambench.experiment.calibration.disturb import Spinners, When, slowed
from streambench.experiment.faults import longest_jitter_ms
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import InstrumentFailed
from streambench.model.pace import Pace
from streambench.model.search import RateProbe, SearchRecord
from streambench.model.trial import Completed, Failed, Invalid, Outcome, TrialRecord
from streambench.model.verdict import Damage, RowClass, Verdict
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.speed import GAUGE
from streambench.runtime.waiting import wait_until
from streambench.trial.observer import Phase, Silent, Status
from streambench.workload.parse import load_workload
from tests.report.example import RUN

VARIANT = Variant("reference", "1")
RIGHT = Verdict(992, 992, Damage(), (), True, True, True)


def record(outcome: Outcome | None = None, **changes: Any) -> TrialRecord:
    made = TrialRecord(1, 1, VARIANT, outcome or Completed(RIGHT), "2026-11-28T12:00:00Z", True)
    return replace(made, **changes)


def delayed(delay_ms: float) -> TrialRecord:
    return record(measures={"delay_p50_ms": delay_ms}, measured_windows=30)


@pytest.mark.parametrize(
    ("measured_ms", "held"), [(102.0, True), (98.0, True), (102.1, False), (97.0, False)]
)
def test_a_delay_is_held_within_two_milliseconds(measured_ms: float, held: bool) -> None:
    assert delay_line(100, delayed(measured_ms)).held is held


def test_a_delay_of_a_trial_that_is_not_right_is_not_measured() -> None:
    wrong = Completed(replace(RIGHT, right=False, damage=Damage(lost=1)))
    for outcome, why in ((wrong, "wrong"), (Invalid("too late"), "invalid: too late")):
        line = delay_line(100, replace(delayed(100.0), outcome=outcome))
        assert line.measured is None
        assert not line.held
        assert line.why_not == why


def rows_of(*rows: tuple[int, RowClass]) -> pa.Table:
    return pa.table(
        {
            "window_start_ms": [start for start, _ in rows],
            "row_class": [row_class.value for _, row_class in rows],
        }
    )


FAR_MS = 3_600_000
ROWS = rows_of(
    (0, RowClass.RIGHT),
    (900, RowClass.RIGHT),
    (500, RowClass.UNEXPECTED),
    (-FAR_MS, RowClass.UNEXPECTED),
    (FAR_MS, RowClass.UNEXPECTED),
)
FOUND = Damage(lost=3, duplicates=4, over_counted=5, under_counted=6, unexpected=3)
DONE = {"lose": 2, "double": 4, "raise": 5, "lower": 6, "move": 1, "invent": 2}


def damaged(damage: Damage = FOUND, **done: int) -> TrialRecord:
    words = {DAMAGE[kind]: str(count) for kind, count in (DONE | done).items()}
    verdict = replace(RIGHT, damage=damage, right=False)
    return record(Completed(verdict), readings=words)


def test_damage_is_compared_kind_by_kind() -> None:
    lines = damage_lines(damaged(), ROWS)
    assert [line.wanted for line in lines] == [3, 4, 5, 6, 1, 2, 0]
    assert all_held(lines)


@pytest.mark.parametrize(
    ("field", "missed"),
    [
        ("lost", "missing"),
        ("duplicates", "doubled"),
        ("over_counted", "up"),
        ("under_counted", "down"),
        ("conflicting", "any other"),
        ("early", "any other"),
    ],
)
def test_one_row_that_the_judge_takes_for_another_is_a_miss(field: str, missed: str) -> None:
    lines = damage_lines(damaged(replace(FOUND, **{field: getattr(FOUND, field) + 1})), ROWS)
    assert [line.case for line in lines if not line.held] == [
        line.case for line in lines if missed in line.case
    ]


def test_invented_rows_that_nobody_sees_are_a_miss() -> None:
    lines = damage_lines(damaged(), ROWS.slice(0, 3))
    assert [line.case for line in lines if not line.held] == ["rows invented outside the load"]


def test_damage_that_was_not_done_proves_nothing() -> None:
    lines = damage_lines(damaged(replace(FOUND, duplicates=0), double=0), ROWS)
    assert [line.case for line in lines if not line.held] == ["rows doubled"]
    failed = Failed("drain", "it fell behind")
    assert not any(line.held for line in damage_lines(record(failed), ROWS))


def probe(rate_per_s: int, pace: Pace) -> RateProbe:
    return RateProbe(rate_per_s, 8.0, 80, pace, "", right=True)


def searched(*probes: RateProbe) -> FigureCheck:
    return rate_line(SearchRecord(VARIANT, probes=probes, ended="the precision was reached"))


def test_a_rate_is_held_within_the_precision_and_needs_a_failure_above() -> None:
    within = int(RATE_PER_S * (1 - PRECISION))
    assert searched(probe(within, Pace.KEPT_UP), probe(RATE_PER_S, Pace.FELL_BEHIND)).held
    assert not searched(probe(within - 1, Pace.KEPT_UP), probe(RATE_PER_S, Pace.FELL_BEHIND)).held
    above = int(RATE_PER_S * (1 + PRECISION)) + 1
    assert not searched(probe(above, Pace.KEPT_UP), probe(above + 300, Pace.FELL_BEHIND)).held
    assert not searched(probe(within, Pace.KEPT_UP)).held
    assert not searched(probe(within, Pace.FELL_BEHIND)).held


def test_a_trial_that_must_be_invalid_must_be_so_for_its_own_reason() -> None:
    assert invalid_line("a stalled player", record(Invalid("the load was late")), "late").held
    assert not invalid_line("a stalled player", record(Invalid("memory was short")), "late").held
    assert not invalid_line("a stalled player", record(), "late").held


def made_of(outcome: Outcome) -> Bundle:
    return Bundle(Path(), RUN, (TrialBundle(record(outcome), Path()),))


def bundle_of(*gauges_us: float | None, last: Outcome | None = None) -> Bundle:
    records = [
        record(number=number, measures={GAUGE: gauge_us}, trace_sha256="ab")
        for number, gauge_us in enumerate(gauges_us, start=1)
    ]
    if last is not None:
        records[-1] = replace(records[-1], outcome=last)
    folder = Path("nowhere")
    return Bundle(folder, RUN, tuple(TrialBundle(each, folder) for each in records))


def test_a_slowed_trial_must_be_marked() -> None:
    assert slowed_line(bundle_of(186.0, 385.0)).held
    alike = slowed_line(bundle_of(186.0, 190.0))
    assert not alike.held
    assert "186 µs and 190 µs" in alike.found
    assert not slowed_line(bundle_of(186.0, None)).held
    spoilt = slowed_line(bundle_of(186.0, 385.0, last=Invalid("something else was running")))
    assert not spoilt.held
    assert spoilt.found == "invalid: something else was running"


def test_the_late_time_of_an_outage_is_the_mean_over_partitions() -> None:
    by_words = {outage.words: outage for outage in OUTAGES}
    assert by_words["on all partitions"].late_ms == 3_000
    assert by_words["on one partition"].late_ms == 750
    assert by_words["of 3 s and 1.5 s on two partitions"].late_ms == 1_125
    assert by_words["twice, 1 s between"].late_ms == 6_000
    assert by_words["twice, 1 s between"].stretches == 2
    assert by_words["beginning 8 s after the hit"].back_ms == 11_000


def test_each_outage_is_over_before_the_next_hit() -> None:
    workload = load_workload(OUTAGE_CASE.workload)
    assert workload.query.window.shortest_ms == RESOLUTION_MS
    latest_ms = longest_jitter_ms(workload, Conditions())
    begins_ms = [fault.at_ms for fault in OUTAGE_CASE.faults]
    ends_ms = [*begins_ms[1:], round(OUTAGE_CASE.measured_s * 1000)]

    def over_ms(begin_ms: int, outage: Outage) -> int:
        return begin_ms + latest_ms + outage.back_ms

    for begin_ms, outage, end_ms in zip(begins_ms, OUTAGES, ends_ms, strict=True):
        assert end_ms - over_ms(begin_ms, outage) >= 10 * RESOLUTION_MS


def test_an_act_comes_once_with_the_first_word_of_its_phase() -> None:
    acts: list[int] = []
    when = When(Silent(), Phase.MEASURED, lambda: acts.append(1))
    for phase in (Phase.WARM_UP, Phase.MEASURED, Phase.MEASURED):
        when.status(Status(phase))
    assert acts == [1]


def test_without_a_player_nothing_can_be_stalled() -> None:
    with pytest.raises(InstrumentFailed, match="no load generator"):
        disturb.stall_player()


def test_spinners_spin_in_sessions_of_their_own_and_leave_nothing() -> None:
    before = set(psutil.Process().children())
    with Spinners() as spinners:
        spinners.begin()
        spinning = set(psutil.Process().children()) - before
        assert len(spinning) == os.cpu_count()
        assert all(os.getsid(each.pid) == each.pid for each in spinning)
        wait_until(
            lambda: all(sum(each.cpu_times()[:2]) > 0.05 for each in spinning),
            what="the spinners to spin",
            timeout_s=60,
        )
    assert set(psutil.Process().children()) == before


def test_a_slowed_machine_is_as_before_afterwards() -> None:
    before = dict(os.environ)
    with slowed():
        assert os.environ["PYTHONTRACEMALLOC"] == "1"
    assert dict(os.environ) == before
