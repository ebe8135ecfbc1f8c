"""Synthetic bundles of runs with faults: windows with an outage, and the recoveries read off them."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from streambench.model.conditions import Guarantee
from streambench.model.fault import FaultKind, Hit, PartitionOutage, Recovery
from streambench.model.plan import Origin, Setting, Whose
from streambench.model.trial import Completed, NotRun, Outcome, TrialRecord
from streambench.model.verdict import Damage, Example, RowClass, Verdict
from streambench.results.bundle import BundleWriter
from streambench.results.lateness import Observed, band_ms, could_delay_ms
from streambench.results.partition_windows import PartitionWindows, from_table, to_table
from streambench.results.recovery import recovery as read
from streambench.results.schema import SERIES, WINDOWS

from .example import NOT_REPORTED, RUN, START_MS, completed, measures, trial
from .made_once import made_once

KILL, BURST = FaultKind.WORKER_KILL, FaultKind.BURST
KILL_MS, BURST_MS = 50_316.0, 75_120.0
WINDOW_MS, RATE_PER_S, PARTITIONS = 500.0, 20_000, 4
CLEAN = Damage()
OVER = Damage(over_counted=24, windows=3)
SETTINGS = (
    Setting(
        "worker", "heartbeat.interval", "500 ms", Origin.FAIRNESS_RULE, "500 ms", recovery=True
    ),
    Setting("worker", "heartbeat.timeout", "2000 ms", Origin.FAIRNESS_RULE, None, recovery=True),
    Setting("job", "buffer.timeout", "5 ms", Origin.ENGINE_DEFAULT, None),
)
Floats = npt.NDArray[np.float64]


def kill(at_ms: float = KILL_MS, **changes: Any) -> Hit:
    hit = Hit(
        KILL, "worker-2", (4711,), at_ms, START_MS * 1_000_000 + int(at_ms * 1e6),
        over_ms=at_ms + 12, exit_code=-9, phase_in_window_ms=216.0, phase_in_commit_ms=846.0,
    )  # fmt: skip
    return replace(hit, **changes)


def recovery(late_s: float, damage: Damage = CLEAN, **changes: Any) -> Recovery:
    """A recovery with typical phases; `late_s` alone decides the ranking."""
    late_ms = late_s * 1000
    base = Recovery(
        hit=kill(),
        band_ms=60.0,
        disturbed=True,
        detected_ms=None,
        back_ms=812.0,
        outage_begin_ms=284.0,
        timely_ms=late_ms + 300,
        caught_up_ms=late_ms + 320,
        worst_delay_ms=late_ms + 16,
        observed_ms=24_000.0,
        catch_up_per_s=None,
        partitions=(
            PartitionOutage(0, 284.0, late_ms + 340, late_ms * 2),
            PartitionOutage(1, None, None, 0.0),
            PartitionOutage(2, 284.0, late_ms + 330, late_ms * 2),
            PartitionOutage(3, None, None, 0.0),
        ),
        damage=damage,
        late_time_ms=late_ms,
        back_for_good_ms=late_ms + 340,
        could_delay_ms=2_000.0,
    )
    return replace(base, **changes)


def undisturbed(**changes: Any) -> Recovery:
    none = recovery(
        0,
        disturbed=False,
        outage_begin_ms=None,
        timely_ms=None,
        caught_up_ms=None,
        back_for_good_ms=0.0,
        worst_delay_ms=41.0,
        partitions=tuple(PartitionOutage(number, None, None, 0.0) for number in range(4)),
    )
    return replace(none, **changes)


def hidden(**changes: Any) -> Recovery:
    """No window was late by a band that is too wide to see the fault by."""
    return undisturbed(late_time_ms=None, band_ms=3_500.0, **changes)


def never_back(**changes: Any) -> Recovery:
    gone = recovery(
        23.5,
        back_ms=None,
        timely_ms=None,
        caught_up_ms=None,
        back_for_good_ms=None,
        worst_delay_ms=None,
        catch_up_per_s=None,
    )
    return replace(gone, **changes)


def burst(caught_up_s: float, rate_per_s: float | None, **changes: Any) -> Recovery:
    hit = Hit(
        BURST, "the load", (), BURST_MS, START_MS * 1_000_000 + int(BURST_MS * 1e6), BURST_MS + 5
    )
    given = {
        "hit": hit,
        "back_ms": None,
        "outage_begin_ms": 0.0,
        "caught_up_ms": caught_up_s * 1000,
        "back_for_good_ms": caught_up_s * 1000 + 200,
        "catch_up_per_s": rate_per_s,
        "could_delay_ms": None,
        "partitions": (),
    }
    return recovery(caught_up_s, **{**given, **changes})


def verdict_of(recoveries: Iterable[Recovery], uncommitted_rows: int | None = None) -> Verdict:
    """A verdict that adds up to what the recoveries did."""
    found = [each.damage for each in recoveries]
    damage = Damage(
        lost=sum(d.lost for d in found),
        duplicates=sum(d.duplicates for d in found),
        over_counted=sum(d.over_counted for d in found),
        windows=sum(d.windows for d in found),
    )
    wrong = damage.lost + damage.wrong
    examples = (
        Example(RowClass.OVER_COUNTED, "c3", START_MS + 50_500, "views=31", "views=44"),
    ) * bool(damage.over_counted)
    return Verdict(
        200_000, 200_000 - wrong, damage, examples, damage.clean, damage.clean, True,
        uncommitted_rows,
    )  # fmt: skip


def hit_trial(
    number: int,
    label: str,
    recoveries: Sequence[Recovery],
    figures: Mapping[str, float | None] | None = None,
    **changes: Any,
) -> TrialRecord:
    """A completed trial that was right until its first hit."""
    given: dict[str, Any] = {
        "outcome": Completed(verdict_of(recoveries, changes.pop("uncommitted_rows", None))),
        "recoveries": tuple(recoveries),
        "steady_damage": CLEAN,
        "settings": SETTINGS,
    }
    return completed(
        number, label, verdict_of(recoveries), figures or measures(13, 28, 41),
        **{**given, **changes},
    )  # fmt: skip


@dataclass(frozen=True)
class Course:
    """How an engine goes: its usual delay, then away after each kill, then at a speed of its own.

    `away_s` by kill; `per_s` is how many events it works off in a second.
    """

    delay_ms: float
    away_s: tuple[float, ...]
    per_s: float
    kills_ms: tuple[float, ...] = (KILL_MS,)
    bursts: bool = True
    seed: int = 0
    flowing: int = 0  # how many of the four partitions a kill does not touch


def course_tables(course: Course, *, seconds: int = 100) -> dict[str, pa.Table]:
    """Windows and series of such an engine; a burst of 5 s of load comes at once."""
    draw = np.random.Generator(np.random.PCG64(course.seed))
    count = int(seconds * 1000 / WINDOW_MS) - 1
    closing: Floats = np.arange(1, count + 1, dtype=np.float64) * WINDOW_MS + 100.0
    if course.bursts:
        held = (closing > BURST_MS - 5000) & (closing <= BURST_MS)
        closing = np.where(held, BURST_MS, closing).astype(np.float64)
    complete = _completions(course, closing, draw)
    delay = complete - closing
    purpose = np.where(closing < 20_000, "warm-up", "measured").astype(object)
    purpose[closing >= min(course.kills_ms, default=np.inf)] = "recovery"
    courses = PartitionWindows(
        start_ms=(START_MS + 500 * np.arange(count)).astype(np.float64),
        closing_ms=closing,
        complete_ms=_of_partitions(course, closing, complete),
        has_rows=np.ones((PARTITIONS, count), dtype=np.bool_),
        records=np.full(count, RATE_PER_S * WINDOW_MS / 1000),
    )
    windows = pa.table(
        {
            "window_start_ms": START_MS + 500 * np.arange(count),
            "closing_ms": closing,
            "first_row_ms": delay * 0.7,
            "complete_ms": delay,
            "visible_first_ms": delay * 0.7 + 2,
            "visible_complete_ms": delay + 2,
            "event_latency_ms": delay + 104,
            "own_clock_wait_ms": np.full(count, 9.0),
            "expected_rows": np.full(count, 1000),
            "right_rows": np.full(count, 1000),
            "purpose": purpose,
        },
        schema=pa.schema(list(WINDOWS.items())),
    )
    return {
        "windows": windows,
        "series": _series(closing, complete, seconds, course.bursts),
        **NOT_REPORTED,
        "partitions": to_table(courses),
    }


def _of_partitions(course: Course, closing: Floats, complete: Floats) -> Floats:
    """Some partitions flow on in the first kill as they did before it; all are in step else."""
    every = np.tile(complete, (PARTITIONS, 1))
    killed = (closing > min(course.kills_ms, default=np.inf) - 1000) & (closing < BURST_MS - 6000)
    every[: course.flowing, killed] = closing[killed] + course.delay_ms
    return every


def _completions(course: Course, closing: Floats, draw: np.random.Generator) -> Floats:
    work_ms = RATE_PER_S * WINDOW_MS / course.per_s
    noise = np.clip(draw.standard_normal(len(closing)), -2, 2)
    usual = course.delay_ms * np.exp(0.25 * noise)
    complete = np.empty(len(closing))
    before = 0.0
    for index, due in enumerate(closing):
        done = max(due + usual[index], before + min(work_ms, WINDOW_MS - 1))
        for at_ms, away_s in zip(course.kills_ms, course.away_s, strict=True):
            if at_ms <= done < at_ms + away_s * 1000:
                done = at_ms + away_s * 1000 + work_ms
        complete[index] = before = done
    return complete


def _series(closing: Floats, complete: Floats, seconds: int, bursts: bool) -> pa.Table:
    edges = np.arange(seconds + 1) * 1000.0
    records = RATE_PER_S * WINDOW_MS / 1000
    due = np.arange(5.0, seconds * 1000 + 1, 5.0)
    if bursts:
        due[(due > BURST_MS - 5000) & (due <= BURST_MS)] = BURST_MS
    # What is due on the second belongs to the one that ends with it.
    offered = np.histogram(due - 1, edges)[0] * 100
    processed = np.histogram(complete, edges)[0] * int(records)
    lag = [float(max(0.0, (complete - closing)[complete > t][:1].sum())) for t in edges[:-1]]
    return pa.table(
        {
            "t_s": np.arange(seconds),
            "offered": offered,
            "written": offered,
            "acknowledged": offered,
            "processed": processed,
            "excess_lag_ms": lag,
        },
        schema=pa.schema(list(SERIES.items())),
    )


def read_off(
    tables: Mapping[str, pa.Table],
    hit: Hit,
    until_ms: float,
    steady_until_ms: float = KILL_MS,
    **changes: Any,
) -> Recovery:
    """The recovery that the windows of a course show."""
    closing = tables["windows"].column("closing_ms").to_numpy()
    delay = tables["windows"].column("complete_ms").to_numpy()
    band = band_ms(delay[(closing > 20_000) & (closing + delay < steady_until_ms)])
    assert band is not None
    found = read(
        hit,
        from_table(tables["partitions"]),
        Observed(until_ms, band, could_delay_ms(hit, RUN.conditions)),
        noticed_ms=(),
        damage=CLEAN,
    )
    return replace(found, **changes)


def burst_of(tables: Mapping[str, pa.Table]) -> Recovery:
    """What the windows that a burst closed show."""
    hit = burst(0, None).hit
    return read_off(tables, hit, 99_000.0)


COURSES = {
    "kafka-streams": Course(13, (2.1,), 140_000, seed=1, flowing=2),
    "flink": Course(24, (3.4,), 210_000, seed=2),
    "kafka-python": Course(11, (1.3,), 36_000, seed=3, flowing=2),
    "spark": Course(900, (5.2,), 95_000, seed=4),
}
DAMAGES = {
    "kafka-streams": CLEAN,
    "flink": Damage(duplicates=1_204, windows=2),
    "kafka-python": OVER,
    "spark": CLEAN,
}
DETECTED = {"flink": 1_930.0, "kafka-streams": 2_040.0, "spark": None, "kafka-python": None}


@made_once
def faulted(root: Path, **changes: Any) -> Path:
    """The default run: a worker is killed, then a burst; the Python consumer over-counts."""
    run = {"planned": tuple(COURSES), "measured_s": 30, **changes}
    writer = BundleWriter.create(root, replace(RUN, **run))
    for number, (label, course) in enumerate(COURSES.items(), 1):
        tables = course_tables(course)
        recoveries = (
            read_off(
                tables,
                kill(pids=(4_000 + number,)),
                BURST_MS - 5_200,
                damage=DAMAGES[label],
                detected_ms=DETECTED[label],
                back_ms=course.away_s[0] * 400,
            ),
            burst_of(tables),
        )
        figures = measures(course.delay_ms, course.delay_ms * 1.8, course.delay_ms * 2.1)
        writer.add_trial(hit_trial(number, label, recoveries, figures), tables)
    return writer.finish()


@made_once
def thrice_killed(root: Path) -> Path:
    """Three kills in each of two trials, two engines and one that cannot be hit."""
    run = replace(RUN, planned=("flink", "kafka-streams", "reference"), repeats=2)
    writer = BundleWriter.create(root, run)
    kills_ms = (40_210.0, 58_730.0, 79_080.0)
    numbers = itertools.count(1)
    for round_number in (1, 2):
        for label, away_s in (("flink", (3.1, 3.9, 3.3)), ("kafka-streams", (1.4, 1.2, 2.0))):
            course = Course(20, away_s, 150_000, kills_ms, bursts=False, seed=round_number)
            tables = course_tables(course)
            ends_ms = (*kills_ms[1:], 99_000.0)
            damage = Damage(duplicates=40 * round_number, windows=1) if label == "flink" else CLEAN
            recoveries = tuple(
                read_off(tables, kill(at_ms), end_ms, kills_ms[0], damage=damage)
                for at_ms, end_ms in zip(kills_ms, ends_ms, strict=True)
            )
            record = hit_trial(next(numbers), label, recoveries, measured_windows=40)
            writer.add_trial(replace(record, round=round_number), tables)
        reason = NotRun(Whose.UPSTREAM, "it has no worker that could be killed")
        writer.add_trial(trial(next(numbers), "reference", reason), {})
    return writer.finish()


@made_once
def faulted_exactly_once(root: Path, **uncommitted: int | None) -> Path:
    """Kills under exactly-once; `uncommitted` rows by label, `_` for `-`."""
    conditions = replace(RUN.conditions, guarantee=Guarantee.EXACTLY_ONCE)
    labels = ("flink", "kafka-streams")
    writer = BundleWriter.create(root, replace(RUN, planned=labels, conditions=conditions))
    for number, label in enumerate(labels, 1):
        course = replace(COURSES[label], bursts=False)
        tables = course_tables(course)
        rows = uncommitted.get(label.replace("-", "_"))
        recoveries = (read_off(tables, kill(), 99_000.0),)
        record = hit_trial(number, label, recoveries, uncommitted_rows=rows)
        writer.add_trial(record, tables)
    return writer.finish()


def bundle_with(root: Path, *records: TrialRecord, **changes: Any) -> Path:
    """A bundle of these trials without columns."""
    planned = tuple(dict.fromkeys(record.variant.label for record in records))
    writer = BundleWriter.create(root, replace(RUN, **{"planned": planned, **changes}))
    for number, record in enumerate(records, 1):
        writer.add_trial(replace(record, number=number), {})
    return writer.finish()


def not_run(label: str, reason: str) -> TrialRecord:
    outcome: Outcome = NotRun(Whose.UPSTREAM, reason)
    return trial(1, label, outcome)
