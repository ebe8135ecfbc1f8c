"""Who used what, from looks at tables of processes."""

from __future__ import annotations

import pytest

from streambench.runtime.sessions import ProcessRow
from streambench.runtime.strangers import Strangers, plain_name

S = 1_000_000_000


def row(
    pid: int, name: str, own_s: float, *, parent: int = 1, reaped_s: float = 0.0
) -> tuple[int, ProcessRow]:
    return pid, ProcessRow(pid, parent, pid, pid, "mark", False, name, own_s, reaped_s)


def shares(strangers: Strangers, start_s: int = 0, end_s: int = 10) -> dict[str, float]:
    found = strangers.shares(start_s * S, end_s * S, total_s=10.0)
    return {each.name: round(each.share, 3) for each in found}


def test_the_busiest_are_named_and_the_known_and_the_idle_are_not() -> None:
    strangers = Strangers()
    strangers.look(
        dict([row(5, "a", 100.0), row(6, "b", 0.0), row(7, "own", 0.0), row(8, "c", 7.0)]), {7}, 0
    )
    strangers.look(
        dict([row(5, "a", 101.0), row(6, "b", 3.0), row(7, "own", 9.0), row(8, "c", 7.01)]),
        {7},
        10 * S,
    )
    assert shares(strangers) == {"b": 0.3, "a": 0.1}
    assert list(shares(strangers)) == ["b", "a"]


def test_several_of_one_name_are_one() -> None:
    strangers = Strangers()
    strangers.look(dict([row(5, "cc1", 1.0), row(6, "cc1", 1.0)]), set(), 0)
    strangers.look(dict([row(5, "cc1", 2.0), row(6, "cc1", 3.0)]), set(), 10 * S)
    assert shares(strangers) == {"cc1": 0.3}


def test_one_that_began_meanwhile_is_charged_with_all_that_it_used() -> None:
    strangers = Strangers()
    strangers.look({}, set(), 0)
    strangers.look(dict([row(5, "new", 2.0)]), set(), 10 * S)
    assert shares(strangers) == {"new": 0.2}
    assert shares(strangers, 0, 5) == {"new": 0.1}


def test_children_that_nobody_saw_are_found_in_their_parents_account_and_seen_ones_once() -> None:
    strangers = Strangers()
    strangers.look(dict([row(5, "make", 0.0), row(6, "seen", 0.0, parent=5)]), set(), 0)
    strangers.look(dict([row(5, "make", 0.0), row(6, "seen", 1.0, parent=5)]), set(), 5 * S)
    strangers.look(dict([row(5, "make", 0.0, reaped_s=3.0)]), set(), 10 * S)
    assert shares(strangers) == {"make": 0.2, "seen": 0.1}


def test_a_family_that_ended_at_once_is_not_charged_twice() -> None:
    """A shell, what it waited for, and what that waited for: read before, then all in the shell's account."""
    strangers = Strangers()
    family = [row(5, "sh", 0.0), row(6, "timeout", 0.0, parent=5), row(7, "cc1", 50.0, parent=6)]
    strangers.look(dict(family), set(), 0)
    strangers.look(dict([row(5, "sh", 0.0, reaped_s=51.0)]), set(), 10 * S)
    assert shares(strangers) == {"sh": 0.1}


def test_one_that_nobody_has_waited_for_yet_is_not_charged_when_somebody_does() -> None:
    strangers = Strangers()
    strangers.look(dict([row(5, "sh", 0.0), row(6, "cc1", 50.0, parent=5)]), set(), 0)
    pid, ended = row(6, "cc1", 51.0, parent=5)
    strangers.look(dict([row(5, "sh", 0.0), (pid, ended._replace(zombie=True))]), set(), 5 * S)
    strangers.look(dict([row(5, "sh", 0.0, reaped_s=51.0)]), set(), 10 * S)
    assert shares(strangers) == {"cc1": 0.1}


def test_orphans_are_not_charged_to_the_first_process() -> None:
    strangers = Strangers()
    strangers.look(dict([row(1, "init", 0.0, parent=0)]), set(), 0)
    strangers.look(dict([row(1, "init", 0.0, parent=0, reaped_s=8.0)]), set(), 10 * S)
    assert shares(strangers) == {}


def test_the_kernels_threads_are_apart() -> None:
    strangers = Strangers()
    strangers.look(dict([row(30, "kworker/0:1", 0.0, parent=2)]), set(), 0)
    strangers.look(dict([row(30, "kworker/0:1", 2.0, parent=2)]), set(), 10 * S)
    assert shares(strangers) == {}
    assert strangers.kernel_s(0, 10 * S) == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("said", "plain"),
    [
        ("firefox", "firefox"),
        ("sshd: alice@pts/0", "sshd"),
        ("Web Content", "Web Content"),
        ("(sd-pam)", "sd-pam"),
        ("/", "a process without a name"),
    ],
)
def test_a_name_says_nothing_of_a_person_or_a_folder(said: str, plain: str) -> None:
    assert plain_name(said) == plain
