"""Every control of every notebook, moved and pressed without a browser: no exception, no warning, and the last
frame is right.
"""

import warnings

import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets import Button, Dropdown, FloatLogSlider, IntSlider, Play

from helpers.stage import Stage
from tests import lessons


@pytest.fixture(scope="module", params=lessons.NOTEBOOKS, ids=lambda path: path.stem)
def lesson(request):
    """The Explorers of one notebook, made once; its controls are reset between the tests."""
    plt.close("all")
    explorers, stderr = lessons.run(request.param)
    assert stderr == ""
    return explorers


@pytest.fixture(autouse=True)
def no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def stops(control):
    """Both ends and the middle of a control."""
    if isinstance(control, Dropdown):
        return [value for _, value in control._options_full]
    if isinstance(control, FloatLogSlider):
        return [control.base**exponent for exponent in (control.min, control.max, (control.min + control.max) / 2)]
    if isinstance(control, IntSlider):
        return [control.min, control.max, (control.min + control.max) // 2]
    if hasattr(control, "min"):
        return [control.min, control.max, (control.min + control.max) / 2]
    return [True, False]


def assert_no_error(explorer, after):
    """No exception was shown, the axes are finite, no figure was left open."""
    assert explorer.error is None, f"{after}: {explorer.error!r}"
    for axes in explorer.stage.figure.axes:
        assert np.isfinite([*axes.get_xlim(), *axes.get_ylim()]).all(), f"{after}: axes without finite limits"
    assert plt.get_fignums() == [], f"{after}: a figure was left open"


def assert_sound(explorer, after):
    """No error, and the frame that is shown is the one that belongs to the values that are set: computed once more."""
    assert_no_error(explorer, after)
    shown = lessons.drawn(explorer.canvas.frame["live"])
    values = explorer.values
    step = values.pop("step", None)
    result = explorer.compute(**values)
    _ = explorer.draw(result) if step is None else explorer.draw(result, step)
    assert lessons.drawn(explorer.stage.live()) == shown, f"{after}: the frame shown is not that of {explorer.values}"


def test_every_slider_at_both_ends_and_in_the_middle(lesson):
    for explorer in lesson:
        for name, control in explorer.controls.items():
            for value in stops(control):
                control.value = value
                assert_no_error(explorer, f"{name} = {value}")
            assert_sound(explorer, f"{name} = {value}, the last of several")
            explorer.reset()


def test_corners_of_the_controls(lesson):
    """All at their lower ends, all at their upper ends, and alternating: where two extremes meet."""
    for explorer in lesson:
        names = list(explorer.controls)
        for pattern in ([0] * len(names), [1] * len(names), [k % 2 for k in range(len(names))]):
            values = {name: stops(explorer.controls[name])[end] for name, end in zip(names, pattern, strict=True)}
            explorer.set(**values)
            assert_sound(explorer, f"{values}")
        explorer.reset()


def test_every_button(lesson):
    for explorer in lesson:
        for name, button in explorer.buttons.items():
            button.click()
            assert_no_error(explorer, f"button {name}")
            for key, value in explorer.presets.get(name, {}).items():
                if isinstance(value, str):  # a choice among names
                    assert explorer.values[key] == value
                    continue
                np.testing.assert_allclose(np.asarray(explorer.values[key], float), np.asarray(value, float), rtol=1e-9)
        explorer.reset()


def test_play_step_reset(lesson):
    for explorer in lesson:
        if explorer.player is None:
            continue
        last = explorer.controls["step"].max
        play = next(child for child in explorer.player.children if isinstance(child, Play))
        step = next(child for child in explorer.player.children if isinstance(child, Button))
        step.click()
        assert explorer.values["step"] == 0, "a step from the end begins anew"
        step.click()
        assert explorer.values["step"] == 1 == play.value
        assert_sound(explorer, "step")
        play.value = last // 2  # what the page does while it plays
        assert explorer.values["step"] == last // 2
        assert_sound(explorer, "play")
        explorer.buttons["Reset"].click()
        assert explorer.values["step"] == last


def test_points_on_the_picture(lesson):
    for explorer in lesson:
        for area in explorer.canvas.areas:
            left, top, right, bottom = area["box"]
            for x, y in ((left, top), (right, bottom), ((left + right) / 2, (top + bottom) / 2)):
                explorer.canvas.pointer = {"area": area["name"], "x": x, "y": y}
                assert_sound(explorer, f"{area['name']} at {x:.0f}, {y:.0f}")
                place = explorer.canvas.frame["points"][area["name"]]
                np.testing.assert_allclose(place, [x, y], atol=6, err_msg=f"{area['name']} did not go where it was put")
        explorer.reset()


def test_the_readout_says_theory_and_measurement(lesson):
    for explorer in lesson:
        assert any(row.compared for row in explorer.rows), f"nothing is held in: {explorer.description}"
        assert isinstance(explorer.stage, Stage)
        assert "theory" in explorer.canvas.frame["readout"] and "measured" in explorer.canvas.frame["readout"]
