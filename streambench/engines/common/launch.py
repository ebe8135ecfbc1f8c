"""From a plan to processes: symbols get values, programs become files, argvs become children."""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from contextlib import closing
from pathlib import Path

import psutil

from streambench.engines.common.access import access_symbols
from streambench.engines.common.symbols import fill_plan, symbols_in
from streambench.engines.protocol import Embedded
from streambench.model.errors import EngineFailed
from streambench.model.plan import Plan, ProcessPlan
from streambench.runtime.ports import free_port
from streambench.runtime.supervisor import Child
from streambench.runtime.waiting import tail

GC_FOLDER = "gc"
_PORT_TAKEN = ("Address already in use", "BindException", "Could not start rest endpoint")


def base_symbols(at: Embedded) -> dict[str, str]:
    """The symbols that every plan may use, without its ports."""
    artifacts = at.artifacts
    symbols = {
        "broker": at.kafka.bootstrap,
        "input_topic": at.input_topic,
        "output_topic": at.output_topic,
        "job_id": at.job_id,
        "job_dir": str(at.job_dir.absolute()),
        "log_dir": str(at.log_dir.absolute()),
        "java": str(artifacts.java),
        # Launchers look for $JAVA_HOME/bin/java; the link itself may be ours, so it is not resolved.
        "java_home": str(artifacts.java.parent.parent),
    }
    if artifacts.python is not None:
        symbols["python"] = str(artifacts.python)
    if artifacts.site_packages is not None:
        symbols["site_packages"] = str(artifacts.site_packages)
    for name, jars in artifacts.jars.items():
        symbols[f"jars:{name}"] = os.pathsep.join(str(jar) for jar in jars)
        symbols[f"comma_jars:{name}"] = ",".join(str(jar) for jar in jars)
        symbols[f"jar_urls:{name}"] = ";".join(jar.absolute().as_uri() for jar in jars)
    return symbols | access_symbols(at.kafka)


def port_symbols(plan: Plan) -> dict[str, str]:
    """A free port for each `${port:NAME}` in the plan."""
    texts = [program.text for program in plan.programs]
    for process in plan.processes:
        texts += [*process.argv, *process.env.values()]
    names = {name for text in texts for name in symbols_in(text) if name.startswith("port:")}
    return {name: str(free_port()) for name in sorted(names)}


def prepare(plan: Plan, at: Embedded, extra: Mapping[str, str] | None = None) -> Plan:
    """Fill in every symbol of `plan` and write its programs to the job's folder."""
    symbols = base_symbols(at) | port_symbols(plan) | dict(extra or {})
    filled = fill_plan(plan, symbols)
    at.job_dir.mkdir(parents=True, exist_ok=True)
    at.log_dir.mkdir(parents=True, exist_ok=True)
    (at.job_dir / GC_FOLDER).mkdir(exist_ok=True)  # a JVM does not start without it
    _write_programs(filled, at)
    return filled


def replan(plan: Plan, before: Plan, at: Embedded) -> Plan:
    """`plan`, another one for the job of `before`, with the same addresses and folders; its programs
    replace those that are there.
    """
    filled = fill_plan(plan, before.symbols)
    _write_programs(filled, at)
    return filled


def _write_programs(filled: Plan, at: Embedded) -> None:
    for program in filled.programs:
        path = at.job_dir / program.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(program.text, encoding="utf-8")


def start(process: ProcessPlan, at: Embedded) -> Child:
    """Start one process of a filled plan under the supervisor; its log has its name."""
    return at.supervisor.start(
        process.name,
        process.role,
        process.argv,
        log=log_of(process, at),
        env=process.env,
        cwd=at.job_dir,
        restart=process.restart,
        restart_delay_s=process.restart_delay_ms / 1000,
        nice=at.nice,
    )


def log_of(process: ProcessPlan, at: Embedded) -> Path:
    """Where output of a process goes."""
    return at.log_dir / f"{process.name}.log"


def named(plan: Plan, name: str) -> ProcessPlan:
    """The process called `name` (KeyError when there is none)."""
    for process in plan.processes:
        if process.name == name:
            return process
    raise KeyError(name)


def stop(names: Iterable[str], at: Embedded) -> None:
    """End the processes of these names, all at once; those that are gone are no error.

    A dead leader's orphans are ended, too, and a restart that is due is called off.
    """
    at.supervisor.stop_named(tuple(names))


def port_was_taken(error: EngineFailed, logs: Iterable[Path]) -> bool:
    """Whether a start failed because somebody else took a port between its choice and its use."""
    said = error.log_tail + "".join(tail(log, lines=200) for log in logs)
    return any(sign in said for sign in _PORT_TAKEN)


def listens_on(pid: int, ports: Collection[int]) -> bool:
    """Whether a live process accepts connections on one of these ports."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.Error:  # it has just died
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port in ports for c in connections)


def listens(port: int) -> bool:
    """Whether something accepts connections on this port of 127.0.0.1."""
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
