from __future__ import annotations

import dataclasses
import json

import pytest

from streambench.load.probe import record, representative
from streambench.model.errors import UsageError
from streambench.model.workload import Workload
from streambench.workload.expressions import parse_expression
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload

CLICKS = load_workload(shipped_root() / "clicks")


def asking(where: str) -> Workload:
    condition = parse_expression(where, CLICKS.fields)
    return dataclasses.replace(CLICKS, query=dataclasses.replace(CLICKS.query, where=condition))


def test_a_representative_passes_where() -> None:
    values = representative(asking("action = 'purchase' and price between 77 and 78"))
    assert values["action"] == "purchase"
    assert values["price"] in (77, 78)
    assert list(values) == ["campaign", "action", "price"]


def test_a_condition_that_braces_are_part_of_is_no_template() -> None:
    assert representative(asking("action <> '{}' and price = 1"))["price"] == 1


def test_a_representative_of_a_replay_is_a_row_of_its_file() -> None:
    values = representative(load_workload(shipped_root() / "flights"))
    assert set(values) == {"carrier", "distance"}


def test_a_condition_that_nothing_passes_is_refused() -> None:
    with pytest.raises(UsageError, match="no record passes `where`"):
        representative(asking("price > 500"))


def test_a_record_is_encoded_as_the_traces_are() -> None:
    key, value = record(CLICKS, {"campaign": 'ü"', "action": "view", "price": -3})
    assert key == 'ü"'.encode()
    assert value == '{"campaign":"ü\\"","action":"view","price":-3}'.encode()
    assert json.loads(value)["campaign"] == 'ü"'
