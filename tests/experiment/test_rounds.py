from __future__ import annotations

from collections import Counter

from streambench.experiment.rounds import interleaved


def test_each_round_tries_everyone_once() -> None:
    order = list(interleaved("abcd", 3))
    for round_number in range(3):
        assert Counter(name for at, name in order if at == round_number) == Counter("abcd")


def test_rounds_follow_one_another() -> None:
    rounds = [at for at, _ in interleaved("abc", 4)]
    assert rounds == sorted(rounds)


def test_no_one_is_always_first() -> None:
    order = list(interleaved("abc", 3))
    firsts = {next(name for at, name in order if at == round_number) for round_number in range(3)}
    assert firsts == set("abc")
