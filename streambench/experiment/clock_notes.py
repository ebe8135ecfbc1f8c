"""How far delays may be off where a load came by other clocks than the broker's, in words."""

from __future__ import annotations

from collections.abc import Sequence

from streambench.model.clocks import ClockBound, HostClocks, Offset
from streambench.model.conditions import ForeignKafka
from streambench.model.kafka_access import addresses
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.trial import Certificate


def clock_notes(
    certificate: Certificate, kafka: ForeignKafka | None, facts: KafkaFacts | None
) -> tuple[str, ...]:
    """What a trial says of the clocks that its delays were taken by; nothing where there was one.

    `facts` are of the same Kafka; None: not known how many brokers it has.
    """
    if not certificate.clocks:
        if kafka is None or all(_is_here(host) for host, _ in addresses(kafka.bootstrap)):
            return ()
        return (
            "delays go by two clocks, this machine's and the brokers', and how far they are apart was not "
            "measured: each delay is off by as much",
        )
    clocks = HostClocks.of(certificate.clocks)
    return (
        f"{len(clocks.shards)} shards and the coordinator went by their own clocks "
        f"({len({clock.host for clock in certificate.clocks})} host(s)): {_distances(clocks)}; "
        f"{_errors(clocks)}, and nothing was subtracted",
        *_other_brokers(facts),
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
    return ", ".join(f"{what} {_range(error)} ms" for what, error in both if error is not None)


def _other_brokers(facts: KafkaFacts | None) -> tuple[str, ...]:
    """Append stamps are those of each partition's leader, and clocks were compared with one broker."""
    if facts is None or facts.brokers < 2:
        return ()
    return (
        f"the clocks of {facts.brokers - 1} of the {facts.brokers} brokers were not measured: where rows "
        "were appended there, a delay is off by as much more as they are from the one that was",
    )


def _hull(bounds: Sequence[ClockBound]) -> Offset:
    return Offset(min(each.low_ms for each in bounds), max(each.high_ms for each in bounds))


def _range(offset: Offset) -> str:
    return f"{offset.low_ms:+.1f} to {offset.high_ms:+.1f}"


def _is_here(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
