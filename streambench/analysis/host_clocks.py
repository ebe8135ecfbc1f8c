"""The clocks by which a run was timed, over all of its loads."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.clocks import ClockBound
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class ComparedClock:
    """What held of a host's clock beside a broker's in so many `loads`, in all of them."""

    bound: ClockBound
    loads: int


def compared_clocks(bundle: Bundle) -> tuple[ComparedClock, ...]:
    """Each host beside each broker, in the order in which they came."""
    found: dict[tuple[str, str, int | None], ComparedClock] = {}
    for each in (*bundle.trials, *bundle.loads):
        for bound in each.record.compared.bounds:
            pair = (bound.who, bound.host, bound.broker)
            known = found.get(pair)
            found[pair] = (
                ComparedClock(bound, 1)
                if known is None
                else ComparedClock(known.bound.hull(bound), known.loads + 1)
            )
    return tuple(found.values())
