"""Write what is made of pages in docs/workloads, and their index in docs/workloads.md.

    .venv/bin/python -m tools.workload_pages                       # declarations, forms, engines, drops, index
    .venv/bin/python -m tools.workload_pages ysb results/RUN       # and what a run of it showed, with its picture

A test keeps all but the second up to date (tests/test_workload_pages.py).
"""

from __future__ import annotations

import io
import re
import shlex
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console

from streambench.engines.gaps import gaps
from streambench.engines.registry import CONTENDERS, engine_named
from streambench.load.trace import compile_trace
from streambench.model.field_source import Choice, Growing, IntRange
from streambench.model.lookup import LookedUp
from streambench.model.plan import EventClock
from streambench.model.record_key import KeyFields, NoKey
from streambench.model.workload import Replay, Workload
from streambench.oracle.late import predict_drops
from streambench.report.chapters.choose import chapter_of
from streambench.report.compose import compose
from streambench.report.document import plots_of
from streambench.report.plots.drawing import to_png
from streambench.results.bundle import Bundle, read_bundle
from streambench.workload.durations import show_duration, show_window
from streambench.workload.forms import forms_of
from streambench.workload.locate import FILE_NAME, shipped_root
from streambench.workload.parse import load_workload, workload_file

PAGES: Final = Path(__file__).parent.parent / "docs" / "workloads"
INDEX: Final = PAGES.parent / "workloads.md"
BLOCK: Final = re.compile(r"<!-- made: (\w+) -->\n(.*?)<!-- made: end -->", re.DOTALL)
SHOWED: Final = "showed"
_COLUMNS: Final = 80
# A load of this rate and length says what a grace drops as well as one of the declared rate.
_DROPS_PER_S: Final = 2_000
_DROPS_MS: Final = 90_000
_GRACES_MS: Final = (0, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 31_000)
_CLOCKS: Final[Mapping[str, EventClock]] = {
    "each partition's own clock (Kafka Streams, Python consumer)": EventClock.PER_PARTITION,
    "the least of all partitions (Flink)": EventClock.MIN_OF_PARTITIONS,
}


def pages() -> tuple[Path, ...]:
    """The pages that there are; each is called as its workload is."""
    return tuple(sorted(PAGES.glob("*.md")))


def renewed(page: Path) -> str:
    """The page's text with what is made of it, but for what a run showed."""
    name = page.stem
    return _with_blocks(
        page.read_text(encoding="utf-8"),
        {word: partial(make, name) for word, make in _MADE.items()},
    )


def renewed_index() -> str:
    """The text of docs/workloads.md with its index."""
    return _with_blocks(INDEX.read_text(encoding="utf-8"), {"index": _index})


def showed(page: Path, bundle: Bundle) -> tuple[str, bytes | None]:
    """The page's text with what a run showed, and the run's first picture."""
    plots = plots_of(compose(bundle))
    picture = to_png(plots[0].draw) if plots else None
    made = _shown(page.stem, bundle, plots[0].title if plots else None)
    return _with_blocks(page.read_text(encoding="utf-8"), {SHOWED: lambda: made}), picture


def _with_blocks(text: str, made: Mapping[str, Callable[[], str]]) -> str:
    def block(found: re.Match[str]) -> str:
        if (make := made.get(found[1])) is None:
            return found[0]
        return f"<!-- made: {found[1]} -->\n{make()}<!-- made: end -->"

    return BLOCK.sub(block, text)


def _forms(name: str) -> Iterator[Workload]:
    """The workload, then each of its forms."""
    folder = shipped_root() / name
    yield load_workload(folder)
    for form in forms_of(workload_file(folder).data):
        yield load_workload(folder, form)


def _declaration(name: str) -> str:
    text = (shipped_root() / name / FILE_NAME).read_text(encoding="utf-8")
    declared = re.sub(r"^#:schema .*\n", "", text)
    return f"```toml\n{declared}```\n"


def _table(*rows: tuple[str, ...]) -> str:
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, f"|{'---|' * len(rows[0])}", *others, ""])


def _parameters(name: str) -> str:
    rows = [
        (
            f"`{each.name}`",
            _load(each),
            _record_key(each),
            _groups(each),
            show_window(each.query.window),
            show_duration(each.query.grace_ms),
            "against bounds" if each.late_records_possible else "exactly",
        )
        for each in _forms(name)
    ]
    heads = ("Form", "Load", "Records keyed by", "Groups", "Window", "Grace", "Checked")
    return _table(heads, *rows)


def _load(workload: Workload) -> str:
    match workload.input:
        case Replay(speed_up=speed_up):
            return f"a file at {speed_up:,.0f}×"
        case load if load.shape is None:
            return f"{load.rate_per_s:,} events/s"
        case load:
            return (
                f"{load.rate_per_s:,} events/s in the mean, in {type(load.shape).__name__.lower()}"
            )


