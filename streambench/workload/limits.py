"""How large a workload may be: what every engine's compiler bears, and the JVM still compiles.

The JVM runs a method of more than 8,000 bytes of code uncompiled, which would be a handicap for one engine.
"""

from __future__ import annotations

from typing import Final

MOST_PARTS: Final = 1_000
"""Columns, constants and operators of all expressions of a query; a list in IN (…) counts as one."""
MOST_NESTED: Final = 30
"""Pairs of parentheses within each other, as they are written."""
MOST_DEEP: Final = 50
"""Operators within each other: of a + b + c one stands within the other."""
MOST_VALUES: Final = 200
"""Constants in all lists of a query; they become tables of a program, not code.

What Flink's planner takes for a list behind NOT grows with the cube of its length (2.3.0: 100 numbers 2 s,
300 numbers 22 s on two cores).
"""
LONGEST_TEXT: Final = 1_000
"""Characters of a constant."""
LONGEST_EXPRESSION: Final = 1_000_000
"""Characters of an expression, which are read before anything else is known of it."""
MOST_AGGREGATES: Final = 64
"""Aggregates of a query: columns of a row."""
MOST_FIELDS: Final = 100
"""Fields of a record."""
LONGEST_TITLE: Final = 200
"""Characters of a title."""
MOST_LOOKUPS: Final = 8
"""Tables that records are joined with."""
