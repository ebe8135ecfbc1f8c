"""From samples of usual metrics to what brokers, workers and coordinators used (`metric_names`)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from streambench.model.observed import ObservedUsage
from streambench.model.plan import Role
from streambench.runtime.metric_names import BY_LABEL, BY_NAME, CONTAINER, Amounts
from streambench.runtime.prometheus import Prometheus, Samples

_Target: TypeAlias = tuple[str, ...]
_Of: TypeAlias = Callable[[Mapping[str, str]], _Target | None]
_KUBERNETES = "pod"


@dataclass(frozen=True)
class _Stretch:
    """Asks each metric once, for the same interval (s since the epoch)."""

    server: Prometheus
    start_s: float
    end_s: float

    def samples(self, metric: str) -> tuple[Samples, ...]:
        return self.server.samples(metric, start_s=self.start_s, end_s=self.end_s)


def observed_usage(
    server: Prometheus, *, start_s: float, end_s: float
) -> tuple[ObservedUsage, ...]:
    """Every process that plays a role by its metrics, in an interval (s since the epoch).

    Nothing is extrapolated to the interval's ends. Raises NotPrometheus.
    """
    interval = _Stretch(server, start_s, end_s)
    found: list[ObservedUsage] = []
    for known in BY_NAME:
        targets = {
            target for each in interval.samples(known.marker) if (target := _instance(each.labels))
        }
        found += _used(interval, known.amounts, dict.fromkeys(targets, known.role), _instance)
    for rule in BY_LABEL:
        wanted = "|".join(rule.roles)
        selector = f'{{{rule.label}=~"{wanted}"}}'

        def of(labels: Mapping[str, str], label: str = rule.label) -> _Target | None:
            return _container(labels, label)

        roles: dict[_Target, Role] = {}
        for each in interval.samples(f"{CONTAINER.cpu}{selector}"):
            role, target = rule.roles.get(each.labels.get(rule.label, "")), of(each.labels)
            if role is not None and target is not None:
                roles[target] = role
        found += _used(interval, CONTAINER, roles, of, selector)
    return tuple(sorted(found, key=lambda each: (each.role or "", each.target)))


def roles_seen(server: Prometheus) -> dict[Role, int]:
    """How many processes of each role are scraped now. Raises NotPrometheus."""
    found: dict[Role, set[_Target]] = defaultdict(set)
    for known in BY_NAME:
        for each in server.latest(known.marker):
            if (target := _instance(each.labels)) is not None:
                found[known.role].add(target)
    for rule in BY_LABEL:
        selector = f'{{{rule.label}=~"{"|".join(rule.roles)}"}}'
        for each in server.latest(f"{CONTAINER.cpu}{selector}"):
            role, target = (
                rule.roles.get(each.labels.get(rule.label, "")),
                _container(each.labels, rule.label),
            )
            if role is not None and target is not None:
                found[role].add(target)
    return {role: len(targets) for role, targets in found.items()}


def _instance(labels: Mapping[str, str]) -> _Target | None:
    return (labels.get("job", ""), labels["instance"]) if "instance" in labels else None


def _container(labels: Mapping[str, str], label: str) -> _Target | None:
    """A container of a pod by Kubernetes' names, another one by its own."""
    if _KUBERNETES in labels:
        return (labels.get("namespace", ""), labels[_KUBERNETES], labels.get(label, ""))
    return (labels["name"],) if "name" in labels else None


def _used(
    interval: _Stretch,
    amounts: Amounts,
    roles: Mapping[_Target, Role],
    of: _Of,
    selector: str = "",
) -> list[ObservedUsage]:
    """What each of these targets used; metrics are told apart by `selector`, and by `of` whose they are."""
    if not roles:
        return []

    def by_target(metric: str | None) -> dict[_Target, list[Samples]]:
        found: dict[_Target, list[Samples]] = defaultdict(list)
        for each in () if metric is None else interval.samples(f"{metric}{selector}"):
            target = of(each.labels)
            if target in roles and target is not None:
                found[target].append(each)
        return found

    cpu = by_target(amounts.cpu)
    memory = [by_target(name) for name in amounts.memory]
    received, sent = by_target(amounts.received), by_target(amounts.sent)
    found = []
    for target, role in roles.items():
        in_use = _together([kind.get(target, []) for kind in memory])
        grown = _grown(cpu.get(target, []))
        found.append(
            ObservedUsage(
                role=role.value,
                target="/".join(filter(None, target)),
                seen_s=_spanned_s(cpu.get(target, [])),
                cpu_s=None if grown is None else grown * amounts.cpu_factor,
                memory_mean_bytes=sum(in_use) / len(in_use) if in_use else None,
                memory_peak_bytes=max(in_use, default=None),
                memory_is=amounts.memory_is if in_use else None,
                received_bytes=_grown(_of_all_topics(received.get(target, []))),
                sent_bytes=_grown(_of_all_topics(sent.get(target, []))),
            )
        )
    return found


def _of_all_topics(series: Sequence[Samples]) -> Sequence[Samples]:
    """Of traffic that is told of all topics and of each, the former."""
    whole = [each for each in series if "topic" not in each.labels]
    return whole or series


def _grown(series: Sequence[Samples]) -> float | None:
    """By how much counters grew between their samples; one that falls began anew. None: too few samples."""
    several = [each.values for each in series if len(each.values) > 1]
    if not several:
        return None
    return sum(
        later - before if later >= before else later
        for values in several
        for (_, before), (_, later) in itertools.pairwise(values)
    )


def _spanned_s(series: Iterable[Samples]) -> float:
    instants = [at_s for each in series for at_s, _ in each.values]
    return max(instants) - min(instants) if instants else 0.0


def _together(kinds: Sequence[Sequence[Samples]]) -> list[float]:
    """The sum over the kinds at each instant at which all of them are known; over a target's series, too."""
    sums: list[dict[float, float]] = []
    for kind in kinds:
        at: dict[float, float] = defaultdict(float)
        for each in kind:
            for at_s, value in each.values:
                at[at_s] += value
        sums.append(at)
    if not sums:
        return []
    instants = set.intersection(*(set(at) for at in sums))
    return [sum(at[instant] for at in sums) for instant in sorted(instants)]
