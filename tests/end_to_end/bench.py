"""One short real run of engines through the whole pipe, and its rows judged again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pyarrow as pa

from streambench.cli.bench import bench
from streambench.engines.registry import engine_named
from streambench.experiment.build import Options, make_request
from streambench.experiment.request import Request
from streambench.load.trace import compile_trace
from streambench.model.columns import value_column
from streambench.model.conditions import Conditions, Guarantee
from streambench.model.errors import ExitCode
from streambench.model.fault import Fault, FaultKind
from streambench.model.machine import ANY_MACHINE
from streambench.model.trial import Invalid, TrialRecord
from streambench.model.workload import Query
from streambench.oracle.expected import Expected, expect
from streambench.oracle.judge import Judged, judge
from streambench.oracle.keyed_windows import KeyedWindows
from streambench.results.bundle import Bundle, TrialBundle, read_bundle
from streambench.runtime.paths import cache_dir
from streambench.trial.schedule import duration_ms, spans
from streambench.trial.workspace import workspace
from streambench.workload.locate import find
from streambench.workload.parse import load_workload
from tests.one_broker import one_broker

RATE_PER_S = 2_000
WARM_UP_S = 1.0
MEASURED_S = 3.0
# Whether rows are right is asked, not what an engine costs: other tests may run beside it, and one that is
# starved by them is thought dead. The load and the broker still go first.
ENGINE_NICE = 5
PATIENT = Conditions(engine_nice=ENGINE_NICE, session_timeout_ms=10_000)
"""For engines that nobody hits."""
# So often a trial is made where its load came late, as it may on a machine of others.
TRIES = 3
ROW_COLUMNS = ("partition", "offset", "appended_ms", "visible_ns", "key", "window_start_ms")


def brisk_workload(folder: Path, window_ms: int) -> None:
    """A workload `brisk` in `folder`: clicks with short windows, so that twenty are soon had."""
    clicks_with(folder, "brisk", f'tumbling = "{window_ms} ms"')


def clicks_with(
    folder: Path, name: str, window: str, *, changed: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Clicks with other windows and with some of its text `changed`, as a workload in `folder`."""
    place = folder / "workloads" / name
    place.mkdir(parents=True)
    text = (find("clicks") / "workload.toml").read_text()
    for usual, instead in {'tumbling = "500 ms"': window, **changed}.items():
        assert usual in text
        text = text.replace(usual, instead)
    (place / "workload.toml").write_text(text)


def on_any_machine(request: Request) -> Request:
    """What an engine does is tested, beside other tests and on machines that others use, too."""
    return dataclasses.replace(request, machine_limits=ANY_MACHINE)


def run(
    out: Path,
    *engines: str,
    guarantee: Guarantee = Guarantee.AT_LEAST_ONCE,
    settings: tuple[str, ...] = (),
    faults: tuple[Fault, ...] | None = None,
    measured_s: float = MEASURED_S,
    conditions: Conditions = PATIENT,
    workload: str = "clicks",
    missing_s: float | None = None,
) -> tuple[ExitCode, Bundle]:
    """A run at a small rate, as `streambench run` does it."""
    request = make_request(
        Options(
            workload=workload,
            engines=engines,
            settings=tuple(f"{engine}:{each}" for engine in engines for each in settings),
            conditions=dataclasses.replace(conditions, guarantee=guarantee),
            rate_per_s=RATE_PER_S,
            measured_s=measured_s,
            warm_up_s=WARM_UP_S,
            faults=faults,
            quick=True,
            seed=7,
            out=out,
        )
    )
    request = dataclasses.replace(on_any_machine(request), missing_s=missing_s)
    # One that was restarted is cold for the jobs after.
    restarts = any(fault.kind is FaultKind.BROKER_RESTART for fault in faults or ())
    code = bench((request,), workspaces=workspace if restarts else one_broker.workspace)
    (folder,) = out.iterdir()
    return code, read_bundle(folder)


def came_late(record: TrialRecord) -> bool:
    """Whether its load was not what was meant, so that it says nothing of the engine."""
    certificate = record.certificate
    late = certificate is not None and not certificate.held
    return isinstance(record.outcome, Invalid) and late


@dataclass(frozen=True)
class Retrial:
    """A real trial's rows and what must have come out, to be judged as often as one likes."""

    rows: pa.Table
    expected: Expected
    query: Query
    start_realtime_ms: int
    event_offset_ms: int
    exempt: KeyedWindows

    def judge(self, rows: pa.Table) -> Judged:
        """The judge's word on these rows."""
        return judge(
            rows,
            self.expected,
            guarantee=Guarantee.AT_LEAST_ONCE,
            start_realtime_ms=self.start_realtime_ms,
            event_offset_ms=self.event_offset_ms,
            exempt=self.exempt,
        )


def again(trial: TrialBundle) -> Retrial:
    """Everything to judge a stored trial again."""
    workload = load_workload(find("clicks"))
    parts = spans(
        workload, warm_up_ms=round(WARM_UP_S * 1000), measured_ms=round(MEASURED_S * 1000)
    )
    trace = compile_trace(
        workload,
        duration_ms=duration_ms(parts),
        seed=7,
        cache=cache_dir() / "traces",
        rate_per_s=RATE_PER_S,
    )
    record = trial.record
    assert record.start_realtime_ns is not None
    assert record.event_offset_ms is not None
    rows = trial.table("rows")
    assert rows is not None
    values = [value_column(aggregate.alias) for aggregate in workload.query.aggregates]
    return Retrial(
        rows=rows.select([*ROW_COLUMNS, *values]),
        expected=expect(trace, workload.query, engine_named(record.variant.engine).event_clock),
        query=workload.query,
        start_realtime_ms=record.start_realtime_ns // 1_000_000,
        event_offset_ms=record.event_offset_ms,
        exempt=KeyedWindows.of(rows.filter(rows.column("row_class").is_null())),
    )
