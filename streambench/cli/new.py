"""`streambench new`: a workload of one's own, from a file or to be filled in."""

from __future__ import annotations

import dataclasses
import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from streambench.cli.console import err, out
from streambench.cli.options import examples
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from streambench.experiment.own_data import OwnData
    from streambench.oracle.late import LateDrops
    from streambench.workload.file.asked import AskedOfFile

EXAMPLES = examples(
    "streambench new payments",
    "streambench new sales --from sales.csv --time 'Order Date' --key Region",
    "streambench new trips --from trips.parquet --time begun --arrival ended",
)
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_UNITS: Final = ("s", "ms", "us", "ns")


def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What the workload is called.")],
    file: Annotated[
        Path | None,
        typer.Option("--from", metavar="FILE", help="Parquet, CSV or JSON, .gz too."),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="When an event happened: its event time."),
    ] = None,
    arrival: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="When its record arrived; else the file's order."),
    ] = None,
    file_order: Annotated[
        bool,
        typer.Option("--file-order", help="Records arrived as they lie in the file."),
    ] = False,
    key: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="What is grouped by: the key.")
    ] = None,
    format_: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMAT", help="Of times, e.g. '%d/%m/%Y %H:%M'."),
    ] = None,
    unit: Annotated[
        str | None,
        typer.Option(metavar="UNIT", help="What times count since 1970: s, ms, us or ns."),
    ] = None,
    leave_out: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="No value where it stands, as NA (repeat)."),
    ] = None,
    zone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Of times that name none, e.g. Europe/Berlin; else UTC."),
    ] = None,
) -> None:
    """Make ./workloads/NAME: from a file of your own, or a template to fill in."""
    from streambench.workload.file.asked import AskedOfFile

    root = Path("workloads")
    _check_name(name, root, file)
    options = {
        "--time": time,
        "--arrival": arrival,
        "--key": key,
        "--format": format_,
        "--unit": unit,
        "--zone": zone,
        "--file-order": file_order or None,
        "--leave-out": leave_out,
    }
    if file is None:
        given = next((option for option, value in options.items() if value is not None), None)
        if given is not None:
            raise UsageError(f"{given} belongs to a file", hint="streambench new --help")
        _template(name, root)
        return
    if unit is not None and unit not in _UNITS:
        raise UsageError(
            f"--unit: '{unit}' is not one of {', '.join(_UNITS)}",
            hint=f"streambench new {name} --from {file} --unit ms",
        )
    from streambench.experiment.own_data import from_file

    asked = AskedOfFile(
        file,
        name,
        time,
        arrival,
        key,
        format_,
        unit,
        zone,
        file_order=file_order,
        leave_out=tuple(leave_out or ()),
    )
    if file_order and arrival is not None:
        raise UsageError(
            "--file-order and --arrival each name another order of arrival",
            hint=dataclasses.replace(asked, file_order=False).command(),
        )
    _show(from_file(asked, root), asked)


def _check_name(name: str, root: Path, file: Path | None) -> None:
    from streambench.workload.locate import available

    of_file = "" if file is None else f" --from {shlex.quote(str(file))}"
    if not _NAME.fullmatch(name):
        better = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_") or "payments"
        raise UsageError(
            f"'{name}' is no name of a workload: lower-case letters, digits, - and _",
            hint=f"streambench new {better}{of_file}",
        )
    taken = {folder.name for folder in available()}
    if name in taken or (root / name).exists():
        raise UsageError(
            f"there is a workload '{name}' already", hint=f"streambench new {name}-2{of_file}"
        )


def _template(name: str, root: Path) -> None:
    from streambench.workload.locate import FILE_NAME
    from streambench.workload.template import generated_template

    file = root / name / FILE_NAME
    title = name.replace("-", " ").replace("_", " ").capitalize()
    try:
        file.parent.mkdir(parents=True)
        file.write_text(generated_template(title), encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"{file} cannot be written: {error.strerror}", hint="change into a folder of your own"
        ) from None
    out.print(str(file), markup=False)
    _what_next(name)


def _show(made: OwnData, asked: AskedOfFile) -> None:
    """What was found in the file, and what was made of it."""
    _show_columns(made)
    _show_times(made, asked)
    _show_drops(made)
    out.print()
    _say(f"{made.folder / 'workload.toml'} is written. {_where_the_data_are(made)}")
    for wrong in made.wrong:
        _say(f"It cannot run as it is: {wrong}.")
    _what_next(made.folder.name, partitions=made.workload.partitions)


def _say(words: str) -> None:
    out.print(words, markup=False)


