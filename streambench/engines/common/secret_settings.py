"""Settings whose names say that their values are secrets: those are refused, for settings are seen.

A run's command, its plan and its job file are kept, and Spark's are arguments of a process.
"""

from __future__ import annotations

import itertools
import re
from typing import Final

from streambench.model.errors import UsageError

_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SECRET: Final = frozenset(
    {"password", "passwd", "passphrase", "secret", "token", "credential", "jaas"}
    | {"secretkey", "accesskey", "privatekey", "apikey"}
)
# `fs.azure.account.key.NAME`, `fs.s3a.access.key`, `ssl.keystore.key`, `fs.s3a.encryption.key`.
_OF_KEYS: Final = frozenset({"private", "access", "account", "keystore", "encryption", "api"})
# What a name ends with whose value tells where a secret is, or something about it.
_ABOUT: Final = frozenset(
    {
        "file",
        "files",
        "path",
        "location",
        "dir",
        "url",
        "uri",
        "name",
        "ref",
        "id",
        "class",
        "provider",
    }
    | {"providers", "services", "enabled", "kind", "type", "regex", "length", "ms", "interval"}
    | {"timeout", "backoff", "ratio", "count", "days", "wait", "retries", "bits", "bytes", "size"}
)
# Names of secrets that Kubernetes keeps.
_REFERENCES: Final = (
    "spark.kubernetes.kerberos.",
    "spark.kubernetes.driver.secretKeyRef.",
    "spark.kubernetes.executor.secretKeyRef.",
)
_KINDS: Final = frozenset({"spark.kerberos.renewal.credentials"})
_JVM_PROPERTY: Final = re.compile(r"-D([^\s=\"']+)=([^\s\"']*)")
_OF_KAFKA: Final = re.compile(
    r"(?:properties\.|kafka\.|[\w.]*(?:producer|consumer|admin)\.)?(?:sasl|ssl)[._]"
)
_HADOOP: Final = "spark.hadoop."


def refuse_secret(engine: str, name: str, value: str) -> None:
    """Refuse a setting that is, or in its JVM options has, a secret. Raises UsageError without its value."""
    if (found := secret_in(name, value)) is not None:
        raise UsageError(secret_words(found), hint=_instead(engine, found))


def secret_in(name: str, value: str) -> str | None:
    """The name by which a setting, or a property among its JVM options, holds a secret; None: none does."""
    pairs = ((name, value), *_JVM_PROPERTY.findall(value))
    return next((name for name, value in pairs if _is_secret(name, value)), None)


def secret_words(name: str) -> str:
    """Why a setting of that name is refused."""
    return (
        f"'{name}' is not set here: by its name its value is a secret, and settings are kept, shown and seen in "
        "the list of processes"
    )


def _is_secret(name: str, value: str) -> bool:
    if value.lower() in ("true", "false") or name in _KINDS or name.startswith(_REFERENCES):
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or words[-1] in _ABOUT:
        return False
    pairs = itertools.pairwise(words)
    return (
        not _SECRET.isdisjoint(words)
        or words[-1] == "credentials"
        or any(first in _OF_KEYS and second == "key" for first, second in pairs)
    )


def _instead(engine: str, name: str) -> str:
    if engine.startswith("kafka") or _OF_KAFKA.match(name):
        return "write it into a file of client properties: --kafka-config client.properties"
    if name.startswith(_HADOOP):
        return (
            f"write '{name.removeprefix(_HADOOP)}' into core-site.xml, and name its folder for a Spark of yours: "
            "export HADOOP_CONF_DIR=FOLDER"
        )
    return f"write it into the configuration of a {engine} cluster of yours, which streambench does not read"
