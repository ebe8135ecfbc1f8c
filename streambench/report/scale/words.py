"""Amounts of a plan, and how each line came about, in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from streambench.analysis.scale.lines import ScaleInput, ScaleItem, ScaleLine
from streambench.analysis.scale.plan import PlannedRate, ScalePlan
from streambench.analysis.scale.values import Amount, EngineBasis, TrialName
from streambench.model.numbers import listing, number, percent, plural, three_digits

UNKNOWN = "unknown"
_GBIT_BYTES = 1e9 / 8
_UNITS: Mapping[ScaleItem, tuple[str, float]] = {
    ScaleItem.ENGINE_IN: ("Gbit/s", _GBIT_BYTES),
    ScaleItem.BROKERS_IN: ("Gbit/s", _GBIT_BYTES),
    ScaleItem.BROKERS_OUT: ("Gbit/s", _GBIT_BYTES),
    ScaleItem.DISK: ("TB an hour", 1e12),
}
_COUNTED = frozenset(
    {ScaleItem.WORKERS, ScaleItem.PARTITIONS, ScaleItem.BROKERS, ScaleItem.PLAYERS}
)


def rate_words(rate_per_s: float) -> str:
    """`10 M/s`, `640 k/s`, `1,234 /s`."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        scaled = round(rate_per_s / size, 2)
        if rate_per_s >= size and math.isclose(scaled * size, rate_per_s):
            return f"{scaled:,.10g} {letter}/s"
    return f"{number(rate_per_s)} /s"


def figure_words(value: float) -> str:
    """A value without digits that mean nothing: `1.26 M`, `398`, `4.0`, `0.064`."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= 10 * size or (size > 1e3 and value >= size):
            return f"{figure_words(value / size)} {letter}"
    if value >= 100:
        return three_digits(value)
    if value >= 10:
        return number(value)
    return number(value, 1 if value >= 2 else 2 if value >= 0.1 else 3)


def item_words(item: ScaleItem) -> str:
    """A line's name with its unit, where it has one."""
    unit = _UNITS.get(item)
    return item.value if unit is None else f"{item.value}, {unit[0]}"


def amount_words(line: ScaleLine) -> str:
    """What is needed: `398`, `390–402`, `≥ 14` where something comes on top, or that nobody knows."""
    if line.amount is None:
        return UNKNOWN
    size = _UNITS.get(line.item, ("", 1.0))[1]
    written = number if line.item in _COUNTED else figure_words
    return f"{line.bound.value} {_range(line.amount.times(1 / size), written)}".lstrip()


def formula_words(line: ScaleLine, rate_per_s: float) -> str:
    """How a line came about, with its own numbers; empty where it is not known."""
    if line.amount is None:
        return ""
    told = {each: _input(each, amount) for each, amount in line.inputs.items()}
    rate = rate_words(rate_per_s)
    match line.item:
        case ScaleItem.ENGINE_CORES | ScaleItem.BROKER_CORES:
            return f"{told[ScaleInput.COST]} × {rate} ÷ {told[ScaleInput.USED_SHARE]}"
        case ScaleItem.PLAYER_CORES:
            return f"{told[ScaleInput.COST]} × {rate}"
        case ScaleItem.WORKERS | ScaleItem.PARTITIONS:
            each = told[ScaleInput.RATE_OF_EACH]
            return f"{rate} ÷ {each} ÷ {told[ScaleInput.USED_SHARE]}"
        case ScaleItem.PLAYERS:
            return f"{rate} ÷ {told[ScaleInput.RATE_OF_EACH]}"
        case ScaleItem.BUSIEST_KEY:
            return f"{rate} × {told[ScaleInput.BUSIEST_SHARE]}{_over(line)}"
        case ScaleItem.RESULT_ROWS:
            return f"{told[ScaleInput.ROWS_PER_S]} or {rate} × {told[ScaleInput.ROWS_PER_EVENT]}"
        case ScaleItem.ENGINE_IN:
            return f"{rate} × {told[ScaleInput.RECORD_BYTES]}"
        case ScaleItem.BROKERS:
            return f"broker cores ÷ {told[ScaleInput.CORES]}; one for each copy at least"
        case ScaleItem.BROKERS_IN | ScaleItem.BROKERS_OUT | ScaleItem.DISK:
            hour = " × 3,600 s" if line.item is ScaleItem.DISK else ""
            return (
                f"({rate} × {told[ScaleInput.RECORD_BYTES]} of records, and what the engine writes: "
                f"{told[ScaleInput.WRITTEN_BYTES_PER_S]} or {rate} × "
                f"{told[ScaleInput.WRITTEN_BYTES]}) × {told[ScaleInput.REPLICAS]}{hour}"
            )
        case other:
            assert_never(other)


def measured_words(engine: EngineBasis) -> str:
    """What is known of an engine, at which rates."""
    cost = f"measured at up to {rate_words(engine.rate_per_s)}"
    if engine.borne is None and engine.refused is None:
        return f"{cost}. The highest rate that it keeps up with was not searched."
    crew = f"{plural(engine.workers, 'worker')} and {plural(engine.partitions, 'partition')}"
    if engine.borne is None:
        return f"{cost}. {crew} did not keep up {_refused_words(engine)}."
    kept = f"{cost}. {crew} kept up with {rate_words(engine.borne.rate_per_s)}"
    if engine.refused is None:
        return f"{kept}; no higher rate was refused."
    return f"{kept}; not {_refused_words(engine)}."


