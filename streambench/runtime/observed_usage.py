"""From samples of usual metrics to what brokers, workers and coordinators used (`metric_names`)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from streambench.model.observed import ObservedUsage
from streambench.model.plan import Role
from streambench.runtime.metric_names import BY_LABEL, BY_NAME, CONTAINER, Amounts
from streambench.runtime.prometheus import Prometheus, Samples

_Target: TypeAlias = tuple[str, ...]
_Of: TypeAlias = Callable[[Mapping[str, str]], _Target | None]
_Scrape: TypeAlias = frozenset[tuple[str, str]]
_KUBERNETES = "pod"
# As the operator of Prometheus calls the pod of a target, and Strimzi's examples do.
_PODS = (("namespace", _KUBERNETES), ("namespace", "kubernetes_pod_name"))
# What one process tells in parts, in the metrics that are asked for. All other labels say who scraped
# it, or which of its lives it is.
_PARTS = frozenset({"cpu", "interface", "topic"})


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

    Nothing is extrapolated to the interval's ends. What is scraped several times is counted once
    (`_lives`). Raises NotPrometheus.
    """
    interval = _Stretch(server, start_s, end_s)
    found: list[ObservedUsage] = []
    by_pod: dict[tuple[Role, _Target], _Target] = {}
    again: set[_Target] = set()
    for known in BY_NAME:
        targets: set[_Target] = set()
        for each in interval.samples(known.marker):
            if (target := _instance(each.labels)) is not None:
                targets.add(target)
                if (pod := _pod(each.labels)) is not None:
                    by_pod[known.role, pod] = target
        found += _used(interval, known.amounts, dict.fromkeys(targets, known.role), _instance)
    for rule in BY_LABEL:
        wanted = "|".join(rule.roles)
        selector = f'{{{rule.label}=~"{wanted}"}}'

        def of(labels: Mapping[str, str], label: str = rule.label) -> _Target | None:
            return _container(labels, label)

        roles: dict[_Target, Role] = {}
        for each in interval.samples(f"{CONTAINER.cpu}{selector}"):
            role, target = rule.roles.get(each.labels.get(rule.label, "")), of(each.labels)
            if role is None or target is None:
                continue
            if (same := by_pod.get((role, _pod(each.labels) or ()))) is not None:
                again.add(same)  # it tells of itself, and more
            else:
                roles[target] = role
        found += _used(interval, CONTAINER, roles, of, selector)
    names = {_name(target) for target in again}
    counted = (
        replace(each, scraped=each.scraped + 1) if each.target in names else each for each in found
    )
    return tuple(sorted(counted, key=lambda each: (each.role or "", each.target)))


def roles_seen(server: Prometheus) -> dict[Role, int]:
    """How many processes of each role are scraped now. Raises NotPrometheus."""
    found: dict[Role, set[_Target]] = defaultdict(set)
    pods: set[tuple[Role, _Target | None]] = set()
    for known in BY_NAME:
        for each in server.latest(known.marker):
            if (target := _instance(each.labels)) is not None:
                found[known.role].add(target)
                pods.add((known.role, _pod(each.labels)))
    for rule in BY_LABEL:
        selector = f'{{{rule.label}=~"{"|".join(rule.roles)}"}}'
        for each in server.latest(f"{CONTAINER.cpu}{selector}"):
            role, target = (
                rule.roles.get(each.labels.get(rule.label, "")),
                _container(each.labels, rule.label),
            )
            if role is None or target is None:
                continue
            pod = _pod(each.labels)
            if pod is None or (role, pod) not in pods:
                found[role].add(target)
    return {role: len(targets) for role, targets in found.items()}


def _instance(labels: Mapping[str, str]) -> _Target | None:
    return (labels.get("job", ""), labels["instance"]) if "instance" in labels else None


def _container(labels: Mapping[str, str], label: str) -> _Target | None:
    """A container of a pod by Kubernetes' names, another one by its own."""
    if _KUBERNETES in labels:
        return (labels.get("namespace", ""), labels[_KUBERNETES], labels.get(label, ""))
    return (labels["name"],) if "name" in labels else None


def _pod(labels: Mapping[str, str]) -> _Target | None:
    """Namespace and name of the pod, where Kubernetes' names are kept."""
    for namespace, pod in _PODS:
        if pod in labels:
            return (labels.get(namespace, ""), labels[pod])
    return None


def _name(target: _Target) -> str:
    return "/".join(filter(None, target))


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
        mine = cpu.get(target, [])
        first = _seen_s(mine)
        lives, scraped = _lives(mine, first)
        in_use = _together([_lives(kind.get(target, []), first)[0] for kind in memory])
        grown = _grown(lives)
        found.append(
            ObservedUsage(
                role=role.value,
                target=_name(target),
                seen_s=_spanned_s(lives),
                cpu_s=None if grown is None else grown * amounts.cpu_factor,
                memory_mean_bytes=sum(in_use) / len(in_use) if in_use else None,
                memory_peak_bytes=max(in_use, default=None),
                memory_is=amounts.memory_is if in_use else None,
                received_bytes=_grown(_of_all_topics(_lives(received.get(target, []), first)[0])),
                sent_bytes=_grown(_of_all_topics(_lives(sent.get(target, []), first)[0])),
                scraped=scraped,
            )
        )
    return found


def _scrapes(series: Iterable[Samples]) -> dict[_Scrape, list[Samples]]:
    """The series of each scrape of each life: alike in all labels but parts of a whole."""
    found: dict[_Scrape, list[Samples]] = defaultdict(list)
    for each in series:
        found[frozenset(it for it in each.labels.items() if it[0] not in _PARTS)].append(each)
    return found


def _seen_s(series: Iterable[Samples]) -> dict[_Scrape, float]:
    """How long each scrape saw its target (s)."""
    return {scrape: _spanned_s(found) for scrape, found in _scrapes(series).items()}


def _lives(series: Sequence[Samples], first: Mapping[_Scrape, float]) -> tuple[list[Samples], int]:
    """A target's series as scraped once, and how many scrapes tell of the same time.

    Scrapes that follow each other are lives of the target, and all count. Of those that overlap one
    does: the one that saw its processor longest (`first`, s), so that all amounts are of the same one.
    """
    scrapes = _scrapes(series)
    order = sorted(
        scrapes,
        key=lambda scrape: (-first.get(scrape, 0), -_spanned_s(scrapes[scrape]), sorted(scrape)),
    )
    kept: list[list[Samples]] = []
    for scrape in order:
        if not any(_overlap(life, scrapes[scrape]) for life in kept):
            kept.append(scrapes[scrape])
    at_once = (sum(_overlap(life, each) for each in scrapes.values()) for life in kept)
    return [each for life in kept for each in life], max(at_once, default=1)


def _overlap(some: Sequence[Samples], others: Sequence[Samples]) -> bool:
    """Whether two scrapes tell of the same time: of more than the instant at which lives meet."""
    a, b = _ends_s(some)
    c, d = _ends_s(others)
    if a == b or c == d:
        return a <= d and c <= b
    return a < d and c < b


def _ends_s(series: Sequence[Samples]) -> tuple[float, float]:
    instants = [at_s for each in series for at_s, _ in each.values]
    return min(instants, default=0.0), max(instants, default=0.0)


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


def _spanned_s(series: Sequence[Samples]) -> float:
    begin_s, end_s = _ends_s(series)
    return end_s - begin_s


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
