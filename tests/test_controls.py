"""The sliders: what they take, and how they bear with a page that knows only their steps."""

import numpy as np
import pytest

from helpers import plots
from helpers.controls import choice, int_slider, log_slider, pad, point, slider
from helpers.explorer import Explorer
from helpers.stage import Stage


def test_three_digits_of_a_log_slider_survive_the_pages_rounding():
    control = log_slider("ε", 1e-3, 1, 0.05)
    for value in np.arange(100, 1000) / 1000:
        assert f"{control.nearest(value):.3g}" == f"{value:.3g}"


def test_linear_and_whole_sliders_take_every_move_of_one_step():
    for control in (slider("α", 0, 1, 0.5), int_slider("n", 0, 10, 5)):
        start = control.value
        control.set_state({"value": start + control.step})
        assert control.value == start + control.step
        control.set_state({"value": start})
        assert control.value == start


@pytest.mark.parametrize(
    "make",
    [
        lambda: slider("α", 1, 0, 0.5),
        lambda: slider("α", 0, 1, 2),
        lambda: slider("α", 0, 1, 0.5, step=0),
        lambda: log_slider("ε", 0, 1, 0.5),
        lambda: log_slider("ε", 1e-3, 1, 0.5, steps_per_decade=0),
        lambda: int_slider("n", 0, 10, 2.5),
        lambda: choice("c", []),
        lambda: choice("c", ["a", "b"], "c"),
        lambda: point("axes", (0, 0)),
        lambda: point(Stage(200, 200, columns=1).axes, (0, np.nan)),
        lambda: pad(None, "a", "b"),
    ],
)
def test_bad_controls_raise_value_errors(make):
    with pytest.raises(ValueError, match="must be"):
        make()


@pytest.fixture
def plane():
    stage = Stage(500, 300)
    left, right = stage.axes
    left.set(xlim=(0, 20), ylim=(1e-4, 10), yscale="log")
    line = plots.curve(right)
    seen = []

    def compute(count, rate):
        seen.append((count, rate))
        return count, rate

    controls = {
        "count": int_slider("n", 1, 10, 5),
        "rate": log_slider("ε", 1e-3, 1, 0.1),
        "plane": pad(left, "count", "rate"),
    }
    figure = Explorer(stage, compute, lambda pair: line.set_data([0, 1], pair), controls, description="A plane.")
    return figure, stage, left, seen


def test_pad_sets_both_sliders_at_once(plane):
    figure, stage, axes, seen = plane
    seen.clear()
    x, y = stage.to_pixels(axes, 7.2, 0.01)
    figure.canvas.set_state({"pointer": {"area": "plane", "x": x, "y": y}})
    assert len(seen) == 1 and figure.error is None
    assert figure.values["count"] == 7 and isinstance(figure.values["count"], int)
    assert figure.values["rate"] == pytest.approx(0.01, rel=3e-4)
    np.testing.assert_allclose(figure.canvas.frame["points"]["plane"], stage.to_pixels(axes, 7, 0.01), atol=0.1)


def test_pad_stays_within_its_sliders(plane):
    figure, stage, axes, _ = plane
    for at, expected in (((19.0, 9.0), (10, 1.0)), ((0.0, 1e-4), (1, 1e-3))):
        x, y = stage.to_pixels(axes, *at)
        figure.canvas.set_state({"pointer": {"area": "plane", "x": x, "y": y}})
        assert figure.values["count"] == expected[0]
        assert figure.values["rate"] == pytest.approx(expected[1], rel=1e-9)
