"""Every engine, for real: right, and every kind of damage to its real output is found and named."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pytest

from streambench.model.conditions import Guarantee
from streambench.model.errors import ExitCode
from streambench.model.trial import Completed, Invalid, NotRun
from streambench.model.verdict import Damage, RowClass
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.judged_again import JudgedAgain, judge_again
from tests.end_to_end.bench import Retrial, again, run
from tests.oracle.damage import FOUND_AS, Kind, damage, moved

pytestmark = [pytest.mark.engine, pytest.mark.drawn]

ENGINES = (
    *("flink", "spark", "kafka-streams", "kafka-streams:flat-json"),
    *("kafka-python", "reference"),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """One run of all; on a busy machine a load may have come late, which no engine can help."""
    code, found = run(tmp_path_factory.mktemp("results"), *ENGINES)
    assert tuple(trial.record.variant.asked for trial in found.trials) == ENGINES
    for trial in found.trials:
        match trial.record.outcome:
            case Completed(verdict=verdict):
                assert verdict.right
            case Invalid(reason=reason):
                assert trial.record.certificate is not None, reason
                assert not trial.record.certificate.held
            case other:
                pytest.fail(f"{trial.record.variant.asked}: {other}")
    valid = any(isinstance(trial.record.outcome, Completed) for trial in found.trials)
    assert code is (ExitCode.OK if valid else ExitCode.INVALID)
    return found


@pytest.fixture(scope="module", params=ENGINES)
def trial(request: pytest.FixtureRequest, bundle: Bundle) -> TrialBundle:
    return bundle.trials[ENGINES.index(request.param)]


@pytest.fixture(scope="module")
def retrial(trial: TrialBundle) -> Retrial:
    return again(trial)


def test_every_expected_row_came_and_nothing_else(retrial: Retrial) -> None:
    verdict = retrial.judge(retrial.rows).verdict
    assert verdict.right
    assert verdict.exact
    assert verdict.expected_rows > 1_000
    assert verdict.right_rows == verdict.expected_rows
    assert verdict.damage == Damage()


def test_a_row_that_nobody_asked_for_is_unexpected_whatever_its_window(retrial: Retrial) -> None:
    # The probe's rows and the closer's are told apart by their own key and window.
    assert len(retrial.exempt) == 2 * 4
    for at_ms in (-3_600_000, 3_600_000):
        strange = moved(retrial.rows.slice(0, 1), "window_start_ms", at_ms)
        verdict = retrial.judge(pa.concat_tables([retrial.rows, strange])).verdict
        assert verdict.damage == Damage(unexpected=1, windows=1)


def test_the_bundle_holds_the_evidence(bundle: Bundle, trial: TrialBundle) -> None:
    assert not bundle.run.partial
    for name in ("rows", "windows", "series", "load", "usage"):
        table = trial.table(name)
        assert table is not None
        assert table.num_rows > 0
    for name in ("report.html", "report.md"):
        assert (bundle.folder / name).stat().st_size > 0
    assert trial.record.programs
    assert trial.record.certificate is not None
    assert any(bundle.folder.glob("jobs/*/logs/*"))


@pytest.fixture(scope="module")
def judged_again(bundle: Bundle) -> Mapping[int, JudgedAgain]:
    """Each trial's verdict from the bundle's own files."""
    return {load.record.number: load for load in judge_again(bundle)}


def test_it_is_judged_again_from_its_own_files_as_it_was(
    judged_again: Mapping[int, JudgedAgain], trial: TrialBundle
) -> None:
    assert len(judged_again) == len(ENGINES)
    load = judged_again[trial.record.number]
    assert load.found is not None
    assert load.found.expected_rows > 1_000
    assert load.differences == ()


def test_what_took_how_long_is_in_it(trial: TrialBundle) -> None:
    phases = [time.phase for time in trial.record.timeline]
    assert phases[0] == "load is compiled"
    assert {"launch", "ready", "measured", "last rows", "stop", "judge"} <= set(phases)
    assert all(time.took_s >= 0 for time in trial.record.timeline)


def test_no_row_came_before_it_could(trial: TrialBundle) -> None:
    windows = trial.table("windows")
    assert windows is not None
    first = [value for value in windows.column("first_row_ms").to_pylist() if value is not None]
    assert first
    assert min(first) >= -1


def test_the_cost_of_the_engine_was_measured(trial: TrialBundle) -> None:
    roles = {usage.role: usage for usage in trial.record.usage}
    assert {"worker", "broker", "player", "reader", "tool"} <= set(roles)
    assert roles["worker"].cpu_s > 0
    assert roles["player"].cpu_s > 0
    assert roles["broker"].cpu_s > 0
    assert roles["worker"].memory_peak_bytes > 0


@pytest.mark.parametrize("kind", Kind)
def test_damage_to_real_output_is_found_and_rightly_named(retrial: Retrial, kind: Kind) -> None:
    assert retrial.judge(retrial.rows).verdict.right
    # A row whose key has none in the next window: there it can be moved to, and still be judged.
    advance_ms = retrial.query.window.advance_ms
    keys = retrial.rows.column("key").to_pylist()
    starts = retrial.rows.column("window_start_ms").to_pylist()
    taken = set(zip(keys, starts, strict=True))
    due_ms = retrial.expected.table.column("window_start_ms").to_numpy() + retrial.event_offset_ms
    first_ms, last_ms = int(due_ms.min()), int(due_ms.max())
    inside = [
        at
        for at, (key, start, count) in enumerate(
            zip(keys, starts, retrial.rows.column("value:views").to_pylist(), strict=True)
        )
        if first_ms < start < last_ms - advance_ms
        and (key, start + advance_ms) not in taken
        and count > 2
    ]
    hit = damage(
        retrial.rows,
        kind,
        retrial.query.aggregates,
        row=inside[len(inside) // 2],
        advance_ms=advance_ms,
    )
    verdict = retrial.judge(hit.rows).verdict
    if kind is Kind.DOUBLED:
        assert verdict.damage == Damage(duplicates=1, windows=1)
        assert verdict.right  # the price of at-least-once, shown and not punished
        return
    assert not verdict.right
    if kind is Kind.EARLY:
        assert verdict.damage == Damage(early=1, windows=1)
        return
    wanted = FOUND_AS[kind]
    found = [example for example in verdict.examples if example.row_class is wanted]
    assert len(found) == 1
    if kind not in (Kind.MOVED, Kind.EXTRA_KEY):
        assert (found[0].key, found[0].window_start_ms) == (hit.key, hit.window_start_ms)
    assert verdict.damage.corrected_later == (1 if kind is Kind.RIGHT_AT_SECOND else 0)
    assert _total(verdict.damage) == (2 if kind is Kind.MOVED else 1)
    if kind is Kind.MOVED:
        assert verdict.damage.lost == 1
        assert RowClass.LOST in {example.row_class for example in verdict.examples}


def _total(found: Damage) -> int:
    counts = dataclasses.asdict(found)
    return sum(
        value for name, value in counts.items() if name not in ("windows", "corrected_later")
    )


def test_spark_under_exactly_once_is_unsupported_not_silently_weaker(tmp_path: Path) -> None:
    code, found = run(tmp_path, "spark", guarantee=Guarantee.EXACTLY_ONCE)
    assert code is ExitCode.OK
    (trial,) = found.trials
    assert isinstance(trial.record.outcome, NotRun)
    assert "at-least-once" in trial.record.outcome.reason
