"""`streambench generate`: the load alone."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.parameters import duration_s, folder, new_file, rate, whole
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from streambench.load.trace import Trace
    from streambench.model.workload import Workload

_USUAL_MS = 60_000


def generate(
    workload: Annotated[str, typer.Argument(help="A workload's name.")] = "clicks",
    rate_per_s: Annotated[
        int | None,
        typer.Option("--rate", parser=rate, metavar="RATE", help="Events per second, e.g. 20k."),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(
            parser=duration_s,
            metavar="TIME",
            help="Length of the load, e.g. 2m; 60s, three windows where that is longer, or the file.",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(metavar="NUMBER", parser=whole(0), help="Seed of the random streams."),
    ] = 1,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=folder,
            metavar="FOLDER",
            help="Copy the trace into this new folder.",
        ),
    ] = None,
    events: Annotated[
        Path | None,
        typer.Option(
            parser=new_file,
            metavar="FILE",
            help="Write the events into this new file: .jsonl or .parquet.",
        ),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Write the events into this new topic."),
    ] = None,
    bootstrap: Annotated[
        str | None,
        typer.Option(
            "--bootstrap-servers", metavar="HOST:PORT,…", help="The brokers of that topic."
        ),
    ] = None,
) -> None:
    """Compile a workload's load: columns (Parquet), encoded record batches and their SHA-256."""
    from streambench.experiment.unused import refuse_unused_seed
    from streambench.load.event_file import write_events, writer_of
    from streambench.load.trace import compile_trace
    from streambench.model.workload import Replay
    from streambench.runtime.paths import cache_dir
    from streambench.workload.paced import at_rate
    from streambench.workload.parse import load_named
    from streambench.workload.validate import check, least_duration_ms

    if to is not None and to.exists():
        raise UsageError(f"{to} exists already", hint=f"streambench generate --out {to}-2")
    if events is not None:
        writer_of(events)
    filled = None if topic is None and bootstrap is None else _topic(topic, bootstrap)
    loaded = load_named(workload)
    refuse_unused_seed(loaded, seed)
    usual_ms: int | None = max(_USUAL_MS, least_duration_ms(loaded))
    if isinstance(loaded.input, Replay):
        usual_ms = None
        if rate_per_s is not None:
            paced = at_rate(loaded, rate_per_s)
            loaded, rate_per_s = paced.workload, None
            err.print(paced.told, markup=False)
    duration_ms = usual_ms if duration is None else round(duration * 1000)
    check(loaded, rate_per_s=rate_per_s, duration_ms=duration_ms)
    trace = compile_trace(
        loaded,
        duration_ms=duration_ms,
        seed=seed,
        cache=cache_dir() / "traces",
        rate_per_s=rate_per_s,
    )
    if events is not None:
        write_events(events, loaded, trace)
        err.print(f"events are in {events}", soft_wrap=True)
    if filled is not None:
        _fill(filled, loaded, trace)
    folder = trace.ref.folder
    if to is not None:
        shutil.copytree(folder, to)
        folder = to
    out.print(f"{trace.ref.sha256}  {folder}", soft_wrap=True)
    err.print(f"{trace.ref.records:,} records, {trace.ref.duration_ms / 1000:g} s, seed {seed}")


@dataclass(frozen=True)
class _Topic:
    name: str
    bootstrap: str


def _topic(name: str | None, bootstrap: str | None) -> _Topic:
    from streambench.kafka.filling import topic_name

    if name is None or bootstrap is None:
        lacking = "--topic" if name is None else "--bootstrap-servers"
        raise UsageError(
            f"events go into a topic of a broker; {lacking} is missing",
            hint="streambench generate --topic events --bootstrap-servers localhost:9092",
        )
    return _Topic(topic_name(name), bootstrap)


def _fill(topic: _Topic, workload: Workload, trace: Trace) -> None:
    from streambench.kafka.filling import fill_topic, make_topic
    from streambench.load.events import events_of, first_instant_ms

    make_topic(topic.bootstrap, topic.name, trace.meta.partitions)
    events = events_of(trace, first_instant_ms(workload, trace))
    sent = fill_topic(topic.bootstrap, topic.name, events)
    err.print(f"{sent:,} events are in topic {topic.name} at {topic.bootstrap}", soft_wrap=True)
