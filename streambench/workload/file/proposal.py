"""From what a file holds to what can be played of it: its times, its key and its fields."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.workload import Field, FileColumn, TimeColumn
from streambench.workload.file.asked import AskedOfFile, quoted_word
from streambench.workload.file.cells import shown
from streambench.workload.file.profile import ColumnProfile
from streambench.workload.file.time_columns import (
    TIMELY,
    column_named,
    refuse_unused_zone,
    time_column,
    time_profile,
)
from streambench.workload.names import lawful_name

MOST_FIELDS: Final = 8
_MOST_MISSING: Final = 0.05
_MOST_KEYS: Final = 100_000
_AN_ID: Final = re.compile(r"(^|[_\W]|[a-z](?=I))id$", re.IGNORECASE)


@dataclass(frozen=True)
class FieldChoice:
    """A column that becomes a field, with what it was seen to hold; `why_not`: it is left out, in words."""

    field: Field
    profile: ColumnProfile
    why_not: str | None = None


@dataclass(frozen=True)
class Proposal:
    """What can be played: the times, the key's field and the others, in the file's order."""

    event_time: TimeColumn
    arrival: TimeColumn | None
    time_profile: ColumnProfile
    key: Field
    fields: tuple[FieldChoice, ...]
    left_out: tuple[FieldChoice, ...]
    no_values: tuple[str, ...]  # with which rows are left out, or lack a value
    key_is_a_guess: bool = False  # nobody named it, and it may well be a measured number

    @property
    def declared(self) -> tuple[Field, ...]:
        """The fields as a workload has them."""
        return tuple(choice.field for choice in self.fields)


def propose(profiles: Sequence[ColumnProfile], asked: AskedOfFile) -> Proposal:
    """Choose the times, the key and the fields. Raises UsageError for what only the user can know."""
    time = time_profile(profiles, asked)
    _refuse_no_names(asked, time, profiles)
    event_time = time_column(time, asked, "--time", profiles)
    arrival = None
    apart = [time]
    if asked.arrival is not None:
        column = column_named(profiles, asked.arrival, asked, "--arrival")
        apart.append(column)
        arrival = time_column(column, asked, "--arrival", profiles)
    refuse_unused_zone(asked, event_time, arrival)
    others = [p for p in profiles if p not in apart and p.has_values]
    if others:
        _refuse_key_of_time(asked, apart, others)
    key = _key_profile(others, profiles, asked)
    names = _lawful([key, *(p for p in others if p is not key)])
    choices = [_field(key, names, FieldType.STRING, is_key=True)]
    left: list[FieldChoice] = []
    others = [p for p in others if p is not key]
    kept = _worth_reading([p for p in others if _why_not(p) is None])
    for profile in others:
        why = _why_not(profile) or (None if profile in kept else "there are enough fields")
        choice = _field(profile, names, profile.type, zone=asked.zone)
        choice = dataclasses.replace(choice, why_not=why)
        (left if why else choices).append(choice)
    read = [*apart, *(choice.profile for choice in choices)]
    _refuse_unseen(asked, profiles)
    missing = any(profile.missing for profile in read)
    texts = sorted({text for profile in read for text in profile.no_values})
    return Proposal(
        event_time=event_time,
        arrival=arrival,
        time_profile=time,
        key=choices[0].field,
        fields=tuple(choices),
        left_out=tuple(left),
        no_values=("", *texts) if missing else (),
        key_is_a_guess=asked.key is None and is_measure(key),
    )


def _refuse_no_names(
    asked: AskedOfFile, time: ColumnProfile, profiles: Sequence[ColumnProfile]
) -> None:
    """Raise UsageError where the name of the column of times is a time: the file has no line of names."""
    name = shown(time.name)
    if not (time.time_ways and any(way.reads(name) for way in time.time_ways)):
        return
    names = ",".join("time" if p is time else f"column{at}" for at, p in enumerate(profiles, 1))
    raise UsageError(
        f"the first line of {asked.file.name} holds values, not names: {', '.join(shown(p.name) for p in profiles)}",
        hint=f"{asked.command()}, when its first line names the columns: sed -i '1i {names}'"
        f" {quoted_word(str(asked.file))}",
    )


def _refuse_key_of_time(
    asked: AskedOfFile, times: Sequence[ColumnProfile], others: Sequence[ColumnProfile]
) -> None:
    """Raise UsageError where it is to be grouped by the times."""
    if asked.key is None or asked.key not in [shown(p.name) for p in times]:
        return
    other = f"--key {quoted_word(shown(others[0].name))}" if others else "--key COLUMN"
    raise UsageError(
        f"'{asked.key}' is the column of the times, which windows group by; a key is another one",
        hint=asked.command(other),
    )


def _refuse_unseen(asked: AskedOfFile, profiles: Sequence[ColumnProfile]) -> None:
    """Raise UsageError for a text that is to be left out and stands nowhere."""
    seen = {text.strip() for profile in profiles for text in profile.no_values}
    for text in asked.leave_out:
        if text and text.strip() not in seen:
            others = tuple(each for each in asked.leave_out if each != text)
            raise UsageError(
                f"--leave-out: no value of {asked.file.name} is '{text}'",
                hint=dataclasses.replace(asked, leave_out=others).command(),
            )


def _key_profile(
    profiles: Sequence[ColumnProfile], every: Sequence[ColumnProfile], asked: AskedOfFile
) -> ColumnProfile:
    """What is grouped by: one of `profiles`, which are those of `every` that have values and are no times."""
    if not profiles:
        raise UsageError(
            f"no column of {asked.file.name} is fit to group by: none but the times has a value",
            hint="add a column to group by, of one value for all rows if need be",
        )
    if asked.key is not None:
        if (named := next((p for p in profiles if shown(p.name) == asked.key), None)) is not None:
            return named
        column_named(every, asked.key, asked, "--key")
        raise UsageError(
            f"{asked.file.name} cannot be grouped by '{asked.key}': it has no value in any row",
            hint=asked.command(f"--key {quoted_word(shown(profiles[0].name))}"),
        )
    many = [p for p in profiles if 1 < p.distinct <= _MOST_KEYS]
    for usable in ([p for p in many if p.missing <= _MOST_MISSING * p.rows], many):
        texts = [p for p in usable if p.type is FieldType.STRING and not p.is_time]
        whole = [p for p in usable if p.type is FieldType.BIGINT and p.times == 1]
        ids = [p for p in whole if _AN_ID.search(shown(p.name))]
        for group in (texts, ids, whole):
            # A key comes again: a text that every row has for itself groups nothing.
            again = [p for p in group if p.distinct <= max(2, p.rows // 4)]
            if again:
                return max(again, key=lambda p: (p.distinct >= 4, -abs(p.distinct - 200)))
    if many:
        return many[0]
    listed = ", ".join(shown(p.name) for p in profiles)
    raise UsageError(
        f"no column of {asked.file.name} is fit to group by; there are {listed}",
        hint=asked.command(f"--key {quoted_word(shown(profiles[0].name))}"),
    )


def _lawful(profiles: Sequence[ColumnProfile]) -> Mapping[int, str]:
    """By the profile's identity, the name of its field."""
    names: dict[int, str] = {}
    for profile in profiles:
        names[id(profile)] = lawful_name(shown(profile.name), names.values())
    return names