def _show_columns(made: OwnData) -> None:
    from rich.text import Text

    from streambench.report.fitting import FittingTable
    from streambench.workload.file.cells import shown

    proposal = made.proposal
    uses = {
        id(c.profile): (c.field.name, c.field.type.value, c.field.nullable) for c in proposal.fields
    }
    table = FittingTable(gap=2, plain=True)
    for heading in ("column", "seen", "different", "missing", "read as"):
        table.add_column(heading, overflow="fold")
    rows = made.profiles[0].rows
    _say(
        "One row; it was looked at." if rows == 1 else f"{rows:,} rows; all of them were looked at."
    )
    for profile in made.profiles:
        name = shown(profile.name)
        times = [proposal.event_time, *([proposal.arrival] if proposal.arrival else [])]
        roles = [
            role
            for role, column in zip(("event_time", "arrival"), times, strict=False)
            if shown(column.name) == name
        ]
        field = uses.get(id(profile))
        use = " and ".join(roles) or "not read"
        if field is not None:
            use = f"{field[0]}: {field[1]}"
            use += ", the key" if field[0] == proposal.key.name else ""
            use += f" × {profile.times:,}" if profile.times > 1 and field[1] == "bigint" else ""
            use += ", where there is one" if field[2] else ""
        cells = (
            name,
            ", ".join(profile.examples),
            profile.distinct_words,
            f"{profile.missing:,}",
            use,
        )
        table.add_row(*(Text(cell) for cell in cells))
    out.print(table)
    if proposal.key_is_a_guess:
        _say(
            f"No column of texts or ids comes again, so the number {proposal.key.name} is the key. --key COLUMN"
            " takes another; for one group of all rows add a column with one value."
        )


def _show_times(made: OwnData, asked: AskedOfFile) -> None:
    from streambench.cli.file_order import order_words
    from streambench.experiment.own_data import replay_of
    from streambench.workload.durations import show_duration
    from streambench.workload.file.cells import shown
    from streambench.workload.file.surprises import day_of, far_words
    from streambench.workload.file.tempo import long_words, speed_words
    from streambench.workload.file.time_columns import clock_apart

    extent, tempo = made.extent, made.tempo
    column = made.proposal.event_time
    out.print()
    words = f"Event times from {day_of(extent.first_ms)} to {day_of(extent.last_ms)}"
    if column.unit is None and asked.zone is None:
        words += "; those that name no zone are UTC (--zone takes another)"
    _say(f"{words}.")
    if (clock := clock_apart(made.proposal.time_profile, made.profiles)) is not None:
        _say(
            f"{shown(column.name)} is a date alone, and {clock} holds times of day: write both into one"
            " column, or all events of a day are at its beginning."
        )
    for words, command in order_words(made, asked):
        _say(words)
        if command is not None:
            out.print(f"    {command}", markup=False, soft_wrap=True)
    for told, hint in far_words(replay_of(made.workload), extent):
        _say(f"{told}. {hint[:1].upper()}{hint[1:]}{' (written so)' if _selects(made) else ''}.")
    _say(
        f"At a speed_up of {speed_words(tempo.speed_up)} a window of {show_duration(tempo.window.size_ms)} lasts"
        f" {long_words(tempo.played_ms(tempo.window.size_ms))}, and all of it plays for"
        f" {long_words(tempo.played_ms(extent.span_ms))}."
    )
    windows = max(1, tempo.window.count_over(extent.span_ms))
    if windows < 20:
        these = "This is one window" if windows == 1 else f"These are {windows} windows"
        _say(f"{these}; a percentile of delays needs 20.")


def _selects(made: OwnData) -> bool:
    from streambench.experiment.own_data import replay_of

    return replay_of(made.workload).begin is not None


def _show_drops(made: OwnData) -> None:
    from streambench.report.fitting import FittingTable
    from streambench.workload.durations import show_duration
    from streambench.workload.file.written import QUANTUM_MS
    from streambench.workload.grace import together_words

    out.print()
    _say("What each engine's event clock would drop as late, by grace:")
    table = FittingTable(gap=2, plain=True)
    table.add_column("grace")
    for title, _ in made.graces[0].drops:
        table.add_column(title, justify="right")
    for row in made.graces:
        chosen = " (written)" if row.grace_ms == made.workload.query.grace_ms else ""
        table.add_row(
            f"{show_duration(row.grace_ms)}{chosen}", *(_dropped(drops) for _, drops in row.drops)
        )
    out.print(table)
    if made.workload.query.grace_ms == made.graces[-1].grace_ms:
        _say(
            "With the grace that is written no record can be late: every result is checked exactly."
        )
    else:
        _say("With the grace that is written results are checked against bounds, by each clock.")
    together = together_words(QUANTUM_MS, made.tempo.speed_up)
    _say(
        f"{together[:1].upper()}{together[1:]}. So the grace that is needed grows with the speed_up."
    )


def _dropped(drops: LateDrops) -> str:
    dropped = drops.high if drops.dropped is None else drops.dropped
    share = 100 * dropped / max(1, drops.records)
    return "0" if dropped == 0 else f"{dropped:,} ({share:.2g} %)"


def _where_the_data_are(made: OwnData) -> str:
    if made.copied:
        return "The file is copied into its folder, which can be given away as it is."
    return "The file is large and stays where it is; the workload names its path."


def _what_next(name: str, *, partitions: int | None = None) -> None:
    from streambench.model.conditions import Conditions

    fewer = partitions is not None and partitions < Conditions().workers
    workers = f" --workers {partitions}" if fewer else ""
    err.print(f"check it: streambench validate {name}", markup=False)
    err.print(f"run it:   streambench run {name} --quick{workers}", markup=False)
