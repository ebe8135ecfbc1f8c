"""What of this machine would tell whose it is: its names, its users' names, and its folders."""

from __future__ import annotations

import os
import platform
import socket
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from streambench.runtime.paths import CACHE_VARIABLE, IMPERSONAL, STATE_VARIABLE, homes, user_name

# Variables whose values name a machine, a user and a folder.
_HOST_VARIABLES: Final = ("HOSTNAME", "HOST", "COMPUTERNAME")
_USER_VARIABLES: Final = ("USER", "LOGNAME", "USERNAME", "SUDO_USER")
_FOLDER_VARIABLES: Final = (
    *(CACHE_VARIABLE, STATE_VARIABLE, "STREAMBENCH_JAVA", "JAVA_HOME"),
    *("TMPDIR", "TEMP", "VIRTUAL_ENV", "PWD"),
)
# Names of machines that tell nothing of whose it is.
_ANY_HOST: Final = IMPERSONAL | {"localhost", "host", "master", "node"}


@dataclass(frozen=True)
class Identity:
    """Names of machines and of users, and absolute paths of folders."""

    hosts: frozenset[str] = frozenset()
    users: frozenset[str] = frozenset()
    folders: frozenset[str] = frozenset()

    def __or__(self, other: Identity) -> Identity:
        return Identity(
            self.hosts | other.hosts, self.users | other.users, self.folders | other.folders
        )


def telling(
    hosts: Iterable[str] = (), users: Iterable[str] = (), folders: Iterable[str] = ()
) -> Identity:
    """Those of the names that tell anything: `localhost`, `root` and `/` tell nothing."""
    every = {part for host in hosts for part in (host, host.partition(".")[0])}
    return Identity(
        frozenset(host for host in every if _tells(host, _ANY_HOST)),
        frozenset(user for user in users if _tells(user, IMPERSONAL)),
        frozenset(folder.rstrip("/\\") for folder in folders if len(folder.rstrip("/\\")) > 2),
    )


def this_machine(*folders: Path) -> Identity:
    """The machine that this runs on, and its user; `folders` are more that must not be told."""
    paths = [Path.cwd(), Path(tempfile.gettempdir()), *folders]
    given = (os.environ.get(name, "") for name in _FOLDER_VARIABLES)
    return telling(
        (socket.gethostname(), platform.node(), *_values(_HOST_VARIABLES)),
        (user_name() or "", *_values(_USER_VARIABLES), *(Path(home).name for home in homes())),
        (
            *homes(),
            *(str(form) for path in paths for form in (path.absolute(), path.resolve())),
            *(value for value in given if Path(value).is_absolute()),
        ),
    )


def _values(variables: Iterable[str]) -> list[str]:
    return [os.environ.get(name, "") for name in variables]


def _tells(name: str, impersonal: frozenset[str]) -> bool:
    return len(name) > 1 and not name.isdigit() and name.lower() not in impersonal
