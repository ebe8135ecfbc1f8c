"""What bundles on the same terms say together: engines, the player, the load and the machine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

from streambench.analysis.scale.commands import curve_of, searchable
from streambench.analysis.scale.engines import engine_basis, why_not_planned
from streambench.analysis.scale.values import (
    Amount,
    EngineBasis,
    LoadBasis,
    NoBasis,
    PlayerBasis,
    ScaleBasis,
)
from streambench.kafka.player import processes_for
from streambench.load.sample import LoadSample, sample_load
from streambench.model.errors import UsageError
from streambench.model.trial import Completed, TrialRecord
from streambench.model.written import quoted
from streambench.results.bundle import Bundle
from streambench.workload.locate import FILE_NAME
from streambench.workload.names import nearest
from streambench.workload.parse import load_workload


def basis_of(bundles: Sequence[Bundle], engines: Sequence[str] = ()) -> ScaleBasis:
    """What they say of these engines, or of all; bundles are on the same terms, the newest first.

    Raises UsageError where an engine is in none of them, or no trial of any is valid and right.
    """
    labels = _asked(bundles, engines)
    found = [engine_basis(bundles, label) for label in labels]
    known = tuple(each for each in found if isinstance(each, EngineBasis))
    unknown = tuple(each for each in found if isinstance(each, NoBasis))
    if not known:
        raise _nothing(bundles, unknown)
    first = bundles[0].run
    foreign = first.conditions.foreign_kafka
    days = sorted(bundle.run.started_at[:10] for bundle in bundles)
    return ScaleBasis(
        workload=first.workload,
        guarantee=first.conditions.guarantee.value,
        bundles=tuple(bundle.name for bundle in bundles),
        first_day=days[0],
        last_day=days[-1],
        processor=first.environment.get("processor", "unknown processor"),
        cores=cores_of(bundles[0]),
        memory=first.environment.get("memory", "unknown memory"),
        replication=1 if foreign is None else foreign.replication,
        broker_elsewhere=foreign is not None,
        elsewhere=(
            *(() if foreign is None else ("the broker",)),
            *(each.title for each in known if each.elsewhere),
        ),
        engines=known,
        unknown=unknown,
        player=player_basis(bundles),
        load=load_basis(bundles, max(each.rate_per_s for each in known)),
        searchable=searchable(bundles),
    )


def cores_of(bundle: Bundle) -> int | None:
    """Logical cores of its machine; None where the bundle does not say."""
    told = bundle.run.environment.get("logical cores", "")
    return int(told) if told.isdecimal() else None


def player_basis(bundles: Sequence[Bundle]) -> PlayerBasis | None:
    """The most that a process carried, of what curves, sweeps and searches try without an engine."""
    found = [each for bundle in bundles if (each := _alone(bundle)) is not None]
    return max(found, key=lambda each: each.most_per_s, default=None)


def load_basis(bundles: Sequence[Bundle], rate_per_s: float) -> LoadBasis:
    """Bytes as trials noted them, at the highest rate; what they did not note is made again."""
    noted = [
        (trial.record.records / seconds, trial.record.load_bytes / trial.record.records)
        for bundle in bundles
        for trial in bundle.trials
        if trial.record.load_bytes
        and trial.record.records
        and (seconds := _load_s(trial.record))
        and isinstance(trial.record.outcome, Completed)
    ]
    sample = _sampled(bundles[0], max(1, round(rate_per_s)))
    share = None if sample is None else sample.busiest_share
    if noted:
        return LoadBasis(max(noted)[1], share, made_again=False)
    return LoadBasis(None if sample is None else sample.bytes_per_record, share, made_again=True)


def _load_s(record: TrialRecord) -> float | None:
    end_ms = max((span.end_ms for span in record.spans), default=0)
    return end_ms / 1_000 or None


def _asked(bundles: Sequence[Bundle], engines: Sequence[str]) -> tuple[str, ...]:
    labels = tuple(dict.fromkeys(label for bundle in bundles for label in bundle.labels))
    missing = next((each for each in engines if each not in labels), None)
    if missing is not None:
        raise not_there(missing, ", ".join(bundle.name for bundle in bundles), labels)
    return tuple(engines) or labels


def not_there(engine: str, where: str, labels: Sequence[str]) -> UsageError:
    """That no run of an engine is there; the hint has the nearest that is, else how there is one."""
    near = nearest(engine, labels)
    plan = f"streambench plan --rate 10M --engine {near}"
    return UsageError(
        f"there is no run of {quoted(engine)} in {where}; there is {', '.join(labels)}",
        hint=f"streambench curve --engine {engine}" if near is None else plan,
    )


def _nothing(bundles: Sequence[Bundle], unknown: Sequence[NoBasis]) -> UsageError:
    names = ", ".join(bundle.name for bundle in bundles)
    reasons = [why for bundle in bundles if (why := why_not_planned(bundle)) is not None]
    curve = curve_of(bundles[0].run.workload, any_rate=searchable(bundles))
    if reasons and len(reasons) == len(bundles):
        return UsageError(f"{names} says nothing of a rate: {reasons[0]}", hint=curve)
    if not unknown:
        return UsageError(f"{names} holds no trial", hint=curve)
    first = unknown[0]
    return UsageError(
        f"no trial of {', '.join(each.label for each in unknown)} in {names} can be planned from: "
        f"{first.why}",
        hint=first.command,
    )


def _alone(bundle: Bundle) -> PlayerBasis | None:
    found, cores = bundle.run.capacity, cores_of(bundle)
    if found is None or cores is None:
        return None
    partitions = bundle.run.conditions.partitions
    carried = [
        (step.rate_per_s / processes_for(step.rate_per_s, partitions, cores), step)
        for step in found.steps
        if step.held
    ]
    if not carried:
        return None
    most_per_s, step = max(carried, key=lambda each: each[0])
    cost = Amount.just(step.player_cores / (step.rate_per_s / 1e6))
    seen = not all(each.held for each in found.steps)
    return PlayerBasis(most_per_s, cost, edge_seen=seen, bundle=bundle.name)


def _sampled(bundle: Bundle, rate_per_s: int) -> LoadSample | None:
    """Of the declaration in the bundle; None where that needs files that are not in it."""
    with tempfile.TemporaryDirectory(prefix="streambench-plan-") as folder:
        place = Path(folder) / "workload"
        place.mkdir()
        (place / FILE_NAME).write_text(bundle.run.workload_text, encoding="utf-8")
        try:
            workload = load_workload(place)
            return sample_load(
                workload,
                rate_per_s=rate_per_s,
                partitions=bundle.run.conditions.partitions,
                seed=bundle.run.seed,
            )
        except (UsageError, OSError):
            return None
