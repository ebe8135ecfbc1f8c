"""How long each variant was warmed, and whether its delay had settled by then."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.analysis.variants import title_of
from streambench.model.numbers import seconds
from streambench.model.trial import WarmedUp
from streambench.results.bundle import Bundle


def warm_up_words(bundle: Bundle) -> tuple[str, ...]:
    """A sentence for each variant of which it is known."""
    said = []
    for label in bundle.labels:
        found = [t.record.warmed_up for t in bundle.of(label) if t.record.warmed_up is not None]
        if found:
            said.append(f"{title_of(bundle, label)}: {_words(found)}.")
    return tuple(said)


def _words(found: Sequence[WarmedUp]) -> str:
    lengths = sorted({each.length_s for each in found})
    length = seconds(lengths[0])
    if len(lengths) > 1:
        length = f"{lengths[0]:,.10g} to {seconds(lengths[-1])}"
    tested = [each for each in found if each.settled is not None]
    if len(tested) < len(found):
        return f"{length}; whether its delay still fell then was not tested"
    falling = sum(not each.settled for each in tested)
    if not falling:
        return f"{length}, until its delay no longer fell"
    in_some = "" if len(found) == 1 else f" in {falling} of {len(found)} trials"
    return f"{length}; its delay still fell then{in_some}"
