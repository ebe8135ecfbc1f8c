"""A warm-up that ends by behaviour: the rate is played until the delay no longer falls.

1. The load's own rate is played into the fresh job, for the warm-up that was asked for.
2. The delays of its last windows are tested against those before them.
3. While they still fall, the same load is played again, up to three times the time asked for.
4. The measured load follows in the same job, after a short part of its own that is not measured.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from scipy import stats  # here: what is imported later would be imported beside a running engine

from streambench.experiment.kept_job import KeptJob
from streambench.experiment.request import Request
from streambench.experiment.settling_policy import SETTLING, SettlingPolicy
from streambench.load.trace import Trace
from streambench.model.conditions import Guarantee
from streambench.results.statistics import TREND_FLOOR_MS, TREND_FLOOR_SHARE, TREND_P_VALUE
from streambench.trial.job import RunningJob

Floats = npt.NDArray[np.float64]


def settle(
    kept: KeptJob,
    job: RunningJob,
    request: Request,
    load: Trace,
    policy: SettlingPolicy = SETTLING,
) -> None:
    """Play a load again and again, until the delay no longer falls; `kept` is told whether that was seen.

    Raises EngineFailed, also when a result is not right.
    """
    exactly_once = request.conditions.guarantee is Guarantee.EXACTLY_ONCE
    for played in range(policy.loads_at_most(request.warm_up_s)):
        again = "the delay still falls, again" if played else "until the delay no longer falls"
        probed = kept.warm_at_pace(job, request, load, f"warm-up, {again}")
        delays_ms = _delays_ms(probed.assessed.tables["windows"], visible=exactly_once)
        falls = still_falls(delays_ms, policy.windows)
        kept.settled = None if falls is None else not falls
        if falls is not True:
            return


def _delays_ms(windows: pa.Table, *, visible: bool) -> Floats:
    """Result delays of the windows, in the order in which they were due; infinite: never complete."""
    due = windows.filter(
        pc.and_(
            pc.is_valid(windows.column("closing_ms")),
            pc.greater(windows.column("expected_rows"), 0),
        )
    ).sort_by("closing_ms")
    name = "visible_complete_ms" if visible else "complete_ms"
    return np.asarray(due.column(name).fill_null(np.inf).to_numpy(), np.float64)


def still_falls(delays_ms: Floats, windows: int) -> bool | None:
    """Whether the last `windows` delays are lower than as many before them; None: not known.

    By a one-sided test of ranks (Mann and Whitney), which one slow window cannot sway. A fall that is no
    larger than what a trend must be to matter is none.
    """
    if len(delays_ms) < 2 * windows:
        return None
    before, last = delays_ms[-2 * windows : -windows], delays_ms[-windows:]
    earlier_ms, later_ms = float(np.median(before)), float(np.median(last))
    if not np.isfinite(later_ms):
        return None  # it is far behind: nothing is known of its delay, and more load would only add to it
    if earlier_ms - later_ms <= max(TREND_FLOOR_MS, TREND_FLOOR_SHARE * abs(later_ms)):
        return False
    p_value = float(stats.mannwhitneyu(before, last, alternative="greater").pvalue)
    return p_value < TREND_P_VALUE
