"""What a report says of how its ranks came about."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.ranking import RankBasis
from streambench.model.numbers import listing, number


def rank_basis(basis: RankBasis, floor: str) -> str:
    """One or two sentences: how these ranked engines are told apart; nothing for fewer than two.

    `floor` is in words with its unit, as `2 ms`.
    """
    if basis.compared < 2:
        return ""
    if basis.repeats > 1:
        return (
            "Told apart by a t-test on the logarithms of the trials' values, 5 % false alarms in all, and "
            f"by {floor} at least (docs/method.md, ranking). "
            "=: not told apart from at least one other."
        )
    if basis.single_factor is None:
        return (
            "One trial: not told apart, for how far single trials of one engine differ is not measured "
            "yet."
        )
    return f"One trial: told apart only beyond ×{number(basis.single_factor, 2)}, and by {floor} at least."


def unranked_words(reasons: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """A sentence for each reason, in the order given; `reasons` are (engine's title, why it has no rank)."""
    by_reason: dict[str, list[str]] = {}
    for title, why in reasons:
        titles = by_reason.setdefault(why, [])
        if title not in titles:
            titles.append(title)
    return tuple(
        f"{listing(titles)} {'is' if len(titles) == 1 else 'are'} not ranked: {why}."
        for why, titles in by_reason.items()
    )
