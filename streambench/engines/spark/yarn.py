"""What of a YARN can be seen by its ResourceManager's REST interface, and what a run may have left there."""

from __future__ import annotations

import contextlib
import getpass
import os
import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from streambench.engines.common.http import NoAnswer, get_json, put_json
from streambench.engines.spark.hadoop_conf import ResourceManagers, resource_managers
from streambench.engines.spark.settings import LEAST_EXECUTOR_HEAP_MIB
from streambench.model.errors import EngineFailed, EnvironmentLacks
from streambench.model.numbers import plural
from streambench.runtime.waiting import wait_until

_TIMEOUT_S: Final = 5.0
_END_PATIENCE_S: Final = 15.0
_END_POLL_S: Final = 0.2
_LIVE: Final = "NEW,NEW_SAVING,SUBMITTED,ACCEPTED,RUNNING"


def look_at_yarn(workers: int) -> str:
    """What there is, in words, for so many executors.

    Raises EnvironmentLacks where the configuration names none, nobody answers, or the least that such
    executors take is not free. Without an answer by REST, as where it asks for Kerberos, room is not known.
    """
    found = resource_managers()
    where = _reachable(found)
    asked = f"{plural(workers, 'executor')} are asked for with each job"
    try:
        metrics = _asked(found, "/ws/v1/cluster/metrics")["clusterMetrics"]
        info = _asked(found, "/ws/v1/cluster/info")["clusterInfo"]
        nodes, free_mib = int(metrics["activeNodes"]), int(metrics["availableMB"])
        version = str(info["hadoopVersion"])
    except (NoAnswer, KeyError, TypeError, ValueError):
        return f"a YARN ResourceManager at {where} can be reached, its room is not known; {asked}"
    least_mib = workers * LEAST_EXECUTOR_HEAP_MIB
    if free_mib < least_mib:
        raise EnvironmentLacks(
            f"the YARN at {where} has {free_mib} MiB free on {plural(nodes, 'node')}, and "
            f"{plural(workers, 'executor')} need {least_mib} MiB at the least",
            hint="start a NodeManager there, end an application, or ask for fewer: "
            f"--workers {max(1, free_mib // LEAST_EXECUTOR_HEAP_MIB)}",
        )
    return f"YARN of Hadoop {version} at {where}, {plural(nodes, 'node')}, {free_mib} MiB free; {asked}"


def applications_left(prefix: str) -> Mapping[str, str]:
    """Id → name of each application whose name begins with `prefix` and that has not ended.

    Raises EnvironmentLacks.
    """
    found = resource_managers()
    try:
        told = _asked(found, f"/ws/v1/cluster/apps?applicationTypes=SPARK&states={_LIVE}")
        apps = (told["apps"] or {}).get("app", ())
        return {
            str(app["id"]): str(app["name"]) for app in apps if str(app["name"]).startswith(prefix)
        }
    except (NoAnswer, KeyError, TypeError) as error:
        raise EnvironmentLacks(
            f"the ResourceManager does not tell its applications at {', '.join(found.webs)}: {error}",
            hint="yarn application -list -appTypes SPARK",
        ) from error


def end_application(application: str) -> None:
    """Ask for an application's end, as the user who runs this. Raises EnvironmentLacks."""
    user = quote(os.environ.get("HADOOP_USER_NAME") or getpass.getuser())
    found = resource_managers()
    why = ""
    for web in found.webs:
        url = f"{web}/ws/v1/cluster/apps/{application}/state?user.name={user}"
        try:
            put_json(url, {"state": "KILLED"})
        except NoAnswer as error:
            why = str(error)
        else:
            return
    raise EnvironmentLacks(
        f"the ResourceManager did not take the end of {application}: {why}",
        hint=f"yarn application -kill {application}",
    )


def see_application_end(name: str) -> None:
    """Wait until no application of this name lives, and end one that stays.

    Without its driver one ends by itself, but not while it waits for room. Where the ResourceManager does
    not tell, nothing is done.
    """
    with contextlib.suppress(EnvironmentLacks):
        try:
            wait_until(
                lambda: not _of_name(name),
                what="the end of Spark's application",
                timeout_s=_END_PATIENCE_S,
                poll_s=_END_POLL_S,
            )
        except EngineFailed:
            for application in _of_name(name):
                end_application(application)


def _of_name(name: str) -> list[str]:
    """The ids of those that live. Raises EnvironmentLacks."""
    return [each for each, found in applications_left(name).items() if found == name]


def _reachable(found: ResourceManagers) -> str:
    """The first of the addresses that takes a connection. Raises EnvironmentLacks."""
    why = ""
    for host, port in found.addresses:
        try:
            with socket.create_connection((host, port), timeout=_TIMEOUT_S):
                return f"{host}:{port}"
        except (OSError, ValueError) as error:  # the latter of a name that no host can have
            why = str(error)
    host, port = found.addresses[0]
    named = ", ".join(f"{host}:{port}" for host, port in found.addresses)
    raise EnvironmentLacks(
        f"no YARN ResourceManager answers at {named}, which {found.site} names: {why}",
        hint=f"nc -vz {host} {port}",
    )


def _asked(found: ResourceManagers, path: str) -> Any:
    """The answer of the first that has one: one that stands by may have none. Raises NoAnswer."""
    last: NoAnswer | None = None
    for web in found.webs:
        try:
            return get_json(f"{web}{path}", timeout_s=_TIMEOUT_S)
        except NoAnswer as error:
            last = error
    assert last is not None, "there is at least one"
    raise last
