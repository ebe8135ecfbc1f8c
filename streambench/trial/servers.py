"""What a job uses that streambench did not start, by where it listens."""

from __future__ import annotations

from streambench.kafka.broker import Broker
from streambench.model.kafka_access import KafkaAccess, addresses
from streambench.model.plan import Plan
from streambench.runtime.participants import Servers


def servers_of(broker: Broker | None, kafka: KafkaAccess, plan: Plan) -> Servers:
    """The brokers, unless `broker` is ours, and the coordinator of the cluster that has the job."""
    brokers = () if broker is not None else tuple(addresses(kafka.bootstrap))
    return Servers(alone=brokers, with_peers=_coordinator(plan.cluster))


def _coordinator(cluster: str | None) -> tuple[tuple[str, int], ...]:
    """Where it listens, at several addresses where there are several; nothing where it has none, as in YARN."""
    if cluster is None:
        return ()
    # `http://HOST:PORT`, `spark://HOST:PORT,HOST:PORT`, `k8s://https://HOST:PORT/…`, `yarn`.
    _, colons, rest = cluster.removeprefix("k8s://").partition("://")
    try:
        return tuple(addresses(rest.partition("/")[0])) if colons else ()
    except ValueError:
        return ()  # without a port