def lowest_words(engine: EngineBasis, cost: Amount | None) -> str | None:
    """How the cost was another one at a lower rate; None where no other is known."""
    lowest = engine.at_lowest
    if lowest is None or cost is None:
        return None
    times = lowest.amount.high / cost.high
    return (
        f"At {rate_words(lowest.rate_per_s)} a million events cost {_range(lowest.amount, number)} "
        f"CPU-s: a plan from that rate would ask for {figure_words(times)} times the cores."
    )


def beyond_words(rates: Iterable[PlannedRate]) -> str | None:
    """Which of the rates are extrapolations, and how far; None where none is."""
    far = [each for each in rates if each.extrapolated]
    if not far:
        return None
    lowest = rate_words(far[0].measured_per_s)
    said = [
        f"{rate_words(each.rate_per_s)} is {figure_words(each.times_measured)} times"
        for each in far
    ]
    return f"Extrapolated: {listing(said)} {lowest}, the lowest rate that a line goes by."


def left_out_words(engine: EngineBasis) -> str | None:
    """Which trials do not count, by reason; None where all do."""
    by_why: dict[str, list[TrialName]] = {}
    for each in engine.left_out:
        by_why.setdefault(each.why, []).append(each.trial)
    told = [f"{_named(tuple(trials))} ({why})" for why, trials in by_why.items()]
    return f"Left out: {listing(told)}." if told else None


def trials_words(line: ScaleLine) -> str:
    """Which trials a line goes by, at which rate; empty for none."""
    if not line.trials or line.measured_per_s is None:
        return ""
    alone = "; one trial, so its spread is not known" if len(line.trials) == 1 else ""
    return f"at {rate_words(line.measured_per_s)}, {_named(line.trials)}{alone}"


def usual_words(lines: Iterable[ScaleLine]) -> str:
    """What most lines go by, to be said once; empty where none goes by a trial."""
    counted = Counter(filter(None, map(trials_words, lines)))
    return counted.most_common(1)[0][0] if counted else ""


def basis_words(plan: ScalePlan) -> tuple[str, ...]:
    """What the whole plan goes by."""
    basis, terms = plan.basis, plan.terms
    days = " to ".join(dict.fromkeys((basis.first_day, basis.last_day)))
    cores = "an unknown number of" if basis.cores is None else number(basis.cores)
    copies = "copy" if terms.replication == 1 else "copies"
    return (
        f"{basis.workload}, {basis.guarantee}, as measured in {listing(list(basis.bundles))} ({days}) "
        f"on {cores} cores: {basis.processor}, {basis.memory}.{_elsewhere(basis.elsewhere)}",
        f"{number(100 * terms.headroom)} % of cores, workers and partitions stay free. "
        f"Each record has {terms.replication} {copies}.",
    )


def source_words(plan: ScalePlan) -> tuple[str, ...]:
    """Whence come the figures that no trial of an engine has."""
    player, load = plan.basis.player, plan.basis.load
    said = []
    if player is not None:
        said.append(
            f"Player: one process carried {rate_words(player.most_per_s)} without an engine, as "
            f"{player.bundle} says."
        )
    if load.bytes_per_record is not None and load.made_again:
        said.append("Bytes per record: of the load, made again from the bundle's declaration.")
    return tuple(said)


def _refused_words(engine: EngineBasis) -> str:
    if engine.refused is None:
        return ""
    refused, kept = engine.refused.rate_per_s, engine.refused.kept_up_per_s
    if kept is None:
        return f"with {rate_words(refused)}"
    return f"with {rate_words(refused)}, though a trial kept up with {rate_words(kept)}"


def _elsewhere(what: tuple[str, ...]) -> str:
    if not what:
        return ""
    return f" Elsewhere ran {listing(list(what))}: what was used there is left out."


def _named(trials: tuple[TrialName, ...]) -> str:
    by_bundle: dict[str, list[str]] = {}
    for trial in trials:
        by_bundle.setdefault(trial.bundle, []).append(str(trial.number))
    return listing(
        [
            f"trial{'s' if len(numbers) > 1 else ''} {listing(numbers)} of {bundle}"
            for bundle, numbers in by_bundle.items()
        ]
    )


def _over(line: ScaleLine) -> str:
    if line.over is None:
        return ""
    if line.over <= 1:
        return ", within what a partition bore in the mean"
    return (
        f", {figure_words(line.over)} times what a partition bore in the mean: no number of "
        "partitions splits a key"
    )


def _input(kind: ScaleInput, amount: Amount) -> str:
    match kind:
        case ScaleInput.COST:
            return f"{_range(amount, _with_digits(2))} CPU-s per million"
        case ScaleInput.USED_SHARE:
            return f"{number(100 * amount.low)} %"
        case ScaleInput.RATE_OF_EACH:
            return f"{_range(amount, rate_words)} of each"
        case ScaleInput.BUSIEST_SHARE:
            return percent(amount.low, 1.0)
        case ScaleInput.ROWS_PER_EVENT:
            return _range(amount, _with_digits(5))
        case ScaleInput.ROWS_PER_S:
            return _range(amount, figure_words)
        case ScaleInput.RECORD_BYTES | ScaleInput.WRITTEN_BYTES:
            return f"{_range(amount, _with_digits(2))} B"
        case ScaleInput.WRITTEN_BYTES_PER_S:
            return f"{_range(amount.times(1e-3), figure_words)} kB/s"
        case ScaleInput.REPLICAS:
            return number(amount.low)
        case ScaleInput.CORES:
            return number(amount.low)
        case _:
            assert_never(kind)


def _with_digits(digits: int) -> Callable[[float], str]:
    return lambda value: number(value, digits)


def _range(amount: Amount, written: Callable[[float], str]) -> str:
    low, high = written(amount.low), written(amount.high)
    return low if low == high else f"{low}–{high}"
