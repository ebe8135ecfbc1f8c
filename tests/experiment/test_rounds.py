from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt
import pytest

from streambench.experiment.rounds import interleaved

Floats = npt.NDArray[np.float64]


def test_each_round_tries_everyone_once() -> None:
    order = list(interleaved("abcd", 3))
    for round_number in range(3):
        assert Counter(name for at, name in order if at == round_number) == Counter("abcd")


def test_rounds_follow_one_another() -> None:
    rounds = [at for at, _ in interleaved("abc", 4)]
    assert rounds == sorted(rounds)


def test_every_other_round_is_mirrored() -> None:
    assert "".join(name for _, name in interleaved("abcd", 3)) == "abcddcbaabcd"


def test_a_single_contender_is_repeated() -> None:
    assert list(interleaved("a", 3)) == [(0, "a"), (1, "a"), (2, "a")]


def by_contender(contenders: str, rounds: int) -> Floats:
    """What a machine that drifts evenly adds to each trial: a row a contender, a column a round."""
    added = np.empty((len(contenders), rounds))
    for value, (at, name) in enumerate(interleaved(contenders, rounds)):
        added[contenders.index(name), at] = value
    return added


@pytest.mark.parametrize("contenders", ["ab", "abc", "abcd"])
@pytest.mark.parametrize("rounds", [2, 4, 10])
def test_an_even_drift_moves_all_alike_over_each_two_rounds(contenders: str, rounds: int) -> None:
    added = by_contender(contenders, rounds)
    assert np.ptp(added.mean(axis=1)) == pytest.approx(0)
    assert (added - added[0]).mean(axis=1) == pytest.approx(0)  # the mean of differences by round


def test_of_an_odd_number_of_rounds_one_order_remains() -> None:
    added = by_contender("abcd", 5)
    assert added.mean(axis=1) - added[0].mean() == pytest.approx(np.arange(4) / 5)
