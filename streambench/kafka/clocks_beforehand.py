"""The brokers' clocks, looked at before anything of a run is started."""

from __future__ import annotations

from collections.abc import Collection

from streambench.kafka.broker_clocks import BrokerClocks
from streambench.kafka.removal import take_away
from streambench.kafka.skew import SEND_LAG_LIMIT_MS, not_the_brokers
from streambench.model.clocks import ClockBound, ClocksSeen, UnknownClock
from streambench.model.errors import CLOCKS_HINT, EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess


def look_at_clocks(
    access: KafkaAccess, topic: str, brokers: Collection[int], replication: int
) -> ClocksSeen:
    """Compare this host's clock with all `brokers`. `topic` is there; one whose name begins so is made and goes.

    Takes some tenths of a second where they are near.
    """
    own = f"{topic}-clocks"
    clocks = BrokerClocks(access, own, (topic,))
    try:
        clocks.make(replication)
        return clocks.look(brokers)
    finally:
        take_away(access, (own,))


def judge_clocks(seen: ClocksSeen, *, all_lead: bool) -> tuple[str, ...]:
    """What of it a run has to be warned of. `all_lead`: each broker will lead partitions of it.

    Raises EnvironmentLacks where a clock is surely too far from one of those that will.
    """
    found: list[str] = []
    for clock in seen.bounds:
        if clock.nearest_ms > SEND_LAG_LIMIT_MS and all_lead:
            raise EnvironmentLacks(not_the_brokers(clock), hint=CLOCKS_HINT)
        if clock.farthest_ms > SEND_LAG_LIMIT_MS:
            found.append(f"{not_the_brokers(clock)}: loads{_where(clock)} would be invalid")
    return (*found, *(_unknown(each) for each in seen.unknown))


def _where(clock: ClockBound) -> str:
    return "" if clock.broker is None else f" of which broker {clock.broker} leads partitions"


def _unknown(unknown: UnknownClock) -> str:
    whose = (
        "brokers' clocks are" if unknown.broker is None else f"clock of broker {unknown.broker} is"
    )
    return (
        f"how far the {whose} from this machine's could not be measured ({unknown.why}): delays by "
        "clocks of which nothing is known are not ranked"
    )
