"""Requirements as a user gives them: on the command line, or in a file with one a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from streambench.cli.console import err
from streambench.model.errors import ExitCode, UsageError
from streambench.workload.text_file import NoText, read_text

if TYPE_CHECKING:
    from streambench.results.bundle import Bundle

RequireOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--require",
        metavar="CONDITION",
        help="What an engine must meet, e.g. 'delay_p99 < 500ms' (repeat), or @FILE with one a line.",
    ),
]

_ONE_A_LINE: Final = "write one condition a line, such as: lost = 0"


def requirements(given: Sequence[str]) -> tuple[str, ...]:
    """All of them, each readable. Raises UsageError."""
    if not given:
        return ()
    from streambench.analysis.requirements import parse_requirement

    found = []
    for text, where in _texts(given):
        try:
            found.append(parse_requirement(text).text)
        except UsageError as error:
            of_it = error.hint or ""
            hint = of_it if "--require" in of_it else "streambench report --help"
            raise UsageError(f"{error.message}{where}", hint=hint) from None
    if not found:
        raise UsageError(
            f"{' and '.join(given)} holds no condition",
            hint=_ONE_A_LINE,
        )
    return tuple(found)


def end_by_requirements(bundle: Bundle, texts: tuple[str, ...]) -> ExitCode:
    """Say which are broken, a line each: 1 where one is not met, 4 where one is not known, else 0."""
    from streambench.analysis.requirements import Fit, requirements_of

    found = requirements_of(bundle, texts)
    fits = set()
    for variant in found.variants:
        for each in variant.fitted:
            fits.add(each.fit)
            if each.fit is Fit.NOT_MET:
                err.print(
                    f"not met: {each.requirement.text}: {variant.title}: {each.why}", markup=False
                )
    if Fit.NOT_MET in fits:
        return ExitCode.FAILED
    return ExitCode.INVALID if Fit.NOT_KNOWN in fits else ExitCode.OK


def _texts(given: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each condition, and where it stands, in words, if that is in a file."""
    for text in given:
        if not text.startswith("@"):
            yield text, ""
            continue
        file = Path(text[1:])
        for number, line in enumerate(_lines(file), 1):
            if condition := line.partition("#")[0].strip():
                yield condition, f" (line {number} of {file})"


def _lines(file: Path) -> list[str]:
    try:
        return read_text(file).splitlines()
    except FileNotFoundError:
        why = "it does not exist"
    except NoText as error:
        why = error.why
    raise UsageError(
        f"the requirements in {file} cannot be read: {why}",
        hint=_ONE_A_LINE,
    )
