"""`streambench fetch`: download beforehand, so that a run needs no network."""

from __future__ import annotations

from typing import Annotated

import typer

from streambench.cli.console import err
from streambench.cli.parameters import names
from streambench.model.plan import Artifacts


def fetch(
    engine: Annotated[
        list[str] | None, typer.Option("--engine", "-e", help="Only these engines.")
    ] = None,
    broker: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The broker of this version.")
    ] = None,
) -> None:
    """Fetch everything that the engines need into the user's cache, verified by SHA-256."""
    from streambench.cli.fetching import announce, fetch_all
    from streambench.engines.registry import CONTENDERS
    from streambench.experiment.declared import contenders_anywhere
    from streambench.kafka.broker_versions import artifacts_of_testbed, broker_version
    from streambench.model.conditions import USUAL_BROKER

    chosen = names(engine or []) or CONTENDERS
    wanted: list[Artifacts] = [
        artifacts_of_testbed(USUAL_BROKER if broker is None else broker_version(broker))
    ]
    for name in chosen:
        wanted += [engine.requires(variant) for engine, variant in contenders_anywhere(name)]
    announce(wanted)
    fetch_all(wanted)
    err.print("everything is there; a run needs no network now")
