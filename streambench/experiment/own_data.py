"""From a user's file to a workload that plays it: what was found in it, and what each clock would drop."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from streambench.engines.registry import CONTENDERS, engine_named
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock
from streambench.model.windows import Tumbling
from streambench.model.workload import Replay, Workload
from streambench.oracle.late import LateDrops, predict_file
from streambench.workload.durations import LONGEST_MS
from streambench.workload.file.asked import AskedOfFile
from streambench.workload.file.damaged import unreadable
from streambench.workload.file.extent import Extent, measure_extent
from streambench.workload.file.order import FileOrder, order_of
from streambench.workload.file.profile import ColumnProfile, profiles
from streambench.workload.file.proposal import Proposal, propose
from streambench.workload.file.surprises import around
from streambench.workload.file.tables import ENDINGS, open_table
from streambench.workload.file.tempo import Tempo, at_least, tempo_for
from streambench.workload.file.time_columns import check_ways, misread
from streambench.workload.file.written import (
    QUANTUM_MS,
    Declaration,
    aggregates_of,
    declaration_text,
)
from streambench.workload.keys import key_text
from streambench.workload.locate import FILE_NAME
from streambench.workload.names import nearest
from streambench.workload.parse import load_workload
from streambench.workload.partition import partition_of
from streambench.workload.source import survey
from streambench.workload.validate import findings

COPIED_BYTES: Final = 100 * 2**20
"""A file up to this size is copied, so that the folder is whole and can be given away."""

# What a hint says of a workload.toml that there is not yet.
_IN_A_COMMAND: Final = (
    (
        "check `replay` in workload.toml; Parquet, CSV and JSON can be played",
        "Parquet, CSV and JSON are read",
    ),
    ("check `replay` in workload.toml", "`ls` shows which files there are"),
    (', or name the delimiter: delimiter = ";" in [input] of workload.toml', ""),
)
_MOST_PARTITIONS: Final = 4
_BATCH_MS: Final = 1_000
_LATE_SHARE: Final = 0.01
_MOST_GRACE_WINDOWS: Final = 4


@dataclass(frozen=True)
class GraceRow:
    """What each engine's documented clock would drop of all records at one grace, by engine."""

    grace_ms: int
    drops: tuple[tuple[str, LateDrops], ...]

    @property
    def share(self) -> float:
        """The greatest share that some engine would drop."""
        return max(
            (drops.high if drops.dropped is None else drops.dropped) / max(1, drops.records)
            for _, drops in self.drops
        )


@dataclass(frozen=True)
class OwnData:
    """What was made of a file: the `folder` with its workload, and all that was found on the way.

    `order` is how the file lies, and `behind_ms` how far its records lie behind earlier ones at most.
    `by_time`: they are played in the order of their times instead. `copied`: the file lies in the folder.
    """

    folder: Path
    workload: Workload
    proposal: Proposal
    profiles: tuple[ColumnProfile, ...]
    extent: Extent
    tempo: Tempo
    graces: tuple[GraceRow, ...]
    order: FileOrder
    behind_ms: int
    by_time: bool
    copied: bool
    wrong: tuple[str, ...]  # why it cannot be run as it is


def from_file(asked: AskedOfFile, root: Path) -> OwnData:
    """Look at all of a file and write `root`/NAME. Raises UsageError for what only the user can know."""
    try:
        return _from_file(asked, root)
    except UsageError as error:
        # What is written on the way lies where nobody looks for it.
        message = re.sub(
            rf"\S*/\.{asked.name}-\S+/{FILE_NAME}: line \d+, column \d+: ", "", error.message
        )
        hint = error.hint or ""
        for said, here in _IN_A_COMMAND:
            hint = hint.replace(said, here)
        if not hint.startswith("streambench "):
            hint = f"{asked.command()}, when that is mended: {hint}"
        raise UsageError(message, hint=hint) from error


