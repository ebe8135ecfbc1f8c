"""Commands that are imported when they are asked for: the list of all of them needs none."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand
from typer.main import get_command


class DeferredCommand(TyperCommand):
    """A command of which its name and its first sentence are known; the rest is imported on demand."""

    @cached_property
    def whole(self) -> Any:
        """The command itself, with its options."""
        assert self.name is not None
        return command_of(self.name)

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Parse with the command itself: what the parser then invokes, or completes, is that one."""
        return self.whole.make_context(*given, **named)

    def get_params(self, ctx: Any) -> Any:
        """The options and arguments of the command itself."""
        return self.whole.get_params(ctx)


def command_of(name: str) -> Any:
    """The command as its module has it: a function of the same name, or commands of its own in `app`."""
    word = name.replace("-", "_")
    module = import_module(f"streambench.cli.{word}")
    app: typer.Typer | None = getattr(module, "app", None)
    if app is None:
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        app.command(name, epilog=getattr(module, "EXAMPLES", None))(getattr(module, word))
    return get_command(app)
