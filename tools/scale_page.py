"""Write into docs/scale.md what its commands print. From the project's folder: python -m tools.scale_page"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import Path
from typing import Final

from typer.testing import CliRunner

from streambench.cli.main import app

PROJECT: Final = Path(__file__).parent.parent
PAGE: Final = PROJECT / "docs" / "scale.md"
_COLUMNS: Final = "96"
_BLOCK: Final = re.compile(r"^```text\n\$ streambench (plan .+)\n(?s:.*?)^```$", re.MULTILINE)


def printed(line: str) -> str:
    """What a command prints, from the project's folder; raises ValueError where it is refused."""
    before = Path.cwd()
    os.chdir(PROJECT)
    try:
        said = CliRunner().invoke(app, shlex.split(line), env={"COLUMNS": _COLUMNS})
    finally:
        os.chdir(before)
    if said.exit_code:
        raise ValueError(said.stderr)
    return "".join(f"{each.rstrip()}\n" for each in said.stdout.splitlines())


def renewed(page: str) -> str:
    """The page with every block as its command prints it now."""
    return _BLOCK.sub(
        lambda block: f"```text\n$ streambench {block[1]}\n{printed(block[1])}```", page
    )


def commands(page: str) -> list[str]:
    """The commands of its blocks."""
    return [block[1] for block in _BLOCK.finditer(page)]


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
