"""Which engine may be charged with what came in its measured part alone."""

from __future__ import annotations

import pytest

from streambench.results.did_what_came import did_what_came

Figures = dict[str, float | None]


def figures(
    slope: float, margin: float, *, offered: float = 1e5, processed: float = 1e5
) -> Figures:
    return {
        "lag_slope_ms_per_s": slope,
        "lag_slope_lower_ms_per_s": slope - margin,
        "lag_slope_upper_ms_per_s": slope + margin,
        "backlog_end_ms": 0.0,
        "excess_lag_max_ms": 5_400.0,
        "excess_lag_end_ms": 400.0,
        "offered_per_s": offered,
        "processed_per_s": processed,
    }


def test_who_kept_up_did_and_who_fell_behind_or_works_off_a_backlog_did_not() -> None:
    assert did_what_came(figures(0, 5), 100)
    assert did_what_came(figures(0, 5, processed=0.95e5), 100)  # a batch is always on its way
    assert not did_what_came(figures(400, 5), 100)
    assert not did_what_came(figures(-100, 5), 100)  # catching up


@pytest.mark.parametrize(
    ("processed", "did"), [(0.99e5, True), (1.01e5, True), (0.95e5, False), (1.3e5, False)]
)
def test_who_was_not_shown_to_keep_up_must_have_processed_what_came(
    processed: float, did: bool
) -> None:
    undecided = figures(38, 60, processed=processed)
    assert did_what_came(undecided, 100) is did
    assert did_what_came({**figures(0, 5, processed=processed)}, 5) is did  # too few windows


@pytest.mark.parametrize("unknown", [{"processed_per_s": None}, {"offered_per_s": None}])
def test_what_is_not_known_shows_nothing(unknown: Figures) -> None:
    assert not did_what_came({**figures(38, 60), **unknown}, 100)
