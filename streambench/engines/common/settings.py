"""Settings are the truth: native configuration is rendered from them, so none stays untold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from streambench.engines.common.symbols import literal
from streambench.model.plan import Origin, Setting


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


def overridden(
    settings: Iterable[Setting], scope: str, user: Iterable[tuple[str, str]]
) -> tuple[Setting, ...]:
    """`settings` after the user's own `(name, value)` pairs in `scope`, which win."""
    table = {(setting.scope, setting.name): setting for setting in settings}
    for name, value in user:
        table[scope, name] = Setting(scope, name, literal(value), Origin.USER)
    return tuple(table.values())


def values(settings: Iterable[Setting], scope: str) -> dict[str, str]:
    """Names and values of one scope that differ from the engine's default, in their order."""
    return {
        setting.name: setting.value
        for setting in settings
        if setting.scope == scope and setting.origin is not Origin.ENGINE_DEFAULT
    }
