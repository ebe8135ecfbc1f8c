"""What two variants of one engine were run with, where it differs: asked for, in effect, and by default."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from streambench.analysis.runs_there import runs_words
from streambench.engines.common.defaults import defaults_of
from streambench.model.by_hand import HandFile
from streambench.model.trial import TrialRecord
from streambench.results.bundle import Bundle

_BY_HAND: Final = frozenset(file.value for file in HandFile)
_SHOWN: Final = 12  # characters of a digest


@dataclass(frozen=True)
class Changed:
    """A setting that two sides do not have in common; None: one of them has none, or it is not told."""

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Differing:
    """What two variants of one engine do not have in common.

    `settings` differ in effect. Of two versions, `defaults` moved that neither side sets, and `added` are
    settings that only one version knows.
    """

    settings: tuple[Changed, ...] = ()
    defaults: tuple[Changed, ...] = ()
    added: tuple[Changed, ...] = ()


def differing(first: Bundle, first_label: str, second: Bundle, second_label: str) -> Differing:
    """All that is told of the two; two engines have nothing in common, so nothing is."""
    if engine_of(first_label) != engine_of(second_label):
        return Differing()
    ours, theirs = _with_settings(first, first_label), _with_settings(second, second_label)
    if ours is None or theirs is None:
        return Differing()
    settings = _differing(_in_effect(first, ours), _in_effect(second, theirs))
    a, b = ours.variant, theirs.variant
    before, after = defaults_of(a.engine, a.version), defaults_of(b.engine, b.version)
    if a.version == b.version or before is None or after is None:
        return Differing(settings)
    set_by_both = {each.name for each in ours.settings} & {each.name for each in theirs.settings}
    shared = before.keys() & after.keys()
    moved = [each for each in _differing(before, after) if not _is_among(each.name, set_by_both)]
    return Differing(
        settings,
        tuple(each for each in moved if each.name in shared),
        tuple(each for each in moved if each.name not in shared),
    )


def engine_of(label: str) -> str:
    """The engine's name, whatever its version, its variant and its settings."""
    return label.partition("+")[0].partition(":")[0].partition("@")[0]


def _is_among(name: str, known: set[str]) -> bool:
    """Whether a setting is among those of a plan, where a client's has a prefix of the engine's."""
    client, _, bare = name.rpartition(" ")
    if not client:
        return bare in known
    return any(each.endswith(f".{bare}") for each in known)


def _in_effect(bundle: Bundle, record: TrialRecord) -> dict[str, str | None]:
    """What a trial ran with, by scope and name; as asked for where the engine does not say.

    Of files that are written by hand the content counts.
    """
    settings = {
        f"{each.scope} {each.name}": each.value if each.effective is None else each.effective
        for each in record.settings
    }
    by_hand = {
        f"file {each.name}": hashlib.sha256(each.text.encode()).hexdigest()[:_SHOWN]
        for each in record.programs
        if each.name in _BY_HAND
    }
    return {"version": runs_words(bundle.run, record), **settings, **by_hand}


def _with_settings(bundle: Bundle, label: str) -> TrialRecord | None:
    return next((t.record for t in bundle.of(label) if t.record.settings), None)


def _differing(
    ours: Mapping[str, str | None], theirs: Mapping[str, str | None]
) -> tuple[Changed, ...]:
    return tuple(
        Changed(name, ours.get(name), theirs.get(name))
        for name in sorted(ours.keys() | theirs.keys())
        if ours.get(name) != theirs.get(name)
    )
