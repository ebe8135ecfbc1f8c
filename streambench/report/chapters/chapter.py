"""What every kind of experiment has in a report, with the words that most of them share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text

from streambench.model.numbers import number, plural, seconds
from streambench.report.document import Section
from streambench.results.bundle import Bundle


@dataclass(frozen=True)
class Chapter(ABC):
    """One run's part of its report.

    `loads_by` is what each load belongs to (`point`, `rate`); None: one load for all.
    """

    bundle: Bundle
    loads_by: ClassVar[str | None] = None

    @abstractmethod
    def answer(self) -> str:
        """What a reader who stops after the first sentence should know."""

    @abstractmethod
    def sections(self) -> tuple[Section | None, ...]:
        """The sections that only this kind has."""

    @abstractmethod
    def summary(self) -> list[RenderableType]:
        """Table and notes for a terminal of 80 columns."""

    def load(self) -> str:
        """How much came, in words."""
        run = self.bundle.run
        if run.shape is not None:
            return run.shape
        rate = run.rate_per_s
        return "its own arrivals" if rate is None else f"{number(rate)} events/s"

    def varied(self) -> str | None:
        """What differs between the loads."""
        return None

    def measured(self) -> str | None:
        """How long each load was measured; None where that is not one length."""
        run = self.bundle.run
        at_once = ""
        if run.warming_records:
            at_once = (
                f"{number(run.warming_records)} records at once, again until they were not worked off "
                "faster, "
            )
            at_once += (
                f"{seconds(run.rising_s)} rising to the rate, and " if run.rising_s else "and "
            )
        least_s = run.settling_s + run.warm_up_s
        least = "at least " if run.settling_s else ""
        return f"{seconds(run.measured_s)} after {at_once}{least}{seconds(least_s)} warm-up"

    def trials(self) -> str | None:
        """How often each load was given."""
        run = self.bundle.run
        at_most = "at most " if run.partial and run.until is not None else ""
        return f"{at_most}{plural(run.repeats, 'trial')} per engine"

    def trials_wanted(self) -> int | None:
        """How many trials the whole run has; None: that is not known beforehand."""
        run = self.bundle.run
        return None if run.until is not None else len(run.planned) * run.repeats


def below(lines: Sequence[str]) -> list[RenderableType]:
    """Lines under a table, a blank one first."""
    return [Text(""), *(Text(line) for line in lines)] if lines else []
