"""From what a file holds to what can be played of it: its times, its key and its fields."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.model.errors import UsageError
from streambench.model.expression import FieldType
from streambench.model.workload import EpochUnit, Field, FileColumn, TimeColumn
from streambench.workload.file.cells import shown
from streambench.workload.file.guess import TimeGuess
from streambench.workload.file.profile import ColumnProfile
from streambench.workload.names import did_you_mean, lawful_name

MOST_FIELDS: Final = 8
_MOST_MISSING: Final = 0.05
_MOST_KEYS: Final = 100_000
_TIMELY: Final = re.compile(
    r"time|date|stamp|epoch|year|month|day|when|created|updated|(^|[^a-z])(ts|at)$", re.IGNORECASE
)
_AN_ID: Final = re.compile(r"(^|[_\W]|[a-z](?=I))id$", re.IGNORECASE)


@dataclass(frozen=True)
class AskedOfFile:
    """What the user says of a file; None: it is to be found."""

    file: Path
    name: str
    time: str | None = None
    arrival: str | None = None
    key: str | None = None
    format: str | None = None
    unit: str | None = None
    zone: str | None = None

    def command(self, *options: str) -> str:
        """The same with other options, to be typed again."""
        given = [
            f"--{name} {_quoted(value)}"
            for name in ("time", "arrival", "key", "format", "unit", "zone")
            if (value := getattr(self, name)) is not None
            and not any(option.startswith(f"--{name} ") for option in options)
        ]
        return " ".join(
            ["streambench new", self.name, "--from", _quoted(str(self.file)), *given, *options]
        )


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

    @property
    def declared(self) -> tuple[Field, ...]:
        """The fields as a workload has them."""
        return tuple(choice.field for choice in self.fields)


def propose(profiles: Sequence[ColumnProfile], asked: AskedOfFile) -> Proposal:
    """Choose the times, the key and the fields. Raises UsageError for what only the user can know."""
    time = _time_profile(profiles, asked)
    event_time = _time_column(time, asked, asked.zone)
    arrival = None
    apart = [time]
    if asked.arrival is not None:
        column = _named(profiles, asked.arrival, asked, "--arrival")
        apart.append(column)
        arrival = _time_column(column, dataclasses.replace(asked, time=asked.arrival), asked.zone)
    others = [p for p in profiles if p not in apart and p.has_values]
    key = _key_profile(others, asked)
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
    )


def _time_profile(profiles: Sequence[ColumnProfile], asked: AskedOfFile) -> ColumnProfile:
    if asked.time is not None:
        return _named(profiles, asked.time, asked, "--time")
    found = [p for p in profiles if p.is_time and p.has_values]
    if not found:
        found = [p for p in profiles if p.time_ways and _TIMELY.search(shown(p.name))]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{shown(p.name)} ({p.examples[0]})" for p in found)
        raise UsageError(
            f"{asked.file.name} has {len(found)} columns of times: {listed}; when an event happened, and"
            " perhaps when its record arrived, is for you to say",
            hint=f"{asked.command(f'--time {_quoted(shown(found[0].name))}')}, and --arrival"
            f" {_quoted(shown(found[-1].name))} if records arrived in its order",
        )
    listed = ", ".join(f"{shown(p.name)} ({p.examples[0]})" for p in profiles if p.examples)
    raise UsageError(
        f"no column of {asked.file.name} looks like times: {listed}",
        hint=asked.command(f"--time {_quoted(shown(profiles[0].name))}", "--format '%d/%m/%Y'"),
    )


def _named(
    profiles: Sequence[ColumnProfile], name: str, asked: AskedOfFile, option: str
) -> ColumnProfile:
    for profile in profiles:
        if shown(profile.name) == name:
            return profile
    known = [shown(profile.name) for profile in profiles]
    raise UsageError(
        f"{asked.file.name} has no column '{name}'{did_you_mean(name, known)}",
        hint=asked.command(f"{option} {_quoted(known[0])}"),
    )


def _time_column(profile: ColumnProfile, asked: AskedOfFile, zone: str | None) -> TimeColumn:
    """How its times are read; UsageError where that is ambiguous or not known."""
    if asked.unit is not None:
        return TimeColumn(profile.name, unit=EpochUnit(asked.unit))
    if asked.format is not None:
        return TimeColumn(profile.name, format=asked.format, zone=zone)
    ways = profile.time_ways
    column = _quoted(shown(profile.name))
    if not ways:
        example = profile.examples[0] if profile.examples else "nothing"
        raise UsageError(
            f"no way is known to read all times of {shown(profile.name)}, such as '{example}'",
            hint=asked.command(f"--time {column}", "--format '%d/%m/%Y %H:%M'"),
        )
    if len(ways) > 1:
        read = " or ".join(f"{way.shown(profile.examples[0])} ({way.option})" for way in ways)
        raise UsageError(
            f"'{profile.examples[0]}' in {shown(profile.name)} can be {read}",
            hint=asked.command(f"--time {column}", ways[0].option),
        )
    way: TimeGuess = ways[0]
    return TimeColumn(profile.name, way.format, way.unit, None if way.unit else zone)


def _key_profile(profiles: Sequence[ColumnProfile], asked: AskedOfFile) -> ColumnProfile:
    if asked.key is not None:
        return _named(profiles, asked.key, asked, "--key")
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
    listed = ", ".join(shown(p.name) for p in profiles) or "none"
    raise UsageError(
        f"no column of {asked.file.name} is fit to group by; there are {listed}",
        hint=asked.command(f"--key {_quoted(shown(profiles[0].name)) if profiles else 'COLUMN'}"),
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
    named = _TIMELY.search(name) or _AN_ID.search(name) or re.search(r"hour|minute|zip", name, re.I)
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


def _quoted(text: str) -> str:
    return text if re.fullmatch(r"[\w./%-]+", text) else "'" + text.replace("'", "'\\''") + "'"
