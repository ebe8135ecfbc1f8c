"""Which broker a run has: asked for by version, refused where it was never tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from streambench.kafka.broker_versions import (
    BROKER_VERSIONS,
    broker_jar_set,
    broker_jars,
    broker_version,
)
from streambench.model.conditions import USUAL_BROKER
from streambench.model.errors import UsageError
from streambench.runtime.jars import jar_set


@pytest.mark.parametrize("version", BROKER_VERSIONS)
def test_every_version_has_its_own_jars(version: str) -> None:
    coordinates = {jar.coordinate for jar in jar_set(broker_jar_set(version))}
    assert f"org.apache.kafka:kafka_2.13:{version}" in coordinates
    assert broker_version(version) == version


def test_the_usual_one_is_among_them() -> None:
    assert USUAL_BROKER in BROKER_VERSIONS


def test_one_that_was_never_tried_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"a Kafka broker 4\.3\.2 is not among") as told:
        broker_version("4.3.2")
    assert told.value.hint == "--broker 4.3.1"


def test_the_brokers_jars_are_found_among_others() -> None:
    path = (Path("kafka.jar"),)
    assert broker_jars({"compiler": (Path("ecj.jar"),), "broker-4.3.1": path}) == path
