"""Variants that users declare: `variants.toml` in a workload's folder and in the working folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streambench.engines.common.declaration import DeclaredVariant, Problem, declared_variant
from streambench.engines.common.variants import Declared
from streambench.engines.protocol import Engine
from streambench.engines.registry import ALL, contender_named, engine_named
from streambench.model.conditions import Conditions, NamedVariant, Variant
from streambench.model.errors import UsageError
from streambench.model.workload import Workload
from streambench.workload.locate import available
from streambench.workload.mistakes import Mistake
from streambench.workload.names import did_you_mean
from streambench.workload.parse import load_workload
from streambench.workload.toml_file import read_toml

VARIANTS_FILE: Final = "variants.toml"


def declared_for(workload: Workload, conditions: Conditions | None = None) -> Declared:
    """All variants that are declared for a workload; each was planned once, so its settings are known.

    Raises UsageError with everything that is wrong in a file, and where.
    """
    if conditions is None:
        conditions = Conditions(partitions=workload.partitions)
    every: list[DeclaredVariant] = []
    for file in _files(workload.folder):
        every += _read(file, every, workload, conditions)
    return _by_engine(every)


def declared_where_asked(
    names: Sequence[str], workload: Workload, conditions: Conditions | None = None
) -> Declared:
    """`declared_for`, where one of the `names` is a variant's: nobody else needs these files."""
    return declared_for(workload, conditions) if any(":" in name for name in names) else {}


def contenders_anywhere(text: str) -> tuple[tuple[Engine, Variant], ...]:
    """What `ENGINE[@VERSION][:VARIANT]` stands for with any workload: one of each version.

    Raises UsageError where no workload has it.
    """
    found: dict[str, tuple[Engine, Variant]] = {}
    refused: UsageError | None = None
    for folder in available():
        try:
            declared = declared_where_asked((text,), load_workload(folder))
            engine, variant = contender_named(text, declared)
        except UsageError as error:  # one broken folder must not hide the others
            refused = refused or error
        else:
            found.setdefault(variant.version, (engine, variant))
    if refused is not None and not found:
        raise refused
    return tuple(found.values())


def _files(folder: Path) -> tuple[Path, ...]:
    """The workload's own, then that of the working folder; each once."""
    found = (folder / VARIANTS_FILE, Path.cwd() / VARIANTS_FILE)
    return tuple({file.resolve(): file for file in found if file.exists()}.values())


def _read(
    file: Path, before: Sequence[DeclaredVariant], workload: Workload, conditions: Conditions
) -> tuple[DeclaredVariant, ...]:
    written = read_toml(file, shown=_shown(file))
    found: list[DeclaredVariant] = []
    problems: list[Problem] = []
    for engine, variants in written.data.items():
        if engine not in ALL:
            guess = did_you_mean(engine, ALL)
            problems.append(Problem((engine,), f"there is no engine called '{engine}'{guess}"))
            continue
        if not isinstance(variants, dict):
            problems.append(Problem((engine,), f"this is a table of variants: [{engine}.NAME]"))
            continue
        for name, table in variants.items():
            match declared_variant(engine_named(engine), name, table, written.shown):
                case DeclaredVariant() as variant:
                    found.append(variant)
                    problems += _taken(variant, (*before, *found[:-1]))
                    problems += _unplanned(variant, workload, conditions)
                case wrong:
                    problems += wrong
    if problems:
        raise written.refusal([_mistake(problem, workload) for problem in problems])
    return tuple(found)


def _mistake(problem: Problem, workload: Workload) -> Mistake:
    """The problem with the command that shows what can be declared."""
    if problem.path[0] not in ALL:
        return Mistake(problem.path, problem.message, "streambench engines lists all of them")
    shows = f"streambench explain {workload.name} --engine {problem.path[0]}"
    return Mistake(
        problem.path, problem.message, f"{shows}, for its settings; docs/variants.md has the keys"
    )


def _shown(file: Path) -> str:
    """A file as it would be named in the working folder."""
    absolute = file.resolve()
    try:
        return str(absolute.relative_to(Path.cwd().resolve()))
    except ValueError:
        return str(absolute)


def _taken(variant: DeclaredVariant, before: Sequence[DeclaredVariant]) -> list[Problem]:
    """What another variant of the engine is called already: a name and a title stand for one of them."""
    engine, named = variant.engine, variant.named
    key = (engine.name, named.name)
    declared = [other.named for other in before if other.engine.name == engine.name]
    found = [
        Problem(key, f"{other.declared_in} declares it, too; one of them needs another name")
        for other in declared
        if other.name == named.name
    ]
    same = [other.name for other in (*engine.variants, *declared) if other.title == named.title]
    if same and not found:
        what = f"{engine.name}:{same[0]} has the title '{named.title}', too; a report could not tell them apart"
        found.append(Problem((*key, "title"), what))
    return found


def _unplanned(
    variant: DeclaredVariant, workload: Workload, conditions: Conditions
) -> list[Problem]:
    """Why the engine cannot be planned so: each setting that it refuses, else what it says of all."""
    own, named = variant.paths, variant.named
    whole = _refused(variant, named, workload, conditions)
    if whole is None:
        return []
    table = (variant.engine.name, named.name)
    begun = tuple(pair for pair in named.settings if pair[0] not in own)
    base = _refused(variant, dataclasses.replace(named, settings=begun), workload, conditions)
    if base is not None:
        return [Problem((*table, "based_on"), base)]
    found = []
    for name, path in own.items():
        one = (*begun, (name, dict(named.settings)[name]))
        alone = dataclasses.replace(named, settings=one)
        if (why := _refused(variant, alone, workload, conditions)) is not None:
            found.append(Problem(path, why))
    return found or [Problem(table, whole)]


def _refused(
    variant: DeclaredVariant, named: NamedVariant, workload: Workload, conditions: Conditions
) -> str | None:
    engine = variant.engine
    version = named.version or engine.version
    contender = Variant(engine.name, version, name=named.name, declared=named)
    try:
        engine.plan(workload, conditions, contender)
    except UsageError as error:
        return error.message
    return None


def _by_engine(every: Sequence[DeclaredVariant]) -> Declared:
    found: dict[str, tuple[NamedVariant, ...]] = {}
    for each in every:
        found[each.engine.name] = (*found.get(each.engine.name, ()), each.named)
    return found
