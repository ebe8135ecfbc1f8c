"""What went wrong: damage with examples, and failures with the end of their logs."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from streambench.analysis.damage_words import damage_counts, right_words
from streambench.analysis.variants import title_of
from streambench.model.numbers import DASH, number, sentence
from streambench.model.trial import Completed, Failed, Invalid, LeftOut, NotRun, TrialRecord
from streambench.model.verdict import Example, Verdict
from streambench.report.document import (
    Block,
    Cell,
    Code,
    Fold,
    Grid,
    GridColumn,
    GridRow,
    Section,
    Text,
    Tone,
)
from streambench.results.bundle import Bundle


def damage_section(bundle: Bundle) -> Section | None:
    """Everything that was not as it should be; None when there is nothing to tell."""
    blocks: list[Block] = []
    verdicts = [
        (trial.record, trial.record.verdict)
        for trial in bundle.trials
        if trial.record.verdict is not None
    ]
    damaged = [(record, verdict) for record, verdict in verdicts if _any_damage(verdict)]
    if damaged:
        blocks.append(_counts_grid(bundle, damaged))
    for record, verdict in damaged:
        if verdict.examples:
            blocks.append(Text(f"{_name(bundle, record)}: examples", Tone.STRONG))
            blocks.append(_examples_grid(verdict.examples))
    for trial in bundle.trials:
        blocks += _not_completed(bundle, trial.record)
    return Section("damage", "What went wrong", tuple(blocks)) if blocks else None


def _any_damage(verdict: Verdict) -> bool:
    return not verdict.right or any(count for _, count in damage_counts(verdict.damage))


def _name(bundle: Bundle, record: TrialRecord) -> str:
    title = title_of(bundle, record.variant.label)
    return f"{title}, trial {record.number}" if bundle.run.repeats > 1 else title


def _counts_grid(bundle: Bundle, damaged: list[tuple[TrialRecord, Verdict]]) -> Grid:
    kinds = [kind for kind, _ in damage_counts(damaged[0][1].damage)]
    columns = (
        GridColumn("engine"),
        GridColumn("result"),
        *(GridColumn(kind, numeric=True) for kind in kinds),
        GridColumn("right later", numeric=True),
        GridColumn("windows hit", numeric=True),
        GridColumn("rows right", numeric=True),
        GridColumn("rows due", numeric=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(_name(bundle, record)),
                Cell(_result_words(record, verdict), tone=Tone.GOOD if verdict.right else Tone.BAD),
                *(Cell(number(count)) for _, count in damage_counts(verdict.damage)),
                Cell(number(verdict.damage.corrected_later)),
                Cell(number(verdict.damage.windows)),
                Cell(number(verdict.right_rows)),
                Cell(number(verdict.expected_rows)),
            )
        )
        for record, verdict in damaged
    )
    return Grid(columns, rows)


def _result_words(record: TrialRecord, verdict: Verdict) -> str:
    words = "✓ right" if verdict.right else "✗ wrong"
    if not verdict.right and record.steady_right:
        words = "! right, then wrong"
    return words if verdict.exact else f"{words} within bounds" if verdict.right else words


def _examples_grid(examples: tuple[Example, ...]) -> Grid:
    columns = (
        GridColumn("what"),
        GridColumn("key", code=True),
        GridColumn("window (UTC)", numeric=True),
        GridColumn("expected", code=True),
        GridColumn("got", code=True),
    )
    rows = tuple(
        GridRow(
            (
                Cell(example.row_class.value, "right later" if example.corrected_later else None),
                Cell(group_words(example.key)),
                Cell(window_utc(example.window_start_ms), str(example.window_start_ms)),
                Cell(example.expected or DASH, None if example.expected else "nothing was due"),
                Cell(example.got or DASH, None if example.got else "no row came"),
            )
        )
        for example in examples
    )
    return Grid(columns, rows)


def group_words(key: str) -> str:
    """The values of a group of several fields; another key as it is."""
    try:
        values = json.loads(key)
    except ValueError:
        return key
    if not isinstance(values, list) or len(values) < 2:
        return key
    return ", ".join(each if isinstance(each, str) else json.dumps(each) for each in values)


def window_utc(start_ms: int) -> str:
    """A window's start as date and time with milliseconds."""
    moment = datetime.fromtimestamp(start_ms // 1000, tz=UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}.{start_ms % 1000:03d}"


def _not_completed(bundle: Bundle, record: TrialRecord) -> list[Block]:
    name = _name(bundle, record)
    match record.outcome:
        case Failed(stage=stage, reason=reason, hint=hint, log_tail=log_tail):
            blocks: list[Block] = [
                Text(f"{name}: failed", Tone.STRONG),
                Text(f"At stage {stage}: {reason}" + (f" Hint: {hint}" if hint else "")),
            ]
            if log_tail.strip():
                blocks.append(Fold(f"The end of {name}'s log", (Code(log_tail.strip("\n")),)))
            return blocks
        case Invalid(reason=reason, verdict=verdict):
            told = f"The instrument failed, so nothing is said of the engine's times: {reason}"
            if verdict is not None and verdict.right:
                told += f". All its rows were {right_words(verdict)}"
            return [Text(f"{name}: invalid", Tone.STRONG), Text(told)]
        case NotRun(whose=whose, reason=reason, hint=hint):
            return [
                Text(f"{name}: unsupported", Tone.STRONG),
                Text(f"{sentence(reason)} ({whose.value})" + (f". Hint: {hint}" if hint else "")),
            ]
        case LeftOut() | Completed():  # of the former, the point says why
            return []
