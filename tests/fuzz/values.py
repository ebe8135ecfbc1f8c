"""Values that somebody may write, sound and otherwise."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

NUMBERS: Final = (
    *("0", "1", "5", "20000", "-1", "1.5", "1e400", "-0", "00", "1_000", "5000001", "9223372036854775807"),
    *("9223372036854775808", "-9223372036854775808", 400 * "9", 5000 * "9", "0x10", "inf", "-inf", "nan"),
    *("²", "٣", "１２", "½", "①", "1e9", ".5", "5.", "+5", "1,5", "1 000", "NaN", "1k", "20k", "1.5M", "5G"),
)  # fmt: skip
DURATIONS: Final = (
    *("5 ms", "1 s", "15 min", "1 h", "2 d", "500 ms", "100 ms", "0 ms", "-1 s", "1", "1 year", "24.9 d"),
    *("30 d", "100 d", "999 d", "1000 d", "1e400 s", "1" + 30 * "0" + " h", "²5 s", "0.5 ms", "1s", "90"),
    *("2m", "1.5 s", "  7 s ", "s", "", "1 S", "1 ms ms", "٥ s", "0.0000000000000000001 s"),
)  # fmt: skip
NAMES: Final = (
    *("campaign", "action", "price", "views", "window", "window_time", "key", "value", "class", "import"),
    *("Price", "_x", "x y", "", "a" * 70, "ä", "select", "true", "event_ms", "wait", "serde", "a.b", "[bold]"),
)  # fmt: skip
TEXTS: Final = (
    *("Clicks per campaign", "[bold]x[/]", "[/]", "a\x00b", "a\nb", "\u202e", "\U0001f41b", "${x}", "{{ x }}"),
    *("*/", "\\u000a", '"""', "'", "\\", "coding: latin-9", " ", 300 * "x", ":bug:", "%s %(x)s", "\u2028"),
)  # fmt: skip

nasty_text = st.one_of(
    st.sampled_from(TEXTS),
    st.text(max_size=20),
    st.text(alphabet="[]{}()<>'\"\\/=,.:;#@$%&*+-_ \n\tabz019", max_size=20),
)
durations = st.one_of(
    st.sampled_from(DURATIONS),
    st.builds(
        "{} {}".format, st.integers(0, 10**6), st.sampled_from(["ms", "s", "min", "h", "d", "w"])
    ),
)
numbers = st.one_of(st.sampled_from(NUMBERS), st.integers().map(str), st.floats().map(str))
names = st.one_of(st.sampled_from(NAMES), st.text(alphabet="abc_19Z ä", max_size=8))
