"""Where streambench keeps things, and what of the user's paths may leave the machine."""

from __future__ import annotations

import getpass
import os
import re
from pathlib import Path

import platformdirs

from streambench.model.errors import EnvironmentLacks
from streambench.runtime.blanking import blanked

CACHE_VARIABLE = "STREAMBENCH_CACHE"
STATE_VARIABLE = "STREAMBENCH_STATE"

# Account names that tell nothing of a person but are words of every log.
IMPERSONAL = frozenset(
    {"admin", "broker", "build", "consumer", "docker", "flink", "home", "jovyan", "kafka", "nobody"}
    | {"producer", "reader", "root", "runner", "spark", "stream", "streambench", "test", "tool"}
    | {"ubuntu", "user", "vagrant", "vscode", "worker"}
)


def cache_dir() -> Path:
    """Folder for what can be fetched or computed again: $STREAMBENCH_CACHE or the user's cache.

    It exists on return. Raises EnvironmentLacks when it cannot be made.
    """
    return _made(CACHE_VARIABLE, platformdirs.user_cache_path("streambench", appauthor=False))


def state_dir() -> Path:
    """Folder for what belongs to the user's runs on this machine, such as the run lock.

    $STREAMBENCH_STATE or the user's state folder; it exists on return. Raises EnvironmentLacks.
    """
    return _made(STATE_VARIABLE, platformdirs.user_state_path("streambench", appauthor=False))


def scrub(text: str) -> str:
    """`text` fit to be shared: secrets are blanked, the home folder becomes `~`, the user's name `user`."""
    text = blanked(text)
    for home in homes():
        text = re.sub(rf"{re.escape(home)}(?![\w.-])", "~", text)
    name = user_name()
    if name is not None and name.lower() not in IMPERSONAL:
        text = re.sub(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", "user", text)
    return text


def _made(variable: str, default: Path) -> Path:
    given = os.environ.get(variable)
    folder = Path(given).expanduser().absolute() if given else default
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentLacks(
            f"cannot make the folder {folder}: {error.strerror}",
            hint=f"choose another one: export {variable}=/a/folder/of/yours",
        ) from error
    return folder


def homes() -> tuple[str, ...]:
    """The home folder as it is written and as symlinks resolve it, the longer first."""
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry in the user database
        return ()
    both = {str(home), str(home.resolve())} - {"/"}
    return tuple(sorted(both, key=len, reverse=True))


def user_name() -> str | None:
    """The account's name; None where nobody knows."""
    try:
        return getpass.getuser() or None
    except (KeyError, OSError, ImportError):  # a container without an entry in the user database
        return None
