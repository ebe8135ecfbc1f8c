"""Every load of a bundle judged once more, from the files of the bundle alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from streambench.model.clocks import stamps_behind_ms
from streambench.model.trial import Certificate, Invalid, LoadKind, TrialRecord
from streambench.model.verdict import Verdict
from streambench.oracle.judge import judge
from streambench.oracle.keyed_windows import KeyedWindows
from streambench.results.bundle import Bundle, TrialBundle
from streambench.results.expectations import load as load_expectation

_NS_PER_MS: Final = 1_000_000
# What the judge adds to the rows that it is given.
_ADDED: Final = ("row_class", "first_right", "early", "corrected_later", "expected_index")
_AT_ONCE: Final = (LoadKind.COLD, LoadKind.WARM)


@dataclass(frozen=True)
class JudgedAgain:
    """One load, by its folder in the bundle: the verdict that was stored, and the one found now.

    `stored` is None where its trial failed, or its rows had not all come. `found` is None where the bundle lacks
    something, which `lacks` names.
    """

    folder: str
    record: TrialRecord
    stored: Verdict | None
    found: Verdict | None
    lacks: str | None = None

    @property
    def wrong(self) -> bool:
        """Whether rows of which no verdict was stored are found wrong."""
        return self.stored is None and self.found is not None and not self.found.right

    @property
    def same(self) -> bool:
        """Whether it was judged, and nothing is found otherwise than it was stored."""
        return self.found is not None and not self.differences

    @property
    def differences(self) -> tuple[str, ...]:
        """What was stored and is found otherwise, in words; nothing where either is not known."""
        if self.stored is None or self.found is None:
            return ()
        stored, found = _figures(self.stored), _figures(self.found)
        return tuple(
            f"{name}: {was} stored, {found[name]} found"
            for name, was in stored.items()
            if was != found[name]
        )


def judge_again(bundle: Bundle) -> Iterator[JudgedAgain]:
    """All trials, then all loads of jobs that had several; those that were never played are left out."""
    for trial in (*bundle.trials, *bundle.loads):
        if trial.record.start_realtime_ns is not None:
            yield _again(bundle, trial)


def _again(bundle: Bundle, trial: TrialBundle) -> JudgedAgain:
    record, folder = trial.record, str(trial.folder.relative_to(bundle.folder))
    stored = record.verdict

    def lacking(what: str) -> JudgedAgain:
        return JudgedAgain(folder, record, stored, None, what)

    if record.expectation is None:
        return lacking("it was written before bundles kept what rows are judged by")
    try:
        expected = load_expectation(bundle.folder, record.expectation, record.holds)
        rows, own_rows = trial.table("rows"), trial.table("own_rows")
    except (OSError, ValueError) as error:
        return lacking(f"a file cannot be read: {error}")
    if rows is None or own_rows is None or record.event_offset_ms is None:
        return lacking("rows.parquet or own_rows.parquet is missing")
    guarantee = bundle.run.conditions.guarantee
    found = judge(
        rows.drop_columns([name for name in _ADDED if name in rows.column_names]),
        expected,
        guarantee=guarantee,
        start_realtime_ms=(record.start_realtime_ns or 0) // _NS_PER_MS,
        event_offset_ms=record.event_offset_ms,
        exempt=KeyedWindows.of(own_rows),
        state_exact=record.state_exact,
        uncommitted_rows=None if stored is None else stored.uncommitted_rows,
        stamps_behind_ms=_stamps_behind_ms(record.certificate),
    ).verdict
    # Without due instants that hold nothing can be early.
    if record.kind in _AT_ONCE or isinstance(record.outcome, Invalid):
        damage = replace(found.damage, early=0)
        found = replace(found, damage=damage, right=damage.clean_under(guarantee))
    return JudgedAgain(folder, record, stored, found)


def _stamps_behind_ms(certificate: Certificate | None) -> float:
    if certificate is None:
        return 0.0
    return stamps_behind_ms(certificate.clocks, certificate.unknown_clocks)


def _figures(verdict: Verdict) -> dict[str, object]:
    damage = verdict.damage
    return {
        "rows expected": verdict.expected_rows,
        "rows right": verdict.right_rows,
        "lost": damage.lost,
        "twice": damage.duplicates,
        "over-counted": damage.over_counted,
        "under-counted": damage.under_counted,
        "conflicting": damage.conflicting,
        "unexpected": damage.unexpected,
        "early": damage.early,
        "right": verdict.right,
        "guarantee honoured": verdict.guarantee_honoured,
    }
