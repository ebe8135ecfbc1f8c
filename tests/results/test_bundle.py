from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.fault import FaultKind, Hit, Recovery
from streambench.model.plan import Program, Whose
from streambench.model.trial import (
    Certificate,
    Completed,
    Failed,
    Invalid,
    NotRun,
    Outcome,
    Purpose,
    TrialRecord,
)
from streambench.model.verdict import Damage, Example, RowClass, Verdict
from streambench.results import bundle as bundle_module
from streambench.results.bundle import BundleWriter, LoneTrials, read, read_bundle
from streambench.results.gaps import Gap, gap_words
from streambench.results.schema import SCHEMA, LateModel, LatePrediction, RunRecord, trial_from_data

RUN = RunRecord(
    schema=SCHEMA,
    title="Clicks",
    workload="clicks",
    workload_text="",
    command="streambench run",
    started_at="2026-11-20T14:03:05+00:00",
    conditions=Conditions(workers=3),
    environment={"system": "Linux"},
    versions={"kafka": "4.3.1"},
    trace_sha256="00",
    trace_records=10,
    seed=1,
    rate_per_s=100,
    warm_up_s=1,
    measured_s=2.5,
    quick=False,
    repeats=1,
    planned=("flink", "spark"),
    late_model=LateModel(
        "CC0",
        "July",
        "the year",
        600.5,
        4,
        0,
        None,
        (LatePrediction("flink", "min", 0, 9, None, 1, 2),),
    ),
)
ONE = replace(RUN, planned=("flink",))
HELD = Certificate(True, None, 1, 2, 3, 4, 5, 6, 100, 0, 0.1)
RECOVERY = Recovery(
    hit=Hit(FaultKind.WORKER_KILL, "worker-1", (1,), 5.0, 5),
    band_ms=50.0,
    disturbed=False,
    detected_ms=None,
    back_ms=None,
    outage_begin_ms=None,
    timely_ms=None,
    caught_up_ms=None,
    worst_delay_ms=None,
    observed_ms=9_000.0,
    catch_up_per_s=None,
    partitions=(),
    damage=Damage(),
)
VERDICT = Verdict(
    10, 9, Damage(lost=1), (Example(RowClass.LOST, "k", 0, "n=1", None),), False, True, True
)
OUTCOMES: tuple[Outcome, ...] = (
    Completed(VERDICT),
    Invalid("the clock stepped"),
    Failed("load", "died", "look", "tail"),
    Failed("load", "died"),
    NotRun(Whose.UPSTREAM, "no transactions"),
)


def trial(number: int = 1, outcome: Outcome = OUTCOMES[0], engine: str = "flink") -> TrialRecord:
    return TrialRecord(number, 1, Variant(engine, "2.2.1", (("a", "b"),)), outcome, "now", False)


@pytest.mark.parametrize("outcome", OUTCOMES, ids=lambda outcome: outcome.kind)
def test_a_trial_is_read_as_it_was_written(tmp_path: Path, outcome: Outcome) -> None:
    record = replace(trial(outcome=outcome), measures={"delay_p50_ms": 1.5, "delay_p99_ms": None})
    writer = BundleWriter.create(tmp_path, RUN)
    writer.add_trial(record, {})
    assert read_bundle(writer.finish()).trials[0].record == record


def test_a_run_is_read_as_it_was_written(tmp_path: Path) -> None:
    folder = BundleWriter.create(tmp_path, RUN).finish()
    assert read_bundle(folder).run == replace(RUN, partial=False)


def test_an_outcome_is_known_by_its_kind_and_not_by_its_fields() -> None:
    data = {
        "number": 1,
        "round": 1,
        "variant": {"engine": "flink", "version": "1", "settings": []},
        "outcome": {"kind": "invalid", "reason": "r", "stage": "load", "log_tail": "x"},
        "started_at": "now",
        "cold": False,
    }
    assert trial_from_data(data).outcome == Invalid("r")
    with pytest.raises(ValueError, match="unknown kind 'odd'"):
        trial_from_data({**data, "outcome": {"kind": "odd"}})


def test_the_folder_is_named_by_time_and_workload_and_never_reused(tmp_path: Path) -> None:
    first, second = (BundleWriter.create(tmp_path, RUN).finish() for _ in range(2))
    assert first.name == "2026-11-20T140305-clicks"
    assert second.name == "2026-11-20T140305-clicks-2"
    form = BundleWriter.create(tmp_path, replace(RUN, workload="clicks:slow")).finish()
    assert form.name == "2026-11-20T140305-clicks.slow"


