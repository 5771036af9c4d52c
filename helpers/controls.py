"""What the reader moves: sliders, choices, switches, and points put on the picture itself.

Each returns an ipywidgets control (or a Point) for `helpers.explorer.Explorer`. A label is the symbol and its meaning,
"ε learning rate".
"""

from dataclasses import dataclass, field

import ipywidgets as widgets
import numpy as np
from matplotlib.axes import Axes

from helpers import checks

_LOOK = {"style": {"description_width": "165px"}, "layout": {"width": "98%"}}


class _Exact:
    """A slider that keeps the number it was given.

    The page can only show multiples of the step: it rounds what it is given and sends that back, as if the reader had
    moved the slider. A preset of 0.9 would then be 0.912, and every preset would be computed twice.
    """

    def place(self, value):
        """Where on the track a value lies."""
        return value

    def set_state(self, sync_data):
        """What the page sends; a value in the same place as ours is our own, rounded."""
        if "value" in sync_data and abs(self.place(sync_data["value"]) - self.place(self.value)) <= 0.501 * self.step:
            sync_data = {name: value for name, value in sync_data.items() if name != "value"}
        super().set_state(sync_data)

    def nearest(self, value):
        """The nearest value on the track's steps."""
        steps = np.round((np.clip(self.place(value), self.min, self.max) - self.min) / self.step)
        return float(np.clip(np.round(self.min + steps * self.step, 9), self.min, self.max))


class _Slider(_Exact, widgets.FloatSlider):
    pass


class _IntSlider(_Exact, widgets.IntSlider):
    def nearest(self, value):
        return round(super().nearest(value))


class _LogSlider(_Exact, widgets.FloatLogSlider):
    def place(self, value):
        return float(np.log10(max(value, 1e-300)))

    def nearest(self, value):
        return 10 ** super().nearest(value)


def slider(label, low, high, value, step=0.01):
    """A slider for a real number, low <= value <= high, in steps of `step` > 0.

    An arrow key moves it by a hundredth of its track, with Shift by one step.
    """
    low, high, value = _range(low, high, value)
    step = checks.number("step", step, above=0)
    digits = max(0, -int(np.floor(np.log10(step) + 1e-9)))
    return _Slider(
        value, min=low, max=high, step=step, description=label, readout_format=f".{digits}f", **_LOOK
    )


def log_slider(label, low, high, value, steps_per_decade=5000):
    """A slider for a positive number on a logarithmic scale, 0 < low <= value <= high: for learning rates.

    The steps are fine, so that the three digits shown are those of any value set from Python. An arrow key moves it by
    a hundredth of its track, with Shift by one step.
    """
    low, high, value = _range(low, high, value, above=0)
    step = 1 / checks.integer("steps_per_decade", steps_per_decade, minimum=1)
    return _LogSlider(value, base=10, min=float(np.log10(low)), max=float(np.log10(high)), step=step,
                                  description=label, readout_format=".3g", **_LOOK)  # fmt: skip


def int_slider(label, low, high, value, step=1):
    """A slider for a whole number, low <= value <= high."""
    for name, number in {"low": low, "high": high, "value": value}.items():
        checks.integer(name, number)
    _range(low, high, value)
    return _IntSlider(
        value, min=low, max=high, step=checks.integer("step", step, minimum=1), description=label, **_LOOK
    )


def choice(label, options, value=None):
    """A menu: `options` is a list of values or a dict {text shown: value}; the first is chosen if no value is given."""
    options = dict(options) if isinstance(options, dict) else list(options)
    if not options:
        checks.fail("options", "a list or dict with at least one entry", options)
    known = list(options.values()) if isinstance(options, dict) else options
    value = known[0] if value is None else checks.choice("value", value, known)
    return widgets.Dropdown(options=options, value=value, description=label, **_LOOK)


def switch(label, value=False):
    """A box to tick."""
    return widgets.Checkbox(value=bool(value), description=label, indent=False)


@dataclass
class Point:
    """A point that the reader puts on `axes` by click, drag or arrow keys; made by `point` and `pad`."""

    axes: Axes
    label: str
    value: np.ndarray | None = None
    names: tuple = field(default=())


def point(axes, value, label="start point: click, drag or arrow keys"):
    """A free point on the picture, given to compute as an array of shape (2,); it starts at `value`."""
    if not isinstance(axes, Axes):
        checks.fail("axes", "Matplotlib Axes", axes)
    return Point(axes, label, checks.finite_array("value", value, shape=(2,)))


def pad(axes, x_name, y_name, label="click, drag or arrow keys set both sliders"):
    """A plane on the picture on which the reader moves two sliders, named `x_name` and `y_name`, at once."""
    if not isinstance(axes, Axes):
        checks.fail("axes", "Matplotlib Axes", axes)
    return Point(axes, label, names=(x_name, y_name))


def _range(low, high, value, above=None):
    low, high = checks.number("low", low, above=above), checks.number("high", high, above=above)
    if low >= high:
        checks.fail("high", f"> low = {low:g}", high)
    return low, high, checks.number("value", value, minimum=low, maximum=high)
