"""Who gives a Spark job its executors where the cluster runs already, and where it listens."""

from __future__ import annotations

import enum
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from streambench.engines.spark.hadoop_conf import resource_managers
from streambench.model.errors import EnvironmentLacks
from streambench.model.kafka_access import addresses

Address: TypeAlias = tuple[str, int]
YARN: Final = "yarn"


class Manager(enum.Enum):
    """A kind of cluster manager that Spark has a client for."""

    STANDALONE = "standalone"
    YARN = "yarn"
    KUBERNETES = "kubernetes"


def manager_of(endpoint: str) -> Manager:
    """The kind that a master's URL in its full form stands for."""
    if endpoint == YARN:
        return Manager.YARN
    return Manager.KUBERNETES if endpoint.startswith("k8s://") else Manager.STANDALONE


def api_server(endpoint: str) -> Address | None:
    """Host and port of `k8s://[http[s]://]HOST:PORT[/…]`; None where it is not of that form.

    Spark's documentation: the port must always be there, be it 443.
    """
    rest = endpoint.removeprefix("k8s://")
    try:
        there = urlsplit(rest if "://" in rest else f"https://{rest}")
        host, port = there.hostname, there.port
    except ValueError:
        return None
    if there.scheme not in ("http", "https") or there.username or not host or not port:
        return None
    return host, port


def listening(endpoint: str) -> tuple[Address, ...]:
    """Where it takes jobs, at several addresses where there are several; () where nothing names one."""
    match manager_of(endpoint):
        case Manager.STANDALONE:
            return tuple(addresses(endpoint.partition("://")[2]))
        case Manager.KUBERNETES:
            there = api_server(endpoint)
            return () if there is None else (there,)
        case Manager.YARN:
            try:
                return resource_managers().addresses
            except EnvironmentLacks:
                return ()