def test_an_interrupted_run_says_that_it_is_partial_and_keeps_finished_trials(
    tmp_path: Path,
) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    writer.add_trial(trial(), {"windows": pa.table({"purpose": [Purpose.MEASURED.value]})})
    bundle = read_bundle(writer.folder)
    assert bundle.run.partial
    assert len(bundle.trials) == 1
    assert bundle.labels == ("flink", "spark", "flink+a=b")


def test_a_trial_that_could_not_be_written_whole_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = BundleWriter.create(tmp_path, RUN)

    def full_disk(_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_module, "trial_to_json", full_disk)
    with pytest.raises(OSError, match="No space"):
        writer.add_trial(trial(), {"windows": pa.table({"a": [1]})})
    assert read_bundle(writer.folder).trials == ()
    assert list((writer.folder / "trials").iterdir()) == []


def test_tables_are_read_back_and_absent_ones_are_none(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    table = pa.table({"t_s": [0, 1], "offered": [5, None]})
    writer.add_trial(trial(), {"series": table})
    (read,) = read_bundle(writer.finish()).trials
    assert read.table("series") == table
    assert read.table("rows") is None


def test_logs_and_programs_are_kept_and_scrubbed_of_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/jane")
    monkeypatch.setenv("LOGNAME", "jane")
    logs = tmp_path / "logs"
    (logs / "worker").mkdir(parents=True)
    (logs / "worker" / "out.log").write_bytes(b"at /home/jane/x by jane \xff\n")
    program = Program("query.sql", "sql", "-- /home/jane/q\n")
    escaping = Program("../../outside.py", "python", "pass\n")
    record = replace(
        trial(outcome=Failed("load", "jane's /home/jane/y")), programs=(program, escaping)
    )
    writer = BundleWriter.create(tmp_path / "results", replace(RUN, command="/home/jane/run"))
    folder = writer.add_trial(record, {}, logs)
    bundle = read_bundle(writer.finish())
    assert (folder / "logs/worker/out.log").read_text().startswith("at ~/x by user ")
    assert (folder / "programs/query.sql").read_text() == "-- ~/q\n"
    assert (folder / "programs/outside.py").read_text() == "pass\n"
    assert bundle.run.command == "~/run"
    for file in writer.folder.rglob("*"):
        assert not file.is_file() or b"jane" not in file.read_bytes()


def test_a_user_called_like_a_key_of_ours_does_not_break_the_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGNAME", "schema")
    assert read_bundle(BundleWriter.create(tmp_path, RUN).finish()).run.schema == SCHEMA


def test_no_temporary_file_is_left(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    writer.add_trial(trial(), {"rows": pa.table({"a": [1]})})
    names = [file.name for file in writer.finish().rglob("*")]
    assert not [name for name in names if name.startswith(".")]
    assert "trial.json" in names


def test_trials_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    for number in (100, 2, 30):
        writer.add_trial(trial(number), {})
    numbers = [read.record.number for read in read_bundle(writer.finish()).trials]
    assert numbers == [2, 30, 100]


def test_a_newer_schema_is_refused_with_a_hint(tmp_path: Path) -> None:
    folder = BundleWriter.create(tmp_path, RUN).finish()
    data = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**data, "schema": SCHEMA + 1}))
    with pytest.raises(UsageError, match=f"schema {SCHEMA + 1}") as caught:
        read_bundle(folder)
    assert caught.value.hint


@pytest.mark.parametrize("text", [None, "{", "[]", "{}", '{"schema": 1}', '{"schema": "x"}'])
def test_what_is_no_bundle_is_a_usage_error_with_a_hint(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises(UsageError) as caught:
        read_bundle(tmp_path)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["", "{", '{"number": 1}', "[]", "\xff"])
def test_a_damaged_trial_is_left_out_and_named(tmp_path: Path, text: str) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    folder = writer.add_trial(trial(), {})
    writer.add_trial(trial(2, engine="spark"), {})
    (folder / "trial.json").write_text(text, encoding="latin-1")
    bundle = read_bundle(writer.finish())
    assert [each.record.number for each in bundle.trials] == [2]
    assert bundle.gaps == (Gap(folder.name, "trial.json", there=True),)


def test_a_trial_without_its_record_is_named(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, ONE)
    folder = writer.add_trial(trial(), {})
    (folder / "trial.json").unlink()
    bundle = read_bundle(writer.finish())
    assert bundle.trials == ()
    assert bundle.gaps == (Gap(folder.name, "trial.json"),)


def test_a_trial_that_was_not_judged_has_no_tables_to_lack(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, ONE)
    writer.add_trial(trial(outcome=Failed("load", "died")), {})
    assert read_bundle(writer.finish()).gaps == ()


