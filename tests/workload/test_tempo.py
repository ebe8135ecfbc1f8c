from __future__ import annotations

import numpy as np
import pytest

from streambench.workload.file.extent import extent_of, far_away
from streambench.workload.file.tempo import NICE_MS, PLAY_MS, at_least, long_words, tempo_for
from streambench.workload.names import lawful_name, problem_with_name

MINUTE, DAY = 60_000, 86_400_000


@pytest.mark.parametrize(
    "span_ms", [5 * MINUTE, 60 * MINUTE, DAY, 30 * DAY, 365 * DAY, 9_000 * DAY]
)
def test_a_file_of_any_span_plays_a_minute_or_two_in_windows_of_a_second_or_two(
    span_ms: int,
) -> None:
    tempo = tempo_for(span_ms)
    assert 1_000 <= tempo.played_ms(tempo.window.size_ms) <= 2_000
    assert PLAY_MS / 2 <= tempo.played_ms(span_ms) <= 2 * PLAY_MS
    assert tempo.window.size_ms in NICE_MS


def test_a_short_file_is_not_slowed_down() -> None:
    assert tempo_for(20_000).speed_up == 1.0


def test_a_window_is_no_shorter_than_the_step_of_the_times() -> None:
    assert tempo_for(30 * DAY, step_ms=7 * DAY).window.size_ms == 7 * DAY


def test_lengths_are_rounded_up_and_shown_in_words() -> None:
    assert [at_least(each) for each in (0, 1, 101, 90_000)] == [0, 100, 200, 120_000]
    assert [at_least(days * DAY) for days in (20, 34.2, 91.5, 4_000)] == [
        each * DAY for each in (28, 35, 182, 4_000)
    ]
    assert long_words(75 * 365.25 * DAY) == "75 years"
    assert long_words(90_000) == "90 s"
    assert long_words(2.1 * DAY) == "2.1 days"


def test_disorder_is_how_far_an_event_lies_behind_the_greatest_before_it() -> None:
    event_ms = np.array([0, 10, 5, 7, 30, 2, 30])
    extent = extent_of(event_ms, np.arange(1, 8))
    assert extent.lags_ms.tolist() == [0, 0, 0, 0, 3, 5, 28]
    assert extent.behind == 3
    assert (extent.lag_ms(50), extent.lag_ms(99), extent.span_ms) == (0, 28, 30)


def test_few_rows_behind_a_wide_gap_are_far_away_and_a_long_tail_is_not() -> None:
    rng = np.random.default_rng(1)
    year = rng.integers(0, 365 * DAY, 10_000)
    assert not far_away(year).any()
    strays = np.r_[year, 86 * 365 * DAY, -30 * 365 * DAY]
    assert np.flatnonzero(far_away(strays)).tolist() == [10_000, 10_001]
    growing = 365 * DAY * 10 - np.sort(rng.exponential(200 * DAY, 10_000)).astype(np.int64)
    assert not far_away(growing).any()
    assert not far_away(np.array([5])).any()
    assert not far_away(np.array([5, 5, 5])).any()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Airport Name", "airport_name"),
        ("domainID", "domain_id"),
        ("Cost Total $", "cost_total"),
        ("2nd", "n2nd"),
        ("Größe", "groe"),
        ("class", "class_value"),
        ("quantum", "quantum_value"),
        ("日本", "field"),
        ("", "field"),
        ("x" * 90, "x" * 50),
    ],
)
def test_any_column_has_a_lawful_name(text: str, name: str) -> None:
    found = lawful_name(text, ())
    assert found == name
    assert problem_with_name(found) is None
    again = lawful_name(text, (name, f"{name}_2"))
    assert again == f"{name}_3"
    assert problem_with_name(again) is None
