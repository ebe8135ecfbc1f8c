"""What may become of a record in one of its windows."""

from __future__ import annotations

from typing import Final

MUST: Final = 0
MAY: Final = 1
LATE: Final = 2
