"""Any workload.toml is read, or refused with everything that is wrong with it and where."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given

from streambench.engines.common.query_source import query_source
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.model.conditions import Conditions, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Plan
from streambench.model.workload import Synthetic, Workload
from streambench.workload.locate import shipped_root
from streambench.workload.parse import load_workload
from streambench.workload.validate import findings
from tests.fuzz.documents import TABLE, documents
from tests.fuzz.rules import check_refusal, examples


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "flights.parquet").symlink_to(shipped_root() / "flights" / "flights.parquet")
        (Path(made) / "campaigns.csv").write_text(TABLE)
        yield Path(made)


@examples(300)
@given(text=documents)
def test_a_document_is_read_or_refused_with_a_place(folder: Path, text: str) -> None:
    (folder / "workload.toml").write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        workload = load_workload(folder)
    except UsageError as error:
        check_refusal(error, of_a_document="cannot be read" not in error.message)
        return
    check_programs(workload)


def check_programs(workload: Workload) -> None:
    """What was accepted can be looked at, and every engine has a program; those in Python compile."""
    if isinstance(workload.input, Synthetic):
        for finding in findings(workload, duration_ms=60_000):
            assert finding.message
            assert finding.hint
    compile(query_source(workload), "query.py", "exec")
    for name in CONTENDERS:
        engine = engine_named(name)
        plan = engine.plan(workload, Conditions(), Variant(name, engine.version))
        if isinstance(plan, Plan):
            for program in plan.programs:
                if program.language == "python":
                    compile(program.text, program.name, "exec")
