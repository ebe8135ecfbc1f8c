"""What a job uses that streambench did not start, by where it listens."""

from __future__ import annotations

from streambench.engines.registry import cluster_client
from streambench.kafka.broker import Broker
from streambench.model.kafka_access import KafkaAccess, addresses
from streambench.model.plan import Plan
from streambench.runtime.participants import Servers


def servers_of(broker: Broker | None, kafka: KafkaAccess, plan: Plan) -> Servers:
    """The brokers, unless `broker` is ours, and the coordinator of the cluster that has the job."""
    brokers = () if broker is not None else tuple(addresses(kafka.bootstrap))
    client = None if plan.cluster is None else cluster_client(plan.engine)
    if client is None or plan.cluster is None:
        return Servers(alone=brokers)
    return Servers(alone=brokers, with_peers=client.coordinators(plan.cluster))
