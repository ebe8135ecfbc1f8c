"""Which columns of a file are its times, and how they are read; else what the user has to say, and how."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.workload import EpochUnit, TimeColumn
from streambench.workload.file.asked import AskedOfFile, quoted_word
from streambench.workload.file.cells import Connection, shown
from streambench.workload.file.formats import strptime_of
from streambench.workload.file.guess import guesses
from streambench.workload.file.instants import check_time_column, problem_with_format
from streambench.workload.file.misfits import JUMPED
from streambench.workload.file.nearly import UNREAD_SHOWN, holds_times_of_day
from streambench.workload.file.profile import ColumnProfile
from streambench.workload.file.zones import zone_meant, zone_of_abbreviation
from streambench.workload.names import did_you_mean

TIMELY: Final = re.compile(
    r"time|date|stamp|epoch|year|month|day|when|created|updated|(^|[^a-z])(ts|at)$", re.IGNORECASE
)
"""Names that columns of times have."""

_NUMBER: Final = re.compile(r"[+-]?\d+(\.\d*)?")
_ABBREVIATED: Final = re.compile(r"(.*\d) ([A-Z]{3,5})")
# As spreadsheets count days: from 1954 to 2119.
_DAYS_OF_A_SHEET: Final = (20_000, 80_000)
_FORM: Final = "where FORMAT is as for strptime, such as '%d/%m/%Y %H:%M'; or write them as 2024-01-31 10:00:00"


def check_ways(connection: Connection, asked: AskedOfFile) -> None:
    """Raise UsageError for a format, a unit and a zone that cannot be, before anything is read."""
    if asked.format is not None and asked.unit is not None:
        raise UsageError(
            "--format and --unit are two ways to read times: a text has a format, a number a unit",
            hint=asked.without(
                "unit" if problem_with_format(asked.format) is None else "format"
            ).command(),
        )
    if asked.format is not None:
        problem = problem_with_format(asked.format)
        if problem is None:
            try:
                check_time_column(connection, TimeColumn("", format=asked.format))
            except UsageError as error:
                problem = error.message
        if problem is not None:
            better = strptime_of(asked.format) or "%d/%m/%Y"
            raise UsageError(problem, hint=asked.command(f"--format {_in_quotes(better)}"))
    if asked.zone is not None:
        try:
            check_time_column(connection, TimeColumn("", zone=asked.zone))
        except UsageError as error:
            rows = connection.execute("SELECT name FROM pg_timezone_names()").fetchall()
            meant = zone_meant(asked.zone, [str(row[0]) for row in rows])
            instead = asked.without("zone").command() if meant is None else ""
            raise UsageError(
                error.message, hint=instead or asked.command(f"--zone {meant}")
            ) from None


def time_profile(profiles: Sequence[ColumnProfile], asked: AskedOfFile) -> ColumnProfile:
    """The column of the event times. Raises UsageError where that is for the user to say."""
    if asked.time is not None:
        return column_named(profiles, asked.time, asked, "--time")
    found = _of_times(profiles)
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{shown(p.name)} ({p.examples[0]})" for p in found)
        raise UsageError(
            f"{asked.file.name} has {len(found)} columns of times: {listed}; when an event happened, and"
            " perhaps when its record arrived, is for you to say",
            hint=f"{asked.command(f'--time {quoted_word(shown(found[0].name))}')}, and --arrival"
            f" {quoted_word(shown(found[-1].name))} if records arrived in its order",
        )
    listed = ", ".join(f"{shown(p.name)} ({p.examples[0]})" for p in profiles if p.examples)
    told = f"no column of {asked.file.name} looks like times: {listed}"
    valued = [p for p in profiles if p.has_values]
    if (numbers := next((p for p in valued if p.time_ways), None)) is not None:
        raise UsageError(
            f"{told}; the numbers of {shown(numbers.name)} can be times",
            hint=asked.command(f"--time {quoted_word(shown(numbers.name))}"),
        )
    nearly = [p for p in valued if p.nearly is not None]
    timely = [p for p in valued if TIMELY.search(shown(p.name))]
    if meant := [*nearly, *timely]:
        raise _unread(meant[0], asked, "--time", profiles)
    column = f"--time {quoted_word(shown(profiles[0].name))}"
    raise UsageError(told, hint=f"{asked.command(column, '--format FORMAT')}, {_FORM}")


def time_column(
    profile: ColumnProfile, asked: AskedOfFile, option: str, profiles: Sequence[ColumnProfile]
) -> TimeColumn:
    """How its times are read; UsageError where that is ambiguous or not known. `option` names the column."""
    ways = profile.time_ways
    name = shown(profile.name)
    column = f"{option} {quoted_word(name)}"
    if asked.unit is not None:
        if ways and all(way.unit is not EpochUnit(asked.unit) for way in ways):
            better = [ways[0].option] if ways[0].option else []
            raise UsageError(
                f"'{profile.examples[0]}' in {name} is no number of {asked.unit} since 1970",
                hint=asked.without("unit").command(column, *better),
            )
        return TimeColumn(profile.name, unit=EpochUnit(asked.unit))
    if asked.format is not None:
        return TimeColumn(profile.name, format=asked.format, zone=asked.zone)
    if not ways:
        raise _unread(profile, asked, option, profiles)
    if len(ways) > 1:
        read = " or ".join(f"{way.shown(profile.examples[0])} ({way.option})" for way in ways)
        raise UsageError(
            f"'{profile.examples[0]}' in {name} can be {read}",
            hint=asked.command(column, ways[0].option),
        )
    way = ways[0]
    return TimeColumn(profile.name, way.format, way.unit, None if way.unit else asked.zone)


def clock_apart(time: ColumnProfile, profiles: Sequence[ColumnProfile]) -> str | None:
    """The column of the times of day where the event times are dates alone; None where there is none."""
    if any(":" in text or re.search(r"T\d", text) for text in time.examples):
        return None
    if time.time_ways and time.time_ways[0].unit is not None:
        return None
    return next(
        (shown(p.name) for p in profiles if p is not time and holds_times_of_day(p.examples)), None
    )


def refuse_unused_zone(asked: AskedOfFile, *times: TimeColumn | None) -> None:
    """Raise UsageError where a zone would do nothing: numbers since 1970 count in UTC."""
    if asked.zone is not None and all(each is None or each.unit is not None for each in times):
        raise UsageError(
            "--zone would do nothing: numbers since 1970 count in UTC",
            hint=asked.without("zone").command(),
        )


def column_named(
    profiles: Sequence[ColumnProfile], name: str, asked: AskedOfFile, option: str
) -> ColumnProfile:
    """The column of this name. Raises UsageError where there is none."""
    for profile in profiles:
        if shown(profile.name) == name:
            return profile
    known = [shown(profile.name) for profile in profiles]
    raise UsageError(
        f"{asked.file.name} has no column '{name}'{did_you_mean(name, known)}",
        hint=asked.command(f"{option} {quoted_word(known[0])}"),
    )


def misread(error: UsageError, profile: ColumnProfile, asked: AskedOfFile) -> UsageError:
    """The refusal of values that a format or a unit does not read, with the command that reads them."""
    column = f"--time {quoted_word(shown(profile.name))}"
    if JUMPED in error.message:
        return UsageError(
            error.message,
            hint=f"{asked.without('zone').command(column)}, which reads them as UTC; or name their zone",
        )
    plain = asked.without("format", "unit")
    if profile.time_ways:
        better = [profile.time_ways[0].option] if profile.time_ways[0].option else []
        return UsageError(error.message, hint=plain.command(column, *better))
    return UsageError(error.message, hint=f"{plain.command(column, '--format FORMAT')}, {_FORM}")


def _of_times(profiles: Sequence[ColumnProfile]) -> list[ColumnProfile]:
    found = [p for p in profiles if p.is_time and p.has_values]
    return found or [p for p in profiles if p.time_ways and TIMELY.search(shown(p.name))]


def _unread(
    profile: ColumnProfile, asked: AskedOfFile, option: str, profiles: Sequence[ColumnProfile]
) -> UsageError:
    """Why a column is not read as times: what of it is none, and what to do."""
    name = shown(profile.name)
    column = f"{option} {quoted_word(name)}"
    example = profile.examples[0] if profile.examples else "nothing"
    if (nearly := profile.nearly) is not None:
        listed = ", ".join(f"'{text}'" for text in nearly.unread[:UNREAD_SHOWN])
        many = len(nearly.unread) > UNREAD_SHOWN
        rows = "in one row" if nearly.rows == 1 else f"in {nearly.rows:,} rows"
        told = (
            f"{name} has times such as '{nearly.read}', and {rows} something else:"
            f" {listed}{', …' if many else ''}"
        )
        if many:
            return UsageError(
                told, hint=f"{asked.command(column)}, when all times are written in one way"
            )
        left = [f"--leave-out {_in_quotes(text)}" for text in nearly.unread]
        return UsageError(told, hint=f"{asked.command(column, *left)}, which leaves such rows out")
    if (suffixed := _abbreviated(profile)) is not None:
        format_, zone = suffixed
        options = (f"--format {_in_quotes(format_)}", f"--zone {zone}")
        return UsageError(
            f"'{example}' in {name} names its zone by an abbreviation, which is none",
            hint=asked.command(column, *options),
        )
    others = [p for p in _of_times(profiles) if p is not profile]
    if holds_times_of_day(profile.examples):
        return UsageError(
            f"{name} holds times of day without a date, such as '{example}'",
            hint=f"{asked.command(column)}, when date and time stand in one column",
        )
    numbers = [float(text) for text in profile.examples if _NUMBER.fullmatch(text)]
    if numbers and len(numbers) == len(profile.examples):
        low, high = _DAYS_OF_A_SHEET
        if all(low <= number <= high for number in numbers):
            return UsageError(
                f"'{example}' in {name} may be a day as spreadsheets count them, from 1899-12-30 on: these are"
                " not read",
                hint=f"{asked.command(column)}, when dates are saved as text such as 2024-01-31",
            )
        told = f"'{example}' in {name} is no time: as s, ms, us or ns since 1970 it lies far from today"
        if _within_lifetimes(numbers[0]):
            told = f"no way is known to read all times of {name}, such as '{example}'"
    else:
        told = f"no way is known to read '{example}' in {name} as a time"
    if others:
        other = f"{option} {quoted_word(shown(others[0].name))}"
        return UsageError(told, hint=asked.command(other))
    return UsageError(told, hint=f"{asked.command(column, '--format FORMAT')}, {_FORM}")


def _within_lifetimes(number: float) -> bool:
    """Whether a number of some unit since 1970 lies between 1971 and 2100."""
    return any(3.2e7 <= number / per_second <= 4.1e9 for per_second in (1, 1e3, 1e6, 1e9))


def _abbreviated(profile: ColumnProfile) -> tuple[str, str] | None:
    """The format and the zone of times behind which one abbreviation stands, as `10:00 CEST`."""
    found = [_ABBREVIATED.fullmatch(text) for text in profile.examples]
    names = {each[2] for each in found if each is not None}
    if None in found or len(names) != 1:
        return None
    (name,) = names
    zone = zone_of_abbreviation(name)
    ways = guesses([each[1] for each in found if each is not None])
    if zone is None or len(ways) != 1 or ways[0].unit is not None:
        return None
    format_ = ways[0].format or _iso_format(profile.examples[0])
    return f"{format_} {name}", zone


def _iso_format(text: str) -> str:
    """The format of a time with the year first."""
    mark = "/" if text[4:5] == "/" else "-"
    clock = {0: "", 1: "%H:%M", 2: "%H:%M:%S"}[min(2, text.count(":"))]
    between = "T" if "T" in text[:11] else " "
    fraction = ".%f" if re.search(r":\d\d\.\d", text) else ""
    return f"%Y{mark}%m{mark}%d{between}{clock}{fraction}".strip()


def _in_quotes(text: str) -> str:
    """As a word of a command, in quotes whatever it holds."""
    word = quoted_word(text)
    return word if word.startswith("'") else f"'{word}'"
