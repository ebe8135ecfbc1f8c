"""Processes of compose.yaml's services, started by their own scripts on 127.0.0.1: what an image would do.

Addresses of services become 127.0.0.1 with a free port, folders of the images become those of the
distributions that streambench fetches. All else is as the file has it.
"""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from streambench.engines.registry import contender_named
from streambench.kafka.broker_config import cluster_id
from streambench.kafka.broker_versions import broker_jar_set
from streambench.model.plan import Artifacts
from streambench.runtime.artifacts import Resolved, resolve
from streambench.runtime.paths import cache_dir
from streambench.runtime.ports import free_port
from streambench.runtime.waiting import wait_until
from tests.docker.files import DOCKER, ROOT, flink_properties, kafka_properties
from tests.orphans import die_with_parent

HERE: Final = "127.0.0.1"
_START_TIMEOUT_S: Final = 90.0
# What the Flink image changes in the configuration of the distribution (its Dockerfile).
_OF_FLINKS_IMAGE: Final = {
    "rest.address": "0.0.0.0",
    "rest.bind-address": "0.0.0.0",
    "jobmanager.bind-host": "0.0.0.0",
    "taskmanager.bind-host": "0.0.0.0",
}


@dataclass
class ByHand:
    """Running processes; `ports` tells which one stands for an address such as `kafka:9092`."""

    services: Mapping[str, Any]
    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    _ends: ExitStack = field(default_factory=ExitStack)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def __enter__(self) -> ByHand:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.close()

    def port(self, address: str) -> int:
        """The port that stands for HOST:PORT of the file."""
        return self.ports.setdefault(address, free_port())

    def here(self, text: str) -> str:
        """A text of the file, with addresses of its services as they are here."""
        names = "|".join(map(re.escape, self.services))

        def address(match: re.Match[str]) -> str:
            return f"{HERE}{match[2]}{self.port(f'{match[1]}:{match[3]}')}"

        text = re.sub(rf"\b({names})([:/])(\d+)", address, text)
        return re.sub(rf"(?<![\w-])({names})(?![\w-])", HERE, text)

    def start(self, name: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Start a process, whose end is ours."""
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen(
            argv,
            env={"PATH": os.environ["PATH"], "HOME": str(self.folder), **env},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=self.folder,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        log.close()
        self._running[name] = process
        self._ends.callback(_end, process)

    def ends(self, name: str, timeout_s: float) -> int:
        """Wait for a process that ends by itself; its exit code."""
        return self._running[name].wait(timeout_s)

    def becomes_healthy(self, service: str) -> None:
        """Ask by the service's own health check until it says so."""
        kind, *argv = self.services[service]["healthcheck"]["test"]
        assert kind == "CMD"
        command = [self.here(word) for word in argv]

        def healthy() -> bool:
            for name, process in self._running.items():
                said = (self.folder / f"{name}.log").read_text(errors="replace")[-3_000:]
                assert process.poll() is None, f"{name} has ended: {said}"
            return subprocess.run(command, capture_output=True, check=False).returncode == 0

        wait_until(healthy, what=f"the health of {service}", timeout_s=_START_TIMEOUT_S)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def streambench_here(lab: ByHand, service: str) -> tuple[list[str], dict[str, str]]:
    """The image's entry point for words to come, and the environment of a service of the image."""
    program = lab.folder / "streambench"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m streambench "$@"\n')
    program.chmod(0o755)
    told = {
        name: lab.here(value)
        if ":" in value
        else value  # no address: engines have their names, too
        for name, value in lab.services[service]["environment"].items()
    }
    own = {
        "PATH": f"{lab.folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "STREAMBENCH_CACHE": str(cache_dir()),
    }
    return [str(DOCKER / "entrypoint.sh")], {**told, **own}


def start_streams_worker(lab: ByHand, name: str) -> None:
    """Start a worker that joins runs, by the service's command line."""
    argv, env = streambench_here(lab, "streams-worker")
    lab.start(name, [*argv, *shlex.split(lab.services["streams-worker"]["command"])], env)


def start_kafka(lab: ByHand) -> None:
    """Format the folder and start the broker, as the image's entry point does."""
    service = lab.services["kafka"]
    version = service["image"].partition(":")[2]
    artifacts = resolve(Artifacts(java=True, jar_sets=(broker_jar_set(version),)))
    settings = {name: lab.here(value) for name, value in kafka_properties(service).items()}
    for (
        name,
        value,
    ) in settings.items():  # "://:9092" is the port on all of the container's addresses
        settings[name] = re.sub(
            r"://:(\d+)", lambda match: f"://{HERE}:{lab.port(f'kafka:{match[1]}')}", value
        )
    mount = service["tmpfs"][0].partition(":")[0]
    assert settings["log.dirs"].startswith(mount)
    settings["log.dirs"] = settings["log.dirs"].replace(mount, str(lab.folder), 1)
    config = lab.folder / "server.properties"
    config.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
    jars = os.pathsep.join(map(str, artifacts.jars[broker_jar_set(version)]))
    java = [str(artifacts.java), "-cp", jars, "-XX:TieredStopAtLevel=1"]
    format_folder = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
    format_folder += ["--cluster-id", cluster_id(), "--config", str(config)]
    done = subprocess.run(format_folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    heap = shlex.split(service["environment"]["KAFKA_HEAP_OPTS"])
    lab.start("kafka", [*java, *heap, "kafka.Kafka", str(config)], {})


def start_flink(lab: ByHand, service: str, name: str) -> None:
    """Start a JobManager or TaskManager by the script that the image's entry point becomes."""
    artifacts = _distribution("flink")
    assert artifacts.site_packages is not None
    home = artifacts.site_packages / "pyflink"
    shipped = yaml.safe_load((home / "conf" / "config.yaml").read_text(encoding="utf-8"))
    settings = {**_flat(shipped), **_OF_FLINKS_IMAGE}
    settings |= {"blob.server.port": "6124", "query.server.port": "6125"}
    settings |= flink_properties(lab.services[service])
    settings = {
        key: lab.here(str(value)).replace("0.0.0.0", HERE) for key, value in settings.items()
    }
    # In a container it is the host's own name. Ports of the image's and of Flink's defaults.
    settings["taskmanager.host"] = HERE
    for key, port in (
        ("rest.port", 8081),
        ("jobmanager.rpc.port", 6123),
        ("blob.server.port", 6124),
    ):
        settings[key] = str(lab.port(f"flink-jobmanager:{port}"))
    conf = lab.folder / name
    conf.mkdir()
    for path in (home / "conf").glob("log*"):
        (conf / path.name).write_bytes(path.read_bytes())
    (conf / "config.yaml").write_text(yaml.safe_dump(settings))
    script = home / "bin" / f"{lab.services[service]['command']}.sh"
    env = {
        "JAVA_HOME": str(artifacts.java.parent.parent),
        "FLINK_CONF_DIR": str(conf),
        "FLINK_LOG_DIR": str(conf),
        "FLINK_PID_DIR": str(conf),
    }
    lab.start(name, ["bash", str(script), "start-foreground"], env)


def start_spark(lab: ByHand, service: str, name: str) -> None:
    """Start a Master or Worker by the service's command line."""
    artifacts = _distribution("spark")
    assert artifacts.site_packages is not None
    home = artifacts.site_packages / "pyspark"
    told = lab.services[service]
    program, *argv = shlex.split(told["command"])
    argv = [lab.here(word) for word in argv]
    for option, owner in (("--port", "spark-master"), ("--webui-port", name)):
        if option in argv:
            at = argv.index(option) + 1
            argv[at] = str(lab.port(f"{owner}:{argv[at]}"))
    work = lab.folder / name
    work.mkdir()
    env = {
        **told["environment"],
        "SPARK_LOCAL_DIRS": str(work),
        "SPARK_WORKER_DIR": str(work),
        # As the images have it. In a container the address is the host's own.
        "SPARK_HOME": str(home),
        "JAVA_HOME": str(artifacts.java.parent.parent),
        "SPARK_LOCAL_IP": HERE,
        # The package of PyPI does not say it.
        "SPARK_SCALA_VERSION": "2.13",
    }
    lab.start(name, [program.replace("/opt/spark", str(home), 1), *argv], env)


def _distribution(engine: str) -> Resolved:
    found, variant = contender_named(engine)
    return resolve(found.requires(variant))


def _flat(nested: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = str(value)
    return flat
