"""How the rows of a file lie in time: in order, newest first, or grouped by a column, as city after city."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from streambench.model.workload import Field, Replay
from streambench.workload.file.cells import ORDINAL
from streambench.workload.file.extent import Extent
from streambench.workload.source import EVENT_MS, opened

# Some rows may lie anywhere, and a file is still grouped.
_STRAY: Final = 0.05
# Where a column changes in most rows, or hardly ever with the times, it tells nothing of their order.
_MOST_CHANGES: Final = 0.5
_LEAST_TURNS: Final = 0.5
_BY_CHANCE: Final = 0.001


@dataclass(frozen=True)
class Grouping:
    """The times of a file begin anew where this field changes, `turns` times.

    `whole`: each of its values stands in one block, so no stream of events can have come so.
    """

    field: Field
    turns: int
    whole: bool


@dataclass(frozen=True)
class FileOrder:
    """How a file lies; neither: in the order of its times, or in none."""

    newest_first: bool = False
    grouping: Grouping | None = None


def order_of(replay: Replay, fields: Sequence[Field], extent: Extent) -> FileOrder:
    """Compare each row with the one before it. Raises UsageError where the file cannot be read.

    Rows far away are left aside: the times fall behind each.
    """
    pairs = [
        f'"{EVENT_MS}" < lag("{EVENT_MS}") OVER by_place AS fell',
        f'"{EVENT_MS}" > lag("{EVENT_MS}") OVER by_place AS rose',
        'row_number() OVER by_place > 1 AS "second"',
        *(
            f'("{each.name}" IS DISTINCT FROM lag("{each.name}") OVER by_place) AS changed{at},'
            f' "{each.name}" AS value{at}'
            for at, each in enumerate(fields)
        ),
    ]
    counted = ["count(*)", "count(*) FILTER (fell)", "count(*) FILTER (rose)"]
    for at in range(len(fields)):
        changed = f"changed{at} AND second"
        counted += [
            f"count(*) FILTER ({changed})",
            f"count(*) FILTER ({changed} AND fell)",
            f"count(*) FILTER ({changed} AND rose)",
            f"count(DISTINCT value{at}) + CAST(count(*) > count(value{at}) AS INTEGER)",
        ]
    with opened(replay, fields) as connection:
        row = connection.execute(
            f"SELECT {', '.join(counted)} FROM (SELECT {', '.join(pairs)} FROM source"
            f' WHERE "{EVENT_MS}" BETWEEN {extent.first_ms} AND {extent.last_ms}'
            f' WINDOW by_place AS (ORDER BY "{ORDINAL}"))'
        ).fetchone()
    rows, falls, rises = (int(each) for each in row[:3])
    descends = falls > rises
    turns = rises if descends else falls
    if turns == 0:
        return FileOrder(newest_first=descends)
    found: list[tuple[int, Grouping]] = []
    for at, field in enumerate(fields):
        changes, fell, rose, distinct = (int(each) for each in row[3 + 4 * at : 7 + 4 * at])
        together = rose if descends else fell
        whole = changes + 1 == distinct
        if (
            turns - together <= _STRAY * turns
            and changes <= _MOST_CHANGES * rows
            and together >= _LEAST_TURNS * changes
            and (whole or (changes / rows) ** turns < _BY_CHANCE)
        ):
            found.append((changes, Grouping(field, turns, whole)))
    return FileOrder(grouping=min(found, key=lambda each: each[0])[1] if found else None)
