"""All engines at a broker that takes tokens of an endpoint by TLS: rows are right, no secret is seen anywhere."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from streambench.cli.foreign_clusters import ClustersAsked
from streambench.engines.common.access import ALLOWED_URLS_IN_FLINK
from streambench.model.conditions import Guarantee
from tests.end_to_end.clusters_lab import flink_cluster, spark_cluster
from tests.end_to_end.shown import showing, shown_by_processes
from tests.end_to_end.test_foreign_kafka import ENGINES, assert_right, holders, run_there
from tests.kafka.kafka_lab import KafkaLab, kafka_lab
from tests.kafka.token_endpoint import (
    PART_OF_SECRET,
    TokenEndpoint,
    token_endpoint,
    token_login,
)
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.nightly]


@dataclass(frozen=True)
class ByTokens:
    """A broker that takes tokens, the endpoint that gives them, and a file with both."""

    kafka: KafkaLab
    endpoint: TokenEndpoint
    config: Path


@pytest.fixture(name="lab")
def _lab(tmp_path: Path) -> Iterator[ByTokens]:
    one_broker.close()
    folder = tmp_path / "cluster"
    folder.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with token_endpoint() as keys, kafka_lab(folder, 1, keys.keys_url) as kafka:
        kafka.ca.issue_cert("127.0.0.1").configure_cert(context)
        with token_endpoint(context, keys.key) as endpoint:
            yield ByTokens(kafka, endpoint, kafka.client_properties(token_login(endpoint)))


def assert_no_secret(lab: ByTokens, out: Path, seen: set[str]) -> None:
    """Neither the client's secret nor a token stands in a file that is kept, or is shown by a process."""
    basic = {each.removeprefix("Basic ") for each in lab.endpoint.authorizations}
    assert len(basic) == 1
    for secret in (PART_OF_SECRET, *basic, *lab.endpoint.given):
        assert holders(out, secret) == []
        assert not showing(seen, secret)


def test_all_engines_log_in_by_tokens_and_no_secret_is_kept(lab: ByTokens, tmp_path: Path) -> None:
    out = tmp_path / "results"
    with shown_by_processes() as seen:
        found = run_there(lab.kafka, out, ENGINES, Guarantee.AT_LEAST_ONCE, config=lab.config)
    assert_right(found, ENGINES)
    assert "OAUTHBEARER" in (found.folder / "report.md").read_text()
    assert any(lab.endpoint.url in each for each in seen)
    assert len(lab.endpoint.given) > len(ENGINES)
    assert_no_secret(lab, out, seen)


def test_clusters_elsewhere_log_in_by_tokens(lab: ByTokens, tmp_path: Path) -> None:
    out, engines = tmp_path / "results", ("flink", "spark")
    told = {"env.java.opts.all": f"-D{ALLOWED_URLS_IN_FLINK}={lab.endpoint.url}"}
    with (
        flink_cluster(tmp_path / "flink", more=told) as flink,
        spark_cluster(tmp_path / "spark") as spark,
        shown_by_processes() as seen,
    ):
        asked = ClustersAsked(flink.rest, spark.master, (tmp_path / "state").as_uri())
        found = run_there(
            lab.kafka, out, engines, Guarantee.AT_LEAST_ONCE, asked, config=lab.config
        )
    assert_right(found, engines)
    assert f"-D{ALLOWED_URLS_IN_FLINK}=URL" in (found.folder / "report.md").read_text()
    assert_no_secret(lab, out, seen)
