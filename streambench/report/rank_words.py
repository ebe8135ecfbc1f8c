"""What a report says of how its ranks came about."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.ranking import Candidate
from streambench.report.numbers import number


def rank_basis(ranked: Sequence[Candidate], floor: str, single_factor: float | None) -> str:
    """One or two sentences: how these ranked engines are told apart; nothing for fewer than two.

    `floor` is in words with its unit, as `2 ms`.
    """
    if len(ranked) < 2:
        return ""
    repeats = min(len(one.values) for one in ranked)
    if repeats > 1:
        test = (
            f"Ranks come from {repeats} repeats: engines share a rank or bear = unless Welch's t-test on "
            "logarithms, corrected by Holm, tells them apart"
        )
        return f"{test}, by {floor} at least."
    if single_factor is None:
        return (
            "One trial: not told apart. How far single trials of one engine differ is not measured "
            "yet; `--repeat 3` or more tells engines apart."
        )
    return (
        f"One trial: told apart only beyond ×{number(single_factor, 2)}, and by {floor} at least."
    )
