"""Real, disordered data: what each engine dropped is what its documented clock says of the same log."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from streambench.cli.bench import bench
from streambench.cli.planning import make_request
from streambench.model.conditions import Conditions
from streambench.model.trial import Completed, Invalid, LateRecords
from streambench.results.bundle import read_bundle
from streambench.workload.locate import find
from tests.end_to_end.bench import on_any_machine

pytestmark = pytest.mark.engine

# One day, so that the test is short; the model is told. In 12 s, but for Spark: a batch of a cold one on a
# slow machine takes eight, and where that is half a day nothing in it is late.
DAY = ("2013-06-30T08:00:00Z", "2013-07-01T08:00:00Z")
SPEED_UP = {"spark": "1_800"}
SHORT = "7_200"


def drops(folder: Path, engine: str) -> LateRecords:
    """Run one day of flights on one engine; the verdict must have been reached."""
    place = folder / "workloads" / "day"
    place.mkdir(parents=True)
    shipped = find("flights")
    text = (shipped / "workload.toml").read_text()
    speed_up = SPEED_UP.get(engine, SHORT)
    for old, new in (("speed_up   = 1_800", f"speed_up   = {speed_up}"), DAY):
        assert old in text
        text = text.replace(old, new)
    (place / "workload.toml").write_text(text)
    shutil.copy(shipped / "flights.parquet", place)
    request = make_request(
        workload="day",
        engines=(engine,),
        settings=(),
        conditions=Conditions(),
        rate_per_s=None,
        measured_s=None,
        warm_up_s=2.0,
        faults=None,
        quick=True,
        repeats=1,
        seed=1,
        out=folder / "results",
        command="test",
    )
    bench((on_any_machine(request),))
    (bundle,) = (folder / "results").iterdir()
    (trial,) = read_bundle(bundle).trials
    match trial.record.outcome:
        case Completed(verdict=verdict):
            assert verdict.right, verdict
        case Invalid():  # a busy machine; what was dropped is known all the same
            assert trial.record.certificate is not None
        case other:
            pytest.fail(f"{engine}: {other}")
    assert trial.record.late is not None
    return trial.record.late


# The Python consumer has the clock of Kafka Streams.
@pytest.mark.parametrize("engine", ["kafka-streams", "spark"])
def test_an_exact_clock_predicts_every_dropped_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.chdir(tmp_path)
    late = drops(tmp_path, engine)
    assert late.predicted is not None
    assert late.dropped == late.predicted
    assert 0 < late.dropped < late.records


def test_flinks_clock_bounds_what_it_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    late = drops(tmp_path, "flink")
    assert late.dropped is not None
    assert late.predicted_low is not None
    assert late.predicted_high is not None
    assert late.predicted_low <= late.dropped <= late.predicted_high
    assert late.predicted_high > 0
