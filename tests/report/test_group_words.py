from __future__ import annotations

import pytest

from streambench.report.sections.damage import group_words


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("c7", "c7"),
        ("-7", "-7"),
        ("", ""),
        ('["DE",7]', "DE, 7"),
        ('["né","a,b",true,1.50]', "né, a,b, true, 1.5"),
        ('["one"]', '["one"]'),
        ("[broken", "[broken"),
    ],
)
def test_a_group_of_several_fields_is_shown_as_its_values(key: str, shown: str) -> None:
    assert group_words(key) == shown
