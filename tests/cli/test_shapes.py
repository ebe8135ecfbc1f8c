"""How a load's shape is asked for."""

from __future__ import annotations

import pytest

from streambench.cli.shapes import load_shape
from streambench.model.errors import UsageError
from streambench.model.shape import Bursts, Ramp, Shape, Sine, Steps, shape_words


@pytest.mark.parametrize(
    ("text", "shape", "words"),
    [
        ("ramp:5k:40k", Ramp(5_000, 40_000), "from 5,000 to 40,000"),
        ("steps:5k:10k:20k", Steps((5_000, 10_000, 20_000)), "5,000, 10,000, 20,000"),
        ("sine:20k:15k:60s", Sine(20_000, 15_000, 60_000), "20,000 ± 15,000"),
        ("bursts:10k:60k:10s:1s", Bursts(10_000, 60_000, 10_000, 1_000), "60,000 for 1 s"),
    ],
)
def test_each_form_is_read_and_said_again(text: str, shape: Shape, words: str) -> None:
    assert load_shape(text) == shape
    assert words in shape_words(shape)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ramp",
        "ramp:5k",
        "ramp:5k:fast",
        "steps:5k",
        "sine:1k:2k:1s",
        "sine:2k:1k:soon",
        "saw:1:2",
    ],
)
def test_what_is_no_shape_is_refused_with_the_forms(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_shape(text)
    assert "ramp:5k:40k" in (caught.value.hint or "")
