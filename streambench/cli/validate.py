"""`streambench validate`: is this workload sound, and what can be promised of it?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from streambench.cli.console import err, out
from streambench.model.errors import UsageError

if TYPE_CHECKING:
    from streambench.model.workload import Workload


def validate(
    workload: Annotated[str, typer.Argument(help="A workload's name.")],
) -> None:
    """Check a workload: its declaration, its load, its variants, and if a result can be exact."""
    from streambench.engines.gaps import gaps
    from streambench.experiment.declared import declared_for
    from streambench.workload.forms import forms_of
    from streambench.workload.locate import find_form
    from streambench.workload.parse import workload_file

    folder, form = find_form(workload)
    parsed = _sound(workload, folder, form)
    declared = declared_for(parsed)
    for other in () if form is not None else forms_of(workload_file(folder).data):
        _sound(f"{workload}:{other}", folder, other)
    for gap_of, gap in gaps(parsed):
        out.print(f"{gap_of.title} cannot run it, and a run goes on without: {gap.reason}.")
    for engine, variants in declared.items():
        for each in variants:
            out.print(f"{engine}:{each.name} is sound, declared in {each.declared_in}.")


def _sound(name: str, folder: Path, form: str | None) -> Workload:
    """The workload in this form; what can be promised of it is printed. Raises UsageError where it is wrong."""
    from streambench.workload.forms import place_of
    from streambench.workload.lateness import with_lateness
    from streambench.workload.mistakes import Mistake
    from streambench.workload.parse import load_workload, workload_file
    from streambench.workload.validate import findings

    parsed = load_workload(folder, form)
    written = workload_file(folder)
    try:
        found = findings(parsed, partitions=parsed.partitions)
    except UsageError as error:  # of the file that is replayed
        told = Mistake(("input", "replay"), error.message, error.hint or "")
        raise written.refusal([told]) from None
    fatal = [
        Mistake(place_of(each.path, written.data, form), each.message, each.hint)
        for each in found
        if each.fatal
    ]
    if fatal:
        raise written.refusal(fatal)
    parsed = with_lateness(parsed)
    if parsed.query.by_hand is not None:
        from streambench.engines.dry_runs import dry_run, plans_of  # slow, and seldom needed

        dry_run(parsed, plans_of(parsed))
    for finding in found:
        err.print(f"note: {finding.message}; {finding.hint}", markup=False, soft_wrap=True)
    if parsed.late_records_possible:
        out.print(
            f"{name} is sound. Its disorder may exceed the grace, so records can be late: "
            "results are checked against bounds by each engine's own event clock."
        )
    else:
        out.print(f"{name} is sound. No record can be late: every result is checked exactly.")
    return parsed
