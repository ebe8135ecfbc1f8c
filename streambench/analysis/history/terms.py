"""Which runs belong in one history: those that were made on the same terms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, assert_never

from streambench.analysis.compare.strangers import Term, strangers
from streambench.model.experiment import BacklogDrain, Experiment, RateSearch, Single, Sweep
from streambench.model.numbers import listing, number
from streambench.results.bundle import Bundle

# What may change on the way. It is marked there, and keeps no run out.
MAY_CHANGE: Final = frozenset({Term.MACHINE, Term.JVM, Term.METHOD, Term.SPEED, Term.UNFINISHED})


@dataclass(frozen=True)
class TermApart:
    """One term that two runs do not share, with the value of each."""

    what: str
    first: str
    second: str


@dataclass(frozen=True)
class EqualTerms:
    """Runs on the same terms, in the order in which they were made."""

    runs: tuple[Bundle, ...]


def terms_apart(first: Bundle, second: Bundle) -> tuple[TermApart, ...]:
    """All terms that two runs do not share; none where they belong in one history."""
    return tuple(_apart(first, second))


def by_terms(bundles: Sequence[Bundle]) -> tuple[EqualTerms, ...]:
    """Runs on equal terms together, in the order of their first run."""
    groups: list[list[Bundle]] = []
    for bundle in sorted(bundles, key=lambda each: each.run.started_at):
        for group in groups:
            if not terms_apart(group[0], bundle):
                group.append(bundle)
                break
        else:
            groups.append([bundle])
    return tuple(EqualTerms(tuple(group)) for group in groups)


def _apart(first: Bundle, second: Bundle) -> Iterator[TermApart]:
    a, b = first.run, second.run
    if a.workload != b.workload:
        yield TermApart("workload", a.workload, b.workload)
        return
    kinds = [_kind(bundle) for bundle in (first, second)]
    if kinds[0] != kinds[1]:
        yield TermApart("kind of run", *kinds)
    named = [each for each in strangers(first, second) if each.term not in MAY_CHANGE]
    yield from (TermApart(each.what, each.first, each.second) for each in named)
    # Where nothing tells why, the bytes still do: another build may draw them otherwise.
    if not named and a.trace_sha256 != b.trace_sha256:
        yield TermApart("bytes (SHA-256)", a.trace_sha256[:12], b.trace_sha256[:12])


def _kind(bundle: Bundle) -> str:
    words = _kind_words(bundle.run.experiment)
    return f"{words}, quick" if bundle.run.quick else words


def _kind_words(experiment: Experiment) -> str:
    """The kind, with what decides its figures beside the load."""
    match experiment:
        case Single():
            return "single load"
        case Sweep(axes=axes, one_job=one_job):
            jobs = "in one job" if one_job else "in a job each"
            return f"sweep of {listing([axis.name.value for axis in axes])} {jobs}"
        case RateSearch(terms=terms):
            limit = "" if terms.limit is None else f", limit {terms.limit}"
            confirmed = "a fresh job" if terms.cold else "the same job"
            precision = number(100 * terms.precision, 1)
            return f"search within {precision} %, confirmed by {confirmed}{limit}"
        case BacklogDrain(records=records):
            return f"drain of {number(records)} records"
        case other:
            assert_never(other)
