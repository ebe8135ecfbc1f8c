"""Whether the grace is long enough for the load; where it is not, how long is, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import assert_never

from streambench.model.windows import Sessions
from streambench.model.workload import Replay, Synthetic, Workload, exact_from_grace_ms
from streambench.workload.durations import LONGEST_MS, show_duration
from streambench.workload.file.tempo import at_least, long_words, speed_words
from streambench.workload.file.written import time_toml
from streambench.workload.finding import Finding
from streambench.workload.session_grace import grace_needed_ms


def grace_findings(workload: Workload) -> Iterator[Finding]:
    """What stands against the grace. Raises UsageError for a file that cannot be read."""
    if workload.query.by_hand is not None:
        yield from (replace(each, fatal=True) for each in _by_hand(workload))
    elif isinstance(workload.query.window, Sessions):
        yield from _sessions(workload)
    elif workload.late_records_possible:
        yield _not_exact(workload)


def grace_hint(workload: Workload) -> str:
    """What lets every record be in time, for a workload of which some may be late."""
    ways = "; ".join(finding.hint for finding in grace_findings(workload) if finding.hint)
    return f"streambench validate {workload.name}{'; ' if ways else ''}{ways}"


def together_words(quantum_ms: int, speed_up: float) -> str:
    """Why a file needs a grace even where it has no disorder, and what decides how long it must be."""
    return (
        f"at a speed_up of {speed_words(speed_up)} one quantum of {show_duration(quantum_ms)} holds"
        f" {long_words(quantum_ms * speed_up)} of event time, and its records come at once, in any order"
    )


def _by_hand(workload: Workload) -> Iterator[Finding]:
    """Of rows that are made by hand no bounds can be told: all records must be in time."""
    if not workload.late_records_possible:
        return
    else_ = "else a record may come after its window has closed, and nothing says what oracle.sql makes of that"
    yield _finding(workload, _needed_ms(workload), else_)


def _sessions(workload: Workload) -> Iterator[Finding]:
    """Engines differ on a record that comes late: into a session that is open, between two, behind one."""
    needed_ms = grace_needed_ms(workload)
    if workload.query.grace_ms < needed_ms:
        yield _finding(
            workload,
            needed_ms,
            "else a record may come after the session that it extends has closed, so sessions are checked"
            " against what each engine's event clock allows",
        )


def _needed_ms(workload: Workload) -> int:
    """The grace at which no record can be late."""
    match workload.input:
        case Synthetic(longest_delay_ms=delay_ms) if not isinstance(
            workload.query.window, Sessions
        ):
            return exact_from_grace_ms(delay_ms, workload.quantum_ms)
        case Synthetic() | Replay():
            return grace_needed_ms(workload)
        case _:
            assert_never(workload.input)


def _not_exact(workload: Workload) -> Finding:
    else_ = (
        "else a record may come after its window has closed, so results are checked against bounds"
    )
    return _finding(workload, _needed_ms(workload), else_)


def _finding(workload: Workload, needed_ms: int, else_: str) -> Finding:
    """What there is, what is needed, what happens else, and what makes it so."""
    enough_ms = needed_ms
    ways: list[str] = []
    match workload.input:
        case Synthetic(disorder_ms=disorder_ms, tail=tail):
            needed = show_duration(needed_ms)
            what = f"a disorder of {show_duration(disorder_ms)}"
            if tail is not None:
                what = f"a tail that ends at {show_duration(tail.to_ms)}"
            why = f"that follows from {what} and a quantum of {show_duration(workload.quantum_ms)}"
        case Replay() as replay:
            needed = long_words(needed_ms)
            enough_ms = at_least(needed_ms)
            if needed_ms <= 2 * workload.quantum_ms * replay.speed_up:
                why = together_words(workload.quantum_ms, replay.speed_up)
                ways = ["half the speed_up needs half of it"]
            else:
                why = f"records of {replay.path.name} lie up to {needed} behind earlier ones"
                ways = [_in_order(replay)]
        case _:
            assert_never(workload.input)
    if enough_ms <= LONGEST_MS:
        ways.insert(0, f'[query] grace = "{show_duration(enough_ms)}" is enough')
    return Finding(
        f"the grace is {show_duration(workload.query.grace_ms)}, and {needed} are needed; {else_}; {why}",
        "; ".join(ways),
        fatal=False,
        path=("query", "grace"),
    )


def _in_order(replay: Replay) -> str:
    """What lets records that lie far behind be in time."""
    if replay.arrival is None:
        return f"[input] arrival = {time_toml(replay.event_time)} plays the file in the order of its times"
    return "select a part by `begin` and `end`"
