"""Compiling Java sources with ECJ, a compiler in one jar that runs where there is no JDK."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from streambench.model.errors import EngineFailed
from streambench.runtime.paths import cache_dir

# Java 17 is the oldest that the engines run on.
OPTIONS = ("-17", "-nowarn", "-proc:none", "-encoding", "UTF-8")
TIMEOUT_S = 120.0


def compile_java(
    sources: tuple[Path, ...], *, classpath: tuple[Path, ...], out: Path, java: Path, ecj: Path
) -> Path:
    """Put the classes of `sources` into the folder `out`, and return it.

    Classes are kept in the cache by the content of the sources and the names of the jars (these
    hold versions), so only the first use costs a second or two.
    Raises EngineFailed, stage "compile", with the compiler's words.
    """
    cached = cache_dir() / "classes" / _digest(sources, classpath, ecj)
    if not cached.is_dir():
        cached.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cached.parent) as folder:
            fresh = Path(folder) / "classes"
            fresh.mkdir()
            _compile(sources, classpath, fresh, java, ecj)
            try:
                fresh.rename(cached)
            except OSError:
                if not cached.is_dir():  # else another run compiled the same meanwhile
                    raise
    shutil.copytree(cached, out, dirs_exist_ok=True)
    return out


def _compile(
    sources: tuple[Path, ...], classpath: tuple[Path, ...], out: Path, java: Path, ecj: Path
) -> None:
    done = subprocess.run(
        [
            *(str(java), "-jar", str(ecj), *OPTIONS),
            *("-cp", os.pathsep.join(map(str, classpath)), "-d", str(out)),
            *map(str, sources),
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    if done.returncode != 0:
        names = ", ".join(source.name for source in sources)
        raise EngineFailed(
            f"{names} does not compile",
            stage="compile",
            hint="the compiler's words are below; line numbers are those of the file",
            log_tail=(done.stdout + done.stderr).strip(),
        )


def _digest(sources: tuple[Path, ...], classpath: tuple[Path, ...], ecj: Path) -> str:
    digest = hashlib.sha256(" ".join(OPTIONS).encode())
    for source in sources:
        text = source.read_bytes()
        digest.update(f"\n{source.name} {len(text)}\n".encode() + text)
    for jar in (*classpath, ecj):
        digest.update(f"\n{jar.name}".encode())
    return digest.hexdigest()[:24]
