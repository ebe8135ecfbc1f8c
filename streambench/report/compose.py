"""A bundle becomes a document."""

from __future__ import annotations

from streambench.analysis.recoveries import kinds
from streambench.model.numbers import plural
from streambench.report.chapters.chapter import Chapter
from streambench.report.chapters.choose import chapter_of
from streambench.report.document import Document
from streambench.report.lone_trials import not_whole
from streambench.report.sections.damage import damage_section
from streambench.report.sections.definitions import definitions_section
from streambench.report.sections.fits import fits_section
from streambench.report.sections.terms import (
    conditions_section,
    environment_section,
    instrument_section,
    programs_section,
)
from streambench.report.sections.trials import trials_section
from streambench.results.bundle import Bundle
from streambench.results.schema import METHOD

_LEFT_OUT = "names of machines and users, folders, addresses and logs; … stands in their place"


def compose(bundle: Bundle) -> Document:
    """The whole report: what only this kind of experiment has, then what every run has."""
    chapter = chapter_of(bundle)
    sections = [
        fits_section(bundle),
        *chapter.sections(),
        damage_section(bundle),
        trials_section(bundle),
        conditions_section(bundle, one_load=chapter.loads_by is None),
        programs_section(bundle),
        environment_section(bundle, chapter.loads_by),
        instrument_section(bundle),
        definitions_section(),
    ]
    return Document(
        bundle.run.title,
        f"{bundle.run.workload} · {bundle.run.started_at[:16].replace('T', ' ')} UTC",
        chapter.answer(),
        _facts(bundle, chapter),
        banners(bundle),
        tuple(section for section in sections if section is not None),
    )


def answer(bundle: Bundle) -> str:
    """The report's first sentence: what a reader who stops there should know."""
    return chapter_of(bundle).answer()


def _facts(bundle: Bundle, chapter: Chapter) -> tuple[tuple[str, str], ...]:
    run = bundle.run
    facts = (
        ("load", chapter.load()),
        ("varied", chapter.varied()),
        ("measured", chapter.measured()),
        ("guarantee", run.conditions.guarantee.value),
        ("faults", ", ".join(run.faults or (kind.value for kind in kinds(bundle)))),
        ("each engine", plural(run.conditions.workers, "worker")),
        ("trials", chapter.trials()),
        ("left out", _LEFT_OUT if run.anonymous else ""),
    )
    return tuple((name, words) for name, words in facts if words)


def banners(bundle: Bundle) -> tuple[str, ...]:
    """What must not be overlooked: the run is partial, or too short to be ranked."""
    said = not_whole(bundle.gaps)
    if bundle.run.partial:
        wanted = chapter_of(bundle).trials_wanted()
        if wanted is None:
            said.append("Partial: the run was interrupted; what it had found is shown.")
            return tuple(said)
        done = len(bundle.trials) + sum(gap.file == "trial.json" for gap in bundle.gaps)
        said.append(f"Partial: the run was interrupted after {done} of {plural(wanted, 'trial')}.")
    if bundle.run.method < METHOD:
        said.append(
            f"This run was measured by version {bundle.run.method} of the method; the present one is "
            f"{METHOD}."
        )
    if bundle.run.quick:
        said.append("Quick: engines were cold and windows few, so nothing is ranked.")
    return tuple(said)
