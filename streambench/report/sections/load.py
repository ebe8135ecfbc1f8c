"""The load that was played: how large it was, and the proof that every engine got the same bytes."""

from __future__ import annotations

from collections.abc import Mapping

from streambench.model.numbers import number
from streambench.model.sweep import Point, point_words
from streambench.report.document import Block, Cell, Grid, GridColumn, GridRow, Text
from streambench.results.bundle import Bundle


def load_blocks(bundle: Bundle, loads_by: str | None) -> tuple[Block, ...]:
    """The command and its load; where each `loads_by` (a rate, a point) had its own, the SHA-256 of each."""
    run = bundle.run
    asked = {"command": run.command, "started": run.started_at, "seed": str(run.seed)}
    own = _by_point(bundle)
    if loads_by is None:
        asked["records"] = number(run.trace_records)
        if run.trace_without_key:
            without = number(run.trace_without_key)
            asked["of them without a key, left out everywhere"] = without
        if run.drain_records_per_window is not None:
            asked["records in a window, on average"] = number(run.drain_records_per_window, 1)
        asked["trace SHA-256"] = run.trace_sha256
    blocks: list[Block] = [Text(_heading(bundle, loads_by, own)), pairs(asked, "what", code=True)]
    if own and not (loads_by is None and own.get((), set()) <= {run.trace_sha256}):
        blocks.append(_grid(own))
    return tuple(blocks)


def _heading(bundle: Bundle, loads_by: str | None, own: Mapping[Point, set[str]]) -> str:
    """Says that all got the same bytes only where the trials' own records show it."""
    if loads_by is not None:
        if not own:
            return f"The load. Each {loads_by} has one of its own:"
        same = all(len(shas) == 1 for shas in own.values())
        return f"The load. Each {loads_by} has one of its own" + (
            ", the same bytes for every engine tried at it:" if same else ":"
        )
    shas = {sha for found in own.values() for sha in found}
    played = {bundle.run.trace_sha256} if bundle.run.drains else shas
    if len(bundle.labels) > 1 and played == {bundle.run.trace_sha256}:
        return "The load, the same bytes for every engine:"
    return "The load:"


def _by_point(bundle: Bundle) -> dict[Point, set[str]]:
    """The SHA-256 of every load that a trial recorded as its own."""
    found: dict[Point, set[str]] = {}
    for trial in bundle.trials:
        sha = trial.record.trace_sha256
        if sha is not None:
            found.setdefault(trial.record.point, set()).add(sha)
    return found


def _grid(own: Mapping[Point, set[str]]) -> Grid:
    columns = (GridColumn("load"), GridColumn("trace SHA-256", code=True))
    rows = [
        GridRow((Cell(point_words(point) or "measured"), Cell(sha)))
        for point, shas in own.items()
        for sha in sorted(shas)
    ]
    return Grid(columns, tuple(rows), slim=True)


def pairs(values: Mapping[str, str], what: str, *, code: bool = False) -> Grid:
    """Names and values, one a row."""
    columns = (GridColumn(what), GridColumn("value", code=code))
    rows = tuple(GridRow((Cell(name), Cell(value))) for name, value in values.items())
    return Grid(columns, rows, slim=True)
