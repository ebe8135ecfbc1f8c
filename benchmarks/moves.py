"""What it costs to move records by their group: the same records, keyed by it and by another field.

    python benchmarks/moves.py [--rate 10000] [--rounds 2] [--engine kafka-streams] …

`rekeyed:keyed` and `rekeyed` are run in turns, each on every engine that is asked for. What counts are records
per CPU-second of the engine's own processes, and the CPU of streambench's while the load is measured.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from streambench.model.plan import Role
from streambench.model.trial import TrialRecord
from streambench.results.bundle import read_bundle

_FORMS = ("rekeyed:keyed", "rekeyed")
_ENGINES = ("kafka-python", "kafka-streams", "flink", "spark")
_OURS = {role.value for role in (Role.PLAYER, Role.READER, Role.TOOL)}


def run(form: str, engines: list[str], rate: int, out: Path) -> dict[str, TrialRecord]:
    """One run of a form; its trials by engine."""
    asked = [f"--engine={engine}" for engine in engines]
    subprocess.run(
        [
            *(sys.executable, "-m", "streambench", "run", form, *asked),
            *(f"--rate={rate}", "--duration=30s", "--warm-up=10s", f"--out={out}", "--wait"),
        ],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    (folder,) = out.iterdir()
    return {trial.record.variant.engine: trial.record for trial in read_bundle(folder).trials}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--engine", action="append", choices=_ENGINES)
    arguments = parser.parse_args()
    engines = arguments.engine or list(_ENGINES)
    per_million: dict[tuple[str, str], list[float]] = defaultdict(list)
    ours: dict[str, list[float]] = defaultdict(list)
    for _ in range(arguments.rounds):
        for form in _FORMS:
            with tempfile.TemporaryDirectory(prefix="streambench-moves-") as folder:
                for engine, record in run(form, engines, arguments.rate, Path(folder)).items():
                    cpu_s = record.measures.get("engine_cpu_s_per_million")
                    print(
                        f"{form:14} {engine:14} {type(record.outcome).__name__:9} {cpu_s or 0:8.2f}"
                    )
                    if cpu_s is not None:
                        per_million[form, engine].append(cpu_s)
                    ours[form].append(sum(u.cpu_s for u in record.usage if u.role in _OURS))
    print()
    for engine in engines:
        keyed, moved = (per_million[form, engine] for form in _FORMS)
        if keyed and moved:
            ratio = statistics.median(keyed) / statistics.median(moved)
            print(
                f"{engine:14} {statistics.median(keyed):7.2f} CPU-s per million keyed by the group,"
                f" {statistics.median(moved):7.2f} moved: {ratio:.2f} of the records per CPU-second"
            )
    keyed, moved = (ours[form] for form in _FORMS)
    if keyed and moved:
        ratio = statistics.median(moved) / statistics.median(keyed)
        print(f"streambench's own CPU, moved ÷ keyed: {ratio:.2f}")


if __name__ == "__main__":
    main()
