"""The terms of the run: conditions, settings, native programs, environment, certificate, the tool itself."""

from __future__ import annotations

from collections.abc import Mapping

from streambench.analysis.plans import plans, unrecorded, warnings
from streambench.analysis.variants import standings, title_of
from streambench.model.cluster_facts import ClusterFacts
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.numbers import DASH, listing, number, plural
from streambench.model.plan import Setting
from streambench.model.trial import Certificate, TrialRecord
from streambench.report.document import (
    Block,
    Cell,
    Code,
    Fold,
    Grid,
    GridColumn,
    GridRow,
    Points,
    Section,
    Text,
)
from streambench.report.sections.cost import usage_grid
from streambench.report.sections.equal_terms import equal_blocks
from streambench.report.sections.host_clocks import clock_blocks
from streambench.report.sections.load import load_blocks, pairs
from streambench.report.sections.machine import machine_blocks
from streambench.report.sections.recovery_terms import effective_cell
from streambench.report.sections.versions import version_blocks
from streambench.report.words.variants import variant_words
from streambench.report.words.warm_ups import warm_up_words
from streambench.results.bundle import Bundle


def conditions_section(bundle: Bundle, *, one_load: bool) -> Section:
    """Equal terms, what could not be made equal, and every setting with its origin.

    Of several loads nobody is told how long each was warmed for.
    """
    blocks: list[Block] = [
        *equal_blocks(
            bundle.run,
            {title_of(bundle, label): plan.settings for label, plan in plans(bundle).items()},
        ),
        *_variant_blocks(bundle),
        Text("What could not be made equal, or went otherwise than planned:"),
        *_warning_blocks(bundle),
    ]
    warmed = warm_up_words(bundle) if one_load else ()
    if warmed:
        blocks += [Text("How long each was under load before it was measured:"), Points(warmed)]
    for label, plan in plans(bundle).items():
        if plan.settings:
            title = f"{title_of(bundle, label)}: {plural(len(plan.settings), 'setting')}"
            blocks.append(Fold(title, (_settings_grid(plan.settings),)))
    blocks += version_blocks(bundle)
    return Section("conditions", "Conditions and fairness", tuple(blocks))


def _variant_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """What each named variant is, in the words of whoever shipped or declared it."""
    told = [
        f"{title_of(bundle, label)}: {words}"
        for label in bundle.labels
        if (words := variant_words(bundle, label)) is not None
    ]
    return (Text("What the variants are:"), Points(tuple(told))) if told else ()


def _warning_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """All warnings, or that there is none; of whom nothing is known, nothing is said but that."""
    found = warnings(bundle)
    silent = unrecorded(bundle)
    blocks: list[Block] = [Points(found)] if found else []
    if silent:
        blocks.append(Text(f"This run did not record it for {listing(list(silent))}."))
    return tuple(blocks or [Text("Nothing was found.")])


def programs_section(bundle: Bundle) -> Section:
    """The workload as declared, and each engine's program as it ran."""
    blocks: list[Block] = []
    if bundle.run.workload_text.strip():
        blocks.append(Fold("workload.toml", (Code(bundle.run.workload_text.strip(), "toml"),)))
    for label, plan in plans(bundle).items():
        for program in plan.programs:
            title = f"{title_of(bundle, label)}: {program.name}"
            blocks.append(Fold(title, (Code(program.shown.strip("\n"), program.language),)))
    if not blocks:
        blocks.append(Text("No program was recorded."))
    return Section("programs", "Workload and native programs", tuple(blocks))


def environment_section(bundle: Bundle, loads_by: str | None) -> Section:
    """The machine, versions, the load, and the engines' own words."""
    run = bundle.run
    blocks: list[Block] = [
        pairs(
            {**run.environment, **{f"version of {k}": v for k, v in run.versions.items()}}, "what"
        ),
        *_kafka_blocks(run.kafka),
        *_cluster_blocks(run.clusters),
        *load_blocks(bundle, loads_by),
    ]
    for label, record in _first_records(bundle).items():
        if record.readings:
            title = f"{title_of(bundle, label)}: its own word"
            text = Text("Said by the engine, not measured by streambench.")
            blocks.append(Fold(title, (text, pairs(record.readings, "reading", code=True))))
    return Section("environment", "Environment", tuple(blocks))


def _kafka_blocks(kafka: KafkaFacts | None) -> tuple[Block, ...]:
    """What brokers of the user's say of themselves; what they do not tell is not known."""
    if kafka is None:
        return ()
    facts = {
        "brokers": str(kafka.brokers),
        "release, by what they all know": kafka.release,
        "metadata.version in effect": _text(kafka.metadata_version),
        **{f"topic: {name}": value for name, value in kafka.topic.items()},
        **{f"broker: {name}": value for name, value in kafka.broker.items()},
    }
    told = {name: DASH if value is None else value for name, value in facts.items()}
    text = Text(
        f"Read before the run, of a topic like the input and of the brokers. {DASH}: not told."
    )
    return (Fold("The Kafka brokers: their own word", (text, pairs(told, "what", code=True))),)


