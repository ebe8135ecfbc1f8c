"""Named variants: what they set, and what they are called in a report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from streambench.engines.protocol import Engine
from streambench.model.conditions import NamedVariant, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import Origin
from streambench.workload.names import did_you_mean

TOLERANT: Final = "tolerant"
"""The variant of each engine that does with unreadable records what its documentation advises."""

Declared: TypeAlias = Mapping[str, tuple[NamedVariant, ...]]
"""The variants that users declared, by the engine's name."""


@dataclass(frozen=True)
class Asked:
    """A setting that a variant or the user asks for; `listed` as in a plan's `Setting`."""

    name: str
    value: str
    origin: Origin
    listed: bool = True


def asked(variant: Variant, known: Sequence[NamedVariant]) -> tuple[Asked, ...]:
    """What a variant sets by its name, then the user's own settings, which win.

    Raises UsageError for a name that is not among `known`.
    """
    own = () if variant.name is None else named_variant(variant, known).settings
    return (
        *(Asked(name, value, Origin.VARIANT) for name, value in own),
        *(Asked(name, value, Origin.USER) for name, value in variant.settings),
    )


def unvouched(variant: Variant) -> tuple[str, ...]:
    """The names of the settings that a user wrote, be it in a declaration: nobody has checked them."""
    declared = () if variant.declared is None else variant.declared.settings
    return tuple(name for name, _ in (*declared, *variant.settings))


def named_variant(variant: Variant, known: Sequence[NamedVariant]) -> NamedVariant:
    """The declared variant, or the one among `known`. Raises UsageError for one that there is not."""
    if variant.declared is not None:
        return variant.declared
    for each in known:
        if each.name == variant.name:
            return each
    names = [each.name for each in known]
    nearest = did_you_mean(str(variant.name), names) or ": it has none"
    raise UsageError(
        f"{variant.engine} has no variant '{variant.name}'{nearest}",
        hint="streambench engines; a variant of your own is declared in variants.toml",
    )


def title_of(engine: Engine, variant: Variant) -> str:
    """The engine's name as in the report, with version and variant where they were asked for."""
    title = f"{engine.title} {variant.version}" if variant.of_its_own_version else engine.title
    if variant.name is None:
        return title
    return f"{title}, {named_variant(variant, engine.variants).title}"
