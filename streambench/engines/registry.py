"""Which engines there are; a new engine is a package with an `ENGINE` and one line here."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from typing import cast

from streambench.engines.common.variants import Declared, named_variant
from streambench.engines.protocol import ClusterClient, Engine, WorkerEngine
from streambench.model.conditions import Variant
from streambench.model.errors import UsageError

# In the order in which they are shown and tried.
_PACKAGES: Mapping[str, str] = {
    "flink": "streambench.engines.flink",
    "spark": "streambench.engines.spark",
    "kafka-streams": "streambench.engines.kafka_streams",
    "kafka-python": "streambench.engines.kafka_python",
    "reference": "streambench.engines.reference",
}

# The scripted engine is an instrument, not a contender.
CONTENDERS = tuple(name for name in _PACKAGES if name != "reference")
ALL = tuple(_PACKAGES)


def engine_named(name: str) -> Engine:
    """The engine called `name`; UsageError with the nearest name otherwise."""
    package = _PACKAGES.get(name)
    if package is None:
        near = difflib.get_close_matches(name.lower(), ALL, n=1, cutoff=0.4)
        guess = f" (did you mean {near[0]}?)" if near else ""
        raise UsageError(f"there is no engine called '{name}'{guess}", hint="streambench engines")
    engine: Engine = import_module(package).ENGINE
    return engine


def cluster_client(name: str) -> ClusterClient | None:
    """What can be asked of a cluster of this engine that runs already; None: it has no clusters."""
    client: ClusterClient | None = getattr(import_module(_PACKAGES[name]), "CLIENT", None)
    return client


def worker_engine_named(name: str) -> WorkerEngine:
    """An engine whose workers are plain processes. Raises UsageError."""
    engine = engine_named(name)
    if not hasattr(engine, "prepared"):
        raise UsageError(
            f"{engine.title} has workers of a cluster of its own", hint="streambench engines"
        )
    return cast(WorkerEngine, engine)


def contender_named(text: str, declared: Declared | None = None) -> tuple[Engine, Variant]:
    """The engine and the variant that `ENGINE[@VERSION][:VARIANT]` stands for.

    A version on the command line wins over the one that a variant was declared for. Raises UsageError,
    with the nearest name, when there is no such engine, version or variant of it.
    """
    named, colon, variant_name = text.partition(":")
    name, at, version = named.partition("@")
    engine = engine_named(name)
    if at and version not in engine.versions:
        raise _untested(engine, version)
    variant = Variant(
        engine.name,
        version if at else engine.version,
        name=variant_name if colon else None,
        pinned=bool(at),
    )
    if not colon:
        return engine, variant
    own = (declared or {}).get(engine.name, ())
    found = named_variant(variant, (*engine.variants, *own))
    if found.declared_in is None:
        return engine, variant
    chosen = variant.version if at or found.version is None else found.version
    return engine, replace(variant, version=chosen, declared=found)


def _untested(engine: Engine, version: str) -> UsageError:
    near = difflib.get_close_matches(version, engine.versions, n=1, cutoff=0.0)
    return UsageError(
        f"{engine.title} {version} is not among the versions that are tested here: "
        f"{', '.join(engine.versions)}",
        hint=f"--engine {engine.name}@{near[0] if near else engine.version}",
    )