def _cluster_blocks(clusters: Mapping[str, ClusterFacts]) -> tuple[Block, ...]:
    """What clusters of the user's say of themselves; what they do not tell is not known."""
    folds = []
    for engine, facts in clusters.items():
        told = {"version that runs there": facts.version, **facts.settings}
        shown = {name: DASH if value is None else value for name, value in told.items()}
        text = Text(f"Read before the run. {DASH}: not set there, or not told.")
        title = f"The cluster of {engine}: its own word"
        folds.append(Fold(title, (text, pairs(shown, "what", code=True))))
    return tuple(folds)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def instrument_section(bundle: Bundle) -> Section:
    """The generator's certificate, and what streambench itself used."""
    columns = (
        GridColumn("trial"),
        GridColumn("certificate"),
        GridColumn("send lag p50, ms", numeric=True),
        GridColumn("p99", numeric=True),
        GridColumn("p99.9", "send_lag_p999_ms", numeric=True),
        GridColumn("max", numeric=True),
        GridColumn("acknowledged p50, ms", numeric=True),
        GridColumn("p99", numeric=True),
        GridColumn("batches", numeric=True),
        GridColumn("retried", numeric=True),
        GridColumn("clock drift, ms", numeric=True),
        GridColumn("streambench itself, cores", "tool_cores", numeric=True),
        GridColumn("reader's floor p99, ms", "reader_floor_p99_ms", numeric=True),
    )
    rows = tuple(
        row
        for trial in bundle.trials
        if (row := _certificate_row(bundle, trial.record)) is not None
    )
    if not rows:
        return Section("instrument", "The instrument itself", _without_certificate(bundle))
    stands = [stand for stand in standings(bundle) if stand.completed]
    blocks = (
        Text(
            "A delay is believed only when the generator was on time: send lag is the time from due to "
            "the first write attempt that was possible, over all batches."
        ),
        Grid(columns, rows),
        *clock_blocks(bundle),
        *machine_blocks(bundle),
        *_headroom(bundle),
        Fold("What streambench used, by role", (usage_grid(stands, tool=True),)),
    )
    return Section("instrument", "The instrument itself", blocks)


def _without_certificate(bundle: Bundle) -> tuple[Block, ...]:
    """Why no trial has a certificate, as far as it is known."""
    if any(record.drains for record in bundle.run.drains):
        said = (
            "A drain's records are there at once: none is due at an instant, so the generator "
            "cannot be late."
        )
    elif any(record.probes for record in bundle.run.searches):
        said = "The generator's send lag in each probe stands in the table of all probes."
    else:
        said = "No trial has a certificate of the generator."
    return (Text(said), *clock_blocks(bundle), *_headroom(bundle))


def _headroom(bundle: Bundle) -> tuple[Block, ...]:
    """What the machine carries without an engine; nothing where that was not tried."""
    capacity = bundle.run.capacity
    if capacity is None:
        return ()
    most = capacity.most_per_s
    said = (
        "Without an engine this machine carried not even the lowest of the rates below."
        if most is None
        else f"Headroom: without an engine, and with a reader that takes everything, player and broker "
        f"carried {number(most)} events/s here on time. The broker's cores are an upper bound: some of "
        "them may have compiled it."
    )
    when = (
        "It was tried at the beginning of this run."
        if capacity.of_this_run
        else f"It was tried at {capacity.made_at}, maybe for another run."
    )
    columns = (
        GridColumn("events/s, no engine", numeric=True),
        GridColumn("certificate"),
        GridColumn("send lag p99.9, ms", "send_lag_p999_ms", numeric=True),
        GridColumn("player, cores", numeric=True),
        GridColumn("broker, cores", numeric=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(number(step.rate_per_s)),
                Cell("held") if step.held else Cell("did not hold", step.reason),
                Cell(number(step.send_lag_p999_ms, 1)),
                Cell(number(step.player_cores, 2)),
                Cell(number(step.broker_cores, 2)),
            )
        )
        for step in capacity.steps
    )
    return (Text(f"{said} {when}"), Grid(columns, rows))


def _certificate_row(bundle: Bundle, record: TrialRecord) -> GridRow | None:
    certificate = record.certificate
    if certificate is None:
        return None
    name = f"{record.number} {title_of(bundle, record.variant.label)}"
    held = Cell("held") if certificate.held else Cell("did not hold", certificate.reason)
    measured = [record.measures.get("tool_cores"), record.measures.get("reader_floor_p99_ms")]
    return GridRow(
        (
            Cell(name),
            held,
            Cell(number(certificate.send_lag_p50_ms, 1)),
            Cell(number(certificate.send_lag_p99_ms, 1)),
            Cell(number(certificate.send_lag_p999_ms, 1)),
            Cell(number(certificate.send_lag_max_ms, 1)),
            Cell(number(certificate.acknowledge_p50_ms, 1)),
            Cell(number(certificate.acknowledge_p99_ms, 1)),
            Cell(number(certificate.batches), _exempt(certificate)),
            Cell(number(certificate.retried)),
            Cell(number(certificate.clock_drift_ms, 2)),
            Cell(DASH if measured[0] is None else number(measured[0], 3)),
            Cell(DASH if measured[1] is None else number(measured[1], 1)),
        )
    )


def _exempt(certificate: Certificate) -> str | None:
    count = certificate.exempt_batches
    return f"{number(count)} not counted: held up by a fault" if count else None


def _first_records(bundle: Bundle) -> dict[str, TrialRecord]:
    """Label → its first trial's record, which stands for its settings and programs."""
    return {label: trials[0].record for label in bundle.labels if (trials := bundle.of(label))}


def _settings_grid(settings: tuple[Setting, ...]) -> Grid:
    columns = (
        GridColumn("scope"),
        GridColumn("setting", code=True),
        GridColumn("asked for", code=True),
        GridColumn("in effect", code=True),
        GridColumn("why"),
    )
    rows = tuple(
        GridRow(
            (
                Cell(setting.scope),
                Cell(setting.name),
                Cell(setting.value),
                effective_cell(setting),
                Cell(setting.origin.value),
            )
        )
        for setting in settings
    )
    return Grid(columns, rows)
