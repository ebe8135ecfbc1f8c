"""How long commands take from the shell, in this checkout and in another one, in turns.

    python benchmarks/start.py --against FOLDER [--rounds 10] [--command '--help' …]

`--against` is another checkout; its own `.venv` is used where it has one, else the Python of this process.
Each turn is a process of its own. A ratio is of the two turns of one round, so it holds where the machine's
speed drifts; CPU is that of the process and of what it started. In a command, BUNDLE is a copy of an example.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).absolute().parent.parent
EXAMPLE = HERE / "results" / "example-worker-kill-5x"
COMMANDS = (
    "--help",
    "run --help",
    "validate clicks",
    "workloads",
    "engines",
    "explain clicks",
    "doctor",
    "report BUNDLE --json",
    "report BUNDLE",
    "compare BUNDLE:flink BUNDLE:spark --json",
)


@dataclass(frozen=True)
class Turn:
    """One process from its start to its end."""

    wall_s: float
    cpu_s: float
    exit_code: int


def turn(checkout: Path, arguments: Sequence[str], folder: Path) -> Turn:
    """Let a checkout carry out a command in a folder."""
    own = checkout / ".venv" / "bin" / "python"
    python = str(own) if own.exists() else sys.executable
    # Compiled modules are kept, as an installation has them.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begun_s = time.monotonic()
    process = subprocess.Popen(
        [python, "-m", "streambench", *arguments],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(checkout)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return Turn(time.monotonic() - begun_s, usage.ru_utime + usage.ru_stime, process.returncode)


def spread(values: Sequence[float]) -> str:
    """The median, and the least and the greatest."""
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"


def compare(command: str, against: Path, rounds: int, folder: Path) -> str:
    """A line of the table; the first round warms the caches up, and does not count."""
    words = [word.replace("BUNDLE", str(folder / "bundle")) for word in shlex.split(command)]
    pairs: list[tuple[Turn, Turn]] = []
    for number in range(rounds + 1):
        order = (HERE, against) if number % 2 else (against, HERE)
        turns = {checkout: turn(checkout, words, folder) for checkout in order}
        if len({each.exit_code for each in turns.values()}) > 1:
            print(f"{command}: the exit codes differ", file=sys.stderr)
        pairs.append((turns[HERE], turns[against]))
    del pairs[0]
    return " | ".join(
        (
            f"| `{command}`",
            spread([this.wall_s for this, _ in pairs]),
            spread([other.wall_s for _, other in pairs]),
            spread([this.wall_s / other.wall_s for this, other in pairs]),
            spread([this.cpu_s / other.cpu_s for this, other in pairs]) + " |",
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--against", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--command", action="append", metavar="COMMAND")
    asked = parser.parse_args()
    print("| Command | this, s | the other one, s | ratio of times | ratio of CPU |")
    print("|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(EXAMPLE, folder / "bundle")
        for command in asked.command or COMMANDS:
            print(compare(command, asked.against.absolute(), asked.rounds, folder), flush=True)


if __name__ == "__main__":
    main()
