"""The chapter of one load: who was right and how fast, what was dropped, and the recovery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType

from streambench.analysis.eligible import delay_stem, late_possible
from streambench.analysis.variants import (
    RIGHT_SO_FAR,
    Standing,
    VariantStatus,
    delay_ranking,
    standings,
)
from streambench.model.numbers import listing, number, percent, plural
from streambench.report.chapters.chapter import Chapter
from streambench.report.chapters.single_summary import summary_parts
from streambench.report.document import Section
from streambench.report.sections.cost import cost_section
from streambench.report.sections.late import late_section
from streambench.report.sections.latency import latency_section
from streambench.report.sections.recovery import recovery_sections
from streambench.report.sections.throughput import throughput_section
from streambench.report.sections.verdict import verdict_section
from streambench.report.words.recoveries import recovery_clause
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class SingleChapter(Chapter):
    """Every engine under one load."""

    def answer(self) -> str:
        """One sentence: who was right and how fast, or how much was silently dropped; then the recovery."""
        bundle = self.bundle
        stands = standings(bundle)
        if not stands:
            return "No trial was run."
        rest = _others(stands)
        first = _late(stands) if late_possible(bundle) else _delay(bundle, stands)
        return "; ".join(part for part in (first, rest, recovery_clause(bundle)) if part) + "."

    def sections(self) -> tuple[Section | None, ...]:
        """Where records may be late, their picture comes before everything else."""
        return (
            late_section(self.bundle),
            verdict_section(self.bundle),
            latency_section(self.bundle),
            *recovery_sections(self.bundle),
            throughput_section(self.bundle),
            cost_section(self.bundle),
        )

    def summary(self) -> list[RenderableType]:
        """The verdict table, and a reason for everyone that is not ranked."""
        return summary_parts(self.bundle)


def _delay(bundle: Bundle, stands: Sequence[Standing]) -> str:
    right = [stand for stand in stands if stand.status in RIGHT_SO_FAR]
    ranked = [stand for stand in right if stand.rank is not None]
    untimed = any(_only_rows(stand) for stand in stands)
    if not right:
        return (
            "No engine came out right with valid times" if untimed else "No engine came out right"
        )
    after = any(stand.status is VariantStatus.WRONG_AFTER for stand in right)
    came = "came out right until the fault" if after else "came out right"
    who = f"{_how_many(right, stands)} {came}{' with valid times' if untimed else ''}"
    if not ranked:
        reasons = {stand.unranked or "not ranked" for stand in right}
        why = reasons.pop() if len(reasons) == 1 else "the reasons stand below the table"
        none = "but it is not ranked" if len(stands) == 1 else "none of them is ranked"
        return f"{who}, {none} ({why})"
    stem = delay_stem(bundle)
    verb = "shown to a committed reader" if stem == "visible" else "complete"
    # What holds for every window of every trial is the greatest figure of all trials, not their median.
    metric = delay_ranking(bundle, stands).metric
    share = "every window" if metric.endswith("_max_ms") else "99 % of windows"
    repeated = any(len(stand.records) > 1 for stand in ranked)
    words = []
    for index, stand in enumerate(ranked):
        most = f"{number(stand.summary(metric).high or 0.0)} ms"
        if index == 0:
            trials = _in_which(ranked) if repeated else ""
            words.append(f"{stand.title} had {share} {verb} within {most} of closing{trials}")
        else:
            words.append(f"{stand.title} {most}")
    return f"{who}: {', '.join(words)}{_together(ranked)}"


def _in_which(ranked: Sequence[Standing]) -> str:
    """What "every trial" is, where some were made at another speed of the machine."""
    some = any(stand.aside for stand in ranked)
    return " in every trial at the machine's usual speed" if some else " in every trial"


def _together(ranked: Sequence[Standing]) -> str:
    """Who of those that share the first rank is not told apart; nothing where one alone is first."""
    first = [stand.title for stand in ranked if stand.rank == 1]
    if len(first) < 2:
        return ""
    who = "they are" if len(first) == len(ranked) else f"{listing(first)} are"
    return f" ({who} not told apart)"


def _how_many(right: Sequence[Standing], stands: Sequence[Standing]) -> str:
    if len(stands) == 1:
        return stands[0].title
    if len(right) < len(stands):
        return f"{len(right)} of {plural(len(stands), 'engine')}"
    return "Both engines" if len(stands) == 2 else f"All {len(stands)} engines"


def _late(stands: Sequence[Standing]) -> str:
    words = []
    for stand in stands:
        known = [r.late for r in stand.records if r.late is not None and r.late.dropped is not None]
        if known:
            shares = sorted((late.dropped or 0) / max(late.records, 1) for late in known)
            least, most = percent(shares[0], 1), percent(shares[-1], 1)
            words.append(f"{stand.title} {most if least == most else f'{least} to {most}'}")
    if not words:
        return "How many late records were dropped could not be measured"
    return f"Late records silently dropped: {', '.join(words)} of all records that should count"


def _others(stands: Sequence[Standing]) -> str:
    parts = []
    for status, words in (
        (VariantStatus.WRONG_AFTER, "wrong after the fault"),
        (VariantStatus.WRONG, "wrong"),
        (VariantStatus.FAILED, "failed"),
        (VariantStatus.INVALID, "could not be measured"),
        (VariantStatus.UNSUPPORTED, "unsupported here"),
        (VariantStatus.NOT_REACHED, "not reached"),
    ):
        titles = [s.title for s in stands if s.status is status and not _only_rows(s)]
        if titles:
            verb = (
                ""
                if status is VariantStatus.FAILED or status is VariantStatus.INVALID
                else _to_be(titles, status)
            )
            parts.append(f"{listing(titles)} {verb}{words}")
    for exact in (True, False):
        untimed = [s.title for s in stands if _only_rows(s) and s.rows.exact is exact]
        if untimed:
            right = "right" if exact else "right within bounds"
            parts.append(
                f"all rows of {listing(untimed)} were {right}, but no time of them is valid"
            )
    return ", ".join(parts)


def _only_rows(stand: Standing) -> bool:
    """Whether all that is known is that its rows were right."""
    return stand.status is VariantStatus.INVALID and stand.rows_right


def _to_be(titles: Sequence[str], status: VariantStatus) -> str:
    if status is VariantStatus.UNSUPPORTED:
        return "is " if len(titles) == 1 else "are "
    return "was " if len(titles) == 1 else "were "
