"""Whether a delay keeps a limit."""

from __future__ import annotations

from collections.abc import Mapping

from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Quantile


def delay_within(
    measures: Mapping[str, float | None], limit: Limit, guarantee: Guarantee
) -> tuple[bool, str]:
    """Whether the result delay keeps `limit`, and what it was, in words.

    Under exactly-once the visible delay counts. Where too few windows earn the percentile the slowest
    one stands in its place, which is stricter; a delay that is not known does not keep a limit.
    """
    name, value_ms = _delay(measures, limit, guarantee)
    if value_ms is None:
        return False, f"its {limit.quantile.value} is not known"
    return value_ms <= limit.most_ms, f"its {name} was {value_ms:,.0f} ms"


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
