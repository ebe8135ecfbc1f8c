"""Each form of each canonical workload can be asked of every command, before anything is started."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from streambench.experiment.build import Options, chosen_rates, drain, rate_search, single, sweep
from streambench.model.conditions import Conditions
from streambench.model.plan import Plan
from streambench.model.sweep import Axis, AxisName
from streambench.workload.forms import forms_of
from streambench.workload.locate import shipped_root
from streambench.workload.parse import workload_file
from tests.canonical.answers import ASKED

WORKLOADS = tuple(dict.fromkeys(name.partition(":")[0] for name in ASKED))
NAMES = tuple(
    each
    for name in WORKLOADS
    for each in (
        name,
        *(f"{name}:{form}" for form in forms_of(workload_file(shipped_root() / name).data)),
    )
)
RATES = (Axis(AxisName.RATE, (1_000.0, 2_000.0)),)
# Of these not even a day is enough for a search that nobody gave a time.
LONG = 86_400.0
COMMANDS: dict[str, Callable[[Options], Any]] = {
    "run": single,
    "sweep": lambda options: sweep(options, RATES),
    "curve": chosen_rates,
    "find-rate": lambda options: rate_search(options, limit=None, precision=0.05, budget_s=LONG),
    "drain": lambda options: drain(options, None),
}


def asked(name: str) -> Options:
    """One worker, where one partition has all records."""
    workers = 1 if name.endswith(":single-key") else 2
    return Options(workload=name, conditions=Conditions(workers=workers))


@pytest.mark.parametrize("name", NAMES)
def test_a_run_of_each_form_has_a_plan_on_every_engine(name: str) -> None:
    request = single(asked(name))
    assert request.workload.name == name
    assert len(request.contenders) == 4
    assert all(isinstance(each.plan, Plan) for each in request.contenders)


@pytest.mark.parametrize(
    ("name", "command"),
    [
        *(("ysb:original", each) for each in COMMANDS if each != "drain"),
        *(("heavy-tail:short", each) for each in COMMANDS),
        ("nexmark-q11", "find-rate"),
    ],
)
def test_other_commands_take_them_as_well(name: str, command: str) -> None:
    made = COMMANDS[command](asked(name))
    first = made[0] if isinstance(made, tuple) else made
    assert first.workload.name == name


@pytest.mark.parametrize(
    ("name", "axis", "value"),
    [
        ("high-cardinality", AxisName.KEYS, 1_000),
        ("karimov-aggregation", AxisName.SKEW, 1),
        ("nexmark-q11", AxisName.KEYS, 10_000),
        ("osp-sliding", AxisName.KEYS, 1_000),
        ("theodolite-uc2", AxisName.KEYS, 1_000),
        ("heavy-tail", AxisName.SKEW, 1.2),
    ],
)
def test_what_pages_say_that_can_be_varied_can_be(name: str, axis: AxisName, value: float) -> None:
    made = sweep(asked(name), (Axis(axis, (value, value * 2)),))
    assert [each.point for each in made] == [((axis, value),), ((axis, value * 2),)]
