"""Which versions of the broker are tested, and the jars of each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from streambench.model.conditions import USUAL_BROKER
from streambench.model.errors import UsageError
from streambench.model.plan import Artifacts

BROKER_VERSIONS = (USUAL_BROKER, "4.3.1")
_PREFIX = "broker-"
TESTED_RELEASES = tuple(dict.fromkeys(v.rpartition(".")[0] for v in BROKER_VERSIONS))
"""The same as `4.4`: more than that no broker tells."""
# The highest metadata.version of each release, as `kafka-storage.sh version-mapping` of 4.4.0 has it.
_HIGHEST_LEVELS: Final[Mapping[str, int]] = {
    "3.3": 7, "3.4": 8, "3.5": 11, "3.6": 14, "3.7": 19, "3.8": 20, "3.9": 21,
    "4.0": 25, "4.1": 27, "4.2": 29, "4.3": 30, "4.4": 33,
}  # fmt: skip


def release_of(level: int) -> str | None:
    """The release whose brokers know this metadata.version and none above; None: before 3.3, or later ones."""
    first = _HIGHEST_LEVELS["3.3"]
    if level < first:
        return None
    return next((name for name, most in _HIGHEST_LEVELS.items() if level <= most), None)


def broker_version(text: str) -> str:
    """`text` where it is a tested version; UsageError with the nearest one otherwise."""
    if text in BROKER_VERSIONS:
        return text
    near = difflib.get_close_matches(text, BROKER_VERSIONS, n=1, cutoff=0.0)
    raise UsageError(
        f"a Kafka broker {text} is not among the versions that are tested here: "
        f"{', '.join(BROKER_VERSIONS)}",
        hint=f"--broker {near[0] if near else USUAL_BROKER}",
    )


def broker_jar_set(version: str = USUAL_BROKER) -> str:
    """The name of the set of jars of a version."""
    return f"{_PREFIX}{version}"


def artifacts_of_testbed(version: str = USUAL_BROKER) -> Artifacts:
    """What a testbed needs on disk: Java and the broker of that version."""
    return Artifacts(java=True, jar_sets=(broker_jar_set(version),))


def broker_jars(jars: Mapping[str, tuple[Path, ...]]) -> tuple[Path, ...]:
    """The class path of the one broker that is among these sets."""
    return jars[broker_set_among(jars)]


def broker_set_among(names: Iterable[str]) -> str:
    """The one name of a broker's set among names of sets."""
    (found,) = (name for name in names if name.startswith(_PREFIX))
    return found
