"""A command whose options are the fields of a frozen value."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, get_origin, get_type_hints

import typer

from streambench.cli.arguments import LINE, typed
from streambench.cli.options import CommonOptions
from streambench.model.errors import ExitCode
from streambench.runtime.memory import give_back_what_is_freed

_Asked = TypeVar("_Asked", bound=CommonOptions)


def with_options(asked: type[_Asked], body: Callable[[_Asked], ExitCode]) -> Callable[..., None]:
    """`body` as Typer takes a command: each annotated field of `asked` is an option.

    What `body` returns is the exit code. A command's own options come first in its help, then those that it
    shares.
    """
    hints = get_type_hints(asked, include_extras=True)
    own_first = [name for part in asked.__mro__ for name in inspect.get_annotations(part)]
    # The workload is the first word.
    declared = ["workload", *(name for name in own_first if name != "workload")]
    declared = [name for name in declared if get_origin(hints[name]) is Annotated]
    defaults = {field.name: field.default for field in dataclasses.fields(asked)}

    def command(ctx: typer.Context, **given: Any) -> None:
        give_back_what_is_freed()
        raise typer.Exit(body(asked(**given, line=typed(ctx.meta.get(LINE, [])))))

    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=defaults[name], annotation=hints[name]
        )
        for name in declared
    ]
    context = inspect.Parameter(
        "ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context
    )
    command.__doc__ = body.__doc__
    command.__name__ = body.__name__
    command.__annotations__ = {"ctx": typer.Context, **{name: hints[name] for name in declared}}
    command.__dict__["__signature__"] = inspect.Signature([context, *parameters])
    return command
