"""What of a replay's times surprises: rows that drag the clock, and a file that plays for years."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from streambench.model.workload import Replay, Workload
from streambench.workload.file.extent import Extent, measure_extent
from streambench.workload.file.tempo import PLAY_MS, long_words, speed_for, speed_words
from streambench.workload.source import Survey
from streambench.workload.without_key import replayed_without_key

LONG_MS: Final = 30 * 60_000
"""A file that plays longer is told of."""

LONGEST_PLAY_MS: Final = 7 * 86_400_000
"""A file that plays longer is refused."""

LONGEST_SPAN_MS: Final = round(56 * 365.25 * 86_400_000)
"""Event times are shifted to end now, and a stamp before 1970 is none to Kafka Streams."""

_SHORT_WINDOW_MS: Final = 100
_FAR_SHOWN: Final = 3


def surprises(workload: Workload, replay: Replay, surveyed: Survey) -> Iterator[tuple[str, str]]:
    """What is to be said before a run, each with a hint; an impossible span is refused elsewhere."""
    played_ms = played_ms_of(replay, surveyed)
    if played_ms > LONGEST_PLAY_MS:
        return
    each_ms = workload.query.window.span_ms(1)
    if played_ms > LONG_MS:
        span = long_words(surveyed.last_arrival_ms - surveyed.first_arrival_ms)
        yield (
            f"{replay.path.name} plays for {long_words(played_ms)}: its arrivals span {span}, at a"
            f" speed_up of {speed_words(replay.speed_up)}",
            f"set speed_up = {speed_to_play(replay, surveyed):_.12g}, or select a part by `begin` and `end`",
        )
    elif played_ms > 0 and each_ms / replay.speed_up < _SHORT_WINDOW_MS:
        yield (
            f"a window lasts {each_ms / replay.speed_up:.2g} ms at a speed_up of {speed_words(replay.speed_up)}:"
            " delays are longer than that",
            f"set speed_up = {speed_for(each_ms):_.12g}, at which it lasts 1 to 2 s",
        )
    if surveyed.first_event_ms == surveyed.last_event_ms and surveyed.rows > 1:
        yield (
            f"all {surveyed.rows:,} rows of {replay.path.name} have one event time, of"
            f" {day_of(surveyed.first_event_ms)}: they are in one window",
            "check that `event_time` is the column of the times",
        )
    if surveyed.left_out:
        rows = "one row is" if surveyed.left_out == 1 else f"{surveyed.left_out:,} rows are"
        yield (
            f"{rows} left out of {replay.path.name}: some column that is read has no value there",
            "see leave_out",
        )
    yield from replayed_without_key(workload, surveyed)
    if surveyed.has_far_rows:
        yield from far_words(replay, measure_extent(replace(replay, copies=None), workload.fields))


def stamped_ms_of(workload: Workload, surveyed: Survey) -> int:
    """How long a time the stamps of a run span: the file, and windows around it for what proves the job."""
    window, grace_ms = workload.query.window, workload.query.grace_ms
    apart = window.count_over(window.horizon_ms(grace_ms))
    span_ms = surveyed.last_event_ms - surveyed.first_event_ms
    return span_ms + window.span_ms(6 * apart + 1)


def far_words(replay: Replay, extent: Extent) -> Iterator[tuple[str, str]]:
    """What is to be said of rows far away from all others."""
    if not extent.far:
        return
    shown = ", ".join(f"{day_of(each.event_ms)} in row {each.row:,}" for each in extent.far)
    more = (
        f" and {extent.far_rows - len(extent.far):,} more"
        if extent.far_rows > len(extent.far)
        else ""
    )
    drags = any(each.event_ms > extent.last_ms for each in extent.far)
    what = "; a clock that has seen it lets nothing else into a window" if drags else ""
    begin, end = around(extent)
    yield (
        f"{replay.path.name} has event times far away from all others, {day_of(extent.first_ms)} to"
        f" {day_of(extent.last_ms)}: {shown}{more}{what}",
        f"leave them out: begin = {begin}, end = {end}",
    )


def around(extent: Extent) -> tuple[str, str]:
    """`begin` and `end` that select what is not far away, whole days, as TOML writes them."""
    return day_of(extent.first_ms), day_of(extent.last_ms + 86_400_000)


def played_ms_of(replay: Replay, surveyed: Survey) -> float:
    """How long the selected part plays."""
    return (surveyed.last_arrival_ms - surveyed.first_arrival_ms) / replay.speed_up


def day_of(instant_ms: int) -> str:
    """An instant as a date, UTC."""
    epoch = datetime.datetime.fromtimestamp(0, datetime.UTC)
    try:
        return str((epoch + datetime.timedelta(milliseconds=instant_ms)).date())
    except OverflowError:
        return f"{instant_ms:,} ms since 1970"


def speed_to_play(replay: Replay, surveyed: Survey) -> float:
    """The speed at which it plays a minute or two."""
    return float(f"{replay.speed_up * played_ms_of(replay, surveyed) / PLAY_MS:.2g}")
