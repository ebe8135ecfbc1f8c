"""`streambench logs`: what the processes of a trial said."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from streambench.cli.console import err, out
from streambench.cli.parameters import whole
from streambench.model.errors import UsageError


def newest_bundle(root: Path) -> Path:
    """The run below `root` that began last; a published example only where nothing else is there.

    An anonymous copy holds less than its bundle, so it comes before no bundle either. Raises UsageError
    where there is none.
    """
    bundles = [path.parent for path in root.glob("*/run.json") if path.is_file()]
    if not bundles:
        raise UsageError(f"there is no run bundle in {root}", hint="streambench run")
    return max(bundles, key=_standing)


def _standing(folder: Path) -> tuple[bool, bool, str, str]:
    from streambench.results.anonymous.copying import SUFFIX
    from streambench.results.examples import is_published_example

    own, whole = not is_published_example(folder), not folder.name.endswith(SUFFIX)
    return own, whole, _began(folder), folder.name


def _began(folder: Path) -> str:
    """When a run began, UTC; its name may have been changed. Nothing where that cannot be read."""
    try:
        record = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return ""
    began = record.get("started_at") if isinstance(record, dict) else None
    return began if isinstance(began, str) else ""


def named_or_newest(bundle: Path | None) -> Path:
    """The bundle that was named, else the newest in ./results, which is then told."""
    from streambench.results.examples import is_published_example

    if bundle is not None:
        return bundle
    chosen = newest_bundle(Path("results"))
    example = ", a published example: results holds no run of yours"
    told = example if is_published_example(chosen) else ""
    err.print(f"bundle: {chosen}{told}", markup=False, soft_wrap=True)
    return chosen


def logs(
    bundle: Annotated[
        Path | None, typer.Argument(help="A run bundle; the newest in ./results otherwise.")
    ] = None,
    trial: Annotated[
        str | None, typer.Option(help="Only trials or jobs whose folder name contains this.")
    ] = None,
    process: Annotated[
        str | None, typer.Option(help="Only log files whose name contains this.")
    ] = None,
    lines: Annotated[
        int,
        typer.Option(
            "--tail", "-n", metavar="COUNT", parser=whole(1), help="So many last lines of each."
        ),
    ] = 20,
) -> None:
    """Print the end of every log of a run, or of some of its processes."""
    from streambench.runtime.waiting import tail

    chosen = named_or_newest(bundle)
    if not (chosen / "trials").is_dir() and not (chosen / "run.json").exists():
        raise UsageError(
            f"{chosen} is not a run bundle", hint="ls results, and name one of its folders"
        )
    shown = 0
    every = sorted([*chosen.glob("trials/*/logs/*"), *chosen.glob("jobs/*/logs/*")])
    for log in every:
        if trial and trial not in log.parent.parent.name:
            continue
        if process and process not in log.name:
            continue
        said = tail(log, lines)
        if not said:
            continue
        shown += 1
        out.rule(f"{log.parent.parent.name} · {log.name}", align="left")
        out.print(said, markup=False, soft_wrap=True)
    if not shown:
        raise _no_log(chosen, every, trial, process)


def _no_log(
    bundle: Path, every: Sequence[Path], trial: str | None, process: str | None
) -> UsageError:
    """Why nothing was printed: there is no log, none is called so, or nothing was said."""
    if not every:
        return UsageError(
            f"{bundle} holds no log: an anonymous copy and a published example have none",
            hint="a run of your own keeps them: streambench run --quick",
        )
    hint = f"streambench logs {shlex.quote(str(bundle))}"
    folders, files = ({log.parent.parent.name for log in every}, {log.name for log in every})
    for option, text, names in (("--trial", trial, folders), ("--process", process, files)):
        if text is not None and not any(text in name for name in names):
            return UsageError(
                f"{option}: nothing in {bundle} has '{text}' in its name; there are"
                f" {', '.join(sorted(names))}",
                hint=hint,
            )
    return UsageError(f"what was asked for in {bundle} said nothing", hint=hint)
