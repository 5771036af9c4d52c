"""A figure that answers, without a page: controls, presets, points, player, errors, and the messages it sends."""

import base64
import io
import threading

import ipywidgets
import numpy as np
import pytest
from matplotlib import _pylab_helpers
from PIL import Image

from helpers import landscapes, optimizers, plots, readout
from helpers.controls import choice, log_slider, pad, point, slider, switch
from helpers.descent import descend
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

BOWL = landscapes.quadratic([[3.0, 2.0], [2.0, 3.0]])


class Lesson:
    """A figure with everything, and a record of its calls."""

    def __init__(self, num_steps=20, **more):
        self.stage = Stage(600, 300)
        ax, bx = self.stage.axes
        plots.cost_map(ax, BOWL, levels=4, resolution=40)  # a plain one is quicker to draw
        plots.step_axes(bx, 20, 1e-8, 1e2)
        self.path, self.curve = plots.trail(ax, "momentum"), plots.curve(bx)
        self.computed, self.drawn = [], []
        controls = {
            "learning_rate": log_slider("ε learning rate", 1e-3, 1, 0.05),
            "momentum": slider("α momentum", 0, 0.99, 0.6),
            "start": point(ax, (-2.5, 1)),
        }
        compute = self.compute if num_steps else lambda **values: self.compute(**values)
        draw = self.draw if num_steps else lambda run: self.draw(run, 20)
        presets = {"slow": {"learning_rate": 0.01}, "from below": {"start": (0, -2), "momentum": 0.3}}
        settings = {"description": "Momentum on a bowl.", "presets": presets, "num_steps": num_steps, **more}
        self.figure = Explorer(self.stage, compute, draw, controls, **settings)

    def compute(self, learning_rate, momentum, start):
        self.computed.append((learning_rate, momentum, tuple(start)))
        return descend(optimizers.momentum, BOWL, start, 20, learning_rate=learning_rate, momentum=momentum)

    def draw(self, run, step):
        self.drawn.append(step)
        self.path.set(run.theta, step)
        self.curve.set_data(run.steps, run.loss)
        return [Row("cost", 0.0, run.loss[-1], atol=1), Row("step", None, step)]


@pytest.fixture(scope="module")
def shared():
    return Lesson()


@pytest.fixture
def lesson(shared):
    """The one figure, as new: making it takes longer than a test."""
    shared.figure.compute = shared.compute
    shared.figure.reset()
    shared.computed.clear()
    shared.drawn.clear()
    return shared


@pytest.fixture
def sent(monkeypatch):
    """The messages that go to the page, as (kind of widget, names of what is in them)."""
    messages = []

    def send(self, content, buffers=None):
        binary = [path[0] for path in content.get("buffer_paths", [])]  # travels beside the rest of the state
        messages.append((type(self).__name__, sorted([*content.get("state", {}), *binary])))

    monkeypatch.setattr(ipywidgets.Widget, "_send", send)
    return messages


# ---------------------------------------------------------------------- changes


def test_a_slider_computes_once_and_draws_what_belongs_to_its_value(lesson):
    figure = lesson.figure
    before = figure.canvas.frame["live"]
    lesson.computed.clear()
    figure.controls["learning_rate"].value = 0.2
    assert lesson.computed == [(0.2, 0.6, (-2.5, 1.0))]
    expected = descend(optimizers.momentum, BOWL, (-2.5, 1), 20, learning_rate=0.2, momentum=0.6)
    np.testing.assert_array_equal(figure.result.theta, expected.theta)
    np.testing.assert_array_equal(lesson.curve.get_ydata(), expected.loss)
    assert figure.canvas.frame["live"] != before
    assert readout.number_text(expected.loss[-1]) in figure.canvas.frame["readout"]


def test_a_change_is_one_message_without_the_background(lesson, sent):
    lesson.figure.controls["momentum"].value = 0.5
    assert [message for message in sent if message[0] == "Canvas"] == [("Canvas", ["frame"])]


def test_a_new_background_comes_in_the_same_message_as_its_frame(lesson, sent):
    lesson.stage.axes[0].plot([-3, 3], [-3, 3])
    lesson.stage.stale = True
    lesson.figure.controls["momentum"].value = 0.5
    assert [message for message in sent if message[0] == "Canvas"] == [("Canvas", ["background", "frame"])]
    assert not lesson.stage.stale


def test_set_draws_one_frame(lesson, sent):
    lesson.computed.clear()
    lesson.figure.set(learning_rate=0.1, momentum=0.2, start=(1, 1))
    assert lesson.computed == [(0.1, 0.2, (1.0, 1.0))]
    assert sum(name == "Canvas" for name, _ in sent) == 1
    values = lesson.figure.values
    assert (values["learning_rate"], values["momentum"], *values["start"]) == (0.1, 0.2, 1.0, 1.0)


def test_what_compute_gets_is_not_the_figures_own_point(lesson):
    lesson.figure.values["start"][:] = 7
    np.testing.assert_array_equal(lesson.figure.values["start"], (-2.5, 1))


