"""The jars that streambench runs on: which they are (locks/jars.toml), and having them."""

from __future__ import annotations

import functools
import os
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from streambench.model.errors import UsageError
from streambench.runtime.download import DownloadProgress, File, download_all
from streambench.runtime.paths import cache_dir

LOCKS = Path(__file__).parent / "locks"
MAVEN_CENTRAL = "https://repo1.maven.org/maven2"
HINT = (
    "run `streambench fetch` where there is a network, "
    "or name a mirror of Maven Central: export STREAMBENCH_MAVEN_URL=https://…/maven2"
)


@dataclass(frozen=True)
class Jar:
    """One jar of the lock; `coordinate` is group:artifact:version."""

    coordinate: str
    sha256: str
    size_bytes: int

    @property
    def location(self) -> str:
        """Where a Maven repository has it, relative to the repository's root."""
        group, artifact, version = self.coordinate.split(":")
        return f"{group.replace('.', '/')}/{artifact}/{version}/{artifact}-{version}.jar"

    @property
    def file(self) -> File:
        """The file to have: from the repository in use to the cache."""
        return File(
            url=f"{maven_url()}/{self.location}",
            path=cache_dir() / "jars" / self.location,
            sha256=self.sha256,
            size_bytes=self.size_bytes,
        )


def maven_url() -> str:
    """The Maven repository in use: STREAMBENCH_MAVEN_URL, else Maven Central."""
    return (os.environ.get("STREAMBENCH_MAVEN_URL") or MAVEN_CENTRAL).rstrip("/")


@functools.cache
def jar_sets() -> dict[str, tuple[Jar, ...]]:
    """Every set of the lock by name."""
    lock = tomllib.loads((LOCKS / "jars.toml").read_text(encoding="utf-8"))
    jars = {
        coordinate: Jar(coordinate, entry["sha256"], entry["bytes"])
        for coordinate, entry in lock["jars"].items()
    }
    return {
        name: tuple(jars[coordinate] for coordinate in coordinates)
        for name, coordinates in lock["sets"].items()
    }


def jar_set(name: str) -> tuple[Jar, ...]:
    """The jars of one set; UsageError when the lock has no such set."""
    try:
        return jar_sets()[name]
    except KeyError:
        raise UsageError(
            f"there is no set of jars {name!r}", hint=f"known: {', '.join(jar_sets())}"
        ) from None


def absent_jars(names: Iterable[str]) -> tuple[Jar, ...]:
    """The jars of these sets that are not in the cache, each once."""
    wanted = dict.fromkeys(jar for name in names for jar in jar_set(name))
    return tuple(jar for jar in wanted if not jar.file.present())


def resolve_jars(
    names: Iterable[str], *, progress: DownloadProgress | None = None
) -> dict[str, tuple[Path, ...]]:
    """Paths of the jars by set, absent ones downloaded; EnvironmentLacks when that fails."""
    names = tuple(names)
    absent = absent_jars(names)
    if absent:
        what = f"{len(absent)} jars"
        download_all((jar.file for jar in absent), what=what, hint=HINT, progress=progress)
    return {name: tuple(jar.file.path for jar in jar_set(name)) for name in names}
