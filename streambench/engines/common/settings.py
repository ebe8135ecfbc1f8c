"""Settings are the truth: native configuration is rendered from them, so none stays untold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from streambench.engines.common.symbols import literal
from streambench.engines.common.variants import Asked
from streambench.model.conditions import Profile
from streambench.model.errors import UsageError
from streambench.model.plan import Origin, Setting
from streambench.model.written import quoted, read_whole

OWN = "streambench"
"""The scope of settings that are streambench's own: the engine is not told of them."""


def is_own(name: str) -> bool:
    """Whether a setting of that name is streambench's own, not the engine's."""
    return name.startswith(f"{OWN}.")


def rules(scope: str, values: Mapping[str, str | int]) -> tuple[Setting, ...]:
    """Settings of one scope that are set so that the terms are equal."""
    return tuple(
        Setting(scope, name, str(value), Origin.FAIRNESS_RULE) for name, value in values.items()
    )


def defaults(scope: str, values: Mapping[str, str | int]) -> tuple[Setting, ...]:
    """Settings of one scope that keep the engine's default, written down because they matter."""
    return tuple(
        Setting(scope, name, str(value), Origin.ENGINE_DEFAULT) for name, value in values.items()
    )


def by_profile(
    profile: Profile,
    scope: str,
    *,
    tuned: Mapping[str, str | int],
    shipped: Mapping[str, str | int],
) -> tuple[Setting, ...]:
    """`tuned` as rules, or under `Profile.DEFAULTS` what the engine ships with (`shipped`) instead."""
    return rules(scope, tuned) if profile is Profile.TUNED else defaults(scope, shipped)


def overridden(
    settings: Iterable[Setting], scope: str, asked: Iterable[Asked]
) -> tuple[Setting, ...]:
    """`settings` after what the variant and the user ask for in `scope`, which wins."""
    table = {(setting.scope, setting.name): setting for setting in settings}
    for each in asked:
        table[scope, each.name] = Setting(
            scope, each.name, literal(each.value), each.origin, listed=each.listed
        )
    return tuple(table.values())


def marked(settings: Iterable[Setting], recovery: frozenset[str]) -> tuple[Setting, ...]:
    """`settings`, those named in `recovery` marked as what decides detection or rework."""
    return tuple(
        replace(setting, recovery=True) if setting.name in recovery else setting
        for setting in settings
    )


def values(settings: Iterable[Setting], scope: str) -> dict[str, str]:
    """Names and values of one scope that are to be set, in their order: none that is as it is anyway."""
    return {
        setting.name: setting.value
        for setting in settings
        if setting.scope == scope and setting.origin not in (Origin.ENGINE_DEFAULT, Origin.CLUSTER)
    }


def whole_number(
    settings: Iterable[Setting], scope: str, name: str, *, engine: str | None = None
) -> int:
    """The setting as a number (KeyError when there is none). Raises UsageError for what is none.

    `engine` is the engine's name where the scope is not called like it.
    """
    for setting in settings:
        if (setting.scope, setting.name) == (scope, name):
            if (value := read_whole(setting.value)) is not None:
                return value
            raise UsageError(
                f"'{name}' is a whole number, not {quoted(setting.value)}",
                hint=f"streambench run --set {engine or scope}:{name}=1",
            )
    raise KeyError(name)