def test_presets_are_set_over_the_defaults_and_reset_goes_back(lesson):
    figure = lesson.figure
    defaults = figure.values
    figure.set(momentum=0.9, start=(2, 2))
    figure.buttons["slow"].click()
    assert (figure.values["learning_rate"], figure.values["momentum"]) == (0.01, 0.6)
    np.testing.assert_array_equal(figure.values["start"], (-2.5, 1))
    figure.buttons["from below"].click()
    assert (figure.values["learning_rate"], figure.values["momentum"], *figure.values["start"]) == (0.05, 0.3, 0, -2)
    figure.buttons["Reset"].click()
    assert figure.values.keys() == defaults.keys()
    for name, value in defaults.items():
        np.testing.assert_array_equal(figure.values[name], value)


def test_last_frame_belongs_to_the_last_value_when_two_threads_move_sliders(lesson):
    figure = lesson.figure

    def move(name, values):
        for value in values:
            figure.controls[name].value = value

    threads = [
        threading.Thread(target=move, args=("learning_rate", np.geomspace(0.01, 0.3, 25))),
        threading.Thread(target=move, args=("momentum", np.linspace(0, 0.9, 25))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert figure.error is None
    assert lesson.computed[-1] == (0.3, 0.9, (-2.5, 1.0))
    np.testing.assert_array_equal(lesson.curve.get_ydata(), figure.result.loss)


# ---------------------------------------------------------------------- what the page sends


@pytest.mark.parametrize("value", [0.9, 0.0123456, 1e-3, 1.0])
def test_a_value_that_the_page_rounded_is_not_a_move(lesson, value):
    figure, control = lesson.figure, lesson.figure.controls["learning_rate"]
    figure.set(learning_rate=value)
    lesson.computed.clear()
    steps = round((np.log10(value) - control.min) / control.step)
    control.set_state({"value": 10 ** (control.min + steps * control.step)})
    assert control.value == value and lesson.computed == []
    control.set_state({"value": 0.5})
    assert control.value == 0.5 and len(lesson.computed) == 1


def test_pointer_puts_the_start_where_it_points(lesson):
    figure = lesson.figure
    x, y = lesson.stage.to_pixels(lesson.stage.axes[0], 1.25, -0.75)
    figure.canvas.set_state({"pointer": {"area": "start", "x": x, "y": y}})
    np.testing.assert_allclose(figure.values["start"], (1.25, -0.75), atol=5e-4)
    np.testing.assert_array_equal(figure.result.theta[0], figure.values["start"])
    np.testing.assert_allclose(figure.canvas.frame["points"]["start"], (x, y), atol=0.1)


def test_pointer_into_an_unknown_area_changes_nothing(lesson):
    lesson.computed.clear()
    lesson.figure.canvas.set_state({"pointer": {"area": "elsewhere", "x": 1, "y": 1}})
    assert lesson.computed == []


def test_pointer_is_not_echoed(lesson, sent):
    x, y = lesson.stage.to_pixels(lesson.stage.axes[0], 1, 1)
    lesson.figure.canvas.set_state({"pointer": {"area": "start", "x": x, "y": y}})
    assert [message for message in sent if message[0] == "Canvas"] == [("Canvas", ["frame"])]


# ---------------------------------------------------------------------- player


def test_step_draws_without_computing_and_starts_over_at_the_end(lesson):
    figure = lesson.figure
    play, forward, steps = figure.player.children
    assert steps.value == 20
    forward.click()
    forward.click()
    assert (steps.value, play.value, lesson.drawn, lesson.computed) == (1, 1, [0, 1], [])
    np.testing.assert_array_equal(lesson.path.line.get_xdata(), figure.result.theta[:2, 0])


def test_play_moves_the_step(lesson):
    play, _, steps = lesson.figure.player.children
    play.set_state({"playing": True, "value": 0})
    for value in (1, 2, 3):
        play.set_state({"value": value})
    assert steps.value == 3 and lesson.drawn[-1] == 3
    play.set_state({"playing": False, "value": 4})
    assert steps.value == 4  # the last step and the pause may come in one message


def test_steps_that_were_under_way_at_reset_do_not_count(lesson):
    play, _, steps = lesson.figure.player.children
    play.set_state({"playing": True, "value": 7})
    lesson.figure.reset()
    assert not play.playing
    play.set_state({"value": 8})
    assert steps.value == play.value == 20
    play.set_state({"value": 0})  # the page's Stop
    assert steps.value == 0
    play.set_state({"playing": True, "value": 1})
    assert steps.value == 1


def test_changing_a_slider_keeps_the_step(lesson):
    lesson.figure.set(step=5)
    lesson.figure.controls["momentum"].value = 0.1
    assert lesson.figure.values["step"] == 5 and lesson.drawn[-1] == 5


def test_without_num_steps_draw_gets_the_result_alone():
    figure = Lesson(num_steps=None).figure
    assert figure.player is None and "step" not in figure.values
    figure.reset()
    assert figure.error is None


# ---------------------------------------------------------------------- errors


def test_an_exception_is_shown_and_the_next_change_recovers(lesson):
    figure = lesson.figure
    whole = figure.compute
    live = figure.canvas.frame["live"]

    def fails(**values):
        raise ArithmeticError("no <b>root</b>")

    figure.compute = fails
    figure.controls["momentum"].value = 0.5
    assert isinstance(figure.error, ArithmeticError)
    assert "ArithmeticError: no &lt;b&gt;root&lt;/b&gt;" in figure.canvas.frame["readout"]
    assert figure.canvas.frame["live"] == live
    figure.compute = whole
    figure.controls["momentum"].value = 0.4
    assert figure.error is None and "Error" not in figure.canvas.frame["readout"]
    assert lesson.computed[-1][1] == 0.4


def test_a_figure_that_cannot_draw_its_first_frame_raises():
    stage = Stage(300, 200, columns=1)
    with pytest.raises(ZeroDivisionError):
        Explorer(stage, lambda a: 1 / a, lambda r: None, {"a": slider("a", 0, 1, 0)}, description="Fails.")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"unknown": 1}, "unknown"),
        ({"momentum": 1.5}, "momentum"),
        ({"momentum": "high"}, "momentum"),
        ({"learning_rate": 0}, "learning_rate"),
        ({"learning_rate": np.nan}, "learning_rate"),
        ({"start": (1, 2, 3)}, "start"),
        ({"start": (np.inf, 0)}, "start"),
        ({"step": 1.5}, "step"),
        ({"step": 21}, "step"),
    ],
)
def test_bad_values_are_named_and_change_nothing(lesson, values, message):
    before = lesson.figure.values
    with pytest.raises(ValueError, match=message):
        lesson.figure.set(**{"momentum": 0.1, **values})
    for name, value in before.items():
        np.testing.assert_array_equal(lesson.figure.values[name], value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"presets": {"bad": {"unknown": 1}}}, "unknown"),
        ({"presets": {"bad": {"a": 2}}}, "a: must be"),
        ({"stage": None}, "stage"),
        ({"compute": 3}, "compute"),
        ({"draw": "line"}, "draw"),
        ({"description": " "}, "description"),
        ({"description": None}, "description"),
        ({"num_steps": 0}, "num_steps"),
        ({"controls": {"a": 3}}, "'a'"),
    ],
)
def test_bad_arguments_are_named(change, message):
    arguments = {
        "stage": Stage(300, 200, columns=1),
        "compute": lambda a: a,
        "draw": lambda a, step=0: None,
        "controls": {"a": slider("a", 0, 1, 0)},
        "description": "Nothing.",
        **change,
    }
    places = [arguments.pop(name) for name in ("stage", "compute", "draw", "controls")]
    with pytest.raises(ValueError, match=message):
        Explorer(*places, **arguments)


