"""The fields that a record of a case can have, and the values that are drawn for them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

from streambench.model.expression import DecimalType, FieldType, ValueType
from tests.properties.pieces import Piece

MOST_RECORDS: Final = 48
"""Of a case."""
# So many of them add up to a bigint.
_SUMMED: Final = (2**63 - 1) // MOST_RECORDS
_MONEY: Final = DecimalType(10, 2)
_RATE: Final = DecimalType(18, 6)
# Half-width is the last plane's neighbour: UTF-16 and code points order them differently.
TEXTS: Final = (
    *("", "a", "b", "ab", "aB", "view", "VIEW", "é", "É", "日本", "\uff61", "\U0001d306", "a\U0001f600b"),
    *("x_y", "x%y", "100%!", "o'k", 'q"q', "back\\slash", "line\nend", "\u2028", "a b", "null", "[1]"),
)  # fmt: skip
_MORE_TEXT: Final = st.text(alphabet="abAB é日\U0001d306_%'\"", max_size=6)


@dataclass(frozen=True)
class Column:
    """A field of a case: what it is called, its type, the values that it takes."""

    name: str
    type: ValueType
    values: st.SearchStrategy[Any]
    most: float = 0
    is_key: bool = False

    def piece(self, *, nullable: bool) -> Piece:
        """As an expression names it."""
        return Piece(self.name, self.type, lambda row: row[self.name], nullable, self.most)

    def drawn(self, *, nullable: bool) -> st.SearchStrategy[Any]:
        """Its values, and that there is none."""
        return st.one_of(self.values, self.values, st.none()) if nullable else self.values


def _decimals(type_: DecimalType) -> st.SearchStrategy[Decimal]:
    greatest = 10**type_.precision - 1
    units = st.one_of(
        st.sampled_from((0, 1, -1, 5, -5, 50, 149, 150, -250, greatest, -greatest)),
        st.integers(-1_000, 100_000),
    )
    return units.map(lambda unit: Decimal(unit).scaleb(-type_.scale))


# From 1970 backwards and forwards, to the last millisecond of the year 9999.
MOST_INSTANT_MS: Final = 253_402_300_799_999
_instants = st.one_of(
    st.sampled_from((0, 1, -1, 999, 1_000, 1_356_998_400_000, 1_356_998_400_001, MOST_INSTANT_MS)),
    st.integers(-2_000_000_000_000, 2_000_000_000_000),
)

_texts = st.one_of(st.sampled_from(TEXTS), _MORE_TEXT)
COLUMNS: Final = (
    Column("shop", FieldType.STRING, st.sampled_from(("a", "b", "", "\U0001d306", "日", 'q"\\')), is_key=True),
    Column("word", FieldType.STRING, _texts, is_key=True),
    Column("note", FieldType.STRING, _texts),
    Column("lane", FieldType.BIGINT, st.sampled_from((0, 1, -1, 2, 2**63 - 1, -(2**63))), most=2**63, is_key=True),
    Column("n", FieldType.BIGINT, st.integers(-9, 9), most=9),
    Column("amount", FieldType.BIGINT, st.one_of(st.integers(-5, 500), st.sampled_from((0, 1, -1, 10**6))), most=10**6),
    Column("far", FieldType.BIGINT, st.sampled_from((0, 1, -1, _SUMMED, -_SUMMED, _SUMMED - 1, 2**53 + 1)), most=_SUMMED),
    Column("least", FieldType.BIGINT, st.sampled_from((2**63 - 1, -(2**63), 2**63 - 2, 1 - 2**63, 0, 7)), most=2**63),
    Column("price", _MONEY, _decimals(_MONEY), is_key=True),
    Column("rate", _RATE, _decimals(_RATE)),
    Column("x", FieldType.DOUBLE, st.sampled_from((0.0, 0.1, -2.5, 1e-7, 3.0, 0.5, -0.5, 2.5, 1234.5678, 1e9)), most=1e9),
    Column("y", FieldType.DOUBLE, st.floats(-100, 100, allow_subnormal=False).map(lambda y: y + 0.0), most=100),
    Column("ok", FieldType.BOOLEAN, st.booleans(), is_key=True),
    Column("known", FieldType.BOOLEAN, st.booleans()),
    Column("sent", FieldType.TIMESTAMP, _instants, most=MOST_INSTANT_MS, is_key=True),
    Column("paid", FieldType.TIMESTAMP, _instants, most=MOST_INSTANT_MS),
)  # fmt: skip
KEYS: Final = tuple(column for column in COLUMNS if column.is_key)
