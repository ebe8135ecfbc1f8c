"""What of a Spark cluster that streambench did not start can be seen before a job is given to it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Final

from streambench.engines.common.elsewhere import without_log_in
from streambench.engines.spark.masters import (
    YARN,
    Address,
    Manager,
    api_server,
    listening,
    manager_of,
)
from streambench.engines.spark.yarn import applications_left, end_application, look_at_yarn
from streambench.model.cluster_facts import ClusterFacts, ClusterFound
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.numbers import plural

_PORT: Final = 7077
_TIMEOUT_S: Final = 5.0


class SparkClient:
    """A cluster by its master's URL: executors are seen only once an application asks for them."""

    def endpoint(self, written: str) -> str:
        """`spark://HOST:PORT,…`, `yarn` or `k8s://URL`. Raises UsageError."""
        scheme, colons, rest = written.partition("://")
        if written == YARN:
            return written
        if scheme == "k8s" and "@" not in rest:
            if api_server(written) is not None:
                return written
            raise UsageError(
                f"'{without_log_in(written)}' is not a Kubernetes API server with its port",
                hint="--spark-master k8s://https://HOST:6443; kubectl cluster-info shows the address",
            )
        if colons and scheme == "spark" and "@" not in rest and "/" not in rest:
            hosts = [each if ":" in each else f"{each}:{_PORT}" for each in rest.split(",") if each]
            if hosts and all(_port(each) is not None for each in hosts):
                return f"spark://{','.join(hosts)}"
        raise UsageError(
            f"'{without_log_in(written)}' is not a Spark master: spark://HOST:PORT, yarn or "
            "k8s://https://HOST:PORT",
            hint="streambench run --spark-master spark://master:7077",
        )

    def look(self, endpoint: str, version: str, workers: int) -> ClusterFound:
        """Whether its master can be reached, and what room a YARN has. Raises EnvironmentLacks.

        In YARN the driver's Spark is sent along. Of others the version is seen when executors have come.
        """
        asked = f"{plural(workers, 'executor')} of Spark {version} are asked for with each job"
        match manager_of(endpoint):
            case Manager.YARN:
                return ClusterFound(look_at_yarn(workers), ClusterFacts(version))
            case Manager.STANDALONE:
                _reach(f"Spark master answers at {endpoint}", listening(endpoint))
                return ClusterFound(
                    f"Spark's master at {endpoint} can be reached; {asked}", ClusterFacts()
                )
            case Manager.KUBERNETES:
                _reach(f"Kubernetes API server answers at {endpoint}", listening(endpoint))
                return ClusterFound(
                    f"the API server at {endpoint} can be reached; {asked}. streambench was never run with "
                    "one",
                    ClusterFacts(),
                )

    def coordinators(self, endpoint: str) -> tuple[Address, ...]:
        """Where the Master, the ResourceManager or the API server listens."""
        return listening(endpoint)

    def jobs_left(self, endpoint: str, prefix: str) -> Mapping[str, str] | None:
        """A YARN's applications; others end with their driver, a process of streambench, and are not asked for.

        Raises EnvironmentLacks.
        """
        return applications_left(prefix) if manager_of(endpoint) is Manager.YARN else None

    def cancel(self, endpoint: str, job: str) -> None:
        """Ask for the end of an application in YARN. Raises EnvironmentLacks."""
        end_application(job)


def _reach(sought: str, there: tuple[Address, ...]) -> None:
    """See that one of them takes a connection. Raises EnvironmentLacks."""
    why = ""
    for host, port in there:
        try:
            with socket.create_connection((host, port), timeout=_TIMEOUT_S):
                return
        except (OSError, ValueError) as error:  # the latter of a name that no host can have
            why = str(error)
    host, port = there[0]
    raise EnvironmentLacks(f"no {sought}: {why}", hint=f"nc -vz {host} {port}")


def _port(address: str) -> int | None:
    text = address.rpartition(":")[2]
    return int(text) if text.isdecimal() and 0 < int(text) < 65_536 else None
