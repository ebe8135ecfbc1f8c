"""What the player carries when it has to be on time: send lag and CPU at a set rate, no engine.

    python benchmarks/paced.py [--rate 1000000] [--seconds 30] [--players 1]

One warmed broker, a reader that takes everything, the load of `clicks` written when it is due. The
certificate is the one of a trial: p99.9 of due → first write possible at most 20 ms, all acknowledged.
"""

from __future__ import annotations

import argparse

from streambench.experiment.capacity import no_engine
from streambench.kafka.broker_versions import artifacts_of_testbed
from streambench.runtime.artifacts import resolve
from streambench.trial.testbed import BROKER_HEAP_MIB
from streambench.trial.workspace import Room, workspace
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=int, default=1_000_000)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--players", type=int, help="processes that share the load")
    arguments = parser.parse_args()
    clicks = load_workload(find("clicks", (shipped_root(),)))
    resolved = resolve(artifacts_of_testbed())
    records = arguments.rate * arguments.seconds
    with (
        workspace(Room(BROKER_HEAP_MIB, records, 100 * records)) as place,
        no_engine(clicks, resolved, place) as alone,
    ):
        found = alone.carry(arguments.rate, arguments.seconds * 1_000, players=arguments.players)
    held = "held" if found.held else f"did not hold: {found.reason}"
    print(f"{records:,} records in {arguments.seconds} s, certificate {held}")
    print(f"send lag p99.9  {found.send_lag_p999_ms:8.2f} ms")
    print(f"player          {found.player_cores:8.3f} cores")
    print(f"broker          {found.broker_cores:8.3f} cores")


if __name__ == "__main__":
    main()
