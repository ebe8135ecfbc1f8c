"""What a search asks of a probe: did the engine keep up, did it keep the limit, and if not, by how much."""

from __future__ import annotations

from dataclasses import dataclass

from streambench.model.conditions import Guarantee
from streambench.model.pace import Limit, Pace
from streambench.model.search import RateProbe
from streambench.results.limits import delay_of
from streambench.results.sustained import SLOPE_LIMIT_MS_PER_S


@dataclass(frozen=True)
class Question:
    """`limit` None: only whether it kept up."""

    guarantee: Guarantee
    limit: Limit | None = None

    def passed(self, probe: RateProbe) -> bool:
        """Whether the probe is a success."""
        return kept_up(probe) if self.limit is None else within_limit(probe)

    def may_pass(self, probe: RateProbe) -> bool:
        """Whether a longer probe may show what this one, undecided, did not."""
        if probe.pace is not Pace.UNDECIDED:
            return False
        slope_ms_per_s = probe.measures.get("lag_slope_ms_per_s")
        if slope_ms_per_s is not None and slope_ms_per_s > SLOPE_LIMIT_MS_PER_S:
            return False
        if self.limit is None:
            return True
        delay_ms = delay_of(probe.measures, self.limit, self.guarantee)
        return delay_ms is not None and delay_ms <= self.limit.most_ms

    def borne_share(self, probe: RateProbe) -> float | None:
        """About which share of its rate would have passed, where that did not; None where unknown."""
        if probe.pace is Pace.KEPT_UP:
            delay_ms = self.limit and delay_of(probe.measures, self.limit, self.guarantee)
            if not delay_ms or self.limit is None or delay_ms <= self.limit.most_ms:
                return None
            # A micro-batch takes as long as what came while the last one was worked off.
            return self.limit.most_ms / delay_ms
        slope_ms_per_s = probe.measures.get("lag_slope_ms_per_s")
        if slope_ms_per_s is None or slope_ms_per_s <= 0:
            return None
        return worked_off_share(slope_ms_per_s)


def worked_off_share(slope_ms_per_s: float) -> float:
    """Of its load, as the excess lag grows: by s ms/s when s thousandths of it are left undone."""
    return 1.0 - min(max(slope_ms_per_s, 0.0) / 1000, 1.0)


def kept_up(probe: RateProbe) -> bool:
    """Whether it counts for the lag-bounded rate."""
    return probe.passed


def within_limit(probe: RateProbe) -> bool:
    """Whether it counts for the rate within the limit."""
    return probe.passed and probe.within_limit is True
