from __future__ import annotations

import warnings

# kafka-python reads its schemas by a call that Python 3.11 deprecates; only the import warns.
with warnings.catch_warnings():
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    import kafka.record.default_records  # noqa: F401
