"""Example bundles are made once a session: every test gets a copy of its own."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

Maker = TypeVar("Maker", bound=Callable[..., Path])


def made_once(make: Maker) -> Maker:
    """Copy what `make` made for the first who asked; one that asks for changes has it made anew."""
    made: list[Path] = []

    @functools.wraps(make)
    def copied(root: Path, **changes: Any) -> Path:
        if changes:
            return make(root, **changes)
        if not made:
            home = Path(tempfile.mkdtemp(prefix="streambench-example-"))
            atexit.register(shutil.rmtree, home)
            made.append(make(home))
        return Path(shutil.copytree(made[0], root / made[0].name))

    return cast(Maker, copied)
