"""A broker that takes tokens of an endpoint: streambench's own client and kafka-python log in by them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streambench.kafka.access.client_properties import read_client_properties
from streambench.kafka.cluster import Cluster
from streambench.kafka.inspection import WantedOfKafka, inspect_kafka
from streambench.kafka.removal import leftovers
from streambench.kafka.secured import NotLetIn
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import KafkaAccess
from tests.kafka.kafka_lab import KafkaLab, kafka_lab
from tests.kafka.token_endpoint import SECRET, TokenEndpoint, token_endpoint, token_login

pytestmark = [pytest.mark.broker]

PREFIX = "bench-"


@dataclass(frozen=True)
class TokenLab:
    """A broker, and the endpoint whose tokens it takes."""

    kafka: KafkaLab
    endpoint: TokenEndpoint

    def access(self, secret: str = SECRET) -> KafkaAccess:
        """Log-ins by tokens of the endpoint."""
        changed = token_login(self.endpoint, secret)
        return read_client_properties(self.kafka.client_properties(changed), None).access


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TokenLab]:
    with (
        token_endpoint() as endpoint,
        kafka_lab(tmp_path_factory.mktemp("tokens"), 1, endpoint.keys_url) as kafka,
    ):
        yield TokenLab(kafka, endpoint)


def test_own_client_and_kafka_python_share_one_token(lab: TokenLab) -> None:
    inspect_kafka(lab.access(), WantedOfKafka(PREFIX, transactions=True))
    assert not leftovers(lab.access(), PREFIX)
    assert len(lab.endpoint.given) == 1
    assert lab.endpoint.asked[0]["scope"] == ["kafka read"]


def test_a_token_of_another_signer_is_refused_and_not_shown(lab: TokenLab, tmp_path: Path) -> None:
    with token_endpoint() as other:
        access = TokenLab(lab.kafka, other).access()
        with pytest.raises(NotLetIn, match="refuses the log-in") as refused:
            Cluster(access).anyone()
        assert "jwks" in (refused.value.hint or "")
        (token,) = other.given
        assert token not in str(refused.value)


def test_a_wrong_secret_is_told_before_anything_is_made(lab: TokenLab) -> None:
    with pytest.raises(EnvironmentLacks, match="401 Unauthorized, invalid_client") as refused:
        inspect_kafka(lab.access("guess"), WantedOfKafka(PREFIX))
    assert "guess" not in str(refused.value)
