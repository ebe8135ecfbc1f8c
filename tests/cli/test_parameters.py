from __future__ import annotations

import pytest
import typer

from streambench.cli.parameters import duration_s, names, rate


@pytest.mark.parametrize(
    ("text", "expected"), [("20000", 20_000), ("20k", 20_000), ("1.5M", 1_500_000), (" 7 ", 7)]
)
def test_a_rate_may_have_a_unit(text: str, expected: int) -> None:
    assert rate(text) == expected


@pytest.mark.parametrize("text", ["0", "-1", "fast", "0.5", "1.5", "20kk", ""])
def test_a_rate_that_is_no_whole_number_of_events_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="rate"):
        rate(text)


@pytest.mark.parametrize(
    ("text", "expected"), [("90", 90.0), ("90s", 90.0), ("2m", 120.0), ("500ms", 0.5), ("1h", 3600)]
)
def test_a_duration_may_have_a_unit(text: str, expected: float) -> None:
    assert duration_s(text) == expected


@pytest.mark.parametrize("text", ["0", "-5s", "soon", "5 days", ""])
def test_a_duration_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="duration"):
        duration_s(text)


def test_names_may_be_repeated_or_separated_by_commas_and_count_once() -> None:
    assert names(["flink,spark", "flink", " kafka-streams "]) == ("flink", "spark", "kafka-streams")
