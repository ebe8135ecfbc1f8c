"""What one bad record does to the real engines, as shipped and tolerant of dirt."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.analysis.dirt import DirtMatrix, dirt_matrix
from streambench.cli.bench import bench
from streambench.experiment.build import Options, single
from streambench.model.dirt import (
    CameBack,
    Dirt,
    DirtKind,
    DirtOutcome,
    DirtyInstant,
    PassedOver,
    StoppedForGood,
    TakenIn,
)
from streambench.model.errors import ExitCode
from streambench.model.trial import Failed
from streambench.results.bundle import Bundle, read_bundle
from tests.end_to_end.bench import PATIENT, on_any_machine
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.patient]

# The others take a minute each.
ENGINES = (
    pytest.param("flink", marks=pytest.mark.nightly),
    pytest.param("spark", marks=pytest.mark.nightly),
    "kafka-streams",
    "kafka-python",
)
ASKED = Dirt((DirtyInstant(DirtKind.NOT_JSON, 2_000), DirtyInstant(DirtKind.NULL_KEY, 5_000)))


def run(out: Path, contender: str) -> Bundle:
    options = Options(
        workload="dirt",
        engines=(contender,),
        conditions=PATIENT,
        measured_s=8.0,
        warm_up_s=2.0,
        faults=(),
        quick=True,
        out=out,
        dirt=ASKED,
    )
    request = on_any_machine(single(options))
    code = bench((request,), workspaces=one_broker.workspace)
    # What dirt does is what was asked for.
    assert code is ExitCode.OK
    (folder,) = out.iterdir()
    return read_bundle(folder)


def fate(outcome: DirtOutcome) -> DirtOutcome:
    """What became of the record, where a busy machine made results late as well."""
    return outcome.then if isinstance(outcome, CameBack) else outcome


def cell(matrix: DirtMatrix, contender: str, kind: DirtKind) -> DirtOutcome:
    return matrix.cells[contender, kind].outcome


@pytest.mark.parametrize("engine", ENGINES)
def test_a_tolerant_engine_goes_on_and_leaves_it_out(engine: str, tmp_path: Path) -> None:
    bundle = run(tmp_path, f"{engine}:tolerant")
    matrix = dirt_matrix(bundle)
    (label,) = matrix.labels
    assert len(bundle.trials) == 1
    left_out = fate(cell(matrix, label, DirtKind.NOT_JSON))
    assert isinstance(left_out, PassedOver)
    # Flink has neither a counter nor a word for it.
    assert (left_out.said is None) is (engine == "flink")
    keyless = fate(cell(matrix, label, DirtKind.NULL_KEY))
    if engine == "kafka-streams":
        assert isinstance(keyless, PassedOver)
    else:
        assert isinstance(keyless, TakenIn)
        assert keyless.rightly


@pytest.mark.nightly
@pytest.mark.parametrize("engine", ENGINES)
def test_as_shipped_one_record_that_is_no_json_stops_all_but_spark(
    engine: str, tmp_path: Path
) -> None:
    bundle = run(tmp_path, engine)
    matrix = dirt_matrix(bundle)
    outcome = cell(matrix, engine, DirtKind.NOT_JSON)
    if engine == "spark":
        assert fate(outcome) == PassedOver(None)
        assert len(bundle.trials) == 1
        return
    assert isinstance(outcome, StoppedForGood)
    first, second = (trial.record for trial in bundle.trials)
    assert isinstance(first.outcome, Failed)
    assert first.outcome.stage == "dirt"
    # Another job has what was left.
    assert [each.dirt for each in second.dirt] == [DirtKind.NULL_KEY]
