"""Clusters that streambench did not start: Flink and Spark by their own scripts, as their documentation says."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from streambench.engines.common.http import NoAnswer, get_json
from streambench.engines.registry import contender_named
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.ports import free_port
from streambench.runtime.priority import lower_priority
from tests.end_to_end.bench import ENGINE_NICE
from tests.one_broker import JVM_OPTIONS
from tests.orphans import die_with_parent

_START_TIMEOUT_S: Final = 90.0


@dataclass(frozen=True)
class FlinkCluster:
    """A session cluster; `rest` is its address."""

    rest: str


@dataclass(frozen=True)
class SparkCluster:
    """A standalone cluster; `master` is its address, `web` that of the Master's pages."""

    master: str
    web: str


@contextmanager
def flink_cluster(
    folder: Path, task_managers: int = 2, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[FlinkCluster]:
    """`jobmanager.sh` and as many `taskmanager.sh`, with a slot each; `more` are settings of theirs."""
    engine, variant = contender_named("flink")
    found = resolve(engine.requires(variant))
    assert found.site_packages is not None
    home = found.site_packages / "pyflink"
    rest, rpc = free_port(), free_port()
    conf = folder / "conf"
    conf.mkdir(parents=True)
    settings = {
        "jobmanager.rpc.address": "127.0.0.1",
        "jobmanager.rpc.port": str(rpc),
        "jobmanager.bind-host": "127.0.0.1",
        "jobmanager.memory.process.size": "800m",
        "taskmanager.host": "127.0.0.1",
        "taskmanager.bind-host": "127.0.0.1",
        "taskmanager.memory.process.size": "1000m",
        "taskmanager.numberOfTaskSlots": "1",
        "rest.address": "127.0.0.1",
        "rest.bind-address": "127.0.0.1",
        "rest.port": str(rest),
        "io.tmp.dirs": str(folder / "tmp"),
        "blob.server.port": "0",
        **more,
    }
    (conf / "config.yaml").write_text("".join(f"{name}: {it}\n" for name, it in settings.items()))
    (conf / "log4j-console.properties").write_text(
        "rootLogger.level = INFO\nrootLogger.appenderRef.console.ref = c\nappender.c.name = c\n"
        "appender.c.type = CONSOLE\nappender.c.layout.type = PatternLayout\n"
        "appender.c.layout.pattern = %d %-5p %c{1} %m%n\n"
    )
    env = _environment(found) | {
        "FLINK_HOME": str(home),
        "FLINK_CONF_DIR": str(conf),
        "FLINK_LOG_DIR": str(folder),
        "FLINK_PID_DIR": str(folder),
    }
    scripts = home / "bin"
    with ExitStack() as stack:
        _started(
            stack, ["bash", str(scripts / "jobmanager.sh"), "start-foreground"], folder / "jm", env
        )
        for number in range(task_managers):
            command = ["bash", str(scripts / "taskmanager.sh"), "start-foreground"]
            _started(stack, command, folder / f"tm-{number}", env)
        cluster = FlinkCluster(f"http://127.0.0.1:{rest}")

        def ready() -> bool:
            return int(get_json(f"{cluster.rest}/overview")["slots-available"]) >= task_managers

        _await(ready, "Flink", folder)
        yield cluster


@contextmanager
def spark_cluster(folder: Path, workers: int = 2) -> Iterator[SparkCluster]:
    """`spark-class` with a Master and as many Workers, with a core each."""
    engine, variant = contender_named("spark")
    found = resolve(engine.requires(variant))
    assert found.site_packages is not None
    home = found.site_packages / "pyspark"
    port, web = free_port(), free_port()
    folder.mkdir(parents=True)
    env = _environment(found) | {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_SCALA_VERSION": "2.13",
        "SPARK_DAEMON_MEMORY": "128m",
    }
    run = ["bash", str(home / "bin" / "spark-class")]
    deploy = "org.apache.spark.deploy"
    with ExitStack() as stack:
        master = [*run, f"{deploy}.master.Master", "--host", "127.0.0.1", "--port", str(port)]
        _started(stack, [*master, "--webui-port", str(web)], folder / "master", env)
        cluster = SparkCluster(f"spark://127.0.0.1:{port}", f"http://127.0.0.1:{web}")
        _await(lambda: get_json(f"{cluster.web}/json/")["status"] == "ALIVE", "Spark", folder)
        for number in range(workers):
            worker = [*run, f"{deploy}.worker.Worker", "--host", "127.0.0.1", "--webui-port", "0"]
            worker += ["--cores", "1", "--memory", "700m", "--work-dir", str(folder / f"w{number}")]
            _started(stack, [*worker, cluster.master], folder / f"worker-{number}", env)

        def ready() -> bool:
            return int(get_json(f"{cluster.web}/json/")["aliveworkers"]) >= workers

        _await(ready, "Spark", folder)
        yield cluster


def _environment(found: Resolved) -> dict[str, str]:
    names = ("PATH", "HOME", "TMPDIR", JVM_OPTIONS)
    kept = {name: os.environ[name] for name in names if name in os.environ}
    java = found.java
    return kept | {
        "JAVA_HOME": str(java.parent.parent),
        "PATH": f"{java.parent}{os.pathsep}{kept.get('PATH', '')}",
    }


def _beside_others() -> None:
    die_with_parent()
    lower_priority(os.getpid(), ENGINE_NICE)


def _started(stack: ExitStack, command: list[str], log: Path, env: Mapping[str, str]) -> None:
    with log.with_suffix(".log").open("wb") as out:
        process = subprocess.Popen(
            command,
            env=dict(env),
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=_beside_others,
        )

    def end() -> None:
        # A script starts the JVM and may wait for it: the session is all of them.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    stack.callback(end)


def _await(ready: Callable[[], bool], who: str, folder: Path) -> None:
    until_s = time.monotonic() + _START_TIMEOUT_S
    why = ""
    while time.monotonic() < until_s:
        try:
            if ready():
                return
        except NoAnswer as error:
            why = str(error)
        time.sleep(0.2)
    logs = "".join(file.read_text(errors="replace")[-2_000:] for file in folder.glob("*.log"))
    raise AssertionError(f"{who} does not serve: {why}\n{logs}")


def flink_jobs(cluster: FlinkCluster) -> list[str]:
    """The states of all jobs that it was ever given."""
    return [str(job["state"]) for job in get_json(f"{cluster.rest}/jobs/overview")["jobs"]]


def spark_applications(cluster: SparkCluster) -> int:
    """How many applications run there."""
    return len(get_json(f"{cluster.web}/json/")["activeapps"])
