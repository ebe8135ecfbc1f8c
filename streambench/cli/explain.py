"""`streambench explain`: the whole plan, before anything is started."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from streambench.cli.console import err, out
from streambench.cli.parameters import whole
from streambench.model.conditions import MOST_WORKERS, Conditions, Guarantee
from streambench.model.plan import Plan, Unsupported


def explain(
    workload: Annotated[str, typer.Argument(help="A workload's name.")] = "clicks",
    engine: Annotated[
        str, typer.Option("--engine", "-e", metavar="ENGINE[:VARIANT]", help="An engine's name.")
    ] = "flink",
    guarantee: Annotated[
        Guarantee, typer.Option(help="Delivery guarantee.")
    ] = Guarantee.AT_LEAST_ONCE,
    workers: Annotated[
        int,
        typer.Option(metavar="COUNT", parser=whole(1, MOST_WORKERS), help="Workers of the engine."),
    ] = 2,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Print the native program, the processes and every setting that would be used."""
    from streambench.engines.registry import contender_named
    from streambench.experiment.declared import declared_where_asked
    from streambench.workload.parse import load_named

    parsed = load_named(workload)
    chosen, variant = contender_named(engine, declared_where_asked((engine,), parsed))
    conditions = Conditions(guarantee=guarantee, workers=workers, partitions=parsed.partitions)
    plan = chosen.plan(parsed, conditions, variant)
    if as_json:
        from pydantic import TypeAdapter

        adapter: TypeAdapter[Plan | Unsupported] = TypeAdapter(Plan | Unsupported)
        out.print_json(adapter.dump_json(plan).decode())
        return
    match plan:
        case Unsupported():
            out.print(f"unsupported: {plan.reason} ({plan.whose.value})", markup=False)
            if plan.hint:
                err.print(f"hint: {plan.hint}", markup=False)
        case Plan():
            _show(plan)


def _show(plan: Plan) -> None:
    for program in plan.programs:
        out.rule(program.name, align="left")
        if out.is_terminal:
            from rich.syntax import Syntax  # brings the grammars of all languages

            out.print(
                Syntax(program.shown, program.language, background_color="default", word_wrap=True)
            )
        else:  # somebody keeps it: not a line is broken
            out.print(program.shown, markup=False, soft_wrap=True)
    out.rule("processes", align="left")
    for process in plan.processes:
        restarted = ", restarted when it dies" if process.restart else ""
        out.print(f"{process.name} ({process.role.value}{restarted})", markup=False)
        out.print("  " + " ".join(process.argv), markup=False, style="dim")
    out.rule("settings", align="left")
    table = Table(box=None, pad_edge=False)
    for heading in ("scope", "setting", "value", "origin"):
        table.add_column(heading, overflow="fold")
    for setting in plan.settings:
        origin = setting.origin.value + (
            "" if setting.listed else ", a name the engine does not list"
        )
        table.add_row(setting.scope, setting.name, setting.value, origin)
    out.print(table)
    for warning in plan.warnings:
        out.print(f"warning: {warning}", markup=False)
