"""What the browser tests look at: a notebook with two figures, and one of them as it stands on the page."""

import re

import numpy as np

FIGURES = """
import time
from helpers import landscapes, optimizers, plots
from helpers.controls import log_slider, pad, point, slider
from helpers.descent import descend
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

bowl = landscapes.quadratic([[3.0, 2.0], [2.0, 3.0]])
computed, delay = [], 0.0

def bowl_figure():
    stage = Stage(900, 420)
    ax, bx = stage.axes
    plots.cost_map(ax, bowl)
    plots.step_axes(bx, 40, 1e-8, 1e2)
    path, curve = plots.trail(ax, "momentum"), plots.curve(bx)
    def compute(learning_rate, momentum, start):
        computed.append(tuple(start))
        time.sleep(delay)
        if momentum == 0.99:
            raise ArithmeticError("too much <momentum>")
        return descend(optimizers.momentum, bowl, start, 40, learning_rate=learning_rate, momentum=momentum)
    def draw(run, step):
        path.set(run.theta, step)
        curve.set_data(run.steps[: step + 1], run.loss[: step + 1])
        return [Row("cost", 0.0, run.loss[step])]
    controls = {
        "learning_rate": log_slider("ε learning rate", 1e-3, 1, 0.05),
        "momentum": slider("α momentum", 0, 0.99, 0.6),
        "start": point(ax, (-2.5, 1)),
    }
    presets = {"fast": {"learning_rate": 0.123}, "fails": {"momentum": 0.99}}
    return Explorer(stage, compute, draw, controls, description="A bowl.", presets=presets, num_steps=40)

def plane_figure():
    stage = Stage(600, 300)
    left, right = stage.axes
    left.set(xlim=(0, 1), ylim=(1e-3, 1), yscale="log")
    mark, slope = plots.marks(left), right.plot([0, 1], [0, 0])[0]
    right.set(xlim=(0, 1), ylim=(0, 1))
    def draw(pair):
        mark.set_data(*[[value] for value in pair])
        slope.set_ydata([0, pair[0]])
        stage.stale = True  # the line on the right is part of the background
    controls = {
        "share": slider("a share", 0, 1, 0.5),
        "rate": log_slider("ε learning rate", 1e-3, 1, 0.1),
        "plane": pad(left, "share", "rate"),
    }
    return Explorer(stage, lambda share, rate: (share, rate), draw, controls, description="A plane.")

bowl_view = bowl_figure()
"""


class Figure:
    """One live figure on the page, with its Explorer in the kernel."""

    def __init__(self, notebook, index, name):
        self.notebook, self.page, self.name = notebook, notebook.page, name
        self.node = notebook.page.locator(".live-figure").nth(index)
        self.box = self.node.locator("xpath=ancestor::*[contains(@class, 'widget-vbox')][1]")
        self.area = self.node.locator(".area")

    def python(self, expression):
        """What an expression is in the kernel, with the figure as `it`."""
        return self.notebook.python(f"it = {self.name}\nprint(repr({expression}))").strip()

    def value(self, name):
        return float(self.python(f"float(it.values[{name!r}])"))

    def start(self):
        return np.array(eval(self.python("it.values['start'].tolist()")))

    def button(self, name):
        self.box.get_by_role("button", name=re.compile(f"{name}$")).click()  # Reset has a symbol before its name
        self.notebook.rest()

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.notebook.rest()

    def at(self, across, down):
        """A place in the area, in CSS pixels of the page, from shares of its width and height."""
        box = self.area.bounding_box()
        return box["x"] + across * box["width"], box["y"] + down * box["height"]

    def shows_what_the_kernel_drew(self):
        """Whether every path on the page is that of the kernel's last frame."""
        here = self.node.locator(".live path").evaluate_all("paths => paths.map(path => path.getAttribute('d'))")
        sent = re.findall(r'<path[^>]* d="([^"]*)"', eval(self.python("it.canvas.frame['live']")))
        return [path.split() for path in here] == [path.split() for path in sent]
