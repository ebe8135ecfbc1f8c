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
    from streambench.engines.gaps import gaps
    from streambench.experiment.declared import declared_for
    from streambench.workload.lateness import with_lateness
    from streambench.workload.locate import find
    from streambench.workload.mistakes import Mistake
    from streambench.workload.parse import load_workload, workload_file
    from streambench.workload.validate import findings

    folder = find(workload)
    parsed = load_workload(folder)
    try:
        found = findings(parsed, partitions=parsed.partitions)
    except UsageError as error:  # of the file that is replayed
        told = Mistake(("input", "replay"), error.message, error.hint or "")
        raise workload_file(folder).refusal([told]) from None
    fatal = [Mistake(each.path, each.message, each.hint) for each in found if each.fatal]
    if fatal:
        raise workload_file(folder).refusal(fatal)
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
    for gap_of, gap in gaps(parsed):
        out.print(f"{gap_of.title} cannot run it, and a run goes on without: {gap.reason}.")
    for engine, variants in declared.items():
        for each in variants:
            out.print(f"{engine}:{each.name} is sound, declared in {each.declared_in}.")