def test_tables_of_a_judged_trial_that_are_missing_or_cut_off_are_named(tmp_path: Path) -> None:
    table = pa.table({"a": list(range(1_000))})
    writer = BundleWriter.create(tmp_path, ONE)
    folder = writer.add_trial(
        replace(trial(), certificate=HELD), dict.fromkeys(("rows", "load", "usage", "series"), table)
    )
    for name, kept in (("rows", 0), ("load", 7), ("series", 500)):
        path = folder / f"{name}.parquet"
        path.write_bytes(path.read_bytes()[:kept])
    bundle = read_bundle(writer.finish())
    assert bundle.gaps == (
        Gap(folder.name, "load.parquet", there=True),
        Gap(folder.name, "rows.parquet", there=True),
        Gap(folder.name, "series.parquet", there=True),
        Gap(folder.name, "windows.parquet"),
    )
    (read_trial,) = bundle.trials
    assert [read_trial.table(name) for name in ("rows", "load", "series", "windows")] == [None] * 4
    assert read_trial.table("usage") == table


def test_a_table_that_is_damaged_inside_is_not_read(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    numbers = pa.table({"a": list(range(10_000))})
    folder = writer.add_trial(replace(trial(), certificate=HELD), {"windows": numbers})
    path = folder / "windows.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[:4] + bytes(5_000) + whole[5_004:])
    bundle = read_bundle(writer.finish())
    assert Gap(folder.name, "windows.parquet", there=True) in bundle.gaps
    assert bundle.trials[0].table("windows") is None


@pytest.mark.parametrize(("method", "gaps"), [(1, ()), (2, ("partitions.parquet",))])
def test_only_a_later_method_keeps_partitions(
    tmp_path: Path, method: int, gaps: tuple[str, ...]
) -> None:
    table = pa.table({"a": [1]})
    writer = BundleWriter.create(tmp_path, replace(ONE, method=method))
    writer.add_trial(
        replace(trial(), certificate=HELD, recoveries=(RECOVERY,)),
        dict.fromkeys(("rows", "load", "usage", "series", "windows"), table),
    )
    assert tuple(gap.file for gap in read_bundle(writer.finish()).gaps) == gaps


@pytest.mark.parametrize("text", [None, '{"schema": 1, "tit', '{"schema": 1}'])
def test_without_its_run_the_trials_are_still_read(tmp_path: Path, text: str | None) -> None:
    writer = BundleWriter.create(tmp_path, RUN)
    writer.add_trial(trial(), {})
    folder = writer.finish()
    (folder / "run.json").unlink()
    if text is not None:
        (folder / "run.json").write_text(text)
    left = read(folder)
    assert isinstance(left, LoneTrials)
    assert [each.record.number for each in left.trials] == [1]
    assert "run.json" in left.why
    with pytest.raises(UsageError, match=r"run\.json") as caught:
        read_bundle(folder)
    assert caught.value.hint == f"see them: streambench report {folder}"


def test_whole_trials_that_are_missing_are_named(tmp_path: Path) -> None:
    writer = BundleWriter.create(tmp_path, replace(RUN, repeats=2))
    for number in (1, 3):
        writer.add_trial(trial(number), {})
    # Of a run that was interrupted only the gap is known.
    assert gap_words(read_bundle(writer.folder).gaps) == ("trial 2 is missing",)
    whole = read_bundle(writer.finish())
    assert gap_words(whole.gaps) == ("trial 2 and trial 4 are missing",)
    assert whole.lost("spark")


def test_what_is_alike_in_several_folders_is_said_once() -> None:
    gaps = [
        *(Gap(folder, file) for folder in ("01-a", "02-b") for file in ("load.p", "rows.p")),
        Gap("02-b", "trial.json", there=True),
        Gap("02-b", "x.p"),
    ]
    assert gap_words(gaps) == (
        "load.p and rows.p are missing in 2 trials",
        "trial.json cannot be read in 02-b",
        "x.p is missing in 02-b",
    )


def test_a_variant_of_a_bundle_that_counted_its_settings_is_one_contender(tmp_path: Path) -> None:
    old = replace(RUN, planned=("flink+1", "spark"), titles={"flink+1": "Apache Flink"})
    assert old.late_model is not None
    predictions = (replace(old.late_model.predictions[0], label="flink+1"),)
    old = replace(old, late_model=replace(old.late_model, predictions=predictions))
    writer = BundleWriter.create(tmp_path, old)
    writer.add_trial(trial(), {})
    read = read_bundle(writer.finish())
    assert read.labels == ("flink+a=b", "spark")
    assert read.run.titles == {"flink+a=b": "Apache Flink"}
    assert read.run.late_model is not None
    assert read.run.late_model.predictions[0].label == "flink+a=b"
    assert [t.record.variant.label for t in read.of("flink+a=b")] == ["flink+a=b"]
