"""Rows that somebody may have: columns of many kinds, times written in many ways, odd cells here and there."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

EPOCH: Final = dt.datetime(1970, 1, 1)
_NAMES: Final = (
    *("at", "k", "n", "Driver ID", "Total $", "select", "from", "group", "order", "window", "class", "event_ms"),
    *("user.id", "a.b.c", "ä", "Ä", "naïve", "名前", "x" * 90, "1st", "_", "-", "$", "#", "a b", "A", "a", "K"),
    *("'", '"', "it's", 'say "x"', "a/b", "a~b", "%s", "{x}", "[0]", "[bold]", "a\tb", "a;b", "a,b", "null"),
    *("window_start", "partition", "records", "key", "value", "time", "id", "json", "c0", "c1", "filename"),
    *(" ", "", "  k ", "true", "position", "java", "\u202e", "\U0001f41b", "k\u0301", "value:0", "text:0"),
)  # fmt: skip
_TEXTS: Final = (
    *("a", "b", "k1", "view", "é", "e\u0301", "名", "\U0001f41b", "it's", 'say "hi"', "a,b", "a;b", "a\tb", "a|b"),
    *(" x ", "\\", "\\n", "a\nb", "a\r\nb", "NULL", "None", "-", "NA", "[/]", "[bold]", "\u2028", "\x7f", "x" * 300),
    *("{}", "[1]", '{"a":1}', "0x10", "01", "-", "~2", "true", "10%", "a\x01b", "\u202e", "\ufeff", "\xa0"),
)  # fmt: skip
_ODD: Final = (
    *("", "NA", "NaN", "nan", "null", "None", "-", "?", "\\N", "inf", "-Infinity", "1e400", "1e5", "-0", "+5"),
    *("5.7", "0.1", "007", "1,5", "1 000", "9223372036854775807", "9223372036854775808", "9" * 40, "9" * 400),
    *("0." + "1" * 30, "5.", ".5", "x", "true", "TRUE", "yes", "2013-06-01", "01/02/2013", "2013-13-45", "1e-400"),
    *("0001-01-01", "9999-12-31 23:59:59", "10000-01-01", "-4712-01-01", "294247-01-10", "24:00:00", "1677-09-21"),
    *("2013-06-01 10:00:00+99:00", "2013-06-01T10:00:00.1234567890Z", "2013-02-29", "infinity", "epoch", "٣", "１"),
    *("2013-06-01 10:00:00 Europe/Berlin", "Feb 30 2013", "13700808000000000000000", "-1", "0", "x" * 5_000, "a\x00b"),
)  # fmt: skip


@dataclass(frozen=True)
class MadeColumn:
    """A column: its name, and its cells as Python has them; None where there is none."""

    name: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class MadeRows:
    """Columns of equal length; `times` is the one of event times, at `event_ms`, as long as all of them are sound.

    `way` is what a declaration says of how they are written.
    """

    columns: tuple[MadeColumn, ...]
    times: str
    way: str
    event_ms: tuple[int, ...] | None

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.columns[0].cells) if self.columns else 0


def _by(format_: str) -> Callable[[dt.datetime], str]:
    # Python leaves out the zeros of a year below 1000.
    return lambda instant: instant.strftime(format_.replace("%Y", f"{instant.year:04}"))


# Each way with what it cuts an instant down to, in µs, and how it is declared.
_DAY: Final = 86_400_000_000
_WRITTEN: Final[Sequence[tuple[Callable[[dt.datetime], Any], int, str]]] = (
    (lambda t: t.isoformat(" "), 1, ''),
    (lambda t: t.isoformat("T", "milliseconds") + "Z", 1_000, ''),
    (lambda t: (t + dt.timedelta(hours=2)).isoformat("T", "seconds") + "+02:00", 1_000_000, ''),
    (lambda t: t.isoformat(" ", "milliseconds").replace(".", ","), 1_000, ''),
    (lambda t: t.isoformat("T", "microseconds") + "999-00:00".replace("-", "+"), 1, ''),
    (lambda t: t.date().isoformat(), _DAY, ''),
    (_by("%Y/%m/%d %H:%M"), 60_000_000, ''),
    (_by("%d.%m.%Y %H:%M:%S"), 1_000_000, ', format = "%d.%m.%Y %H:%M:%S"'),
    (_by("%m/%d/%Y %I:%M:%S %p"), 1_000_000, ', format = "%m/%d/%Y %I:%M:%S %p"'),
    (_by("%d/%m/%Y"), _DAY, ', format = "%d/%m/%Y"'),
    (_by("%d/%m/%y"), _DAY, ', format = "%d/%m/%y"'),
    (_by("%b %d %Y"), _DAY, ', format = "%b %d %Y"'),
    (_by("%B %d, %Y"), _DAY, ', format = "%B %d, %Y"'),
    (_by("%a %b %d %H:%M:%S %Y"), 1_000_000, ', format = "%a %b %d %H:%M:%S %Y"'),
    (_by("%d/%b/%Y:%H:%M:%S +0000"), 1_000_000, ', format = "%d/%b/%Y:%H:%M:%S %z"'),
    (_by("%Y%m%d"), _DAY, ', format = "%Y%m%d"'),
    (lambda t: (t - EPOCH) // dt.timedelta(seconds=1), 1_000_000, ', unit = "s"'),
    (lambda t: (t - EPOCH) // dt.timedelta(milliseconds=1), 1_000, ', unit = "ms"'),
    (lambda t: (t - EPOCH) // dt.timedelta(microseconds=1), 1, ', unit = "us"'),
    (lambda t: (t - EPOCH) // dt.timedelta(microseconds=1) * 1_000, 1, ', unit = "ns"'),
    (lambda t: Decimal((t - EPOCH) // dt.timedelta(milliseconds=1)) / 1_000, 1_000, ', unit = "s"'),
    (lambda t: t.date(), _DAY, ''),
    (lambda t: t, 1, ''),
    (lambda t: t.replace(tzinfo=dt.UTC), 1, ''),
)  # fmt: skip
_USUAL_MS: Final = (100_000_000_000, 4_000_000_000_000)
_STEPS_US: Final = (0, 1, 1_000, 1_000_000, 61_000_001, 3_600_000_000, _DAY, 31 * _DAY, 400 * _DAY)
_BASES: Final = (
    *("2013-06-01T10:00:00.999600", "2024-02-28T23:59:59.999999", "1970-01-01T00:00:00", "1969-12-31T23:59:59"),
    *("2013-01-02T00:00:00", "2021-03-28T00:30:00", "1905-01-01T00:00:00", "0101-01-01T00:00:00", "9000-01-01T00:00:00"),
    *("2262-04-01T00:00:00", "1677-10-01T00:00:00", "2038-01-19T03:14:08", "2099-12-31T00:00:00"),
)  # fmt: skip


@st.composite
def _times(draw: st.DrawFn, rows: int) -> tuple[tuple[Any, ...], tuple[int, ...], str]:
    """Cells of times, with the instants in ms that they stand for, and how they are declared."""
    written, cut_us, way = draw(st.sampled_from(_WRITTEN))
    usual = draw(st.integers(0, 3)) > 0
    base = dt.datetime.fromisoformat(draw(st.sampled_from(_BASES[:2] if usual else _BASES)))
    step_us = draw(st.sampled_from(_STEPS_US))
    jumps = draw(st.lists(st.integers(-5, 5), min_size=1, max_size=4))
    shuffled = draw(st.integers(0, 3)) == 0
    cells, instants = [], []
    for row in range(rows):
        place = row * 7 % max(1, rows) if shuffled else row
        moved = dt.timedelta(microseconds=step_us * (place + jumps[row % len(jumps)]))
        try:
            instant = base + moved
        except OverflowError:
            instant = base
        since_us = (instant - EPOCH) // dt.timedelta(microseconds=1)
        cells.append(written(instant))
        instants.append(since_us // cut_us * cut_us // 1_000)
    return tuple(cells), tuple(instants), way


_kinds: Final[st.SearchStrategy[st.SearchStrategy[Any]]] = st.sampled_from(
    [
        st.sampled_from(_TEXTS[:8]),
        st.sampled_from(_TEXTS),
        st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6),
        st.integers(0, 20),
        st.integers(-(2**63), 2**63 - 1),
        st.integers(2**53 - 2, 2**53 + 2),
        st.integers(0, 2**64 + 5),
        st.decimals(-999, 999, places=2),
        st.decimals(-(10**9), 10**9, places=9),
        st.floats(),
        st.floats(-10, 10, width=32),
        st.booleans(),
        st.none(),
        st.one_of(st.none(), st.integers(0, 5)),
        st.dates(),
        st.datetimes(),
        st.sampled_from([uuid.UUID(int=n) for n in (0, 7, 2**128 - 1)]),
        st.binary(max_size=3),
        st.dictionaries(st.sampled_from(["a", "b.c", "id", "", "Total $"]), st.integers(0, 3), max_size=3),
        st.lists(st.integers(0, 3), max_size=2),
        st.one_of(st.integers(0, 5), st.sampled_from(_TEXTS), st.booleans(), st.none()),
        st.times(),
    ]
)  # fmt: skip


@st.composite
def made_rows(draw: st.DrawFn) -> MadeRows:
    """Mostly such as a program would write: times, a key, some more columns."""
    rows = draw(st.sampled_from((30, 12, 5, 40, 1, 2, 0)))
    if draw(st.integers(0, 39)) == 0:
        rows = draw(st.sampled_from((2_100, 21_000)))
    cells, instants, way = draw(_times(rows))
    columns = [MadeColumn("at", cells)]
    names = ["at"]
    for number in range(draw(st.sampled_from((2, 3, 5, 1, 0)))):
        name = "k" if number == 0 and draw(st.booleans()) else draw(st.sampled_from(_NAMES))
        if name in names and draw(st.integers(0, 19)):
            name = f"{name}{number}"
        names.append(name)
        plain = draw(st.integers(0, 2)) == 0
        kind = st.sampled_from(_TEXTS[:8]) if plain else draw(_kinds)
        pool = draw(st.lists(kind, min_size=1, max_size=6))
        gap = draw(st.sampled_from((0, 0, 0, 3, 25)))
        values = (None if gap and row % gap == 2 else pool[row % len(pool)] for row in range(rows))
        columns.append(MadeColumn(name, tuple(values)))
    event_ms: tuple[int, ...] | None = instants
    if rows and draw(st.integers(0, 2)) == 0:
        for _ in range(draw(st.integers(1, 2))):
            at = draw(st.integers(0, len(columns) - 1))
            row = draw(st.sampled_from((0, rows // 2, rows - 1)))
            changed = list(columns[at].cells)
            changed[row] = draw(st.sampled_from(_ODD))
            columns[at] = MadeColumn(columns[at].name, tuple(changed))
            event_ms = None if at == 0 else event_ms
    if "unit" in way and not all(_USUAL_MS[0] < each < _USUAL_MS[1] for each in instants):
        event_ms = None  # seconds of the year 9000 are more likely milliseconds
    order = draw(st.permutations(columns)) if draw(st.booleans()) else columns
    return MadeRows(tuple(order), "at", way, event_ms)
