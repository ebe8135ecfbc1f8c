"""Whether a delay keeps a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from streambench.model.clocks import Offset
from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Quantile
from streambench.model.trial import TrialRecord


@dataclass(frozen=True)
class LimitKept:
    """Whether a delay keeps a limit, wherever the clocks were; None: that hangs on them. `why` has the delay.

    `clocks_unknown`: how far they were apart is not known, so nothing can be said of any delay.
    """

    kept: bool | None
    why: str
    clocks_unknown: bool = False


def limit_kept(record: TrialRecord, limit: Limit, guarantee: Guarantee) -> LimitKept:
    """Whether the result delay of a load keeps `limit`.

    Under exactly-once the visible delay counts. Where too few windows earn the percentile the slowest
    one stands in its place, which is stricter; a delay that is not known does not keep a limit.
    """
    name, value_ms = _delay(record.measures, limit, guarantee)
    if value_ms is None:
        return LimitKept(False, f"its {limit.quantile.value} is not known")
    said = f"its {name} was {value_ms:,.0f} ms"
    error = record.delay_error(visible=guarantee is Guarantee.EXACTLY_ONCE)
    if error is None:
        return LimitKept(None, f"{said}, by clocks of which the distance is not known", True)
    kept = _surely(value_ms, limit.most_ms, error)
    if kept is None:
        said = f"{said}, and clocks may have it off by {error.words}"
    return LimitKept(kept, said)


def _surely(value_ms: float, most_ms: float, error: Offset) -> bool | None:
    if value_ms - error.low_ms <= most_ms:
        return True
    return False if value_ms - error.high_ms > most_ms else None


def delay_of(
    measures: Mapping[str, float | None], limit: Limit, guarantee: Guarantee
) -> float | None:
    """The delay (ms) that is held against `limit`; None where it is not known."""
    return _delay(measures, limit, guarantee)[1]


def _delay(
    measures: Mapping[str, float | None], limit: Limit, guarantee: Guarantee
) -> tuple[str, float | None]:
    stem = "visible" if guarantee is Guarantee.EXACTLY_ONCE else "delay"
    name = limit.quantile.value
    value_ms = measures.get(f"{stem}_{name}_ms")
    if value_ms is None and limit.quantile is not Quantile.MAX:
        name = Quantile.MAX.value
        value_ms = measures.get(f"{stem}_{name}_ms")
    return name, value_ms
