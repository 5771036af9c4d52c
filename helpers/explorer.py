"""A figure that answers: controls → compute → draw → the frame, and nothing redrawn that did not change."""

import base64
import html
import threading

import ipywidgets as widgets
import numpy as np

from helpers import checks, readout
from helpers.canvas import Canvas
from helpers.controls import Point
from helpers.stage import Stage


class Explorer(widgets.VBox):
    """Sliders, buttons and points over a Stage.

    At every change: ``result = compute(**values)``, then ``rows = draw(result)`` sets the data of the live artists and
    returns the readout, then the live layer alone is drawn and sent. Where `num_steps` is given, the figure can be
    played: draw gets the step too, ``draw(result, step)``, and stepping does not compute again.

    Arguments:
        stage: a Stage whose background is drawn and whose live artists exist (animated=True).
        compute: function of the controls by name; returns anything. Pure: no drawing here.
        draw: function of what compute returned; sets the artists, returns a list of readout Rows (or None).
        controls: dict of name → slider, log_slider, int_slider, choice, switch, point or pad (helpers.controls).
        description: a sentence that says what the figure shows, for a reader who cannot see it.
        presets: dict of the button's text → dict of values; they are set over the defaults.
        num_steps: the last step of the animation, or None.

    Attributes: values (the controls' values by name), result, rows, error (the exception of the last change, or None).
    Raises: ValueError for a preset or a call of `set` that names an unknown control or a value out of its range, for a
        missing description.
    """

    def __init__(self, stage, compute, draw, controls, *, description, presets=None, num_steps=None):
        if not isinstance(stage, Stage):
            checks.fail("stage", "a Stage", stage)
        if not isinstance(description, str) or not description.strip():
            checks.fail("description", "a sentence that says what the figure shows", description)
        self.stage, self.description = stage, " ".join(description.split())
        self.compute = checks.function("compute", compute)
        self.draw = checks.function("draw", draw)
        self.controls = {name: each for name, each in controls.items() if isinstance(each, widgets.ValueWidget)}
        self.points = {name: each for name, each in controls.items() if isinstance(each, Point)}
        for name in controls:
            if name not in self.controls and name not in self.points:
                checks.fail(f"controls[{name!r}]", "made by a function of helpers.controls", controls[name])
            for part in getattr(controls[name], "names", ()):
                if not hasattr(controls.get(part), "nearest"):
                    checks.fail(f"controls[{name!r}]", "a pad on two sliders of this figure", f"no slider {part!r}")
        self.result, self.rows, self.error = None, [], None
        self._lock, self._held, self._seen = threading.RLock(), False, None

        self.player = self._player(num_steps)
        self._free = {name: point.value.copy() for name, point in self.points.items() if not point.names}
        self._defaults = self.values
        self.presets = {name: self._accepted(values) for name, values in (presets or {}).items()}

        background = stage.background()  # also finds the place of the axes
        areas = [{"name": name, "label": each.label, "box": stage.box(each.axes)} for name, each in self.points.items()]
        size = [stage.width, stage.height]
        self.canvas = Canvas(size=size, label=self.description, background=background, areas=areas)
        for name, control in self.controls.items():
            control.observe(lambda change, name=name: self._refresh(recompute=name != "step"), "value")
        self.canvas.observe(lambda change: self._pointed(change["new"]), "pointer")
        super().__init__([*self._rows_of_widgets(), self.canvas])
        self._refresh()
        if self.error is not None:
            raise self.error  # a figure that cannot draw its first frame is a mistake of its author, not a result

    # ------------------------------------------------------------------ widgets

    def _player(self, num_steps):
        """Play, one step, and the slider of the step; the step is one more control, called "step"."""
        if num_steps is None:
            return None
        last = checks.integer("num_steps", num_steps, minimum=1)
        play = widgets.Play(value=last, min=0, max=last, interval=60, layout={"width": "auto"})
        slider = widgets.IntSlider(last, min=0, max=last, description="k step", style={"description_width": "60px"},
                                   layout={"width": "60%"})  # fmt: skip
        forward = widgets.Button(description="Step", tooltip="one step further; from the end, the first step",
                                 layout={"width": "80px"})  # fmt: skip

        self._halted = False

        def one_further(_):
            self._halt()
            slider.value = 0 if slider.value == last else slider.value + 1

        def follow(change):
            # When Play has been ended from here, the page may have sent some more steps before it learned of that.
            if self._halted and not play.playing and change["new"] != 0:
                play.value = slider.value
            else:
                slider.value = change["new"]

        forward.on_click(one_further)
        play.observe(follow, "value")
        slider.observe(lambda change: setattr(play, "value", change["new"]), "value")
        self.controls = {**self.controls, "step": slider}
        return widgets.HBox([play, forward, slider], layout={"align_items": "center"})

    def _halt(self):
        """End the animation, if it runs."""
        if self.player is not None:
            play = self.player.children[0]
            self._halted = self._halted or play.playing
            play.playing = False

    def _rows_of_widgets(self):
        own = [control for name, control in self.controls.items() if name != "step"]
        self.buttons = {name: widgets.Button(description=name, layout={"width": "auto"}) for name in self.presets}
        for name, button in self.buttons.items():
            button.on_click(lambda _, name=name: self._restart(self.presets[name]))
        self.buttons["Reset"] = widgets.Button(description="Reset", icon="undo", layout={"width": "auto"})
        self.buttons["Reset"].on_click(lambda _: self.reset())
        rows = [widgets.HBox(list(self.buttons.values()), layout={"flex_flow": "row wrap"})]
        if own:
            columns = "repeat(auto-fit, minmax(400px, 1fr))" if len(own) > 1 else "minmax(400px, 620px)"
            layout = {"grid_template_columns": columns, "max_width": f"{self.stage.width}px"}
            rows.append(widgets.GridBox(own, layout=layout))
        if self.player is not None:
            self.player.layout.max_width = f"{self.stage.width}px"
            rows.append(self.player)
        return rows

    # ------------------------------------------------------------------ values

    @property
    def values(self):
        """What the controls stand at, by name; points as arrays of shape (2,)."""
        values = {name: control.value for name, control in self.controls.items()}
        return {**values, **{name: value.copy() for name, value in self._free.items()}}

    def _accepted(self, values):
        """Values that the controls can take, or a ValueError; a point outside of its axes is one that is not seen."""
        accepted = {}
        for name, value in values.items():
            if name in self._free:
                accepted[name] = checks.finite_array(name, value, shape=(2,))
                continue
            control = checks.choice("name of a control", name, self.controls)
            if isinstance(control, widgets.FloatLogSlider):
                low, high = control.base**control.min * (1 - 1e-9), control.base**control.max * (1 + 1e-9)
                value = checks.number(name, value, low, high)
            elif hasattr(control, "min"):
                check = checks.integer if isinstance(control, widgets.IntSlider) else checks.number
                value = check(name, value, control.min, control.max)
            elif hasattr(control, "options"):
                known = control.options.values() if isinstance(control.options, dict) else control.options
                checks.choice(name, value, list(known))
            accepted[name] = value
        return accepted

    def set(self, **values):
        """Set several controls at once and draw one frame."""
        accepted = self._accepted(values)
        with self._lock:
            self._held = True
            try:
                for name, value in accepted.items():
                    if name in self._free:
                        self._free[name] = value
                    else:
                        self.controls[name].value = value
            finally:
                self._held = False
            self._refresh()

    def reset(self):
        """Everything back to where it was at the beginning."""
        self._restart({})

    def _restart(self, values):
        self._halt()
        self.set(**{**self._defaults, **values})

    def _pointed(self, pointer):
        """The reader put a point: in CSS pixels, from the page."""
        point = self.points.get(pointer.get("area"))
        if point is None:
            return
        self._seen = pointer.get("count")
        x, y = self.stage.to_data(point.axes, pointer["x"], pointer["y"])
        if not point.names:
            (left, right), (bottom, top) = point.axes.get_xlim(), point.axes.get_ylim()
            # Rounded to a thousandth of the axes, so that two readers can be at the same point.
            digits = [int(np.ceil(3 - np.log10(abs(size)))) for size in (right - left, top - bottom)]
            self.set(**{pointer["area"]: [round(float(x), digits[0]), round(float(y), digits[1])]})
            return
        self.set(**{name: self.controls[name].nearest(value) for name, value in zip(point.names, (x, y), strict=True)})

    # ------------------------------------------------------------------ drawing

    def _refresh(self, recompute=True):
        """Compute, draw, send. The values are read under the lock, so the last frame belongs to the last value."""
        if self._held:
            return
        with self._lock:
            values = self.values
            step = values.pop("step", None)
            try:
                if recompute:
                    self.result = self.compute(**values)
                self.rows = list((self.draw(self.result) if step is None else self.draw(self.result, step)) or [])
                live, table = self.stage.live(), readout.as_html(self.rows)
                background = self.stage.background() if self.stage.stale else self.canvas.background
                self.error = None
            except Exception as error:  # noqa: BLE001  (shown to the reader; the tests look at self.error)
                self.error = error
                live, background = self.canvas.frame.get("live", ""), self.canvas.background
                table = f"<p class='failed'>{html.escape(type(error).__name__)}: {html.escape(str(error))}</p>"
            with self.canvas.hold_sync():  # one message, one repaint
                self.canvas.background = background
                self.canvas.frame = {"live": live, "readout": table, "points": self._places(), "seen": self._seen}

    def _places(self):
        """Where each point stands, in CSS pixels: from there the arrow keys go on."""
        values = self.values
        places = {}
        for name, point in self.points.items():
            x, y = [values[part] for part in point.names] if point.names else values[name]
            places[name] = list(self.stage.to_pixels(point.axes, x, y))
        return places

    def check(self):
        """Print theory and measurement for each row that states a tolerance; AssertionError if one is outside."""
        readout.hold(self.rows)

    @property
    def text(self):
        """The figure in words: what it shows and its readout."""
        return "\n".join([self.description, readout.as_text(self.rows)]).strip()

    def _repr_mimebundle_(self, **kwargs):
        """The live figure, and beside it a picture and a text for a page without a kernel."""
        bundle = super()._repr_mimebundle_(**kwargs)
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        data["image/png"] = base64.b64encode(self.stage.still()).decode("ascii")
        data["text/plain"] = self.text
        scale = {"width": self.stage.width, "height": self.stage.height, "alt": self.description}
        return data, {"image/png": scale}
