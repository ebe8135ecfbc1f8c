from __future__ import annotations

import shlex

import pytest

from streambench.cli.faults import fault, fault_command, faults, restart_delay_ms
from streambench.model.errors import UsageError
from streambench.model.fault import Fault, FaultKind


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("worker-kill@25s", Fault(FaultKind.WORKER_KILL, 25_000)),
        ("worker-kill*3@25s", Fault(FaultKind.WORKER_KILL, 25_000, times=3)),
        ("worker-pause@25", Fault(FaultKind.WORKER_PAUSE, 25_000, lasts_ms=5_000)),
        ("worker-pause:3s*2@1m", Fault(FaultKind.WORKER_PAUSE, 60_000, times=2, lasts_ms=3_000)),
        ("broker-restart:500ms@25s", Fault(FaultKind.BROKER_RESTART, 25_000, lasts_ms=500)),
        ("coordinator-kill@25s", Fault(FaultKind.COORDINATOR_KILL, 25_000)),
        ("burst:2s@30s", Fault(FaultKind.BURST, 30_000, lasts_ms=2_000)),
    ],
)
def test_a_fault_is_read_and_written_alike(text: str, meant: Fault) -> None:
    assert fault(text) == meant
    assert fault(str(meant)) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("worker-kil@25s", "did you mean 'worker-kill'"),
        ("meteor@25s", "there is no fault 'meteor'"),
        ("worker-kill", "does not say when"),
        ("worker-kill@soon", "in 'worker-kill@soon', 'soon' is not a duration"),
        ("worker-kill:5s@25s", "worker-kill has no length"),
        ("worker-kill*0@25s", "1 to 20 times, not '0'"),
        ("worker-kill*x@25s", "1 to 20 times, not 'x'"),
        ("burst:2s*2@30s", "cannot wait for a recovery"),
        ("@25s", "is not a fault"),
        ("command@25s", "a command has an option of its own"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        fault(text)
    assert said in caught.value.message
    assert caught.value.hint


def test_none_is_no_fault_and_nothing_asked_is_something_else() -> None:
    assert faults([]) is None
    assert faults(["none"]) == ()
    assert faults(["burst@30s", "worker-kill@50s"]) == (
        fault("burst@30s"),
        fault("worker-kill@50s"),
    )
    with pytest.raises(UsageError, match="stands alone"):
        faults(["none", "burst@30s"])


@pytest.mark.parametrize(
    ("text", "command", "at_ms"),
    [
        ("kubectl delete pod x@25s", "kubectl delete pod x", 25_000),
        ("ssh me@host 'kill -9 7' @ 1m", "ssh me@host 'kill -9 7'", 60_000),
    ],
)
def test_a_command_is_all_before_its_last_time(text: str, command: str, at_ms: int) -> None:
    found = fault_command(text)
    assert found == Fault(FaultKind.COMMAND, at_ms, command=command)
    option, again = shlex.split(found.asked)
    assert option == "--fault-command"
    assert fault_command(again) == found
    assert faults(["burst@30s"], [text]) == (fault("burst@30s"), found)
    assert faults([], [text]) == (found,)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kubectl delete pod x", "does not say when"),
        ("@25s", "does not say when"),
        ("ssh me@host", "'host' is not a duration"),
        ("kill 1\nkill 2@25s", "such as a line's end"),
    ],
)
def test_a_command_that_makes_no_sense_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        fault_command(text)
    assert said in caught.value.message
    assert caught.value.hint
    with pytest.raises(UsageError, match="stands alone"):
        faults(["none"], ["true@25s"])


def test_a_restart_is_at_once_never_or_after_a_time() -> None:
    assert restart_delay_ms("at-once") == 0
    assert restart_delay_ms("never") is None
    assert restart_delay_ms("1.5s") == 1_500
    with pytest.raises(UsageError, match="not 'later'"):
        restart_delay_ms("later")


def test_a_fault_that_a_hint_names_can_be_written() -> None:
    later = Fault(FaultKind.WORKER_PAUSE, 30_000, lasts_ms=5_000)
    assert fault(str(later)) == later
