"""What a user says of a file, and the same as a command to be typed again."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class AskedOfFile:
    """What the user says of a file; None: it is to be found. `file_order`: records arrive as they lie in it."""

    file: Path
    name: str
    time: str | None = None
    arrival: str | None = None
    key: str | None = None
    format: str | None = None
    unit: str | None = None
    zone: str | None = None
    file_order: bool = False
    leave_out: tuple[str, ...] = ()

    def command(self, *options: str) -> str:
        """The same with other options, to be typed again."""
        given = [
            f"--{name} {quoted_word(value)}"
            for name in ("time", "arrival", "key", "format", "unit", "zone")
            if (value := getattr(self, name)) is not None
            and not any(option.startswith(f"--{name} ") for option in options)
        ]
        given += [f"--leave-out {quoted_word(text)}" for text in self.leave_out]
        if self.file_order and not any(option.startswith("--arrival ") for option in options):
            given.append("--file-order")
        return " ".join(
            ["streambench new", self.name, "--from", quoted_word(str(self.file)), *given, *options]
        )

    def without(self, *names: Literal["format", "unit", "zone"]) -> AskedOfFile:
        """The same without what was said by these options."""
        return dataclasses.replace(
            self,
            format=None if "format" in names else self.format,
            unit=None if "unit" in names else self.unit,
            zone=None if "zone" in names else self.zone,
        )


def quoted_word(text: str) -> str:
    """A text as a word of a command line."""
    return text if re.fullmatch(r"[\w./%-]+", text) else "'" + text.replace("'", "'\\''") + "'"
