"""`streambench baseline`: bundles kept under a name, to be compared with later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.options import examples
from streambench.cli.parameters import folder

app = typer.Typer(
    name="baseline",
    help="Keep a run bundle under a name, to compare later runs with it.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    epilog=examples(
        "streambench baseline save results/2026-11-28T120000-clicks main",
        "streambench compare --baseline main results/2026-11-29T120000-clicks",
    ),
)
_ROOT = Annotated[
    Path, typer.Option("--in", parser=folder, metavar="FOLDER", help="Where they are kept.")
]


@app.command()
def save(
    bundle: Annotated[Path, typer.Argument(help="A run bundle.")],
    name: Annotated[str, typer.Argument(help="What it is to be called.")],
    root: _ROOT = Path("results"),
) -> None:
    """Copy a run bundle, in place of an older baseline of this name."""
    from streambench.results import baselines

    err.print(f"baseline {name}: {baselines.save(bundle, name, root)}", soft_wrap=True)


@app.command("list")
def list_(root: _ROOT = Path("results")) -> None:
    """Print the names of all baselines."""
    from streambench.results import baselines

    found = baselines.names(root)
    for name in found:
        out.print(name, highlight=False, markup=False)
    if not found:
        err.print(f"there is no baseline in {root / baselines.FOLDER}", soft_wrap=True)
