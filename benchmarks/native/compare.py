"""What a generated job costs beside the plainest job by hand: records per CPU-second, both drained.

    python benchmarks/native/compare.py [--engine flink …] [--records 4000000] [--rounds 3]

The query is that of `clicks`. Both jobs of an engine take turns, on a broker of their own each, with the
same processes, heaps and settings; in each turn the records are drained once cold and then until the job
is no faster, every result is judged, and the last drain counts. A ratio below 1 would mean that the
generated job is the dearer one.
"""

from __future__ import annotations

import argparse
import statistics

from by_hand import ByHand  # beside this file

from streambench.cli.preparing import load, set_up, traces_dir
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.experiment.build import Options, make_request
from streambench.experiment.drains import drain_one
from streambench.experiment.loads import Loads
from streambench.experiment.request import Contender, Request
from streambench.load.trace import Trace
from streambench.model.drain import Drain
from streambench.model.plan import Plan
from streambench.oracle.expected import Expected, expect
from streambench.trial.observer import Silent

RATE_PER_S = 100_000


class Pair:
    """The generated job of one engine and the one by hand, on the same load."""

    def __init__(self, asked: Request, trace: Trace) -> None:
        (request,), artifacts = set_up((asked,))
        (generated,) = request.contenders
        assert isinstance(generated.plan, Plan), generated.plan
        self.request = request
        self.trace = trace
        self.engine = generated.engine
        by_hand = ByHand(self.engine)
        self.by_hand = Contender(
            by_hand,
            generated.variant,
            by_hand.plan(request.workload, request.conditions, generated.variant),
        )
        self.generated = generated
        self.artifacts = artifacts[generated.variant]
        self.expected: Expected = expect(trace, request.workload.query, generated.plan.event_clock)

    def drain(self, contender: Contender, round_number: int) -> Drain:
        """The last warm drain of one turn. Raises RuntimeError when there is none, or it is wrong."""
        assert isinstance(contender.plan, Plan)
        record = drain_one(
            self.request,
            contender,
            contender.plan,
            number=round_number,
            round_number=round_number,
            load=self.trace,
            expected=self.expected,
            broker_warm_up=Loads(traces_dir()).broker_warm_up(self.request).ref,
            artifacts=self.artifacts,
            observer=Silent(),
            told=lambda _: None,
        )
        warm = record.warm
        if warm is None or not all(drain.right for drain in record.drains):
            raise RuntimeError(f"{contender.engine.title}: {record.ended or 'wrong results'}")
        return warm


def pair_of(name: str, records: int) -> Pair:
    request = make_request(
        Options(engines=(engine_named(name).name,), rate_per_s=RATE_PER_S, faults=())
    )
    return Pair(request, load(request, records * 1_000 // RATE_PER_S))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--engine", action="append", choices=CONTENDERS)
    parser.add_argument("--records", type=int, default=4_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    print("records per CPU-second            generated      by hand   ratio")
    for name in arguments.engine or CONTENDERS:
        pair = pair_of(name, arguments.records)
        ratios = []
        for number in range(1, arguments.rounds + 1):
            costs = {}
            # Whoever is first in one round is second in the next.
            turn = (pair.generated, pair.by_hand)[:: 1 if number % 2 else -1]
            for contender in turn:
                drain = pair.drain(contender, number)
                costs[contender.engine.title] = drain.records / drain.cpu_s
            ours, theirs = costs[pair.generated.engine.title], costs[pair.by_hand.engine.title]
            ratios.append(ours / theirs)
            print(f"{name:<22} round {number} {ours:12,.0f} {theirs:12,.0f} {ratios[-1]:7.2f}")
        print(f"{name:<22} median {statistics.median(ratios):33.2f}", flush=True)


if __name__ == "__main__":
    main()
