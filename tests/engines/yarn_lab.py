"""A YARN of one node on 127.0.0.1, by Hadoop's own daemons: ResourceManager and NodeManager."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

from streambench.engines.common.http import NoAnswer, get_json
from streambench.engines.spark import ENGINE
from streambench.model.conditions import Variant
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.jars import resolve_jars
from streambench.runtime.ports import free_port
from streambench.runtime.waiting import wait_until
from tests.orphans import die_with_parent

HERE: Final = "127.0.0.1"
_HADOOP: Final = "3.5.0"  # that of the usual version of Spark
_START_TIMEOUT_S: Final = 120.0
_SERVER: Final = "org.apache.hadoop.yarn.server"
# What the daemons need of Spark's distribution, in which Hadoop's client is.
_OF_SPARK: Final = ("hadoop-client-", "slf4j-api-", "log4j-", "jcl-over-slf4j-")
_LOG4J: Final = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.name = console
appender.console.type = Console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
"""


@dataclass(frozen=True)
class Yarn:
    """One that runs. `conf` is its HADOOP_CONF_DIR; `web` its pages; `pids` those of both daemons.

    `settings` of a job: its staging folder is in `staging`, and Spark's jars are not sent, for they are here.
    Spark itself waits for no executors, so that the driver does.
    """

    conf: Path
    web: str
    address: tuple[str, int]
    staging: Path
    pids: tuple[int, int]
    settings: tuple[tuple[str, str], ...]

    def applications(self) -> dict[str, tuple[str, str]]:
        """Name → state and final status of each that there ever was."""
        apps = get_json(f"{self.web}/ws/v1/cluster/apps", timeout_s=5)["apps"] or {}
        return {
            str(app["name"]): (str(app["state"]), str(app["finalStatus"]))
            for app in apps.get("app", ())
        }


@contextmanager
def yarn(folder: Path, memory_mib: int) -> Iterator[Yarn]:
    """Both daemons, and a node with so much memory; all that they write is in `folder`."""
    spark = resolve(ENGINE.requires(Variant(ENGINE.name, ENGINE.version)))
    assert spark.site_packages is not None
    conf, staging, logs = folder / "conf", folder / "staging", folder / "daemons"
    for each in (conf, staging, logs):
        each.mkdir(parents=True)
    rm, web = free_port(), free_port()
    _write_conf(conf, folder, memory_mib, rm=rm, web=web)
    with ExitStack() as stack:
        daemons = tuple(
            _daemon(stack, spark, conf, f"{_SERVER}.{name}", logs)
            for name in ("resourcemanager.ResourceManager", "nodemanager.NodeManager")
        )
        metrics = f"http://{HERE}:{web}/ws/v1/cluster/metrics"

        def ready() -> bool:
            try:
                told = get_json(metrics, timeout_s=5)["clusterMetrics"]
            except NoAnswer:
                return False
            # The scheduler knows the node a moment later than others do.
            return bool(told["availableMB"] == memory_mib)

        wait_until(
            ready,
            what="YARN",
            timeout_s=_START_TIMEOUT_S,
            alive=lambda: all(each.poll() is None for each in daemons),
            log=logs / "ResourceManager.log",
        )
        yield Yarn(
            conf,
            f"http://{HERE}:{web}",
            (HERE, rm),
            staging,
            (daemons[0].pid, daemons[1].pid),
            (
                ("spark.yarn.stagingDir", f"file://{staging}"),
                ("spark.yarn.jars", f"local:{spark.site_packages}/pyspark/jars/*"),
                ("spark.scheduler.minRegisteredResourcesRatio", "0"),
                ("spark.yarn.am.memory", "256m"),
                ("spark.yarn.am.extraJavaOptions", "-XX:TieredStopAtLevel=1"),
                ("spark.executor.extraJavaOptions", "-XX:TieredStopAtLevel=1"),
            ),
        )


def _write_conf(conf: Path, folder: Path, memory_mib: int, *, rm: int, web: int) -> None:
    def here(port: int) -> str:
        return f"{HERE}:{port}"

    manager, node = "yarn.resourcemanager", "yarn.nodemanager"
    _write(conf / "core-site.xml", {"hadoop.tmp.dir": str(folder / "tmp")})
    _write(
        conf / "yarn-site.xml",
        {
            f"{manager}.hostname": HERE,
            f"{manager}.bind-host": HERE,
            f"{manager}.address": here(rm),
            f"{manager}.webapp.address": here(web),
            f"{manager}.scheduler.address": here(free_port()),
            f"{manager}.resource-tracker.address": here(free_port()),
            f"{manager}.admin.address": here(free_port()),
            "yarn.scheduler.minimum-allocation-mb": "64",
            f"{node}.hostname": HERE,
            f"{node}.bind-host": HERE,
            f"{node}.address": here(free_port()),
            f"{node}.localizer.address": here(free_port()),
            f"{node}.webapp.address": here(free_port()),
            f"{node}.local-dirs": str(folder / "local"),
            f"{node}.log-dirs": str(folder / "containers"),
            f"{node}.resource.memory-mb": str(memory_mib),
            f"{node}.resource.cpu-vcores": "4",
            f"{node}.vmem-check-enabled": "false",
            # How full the disk of a developer's machine is does not matter here.
            f"{node}.disk-health-checker.enable": "false",
            f"{node}.sleep-delay-before-sigkill.ms": "250",
        },
    )
    queue = "yarn.scheduler.capacity"
    _write(
        conf / "capacity-scheduler.xml",
        {
            f"{queue}.root.queues": "default",
            f"{queue}.root.default.capacity": "100",
            f"{queue}.maximum-am-resource-percent": "1.0",
        },
    )
    (conf / "log4j2.properties").write_text(_LOG4J)


def _write(file: Path, properties: Mapping[str, str]) -> None:
    lines = (
        f"<property><name>{name}</name><value>{escape(value)}</value></property>"
        for name, value in properties.items()
    )
    file.write_text(f"<configuration>{''.join(lines)}</configuration>")


def _daemon(
    stack: ExitStack, spark: Resolved, conf: Path, main: str, logs: Path
) -> subprocess.Popen[bytes]:
    assert spark.site_packages is not None
    (jars,) = resolve_jars([f"yarn-{_HADOOP}"]).values()
    of_spark = sorted((spark.site_packages / "pyspark" / "jars").glob("*.jar"))
    path = [conf, *jars, *(jar for jar in of_spark if jar.name.startswith(_OF_SPARK))]
    kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    with (logs / f"{main.rpartition('.')[2]}.log").open("wb") as out:
        process = subprocess.Popen(
            [
                str(spark.java),
                *("-Xmx192m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
                *("-cp", os.pathsep.join(map(str, path)), main),
            ],
            env={
                **kept,
                "HOME": str(logs),
                "HADOOP_HOME": str(logs),
                "HADOOP_CONF_DIR": str(conf),
                # Containers are started with it.
                "JAVA_HOME": str(spark.java.parent.parent),
            },
            stdout=out,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            cwd=logs,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )

    def end() -> None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    stack.callback(end)
    return process
