"""Records that are keyed by no group: every engine brings those of a group together, and every row is right."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.model.conditions import Guarantee
from streambench.model.fault import Fault, FaultKind
from streambench.model.trial import Completed, Invalid
from streambench.results.bundle import Bundle
from tests.end_to_end.bench import PATIENT, came_late, clicks_with, run
from tests.end_to_end.test_queries import GROUPS, assert_right_everywhere
from tests.workload.looked_up import LOOKED_UP, ads_csv, places_jsonl

pytestmark = [pytest.mark.engine, pytest.mark.patient]

MOVING = ("kafka-streams", "kafka-streams:flat-json", "kafka-python")
FILES = {"ads.csv": ads_csv(), "places.jsonl": places_jsonl()}


def with_key(text: str, key: str) -> str:
    """The workload with that key of its records, and windows whose edges are moved."""
    changed = text.replace("partitions = 4\n", f"partitions = 4\nkey = {key}\n")
    changed = changed.replace('"500 ms" }', '"500 ms", offset = "130 ms" }')
    assert changed.count("key =") == 1
    assert "offset" in changed
    return changed


def assert_late_as_the_log_says(found: Bundle, engines: tuple[str, ...]) -> None:
    for engine in engines:
        (trial,) = found.of(engine)
        late = trial.record.late
        assert late is not None
        assert late.dropped is not None
        assert late.predicted_low is not None
        assert late.predicted_high is not None
        assert late.predicted_low <= late.dropped <= late.predicted_high


def test_groups_of_several_looked_up_fields_come_together(tmp_path: Path) -> None:
    text = with_key(LOOKED_UP, "false").replace('["campaign"]', '["campaign", "place"]')
    text = text.replace('having   = "n > 3"\n', "")
    found = assert_right_everywhere(tmp_path, text, FILES, MOVING)
    assert_late_as_the_log_says(found, MOVING)
    for engine in MOVING:
        programs = {program.name: program.text for program in found.of(engine)[0].record.programs}
        assert any("by-group" in text for text in programs.values())


@pytest.mark.nightly
@pytest.mark.parametrize("key", ["false", '"seats"', '["seats", "carrier"]'])
def test_any_key_on_every_engine(tmp_path: Path, key: str) -> None:
    assert_right_everywhere(tmp_path, with_key(GROUPS, key))


@pytest.mark.nightly
@pytest.mark.parametrize("guarantee", list(Guarantee), ids=lambda each: each.value)
@pytest.mark.parametrize("engine", ["kafka-streams", "kafka-python", "flink"])
def test_a_worker_dies_and_what_was_promised_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str, guarantee: Guarantee
) -> None:
    changed = {"partitions = 4": 'partitions = 4\nkey = "price"', '"100 ms"': '"2 s"'}
    clicks_with(tmp_path, "moved", 'tumbling = "500 ms"', changed=changed)
    monkeypatch.chdir(tmp_path)
    _, found = run(
        tmp_path / "results",
        engine,
        workload="moved",
        guarantee=guarantee,
        faults=(Fault(FaultKind.WORKER_KILL, 11_000),),
        measured_s=25,
        conditions=PATIENT,
    )
    (trial,) = found.trials
    match trial.record.outcome:
        case Completed(verdict=verdict):
            assert verdict.guarantee_honoured, verdict.damage
            if guarantee is Guarantee.EXACTLY_ONCE:
                assert verdict.right, verdict.damage
        case Invalid():
            assert came_late(trial.record)
        case other:
            pytest.fail(str(other))
