"""Which trials may be ranked at all, however right they are, and why others may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streambench.model.clocks import not_compared
from streambench.model.conditions import Guarantee
from streambench.model.kafka_access import all_here
from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle
from streambench.results.speed import at_another_speed, completed_records

WARMING_SHARE = 0.25
"""A trend that moves the delay by more than this part of its median says that warm-up was not over."""

MOVING_TRIALS = 0.25
"""Up to this part of an engine's trials may have such a trend.

Were one enough, each trial more would make a ranking less likely: of an engine with a trend in one trial
of ten, 41 of 100 runs of five trials could not be ranked, and 72 of 100 with twelve.
"""


def delay_stem(bundle: Bundle) -> str:
    """Whose stamps are the honest ones: visible under exactly-once, else appended."""
    exactly = bundle.run.conditions.guarantee is Guarantee.EXACTLY_ONCE
    return "visible" if exactly else "delay"


def late_possible(bundle: Bundle) -> bool:
    """Whether records may lawfully have been dropped, so that delay is not ranked."""
    return bundle.run.late_model is not None or any(
        trial.record.late is not None for trial in bundle.trials
    )


def trials_at_another_speed(bundle: Bundle) -> Mapping[int, str]:
    """Trial number → how the machine's speed differed then, in words."""
    return at_another_speed(completed_records(bundle))


def unbelieved(bundle: Bundle, records: Sequence[TrialRecord]) -> str | None:
    """Why no delay of these trials may be ranked, however right they are; None when all may."""
    return (
        unusable(bundle, records) or _by_unknown_clocks(bundle, records) or still_warming(records)
    )


def _by_unknown_clocks(bundle: Bundle, records: Sequence[TrialRecord]) -> str | None:
    """A delay until a row is appended ends by a broker's clock; a visible one by the clock of who reads."""
    visible = delay_stem(bundle) == "visible"
    kafka = bundle.run.conditions.foreign_kafka
    never = kafka is not None and not all_here(kafka.bootstrap)  # as before they were compared
    for record in records:
        if (told := record.certificate) is None:
            continue
        if not visible and (unknown := not_compared(told.clocks, told.unknown_clocks)):
            broker = unknown[0].broker
            whose = (
                "the brokers' clocks are" if broker is None else f"the clock of broker {broker} is"
            )
            return f"how far {whose} from this machine's is not known: {unknown[0].why}"
        if not visible and never and not told.clocks:
            return "how far the brokers' clocks are from this machine's was not measured"
        if record.delay_error(visible=visible) is None:
            return (
                "how far the shards' clocks are from the coordinator's is not known: "
                "they were not compared with one and the same broker"
            )
    return None


def unusable(bundle: Bundle, records: Sequence[TrialRecord]) -> str | None:
    """Why no figure of them may be compared with others, cost included; None when all may."""
    for record in records:
        if record.cold or bundle.run.quick:
            return "cold: too short to be ranked"
        if record.saturated:
            return "saturated: no room was left on the machine"
        if record.certificate is None:
            return "the generator gave no certificate"
        if not record.certificate.held:
            return (
                f"the generator's certificate did not hold: {record.certificate.reason or 'late'}"
            )
    odd = trials_at_another_speed(bundle)
    at_odds = [record for record in records if record.number in odd]
    if at_odds:  # the report's table of the machine has both figures
        return f"the machine's speed changed{_in_how_many(at_odds, records)}"
    return None


def still_warming(records: Sequence[TrialRecord]) -> str | None:
    """Why an engine whose delay had not settled in these trials is not ranked; None when it may be.

    A trend in a quarter of the trials or fewer is left in their figures: it widens their interval.
    """
    moving = [record for record in records if (record.trend_share or 0.0) > WARMING_SHARE]
    if len(moving) <= MOVING_TRIALS * len(records):
        return None
    trend = moving[0].trend or "the delay had a trend"
    what = "not settled" if "rises" in trend else "still warming"
    return f"{what}: {trend}{_in_how_many(moving, records)}"


def _in_how_many(some: Sequence[object], every: Sequence[object]) -> str:
    return "" if len(every) == 1 else f", in {len(some)} of {len(every)} trials"


def worked_off_a_backlog(record: TrialRecord) -> bool:
    """Whether more was processed in the measured part than came in it, by more than two windows' load.

    Windows at the edges of the part explain less than that.
    """
    processed, offered = (record.measures.get(f"{it}_per_s") for it in ("processed", "offered"))
    if processed is None or not offered:
        return False
    return (processed / offered - 1) * record.measured_windows > 2
