"""The terms of a recovery: how fast a failure can be noticed, and who decided so."""

from __future__ import annotations

from streambench.analysis.variants import title_of
from streambench.model.conditions import Conditions, Profile
from streambench.model.kafka_facts import KafkaFacts
from streambench.model.numbers import DASH, in_seconds, plural
from streambench.model.plan import Setting
from streambench.report.document import (
    Block,
    Cell,
    Fold,
    Grid,
    GridColumn,
    GridRow,
    Points,
    Text,
    Tone,
)
from streambench.results.bundle import Bundle

_WAITING = (
    "transaction.abort.timed.out.transaction.cleanup.interval.ms",
    "group.initial.rebalance.delay.ms",
)
_BROKER = (
    "The broker is the same for all, and does not add its own waiting: "
    "transaction.abort.timed.out.transaction.cleanup.interval.ms = 500, "
    "group.initial.rebalance.delay.ms = 0."
)


def terms_blocks(bundle: Bundle) -> tuple[Block, ...]:
    """Profile, restart policy and broker in words, then the settings that decide detection."""
    conditions = bundle.run.conditions
    blocks: list[Block] = [
        Text("The terms", Tone.STRONG),
        Text(
            f"{profile_words(conditions)} {restart_words(conditions)} "
            f"{_BROKER if conditions.foreign_kafka is None else brokers_words(bundle.run.kafka)}"
        ),
    ]
    said = dict.fromkeys(
        sentence for trial in bundle.trials for sentence in trial.record.recovery_terms
    )
    if said:
        blocks.append(Points(tuple(said)))
    found = [
        (title_of(bundle, label), setting)
        for label in bundle.labels
        if (trials := bundle.of(label))
        for setting in trials[0].record.settings
        if setting.recovery
    ]
    if found:
        title = f"What decides how fast a failure is noticed ({plural(len(found), 'setting')})"
        blocks.append(Fold(title, (_grid(found),)))
    return tuple(blocks)


def profile_words(conditions: Conditions) -> str:
    """The profile and what it means."""
    if conditions.profile is Profile.TUNED:
        return (
            "Profile tuned: heartbeats, time-outs and commit intervals are short, and equal where the "
            "engines have the same ones and nobody set them otherwise."
        )
    return (
        "Profile defaults: heartbeats, time-outs and commit intervals are as each engine ships them, "
        "where it ships any."
    )


def brokers_words(kafka: KafkaFacts | None) -> str:
    """What brokers of the user's add of their own waiting, as far as they tell."""
    told = {} if kafka is None else {name: kafka.broker.get(name) for name in _WAITING}
    known = [f"{name} = {value}" for name, value in told.items() if value is not None]
    if len(known) < len(_WAITING):
        return "The brokers are not streambench's, and do not tell how long they wait themselves."
    return f"The brokers are not streambench's: {', '.join(known)}."


def restart_words(conditions: Conditions) -> str:
    """What becomes of a process that died."""
    delay_ms = conditions.restart_delay_ms
    if delay_ms is None:
        return "A process that died is never started again."
    if delay_ms == 0:
        return "A process that died is started again at once."
    return f"A process that died is started again after {in_seconds(delay_ms)} s."


def effective_cell(setting: Setting) -> Cell:
    """What the running engine said of a setting, or that it says nothing."""
    if setting.effective:
        return Cell(setting.effective)
    if not setting.listed:
        return Cell(DASH, "the engine does not report this, and lists no such name")
    return Cell(DASH, "the engine does not report this")


def _grid(found: list[tuple[str, Setting]]) -> Grid:
    columns = (
        GridColumn("engine"),
        GridColumn("scope"),
        GridColumn("setting", code=True),
        GridColumn("asked for", code=True),
        GridColumn("in effect", code=True),
        GridColumn("why"),
    )
    rows = tuple(
        GridRow(
            (
                Cell(title),
                Cell(setting.scope),
                Cell(setting.name),
                Cell(setting.value),
                effective_cell(setting),
                Cell(setting.origin.value),
            )
        )
        for title, setting in found
    )
    return Grid(columns, rows)
