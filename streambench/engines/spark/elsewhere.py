"""A Spark job whose executors are in a cluster that streambench did not start; its driver is here."""

from __future__ import annotations

import contextlib
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from streambench.engines.common.asking import ASKING, AskingPolicy, HealthAsked
from streambench.engines.common.launch import named, prepare, start, stop
from streambench.engines.common.noticed import noticed
from streambench.engines.protocol import Embedded, External, Health, Readings, State, Target
from streambench.engines.spark.job import FAILURES, bytes_in, effective_of, words_of
from streambench.engines.spark.masters import YARN, Manager, listening, manager_of
from streambench.engines.spark.processes import DRIVER
from streambench.engines.spark.progress import Told, read_batches, read_progress
from streambench.engines.spark.versions import VERSIONS
from streambench.engines.spark.yarn import see_application_end
from streambench.model.cluster_facts import VERSION_THERE
from streambench.model.errors import EngineFailed, EngineSlow
from streambench.model.kafka_access import addresses
from streambench.model.numbers import listing
from streambench.model.plan import Plan, Role
from streambench.runtime.waiting import wait_until

_START_TIMEOUT_S: Final = 180.0
# Spark may send all of its jars there before an application begins: hundreds of megabytes.
_START_IN_YARN_TIMEOUT_S: Final = 600.0
_END_TIMEOUT_S: Final = 30.0
_LACKING: Final = {
    Manager.STANDALONE: (
        "the Spark cluster",
        "start Workers of the same version of Spark with free cores and memory",
    ),
    Manager.YARN: (
        "YARN",
        "see what its queue has left: yarn application -list; yarn queue -status default; choose another "
        "one by --set spark:spark.yarn.queue=NAME",
    ),
    Manager.KUBERNETES: (
        "Kubernetes",
        "see why its pods do not run: kubectl get pods -l spark-role=executor",
    ),
}
_SLOW_IN_YARN: Final = (
    "see what its containers say: yarn logs -applicationId ID; spare nodes the way of Spark's jars: "
    "--set spark:spark.yarn.archive=hdfs:///share/spark.zip"
)


class SparkJobElsewhere:
    """Its driver belongs to the supervisor; of its executors only what the driver tells is known."""

    def __init__(self, plan: Plan, here: Embedded, asking: AskingPolicy = ASKING) -> None:
        self._here = here
        self._plan = plan
        self._version = plan.version
        self._wanted = int(plan.symbols["executors"])
        self._in_yarn = plan.cluster == YARN
        checkpoint = plan.symbols["checkpoint"]
        # Elsewhere than in files that are seen from here nobody but the driver can read it.
        self._checkpoint = Path(checkpoint.removeprefix("file://"))
        self._is_here = checkpoint.startswith("file:///")
        self._progress = here.job_dir / "progress.jsonl"
        self._health = HealthAsked(lambda _: self._ask(), asking)
        self._ran = False
        self._stopped = False

    def healthy(self) -> Health:
        """Running means: a batch has been done, no failure was told, all executors are there."""
        return self._health.now()

    def targets(self, role: Role) -> tuple[Target, ...]:
        """None: faults are not made where only a part of the processes is streambench's."""
        return ()

    def readings(self) -> Readings:
        """Progress as the driver wrote it; batches where the checkpoint can be read from here."""
        told = read_progress(self._progress)
        return Readings(
            words=words_of(told) | _version_words(told),
            notes=_version_notes(told, self._version),
            effective=effective_of(told),
            late_counter=told.late_partial_rows,
            late_unit="late partial rows",
            batches=read_batches(self._checkpoint) if self._readable else None,
            failures_noticed_ms=noticed([self._here.log_dir / f"{DRIVER}.log"], FAILURES),
            checkpoint_bytes=bytes_in(self._checkpoint) if self._readable else None,
        )

    def resume(self) -> None:
        """Never asked for: the driver of a cluster elsewhere is not hit."""

    def rescale(self, plan: Plan) -> None:
        """Never asked for: a cluster elsewhere gets no worker from streambench. Raises EngineFailed."""
        raise EngineFailed("a cluster that runs already is not made larger", stage="rescale")

    def stop(self) -> None:
        """Let the driver end the query and delete its checkpoint, then end the driver."""
        if self._stopped:
            return
        self._stopped = True
        driver = self._here.supervisor.current(DRIVER)
        if driver is not None and read_progress(self._progress).started:
            (self._here.job_dir / "end").touch()
            with contextlib.suppress(EngineFailed):
                wait_until(
                    lambda: read_progress(self._progress).ended,
                    what="the end of Spark's query",
                    timeout_s=_END_TIMEOUT_S,
                    alive=driver.alive,
                    log=driver.log,
                )
        stop([DRIVER], self._here)
        if self._in_yarn:
            see_application_end(self._here.job_id)
        tell_checkpoint(self._plan, self._here)

    def _ask(self) -> Health:
        driver = self._here.supervisor.current(DRIVER)
        told = read_progress(self._progress)
        if driver is None:
            return Health(State.FAILED, "the driver is gone")
        if told.failure is not None:
            return Health(State.FAILED, told.failure)
        if not told.fresh_batches:
            return Health(self._unready(), "no batch has been done yet")
        if told.executors is not None and told.executors < self._wanted:
            return Health(
                self._unready(), f"{told.executors} of {self._wanted} executors are there"
            )
        self._ran = True
        return Health(State.RUNNING, f"{told.batches} batches")

    @property
    def _readable(self) -> bool:
        """Whether the checkpoint can be read from here: a folder of another host is not there."""
        return self._is_here and self._checkpoint.is_dir()

    def _unready(self) -> State:
        return State.DEGRADED if self._ran else State.STARTING


