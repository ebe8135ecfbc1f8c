"""Names that a bundle tells by itself: of the machine that made it, which need not be this one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from streambench.runtime.identity import Identity, telling

_NAME: Final = r"([A-Za-z_][\w-]*(?:\.[\w-]+)*)"
_USERS: Final = re.compile(rf"(?:/home/|/Users/|[A-Za-z]:\\Users\\|[A-Za-z]:\\\\Users\\\\){_NAME}")
_HOSTS: Final = (
    re.compile(rf"\b\d+@{_NAME}"),  # how a JVM calls a process
    re.compile(rf"(?<![\w./@-]){_NAME}/\d{{1,3}}(?:\.\d{{1,3}}){{3}}\b"),  # and an address
    re.compile(rf"UnknownHostException: {_NAME}"),
    re.compile(rf"the clock of {_NAME} \("),  # how a certificate says whose clock is wrong
)


def learned(bundle: Path) -> Identity:
    """The users and hosts that logs and records name in the forms that only such names have."""
    users: set[str] = set()
    hosts: set[str] = set()
    for file in _texts(bundle):
        text = file.read_text(encoding="utf-8", errors="replace")
        users.update(_USERS.findall(text))
        for form in _HOSTS:
            hosts.update(form.findall(text))
    return telling(hosts, users)


def _texts(bundle: Path) -> Iterator[Path]:
    yield bundle / "run.json"
    for parent in ("trials", "jobs"):
        for pattern in ("*/trial.json", "*/*/trial.json", "*/logs/**/*"):
            yield from (file for file in (bundle / parent).glob(pattern) if file.is_file())
