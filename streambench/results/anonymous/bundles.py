"""A bundle as it may be given away, for everyone who reads its records."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from streambench.model.conditions import Variant, folder_of
from streambench.model.kafka_access import addresses
from streambench.model.plan import Program
from streambench.results.anonymous.keys import KeyNumbers
from streambench.results.anonymous.learned import learned
from streambench.results.anonymous.mask import LEFT_OUT, Mask
from streambench.results.anonymous.records import Masking, masked_variants
from streambench.results.bundle import Bundle, TrialBundle
from streambench.runtime.identity import telling, this_machine
from streambench.workload.forms import effective


@dataclass(frozen=True, eq=False)
class Anonymous:
    """A bundle without what tells whose it is; its tables lie where they lay.

    `labels` leads from each label to the present one. `numbers` are those of the keys; None: they stay.
    """

    bundle: Bundle
    labels: dict[str, str]
    numbers: KeyNumbers | None


def anonymous(bundle: Bundle) -> Anonymous:
    """The same run without names of machines and users, folders, addresses and logs."""
    identity = this_machine(bundle.folder) | learned(bundle.folder) | telling(_hosts(bundle))
    mask = Mask(identity)
    variants = masked_variants(_variants(bundle), mask)
    labels = {label: variant.label for label, variant in variants.items()}
    for number, label in enumerate(_only_named(bundle, labels), 1):
        labels[label] = f"{label.partition('+')[0]}+{LEFT_OUT}{number}"
    renamed = {
        form(old): form(new)
        for old, new in labels.items()
        if old != new
        for form in (str, folder_of)
    }
    mask = Mask(mask.identity, renamed)
    numbers = KeyNumbers.of(bundle) if _keys_are_data(bundle, mask) else None
    masking = Masking(mask, mask.text if numbers is None else numbers.name, variants)

    def masked(trial: TrialBundle) -> TrialBundle:
        record = masking.record(trial.record)
        return replace(trial, record=replace(record, programs=_without_tables(record.programs)))

    run = masking.record(bundle.run)
    plans = {
        label: replace(plan, programs=_without_tables(plan.programs))
        for label, plan in run.plans.items()
    }
    found = replace(
        bundle,
        run=replace(run, plans=plans),
        trials=tuple(map(masked, bundle.trials)),
        loads=tuple(map(masked, bundle.loads)),
        gaps=tuple(replace(gap, folder=mask.text(gap.folder)) for gap in bundle.gaps),
        named=name_of(bundle),
    )
    return Anonymous(found, labels, numbers)


def _hosts(bundle: Bundle) -> Iterator[str]:
    """Those of a Kafka and of clusters of the user's, where these keep checkpoints, and who played the load."""
    for trial in (*bundle.trials, *bundle.loads):
        yield from (clock.host for clock in trial.record.compared.bounds)
    if (foreign := bundle.run.conditions.foreign_kafka) is not None:
        yield from (host for host, _ in addresses(foreign.bootstrap))
    for cluster in bundle.run.conditions.foreign_clusters:
        for url in (cluster.endpoint.removeprefix("k8s://"), cluster.checkpoint_dir or ""):
            yield from (
                host.rpartition(":")[0] or host
                for host in urlsplit(url).netloc.split(",")
                if host
            )


def _without_tables(programs: Sequence[Program]) -> tuple[Program, ...]:
    """What a user's own table holds is left out."""
    return tuple(
        replace(each, text=f"{LEFT_OUT}\n") if each.is_table else each for each in programs
    )


def name_of(bundle: Bundle) -> str:
    """How a run calls its folder, whatever a user called it since."""
    stamp = re.sub(r":", "", bundle.run.started_at[:19])
    return f"{stamp}-{folder_of(bundle.run.workload)}"


def _variants(bundle: Bundle) -> Iterator[Variant]:
    for trial in (*bundle.trials, *bundle.loads):
        yield trial.record.variant
    yield from (search.variant for search in bundle.run.searches)
    yield from (drained.variant for drained in bundle.run.drains)


def _only_named(bundle: Bundle, labels: dict[str, str]) -> list[str]:
    """Labels of variants that were planned and have no record; a digest in one stands for a value."""
    return [label for label in bundle.labels if label not in labels and "~" in label]


def _keys_are_data(bundle: Bundle, mask: Mask) -> bool:
    """Whether keys may come from a user's file, or are declared by words that are left out."""
    if bundle.run.rate_per_s is None:
        return True  # a replay
    try:
        workload = effective(tomllib.loads(bundle.run.workload_text))
    except tomllib.TOMLDecodeError:
        return False
    declared, query = workload.get("input", {}), workload.get("query", {})
    if isinstance(query, dict) and query.get("lookup"):
        return True
    return any(mask.text(text) != text for text in _strings(declared))


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for each in value:
                yield from _strings(each)
        case dict():
            for each in value.values():
                yield from _strings(each)
