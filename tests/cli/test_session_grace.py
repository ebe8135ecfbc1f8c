"""Sessions over a user's own file: which grace they need, and that it is said why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.model.errors import ExitCode
from tests.cli.own_files import made, streambench, write

FILE = Path("workloads/visits/workload.toml")


@pytest.fixture(autouse=True)
def _visits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [
        f"2024-03-{1 + at // 1440:02} {at // 60 % 24:02}:{at % 60:02}:00,u{at % 9}"
        for at in range(7_000)
    ]
    write("visits.csv", "at,user", *rows)


def edited(pattern: str, text: str) -> None:
    """A line of workload.toml, as a user would change it."""
    FILE.write_text(re.sub(pattern, text, FILE.read_text()))


def test_why_grace_grows_with_the_speed_is_said_where_grace_is_shown() -> None:
    _, said = made("new visits --from visits.csv")
    assert (
        "At a speed_up of 4,800 one quantum of 5 ms holds 24 s of event time, and its records come at once,"
        " in any order. So the grace that is needed grows with the speed_up." in said
    )
    grace = next(line for line in FILE.read_text().splitlines() if line.startswith("grace"))
    assert grace.endswith("# of event time; at this speed_up a quantum of 5 ms holds 24 s of it")
    edited("window .*", 'window = { session = "30 min" }')
    assert "is sound" in streambench("validate visits").stdout


def test_sessions_at_another_speed_are_told_of_with_the_reason_and_the_line_to_write() -> None:
    made("new visits --from visits.csv")
    edited("window .*", 'window = { session = "30 min" }')
    edited("speed_up .*", "speed_up = 48_000")
    told = streambench("validate visits")
    assert told.exit_code == ExitCode.OK
    assert re.search(r"the grace is 30 s, and [34] min are needed; else a record may", told.stderr)
    assert "one quantum of 5 ms holds 4 min of event time" in told.stderr
    line = told.stderr.partition("[query] ")[2].partition(" is enough")[0]
    assert line == 'grace = "5 min"'
    assert "half the speed_up needs half of it" in told.stderr
    edited("grace .*", line)
    assert "are needed" not in streambench("validate visits").stderr


def test_windows_that_may_be_late_are_told_the_same() -> None:
    made("new visits --from visits.csv")
    edited("grace .*", 'grace = "1 s"')
    edited("window .*", 'window = { tumbling = "1 min" }')
    told = streambench("validate visits").stderr
    assert "one quantum of 5 ms holds 24 s of event time" not in told, (
        "a window is longer than that"
    )
    edited("speed_up .*", "speed_up = 48_000")
    told = streambench("validate visits").stderr
    assert "the grace is 1 s, and" in told
    assert "one quantum of 5 ms holds 4 min of event time" in told
    assert '[query] grace = "5 min" is enough' in told


def test_sessions_of_a_generated_load_name_disorder_and_quantum() -> None:
    made("new clicks-2")
    file = Path("workloads/clicks-2/workload.toml")
    text = re.sub("window .*", 'window = { session = "1 s" }', file.read_text())
    file.write_text(re.sub("grace .*", 'grace = "10 ms"', text))
    told = streambench("validate clicks-2")
    assert told.exit_code == ExitCode.OK
    assert "the grace is 10 ms, and 55 ms are needed; else a record may come after" in told.stderr
    assert "a disorder of 50 ms and a quantum of 5 ms" in told.stderr
    assert '[query] grace = "55 ms" is enough' in told.stderr
