"""The terms of a run: which were asked of every engine alike, and which are an engine's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from streambench.model.conditions import Conditions, ForeignCluster, ForeignKafka, Profile
from streambench.model.numbers import listing, number, plural
from streambench.model.plan import Origin, Setting
from streambench.model.sweep import Axis, AxisName, value_words
from streambench.report.document import Block, Cell, Fold, Grid, GridColumn, GridRow, Points, Text
from streambench.results.schema import RunRecord

_UNITS = {"_ms": "ms", "_mib": "MiB"}
# Under `--profile defaults` these are what each engine ships with.
_SHIPPED = (
    "commit_interval_ms",
    "heartbeat_interval_ms",
    "session_timeout_ms",
    "transaction_timeout_ms",
)
_VARIED = {
    AxisName.WORKERS: "workers",
    AxisName.PARTITIONS: "partitions",
    AxisName.COMMIT: "commit_interval_ms",
}
_WHOSE = {Origin.USER: "set by the user", Origin.VARIANT: "set by this variant"}


def equal_blocks(run: RunRecord, settings: Mapping[str, Sequence[Setting]]) -> tuple[Block, ...]:
    """What every engine was asked for, and what is one engine's own; `settings` by the engine's title."""
    conditions = run.conditions
    shipped = _SHIPPED if conditions.profile is Profile.DEFAULTS else ()
    blocks: list[Block] = [
        Text("Asked of every engine alike; what one of them has otherwise is named below:"),
        _grid(condition_words(conditions, run.axes, leave_out=shipped)),
    ]
    if shipped:
        names = listing([_name(name) for name in shipped])
        blocks.append(
            Text(
                f"Not equal, by --profile defaults: {names} are as each engine ships them, where it "
                "ships any."
            )
        )
        kept = [
            (title, each) for title, every in settings.items() for each in every if each.recovery
        ]
        if kept:
            title = f"What each engine keeps of them ({plural(len(kept), 'setting')})"
            blocks.append(Fold(title, (_kept_grid(kept),)))
    own = [
        f"{title}: {each.name} = {each.value}, {_WHOSE[each.origin]}"
        for title, every in settings.items()
        for each in every
        if each.origin in _WHOSE
    ]
    if own:
        blocks += [Text("Set for one engine or variant alone:"), Points(tuple(dict.fromkeys(own)))]
    return tuple(blocks)


def condition_words(
    conditions: Conditions, axes: Sequence[Axis] = (), leave_out: Sequence[str] = ()
) -> dict[str, str]:
    """Name → value in words; what a sweep varied has all of its values."""
    varied = {_VARIED[axis.name]: axis for axis in axes if axis.name in _VARIED}
    words = {}
    for field in fields(conditions):
        if field.name in leave_out:
            continue
        if (axis := varied.get(field.name)) is not None:
            values = listing([value_words(axis.name, value) for value in axis.values])
            words[_name(field.name)] = f"varied: {values}"
            continue
        value = getattr(conditions, field.name)
        if field.name == "foreign_kafka":
            words |= _foreign_words(value)
            continue
        if field.name == "foreign_clusters":
            words |= {f"{each.engine}'s cluster": _cluster_words(each) for each in value}
            continue
        if field.name == "broker_version" and conditions.foreign_kafka is not None:
            continue  # of the broker that was not started
        text = number(value) if isinstance(value, int) else str(getattr(value, "value", value))
        words[_name(field.name)] = "never" if value is None else f"{text}{_unit(field.name)}"
    return words


def _cluster_words(cluster: ForeignCluster) -> str:
    kept = "" if cluster.checkpoint_dir is None else f", checkpoints in {cluster.checkpoint_dir}"
    return f"not started by streambench: {cluster.endpoint}{kept}"


def _foreign_words(kafka: ForeignKafka | None) -> dict[str, str]:
    """A Kafka of the user's; nothing where the broker is streambench's."""
    if kafka is None:
        return {}
    login = "" if kafka.mechanism is None else f", {kafka.mechanism}"
    return {
        "Kafka": f"not started by streambench: {kafka.bootstrap}",
        "its connections": f"{kafka.protocol}{login}",
        "replicas of its topics": f"{kafka.replication}, at least {kafka.min_insync} in sync",
    }


def _name(field: str) -> str:
    for suffix in _UNITS:
        field = field.removesuffix(suffix)
    return field.replace("_", " ")


def _unit(field: str) -> str:
    return next((f" {word}" for suffix, word in _UNITS.items() if field.endswith(suffix)), "")


def _grid(words: Mapping[str, str]) -> Grid:
    rows = tuple(GridRow((Cell(name), Cell(value))) for name, value in words.items())
    return Grid((GridColumn("condition"), GridColumn("value")), rows, slim=True)


def _kept_grid(kept: Sequence[tuple[str, Setting]]) -> Grid:
    columns = (
        GridColumn("engine"),
        GridColumn("setting", code=True),
        GridColumn("asked for", code=True),
        GridColumn("why"),
    )
    rows = tuple(
        GridRow((Cell(title), Cell(each.name), Cell(each.value), Cell(each.origin.value)))
        for title, each in kept
    )
    return Grid(columns, rows)
