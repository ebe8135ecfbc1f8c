"""A history from bundles: which runs are in it, what changed between them, and what is said of too few."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from streambench.analysis.history.changes import ChangeKind
from streambench.analysis.history.shifts import RUNS_AT_LEAST
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Setting
from streambench.model.trial import Completed
from streambench.model.verdict import Damage, Verdict
from tests.analysis.compare.bundles import bundle_of
from tests.report.example import RUN

from .runs import figure, history, night, nightly

STEADY = [80.0] * 12
STEP = [80.0] * 6 + [104.0] * 6
XEON = {**RUN.environment, "processor": "Xeon A", "Java build": "17.0.15"}


def test_a_step_is_found_with_what_changed_at_it(tmp_path: Path) -> None:
    nightly(
        tmp_path,
        {"flink": STEP, "spark": STEADY},
        changed={0: {"environment": XEON}, 6: {"environment": {**XEON, "Java build": "17.0.16"}}},
    )
    found = history(tmp_path)
    assert [bundle.run.started_at for bundle in found.runs] == [night(at) for at in range(12)]
    (shift,) = figure(found, "delay_p99_ms").shifts
    assert (shift.at, shift.since, shift.worse) == (6, 5, True)
    assert shift.factor == pytest.approx(1.3, abs=0.1)
    (beside,) = shift.beside
    assert (beside.kind, beside.before, beside.after) == (ChangeKind.JVM, "17.0.15", "17.0.16")
    assert figure(found, "delay_p99_ms", "spark").shifts == ()
    quiet = figure(found, "delay_p99_ms", "spark").seen_factor
    assert quiet is not None
    assert 1 < quiet < 1.5


def test_a_change_of_all_contenders_alike_points_to_the_machine(tmp_path: Path) -> None:
    nightly(tmp_path / "all", {"flink": STEP, "spark": STEP})
    found = history(tmp_path / "all")
    assert len(found.common) == 1
    assert abs(found.common[0] - 6) <= 1
    nightly(tmp_path / "one", {"flink": STEP, "spark": STEADY})
    assert history(tmp_path / "one").common == ()
    nightly(tmp_path / "alone", {"flink": STEP})
    assert history(tmp_path / "alone").common == ()
    nightly(tmp_path / "apart", {"flink": STEP, "spark": STEP[::-1]})
    assert history(tmp_path / "apart").common == ()


def test_a_value_is_the_geometric_mean_over_the_trials_of_a_run(tmp_path: Path) -> None:
    """More trials do not make more runs."""
    bundle_of(tmp_path, {"flink": [50.0, 80.0, 128.0]})
    (value,) = figure(history(tmp_path), "delay_p99_ms").series.values
    assert value.value is not None
    assert value.value.value == pytest.approx(80)
    assert value.trials == 3
    nightly(tmp_path / "few", {"flink": STEP[4:8]}, trials=12)
    assert figure(history(tmp_path / "few"), "delay_p99_ms").too_few


def test_too_few_runs_tell_nothing(tmp_path: Path) -> None:
    nightly(tmp_path, {"flink": [80.0] * 3 + [240.0] * (RUNS_AT_LEAST - 4)})
    found = figure(history(tmp_path), "delay_p99_ms")
    assert found.too_few
    assert (found.shifts, found.seen_factor) == ((), None)
    nightly(tmp_path, {"flink": [240.0]}, changed={0: {"started_at": night(90)}})
    assert not figure(history(tmp_path), "delay_p99_ms").too_few


@pytest.mark.parametrize(
    ("changed", "what"),
    [
        ({"workload": "other"}, "workload"),
        ({"rate_per_s": 40_000}, "rate"),
        ({"trace_sha256": "ef" * 32}, "bytes (SHA-256)"),
        ({"faults": ("worker-kill@25s",)}, "faults"),
        ({"conditions": Conditions(guarantee=Guarantee.EXACTLY_ONCE)}, "guarantee"),
        ({"workload_text": "[query]\nwindow = 1"}, "query.window"),
        ({"quick": True}, "kind of run"),
        ({"drain_records": 1_000}, "kind of run"),
    ],
)
def test_runs_on_other_terms_are_not_mixed_in(
    tmp_path: Path, changed: dict[str, object], what: str
) -> None:
    nightly(tmp_path, {"flink": STEADY[:3]})
    (other,) = nightly(
        tmp_path, {"flink": STEADY[:1]}, changed={0: {"started_at": night(1), **changed}}
    )
    found = history(tmp_path)
    assert len(found.runs) == 3
    (left_out,) = found.others
    assert [bundle.folder for bundle in left_out.runs] == [other.folder]
    (apart,) = [each for each in left_out.apart if each.what == what]
    assert apart.first != apart.second
    chosen = history(tmp_path, other.folder)
    assert [bundle.folder for bundle in chosen.runs] == [other.folder]
    assert len(chosen.others[0].runs) == 3


def test_other_bytes_of_a_workload_with_another_comment_are_not_mixed_in(tmp_path: Path) -> None:
    nightly(tmp_path, {"flink": STEADY[:2]}, changed={0: {"workload_text": "a = 1"}})
    other = {"workload_text": "a = 1  # once", "trace_sha256": "ef" * 32, "started_at": night(5)}
    nightly(tmp_path, {"flink": STEADY[:1]}, changed={0: other})
    found = history(tmp_path)
    assert len(found.runs) == 2
    assert [each.what for each in found.others[0].apart] == ["bytes (SHA-256)"]


def test_runs_with_figures_are_shown_before_more_that_have_none(tmp_path: Path) -> None:
    quick = nightly(tmp_path, {"flink": STEADY[:5]}, changed={0: {"quick": True}})
    nightly(tmp_path, {"flink": STEADY[:2]})
    assert len(history(tmp_path).runs) == 2
    found = history(tmp_path, quick[0].folder)
    assert found.figures == ()
    assert found.without == {"flink": "cold: too short to be ranked"}


def test_every_change_on_the_way_is_marked_with_both_values(tmp_path: Path) -> None:
    slots = Setting("job", "parallelism.default", "2", Origin.USER, "2")
    nightly(
        tmp_path,
        {"flink": STEADY[:6]},
        changed={
            0: {"environment": XEON, "variant": Variant("flink", "2.2.0"), "settings": (slots,)},
            1: {"variant": Variant("flink", "2.2.1")},
            2: {"settings": (replace(slots, effective="4"),)},
            3: {"environment": {**XEON, "processor": "Xeon B"}},
            4: {"method": 1},
            5: {"versions": {"streambench": "0.2.0"}},
        },
    )
    found = history(tmp_path).changes
    assert [(each.at, each.kind, each.label, each.before, each.after) for each in found] == [
        (1, ChangeKind.VERSION, "flink", "2.2.0", "2.2.1"),
        (2, ChangeKind.SETTING, "flink", "2", "4"),
        (3, ChangeKind.MACHINE, None, "Xeon A", "Xeon B"),
        (4, ChangeKind.METHOD, None, "2", "1"),
        (5, ChangeKind.TOOL, None, "–", "0.2.0"),
    ]
    assert found[1].what == "job parallelism.default"


def test_a_contender_is_set_against_the_last_run_that_tells_of_it(tmp_path: Path) -> None:
    made = [
        ("flink", "1", {}),
        ("spark", "1", {}),
        ("flink", "1", {"settings": ()}),
        ("flink", "2", {}),
    ]
    for at, (label, version, told) in enumerate(made):
        bundle_of(
            tmp_path,
            {label: STEADY[:2]},
            run={"started_at": night(at)},
            trial={"variant": Variant(label, version), **told},
        )
    found = history(tmp_path)
    (change,) = found.changes
    assert (change.since, change.at, change.label) == (0, 3, "flink")
    assert (change.before, change.after) == ("1", "2")
    values = figure(found, "delay_p99_ms").series.values
    assert [each.value is None for each in values] == [False, True, False, False]
    assert values[1].why == "not in this run"


def test_what_cannot_be_used_is_named_and_skipped(tmp_path: Path) -> None:
    good, cut, broken, bare = nightly(tmp_path, {"flink": STEADY[:4]})
    record = cut.folder / "run.json"
    record.write_text(record.read_text().replace('"partial": false', '"partial": true'))
    (broken.folder / "run.json").write_text("{")
    (bare.folder / "run.json").unlink()
    shutil.copytree(good.folder, tmp_path / "baselines" / "main")
    found = history(tmp_path)
    assert len(found.runs) == 1
    said = {each.folder: each.why for each in found.skipped}
    assert said[cut.folder] == "it was not finished"
    assert "run.json cannot be read" in said[broken.folder]
    assert "run.json is missing" in said[bare.folder]
    copied = {good.folder, tmp_path / "baselines" / "main"} - {found.runs[0].folder}
    (copy,) = copied
    assert said[copy].startswith("it is a copy of")
    assert len(said) == 4


def test_a_run_of_which_a_record_is_lost_or_a_result_is_wrong_has_no_value(tmp_path: Path) -> None:
    wrong = Verdict(100, 90, Damage(lost=10), (), False, False, True)
    bundle_of(
        tmp_path,
        {"flink": STEADY[:3]},
        run={"started_at": night(0)},
        trial={"outcome": Completed(wrong)},
    )
    (lost,) = nightly(tmp_path, {"flink": STEADY[:1]}, changed={0: {"started_at": night(1)}})
    next((lost.folder / "trials").glob("*/trial.json")).unlink()
    nightly(tmp_path, {"flink": STEADY[:1]}, changed={0: {"started_at": night(2)}})
    values = figure(history(tmp_path), "delay_p99_ms").series.values
    assert [each.value is None for each in values] == [True, True, False]
    assert values[0].why is not None
    assert values[0].why.startswith("wrong")
    assert values[1].why == "the record of a trial is missing or damaged"


def test_the_slowest_window_is_shown_where_too_few_windows_earn_a_p99(tmp_path: Path) -> None:
    bundle_of(tmp_path, {"flink": STEADY[:2]}, trial={"measured_windows": 60})
    keys = {each.series.figure.key for each in history(tmp_path).figures}
    assert "delay_max_ms" in keys
    assert "delay_p99_ms" not in keys
    nightly(tmp_path, {"flink": STEADY[:2]})
    keys = {each.series.figure.key for each in history(tmp_path).figures}
    assert "delay_p99_ms" in keys
    assert "delay_max_ms" not in keys


def test_where_nothing_can_be_read_it_says_so_with_a_hint(tmp_path: Path) -> None:
    for folder, told in ((tmp_path / "none", "there is no folder"), (tmp_path, "no run bundle")):
        with pytest.raises(UsageError, match=told) as refused:
            history(folder)
        assert refused.value.hint
    (run,) = nightly(tmp_path, {"flink": STEADY[:1]})
    with pytest.raises(UsageError, match="none of the finished runs"):
        history(tmp_path, tmp_path)
    (run.folder / "run.json").write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        history(tmp_path)
