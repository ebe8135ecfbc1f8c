"""Ports and paths stay `${symbols}` in a plan, so that it is pure; they are filled in at launch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from streambench.model.plan import Plan, ProcessPlan

# `$${` stands for `${` itself.
_SYMBOL = re.compile(r"\$\$\{|\$\{([^{}]*)\}")


class UnknownSymbol(LookupError):
    """A plan names a symbol that its engine does not fill in: a mistake in that engine."""

    def __init__(self, name: str, known: Mapping[str, str]) -> None:
        super().__init__(f"no value for ${{{name}}}; known are: {', '.join(sorted(known))}")
        self.name = name


def fill(text: str, symbols: Mapping[str, str]) -> str:
    """Replace each `${name}` in `text` by `symbols[name]`, once: values are not searched again.

    Raises UnknownSymbol for a name that is not among `symbols`.
    """

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "${"
        if name not in symbols:
            raise UnknownSymbol(name, symbols)
        return symbols[name]

    return _SYMBOL.sub(value, text)


def symbols_in(text: str) -> frozenset[str]:
    """The names of the symbols that `text` still holds."""
    return frozenset(match[1] for match in _SYMBOL.finditer(text) if match[1] is not None)


def literal(text: str) -> str:
    """`text`, which a user wrote, so that `fill` gives it back as it is: it holds no symbols."""
    return text.replace("${", "$${")


def fill_process(process: ProcessPlan, symbols: Mapping[str, str]) -> ProcessPlan:
    """`process` with its argv and environment filled in. Raises UnknownSymbol."""
    return replace(
        process,
        argv=tuple(fill(argument, symbols) for argument in process.argv),
        env={name: fill(value, symbols) for name, value in process.env.items()},
    )


def fill_plan(plan: Plan, symbols: Mapping[str, str]) -> Plan:
    """`plan` with every program, process and setting filled in.

    `plan.symbols` are known as well; they may hold symbols themselves, and yield to `symbols`.
    Raises UnknownSymbol.
    """
    known = {name: fill(value, symbols) for name, value in plan.symbols.items()} | dict(symbols)
    return replace(
        plan,
        programs=tuple(
            replace(program, text=fill(program.text, known)) for program in plan.programs
        ),
        processes=tuple(fill_process(process, known) for process in plan.processes),
        settings=tuple(
            replace(setting, value=fill(setting.value, known)) for setting in plan.settings
        ),
        symbols=known,
    )
