"""`streambench worker`: a host that runs a worker of Kafka Streams or of the Python consumer."""

from __future__ import annotations

import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.foreign_kafka import (
    USUAL_PREFIX,
    BootstrapOption,
    Elsewhere,
    KafkaConfigOption,
    TopicPrefixOption,
    elsewhere,
)
from streambench.cli.joining import (
    JOIN_S,
    Seat,
    admitted,
    host_name,
    join_command,
    run_id,
    seat,
)
from streambench.cli.options import examples
from streambench.cli.parameters import duration_s, whole
from streambench.cli.play import await_run
from streambench.model.conditions import MOST_WORKERS
from streambench.model.errors import UsageError

app = typer.Typer(
    name="worker",
    help="Run workers of Kafka Streams and of the Python consumer on other hosts.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    epilog=examples(
        "streambench worker print --workers 2 --join monday --bootstrap-servers kafka-1:9092",
        "streambench worker join --worker 0/2 --join monday --bootstrap-servers kafka-1:9092",
    ),
)
_JOIN = Annotated[str, typer.Option(metavar="NAME", help="The run, as its --run-id says.")]


@app.command("print")
def print_(
    join: _JOIN,
    workers: Annotated[
        int,
        typer.Option(metavar="COUNT", parser=whole(1, MOST_WORKERS), help="Workers of the run."),
    ] = 2,
    bootstrap_servers: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    topic_prefix: TopicPrefixOption = None,
) -> None:
    """Print the commands for the hosts, the files that they need, and the run's own command."""
    from streambench import __version__
    from streambench.kafka.access.client_properties import files_of

    there = _there(join, bootstrap_servers, kafka_config, topic_prefix)
    command = join_command(there, run_id(join), "worker join --worker", workers)
    lines = [
        f"# On each host: streambench {__version__}, Java for Kafka Streams, and this command."
    ]
    if kafka_config is not None:
        lines.append(f"# FILE is a copy of {kafka_config}. It has to find there what it names:")
        lines += [f"#   {each}" for each in files_of(there.access)] or ["#   nothing"]
    lines += [command(str(number)) for number in range(workers)]
    lines.append("# In a container: the same words behind `docker run --rm streambench`.")
    own = command("I").partition("--join")[2].split(maxsplit=1)[1]
    lines.append("# Here:")
    lines.append(f"streambench run --workers-elsewhere --workers {workers} --run-id {join} {own}")
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


@app.command("join")
def join_(
    worker: Annotated[
        Seat,
        typer.Option(
            parser=seat,
            metavar="I/N",
            help="Which worker this is: its number, from 0, of how many; any/N takes a free one.",
        ),
    ],
    join: _JOIN,
    bootstrap_servers: BootstrapOption = None,
    kafka_config: KafkaConfigOption = None,
    topic_prefix: TopicPrefixOption = None,
    within: Annotated[
        float | None,
        typer.Option(
            parser=duration_s,
            metavar="TIME",
            help="How long the run may take to begin.  [default: 10m]",
        ),
    ] = None,
) -> None:
    """Run a worker of each job of a run that is coordinated on another host, and end with the run."""
    from streambench import __version__
    from streambench.engines.common.crew import ROLE, crew_topic
    from streambench.engines.common.crew_member import CrewMember, MemberPlace
    from streambench.engines.registry import worker_engine_named
    from streambench.kafka.meeting.guest import Guest
    from streambench.kafka.meeting.log import TopicLog
    from streambench.kafka.meeting.messages import COORDINATOR, Announce
    from streambench.kafka.meeting.parcels import Parcels
    from streambench.runtime.scratch import make_scratch
    from streambench.runtime.signals import interrupts_unwind
    from streambench.runtime.supervisor import Supervisor

    within_s = JOIN_S if within is None else within
    there = _there(join, bootstrap_servers, kafka_config, topic_prefix)
    topic = crew_topic(there.prefix)
    with ExitStack() as stack:
        # A container is ended by SIGTERM: the coordinator hears then that this host leaves.
        stack.enter_context(interrupts_unwind())
        supervisor = stack.enter_context(Supervisor())
        folder = make_scratch(None)
        supervisor.discard_at_end(folder)
        (folder / "parcels").mkdir()
        await_run(there.access, topic, join, within_s)
        parcels = Parcels(folder / "parcels")
        member = CrewMember(
            MemberPlace(there.access, supervisor, folder),
            parcels,
            worker_engine_named,
            _told,
        )
        guest = stack.enter_context(
            Guest(
                TopicLog(there.access, topic),
                f"{ROLE}-{secrets.token_hex(6)}",
                chunk=lambda chunk: parcels.hear(COORDINATOR, chunk),
                state=member.state,
            )
        )
        wanted = Announce(ROLE, worker.index, worker.of, __version__, host_name())
        number = admitted(guest, wanted, join, within_s)
        _told(f"worker {number}/{worker.of} of run {join}: admitted")
        member.serve(guest, number)
    _told("the run is over")


def _there(
    join: str, bootstrap: str | None, config: Path | None, topic_prefix: str | None
) -> Elsewhere:
    """The Kafka of the run, with the prefix of its topics. Raises UsageError."""
    from dataclasses import replace

    there = elsewhere(bootstrap, config, None, topic_prefix)
    if there is None:
        raise UsageError(
            "workers meet their coordinator in a Kafka of yours, and none is named",
            hint=f"--join {join} --bootstrap-servers HOST:PORT",
        )
    begins = USUAL_PREFIX if topic_prefix is None else topic_prefix
    return replace(there, prefix=f"{begins}{run_id(join)}-")


def _told(what: str) -> None:
    err.print(what, markup=False, soft_wrap=True)
