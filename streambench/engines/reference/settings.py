"""The script's settings, as the user gives them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from streambench.engines.common.settings import defaults, marked, overridden, rules
from streambench.engines.common.variants import asked, unvouched
from streambench.engines.reference.script import Script
from streambench.engines.reference.stalls import parsed_stalls
from streambench.model.conditions import Conditions, Guarantee, Variant
from streambench.model.errors import UsageError
from streambench.model.plan import EventClock, Setting
from streambench.model.written import quoted, read_whole
from streambench.workload.names import did_you_mean

SCOPE = "script"
CLOCK = "clock"
STALLS = "stalls"
CLOCKS = {
    "per-partition": EventClock.PER_PARTITION,
    "min-of-partitions": EventClock.MIN_OF_PARTITIONS,
}


def settings(conditions: Conditions, variant: Variant) -> tuple[Setting, ...]:
    """The whole script, the user's part last. Raises UsageError for a name that there is not."""
    script = dataclasses.asdict(Script())
    for name in unvouched(variant):
        if name != CLOCK and name not in script:
            known = [CLOCK, *script]
            raise UsageError(
                f"the reference engine has no setting '{name}'{did_you_mean(name, known)}",
                hint=f"its settings are {', '.join(known)}",
            )
    chosen = defaults(SCOPE, {CLOCK: "per-partition", **script})
    if conditions.guarantee is Guarantee.EXACTLY_ONCE:
        chosen = (*rules(SCOPE, {"commit_interval_ms": conditions.commit_interval_ms}), *chosen)
    wanted = asked(variant, ())
    return marked(overridden(chosen, SCOPE, wanted), frozenset({"commit_interval_ms"}))


def script_of(chosen: Sequence[Setting]) -> Script:
    """The settings as a script. Raises UsageError for what is no number, or none of at least 0."""
    texts = {setting.name: setting.value for setting in chosen}
    numbers = {}
    for field in dataclasses.fields(Script):
        if field.name == STALLS:
            continue
        value = read_whole(texts[field.name])
        if value is None:
            raise UsageError(
                f"'{field.name}' is a whole number of at least 0, not {quoted(texts[field.name])}",
                hint=f"streambench run --set reference:{field.name}=10",
            )
        numbers[field.name] = value
    try:
        parsed_stalls(texts[STALLS])
    except ValueError as error:
        raise UsageError(
            f"{error}: one is [PARTITION:]BEGIN+LENGTH in ms, counted from the end of a pause",
            hint="streambench run --set reference:stalls=0+3000/0:0+3000,1:500+1500",
        ) from error
    return Script(**numbers, stalls=texts[STALLS])


def clock_of(chosen: Sequence[Setting]) -> EventClock:
    """The clock that was chosen. Raises UsageError for one that there is not."""
    (text,) = (setting.value for setting in chosen if setting.name == CLOCK)
    if text not in CLOCKS:
        raise UsageError(
            f"the reference engine has no clock '{text}'{did_you_mean(text, CLOCKS)}",
            hint=f"its clocks are {' and '.join(CLOCKS)}",
        )
    return CLOCKS[text]
