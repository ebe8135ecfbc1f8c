"""What a job uses that streambench did not start, by where it listens."""

from __future__ import annotations

from urllib.parse import urlsplit

from streambench.kafka.broker import Broker
from streambench.model.kafka_access import KafkaAccess, addresses
from streambench.model.plan import Plan
from streambench.runtime.participants import Servers


def servers_of(broker: Broker | None, kafka: KafkaAccess, plan: Plan) -> Servers:
    """The brokers, unless `broker` is ours, and the coordinator of the cluster that has the job."""
    brokers = () if broker is not None else tuple(addresses(kafka.bootstrap))
    return Servers(alone=brokers, with_peers=_coordinator(plan.cluster))


def _coordinator(cluster: str | None) -> tuple[tuple[str, int], ...]:
    """Nothing where it has no address, as in YARN."""
    if cluster is None:
        return ()
    there = urlsplit(cluster.removeprefix("k8s://"))
    if there.hostname is None or there.port is None:
        return ()
    return ((there.hostname, there.port),)
