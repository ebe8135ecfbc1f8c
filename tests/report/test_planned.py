"""What a report says of plans, warnings and loads is true of every kind of run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from streambench.model.conditions import Variant
from streambench.model.drain import Drain, DrainRecord
from streambench.model.pace import Pace
from streambench.model.plan import Origin, Program, Setting
from streambench.model.search import RateProbe, SearchRecord, SearchTerms
from streambench.model.sweep import Axis, AxisName
from streambench.model.trial import Completed, LeftOut, TrialRecord
from streambench.report import markdown
from streambench.report.compose import compose
from streambench.results.bundle import Bundle, BundleWriter, read_bundle
from streambench.results.schema import PlanRecord, RunRecord
from tests.report.example import HELD, RIGHT, RUN, measures, trial

PLAN = PlanRecord(
    (Setting("spark", "trigger", "0 s", Origin.ENGINE_DEFAULT),),
    (Program("query.py", "python", "print(1)"),),
    ("Spark commits with each batch.",),
)
SAME_BYTES = "the same bytes for every engine"


def told(folder: Path, run: RunRecord, *records: TrialRecord) -> str:
    writer = BundleWriter.create(folder, run)
    for record in records:
        writer.add_trial(record, {})
    bundle: Bundle = read_bundle(writer.finish())
    return markdown.render_document(compose(bundle))


def of_drains(**changes: object) -> RunRecord:
    drain = Drain(True, 1_000_000, 5.0, 0.5, 260_000.0, 12.0, True)
    records = (DrainRecord(Variant("spark", "4.2.0"), 0, (drain,)),)
    run = replace(RUN, planned=("spark",), warnings=(), drain_records=1_000_000, drains=records)
    return replace(run, **changes)  # type: ignore[arg-type]


def of_search(**changes: object) -> RunRecord:
    probe = RateProbe(20_000, 12, 24, Pace.KEPT_UP, "why", True, None, 1.2, 0.3)
    record = SearchRecord(
        Variant("flink", "2.2.1"),
        drain_per_s=1_245_000.0,
        drain_records=4_000_000,
        drain_records_per_window=612_345.6,
        probes=(probe,),
    )
    run = replace(
        RUN,
        planned=("flink", "spark"),
        search=SearchTerms(None, 0.05, 60.0),
        searches=(record,),
    )
    return replace(run, **changes)  # type: ignore[arg-type]


def at_rate(number: int, label: str, rate: float, sha: str, *warnings: str) -> TrialRecord:
    return trial(
        number,
        label,
        Completed(RIGHT),
        certificate=HELD,
        measured_windows=100,
        measures=measures(30, 95, 140),
        point=((AxisName.RATE, rate),),
        trace_sha256=sha,
        warnings=warnings,
        settings=PLAN.settings,
    )


def test_a_drain_tells_what_its_plan_warned_of_its_settings_and_its_programs(
    tmp_path: Path,
) -> None:
    text = told(tmp_path, of_drains(plans={"spark": PLAN}))
    assert "Spark commits with each batch." in text
    assert "Nothing was found" not in text
    assert "query.py" in text
    assert "trigger" in text


def test_of_a_drain_whose_plan_was_not_recorded_nothing_is_claimed(tmp_path: Path) -> None:
    text = told(tmp_path, of_drains())
    assert "Nothing was found" not in text
    assert "This run did not record it for Spark Structured Streaming." in text


def test_nothing_was_found_is_said_where_the_plan_is_known_and_warned_of_nothing(
    tmp_path: Path,
) -> None:
    text = told(tmp_path, of_drains(plans={"spark": replace(PLAN, warnings=())}))
    assert "Nothing was found." in text


def test_a_drain_did_send_a_load(tmp_path: Path) -> None:
    text = told(tmp_path, of_drains())
    assert "No trial sent a load" not in text
    assert "none is due at an instant" in text


def test_a_drain_says_how_full_its_windows_were(tmp_path: Path) -> None:
    text = told(tmp_path, of_drains(drain_records_per_window=10_000.0))
    assert "records in a window, on average" in text
    assert "10,000.0" in text


def test_a_search_shows_no_sha_of_a_load_that_was_never_played(tmp_path: Path) -> None:
    run = of_search()
    text = told(tmp_path, run)
    assert run.trace_sha256 not in text
    assert SAME_BYTES not in text
    assert "612,000 records a window" in text


def test_a_confirming_trials_own_load_is_named(tmp_path: Path) -> None:
    text = told(tmp_path, of_search(), at_rate(1, "flink", 20_000, "cd" * 32))
    assert "cd" * 32 in text


def test_every_point_of_a_sweep_names_its_load(tmp_path: Path) -> None:
    axis = Axis(AxisName.RATE, (20_000.0, 40_000.0))
    run = replace(RUN, planned=("flink", "spark"), axes=(axis,))
    alike = (
        at_rate(1, "flink", 20_000, "aa" * 32),
        at_rate(2, "spark", 20_000, "aa" * 32),
        at_rate(3, "flink", 40_000, "bb" * 32),
    )
    text = told(tmp_path / "alike", run, *alike)
    assert "aa" * 32 in text
    assert "bb" * 32 in text
    assert "the same bytes for every engine tried at it" in text
    other = at_rate(4, "spark", 40_000, "cc" * 32)
    assert "the same bytes" not in told(tmp_path / "other", run, *alike, other)


def test_one_load_is_the_same_bytes_only_where_the_trials_say_so(tmp_path: Path) -> None:
    run = replace(RUN, planned=("flink", "spark"))
    same = [
        trial(n, label, Completed(RIGHT), certificate=HELD, trace_sha256=run.trace_sha256)
        for n, label in ((1, "flink"), (2, "spark"))
    ]
    assert SAME_BYTES in told(tmp_path / "same", run, *same)
    strange = replace(same[1], trace_sha256="dd" * 32)
    text = told(tmp_path / "strange", run, same[0], strange)
    assert SAME_BYTES not in text
    assert "dd" * 32 in text


def test_a_warning_of_a_sweep_names_its_trial_and_rate(tmp_path: Path) -> None:
    axis = Axis(AxisName.RATE, (20_000.0, 40_000.0, 80_000.0))
    run = replace(RUN, planned=("flink",), axes=(axis,), warnings=())
    records = (
        at_rate(1, "flink", 20_000, "aa" * 32, "true of all"),
        at_rate(2, "flink", 40_000, "bb" * 32, "true of all", "12 checkpoints failed"),
        replace(
            at_rate(3, "flink", 80_000, "cc" * 32), outcome=LeftOut("it fell behind"), settings=()
        ),
    )
    text = told(tmp_path, run, *records)
    assert "Flink SQL, trial 2 (rate 40,000): 12 checkpoints failed" in text
    assert "Flink SQL: true of all" in text
