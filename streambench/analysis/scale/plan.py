"""What a rate needs on paper: every line reckoned from what was measured, or unknown."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from streambench.analysis.scale.commands import curve_of, search_of
from streambench.analysis.scale.lines import (
    Assumption,
    ScaleBound,
    ScaleInput,
    ScaleItem,
    ScaleLine,
    Unmeasured,
)
from streambench.analysis.scale.values import (
    Amount,
    EngineBasis,
    MeasuredAt,
    NoBasis,
    ScaleBasis,
    ScaleFigure,
)

EXTRAPOLATED: Final = 10.0
"""A rate more than so many times the measured one is an extrapolation."""
_HOUR_S: Final = 3_600


@dataclass(frozen=True)
class ScaleTerms:
    """What was asked: events/s, copies of each record, and which share of everything is left free."""

    rates_per_s: tuple[int, ...]
    replication: int
    headroom: float

    @property
    def used(self) -> float:
        """The share that is in use."""
        return 1 - self.headroom


@dataclass(frozen=True)
class PlannedRate:
    """What one rate needs; it is `times_measured` the lowest rate, `measured_per_s`, that a line goes by."""

    rate_per_s: int
    measured_per_s: float
    times_measured: float
    extrapolated: bool
    lines: tuple[ScaleLine, ...]


@dataclass(frozen=True)
class EnginePlan:
    """The needs of one variant at each rate that was asked for."""

    basis: EngineBasis
    rates: tuple[PlannedRate, ...]


@dataclass(frozen=True)
class ScalePlan:
    """A whole plan, with what it goes by."""

    basis: ScaleBasis
    terms: ScaleTerms
    engines: tuple[EnginePlan, ...]

    @property
    def unknown(self) -> tuple[NoBasis, ...]:
        """Variants of which nothing can be said."""
        return self.basis.unknown


def plan_of(basis: ScaleBasis, terms: ScaleTerms) -> ScalePlan:
    """Reckon every line for every engine and rate."""
    engines = tuple(
        EnginePlan(
            engine,
            tuple(_planned(basis, engine, terms, rate) for rate in terms.rates_per_s),
        )
        for engine in basis.engines
    )
    return ScalePlan(basis, terms, engines)


def _planned(basis: ScaleBasis, engine: EngineBasis, terms: ScaleTerms, rate: int) -> PlannedRate:
    lines = tuple(_lines(basis, engine, terms, rate))
    stood_on = (line.measured_per_s for line in lines if line.measured_per_s is not None)
    measured_per_s = min(stood_on, default=engine.rate_per_s)
    times = rate / measured_per_s
    return PlannedRate(rate, measured_per_s, times, times > EXTRAPOLATED, lines)


def _lines(
    basis: ScaleBasis, engine: EngineBasis, terms: ScaleTerms, rate: int
) -> Iterator[ScaleLine]:
    yield _cores(ScaleItem.ENGINE_CORES, basis, engine, terms, rate)
    yield from _shares(basis, engine, terms, rate)
    yield _busiest(basis, engine, rate)
    yield _rows(basis, engine, rate)
    yield from _brokers(basis, engine, terms, rate)
    yield from _bytes(basis, engine, terms, rate)
    yield from _players(basis, rate)


def _cores(
    item: ScaleItem, basis: ScaleBasis, engine: EngineBasis, terms: ScaleTerms, rate: int
) -> ScaleLine:
    """Of engine or brokers: cost × rate ÷ the share in use."""
    of_engine = item is ScaleItem.ENGINE_CORES
    cost = engine.figures.get(ScaleFigure.ENGINE_COST if of_engine else ScaleFigure.BROKER_COST)
    if cost is None:
        part = "engine" if of_engine else "broker"
        elsewhere = engine.elsewhere if of_engine else basis.broker_elsewhere
        why = (
            f"the {part} ran elsewhere, and streambench measures the cost only of what it starts here"
            if elsewhere
            else f"no trial knows what a million events cost the {part}"
        )
        return ScaleLine(item, None, unknown=Unmeasured(why, _curve(basis, engine)))
    found = [Assumption.COST_STAYS]
    if engine.borne is None or cost.rate_per_s < engine.borne.rate_per_s:
        found.append(Assumption.IDLE_IN_COST)
    on_top = not of_engine and terms.replication > basis.replication
    if on_top:
        found.append(Assumption.LEADERS_ALONE)
    return ScaleLine(
        item,
        cost.amount.times(rate / 1e6 / terms.used),
        _inputs(terms, COST=cost.amount),
        tuple(found),
        cost.rate_per_s,
        cost.trials,
        bound=ScaleBound.AT_LEAST if on_top else ScaleBound.EXACT,
    )


def _shares(
    basis: ScaleBasis, engine: EngineBasis, terms: ScaleTerms, rate: int
) -> Iterator[ScaleLine]:
    """Workers and partitions, of which each bears its part of the highest rate that was borne."""
    borne = engine.borne
    if borne is None:
        unknown = _edge_unknown(basis, engine)
        for item in (ScaleItem.WORKERS, ScaleItem.PARTITIONS):
            yield ScaleLine(item, None, unknown=unknown)
        return
    least = () if engine.refused else (Assumption.LEAST_OF_ENGINE,)
    for item, count, assumed in (
        (
            ScaleItem.WORKERS,
            engine.workers,
            (Assumption.WORKERS_ADD_UP, Assumption.WORKER_AS_MEASURED),
        ),
        (
            ScaleItem.PARTITIONS,
            engine.partitions,
            (Assumption.KEYS_EVEN, Assumption.PARTITION_AS_MEASURED),
        ),
    ):
        each = borne.rate_per_s / count
        yield ScaleLine(
            item,
            Amount.just(_whole(rate / each / terms.used)),
            _inputs(terms, RATE_OF_EACH=Amount.just(each)),
            (*assumed, *least),
            borne.rate_per_s,
            borne.trials,
            ScaleBound.EXACT if engine.refused else ScaleBound.AT_MOST,
        )


def _edge_unknown(basis: ScaleBasis, engine: EngineBasis) -> Unmeasured:
    """Why nobody knows which rate it bears."""
    if not basis.searchable:
        return Unmeasured("no rate is searched where records may lawfully be late", None)
    command = search_of(basis.workload, engine.label)
    if engine.refused is None:
        why = "no search and no curve showed the highest rate that it keeps up with"
        return Unmeasured(why, command)
    return Unmeasured("no rate below one that it did not bear was shown to be borne", command)


def _busiest(basis: ScaleBasis, engine: EngineBasis, rate: int) -> ScaleLine:
    """One key is in one partition, however many there are."""
    item, share = ScaleItem.BUSIEST_KEY, basis.load.busiest_share
    if share is None:
        why = "the load cannot be made again from the bundle alone"
        return ScaleLine(item, None, unknown=Unmeasured(why, None))
    inputs = {ScaleInput.BUSIEST_SHARE: Amount.just(share)}
    over = None
    if engine.borne is not None:
        each = engine.borne.rate_per_s / engine.partitions
        inputs[ScaleInput.RATE_OF_EACH] = Amount.just(each)
        over = rate * share / each
    return ScaleLine(
        item, Amount.just(rate * share), inputs, (Assumption.KEYS_AS_DECLARED,), over=over
    )


def _rows(basis: ScaleBasis, engine: EngineBasis, rate: int) -> ScaleLine:
    rows = engine.figures.get(ScaleFigure.RESULT_ROWS)
    if rows is None:
        why = "no trial noted its rows and its records"
        return ScaleLine(
            ScaleItem.RESULT_ROWS, None, unknown=Unmeasured(why, _curve(basis, engine))
        )
    return ScaleLine(
        ScaleItem.RESULT_ROWS,
        _stay_or_grow(rows, rate),
        {
            ScaleInput.ROWS_PER_EVENT: rows.amount,
            ScaleInput.ROWS_PER_S: rows.amount.times(rows.rate_per_s),
        },
        (Assumption.KEYS_STAY_OR_GROW,),
        rows.rate_per_s,
        rows.trials,
    )


def _brokers(
    basis: ScaleBasis, engine: EngineBasis, terms: ScaleTerms, rate: int
) -> Iterator[ScaleLine]:
    cores = _cores(ScaleItem.BROKER_CORES, basis, engine, terms, rate)
    yield cores
    if cores.amount is None or basis.cores is None:
        unknown = cores.unknown or Unmeasured(
            "the bundle does not say how many cores its machine had", _curve(basis, engine)
        )
        yield ScaleLine(ScaleItem.BROKERS, None, unknown=unknown)
        return
    ends = (
        max(terms.replication, _whole(end / basis.cores))
        for end in (cores.amount.low, cores.amount.high)
    )
    yield ScaleLine(
        ScaleItem.BROKERS,
        Amount(*ends),
        {
            ScaleInput.CORES: Amount.just(basis.cores),
            ScaleInput.REPLICAS: Amount.just(terms.replication),
        },
        (Assumption.BROKER_AS_MEASURED, *cores.assumptions),
        cores.measured_per_s,
        cores.trials,
        bound=cores.bound,
    )


def _bytes(
    basis: ScaleBasis, engine: EngineBasis, terms: ScaleTerms, rate: int
) -> Iterator[ScaleLine]:
    """What goes through the network and onto disks, without any share left free."""
    record_bytes = basis.load.bytes_per_record
    written = engine.figures.get(ScaleFigure.WRITTEN_BYTES)
    if record_bytes is None:
        why = "the trials did not note how many bytes were sent"
        unknown = Unmeasured(why, curve_of(basis.workload, engine.label, any_rate=False))
        for item in (
            ScaleItem.ENGINE_IN,
            ScaleItem.BROKERS_IN,
            ScaleItem.BROKERS_OUT,
            ScaleItem.DISK,
        ):
            yield ScaleLine(item, None, unknown=unknown)
        return
    sent = Amount.just(rate * record_bytes)
    inputs = {ScaleInput.RECORD_BYTES: Amount.just(record_bytes)}
    yield ScaleLine(ScaleItem.ENGINE_IN, sent, inputs, (Assumption.READ_ONCE,))
    if written is None:
        why = (
            "the broker ran elsewhere, and streambench measures growth only of what it starts here"
            if basis.broker_elsewhere
            else "no trial knows what output and internal topics grew by"
        )
        unknown = Unmeasured(why, _curve(basis, engine))
        for item in (ScaleItem.BROKERS_IN, ScaleItem.BROKERS_OUT, ScaleItem.DISK):
            yield ScaleLine(item, None, unknown=unknown)
        return
    appended = sent.plus(_stay_or_grow(written, rate))
    inputs |= {
        ScaleInput.WRITTEN_BYTES: written.amount,
        ScaleInput.WRITTEN_BYTES_PER_S: written.amount.times(written.rate_per_s),
        ScaleInput.REPLICAS: Amount.just(terms.replication),
    }
    kept = (Assumption.KEYS_STAY_OR_GROW, Assumption.COPIES_IN_FULL)
    # Out of a broker goes a copy for each follower, and one for whoever reads.
    for item, amount, assumed in (
        (ScaleItem.BROKERS_IN, appended.times(terms.replication), kept),
        (ScaleItem.BROKERS_OUT, appended.times(terms.replication), (*kept, Assumption.READ_ONCE)),
        (
            ScaleItem.DISK,
            appended.times(terms.replication * _HOUR_S),
            (*kept, Assumption.KEPT_AN_HOUR),
        ),
    ):
        yield ScaleLine(item, amount, inputs, assumed, written.rate_per_s, written.trials)


def _players(basis: ScaleBasis, rate: int) -> Iterator[ScaleLine]:
    """The generator is certified at its rate: no share of it is left free."""
    player = basis.player
    if player is None:
        unknown = Unmeasured(
            "what the player carries without an engine was not tried",
            curve_of(basis.workload) if basis.searchable else None,
        )
        for item in (ScaleItem.PLAYERS, ScaleItem.PLAYER_CORES):
            yield ScaleLine(item, None, unknown=unknown)
        return
    assumed = Assumption.PLAYER_ALONE
    least = () if player.edge_seen else (Assumption.LEAST_OF_PLAYER,)
    yield ScaleLine(
        ScaleItem.PLAYERS,
        Amount.just(_whole(rate / player.most_per_s)),
        {ScaleInput.RATE_OF_EACH: Amount.just(player.most_per_s)},
        (assumed, *least),
        player.most_per_s,
        bound=ScaleBound.EXACT if player.edge_seen else ScaleBound.AT_MOST,
    )
    yield ScaleLine(
        ScaleItem.PLAYER_CORES,
        player.cost.times(rate / 1e6),
        {ScaleInput.COST: player.cost},
        (Assumption.COST_STAYS, assumed),
        player.most_per_s,
    )


def _stay_or_grow(found: MeasuredAt, rate: int) -> Amount:
    """Of what follows keys and not events: as much a second as was measured, or as much an event."""
    ends = [
        end * per_s
        for end in (found.amount.low, found.amount.high)
        for per_s in (rate, found.rate_per_s)
    ]
    return Amount(min(ends), max(ends))


def _inputs(terms: ScaleTerms, **amounts: Amount) -> Mapping[ScaleInput, Amount]:
    named = {ScaleInput[name]: amount for name, amount in amounts.items()}
    return {**named, ScaleInput.USED_SHARE: Amount.just(terms.used)}


def _curve(basis: ScaleBasis, engine: EngineBasis) -> str:
    return curve_of(basis.workload, engine.label, any_rate=basis.searchable)


def _whole(value: float) -> int:
    """The next whole number; what lies above one by rounding alone is that one."""
    return math.ceil(value - 1e-9 * abs(value))


def lines_by_item(rates: Sequence[PlannedRate]) -> Iterator[tuple[ScaleLine, ...]]:
    """The same line of every rate, item by item."""
    yield from zip(*(rate.lines for rate in rates), strict=True)
