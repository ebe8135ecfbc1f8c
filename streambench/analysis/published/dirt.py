"""What is published of dirt: what each bad record did to each variant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from streambench.analysis.dirt import dirt_matrix, exact_words, right_words, short_words
from streambench.analysis.published.common import says
from streambench.analysis.variants import title_of
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class DirtResult:
    """What one bad record, or a share of them, did to one variant."""

    label: Annotated[str, says("the variant")]
    title: Annotated[str, says("its name as in the report")]
    kind: Annotated[str, says("kind of bad record")]
    outcome: Annotated[
        str,
        says(
            "left-out, counted, others-lost, came-back, stopped, share or not-told; not-reached: no job "
            "came so far"
        ),
    ]
    right_result: Annotated[str, says("what is right with this kind")]
    right: Annotated[bool | None, says("whether the result was right and in time; null: not known")]
    partition: Annotated[int | None, says("where the record lay; null: not reached")]
    due_ms: Annotated[int | None, says("when it was due, since the load began; null: not reached")]
    words: Annotated[str, says("the same in a few words, as in the picture")]
    effect: Annotated[str, says("the same in full, with the rows that differ")]
    said: Annotated[str | None, says("the engine's own words; null: none")]


def dirt_results(bundle: Bundle) -> tuple[DirtResult, ...]:
    """One for each kind and variant."""
    matrix = dirt_matrix(bundle)
    found = []
    for kind in matrix.kinds:
        for label in matrix.labels:
            effect = matrix.cells.get((label, kind))
            found.append(
                DirtResult(
                    label,
                    title_of(bundle, label),
                    kind.value,
                    "not-reached" if effect is None else effect.outcome.kind,
                    right_words(kind),
                    None if effect is None else effect.right,
                    None if effect is None else effect.partition,
                    None if effect is None else effect.due_ms,
                    short_words(effect),
                    "not reached" if effect is None else exact_words(effect),
                    None if effect is None else effect.said,
                )
            )
    return tuple(found)
