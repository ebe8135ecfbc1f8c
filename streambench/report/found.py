"""What a run of searches found, ranked: rates within the precision of each other share a rank."""

from __future__ import annotations

from dataclasses import dataclass, replace

from streambench.model.search import SearchRecord
from streambench.model.sweep import AxisName
from streambench.report.standing import Standing, standings, title_of
from streambench.results.bundle import Bundle, TrialBundle


@dataclass(frozen=True)
class FoundRate:
    """One variant's search; `confirmed` is the standing of the trial that confirmed its rate."""

    label: str
    title: str
    record: SearchRecord | None
    confirmed: Standing | None
    rank: int | None = None
    tied: bool = False

    @property
    def rate_per_s(self) -> int | None:
        """The lag-bounded rate, confirmed."""
        return None if self.record is None else self.record.lag_bounded_per_s

    @property
    def place(self) -> str:
        """`1`, `2=` when not told apart from another, or nothing."""
        return "" if self.rank is None else f"{self.rank}{'=' if self.tied else ''}"


def found_rates(bundle: Bundle) -> tuple[FoundRate, ...]:
    """All variants, the highest confirmed rate first, those without one last."""
    records = {record.label: record for record in bundle.run.searches}
    every = [
        FoundRate(
            label,
            title_of(bundle, label),
            records.get(label),
            _confirmed(bundle, label, records),
        )
        for label in bundle.labels
    ]
    ordered = sorted(every, key=lambda one: -(one.rate_per_s or 0))
    return _ranked(ordered, 0.0 if bundle.run.search is None else bundle.run.search.precision)


def _ranked(ordered: list[FoundRate], precision: float) -> tuple[FoundRate, ...]:
    groups: list[list[FoundRate]] = []
    rest: list[FoundRate] = []
    for one in ordered:
        if one.rate_per_s is None:
            rest.append(one)
        elif groups and (groups[-1][0].rate_per_s or 0) <= one.rate_per_s * (1 + precision):
            groups[-1].append(one)
        else:
            groups.append([one])
    ranked: list[FoundRate] = []
    for group in groups:
        rank = len(ranked) + 1
        ranked += [replace(one, rank=rank, tied=len(group) > 1) for one in group]
    return (*ranked, *rest)


def _confirmed(bundle: Bundle, label: str, records: dict[str, SearchRecord]) -> Standing | None:
    record = records.get(label)
    if record is None or record.lag_bounded_per_s is None:
        return None
    trials = tuple(t for t in bundle.of(label) if _rate(t) == record.lag_bounded_per_s)
    if not trials:
        return None
    (stand,) = (s for s in standings(replace(bundle, trials=trials)) if s.label == label)
    return stand


def _rate(trial: TrialBundle) -> int:
    return int(dict(trial.record.point).get(AxisName.RATE, 0))
