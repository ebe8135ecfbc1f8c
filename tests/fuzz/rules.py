"""How many examples are made, and what a refusal must be."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, Final

from hypothesis import HealthCheck, Phase, settings

from streambench.model.errors import UsageError

EXAMPLES: Final = "STREAMBENCH_FUZZ"
"""The environment variable with the number of examples of each kind; the usual ones are always the same."""
PLACE: Final = re.compile(r"line \d+, column \d+: ")
NOT_OURS: Final = re.compile(
    r"input should|instance of|extra inputs|field required|pydantic|traceback|<class|sqlglot|nonetype"
    r"|valid (integer|string|tuple|list|dict|number)|(int|string|list|tuple|dict|model)_type",
    re.IGNORECASE,
)

OF_LIBRARIES: Final = re.compile(
    r"duckdb|pyarrow|read_csv|read_json|read_parquet|null_padding|ignore_errors|max_line_size|buffer_size"
    r"|maximum_object_size|union_by_name|sample_size|auto_detect|strict_mode|try_cast|varchar|hugeint|strptime_"
    r"|struct_extract|errno|zlib|thrift|(binder|catalog|parser|conversion|internal|io|input|range|invalid) error"
    r"|exception|possible (fixes|solution)|snappy|miniz",
    re.IGNORECASE,
)
"""Words of the libraries that read files, and their options."""


def examples(usual: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many examples, the same ones each time; many more and others where $STREAMBENCH_FUZZ says so."""
    asked = os.environ.get(EXAMPLES)
    made: Any = settings(
        max_examples=int(asked or usual),
        derandomize=asked is None,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if asked else [])],
        print_blob=True,
    )
    return made  # type: ignore[no-any-return]


def check_refusal(error: UsageError, *, of_a_document: bool) -> None:
    """A refusal has words of ours, a hint, and in a document a place."""
    assert type(error.message) is str
    assert error.message.strip()
    assert error.hint, error.message
    assert error.hint.strip()
    told = f"{error.message}\n{error.hint}"
    assert NOT_OURS.search(told) is None, told
    assert len(error.message) < 20_000, f"{len(error.message)} characters"
    if of_a_document:
        assert PLACE.search(error.message), error.message