def _record_key(workload: Workload) -> str:
    match workload.key:
        case None:
            return ", ".join(key.name for key in workload.query.group_by)
        case KeyFields(names=names):
            return ", ".join(names)
        case NoKey():
            return "nothing"


def _groups(workload: Workload) -> str:
    if len(workload.query.group_by) > 1:
        return "several fields"
    match workload.field(workload.query.group_by[0].name).source:
        case Choice(values=values, skew=skew):
            return f"{len(values):,}{f', Zipf {skew:g}' if skew else ''}"
        case IntRange(low=low, high=high):
            return f"{high - low + 1:,}"
        case Growing(among=among, ahead=ahead):
            return f"{among + ahead:,} at a time, more with the load"
        case LookedUp() as looked_up:
            return f"{len(looked_up.values):,}, looked up"
        case _:
            return "of the file"


def _engines(name: str) -> str:
    lacking = [{engine.name: gap for engine, gap in gaps(each)} for each in _forms(name)]
    forms = [each.name for each in _forms(name)]
    rows = []
    for engine in map(engine_named, CONTENDERS):
        without = [
            f"`{form}`: {found[engine.name].reason}"
            for form, found in zip(forms, lacking, strict=True)
            if engine.name in found
        ]
        said = "; ".join(without) if without else "yes"
        rows.append((engine.title, said))
    return _table(("Engine", "Has it"), *rows)


def _drops(name: str) -> str:
    workload = load_workload(shipped_root() / name)
    with tempfile.TemporaryDirectory() as folder:
        trace = compile_trace(
            workload,
            duration_ms=_DROPS_MS,
            seed=1,
            cache=Path(folder),
            rate_per_s=_DROPS_PER_S,
        )
        rows = []
        for grace_ms in _GRACES_MS:
            found = [
                predict_drops(trace, workload.query, clock, grace_ms=grace_ms)
                for clock in _CLOCKS.values()
            ]
            shares = (f"{100 * (each.dropped or 0) / each.records:.3f} %" for each in found)
            rows.append((show_duration(grace_ms), *shares))
    assert all(each.dropped is not None for each in found), "these clocks are modelled exactly"
    told = f"{_DROPS_PER_S:,} events/s for {show_duration(_DROPS_MS)}, seed 1:\n\n"
    return told + _table(("Grace", *_CLOCKS), *rows)


def _index() -> str:
    rows = []
    for folder in sorted(each.parent for each in shipped_root().glob(f"*/{FILE_NAME}")):
        page = PAGES / f"{folder.name}.md"
        name = f"`{folder.name}`"
        linked = f"[{name}](workloads/{page.name})" if page.exists() else name
        data = workload_file(folder).data
        forms = ", ".join(f"`:{form}`" for form in forms_of(data))
        rows.append((linked, str(data["title"]), forms, str(data.get("source", ""))))
    return _table(("Workload", "What it asks", "Forms", "Source"), *rows)


def _shown(name: str, bundle: Bundle, picture: str | None) -> str:
    said = io.StringIO()
    console = Console(file=said, width=_COLUMNS, color_system=None)
    for part in chapter_of(bundle).summary():
        console.print(part)
    lines = "\n".join(line.rstrip() for line in said.getvalue().strip("\n").splitlines())
    run = bundle.run
    machine = f"{run.environment.get('logical cores', '?')} cores of {run.environment.get('processor', 'a processor')}"
    drawn = f"\n![{picture}]({name}.png)\n" if picture else ""
    return f"{run.started_at[:10]}, {machine}:\n\n```text\n$ {_command(run.command)}\n{lines}\n```\n{drawn}"


def _command(line: str) -> str:
    """A command without the folder where its bundle went."""
    words = shlex.split(line)
    while "--out" in words:
        at = words.index("--out")
        del words[at : at + 2]
    return shlex.join(words)


_MADE: Final[Mapping[str, Callable[[str], str]]] = {
    "declaration": _declaration,
    "parameters": _parameters,
    "engines": _engines,
    "drops": _drops,
}


def main(arguments: list[str]) -> None:
    """Renew all pages; with a workload and a bundle, also what that run showed."""
    for page in pages():
        page.write_text(renewed(page), encoding="utf-8")
    INDEX.write_text(renewed_index(), encoding="utf-8")
    if arguments:
        name, folder = arguments
        page = PAGES / f"{name}.md"
        text, picture = showed(page, read_bundle(Path(folder)))
        page.write_text(text, encoding="utf-8")
        if picture is not None:
            page.with_suffix(".png").write_bytes(picture)


if __name__ == "__main__":
    main(sys.argv[1:])
