"""Records of a bundle with every text masked, but for the few that hold words of ours or of a workload's."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar, get_args

from streambench.model.capacity import MachineCapacity
from streambench.model.conditions import NamedVariant, Variant
from streambench.model.dirt import ChangedRow, DirtEffect, DirtOutcome, PassedOver
from streambench.model.fault import Hit
from streambench.model.machine import MachineUsage
from streambench.model.observed import ByMonitoring
from streambench.model.phases import PhaseTime
from streambench.model.plan import Program, Setting
from streambench.model.search import RateProbe
from streambench.model.trial import (
    Completed,
    Failed,
    Invalid,
    LeftOut,
    NotRun,
    RoleUsage,
    TrialRecord,
)
from streambench.model.verdict import Example
from streambench.results.anonymous.mask import LEFT_OUT, Mask
from streambench.results.schema import RunRecord

# Closed sets of words, digests and instants; and what a user called the workload.
_AS_IT_IS: Final[Mapping[type, tuple[str, ...]]] = {
    RunRecord: ("title", "workload", "started_at", "trace_sha256"),
    TrialRecord: ("started_at", "measures", "expectation", "trace_sha256"),
    Variant: ("engine", "version", "name"),
    Setting: ("scope", "name"),
    Program: ("language",),
    RateProbe: ("measures",),
    RoleUsage: ("role",),
    PhaseTime: ("phase",),
    MachineCapacity: ("made_at",),
    Completed: ("kind",),
    Invalid: ("kind",),
    Failed: ("stage", "kind"),
    NotRun: ("kind",),
    LeftOut: ("kind",),
    **dict.fromkeys(get_args(DirtOutcome), ("kind",)),
}
_OF_A_LOG: Final = re.compile(r"^(?:less|cat|tail|ls)\b")
# What a user's shell ran, as a fault, and what it said.
_OF_A_COMMAND: Final = re.compile(r"(^command |faults happened: ).*", re.DOTALL)

Record = TypeVar("Record")


@dataclass(frozen=True)
class Masking:
    """How records are masked: by `mask`; keys of the data by `key`; a variant is replaced as a whole."""

    mask: Mask
    key: Callable[[str], str]
    variants: Mapping[str, Variant]  # by its label

    def record(self, record: Record) -> Record:
        """A record, or any value of one."""
        masked: Record = self._masked(record)
        return masked

    def _masked(self, value: Any) -> Any:
        match value:
            case str():
                return self.mask.text(value)
            case enum.Enum() | None | bool() | int() | float():
                return value
            case Variant():
                return self.variants[value.label]
            case NamedVariant():
                return masked_named(value, self.mask)
            case MachineUsage():  # the names of what else ran tell of a person, and decide nothing
                return replace(value, strangers=())
            case MachineCapacity():
                return replace(self._fields(value), machine="")
            case Failed():
                return replace(self._fields(value), hint=self._hint(value.hint), log_tail="")
            case NotRun():
                return replace(self._fields(value), hint=self._hint(value.hint))
            case ByMonitoring():  # hosts and pods of somebody's
                usage = tuple(replace(each, target=LEFT_OUT) for each in value.usage)
                return replace(value, usage=usage, why=None if value.why is None else LEFT_OUT)
            case Hit():
                command = None if value.command is None else LEFT_OUT
                return replace(self._fields(value), command=command, output=())
            case Invalid():
                reason = _OF_A_COMMAND.sub(rf"\1{LEFT_OUT}", value.reason)
                return self._fields(replace(value, reason=reason))
            case PassedOver() | DirtEffect():  # a line of a log may quote a record
                said = None if value.said is None else LEFT_OUT
                return replace(self._fields(value), said=said)
            case ChangedRow():
                return replace(self._fields(value), key=self.key(value.key))
            case Example():
                return replace(self._fields(value), key=self.key(value.key))
            case Setting():
                effective = value.effective
                return replace(
                    value,
                    value=self.mask.value(value.value),
                    effective=None if effective is None else self.mask.value(effective),
                )
            case RunRecord():
                return self._run(value)
            case tuple():
                return tuple(self._masked(each) for each in value)
            case Mapping():
                return {self._masked(name): self._masked(each) for name, each in value.items()}
        return self._fields(value)

    def _fields(self, value: Any) -> Any:
        """A record, field by field."""
        kept = _AS_IT_IS.get(type(value), ())
        changed = {
            each.name: self._masked(getattr(value, each.name))
            for each in dataclasses.fields(value)
            if each.name not in kept
        }
        return replace(value, **changed)

    def _run(self, run: RunRecord) -> RunRecord:
        masked: RunRecord = self._fields(run)
        return replace(
            masked,
            command=self.mask.command(run.command, run.workload),
            environment=self._versions(run.environment),
            versions=self._versions(run.versions),
            faults=tuple(_OF_A_COMMAND.sub(rf"\1{LEFT_OUT}", fault) for fault in run.faults),
            anonymous=True,
        )

    def _versions(self, of: Mapping[str, str]) -> dict[str, str]:
        return {self.mask.text(name): self.mask.version(value) for name, value in of.items()}

    def _hint(self, hint: str | None) -> str | None:
        """None for one that only leads to a file of this machine."""
        return None if hint is None or _OF_A_LOG.match(hint) else self.mask.text(hint)


def masked_variants(variants: Iterable[Variant], mask: Mask) -> dict[str, Variant]:
    """By its label, each variant with its settings masked: two that become alike are numbered."""
    found: dict[str, Variant] = {}
    taken: set[str] = set()
    for label, variant in {each.label: each for each in variants}.items():
        number = 1
        masked = _masked_variant(variant, mask, number)
        while masked.label in taken:
            number += 1
            masked = _masked_variant(variant, mask, number)
        taken.add(masked.label)
        found[label] = masked
    return found


def _masked_variant(variant: Variant, mask: Mask, number: int) -> Variant:
    def masked(value: str) -> str:
        left = mask.value(value)
        return left if left == value or number == 1 else left.replace(LEFT_OUT, f"{LEFT_OUT}{number}", 1)

    return replace(
        variant,
        settings=tuple((name, masked(v)) for name, v in variant.settings),
        declared=None if variant.declared is None else masked_named(variant.declared, mask),
    )


def masked_named(named: NamedVariant, mask: Mask) -> NamedVariant:
    """A variant that a user declared; of the file that declares it no folder stays."""
    where = named.declared_in
    return replace(
        named,
        title=mask.text(named.title),
        note=mask.text(named.note),
        settings=tuple((name, mask.value(value)) for name, value in named.settings),
        declared_in=None if where is None else mask.text(where),
    )
