"""A run of schema 1 tells which kind of experiment it was by the fields that it fills."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from streambench.model.experiment import BacklogDrain, Experiment, RateSearch, Single, Sweep
from streambench.model.search import SearchTerms
from streambench.model.sweep import Axis, AxisName
from tests.report.example import RUN

TERMS = SearchTerms(None, 0.05, 360.0)
AXES = (Axis(AxisName.KEYS, (100.0, 10_000.0)),)


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({}, Single()),
        ({"faults": ("worker-kill@25s",), "repeats": 5}, Single()),
        ({"axes": AXES}, Sweep(AXES)),
        ({"search": TERMS}, RateSearch(TERMS)),
        ({"drain_records": 1_000_000}, BacklogDrain(1_000_000, None)),
        (
            {"drain_records": 1_000_000, "drain_records_per_window": 3.5},
            BacklogDrain(1_000_000, 3.5),
        ),
    ],
)
def test_the_kind_is_told_by_the_fields(fields: dict[str, Any], kind: Experiment) -> None:
    assert replace(RUN, **fields).experiment == kind
