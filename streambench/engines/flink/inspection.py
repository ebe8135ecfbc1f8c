"""What a Flink session cluster that streambench did not start is and has, seen before a job is given to it."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from streambench.engines.common.elsewhere import without_log_in
from streambench.engines.common.http import NoAnswer, get_json, order
from streambench.engines.flink.cluster_settings import settings_told
from streambench.engines.flink.rest import ENDED
from streambench.engines.flink.versions import VERSIONS
from streambench.model.cluster_facts import ClusterFacts, ClusterFound
from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.model.kafka_access import addresses
from streambench.model.numbers import listing

_TIMEOUT_S: Final = 5.0
_PORT: Final = 8081
_MINOR: Final = re.compile(r"\d+\.\d+")


@dataclass(frozen=True)
class FlinkFound:
    """A session cluster: its version, and how many slots it has and has free."""

    version: str
    task_managers: int
    slots: int
    free_slots: int

    @property
    def shown(self) -> str:
        """In words."""
        return (
            f"Flink {self.version}, {self.task_managers} TaskManager(s), {self.free_slots} of "
            f"{self.slots} slot(s) free"
        )


def inspect_flink(endpoint: str, version: str, wanted_slots: int) -> FlinkFound:
    """What is at a JobManager's REST address, fit for a client of `version`.

    Raises EnvironmentLacks where nobody answers, another program does, the versions do not go together, or
    there are fewer slots free than wanted.
    """
    overview = _asked(endpoint, "/overview")
    try:
        found = FlinkFound(
            version=str(overview["flink-version"]),
            task_managers=int(overview["taskmanagers"]),
            slots=int(overview["slots-total"]),
            free_slots=int(overview["slots-available"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise EnvironmentLacks(
            f"what answers at {endpoint} is not the REST interface of a Flink JobManager",
            hint=f"open {endpoint} in a browser: it shows Flink's dashboard where it is one",
        ) from error
    if (mine := _minor(version)) != _minor(found.version):
        fit = next((each for each in VERSIONS if _minor(each) == _minor(found.version)), None)
        raise EnvironmentLacks(
            f"the cluster at {endpoint} is Flink {found.version}, and a client of Flink {mine} cannot give "
            "it jobs",
            hint=f"streambench run --engine flink --flink-rest URL, with a cluster of Flink "
            f"{', '.join(VERSIONS)}"
            if fit is None
            else f"streambench run --engine flink@{fit} --flink-rest {endpoint}",
        )
    if found.free_slots < wanted_slots:
        raise EnvironmentLacks(
            f"the Flink cluster at {endpoint} has {found.free_slots} of {found.slots} slots free, and the "
            f"job needs {wanted_slots}",
            hint="start another TaskManager there, cancel a job, or ask for fewer: "
            f"--workers {max(1, found.free_slots)}",
        )
    return found


class FlinkClient:
    """A session cluster, by its JobManager's REST interface."""

    def endpoint(self, written: str) -> str:
        """`http://HOST:PORT`. Raises UsageError."""
        url = written if "://" in written else f"http://{written}"
        try:
            there = urlsplit(url)
            port = there.port or _PORT
        except ValueError:
            there, port = urlsplit(""), 0
        plain = not (there.username or there.path.strip("/") or there.query or there.fragment)
        if there.scheme != "http" or not there.hostname or not plain:
            raise UsageError(
                f"'{without_log_in(written)}' is not the address of a JobManager's REST interface: "
                "http://HOST:PORT, without a path or a log-in; one by TLS cannot be used yet",
                hint="streambench run --flink-rest http://jobmanager:8081",
            )
        host = f"[{there.hostname}]" if ":" in there.hostname else there.hostname
        return f"http://{host}:{port}"

    def look(self, endpoint: str, version: str, workers: int) -> ClusterFound:
        """Version, slots and settings. Raises EnvironmentLacks."""
        found = inspect_flink(endpoint, version, workers)
        other = "" if found.version == version else f"; the client is Flink {version}"
        told = settings_told(
            _asked_if_told(endpoint, "/jobmanager/config"),
            _asked_if_told(endpoint, "/taskmanagers"),
        )
        return ClusterFound(
            f"{found.shown} at {endpoint}{other}",
            ClusterFacts(found.version, told),
            version_notes(found.version),
        )

    def coordinators(self, endpoint: str) -> tuple[tuple[str, int], ...]:
        """Where the JobManager's REST interface listens."""
        return tuple(addresses(endpoint.partition("://")[2]))

    def jobs_left(self, endpoint: str, prefix: str) -> Mapping[str, str]:
        """Those that a run did not cancel. Raises EnvironmentLacks."""
        return jobs_left(endpoint, prefix)

    def cancel(self, endpoint: str, job: str) -> None:
        """Ask for a job's end. Raises EnvironmentLacks."""
        cancel_job(endpoint, job)


def version_notes(version: str) -> tuple[str, ...]:
    """What is to be said of the version that runs there before a run; nothing of a tested one."""
    if version in VERSIONS:
        return ()
    return (
        f"Flink {version}, which runs in the cluster, is not tested with streambench: "
        f"{listing(list(VERSIONS))} are",
    )


def jobs_left(endpoint: str, prefix: str) -> Mapping[str, str]:
    """Id → name of each job there whose name begins with `prefix` and that has not ended.

    Raises EnvironmentLacks.
    """
    jobs = _asked(endpoint, "/jobs/overview").get("jobs", ())
    return {
        str(job["jid"]): str(job["name"])
        for job in jobs
        if str(job["name"]).startswith(prefix) and str(job["state"]) not in ENDED
    }


def cancel_named(endpoint: str, name: str) -> None:
    """Ask for the end of jobs of exactly this name; nothing where nobody answers."""
    with contextlib.suppress(EnvironmentLacks):
        for job, found in jobs_left(endpoint, name).items():
            if found == name:
                cancel_job(endpoint, job)


def free_slots(endpoint: str) -> int | None:
    """How many slots are free there; None where nobody says."""
    try:
        return int(get_json(f"{endpoint}/overview", timeout_s=_TIMEOUT_S)["slots-available"])
    except (NoAnswer, KeyError, TypeError, ValueError):
        return None


def cancel_job(endpoint: str, job: str) -> None:
    """Ask for a job's end. Raises EnvironmentLacks."""
    try:
        order("PATCH", f"{endpoint}/jobs/{job}?mode=cancel")
    except NoAnswer as error:
        raise _silent(endpoint, error) from error


def _asked(endpoint: str, path: str) -> Any:
    try:
        return get_json(f"{endpoint}{path}", timeout_s=_TIMEOUT_S)
    except NoAnswer as error:
        raise _silent(endpoint, error) from error


def _asked_if_told(endpoint: str, path: str) -> Any:
    """None where it does not answer: a cluster may have its configuration's page turned off."""
    try:
        return get_json(f"{endpoint}{path}", timeout_s=_TIMEOUT_S)
    except NoAnswer:
        return None


def _silent(endpoint: str, error: NoAnswer) -> EnvironmentLacks:
    return EnvironmentLacks(
        f"no Flink JobManager answers at {endpoint}: {error}",
        hint=f"curl {endpoint}/overview shows whether its REST interface can be reached from here",
    )


def _minor(version: str) -> str:
    """Without the patch, or what is built behind it: `2.3-SNAPSHOT` is 2.3."""
    found = _MINOR.match(version)
    return version if found is None else found[0]