def _field(
    profile: ColumnProfile,
    names: Mapping[int, str],
    type_: FieldType | None,
    *,
    is_key: bool = False,
    zone: str | None = None,
) -> FieldChoice:
    """A column as a field; where leaving out the rows without a value would cost many, it may lack one.

    `zone` is that of times which name none.
    """
    times = profile.times if type_ is FieldType.BIGINT else 1
    instants = None
    if profile.is_time and len(profile.time_ways) == 1 and not is_key:
        type_, way = FieldType.TIMESTAMP, profile.time_ways[0]
        instants = TimeColumn(profile.name, way.format, zone=zone)
    column = FileColumn(profile.name, times, instants)
    nullable = not is_key and _lacks(profile)
    name = names[id(profile)]
    field = Field(name, type_ or FieldType.STRING, None, column, nullable=nullable)
    return FieldChoice(field, profile)


def is_measure(profile: ColumnProfile) -> bool:
    """Whether it is a number that can be worth summing: no part of a date, and no id."""
    name = shown(profile.name)
    named = TIMELY.search(name) or _AN_ID.search(name) or re.search(r"hour|minute|zip", name, re.I)
    return profile.type is FieldType.BIGINT and profile.distinct > 1 and not named


def _worth_reading(profiles: Sequence[ColumnProfile]) -> Sequence[ColumnProfile]:
    """The first of them, numbers that can be summed before all others."""
    ordered = sorted(
        profiles,
        key=lambda p: (_lacks(p), not is_measure(p), p.type is not FieldType.STRING),
    )
    return ordered[: MOST_FIELDS - 1]


def _why_not(profile: ColumnProfile) -> str | None:
    if profile.type is None and not (profile.is_time and len(profile.time_ways) == 1):
        return "no type fits all of its values"
    return None


def _lacks(profile: ColumnProfile) -> bool:
    """Whether so many rows have no value that they are not to be left out."""
    return profile.missing > _MOST_MISSING * profile.rows
