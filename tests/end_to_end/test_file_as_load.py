"""A file played again and again: faults are told by the clock of the load, and all rows are right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from streambench.cli.draining import drain
from streambench.experiment.build import Options
from streambench.experiment.build import drain as asked_drain
from streambench.model.conditions import Conditions
from streambench.model.errors import ExitCode
from streambench.model.fault import Fault, FaultKind
from streambench.model.trial import Completed
from streambench.results.bundle import read_bundle
from tests.end_to_end.bench import ENGINE_NICE, PATIENT, TRIES, came_late, on_any_machine, run
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker]

SPEED_UP = 100
# Of event time: a fifth of a second of the load.
WINDOW_MS = 20_000
PAUSE_MS = 3_000
KEYS = 40
RECORDS = 6_000
WORKLOAD = f"""
title = "Readings per sensor"
[input]
replay = "readings.csv"
event_time = "at"
speed_up = {SPEED_UP}
[input.fields]
sensor = "string"
reading = "bigint"
[query]
group_by = ["sensor"]
window = {{ tumbling = "{WINDOW_MS // 1000} s" }}
grace = "5 s"
[query.select]
readings = "count(*)"
greatest = "max(reading)"
refunded = "sum(reading)"
"""


@pytest.fixture(autouse=True)
def readings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record for each second of event time, numbers below 0 among them: a minute of load."""
    place = tmp_path / "workloads" / "readings"
    place.mkdir(parents=True)
    (place / "workload.toml").write_text(WORKLOAD)
    rows = (f"{1_700_000_000 + at},s{at * 7 % KEYS},{at * 31 % 97 - 50}\n" for at in range(RECORDS))
    (place / "readings.csv").write_text("at,sensor,reading\n" + "".join(rows))
    text = WORKLOAD.replace('event_time = "at"', 'event_time = { column = "at", unit = "s" }')
    (place / "workload.toml").write_text(text)
    monkeypatch.chdir(tmp_path)


@pytest.mark.timed
def test_a_pause_is_as_long_as_it_was_and_not_as_the_file_counts(tmp_path: Path) -> None:
    """Windows of 20 s of event time follow each other by a fifth of a second: late time is the load's."""
    pause = Fault(FaultKind.WORKER_PAUSE, 7_000, lasts_ms=PAUSE_MS)
    for attempt in range(TRIES):
        code, bundle = run(
            tmp_path / f"results-{attempt}",
            "reference",
            faults=(pause,),
            measured_s=15.0,
            workload="readings",
            conditions=Conditions(engine_nice=ENGINE_NICE),
        )
        if not any(came_late(trial.record) for trial in bundle.trials):
            break
    assert code is ExitCode.OK
    (trial,) = bundle.trials
    assert isinstance(trial.record.outcome, Completed), trial.record.outcome
    assert trial.record.outcome.verdict.right
    assert trial.record.outcome.verdict.exact
    (recovery,) = trial.record.recoveries
    # The worker that was paused then has three seconds of records to work off.
    assert recovery.late_time_ms is not None
    assert PAUSE_MS - 200 <= recovery.late_time_ms <= 2 * PAUSE_MS
    assert 0 <= recovery.hit.phase_in_window_ms < WINDOW_MS / SPEED_UP
    windows = trial.table("windows")
    assert windows is not None
    apart_ms = np.diff(windows.column("closing_ms").drop_null().to_numpy())
    assert float(np.median(apart_ms)) == WINDOW_MS / SPEED_UP
    assert bundle.run.rate_per_s == 2_000


@pytest.mark.parametrize(
    "engine",
    [
        "kafka-streams",
        *(
            pytest.param(name, marks=pytest.mark.nightly)
            for name in ("flink", "spark", "kafka-python")
        ),
    ],
)
def test_a_drain_plays_a_file_several_times_in_one_job(tmp_path: Path, engine: str) -> None:
    """Each load lies behind the one before in event time, ahead of the clock; none of its rows is lost."""
    options = Options(
        workload="readings",
        engines=(engine,),
        conditions=PATIENT,
        seed=7,
        out=tmp_path / "results",
    )
    request, records = asked_drain(options, 60_000)
    found = drain(on_any_machine(request), records, workspaces=one_broker.workspace)
    assert found is ExitCode.OK
    (folder,) = (tmp_path / "results").iterdir()
    (record,) = read_bundle(folder).run.drains
    assert record.ended is None
    assert len(record.drains) >= 3
    assert all(each.right for each in record.drains)
    assert {each.records for each in record.drains} == {record.drains[0].records}
    assert record.drains[0].records == pytest.approx(records, rel=0.02)
