"""What `[input] key` means, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streambench.model.expression import FieldType
from streambench.model.record_key import KeyFields, NoKey, RecordKey
from streambench.model.workload import Field, fields_sent
from streambench.model.written import quoted
from streambench.workload.mistakes import Mistake
from streambench.workload.names import did_you_mean, nearest

_PATH = ("input", "key")


def record_key(names: Sequence[str] | None, group_by: Sequence[str]) -> RecordKey | None:
    """None where records are keyed by their group, in so many words or in none; no name stands for no key."""
    if names is None or list(names) == list(group_by):
        return None
    return KeyFields(tuple(names)) if names else NoKey()


def key_mistakes(names: Sequence[str], fields: Sequence[Field]) -> Iterator[Mistake]:
    """Names of no field of a record, of a double, and those that stand there twice."""
    types = {field.name: field.type for field in fields_sent(fields)}
    for name in dict.fromkeys(names):
        if name not in types:
            near = nearest(name, types) or next(iter(types), "user")
            what = f"unknown field {quoted(name)}{did_you_mean(name, types)}"
            if any(field.name == name for field in fields):
                what = f"{quoted(name)} is looked up, and is in no record"
            yield Mistake(_PATH, what, f'write key = "{near}"')
        elif types[name] is FieldType.DOUBLE:
            what = f"{quoted(name)} is a double; a key is of what can be told to be the same"
            yield Mistake(_PATH, what, f"make {name} a bigint, a string or a decimal")
    if len(set(names)) < len(names):
        once = ", ".join(f'"{name}"' for name in dict.fromkeys(names))
        yield Mistake(_PATH, "a field stands there twice", f"write key = [{once}]")
