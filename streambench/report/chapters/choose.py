"""Which chapter a run has: the one place in the report that tells kinds of experiment apart."""

from __future__ import annotations

from typing import assert_never

from streambench.model.experiment import BacklogDrain, RateSearch, Single, Sweep
from streambench.report.chapters.chapter import Chapter
from streambench.report.chapters.dirt import DirtChapter
from streambench.report.chapters.drain import DrainChapter
from streambench.report.chapters.search import SearchChapter
from streambench.report.chapters.single import SingleChapter
from streambench.report.chapters.sweep import SweepChapter
from streambench.results.bundle import Bundle


def chapter_of(bundle: Bundle) -> Chapter:
    """The chapter for this run's kind of experiment."""
    match bundle.run.experiment:
        case Single() if bundle.run.dirt or bundle.run.dirt_shares:
            return DirtChapter(bundle)
        case Single():
            return SingleChapter(bundle)
        case Sweep(axes=axes):
            return SweepChapter(bundle, axes)
        case RateSearch(terms=terms):
            return SearchChapter(bundle, terms)
        case BacklogDrain(records=records):
            return DrainChapter(bundle, records)
        case other:
            assert_never(other)
