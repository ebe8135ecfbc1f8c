"""Whole queries over events, drawn at random: plain Python, the oracle, the judge and the consumer agree."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import assume, given

from streambench.oracle.same_start import several
from tests.properties.agreement import disagreements, written_rows
from tests.properties.cases import Case, cases
from tests.properties.documents import workload_of
from tests.properties.in_consumer import rows_of_consumer
from tests.properties.in_oracle import disagreements_of_oracle, expected_of, verdict_on
from tests.properties.meaning import meant
from tests.properties.outcomes import table_line
from tests.properties.sizes import asked_seed, drawing


@pytest.mark.parametrize(
    ("late", "usual"), [(False, 60), (True, 30)], ids=["nothing-late", "some-late"]
)
def test_two_implementations_the_oracle_and_the_judge_agree(
    tmp_path: Path, late: bool, usual: int
) -> None:
    rows: list[int] = []

    @drawing(usual)
    @given(case=cases(late=late))
    def agree(case: Case) -> None:
        folder = tmp_path / str(len(rows))
        workload = workload_of(case, folder)
        due = meant(case)
        expected = expected_of(case, workload, folder / "columns")
        # Of two sessions with one start, which late records can make, no row says which it is.
        assume(not several(expected.table).any())
        assert disagreements_of_oracle(case, due, expected) == []
        assert verdict_on(case, workload, expected, written_rows(case, due)) == []
        written = rows_of_consumer(case, workload, folder)
        assert disagreements(case, due, written) == []
        assert verdict_on(case, workload, expected, written) == []
        rows.append(len(due))

    agree()
    name = "oracle, judge and Python consumer" + (", records late" if late else "")
    print(table_line(name, asked_seed(), len(rows), len(rows), sum(rows), 0))
    assert sum(map(bool, rows)) > usual // 3, "too few cases have rows to tell anything"
