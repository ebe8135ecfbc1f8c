"""What a named variant is, in a sentence or two."""

from __future__ import annotations

from streambench.model.conditions import NamedVariant
from streambench.model.numbers import listing
from streambench.results.bundle import Bundle


def variant_words(bundle: Bundle, label: str) -> str | None:
    """Its note, and of a user's own one what it sets and where it was declared.

    None where there is nothing to be told: it is no named variant, or the run did not record it.
    """
    named = bundle.run.named.get(label)
    if named is None:
        return None
    note = named.note if named.note[-1:] in ("", ".", "!", "?") else f"{named.note}."
    declared = "" if named.declared_in is None else _declared(named)
    return " ".join(filter(None, (note, declared))) or None


def _declared(named: NamedVariant) -> str:
    sets = [f"{name} = {value}" for name, value in named.settings]
    if named.version is not None:
        sets.insert(0, f"version {named.version}")
    based = "" if named.based_on is None else f", based on {named.based_on}"
    return f"Declared in {named.declared_in}{based}: {listing(sets) or 'nothing is set'}."