def _refuse_no_file(asked: AskedOfFile) -> None:
    """Raise UsageError where there is nothing to read, with the file that was meant."""
    file = asked.file
    if file.exists() and file.name.lower().endswith(ENDINGS):
        return
    beside = [each.name for each in file.parent.iterdir()] if file.parent.is_dir() else []
    readable = [each for each in beside if each.lower().endswith(ENDINGS)]
    if file.exists() and not file.is_dir():
        renamed = dataclasses.replace(asked, file=file.with_suffix(".csv"))
        raise UsageError(
            f"{file} cannot be replayed: the file's kind is told by its ending, {', '.join(ENDINGS)}",
            hint=f"{renamed.command()}, when it is saved or named so",
        )
    near = nearest(file.name, readable)
    if near is not None and not file.exists():
        meant = dataclasses.replace(asked, file=file.parent / near)
        raise UsageError(f"{file} does not exist; did you mean {near}?", hint=meant.command())


def _from_file(asked: AskedOfFile, root: Path) -> OwnData:
    _refuse_no_file(asked)
    found = _profiled(asked)
    proposal = propose(found, asked)
    with tempfile.TemporaryDirectory(prefix=f".{asked.name}-", dir=_made(root)) as scratch:
        folder = Path(scratch) / asked.name
        folder.mkdir()
        copied = asked.file.stat().st_size <= COPIED_BYTES
        replay = asked.file.name if copied else str(asked.file.resolve())
        if copied:
            shutil.copyfile(asked.file, folder / replay)
        made = _Maker(asked, found, proposal, folder, replay, copied).make()
        target = root / asked.name
        os.rename(folder, target)
    workload = load_workload(target)
    return dataclasses.replace(made, folder=target, workload=workload)


def _made(root: Path) -> Path:
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"{root} cannot be made: {error.strerror}", hint="change into a folder of your own"
        ) from None
    return root


def _profiled(asked: AskedOfFile) -> tuple[ColumnProfile, ...]:
    connection = duckdb.connect()
    try:
        connection.execute("SET TimeZone = 'UTC'")
        table = open_table(connection, asked.file, None)
        check_ways(connection, asked)
        found = profiles(connection, table, asked.leave_out)
    except duckdb.Error as error:
        if (refused := unreadable(error, asked.file)) is None:
            raise
        raise refused from error
    finally:
        connection.close()
    if not any(profile.has_values for profile in found):
        raise UsageError(
            f"{asked.file.name} holds no value", hint=f"streambench new {asked.name} --from FILE"
        )
    return found


@dataclass
class _Maker:
    """Writes the declaration again and again, each time with what the last one let be measured."""

    asked: AskedOfFile
    profiles: tuple[ColumnProfile, ...]
    proposal: Proposal
    folder: Path
    replay: str
    copied: bool

    def make(self) -> OwnData:
        """Choose the order of arrival, then the windows, then the grace."""
        declared = Declaration(
            title=_title(self.asked),
            replay=self.replay,
            origin=self.asked.file.name,
            proposal=self.proposal,
            tempo=Tempo(Tumbling(1_000), 1.0),
            grace_ms=0,
            partitions=1,
            select=(("records", "count(*)"),),
        )
        workload = self._written(declared)
        try:
            extent = self._extent(workload)
        except UsageError as error:
            asked = self.asked
            if asked.format is None and asked.unit is None and asked.zone is None:
                raise
            raise misread(error, self.proposal.time_profile, self.asked) from error
        order, behind_ms = FileOrder(), extent.lag_ms(100)
        if self.proposal.arrival is None and extent.behind:
            order = order_of(replay_of(workload), workload.fields, extent)
        by_time = self._goes_by_time(extent, order)
        if by_time:
            self.proposal = dataclasses.replace(self.proposal, arrival=self.proposal.event_time)
            declared = dataclasses.replace(declared, proposal=self.proposal)
            extent = self._extent(self._written(declared))
        if extent.far and self.proposal.arrival in (None, self.proposal.event_time):
            begin, end = around(extent)
            declared = dataclasses.replace(declared, begin=begin, end=end)
        tempo = tempo_for(extent.span_ms, extent.step_ms)
        workload = self._written(dataclasses.replace(declared, tempo=tempo))
        declared = dataclasses.replace(declared, tempo=tempo, partitions=_partitions(workload))
        graces = drops_by_grace(self._written(declared), _graces_ms(extent, tempo))
        declared = dataclasses.replace(
            declared, grace_ms=_chosen(graces, tempo), select=self._select(declared)
        )
        workload = self._written(declared)
        return OwnData(
            self.folder,
            workload,
            self.proposal,
            self.profiles,
            extent,
            tempo,
            graces,
            order,
            behind_ms,
            by_time,
            self.copied,
            wrong=tuple(each.message for each in findings(workload) if each.fatal),
        )

    def _goes_by_time(self, extent: Extent, order: FileOrder) -> bool:
        """Whether the file's order cannot be that in which its records arrived."""
        if self.proposal.arrival is not None or self.asked.file_order:
            return False
        grouping = order.grouping
        in_blocks = grouping is not None and grouping.whole
        of_the_key = grouping is not None and grouping.field.name == self.proposal.key.name
        return extent.is_shuffled or (in_blocks and (of_the_key or extent.is_far_behind))

    def _written(self, declared: Declaration) -> Workload:
        (self.folder / FILE_NAME).write_text(declaration_text(declared), encoding="utf-8")
        return load_workload(self.folder)

    def _extent(self, workload: Workload) -> Extent:
        replay = replay_of(workload)
        survey(replay, workload.fields, workload.query.group_by)
        return measure_extent(replay, workload.fields)

    def _select(self, declared: Declaration) -> Sequence[tuple[str, str]]:
        """The aggregates that no engine's sums are too small for."""
        wanted = aggregates_of(self.proposal)
        workload = self._written(dataclasses.replace(declared, select=wanted))
        beyond = any("beyond a bigint" in each.message for each in findings(workload))
        return tuple(each for each in wanted if not (beyond and each[1].startswith("sum")))


