"""Axes say what lies between their ends."""

from __future__ import annotations

import pytest

from streambench.report.plots.drawing import log_if_wide, new_figure, styled


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([20.0, 1_200.0], ["20", "50", "200", "500"]),
        ([4.0, 90.0], ["5", "20", "50"]),
        ([10.0, 100_000.0], []),  # five decades are enough
    ],
)
def test_a_logarithmic_axis_of_two_decades_is_labelled_between_them(
    values: list[float], labels: list[str]
) -> None:
    with styled():
        figure = new_figure(False, 3.0)
        axes = figure.add_subplot()
        axes.plot([1.0, 2.0], values)
        assert log_if_wide(axes, "y", values)
        figure.canvas.draw()
        low, high = axes.get_ylim()
        shown = [
            label.get_text()
            for label in axes.yaxis.get_minorticklabels()
            if low <= label.get_position()[1] <= high and label.get_text()
        ]
    assert shown == labels
