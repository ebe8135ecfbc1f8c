"""How far delays may be off where a load was timed by other clocks than the broker's, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from streambench.model.clocks import ClockBound, HostClocks, Offset, UnknownClock, not_compared
from streambench.model.conditions import ForeignKafka
from streambench.model.kafka_access import all_here
from streambench.model.numbers import listing

_NOTHING_KNOWN: Final = (
    "delays go by two clocks, this machine's and the brokers', and how far they are apart was not "
    "measured{}: each delay until a row is appended is off by as much"
)
_NAMED_AT_MOST: Final = 8


def clock_notes(
    clocks: Sequence[ClockBound], unknown: Sequence[UnknownClock], kafka: ForeignKafka | None
) -> tuple[str, ...]:
    """What a load says of the clocks that its delays were taken by; nothing where there was one.

    `unknown` are brokers of `kafka` whose clocks were not compared.
    """
    hosts = HostClocks.of(clocks)
    found: list[str] = []
    if hosts.shards:
        found.append(_of_shards(hosts))
    elif hosts.brokers:
        found.append(_of_brokers(hosts))
    never = not_compared(clocks, unknown)
    found += [
        _not_known(each, sharded=bool(hosts.shards)) if each in never else _known_once(each)
        for each in unknown
    ]
    if not found and kafka is not None and not all_here(kafka.bootstrap):
        found.append(_NOTHING_KNOWN.format(""))
    return tuple(found)


def _of_shards(hosts: HostClocks) -> str:
    said = (
        f"{len(hosts.shards)} shards and the coordinator went by their own clocks "
        f"({len({clock.host for clock in hosts.every})} host(s)): {_distances(hosts)}"
    )
    if hosts.brokers:
        said += f", and its {_range(_hull(hosts.brokers))} ms from {_whose(hosts.brokers)}"
    return f"{said}; {_errors(hosts)}, and nothing was subtracted"


def _of_brokers(hosts: HostClocks) -> str:
    """In whole milliseconds, outwards: so most trials say the same, and a report says it once."""
    error = hosts.appended
    assert error is not None, "it follows from the brokers' clocks alone"
    return (
        f"delays go by two clocks: this machine's was {_whole(_hull(hosts.brokers))} ms from "
        f"{_whose(hosts.brokers)}; a delay until a row is appended may be off by {_whole(error)} ms, one until "
        "it is visible goes by this machine's alone, and nothing was subtracted"
    )


def _whose(clocks: Sequence[ClockBound]) -> str:
    brokers = [str(each.broker) for each in clocks]
    if len(brokers) == 1:
        return f"broker {brokers[0]}'s"
    if len(brokers) > _NAMED_AT_MOST:
        return f"those of {len(brokers)} brokers"
    return f"those of brokers {listing(brokers)}"


def _known_once(unknown: UnknownClock) -> str:
    return (
        f"the clock of broker {unknown.broker} was compared only once ({unknown.why}): how far it went "
        "away from this machine's meanwhile is not known"
    )


def _not_known(unknown: UnknownClock, *, sharded: bool) -> str:
    if unknown.broker is None and sharded:
        return (
            f"how far the clocks of the other brokers are from this one's was not measured ({unknown.why}): "
            "where rows were appended there, a delay is off by as much more"
        )
    if unknown.broker is None:
        return _NOTHING_KNOWN.format(f" ({unknown.why})")
    return (
        f"how far the clock of broker {unknown.broker} is from this machine's was not measured "
        f"({unknown.why}): where rows were appended there, a delay is off by as much"
    )


def _distances(clocks: HostClocks) -> str:
    here = () if clocks.coordinator is None else (clocks.coordinator,)
    both = (("theirs", clocks.shards), ("its", here))
    found = [f"{whose} {_range(_hull(bounds))}" for whose, bounds in both if bounds]
    return f"{' and '.join(found)} ms from the broker's"


def _errors(clocks: HostClocks) -> str:
    both = (
        ("a delay until a row is appended may be off by", clocks.appended),
        ("one until it is visible by", clocks.visible),
    )
    known = [f"{what} {_range(error)} ms" for what, error in both if error is not None]
    unknown = [
        f"how far a delay until a row is {which} is off is not known"
        for which, error in (("appended", clocks.appended), ("visible", clocks.visible))
        if error is None
    ]
    return ", ".join((*known, *unknown))


def _hull(bounds: Sequence[ClockBound]) -> Offset:
    return Offset(min(each.low_ms for each in bounds), max(each.high_ms for each in bounds))


def _range(offset: Offset) -> str:
    return f"{offset.low_ms:+.1f} to {offset.high_ms:+.1f}"


def _whole(offset: Offset) -> str:
    return f"{math.floor(offset.low_ms):+d} to {math.ceil(offset.high_ms):+d}"
