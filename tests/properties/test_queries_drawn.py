"""Whole queries over events, drawn at random: plain Python, the oracle, the judge and the consumer agree."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from hypothesis import given

from tests.properties.agreement import disagreements, written_rows
from tests.properties.cases import Case, cases
from tests.properties.documents import workload_of
from tests.properties.in_consumer import rows_of_consumer
from tests.properties.in_oracle import disagreements_of_oracle, expected_of, verdict_on
from tests.properties.meaning import meant
from tests.properties.sizes import drawing

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cases")


def check(case: Case, folder: Path) -> None:
    """Two implementations and the oracle have the same rows, and the judge says so."""
    mine = folder / str(next(_NUMBERS))
    workload = workload_of(case, mine)
    due = meant(case)
    expected = expected_of(case, workload, mine / "columns")
    assert disagreements_of_oracle(case, due, expected) == []
    assert verdict_on(case, workload, expected, written_rows(case, due)) == []
    rows = rows_of_consumer(case, workload, mine)
    assert disagreements(case, due, rows) == []
    assert verdict_on(case, workload, expected, rows) == []


@drawing(60)
@given(case=cases())
def test_where_no_record_is_late_all_have_the_same_rows(case: Case, folder: Path) -> None:
    check(case, folder)


@drawing(30)
@given(case=cases(late=True))
def test_late_records_count_where_the_clock_of_their_partition_lets_them(
    case: Case, folder: Path
) -> None:
    check(case, folder)
