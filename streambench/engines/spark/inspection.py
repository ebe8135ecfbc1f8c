"""What of a Spark cluster that streambench did not start can be seen before a job is given to it."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Final

from streambench.engines.common.elsewhere import without_log_in
from streambench.model.errors import EnvironmentLacks, UsageError

_PORT: Final = 7077
_TIMEOUT_S: Final = 5.0


class SparkClient:
    """A cluster by its master's URL: executors are seen only once an application asks for them."""

    def endpoint(self, written: str) -> str:
        """`spark://HOST:PORT,…`, `yarn` or `k8s://URL`. Raises UsageError."""
        scheme, colons, rest = written.partition("://")
        if written == "yarn" or (scheme == "k8s" and rest and "@" not in rest):
            return written
        if colons and scheme == "spark" and "@" not in rest and "/" not in rest:
            hosts = [each if ":" in each else f"{each}:{_PORT}" for each in rest.split(",") if each]
            if hosts and all(_port(each) is not None for each in hosts):
                return f"spark://{','.join(hosts)}"
        raise UsageError(
            f"'{without_log_in(written)}' is not a Spark master: spark://HOST:PORT, yarn or k8s://URL",
            hint="streambench run --spark-master spark://master:7077",
        )

    def look(self, endpoint: str, version: str, workers: int) -> str:
        """Whether a standalone master can be reached. Raises EnvironmentLacks."""
        scheme, _, rest = endpoint.partition("://")
        if scheme != "spark":
            return f"Spark's executors come from {endpoint}, asked for with each job"
        why = ""
        for each in rest.split(","):
            host, _, port = each.rpartition(":")
            try:
                with socket.create_connection((host.strip("[]"), int(port)), timeout=_TIMEOUT_S):
                    return (
                        f"Spark's master at {endpoint} can be reached; {workers} executors of Spark "
                        f"{version} are asked for with each job"
                    )
            except (OSError, ValueError) as error:  # the latter of a name that no host can have
                why = str(error)
        host, _, port = rest.split(",")[0].rpartition(":")
        raise EnvironmentLacks(
            f"no Spark master answers at {endpoint}: {why}", hint=f"nc -vz {host} {port}"
        )

    def jobs_left(self, endpoint: str, prefix: str) -> Mapping[str, str]:
        """None: an application ends with its driver, which is a process of streambench."""
        return {}

    def cancel(self, endpoint: str, job: str) -> None:
        """Never asked for."""


def _port(address: str) -> int | None:
    text = address.rpartition(":")[2]
    return int(text) if text.isdecimal() and 0 < int(text) < 65_536 else None
