"""What is said of runs whose record was written before it named everything."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from streambench.model.conditions import Conditions
from streambench.results.schema import run_from_data, run_to_json
from tests.report.example import RUN


def test_a_run_that_names_no_broker_had_the_one_that_there_was() -> None:
    data = json.loads(run_to_json(RUN))
    del data["conditions"]["broker_version"]
    assert run_from_data(data).conditions.broker_version == "4.3.1"


@pytest.mark.parametrize("version", ["4.3.1", "4.4.0"])
def test_one_that_names_it_keeps_it(version: str) -> None:
    run = replace(RUN, conditions=Conditions(broker_version=version))
    assert run_from_data(json.loads(run_to_json(run))).conditions.broker_version == version
