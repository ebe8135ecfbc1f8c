"""How fast a generated load is encoded: M records/s/core, by CPU time of this process.

    python benchmarks/encode.py [--records 2000000] [--rounds 5] [--workload NAME]

Encoding alone is the first figure (columns to record sections); the second takes in drawing the
columns and sorting them into batches. Files are not written.
"""

from __future__ import annotations

import argparse
import dataclasses
import time

from streambench.load.columns import Integers
from streambench.load.resolve import chunks, resolve
from streambench.load.writer import OrderedChunk, batch_starts, by_batch, encode_chunk
from streambench.model.workload import Synthetic, Workload
from streambench.workload.locate import find, shipped_root
from streambench.workload.parse import load_workload

RATES_PER_S = (20_000, 200_000, 2_000_000)
SEED = 1


def drawn(workload: Workload, records: int) -> list[tuple[OrderedChunk, Integers]]:
    assert isinstance(workload.input, Synthetic)
    duration_ms = records * 1_000 // workload.input.rate_per_s
    load = resolve(workload, duration_ms=duration_ms, rate_per_s=None)
    found = []
    for chunk in chunks(workload, load, seed=SEED, partitions=workload.partitions):
        ordered = by_batch(chunk, workload, workload.partitions)
        found.append((ordered, batch_starts(ordered.chunk.quantum, ordered.partition)))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--records", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workload", default="clicks", help="a shipped one, or a folder")
    arguments = parser.parse_args()
    declared = load_workload(find(arguments.workload, (shipped_root(),)))
    assert isinstance(declared.input, Synthetic)
    print(f"{'events/s':>10} {'a batch':>8} {'bytes each':>10} {'encode':>8} {'draw + encode':>14}")
    for rate_per_s in RATES_PER_S:
        workload = dataclasses.replace(
            declared, input=dataclasses.replace(declared.input, rate_per_s=rate_per_s)
        )
        draw_s, encode_s = [], []
        for _ in range(arguments.rounds):
            before = time.process_time()
            ordered = drawn(workload, arguments.records)
            between = time.process_time()
            encoded = [encode_chunk(each, workload, starts) for each, starts in ordered]
            encode_s.append(time.process_time() - between)
            draw_s.append(between - before)
        records = sum(len(each.partition) for each, _ in ordered)
        batches = sum(len(starts) for _, starts in ordered)
        size = sum(len(batch.data) for batch in encoded) / records
        alone = records / min(encode_s) / 1e6
        both = records / (min(encode_s) + min(draw_s)) / 1e6
        print(
            f"{rate_per_s:>10,} {records / batches:>8.0f} {size:>10.1f} {alone:>8.2f} {both:>14.2f}"
        )
    print(f"M records/s/core, best of {arguments.rounds} rounds of {arguments.records:,} records")


if __name__ == "__main__":
    main()
