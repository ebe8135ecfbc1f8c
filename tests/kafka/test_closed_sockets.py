"""A session whose clients were refused by a broker ends without a socket that nobody closed."""

from __future__ import annotations

import gc
import warnings

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from streambench.runtime.ports import free_port


def test_a_refused_connection_leaves_no_socket() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", ResourceWarning)
        with pytest.raises(KafkaError):
            KafkaAdminClient(bootstrap_servers=f"127.0.0.1:{free_port()}", bootstrap_timeout_ms=300)
        gc.collect()
    assert [str(each.message) for each in said if "socket" in str(each.message)] == []
