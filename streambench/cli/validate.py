"""`streambench validate`: is this workload sound, and what can be promised of it?"""

from __future__ import annotations

from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.model.errors import UsageError


def validate(
    workload: Annotated[str, typer.Argument(help="A workload's name.")],
) -> None:
    """Check a workload: its declaration, its load, its variants, and if a result can be exact."""
    from streambench.experiment.declared import declared_for
    from streambench.workload.lateness import with_lateness
    from streambench.workload.locate import find
    from streambench.workload.parse import load_workload
    from streambench.workload.validate import findings

    parsed = load_workload(find(workload))
    found = findings(parsed, rate_per_s=None, duration_ms=None, partitions=parsed.partitions)
    fatal = [finding for finding in found if finding.fatal]
    if fatal:
        raise UsageError(
            f"{workload} cannot run:\n" + "\n".join(f"  - {problem.message}" for problem in fatal),
            hint=fatal[0].hint,
        )
    parsed = with_lateness(parsed)
    declared = declared_for(parsed)
    for finding in found:
        err.print(f"note: {finding.message}; {finding.hint}", markup=False, soft_wrap=True)
    if parsed.late_records_possible:
        out.print(
            f"{workload} is sound. Its disorder may exceed the grace, so records can be late: "
            "results are checked against bounds by each engine's own event clock."
        )
    else:
        out.print(f"{workload} is sound. No record can be late: every result is checked exactly.")
    for engine, variants in declared.items():
        for each in variants:
            out.print(
                f"{engine}:{each.name} is sound, declared in {each.declared_in}.", markup=False
            )
