"""The tables of a recovery: late time, phases, damage, partitions, and the hits themselves."""

from __future__ import annotations

import math
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from streambench.analysis.damage_words import damage_counts
from streambench.analysis.hits import ObservedHit
from streambench.analysis.phases import RecoveryPhase, phases_of
from streambench.analysis.recoveries import Recovered, Spread, calm, spread
from streambench.model.fault import FaultKind, PartitionOutage
from streambench.model.numbers import DASH, in_seconds, number, sentence, three_digits
from streambench.model.verdict import Damage
from streambench.report.document import Cell, Grid, GridColumn, GridRow, Tone
from streambench.report.words.faults import phase_label

_NEVER = "not within the trial"
_UNDISTURBED = "no window was late"


def results_grid(every: Sequence[Recovered], kind: FaultKind) -> Grid:
    """A row per engine: what it is ranked by, and what stands beside it."""
    limit_ms = every[0].limit_ms
    burst = kind is FaultKind.BURST
    compared = not burst and limit_ms is not None and len([one for one in every if one.hits]) > 1
    columns = (
        GridColumn("rank", numeric=True),
        GridColumn("engine"),
        GridColumn("damage"),
        GridColumn("all results out, s" if burst else "late time, s", numeric=True),
        *(
            [GridColumn(f"late time beyond {in_seconds(limit_ms)} s, s", numeric=True)]
            if compared and limit_ms is not None
            else []
        ),
        *([GridColumn("worked off at, events/s", numeric=True)] if burst else []),
        GridColumn("back for good, s", numeric=True),
        GridColumn("worst delay, s", numeric=True),
    )
    return Grid(columns, tuple(_results_row(one, compared) for one in every), cards=True)


def _results_row(one: Recovered, compared: bool) -> GridRow:
    head = (
        Cell(one.place or DASH, tone=Tone.STRONG if one.rank else Tone.QUIET),
        Cell(one.title, _beside_name(one), Tone.STRONG),
    )
    if not one.hits:
        return GridRow(head, aside=_not_hit(one), quiet=True)
    burst = one.kind is FaultKind.BURST
    worst = spread([struck.recovery.worst_delay_ms for struck in one.hits])
    limited = _bounded(one, _seconds_cell(one.limited, "not known"))
    return GridRow(
        (
            *head,
            _damage_result(one),
            _seconds_cell(one.deciding, _NEVER, Tone.STRONG) if burst else late_time_cell(one),
            *([limited] if compared else []),
            *([_rate_cell(one)] if burst else []),
            _phase_cell(one, RecoveryPhase.BACK_FOR_GOOD),
            _seconds_cell(worst, "a window did not come"),
        ),
        quiet=one.rank is None,
    )


def late_time_cell(one: Recovered) -> Cell:
    """Late time with the band; where it was not over, as far as it was observed."""
    bands = spread([struck.recovery.band_ms for struck in one.hits])
    band = f"band {_range(bands, in_seconds) or in_seconds(bands.median or 0.0)}"
    if one.deciding.never:
        known = "" if one.least_ms is None else f"{in_seconds(one.least_ms)} or more"
        return Cell(known or DASH, f"not over within the trial, {band}", Tone.QUIET)
    if one.deciding.median is None:
        return Cell(DASH, f"not known, {band}", Tone.QUIET)
    cell = _bounded(one, _seconds_cell(one.deciding, "not over", Tone.STRONG))
    return replace(cell, note=", ".join(filter(None, (cell.note, band))))


def _bounded(one: Recovered, cell: Cell) -> Cell:
    if not one.at_most or cell.text in (DASH, in_seconds(0)):
        return cell
    return replace(cell, text=f"≤ {cell.text}")


def phases_grid(hit: Sequence[Recovered], kind: FaultKind) -> Grid:
    """A row per engine that was hit: each phase in seconds after the hit."""
    phases = phases_of(kind)
    columns = (
        GridColumn("engine"),
        *(GridColumn(f"{phase_label(phase, kind)}, s", numeric=True) for phase in phases),
    )
    rows = tuple(
        GridRow(
            (Cell(one.title), *(_phase_cell(one, phase) for phase in phases)),
            quiet=one.rank is None,
        )
        for one in hit
    )
    return Grid(columns, rows)


def _rate_cell(one: Recovered) -> Cell:
    rate = spread([struck.recovery.catch_up_per_s for struck in one.hits])
    if rate.median is None:
        return Cell(DASH, _NEVER, Tone.QUIET)
    return Cell(three_digits(rate.median), _range(rate, three_digits))


def _not_hit(one: Recovered) -> str:
    return f"{sentence(one.standing.words)}: {one.standing.reason or 'it was not hit'}"


