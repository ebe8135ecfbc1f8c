"""Labels of bundles that were written when a label still counted a variant's settings."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from streambench.model.conditions import Variant
from streambench.results.schema import RunRecord


def with_present_labels(run: RunRecord, variants: Iterable[Variant]) -> RunRecord:
    """`run` with the labels that its variants have now, where it names them as `flink+1`.

    Such a run had one variant of each engine, so that an old label stands for one variant.
    """
    present = {
        f"{variant.engine}+{len(variant.settings)}": variant.label
        for variant in variants
        if variant.settings
    }

    def renamed(label: str) -> str:
        return present.get(label, label)

    model = run.late_model
    if model is not None:
        predictions = (
            dataclasses.replace(each, label=renamed(each.label)) for each in model.predictions
        )
        model = dataclasses.replace(model, predictions=tuple(predictions))
    return dataclasses.replace(
        run,
        planned=tuple(renamed(label) for label in run.planned),
        titles={renamed(label): title for label, title in run.titles.items()},
        late_model=model,
    )
