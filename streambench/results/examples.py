"""Which bundles are published examples: they come with the project, and are no runs of its user."""

from __future__ import annotations

from pathlib import Path
from typing import Final

PREFIX: Final = "example-"
"""What the names of published bundles begin with; no other bundle of `results` is in the repository."""


def is_published_example(folder: Path) -> bool:
    """Whether a bundle is one that the project publishes, by its folder's name."""
    return folder.absolute().name.startswith(PREFIX)
