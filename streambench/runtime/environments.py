"""Python environments of the engines, apart from streambench's own: pinned, hashed, in the cache."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from streambench.model.errors import EnvironmentLacks, UsageError
from streambench.runtime.download import DownloadProgress, SilentProgress, no_space_or_access
from streambench.runtime.paths import cache_dir

LOCKS = Path(__file__).parent / "locks"
# Source distributions (pyspark is one) are built with these, so that the build is pinned as well.
BUILD_TOOLS = LOCKS / "build-tools.txt"
STAMP = "streambench-complete"
# What pip and uv say when there is no network.
UNREACHABLE = ("Retrying (Retry(", "error sending request", "dns error")
PROBE_TIMEOUT_S = 20.0
PROBE = """
import importlib.util, sys
print(sys.version_info[0], sys.version_info[1], importlib.util.find_spec("ensurepip") is not None)
"""


@dataclass(frozen=True)
class EnvironmentSpec:
    """One environment: its lock is locks/<name>.txt; sizes were measured on x86-64 Linux.

    `disk_bytes` stay, `peak_bytes` are taken while it is being installed. `pythons` are the minor
    versions of Python 3 that it runs on, the preferred first; None: the one running streambench.
    """

    name: str
    download_bytes: int
    disk_bytes: int
    peak_bytes: int
    pythons: tuple[int, ...] | None = None

    @property
    def lock(self) -> Path:
        """The requirements with hashes."""
        return LOCKS / f"{self.name}.txt"


@dataclass(frozen=True)
class Environment:
    """An installed environment."""

    python: Path
    site_packages: Path


@dataclass(frozen=True)
class Interpreter:
    """A Python to make an environment from: `request` is a path, or a version for uv to fetch."""

    request: str
    version: str


class InterpreterMissing(EnvironmentLacks):
    """No Python on this machine fits, so an engine cannot run here; the others can."""


# apache-flink without its Beam dependencies, which SQL jobs never load: 335 MB instead of 844,
# and no compiler is needed.
ENVIRONMENTS = {
    spec.name: spec
    for spec in (
        EnvironmentSpec("flink-2.1.3", 313_000_000, 354_000_000, 700_000_000, (12, 11, 10)),
        EnvironmentSpec("flink-2.2.1", 316_000_000, 356_000_000, 700_000_000, (12, 11, 10)),
        EnvironmentSpec("flink-2.3.0", 332_000_000, 374_000_000, 700_000_000, (12, 11, 10)),
        EnvironmentSpec("spark-4.1.1", 456_000_000, 506_000_000, 2_000_000_000),
        EnvironmentSpec("spark-4.2.0", 454_000_000, 501_000_000, 2_000_000_000),
        EnvironmentSpec("spark-4.3.0", 456_000_000, 508_000_000, 2_000_000_000),
        EnvironmentSpec("java-runtime", 46_000_000, 112_000_000, 200_000_000),
    )
}


def environment_spec(name: str) -> EnvironmentSpec:
    """The environment of that name; UsageError when there is none."""
    try:
        return ENVIRONMENTS[name]
    except KeyError:
        raise UsageError(
            f"there is no Python environment {name!r}", hint=f"known: {', '.join(ENVIRONMENTS)}"
        ) from None


def installed(spec: EnvironmentSpec) -> Environment | None:
    """The environment if it is complete in the cache (and its interpreter still exists)."""
    for stamp in sorted(_envs().glob(f"{spec.name}-py*-{_digest(spec)}/{STAMP}")):
        python = stamp.parent / "bin" / "python"
        if python.exists():
            return _environment(stamp.parent)
    return None


def install(spec: EnvironmentSpec, *, progress: DownloadProgress | None = None) -> Environment:
    """The environment, made now unless it is there; another run that makes it is waited for.

    Raises InterpreterMissing, and EnvironmentLacks when there is no network, no space, or a package
    that does not match its hash.
    """
    if (found := installed(spec)) is not None:
        return found
    interpreter = find_interpreter(spec)
    folder = _envs() / f"{spec.name}-py{interpreter.version}-{_digest(spec)}"
    try:
        _envs().mkdir(parents=True, exist_ok=True)
        with FileLock(f"{folder}.lock"):
            if installed(spec) is None:  # else another run has made it meanwhile
                _build(spec, interpreter, folder, progress or SilentProgress())
    except OSError as error:
        raise no_space_or_access(error, folder) from error
    return _environment(folder)


def find_interpreter(spec: EnvironmentSpec) -> Interpreter:
    """A Python that fits the environment and can make one; raises InterpreterMissing."""
    if spec.pythons is None:
        candidates = [sys.executable]
        fitting: tuple[int, ...] = (sys.version_info[1],)
    else:
        candidates = [f"python3.{minor}" for minor in spec.pythons] + ["python3", sys.executable]
        fitting = spec.pythons
    uv = shutil.which("uv")
    without_venv = None
    for candidate in candidates:
        path = shutil.which(candidate)
        probed = None if path is None else _probe(path)
        if path is None or probed is None or probed[:2] not in [(3, minor) for minor in fitting]:
            continue
        version = f"{probed[0]}.{probed[1]}"
        if uv is not None or probed[2]:
            return Interpreter(path, version)
        without_venv = without_venv or (path, version)
    if uv is not None:
        # uv knows interpreters that are not on PATH, and can download one.
        return Interpreter(f"3.{fitting[0]}", f"3.{fitting[0]}")
    if without_venv is not None:
        path, version = without_venv
        raise InterpreterMissing(
            f"{path} (Python {version}) cannot make virtual environments: "
            "its ensurepip module is missing",
            hint=f"sudo apt install python{version}-venv",
        )
    versions = ", ".join(f"3.{minor}" for minor in sorted(fitting))
    raise InterpreterMissing(
        f"{spec.name} needs a Python of version {versions}, and none was found on PATH",
        hint="install one of them, or uv, which brings its own: https://docs.astral.sh/uv/",
    )


@functools.cache
def _probe(python: str) -> tuple[int, int, bool] | None:
    """Version of an interpreter and whether it has ensurepip; None when it does not run.

    It is executed, because a name on PATH proves nothing: pyenv's shims exist for every version
    that was ever installed and fail when that version is not selected.
    """
    try:
        answer = subprocess.run(
            [python, "-c", PROBE],
            capture_output=True,
            text=True,
            timeout=PROBE_TIMEOUT_S,
            check=True,
        )
        major, minor, ensurepip = answer.stdout.split()
        return int(major), int(minor), ensurepip == "True"
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


def _build(
    spec: EnvironmentSpec, interpreter: Interpreter, folder: Path, progress: DownloadProgress
) -> None:
    """Make the environment in `folder`, which is complete only once it holds its stamp.

    Everything temporary goes to a folder beside it: /tmp may be small, and pip's and uv's own
    caches would keep another copy of some hundred megabytes.
    """
    free_bytes = shutil.disk_usage(folder.parent).free
    if free_bytes < spec.peak_bytes:
        raise EnvironmentLacks(
            f"installing {spec.name} takes {spec.peak_bytes / 1e9:.1f} GB of disk for a while, "
            f"and {folder.parent} has {free_bytes / 1e9:.1f} GB",
            hint="free some with `streambench clean`, or set STREAMBENCH_CACHE to another disk",
        )
    scratch = folder.with_name(f"{folder.name}.tmp")
    for left_over in (folder, scratch):  # of a run that was broken off
        shutil.rmtree(left_over, ignore_errors=True)
    scratch.mkdir(parents=True)
    progress.start(spec.download_bytes, spec.name)
    log = folder.with_name(f"{folder.name}.log")
    try:
        with log.open("w", encoding="utf-8") as out:
            for argv in _commands(spec, interpreter, folder, scratch):
                done = subprocess.run(
                    argv,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.STDOUT,
                    env=os.environ | {"TMPDIR": str(scratch)},
                    check=False,
                )
                if done.returncode != 0:
                    raise _failed(spec, interpreter, folder, log)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    (folder / STAMP).touch()
    log.unlink()
    progress.advance(spec.download_bytes)


def _commands(
    spec: EnvironmentSpec, interpreter: Interpreter, folder: Path, scratch: Path
) -> tuple[tuple[str, ...], ...]:
    """The commands that make and fill an environment: by uv if there is one, else venv and pip."""
    python = str(folder / "bin" / "python")
    checked = ("--no-deps", "--require-hashes", "--no-build-isolation")
    uv = shutil.which("uv")
    make: tuple[str, ...]
    fill: tuple[str, ...]
    if uv is not None:
        make = (uv, "venv", "--no-project", "--python", interpreter.request, str(folder))
        fill = (uv, "pip", "install", "--python", python, "--cache-dir", str(scratch / "uv"))
    else:
        make = (interpreter.request, "-m", "venv", str(folder))
        fill = (python, "-m", "pip", "install", "--no-input", "--no-cache-dir")
    return (
        make,
        (*fill, *checked, "-r", str(BUILD_TOOLS)),
        (*fill, *checked, "-r", str(spec.lock)),
    )


def _failed(
    spec: EnvironmentSpec, interpreter: Interpreter, folder: Path, log: Path
) -> EnvironmentLacks:
    text = log.read_text(encoding="utf-8", errors="replace")
    said = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in said if line.lower().startswith("error")]
    last = (errors or said or ["no reason was given"])[-1]
    if any(word in text for word in UNREACHABLE):
        # pip's own last word would be that it knows of no such package.
        last = "the package index could not be reached"
    if not (folder / "bin" / "python").exists():
        return InterpreterMissing(
            f"no environment for {spec.name} could be made with Python {interpreter.version} "
            f"({interpreter.request}): {last}",
            hint=f"install Python {interpreter.version} or see {log}",
        )
    return EnvironmentLacks(
        f"the Python environment {spec.name} could not be installed: {last}",
        hint=f"see {log}; when the network or the package index is away, "
        "run `streambench fetch` once it is back",
    )


def _environment(folder: Path) -> Environment:
    [site_packages] = (folder / "lib").glob("python3*/site-packages")
    return Environment(python=folder / "bin" / "python", site_packages=site_packages)


def _envs() -> Path:
    return cache_dir() / "envs"


def _digest(spec: EnvironmentSpec) -> str:
    """Names an environment's content, so that a new lock gets a new environment."""
    return hashlib.sha256(spec.lock.read_bytes() + BUILD_TOOLS.read_bytes()).hexdigest()[:12]
