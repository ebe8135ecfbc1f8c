"""A hint that names a length names the user's own, in its unit, or the form alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streambench.model.errors import UsageError
from streambench.workload.length_hints import meant_by_length
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

REPLAY = """
title = "Visits"
[input]
replay = "visits.csv"
event_time = "at"
[input.fields]
user = "string"
[query]
group_by = ["user"]
{window}
[query.select]
n = "count(*)"
"""


def refused(folder: Path, window: str) -> tuple[str, str]:
    (folder / "visits.csv").write_text("at,user\n2024-01-01,a\n2024-01-02,b\n")
    (folder / "workload.toml").write_text(REPLAY.format(window=window))
    with pytest.raises(UsageError) as caught:
        load_workload(folder)
    return caught.value.message, caught.value.hint or ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1 day", "1 d"),
        ("2 Days", "2 d"),
        ("1h", "1 h"),
        ("1 hour and 30 minutes", "90 min"),
        ("1h30m", "90 min"),
        ("90 secs", "90 s"),
        ("2 weeks", "14 d"),
        ("1 month", "30 d"),
        ("0.5 hours", "30 min"),
        ("PT15M", "15 min"),
        ("P1DT12H", "36 h"),
        ("500 miles", None),
        ("day", None),
        ("", None),
        ("p", None),
        ("-1 h", None),
        ("0 s", None),
        ("3 years", None),
        (5, None),
    ],
)
def test_what_was_meant_by_a_length(written: object, meant: str | None) -> None:
    assert meant_by_length(written) == meant


@pytest.mark.parametrize(
    ("window", "hint"),
    [
        ('window = { tumbling = "1 day" }', 'write tumbling = "1 d"'),
        (
            "window = { tumbling = 7 }",
            'write its unit, too: tumbling = "7 ms", "7 s", "7 min", "7 h" or "7 d"',
        ),
        ('window = "1 hour"', 'write window = { tumbling = "1 h" }'),
        ('window = { hopping = "1 d" }', 'write window = { hopping = "1 d", every = "6 h" }'),
        ('window = { every = "1 d" }', 'write window = { hopping = "4 d", every = "1 d" }'),
        (
            'window = { hopping = "1 h", every = "1 d" }',
            'write window = { hopping = "1 d", every = "1 h" }',
        ),
        (
            'window = { session = "30 min", offset = "1 h" }',
            'write window = { session = "30 min" }',
        ),
        (
            'window = { tumbling = "7 d", session = "1 h" }',
            'write window = { tumbling = "7 d" }',
        ),
        ('window = { tumbling = "1 d" }\ngrace = "2 hours"', 'write grace = "2 h"'),
        ('window = { tumbling = "1 d" }\ngrace = 0', 'write grace = "0 s"'),
    ],
)
def test_the_hint_has_the_users_own_length(tmp_path: Path, window: str, hint: str) -> None:
    message, told = refused(tmp_path, window)
    assert told.endswith(hint)
    assert "500 ms" not in message + told


@pytest.mark.parametrize(
    "window", ["", "window = {}", 'window = { tumbling = "long" }', "window = [1]"]
)
def test_where_nothing_tells_the_length_the_hint_has_its_form_alone(
    tmp_path: Path, window: str
) -> None:
    _, told = refused(tmp_path, window)
    assert re.search(r'(window = \{ tumbling|tumbling) = "LENGTH"', told)
    assert 'where LENGTH is such as "50 ms", "1 s", "15 min", "1 h" or "1 d"' in told


def test_a_hint_for_a_window_can_be_written_as_it_is(tmp_path: Path) -> None:
    for window in (
        'window = "1 hour"',
        'window = { hopping = "1 d" }',
        'window = { every = "7 d" }',
    ):
        _, told = refused(tmp_path, window)
        line = told[told.index("window = ") :]
        (tmp_path / "workload.toml").write_text(REPLAY.format(window=line))
        assert load_workload(tmp_path).query.window.shortest_ms


def test_a_generated_load_may_be_told_a_length(tmp_path: Path) -> None:
    text = (shipped_root() / "clicks" / "workload.toml").read_text()
    text = re.sub("(?m)^window .*$", "", text)
    (tmp_path / "workload.toml").write_text(text)
    with pytest.raises(UsageError) as caught:
        load_workload(tmp_path)
    assert "add window = { tumbling =" in (caught.value.hint or "")