def replay_of(workload: Workload) -> Replay:
    """The replay of a workload that has one."""
    assert isinstance(workload.input, Replay), "it was made from a file"
    return workload.input


def drops_by_grace(workload: Workload, graces_ms: Sequence[int]) -> tuple[GraceRow, ...]:
    """What each engine's clock would drop of the file as it is played, by grace."""
    replay = replay_of(workload)
    clocks = {engine_named(name).title: engine_named(name).event_clock for name in CONTENDERS}
    by_clock = {
        clock: predict_file(
            workload,
            clock,
            partitions=workload.partitions,
            graces_ms=graces_ms,
            batch_ms=_BATCH_MS if clock is EventClock.GLOBAL_PER_BATCH else None,
            speed_up=replay.speed_up,
        )
        for clock in dict.fromkeys(clocks.values())
    }
    return tuple(
        GraceRow(grace_ms, tuple((title, by_clock[clock][at]) for title, clock in clocks.items()))
        for at, grace_ms in enumerate(graces_ms)
    )


def _graces_ms(extent: Extent, tempo: Tempo) -> tuple[int, ...]:
    """Graces of which one may be right: none, and as long as some share of the records is behind."""
    return tuple(sorted(set(_candidates(extent, tempo))))


def _candidates(extent: Extent, tempo: Tempo) -> Iterator[int]:
    yield 0
    for percent in (50, 90, 99):
        yield at_least(extent.lag_ms(percent))
    # Nothing can be late, by any clock: records of a quantum come together.
    together_ms = QUANTUM_MS * tempo.speed_up
    yield at_least(extent.lag_ms(100) + together_ms)


def _chosen(graces: Sequence[GraceRow], tempo: Tempo) -> int:
    """The least grace at which next to nothing is dropped, if it is not out of proportion."""
    most_ms = min(LONGEST_MS, tempo.window.span_ms(_MOST_GRACE_WINDOWS))
    within = [row for row in graces if row.grace_ms <= most_ms]
    # Where no clock can drop anything, results are checked exactly.
    if graces[-1] in within:
        return graces[-1].grace_ms
    return next((row.grace_ms for row in within if row.share <= _LATE_SHARE), within[-1].grace_ms)


def _partitions(workload: Workload) -> int:
    """As many that each has a key, four at most."""
    found = survey(replay_of(workload), workload.fields, workload.query.group_by)
    keys = [key_text(group) for group in found.groups]
    for partitions in range(_MOST_PARTITIONS, 1, -1):
        if len({partition_of(key.encode(), partitions) for key in keys}) == partitions:
            return partitions
    return 1


def _title(asked: AskedOfFile) -> str:
    words = asked.name.replace("-", " ").replace("_", " ").strip()
    return words[:1].upper() + words[1:]