def _beside_name(one: Recovered) -> str | None:
    if one.hits and one.unranked is not None:
        return f"not ranked: {one.unranked}"
    undisturbed = sum(calm(struck.recovery) for struck in one.hits)
    if undisturbed and one.disturbed:
        return f"{_UNDISTURBED} after {number(undisturbed)} of {number(len(one.hits))} hits"
    return None


def _phase_cell(one: Recovered, phase: RecoveryPhase) -> Cell:
    value = one.phase(phase)
    flowed = all(struck.recovery.outage_begin_ms is None for struck in one.hits)
    told = phase in (RecoveryPhase.DETECTED, RecoveryPhase.BACK) or one.kind is FaultKind.BURST
    if flowed and not told and value.high == 0:
        return Cell(DASH, _UNDISTURBED if not one.disturbed else "it kept flowing", Tone.QUIET)
    missing = "the engine does not say" if phase is RecoveryPhase.DETECTED else _NEVER
    return _seconds_cell(value, missing)


def _seconds_cell(value: Spread, missing: str, tone: Tone = Tone.PLAIN) -> Cell:
    """The median in seconds with its range; a dash and the reason where there is none."""
    some = ""
    if value.missing < value.count:
        some = f" in {number(value.missing)} of {number(value.count)}"
    if value.median is None or value.never:
        return Cell(DASH, missing + some, Tone.QUIET)
    notes = [_range(value, in_seconds), f"{missing}{some}" if value.missing else None]
    return Cell(in_seconds(value.median), ", ".join(filter(None, notes)) or None, tone)


def _range(value: Spread, written: object) -> str | None:
    """The range over the hits; None when there is none to be seen, or it has no end."""
    assert callable(written)
    if value.low is None or value.high is None or math.isinf(value.high):
        return None
    low, high = written(value.low), written(value.high)
    return None if low == high else f"{low} to {high}"


def damage_grid(every: Sequence[Recovered]) -> Grid:
    """Exact counts, summed over the hits and hit by hit."""
    kinds = [kind for kind, _ in damage_counts(Damage())]
    columns = (
        GridColumn("engine"),
        *(
            GridColumn(kind if kind != "duplicate" else "written twice", numeric=True)
            for kind in kinds
        ),
        GridColumn("windows hit", numeric=True),
        GridColumn("hits", numeric=True),
    )
    return Grid(columns, tuple(_damage_row(one) for one in every))


def _damage_row(one: Recovered) -> GridRow:
    if not one.hits:
        return GridRow((Cell(one.title),), aside=_not_hit(one), quiet=True)
    each = [struck.recovery.damage for struck in one.every_hit]
    counts = [[count for _, count in damage_counts(damage)] for damage in each]
    return GridRow(
        (
            Cell(one.title),
            *(_count_cell(values) for values in zip(*counts, strict=True)),
            _count_cell([damage.windows for damage in each]),
            Cell(number(len(each))),
        )
    )


def _damage_result(one: Recovered) -> Cell:
    doubled = f"{number(one.damage.duplicates)} written twice" if one.damage.duplicates else None
    if not one.clean:
        return Cell("✗ damaged", doubled, Tone.BAD)
    return Cell("✓ all right", doubled or "each row once", Tone.GOOD)


def _count_cell(values: Sequence[int]) -> Cell:
    several = len(values) > 1 and any(values)
    each = ", ".join(number(value) for value in values) if several else None
    return Cell(number(sum(values)), each, Tone.STRONG if any(values) else Tone.QUIET)


def aborted_points(hit: Sequence[Recovered]) -> tuple[str, ...]:
    """Under exactly-once: whether it was put to the test at all."""
    said = []
    for one in hit:
        aborted = one.aborted_rows
        if aborted:
            said.append(
                f"{one.title}: exactly-once was put to the test: {number(aborted)} rows of aborted "
                "transactions are in the log and hidden from a committed reader."
            )
        elif aborted is None:
            said.append(
                f"{one.title}: this run proves nothing about exactly-once: it is not known whether "
                "a transaction was aborted."
            )
        else:
            said.append(
                f"{one.title}: this run proves nothing about exactly-once: no transaction was aborted."
            )
    return tuple(said)


