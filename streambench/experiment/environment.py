"""On what machine and with which software a run was made."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from streambench import __version__
from streambench.runtime.cores import cores
from streambench.runtime.cpu_sets import cores_here, cpu_set_words, split
from streambench.runtime.java import Java
from streambench.runtime.memory import total_memory_bytes


def describe_machine(java: Java | None) -> Mapping[str, str]:
    """Name → value, as shown in the report; nothing that identifies a person."""
    return {
        "operating system": f"{platform.system()} {platform.release()}",
        "processor": _processor(),
        "logical cores": cores().words(),
        "memory": f"{total_memory_bytes() / 2**30:.1f} GiB",
        "Python": platform.python_version(),
        "Java": "none" if java is None else f"{java.version} ({java.origin})",
        **({} if java is None or java.build is None else {"Java build": java.build}),
        "cores of each part": cpu_set_words(split(cores_here())),
        "clock": "realtime and monotonic of one machine",
    }


def describe_versions(engines: Mapping[str, str]) -> Mapping[str, str]:
    """Versions of streambench, its broker, the engines and the libraries that touch a figure."""
    own = {"streambench": __version__}
    libraries = {name: version(name) for name in ("kafka-python", "duckdb", "numpy", "pyarrow")}
    return {**own, **engines, **libraries}


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():  # platform.processor() is empty on most Linux systems
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
