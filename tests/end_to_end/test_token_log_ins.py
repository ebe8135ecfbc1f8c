"""All engines at a broker that takes tokens of an endpoint by TLS: rows are right, no secret is seen anywhere."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from streambench.model.conditions import Guarantee
from tests.end_to_end.test_foreign_kafka import ENGINES, assert_right, holders, run_there
from tests.kafka.kafka_lab import kafka_lab
from tests.kafka.token_endpoint import PART_OF_SECRET, token_endpoint, token_login
from tests.one_broker import one_broker

pytestmark = [pytest.mark.engine, pytest.mark.broker, pytest.mark.nightly]


@contextmanager
def command_lines() -> Iterator[set[str]]:
    """All arguments of all processes that are seen meanwhile."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.2):
            for process in psutil.process_iter(["cmdline"]):
                seen.update(process.info["cmdline"] or ())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def test_all_engines_log_in_by_tokens_and_no_secret_is_kept(tmp_path: Path) -> None:
    one_broker.close()
    folder = tmp_path / "cluster"
    folder.mkdir()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with (
        token_endpoint() as keys,
        kafka_lab(folder, 1, keys.keys_url) as lab,
    ):
        lab.ca.issue_cert("127.0.0.1").configure_cert(context)
        with token_endpoint(context, keys.key) as endpoint, command_lines() as seen:
            config = lab.client_properties(token_login(endpoint))
            out = tmp_path / "results"
            found = run_there(lab, out, ENGINES, Guarantee.AT_LEAST_ONCE, config=config)
    assert_right(found, ENGINES)
    assert "OAUTHBEARER" in (found.folder / "report.md").read_text()
    assert any(endpoint.url in each for each in seen)
    assert len(endpoint.given) > len(ENGINES)
    for secret in (PART_OF_SECRET, *endpoint.given):
        assert holders(out, secret) == []
        assert not [each for each in seen if secret in each]
