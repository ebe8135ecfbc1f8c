"""What changed between versions of one engine that were run side by side: defaults move silently."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from streambench.analysis.compare.changed import Changed, differing, engine_of
from streambench.analysis.variants import title_of
from streambench.report.document import Block, Cell, Fold, Grid, GridColumn, GridRow
from streambench.report.words.changes import changes_titled, told
from streambench.results.bundle import Bundle


def version_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """For each two versions of an engine, in the order asked for; () where there are none."""
    return tuple(
        _fold(bundle, first, second, title, changes)
        for first, second in _neighbours(bundle)
        for title, changes in changes_titled(differing(bundle, first, bundle, second))
    )


def _neighbours(bundle: Bundle) -> Iterator[tuple[str, str]]:
    by_engine: dict[str, list[str]] = {}
    for label in bundle.labels:
        if "@" in label:
            by_engine.setdefault(engine_of(label), []).append(label)
    for labels in by_engine.values():
        yield from pairwise(labels)


def _fold(
    bundle: Bundle, first: str, second: str, title: str, changes: tuple[Changed, ...]
) -> Block:
    names = title_of(bundle, first), title_of(bundle, second)
    columns = (GridColumn("setting", code=True), *(GridColumn(name, code=True) for name in names))
    rows = tuple(
        GridRow((Cell(each.name), Cell(told(each.first)), Cell(told(each.second))))
        for each in changes
    )
    return Fold(f"{names[0]} and {names[1]}: {title}", (Grid(columns, rows),))
