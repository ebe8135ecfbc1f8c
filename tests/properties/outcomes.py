"""What an engine makes of many cases: rows, a gap that is declared, or a failure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from streambench.engines.common.symbols import fill
from streambench.engines.protocol import Engine
from streambench.model.conditions import Conditions, Variant
from streambench.model.plan import Plan, Program, Unsupported
from streambench.model.workload import Workload
from tests.properties.agreement import disagreements
from tests.properties.cases import Case
from tests.properties.documents import workload_of
from tests.properties.in_oracle import expected_of, verdict_on
from tests.properties.meaning import meant


@dataclass(frozen=True, eq=False)
class Asked:
    """A case, numbered, with what streambench reads of it."""

    number: int
    case: Case
    workload: Workload
    folder: Path

    @property
    def name(self) -> str:
        """A name that is a word in every language."""
        return f"case{self.number}"


@dataclass
class Outcome:
    """How many cases ran, which of them differ and how, and how many the engine declares not to have."""

    engine: str
    seed: int
    ran: int = 0
    gaps: int = 0
    rows: int = 0
    wrong: dict[int, list[str]] = field(default_factory=dict)

    def add(self, asked: Asked, rows: Sequence[bytes], failed: Sequence[str] = ()) -> None:
        """What came out of a case, held against what is meant, and shown to the judge."""
        self.ran += 1
        self.rows += len(rows)
        due = meant(asked.case)
        wrong = [*failed]
        if not wrong:
            wrong = disagreements(asked.case, due, rows)
        if not wrong:
            expected = expected_of(asked.case, asked.workload, asked.folder / "columns")
            wrong = verdict_on(asked.case, asked.workload, expected, rows)
        if wrong:
            self.wrong[asked.number] = wrong

    def line(self) -> str:
        """A row of the table in the documents."""
        agreed = self.ran - len(self.wrong)
        return table_line(self.engine, self.seed, self.ran, agreed, self.rows, self.gaps)


def table_line(who: str, seed: int, ran: int, agreed: int, rows: int, gaps: int) -> str:
    """Who answered, by which seed, how many cases, how many as is meant, the rows of all, the gaps."""
    return f"| {who} | {seed} | {ran:,} | {agreed:,} | {rows:,} | {gaps:,} |"


def asked_of(cases: Sequence[Case], folder: Path) -> list[Asked]:
    """All of them, read."""
    return [
        Asked(at, case, workload_of(case, folder / f"case{at}"), folder / f"case{at}")
        for at, case in enumerate(cases)
    ]


def write_tables(programs: Iterable[Program], folder: Path) -> None:
    """The tables among the programs, where an engine looks for them below a folder."""
    for program in programs:
        if program.is_table:
            (folder / program.name).parent.mkdir(parents=True, exist_ok=True)
            (folder / program.name).write_text(fill(program.text, {}), encoding="utf-8")


def planned(
    engine: Engine,
    asked: Sequence[Asked],
    outcome: Outcome,
    *,
    variants: Sequence[str | None] = (None,),
) -> dict[Asked, Mapping[str, Program]]:
    """The programs of each case that the engine has, by their names; gaps are counted.

    Of several variants cases have one after the other.
    """
    found: dict[Asked, Mapping[str, Program]] = {}
    for each in asked:
        name = variants[each.number % len(variants)]
        variant = Variant(engine.name, engine.version, name=name)
        plan = engine.plan(each.workload, Conditions(), variant)
        match plan:
            case Unsupported():
                outcome.gaps += 1
            case Plan():
                found[each] = {program.name: program for program in plan.programs}
    return found
