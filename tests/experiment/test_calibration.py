"""What was set beside what was measured: each miss is seen, and ends the command with 1."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from streambench.cli import calibrating
from streambench.cli.main import app
from streambench.experiment.calibration import disturb
from streambench.experiment.calibration.cases import (
    DAMAGE,
    DELAY_CASES,
    FOREIGN_CASE,
    OUTAGE_CASE,
    OUTAGES,
    PRECISION,
    RATE_PER_S,
    RESOLUTION_MS,
    SLOWED_CASE,
    STALLED_CASE,
    Case,
    Outage,
)
from streambench.experiment.calibration.compare import (
    FigureCheck,
    Line,
    OutcomeCheck,
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
from streambench.model.errors import ExitCode, InstrumentFailed
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
    assert workload.query.window.size_ms == RESOLUTION_MS
    latest_ms = longest_jitter_ms(workload, Conditions())
    begins_ms = [fault.at_ms for fault in OUTAGE_CASE.faults]
    ends_ms = [*begins_ms[1:], round(OUTAGE_CASE.measured_s * 1000)]

    def over_ms(begin_ms: int, outage: Outage) -> int:
        return begin_ms + latest_ms + outage.back_ms

    for begin_ms, outage, end_ms in zip(begins_ms, OUTAGES, ends_ms, strict=True):
        assert end_ms - over_ms(begin_ms, outage) >= 10 * RESOLUTION_MS


def called_with(monkeypatch: pytest.MonkeyPatch, lines: Sequence[Line], *arguments: str) -> Any:
    monkeypatch.setattr(calibrating, "calibrate_all", lambda out, rendered: tuple(lines))
    return CliRunner().invoke(app, ["calibrate", *arguments])


@pytest.mark.parametrize(
    ("case", "outcomes", "runs"),
    [
        (DELAY_CASES[1].case, [Completed(RIGHT)], 1),
        (DELAY_CASES[1].case, [Invalid("something else"), Completed(RIGHT)], 2),
        (DELAY_CASES[1].case, [Invalid("something else"), Invalid("again")], 2),
        (DELAY_CASES[1].case, [Completed(replace(RIGHT, right=False))], 1),
        (DELAY_CASES[1].case, [Failed("start", "it ended")], 1),
        (STALLED_CASE, [Invalid("the load came late")], 1),
        (FOREIGN_CASE, [Completed(RIGHT)], 1),
        (SLOWED_CASE, [Invalid("the load came late"), Completed(RIGHT)], 2),
    ],
)
def test_what_the_machine_spoilt_is_run_once_more_and_nothing_else(
    case: Case, outcomes: list[Outcome], runs: int
) -> None:
    left = list(outcomes)
    bundle = calibrating.unspoilt(case, lambda: made_of(left.pop(0)))
    assert len(left) == len(outcomes) - runs
    assert bundle.trials[0].record.outcome is outcomes[runs - 1]


HELD = FigureCheck("result delay", "ms", 100.0, 101.0, 2.0)
MISSED = FigureCheck("late time, outage on one partition", "ms", 750.0, 1_020.0, 100.0)
UNKNOWN = FigureCheck("rows doubled", "rows", 8.0, None, 0.0, "failed: it fell behind")
WRONG_OUTCOME = OutcomeCheck("a stalled player", "invalid", "right", False)


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STREAMBENCH_STATE", str(tmp_path / "state"))


def test_all_held_is_0_and_one_miss_is_1(monkeypatch: pytest.MonkeyPatch) -> None:
    assert called_with(monkeypatch, [HELD, HELD]).exit_code == ExitCode.OK
    for missed in (MISSED, UNKNOWN, WRONG_OUTCOME):
        assert called_with(monkeypatch, [HELD, missed]).exit_code == ExitCode.FAILED
    assert called_with(monkeypatch, []).exit_code == ExitCode.FAILED


def test_the_table_fits_80_columns_and_says_what_was_missed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = called_with(monkeypatch, [HELD, MISSED, UNKNOWN, WRONG_OUTCOME]).stdout
    assert max(map(len, said.splitlines())) <= 80
    assert "+270" in said
    assert "1 of 4 were found" in said
    assert "it fell behind" in said
    assert "a stalled player: right" in said


def test_json_says_the_same_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    found = called_with(monkeypatch, [HELD, UNKNOWN, WRONG_OUTCOME], "--json")
    data = json.loads(found.stdout)
    assert data["held"] is False
    assert [line["held"] for line in data["lines"]] == [True, False, False]
    assert data["lines"][0]["error"] == 1.0
    assert data["lines"][1]["measured"] is None
    assert data["lines"][1]["why_missed"] == "failed: it fell behind"
    assert data["lines"][2]["found"] == "right"


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
