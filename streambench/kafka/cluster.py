"""A Kafka as its clients find it: one broker or many, and who leads each partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streambench.kafka.access.new_tokens import EndpointAway
from streambench.kafka.connection import Connection, ConnectionLost
from streambench.kafka.secured import connect, refused_by_tls, told_off
from streambench.kafka.wire import metadata_request, parse_metadata
from streambench.model.kafka_access import KafkaAccess, addresses

_TIMEOUT_S: Final = 10.0


class Cluster:
    """Finds brokers and leaders. A broker is asked for by its node, and found where it says that it listens."""

    def __init__(self, access: KafkaAccess) -> None:
        self.access = access
        self._brokers: dict[int, tuple[str, int]] = {}
        self._answered: tuple[str, int] | None = None

    @property
    def brokers(self) -> Mapping[int, tuple[str, int]]:
        """Those that the newest answer named: node to host and port."""
        return self._brokers

    def anyone(self, *, timeout_s: float = _TIMEOUT_S) -> Connection:
        """A connection to some broker that serves. Raises ConnectionLost where none does, NotLetIn."""
        connection, _ = self._asked(metadata_request(0), timeout_s)
        return connection

    def leaders(self, topic: str, *, timeout_s: float = _TIMEOUT_S) -> dict[int, int | None]:
        """Who leads each partition of a topic now; None: nobody. Raises ConnectionLost, NotLetIn."""
        connection, answer = self._asked(metadata_request(0, topic), timeout_s)
        connection.close()
        found = parse_metadata(answer)
        self._brokers = found.brokers or self._brokers
        return found.leaders

    def _asked(self, request: bytes, timeout_s: float) -> tuple[Connection, bytes]:
        """The first broker that answers: one that only takes the connection is no use."""
        why: Exception | None = None
        # The one that answered last comes first: from a host that is gone no answer would come for long.
        first = () if self._answered is None else (self._answered,)
        others = (*self._brokers.values(), *addresses(self.access.bootstrap))
        for address in dict.fromkeys((*first, *others)):
            try:
                connection = connect(self.access, address, timeout_s=timeout_s)
            except EndpointAway as error:
                raise ConnectionLost(str(error)) from error
            except (OSError, ConnectionLost) as error:
                why = error
                continue
            try:
                answer = connection.call(request)
                self._answered = address
                return connection, answer
            except ConnectionLost as error:
                connection.close()
                # By TLS 1.3 a client hears only now that its certificate is not what is wanted.
                if told_off(error):
                    raise refused_by_tls(address, error) from error
                why = error
        raise ConnectionLost(str(why)) from why

    def connect_to(self, node: int, *, timeout_s: float = _TIMEOUT_S) -> Connection:
        """A connection to a broker. Raises ConnectionLost, NotLetIn."""
        address = self._brokers.get(node)
        if address is None:
            raise ConnectionLost(f"broker {node} is not there")
        try:
            return connect(self.access, address, timeout_s=timeout_s)
        except OSError as error:
            raise ConnectionLost(str(error)) from error