def start_driver(plan: Plan, at: External, script: Path) -> SparkJobElsewhere:
    """Start the driver here, with its executors in the cluster; returns when its query runs.

    Raises EngineFailed.
    """
    here, endpoint = at.here, at.endpoint
    extra: Mapping[str, str] = {"script": str(script), "driver_host": address_for(endpoint, here)}
    filled = prepare(plan, here, extra)
    driver = start(named(filled, DRIVER), here)
    progress = here.job_dir / "progress.jsonl"
    in_yarn = manager_of(endpoint) is Manager.YARN

    def started() -> bool:
        told = read_progress(progress)
        if told.awaits is not None:
            at.tell(told.awaits)
        return told.started

    try:
        wait_until(
            started,
            what="Spark's query",
            timeout_s=_START_IN_YARN_TIMEOUT_S if in_yarn else _START_TIMEOUT_S,
            alive=driver.alive,
            log=driver.log,
        )
    except BaseException as error:
        stop([DRIVER], here)
        if in_yarn:
            see_application_end(here.job_id)
        tell_checkpoint(filled, here)
        told = read_progress(progress)
        if told.lacking is not None and isinstance(error, EngineFailed):
            have, wanted = told.lacking
            title, mend = _LACKING[manager_of(endpoint)]
            where = "" if in_yarn else f" at {endpoint}"
            raise EngineFailed(
                f"{title}{where} gave {have} of {wanted} executors",
                stage="submit",
                hint=f"{mend}; or ask for fewer: --workers {max(1, have)}",
                log_tail=error.log_tail,
            ) from error
        if told.awaits is not None and isinstance(error, EngineSlow):
            raise EngineSlow(
                f"{error.message}: {told.awaits}",
                stage="submit",
                hint=_SLOW_IN_YARN if in_yarn else error.hint,
                log_tail=error.log_tail,
            ) from error
        raise
    return SparkJobElsewhere(filled, here)


def tell_checkpoint(filled: Plan, here: Embedded) -> None:
    """Say that the checkpoint may stay, where the driver is gone and did not say that it deleted it.

    One in the run's own folder goes with that. Before there was a session there was no checkpoint.
    """
    checkpoint = filled.symbols["checkpoint"]
    told = read_progress(here.job_dir / "progress.jsonl")
    path = checkpoint.removeprefix("file://")
    if told.discarded or not told.session or told.lacking is not None:
        return
    if Path(path).is_relative_to(here.job_dir):
        return
    command = ("rm", "-r", path) if checkpoint.startswith("file:///") else None
    remove = shlex.join(command or ("hadoop", "fs", "-rm", "-r", checkpoint))
    here.leaves(
        f"Spark's checkpoint {checkpoint}, for its driver ended before it had deleted it"
        f"\n\nhint: {remove}"
    )


def _version_words(told: Told) -> dict[str, str]:
    return {VERSION_THERE: " | ".join(told.versions)} if told.versions else {}


def _version_notes(told: Told, version: str) -> tuple[str, ...]:
    """What is to be said where executors are of another version than the driver, or do not tell theirs."""
    if not told.versions:
        return ("Spark: of which version its executors are is not known.",)
    if told.versions == (version,):
        return ()
    return (
        f"Spark: its executors are of version {' and '.join(told.versions)}, and its driver of {version}. "
        f"Of the cluster's versions {listing(list(VERSIONS))} are tested, each with a driver of its own.",
    )


def address_for(endpoint: str, here: Embedded) -> str:
    """By which address of this machine executors reach the driver: the one that leads to their master.

    Of several masters the first that this machine knows a way to. Where nothing tells the master's address,
    they are near the brokers. Raises EngineFailed where there is no way to any.
    """
    named_there = listening(endpoint) or tuple(addresses(here.kafka.bootstrap))
    why = ""
    for host, port in named_there:
        try:
            return _own_address(host, port)
        except (OSError, ValueError) as error:  # the latter of a name that no host can have
            why = str(error)
    names = ", ".join(f"{host}:{port}" for host, port in named_there)
    raise EngineFailed(
        f"this machine knows no way to {names}, so executors would not find the driver: {why}",
        stage="submit",
        hint=f"getent hosts {named_there[0][0]}",
    )


def _own_address(host: str, port: int) -> str:
    """This machine's address on the way there. Raises OSError and ValueError."""
    # No packet is sent: the kernel only says by which of its addresses it would go.
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
    with contextlib.closing(socket.socket(family, kind)) as probe:
        probe.connect(address)
        number = str(probe.getsockname()[0])
    return f"[{number}]" if ":" in number else number
