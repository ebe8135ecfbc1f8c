"""An engine whose job is written by hand: the generated job's plan with other program text.

Processes, heaps and settings stay those of the generated job, so that only the program differs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from streambench.engines.protocol import Engine, Job, Where
from streambench.model.conditions import Conditions, NamedVariant, Variant
from streambench.model.fault import FaultKind
from streambench.model.plan import Artifacts, EventClock, Plan, Program, Unsupported
from streambench.model.workload import Workload

_JOBS = Path(__file__).with_name("jobs")
_CONSUMER = "consumer.py"


@dataclass(frozen=True)
class ByHand:
    """`engine` with a program of `jobs/`; everything else is asked of the engine itself."""

    engine: Engine

    @property
    def name(self) -> str:
        """The engine's."""
        return self.engine.name

    @property
    def title(self) -> str:
        """The engine's, with a word more."""
        return f"{self.engine.title}, by hand"

    @property
    def version(self) -> str:
        """The engine's."""
        return self.engine.version

    @property
    def event_clock(self) -> EventClock:
        """The engine's."""
        return self.engine.event_clock

    @property
    def state_exact(self) -> bool:
        """The engine's."""
        return self.engine.state_exact

    @property
    def variants(self) -> tuple[NamedVariant, ...]:
        """The engine's."""
        return self.engine.variants

    @property
    def shorthands(self) -> tuple[tuple[str, str], ...]:
        """As the engine's."""
        return self.engine.shorthands

    def requires(self, variant: Variant) -> Artifacts:
        """What the engine needs."""
        return self.engine.requires(variant)

    def plan(
        self, workload: Workload, conditions: Conditions, variant: Variant
    ) -> Plan | Unsupported:
        """The generated plan with the program by hand in place of the generated one."""
        plan = self.engine.plan(workload, conditions, variant)
        if isinstance(plan, Unsupported):
            return plan
        match self.name:
            case "flink":
                return _with(plan, "query.sql", "flink.sql")
            case "spark":
                return _with(plan, "query.py", "spark_query.py")
            case "kafka-streams":
                return _with(plan, "WindowedAggregation.java", "WindowedAggregation.java")
            case "kafka-python":
                processes = [
                    replace(p, argv=("${python}", f"${{job_dir}}/{_CONSUMER}", *p.argv[3:]))
                    for p in plan.processes
                ]
                program = Program(_CONSUMER, "python", (_JOBS / _CONSUMER).read_text())
                programs = (*plan.programs, program)
                return replace(plan, programs=programs, processes=tuple(processes))
        raise LookupError(f"no job by hand for {self.name}")

    def lacks(self, fault: FaultKind) -> Unsupported | None:
        """As the engine."""
        return self.engine.lacks(fault)

    def attach(self, plan: Plan, at: Where) -> Job:
        """As the engine does it."""
        return self.engine.attach(plan, at)


def _with(plan: Plan, name: str, file: str) -> Plan:
    text = (_JOBS / file).read_text()
    assert any(program.name == name for program in plan.programs)
    programs = [replace(p, text=text) if p.name == name else p for p in plan.programs]
    return replace(plan, programs=tuple(programs))
