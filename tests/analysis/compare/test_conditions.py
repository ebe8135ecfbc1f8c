"""Conditions as a user writes them: what each means, and what is said of one that cannot be read."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from streambench.analysis.compare.conditions import (
    COUNTS,
    FIGURES,
    Absolute,
    Condition,
    Relative,
    parse_condition,
)
from streambench.model.errors import UsageError


@pytest.mark.parametrize(
    ("text", "name", "above", "or_equal", "bound"),
    [
        ("p99 > +10%", "p99", True, False, Relative(1.1)),
        ("rate<-5%", "rate", False, False, Relative(0.95)),
        ("late_time > 5s", "late_time", True, False, Absolute(5_000.0)),
        ("delay_p99 < 500ms", "delay_p99", False, False, Absolute(500.0)),
        ("rate > 50k", "rate", True, False, Absolute(50_000.0)),
        ("memory >= 1.5 GiB", "memory", True, True, Absolute(1.5 * 2**30)),
        ("lost", "lost", True, False, Absolute(0.0)),
        ("lost = 0", "lost", False, True, Absolute(0.0)),
        ("lost <= 0", "lost", False, True, Absolute(0.0)),
        ("lost > 1.5k", "lost", True, False, Absolute(1_500.0)),
        ("late_time > 0ms", "late_time", True, False, Absolute(0.0)),
        ("cold_drain_time < 2min", "cold_drain_time", False, False, Absolute(120_000.0)),
        ("  duplicates > 1_000 ", "duplicates", True, False, Absolute(1_000.0)),
    ],
)
def test_a_condition_is_read(
    text: str, name: str, above: bool, or_equal: bool, bound: Relative | Absolute
) -> None:
    found = parse_condition(text)
    assert (found.name, found.above, found.or_equal) == (name, above, or_equal)
    assert type(found.bound) is type(bound)
    assert bound_of(found) == pytest.approx(bound_of(replace(found, bound=bound)))


@pytest.mark.parametrize(
    ("text", "at", "words"),
    [
        ("p9 > +10%", 1, "did you mean p99?"),
        ("p99 > 10%", 7, "say +10% or -10%"),
        ("p99", 4, "needs a bound"),
        ("p99 > 5 parsecs", 9, "parsecs is no unit"),
        ("late_time > 50k", 13, "has another unit, as in 500ms"),
        ("late_time > 50", 13, "has another unit, as in 50ms or 50s"),
        ("memory > 300", 10, "has another unit, as in 300MiB"),
        ("rate > 300ms", 8, "has another unit, as in 300"),
        ("p99 > ", 7, "a value are expected"),
        ("p99 >> 5ms", 6, "is no value"),
        ("lost > 10%", 8, "have no percentage"),
        ("p99 = 5ms", 5, "= is for rows"),
        ("> 5ms", 1, "a name"),
        ("", 1, "a name"),
        ("lost > 1.5", 8, "rows are whole; say lost > 1 or lost > 2"),
        ("duplicates < 0.2", 14, "rows are whole"),
        ("lost < 0", 8, "it never holds; say lost > 0 or lost = 0"),
        ("lost >= 0", 9, "it always holds"),
        ("p99 > 0ms", 7, "it always holds; say p99 > 500ms"),
        ("p99 <= 0s", 8, "it never holds; say p99 < 500ms"),
        ("late_time < 0ms", 13, "it never holds"),
        ("late_time >= 0ms", 14, "it always holds"),
        ("rate > 0", 8, "it always holds; say rate > 50k"),
        ("memory < 0MiB", 10, "it never holds; say memory < 512MiB"),
        ("cpu < 0", 7, "it never holds; say cpu < 30"),
        ("p99 > -100%", 7, "it always holds; say p99 > +10%"),
        ("rate < -250%", 8, "it never holds; say rate < -5%"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_place(text: str, at: int, words: str) -> None:
    with pytest.raises(UsageError) as told:
        parse_condition(text)
    assert f"at character {at}:" in told.value.message
    assert words in told.value.message


def texts(count: int) -> Iterator[str]:
    draw = random.Random(7)
    names = [*FIGURES, *COUNTS, "x", "", "p99.5"]
    for _ in range(count):
        if draw.random() < 0.3:
            yield "".join(chr(draw.randrange(1, 0x250)) for _ in range(draw.randrange(20)))
            continue
        value = "".join(draw.choice("0123456789._%kMsBiG +-²") for _ in range(draw.randrange(8)))
        yield draw.choice(names) + draw.choice(["", " ", ">", " < ", ">=", "=", "=<"]) + value


def test_any_text_is_a_condition_or_refused() -> None:
    read = 0
    for text in texts(20_000):
        found = read_or_refused(text)
        if isinstance(found, Condition):
            assert math.isfinite(bound_of(found))
            read += 1
        else:
            assert "at character" in found
    assert read > 100


def read_or_refused(text: str) -> Condition | str:
    try:
        return parse_condition(text)
    except UsageError as error:
        return error.message


def bound_of(found: Condition) -> float:
    return found.bound.factor if isinstance(found.bound, Relative) else found.bound.value