def partitions_grid(hit: Sequence[Recovered]) -> Grid | None:
    """Late time of each partition; None where none kept flowing beside another."""
    struck = [(one, each) for one in hit for each in one.every_hit]
    if not any(_some_flowed(each.recovery.partitions) for _, each in struck):
        return None
    numbers = sorted({p.partition for _, each in struck for p in each.recovery.partitions})
    columns = (
        GridColumn("engine"),
        GridColumn("hit"),
        *(GridColumn(f"partition {partition}, s", numeric=True) for partition in numbers),
    )
    rows = []
    for one, each in struck:
        by_number = {p.partition: p for p in each.recovery.partitions}
        cells = (_partition_cell(by_number.get(partition)) for partition in numbers)
        rows.append(GridRow((Cell(one.title), Cell(_hit_name(one, each)), *cells)))
    return Grid(columns, tuple(rows))


def _some_flowed(partitions: Sequence[PartitionOutage]) -> bool:
    flowed = [partition.late_time_ms == 0 for partition in partitions]
    return any(flowed) and not all(flowed)


def _partition_cell(partition: PartitionOutage | None) -> Cell:
    if partition is None or partition.late_time_ms is None:
        return Cell(DASH, "not known", Tone.QUIET)
    if partition.late_time_ms == 0:
        return Cell("kept flowing")
    still = partition.begin_ms is not None and partition.end_ms is None
    return Cell(in_seconds(partition.late_time_ms), "not back for good" if still else None)


def _hit_name(one: Recovered, struck: ObservedHit) -> str:
    several = len({id(each.trial) for each in one.every_hit}) > 1
    trial = f"trial {struck.trial.record.number}, " if several else ""
    return f"{trial}hit {struck.number}"


def hits_grid(hit: Sequence[Recovered]) -> Grid:
    """Which process was hit, when, how it ended, and at which phase of window and commit."""
    columns = (
        GridColumn("engine"),
        GridColumn("hit"),
        GridColumn("process"),
        GridColumn("pid", numeric=True),
        GridColumn("s after T0", numeric=True),
        GridColumn("UTC", numeric=True),
        GridColumn("over after, s", numeric=True),
        GridColumn("exit seen"),
        GridColumn("into the window, ms", numeric=True),
        GridColumn("into the commit interval, ms", numeric=True),
    )
    return Grid(columns, tuple(_hit_row(one, struck) for one in hit for struck in one.every_hit))


def _hit_row(one: Recovered, struck: ObservedHit) -> GridRow:
    hit = struck.recovery.hit
    over = (
        Cell(DASH, _NEVER, Tone.QUIET)
        if hit.over_ms is None
        else Cell(in_seconds(hit.over_ms - hit.at_ms))
    )
    return GridRow(
        (
            Cell(one.title),
            Cell(
                _hit_name(one, struck),
                "at another speed of the machine" if struck in one.aside else None,
            ),
            Cell("not known", tone=Tone.QUIET) if hit.victim is None else Cell(hit.victim),
            Cell(", ".join(str(pid) for pid in hit.pids) or DASH),
            Cell(number(hit.at_ms / 1000, 3)),
            Cell(_utc(hit.at_realtime_ns)),
            over,
            Cell(_exit_words(hit.exit_code)),
            Cell(number(hit.phase_in_window_ms)),
            Cell(number(hit.phase_in_commit_ms)),
        )
    )


def commands_grid(hit: Sequence[Recovered]) -> Grid | None:
    """The commands that were run, how each ended and what it said; None where there are none."""
    columns = (
        GridColumn("engine"),
        GridColumn("hit"),
        GridColumn("command", code=True),
        GridColumn("s after T0", numeric=True),
        GridColumn("took, s", numeric=True),
        GridColumn("exit"),
        GridColumn("last lines", code=True),
    )
    rows = tuple(
        _command_row(one, each)
        for one in hit
        for each in one.every_hit
        if each.recovery.hit.command
    )
    return Grid(columns, rows) if rows else None


def _command_row(one: Recovered, struck: ObservedHit) -> GridRow:
    hit = struck.recovery.hit
    took = DASH if hit.over_ms is None else in_seconds(hit.over_ms - hit.at_ms)
    return GridRow(
        (
            Cell(one.title),
            Cell(_hit_name(one, struck)),
            Cell(hit.command or DASH),
            Cell(number(hit.at_ms / 1000, 3)),
            Cell(took),
            Cell(_exit_words(hit.exit_code)),
            Cell(" | ".join(hit.output) or DASH),
        )
    )


def _utc(realtime_ns: int) -> str:
    moment = datetime.fromtimestamp(realtime_ns // 1_000_000_000, tz=UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{realtime_ns // 1_000_000 % 1000:03d}"


def _exit_words(code: int | None) -> str:
    if code is None:
        return DASH
    if code >= 0:
        return f"exit {code}"
    known = {member.value: member.name for member in signal.Signals}
    return f"{known.get(-code, 'signal')} ({-code})"
