"""docs/clusters.md: which command takes which option is what the commands say of themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from streambench.cli.deferred import command_of
from streambench.cli.main import COMMANDS

PAGE = Path(__file__).parent.parent / "docs" / "clusters.md"


def rows() -> Iterator[tuple[list[str], set[str]]]:
    """The options of each row of its table, and the commands that it names."""
    part = (
        PAGE.read_text(encoding="utf-8").split("## Which command takes what")[1].split("\n## ")[0]
    )
    for line in part.splitlines():
        if line.startswith("| `--"):
            options, commands = line.strip("| ").split(" | ")
            named = {
                name for name in COMMANDS if re.search(rf"(?<![\w-]){name}(?![\w-])", commands)
            }
            yield re.findall(r"`(--[\w-]+)`", options), named


def takers(option: str) -> set[str]:
    """The commands that have this option, or have a command that does; what reckons on paper uses nothing."""
    found = set()
    for name in COMMANDS.keys() - {"plan"}:
        command = command_of(name)
        every = (command, *getattr(command, "commands", {}).values())
        if any(option in each.opts for one in every for each in one.params):
            found.add(name)
    return found


def test_its_table_of_options_is_that_of_the_commands() -> None:
    found = list(rows())
    assert len([option for options, _ in found for option in options]) == 12
    for options, named in found:
        for option in options:
            assert takers(option) == named, option