def test_a_pad_needs_sliders_of_its_own_figure():
    stage = Stage(300, 200, columns=1)
    for names in (("a", "b"), ("a", "tick")):
        controls = {"a": slider("a", 0, 1, 0), "tick": switch("tick"), "plane": pad(stage.axes, *names)}
        with pytest.raises(ValueError, match="plane.*pad on two sliders"):
            Explorer(stage, lambda **v: v, lambda r: None, controls, description="A plane.")


def test_choice_and_switch_reach_compute():
    stage, seen = Stage(300, 200, columns=1), []
    controls = {"method": choice("method", {"plain": "sgd", "heavy ball": "momentum"}), "noisy": switch("noise", True)}
    figure = Explorer(stage, lambda **v: seen.append(v), lambda r: None, controls, description="Choices.")
    assert seen == [{"method": "sgd", "noisy": True}]
    figure.set(method="momentum", noisy=False)
    assert seen[-1] == {"method": "momentum", "noisy": False}
    with pytest.raises(ValueError, match="method"):
        figure.set(method="heavy")


# ---------------------------------------------------------------------- what is stored


def test_output_has_a_picture_a_text_and_the_live_figure(lesson):
    data, metadata = lesson.figure._repr_mimebundle_()
    assert set(data) == {"text/plain", "image/png", "application/vnd.jupyter.widget-view+json"}
    assert data["text/plain"].startswith("Momentum on a bowl.\ncost: theory 0 | measured ")
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    assert picture.size == (900, 450)
    assert metadata["image/png"] == {"width": 600, "height": 300, "alt": "Momentum on a bowl."}


def test_stored_picture_is_of_the_present_values(lesson):
    before = lesson.figure._repr_mimebundle_()[0]["image/png"]
    lesson.figure.set(start=(2, 2))
    after = lesson.figure._repr_mimebundle_()[0]["image/png"]
    assert before != after
    lesson.figure.reset()
    assert lesson.figure._repr_mimebundle_()[0]["image/png"] == before


def test_no_pyplot_figure_is_left(lesson):
    lesson.figure.controls["momentum"].value = 0.3
    assert _pylab_helpers.Gcf.get_all_fig_managers() == []


def test_check_holds_theory_and_measurement_together(lesson, capsys):
    lesson.figure.check()
    assert "agree within 1" in capsys.readouterr().out
    lesson.figure.set(learning_rate=1)
    with pytest.raises(AssertionError, match="cost"):
        lesson.figure.check()
    assert "DO NOT AGREE" in capsys.readouterr().out
