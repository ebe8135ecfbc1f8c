"""Whether a workload, at a rate, duration and number of partitions, can work, and what it can promise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, assert_never

from streambench.model.conditions import Conditions
from streambench.model.errors import UsageError
from streambench.model.numbers import plural
from streambench.model.shape import peak_per_s
from streambench.model.workload import (
    Looped,
    Replay,
    Synthetic,
    Workload,
)
from streambench.workload.beyond import generated_sums, letters, replayed_sums, single_values
from streambench.workload.bounds import Ranges, ranges_of
from streambench.workload.durations import show_duration, windows_words
from streambench.workload.file.surprises import (
    LONGEST_PLAY_MS,
    LONGEST_SPAN_MS,
    played_ms_of,
    speed_to_play,
    stamped_ms_of,
    surprises,
)
from streambench.workload.file.tempo import long_words, speed_words
from streambench.workload.finding import Finding
from streambench.workload.grace import grace_findings
from streambench.workload.groups import Group, groups_of
from streambench.workload.hand_findings import hand_findings
from streambench.workload.keys import key_text
from streambench.workload.lateness import with_lateness
from streambench.workload.no_group import no_group_passes
from streambench.workload.paced import key_of_copies
from streambench.workload.partition import partition_of
from streambench.workload.passing import Passing, passing_keys, replayed_passing_keys
from streambench.workload.schema import MAX_RATE_PER_S
from streambench.workload.source import Survey, survey
from streambench.workload.sums import most_records_in_a_window, peak_rate_per_s
from streambench.workload.without_key import generated_without_key

_MIN_WINDOWS: Final = 3
_SHOWN_KEYS: Final = 5


def findings(
    workload: Workload,
    *,
    rate_per_s: int | None = None,
    duration_ms: int | None = None,
    partitions: int | None = None,
) -> tuple[Finding, ...]:
    """Return everything that stands against this load, the fatal first.

    `rate_per_s` and `partitions` None are the workload's own; `duration_ms` None is not judged. A
    replayed file is scanned; UsageError when it cannot be read.
    """
    match workload.input:
        case Synthetic() as load:
            rate = peak_rate_per_s(load, rate_per_s)
            found = [*_rate(rate), *_duration(workload, duration_ms)]
            ranges = ranges_of(workload)
            groups: Iterable[Group] = groups_of(workload)
            passing = passing_keys(workload)
            records = most_records_in_a_window(
                workload, load, rate_per_s=rate, duration_ms=duration_ms
            )
            beyond = [*single_values(workload, ranges)]
            beyond = beyond or [*generated_sums(workload, ranges, records)]
            told = generated_without_key(workload)
            found += [Finding(message, hint, fatal=False) for message, hint in told]
        case Replay() as replay:
            surveyed = survey(replay, workload.fields, workload.query.group_by)
            if replay.looped is None:
                found = [*_replay(workload, replay, surveyed, rate_per_s, duration_ms)]
            else:
                found = [*_looped(workload, replay.looped, rate_per_s, duration_ms)]
            told = surprises(workload, replay, surveyed)
            found += [Finding(message, hint, fatal=False) for message, hint in told]
            ranges, groups = dict(surveyed.bounds), surveyed.groups
            passing = Passing(None)
            beyond = [*single_values(workload, ranges)]
            if not beyond:  # else what is asked of the file's rows can fail
                keys = [key_text(each) for each in groups]
                passing = replayed_passing_keys(workload, replay, keys)
                beyond = [*replayed_sums(workload, replay)]
                workload = with_lateness(workload)
        case _:
            assert_never(workload.input)
    among = workload.partitions if partitions is None else partitions
    found += [
        *(_fewer_than_workers(workload) if partitions is None else ()),
        *(_partitions(workload, groups, passing, among) if passing else _nothing_passes(workload)),
        *beyond,
        *(() if beyond else _no_group(workload, ranges)),
        *letters(workload),
        *grace_findings(workload),
        *hand_findings(workload),
    ]
    return tuple(sorted(found, key=lambda finding: not finding.fatal))


def problems(
    workload: Workload,
    *,
    rate_per_s: int | None = None,
    duration_ms: int | None = None,
    partitions: int | None = None,
) -> tuple[str, ...]:
    """Return, in words, why the load cannot work; nothing when it can. Takes what `findings` takes."""
    found = findings(
        workload, rate_per_s=rate_per_s, duration_ms=duration_ms, partitions=partitions
    )
    return tuple(finding.message for finding in found if finding.fatal)


def check(
    workload: Workload,
    *,
    rate_per_s: int | None = None,
    duration_ms: int | None = None,
    partitions: int | None = None,
) -> None:
    """Raise UsageError for the first of `problems`, with its hint."""
    for finding in findings(
        workload, rate_per_s=rate_per_s, duration_ms=duration_ms, partitions=partitions
    ):
        if finding.fatal:
            raise UsageError(
                f"workload '{workload.name}': {finding.message}",
                hint=_command(workload, finding.hint),
            )


def _command(workload: Workload, hint: str) -> str:
    """The hint with a command to begin with."""
    if hint.startswith("streambench "):
        return hint
    return f"streambench validate {workload.name}; {hint}"


def _rate(rate_per_s: int) -> Iterator[Finding]:
    if not 0 < rate_per_s <= MAX_RATE_PER_S:
        yield Finding(
            f"a rate of {rate_per_s:,} events/s cannot be played",
            f"streambench run --rate 20k, or another from 1 to {MAX_RATE_PER_S:,}",
            fatal=True,
            path=("input", "shape"),
        )


def least_duration_ms(workload: Workload) -> int:
    """How long a generated load has to be, so that something can be said of its windows."""
    return workload.played_window.whole_ms(_MIN_WINDOWS)


def _duration(workload: Workload, duration_ms: int | None) -> Iterator[Finding]:
    least_ms = least_duration_ms(workload)
    if duration_ms is not None and duration_ms < least_ms:
        yield Finding(
            f"{show_duration(max(0, duration_ms))} of load is too short for"
            f" {windows_words(workload.query.window)}",
            f"streambench run --duration {show_duration(least_ms).replace(' ', '')}, or longer",
            fatal=True,
        )


def _replay(
    workload: Workload,
    replay: Replay,
    surveyed: Survey,
    rate_per_s: int | None,
    duration_ms: int | None,
) -> Iterator[Finding]:
    if rate_per_s is not None:
        yield Finding(
            f"{replay.path.name} is replayed at its own rate",
            "leave --rate out, or change `speed_up` in workload.toml",
            fatal=True,
        )
    if duration_ms is not None and duration_ms <= 0:
        yield Finding("the load has no duration", "use a longer --duration", fatal=True)
    stamped_ms = stamped_ms_of(workload, surveyed)
    if stamped_ms > LONGEST_SPAN_MS:
        span = long_words(surveyed.last_event_ms - surveyed.first_event_ms)
        yield Finding(
            f"the event times of {replay.path.name} span {span}, {long_words(stamped_ms)} with windows"
            f" before and behind them, and Kafka's stamps begin in 1970: {long_words(LONGEST_SPAN_MS)}"
            " are the most",
            "select a part by `begin` and `end` in workload.toml, or use shorter windows",
            fatal=True,
        )
    played_s = played_ms_of(replay, surveyed) / 1_000
    if played_s * 1_000 > LONGEST_PLAY_MS:
        yield Finding(
            f"{replay.path.name} would play for {long_words(played_s * 1_000)} at a speed_up of"
            f" {speed_words(replay.speed_up)}",
            f"set speed_up = {speed_to_play(replay, surveyed):,.0f} in workload.toml".replace(
                ",", "_"
            )
            + ", at which it plays a minute or two",
            fatal=True,
        )
        return
    rate = surveyed.rows / max(played_s, 1.0)
    if rate > MAX_RATE_PER_S:
        yield Finding(
            f"a speed-up of {replay.speed_up:g} means {rate:,.0f} events/s, which cannot be played",
            "lower `speed_up` in workload.toml",
            fatal=True,
            path=("input", "speed_up"),
        )


def _looped(
    workload: Workload, looped: Looped, rate_per_s: int | None, duration_ms: int | None
) -> Iterator[Finding]:
    peak = looped.rate_per_s if looped.shape is None else peak_per_s(looped.shape)
    rate = peak if rate_per_s is None else rate_per_s
    yield from _rate(rate)
    yield from _duration(workload, duration_ms)
    why = key_of_copies(workload)
    if rate > looped.own_rounded_per_s and isinstance(why, str):
        yield Finding(
            f"its own rate is {looped.own_per_s:,.1f} events/s, and {rate:,} events/s are asked for: its"
            f" records would come several times, under keys of their own, and {why}",
            f"streambench run {workload.name} --rate {looped.own_rounded_per_s}",
            fatal=True,
        )
    span_ms = (duration_ms or 0) * workload.speed
    if span_ms > LONGEST_SPAN_MS:
        yield Finding(
            f"{show_duration(duration_ms or 0)} of load are {long_words(span_ms)} of event time, and Kafka's"
            f" stamps begin in 1970: {long_words(LONGEST_SPAN_MS)} are the most",
            "lower `speed_up` in workload.toml, or ask for a shorter load",
            fatal=True,
        )


def _no_group(workload: Workload, ranges: Ranges) -> Iterator[Finding]:
    if no_group_passes(workload.query, ranges):
        yield Finding(
            "no group passes `having`, so there would be no result",
            "change `having`: its aggregates never have such values",
            fatal=True,
            path=("query", "having"),
        )


def _nothing_passes(workload: Workload) -> Iterator[Finding]:
    yield Finding(
        "no record passes `where`, so nothing would be counted",
        "change `where`, or the values of the fields that it compares",
        fatal=True,
        path=("query", "where"),
    )


def _fewer_than_workers(workload: Workload) -> Iterator[Finding]:
    """A run has so many workers where nobody asks for fewer, and refuses those that would have nothing to do."""
    workers = Conditions().workers
    if workload.partitions < workers:
        yield Finding(
            f"the {workers} workers of a run cannot share {plural(workload.partitions, 'partition')}",
            f"streambench run {workload.name} --workers {workload.partitions}",
            fatal=False,
            path=("input", "partitions"),
        )


def _partitions(
    workload: Workload, groups: Iterable[Group], passing: Passing, partitions: int
) -> Iterator[Finding]:
    """Every partition needs records that pass: an event clock over partitions would else never move."""
    if partitions < 1:
        yield Finding(
            "a topic has one partition or more",
            "use --partitions 4",
            fatal=True,
            path=("input", "partitions"),
        )
        return
    without = set(range(partitions))
    keys: list[str] = []
    those: list[str] = []
    for group in groups:
        keys.append(key_text(group))
        if passing.holds(keys[-1]):
            those.append(keys[-1])
            without.discard(partition_of(keys[-1].encode(), partitions))
            if not without:
                return
    empty = ", ".join(str(number) for number in sorted(without))
    names = ", ".join(key.name for key in workload.query.group_by)
    shown = ", ".join(those[:_SHOWN_KEYS]) + (", …" if len(those) > _SHOWN_KEYS else "")
    which, whose = "would get no record", f"the {len(those)} values"
    if len(those) < len(keys):
        which, whose = "would get no record that passes `where`", f"the {len(those)} passing values"
    yield Finding(
        f"partition {empty} of {partitions} {which}: {whose} of"
        f" '{names}' ({shown}) all hash to others, and an event clock over"
        " partitions would never move",
        "give the group-by fields more values, or lower [input] partitions in workload.toml",
        fatal=True,
        path=("input", "partitions"),
    )
