"""What the late-record model says of a replayed file as a whole, for the report's picture."""

from __future__ import annotations

from streambench.experiment.request import Request
from streambench.load.trace import Trace
from streambench.model.plan import EventClock, Plan
from streambench.model.windows import Hopping
from streambench.model.workload import Replay, Workload
from streambench.oracle.late import predict_whole_file
from streambench.results.schema import LateModel, LatePrediction

# Lags only matter to the model where time is compressed; at real time a second is nothing.
_BATCH_MS = 1_000


def late_model(request: Request, trace: Trace) -> LateModel | None:
    """Predictions for the whole file at real time, one for each contender.

    None without a replay, and for one of which no record can be late.
    """
    workload = request.workload
    if not isinstance(workload.input, Replay) or not workload.late_records_possible:
        return None
    replay = workload.input
    grace_ms = workload.query.grace_ms
    predictions: list[LatePrediction] = []
    for contender in request.contenders:
        if not isinstance(contender.plan, Plan):
            continue
        clock = contender.plan.event_clock
        batch_ms = _BATCH_MS if clock is EventClock.GLOBAL_PER_BATCH else None
        graces_ms = (0, grace_ms, 4 * grace_ms)
        found = predict_whole_file(
            workload,
            clock,
            partitions=request.conditions.partitions,
            graces_ms=graces_ms,
            batch_ms=batch_ms,
        )
        predictions += [
            LatePrediction(
                label=contender.variant.label,
                clock=clock.value,
                grace_ms=each_ms,
                records=drops.records,
                dropped=drops.dropped,
                low=drops.low,
                high=drops.high,
            )
            for each_ms, drops in zip(graces_ms, found, strict=True)
        ]
    if not predictions:
        return None
    return LateModel(
        source=replay.origin,
        played=f"{_day(replay.begin) or 'the beginning'} to {_day(replay.end) or 'the end'}, "
        f"{trace.ref.records:,} records",
        whole=f"the whole file ({_counted(workload, predictions[0].records)}) at real time",
        speed_up=replay.speed_up,
        partitions=request.conditions.partitions,
        grace_ms=grace_ms,
        batch_ms=_BATCH_MS,
        predictions=tuple(predictions),
    )


def _counted(workload: Workload, records: int) -> str:
    """How many records a file has, and that one of several windows is several."""
    words = f"{records:,} records"
    overlap = isinstance(workload.query.window, Hopping)
    return f"{words}, one counted for each window that it is in" if overlap else words


def _day(instant: str | None) -> str | None:
    """An ISO instant as a reader of the caption wants it."""
    return None if instant is None else f"{instant[:10]} {instant[11:16]}".strip()
