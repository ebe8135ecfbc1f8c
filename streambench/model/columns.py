"""Names of columns that carry what a user has named.

A field or alias is lower-case letters, digits and underscores. With a colon in it, no name of theirs
can be one of ours, such as `offset` or `key`, nor an aggregate's bound be another aggregate.
"""

from __future__ import annotations


def value_column(alias: str) -> str:
    """The aggregate's value in a table of result rows."""
    return f"value:{alias}"


def bound_columns(alias: str) -> tuple[str, str, str]:
    """Its least and greatest lawful value in a table of what must come out, and that of all records."""
    return f"low:{alias}", f"high:{alias}", f"full:{alias}"
