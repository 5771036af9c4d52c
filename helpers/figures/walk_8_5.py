"""The figures of lesson 8.5 that walk through an algorithm line by line: path, lines with numbers, every state
variable.
"""

import numpy as np
from matplotlib.ticker import NullLocator

from helpers import plots, style
from helpers.controls import choice, log_slider, point, slider, switch
from helpers.explorer import Explorer
from helpers.figures import lines_8_5
from helpers.readout import Row
from helpers.stage import Stage
from helpers.theory_8_5 import first_step

COORDINATES = {"θ₁": {"color": style.BLUE, "marker": "o"}, "θ₂": {"color": style.VERMILION, "marker": "s"}}
# What the three lower panels show: (state variable, its symbol, dash), one list a panel. A missing one is left out.
PANELS = {
    "adagrad": ([("gradient", "g", "-")], [("accumulator", "r", "-")]),
    "rmsprop": ([("gradient", "g", "-")], [("accumulator", "r", "-")]),
    "rmsprop_nesterov": ([("gradient", "g", ":"), ("velocity", "v", "-")], [("accumulator", "r", "-")]),
    "adam": (
        [("first_moment", "s", ":"), ("corrected_first_moment", "ŝ", "-")],
        [("second_moment", "r", ":"), ("corrected_second_moment", "r̂", "-")],
    ),
    "adadelta": ([("gradient", "g", "-")], [("accumulator", "r", "-"), ("step_accumulator", "u", ":")]),
}
_DASHES = {"-": "solid", ":": "dotted"}


class _Lines:
    """The live text panel: the book's lines, the numbers of the current step, a mark at the line that is executed."""

    def __init__(self, axes, most=7):
        axes.set(xlim=(0, 1), ylim=(most + 2.6, -0.5))
        axes.axis("off")
        look = {"animated": True, "va": "center", "fontsize": 14.5}
        self.title = axes.text(0.0, 0, "", fontweight="bold", **look)
        self.step = axes.text(1.0, 0, "", ha="right", fontweight="bold", **look)
        for x, (name, own) in zip((0.76, 1.0), COORDINATES.items(), strict=True):
            axes.text(x, 1, name, ha="right", va="center", fontsize=14.5, color=own["color"], fontweight="bold")
            axes.plot([x - 0.12, x - 0.06], [1, 1], linewidth=2.2, **own, markevery=[1])
        self.bar = axes.plot([], [], color="#fde68a", linewidth=24, solid_capstyle="butt", animated=True, zorder=1)[0]
        self.rows = []
        for row in range(most + 1):
            texts = [
                axes.text(x, row + 2, "", ha=ha, color=color, zorder=3, **look)
                for x, ha, color in (
                    (0.02, "left", style.INK),
                    (0.76, "right", style.BLUE),
                    (1.0, "right", style.VERMILION),
                )
            ]
            self.rows.append(texts)

    def set(self, title, step, theta, lines, reached):
        """Show θ before the step and the `lines`; those after `reached` are pale and have no numbers yet."""
        self.title.set_text(title)
        self.step.set_text(step)
        lines, reached = [("before the step: θ", theta), *lines], reached + 1
        self.bar.set_data([-0.01, 1.01], [reached + 2] * 2)
        for row, (text, *values) in enumerate(self.rows):
            known = row < len(lines)
            text.set_text(lines[row][0] if known else "")
            text.set_color(style.INK if row <= reached else "#9ca3af")
            for artist, value in zip(values, lines[row][1] if known else ("", ""), strict=True):
                artist.set_text(_digits(value) if known and row <= reached else "")


def _digits(value):
    if not np.isfinite(value):
        return "diverged"
    if value == 0:
        return "0"
    size = abs(value)
    text = f"{value:.4f}" if 1e-2 <= size < 1e3 else f"{value:.2e}"
    return text.replace("-", "−")


class _History:
    """A panel of state variables against the step, one curve per variable and coordinate."""

    def __init__(self, axes, num_steps, title, signed=False, limits=(1e-9, 1e5)):
        if signed:
            axes.set_yscale("asinh", linear_width=0.3)
            axes.yaxis.set_minor_locator(NullLocator())
            axes.set_yticks([-10, -1, 0, 1, 10], labels=["−10", "−1", "0", "1", "10"])
            limits = (-40, 40)
        plots.step_axes(axes, num_steps, *limits, log=not signed, ylabel=None, title=title)
        self.axes, self.curves = axes, {}
        for dash in _DASHES:
            for index, own in enumerate(COORDINATES.values()):
                width = 2.2 if dash == "-" else 3
                look = {"marker": own["marker"], "markersize": 6, "markevery": 10} if dash == "-" else {}
                self.curves[dash, index] = plots.curve(
                    axes, color=own["color"], linestyle=dash, linewidth=width, **look
                )
        self.now = axes.axvline(0, color=style.GREY, linewidth=1, animated=True)
        # Not plots.note: its white rim takes as long to draw as all the curves.
        self.symbols = axes.text(
            1.0, 1.02, "", transform=axes.transAxes, ha="right", va="bottom", fontsize=14, animated=True
        )

    def set(self, run, shown, step):
        for curve in self.curves.values():
            curve.set_data([], [])
        for name, _, dash in shown:
            values = run.variables[name][: step + 1]
            for index in range(2):
                _, y = plots.within(self.axes, np.zeros(len(values)), values[:, index])
                self.curves[dash, index].set_data(np.arange(step + 1), y)
        self.now.set_xdata([step, step])
        several = len(shown) > 1
        self.symbols.set_text(
            "   ".join(f"{symbol} {_DASHES[dash]}" if several else symbol for _, symbol, dash in shown)
        )


def _line_by_line(compute, bowl, controls, *, description, presets, num_steps=60):
    """compute(**controls, start) -> (method, its hyper-parameters, Trajectory)."""
    with style.applied():
        stage = Stage(1000, 640, columns=3, rows=2)
        land, text, spare = stage.axes[0]
        text.set_subplotspec(text.get_gridspec()[0, 1:])
        spare.remove()
        plots.cost_map(land, bowl)
        path = plots.trail(land, color=style.INK, markersize=3.5, linewidth=1.2)
        arrow = plots.arrows(land, color=style.PURPLE)
        gone = plots.note(land, 0.95, 0.95)
        lines = _Lines(text)
        direction, memory, rates = stage.axes[1]
        panels = (
            _History(direction, num_steps, "direction", signed=True),
            _History(memory, num_steps, "memory of squares"),
            _History(rates, num_steps, "effective rate", limits=(1e-4, 1e3)),
        )

    def draw(result, step):
        method, hyper_parameters, run, by_line = result
        many = lines_8_5.num_lines(method)
        # Line by line one press of Step executes one line; otherwise the whole step.
        current, reached = (step, many - 1) if not by_line or step == 0 else ((step - 1) // many + 1, (step - 1) % many)
        made = current if reached == many - 1 else current - 1
        shown = lines_8_5.step_lines(method, run, current, **hyper_parameters) if current else []
        lines.set(
            lines_8_5.TITLES[method],
            f"step {current}",
            run.theta[max(current - 1, 0)],
            shown,
            reached if current else -1,
        )
        path.set(run.theta, made)
        tip = np.array([values for text, values in shown[: reached + 1] if text.startswith(("Δθ", "v ←"))])
        on_its_way = current and reached < many - 1 and len(tip)
        arrow.set(
            run.theta[current - 1 : current] if on_its_way else np.empty((0, 2)),
            tip if on_its_way else np.empty((0, 2)),
        )
        for panel, names in zip(panels, (*PANELS[method], [("effective_rate", _RATES[method], "-")]), strict=True):
            panel.set(run, names, made)
        gone.set_text(plots.diverged_text(run))
        return _rows(method, hyper_parameters, run, current, shown)

    return Explorer(
        stage,
        compute,
        draw,
        {
            **controls,
            "by_line": switch("one press of Step executes one line, not a whole step"),
            "start": point(land, bowl.start),
        },
        description=description,
        presets=presets,
        num_steps=num_steps,
    )


_RATES = {
    "adagrad": "ε/(δ + √r)",
    "rmsprop": "ε/√(δ + r)",
    "rmsprop_nesterov": "ε/√(δ + r)",
    "adam": "ε/(√r̂ + δ)",
    "adadelta": "√(δ + u)/√(δ + r)",
}


def _rows(method, hyper_parameters, run, current, shown):
    rows = []
    first = first_step(method, run.gradient[1], **hyper_parameters)
    units = 1.0 if method == "adadelta" else hyper_parameters["learning_rate"]
    for index, name in enumerate(COORDINATES):
        unit = "" if method == "adadelta" else ", in units of ε"
        measured = (run.theta[1] - run.theta[0])[index] / units
        rows.append(
            Row(f"first step of {name}{unit}", float(first[index] / units), float(measured), rtol=1e-6, atol=1e-9)
        )
    if current:
        for index, name in enumerate(COORDINATES):
            rows.append(
                Row(
                    f"{name} after step {current}: the lines by hand | the recorded run",
                    float(shown[-1][1][index]),
                    float(run.theta[current, index]),
                    atol=1e-12,
                )
            )
    return rows


def adagrad_lines(compute, bowl):
    """8.5.1: AdaGrad line by line. compute(learning_rate, by_line, start) -> (method, hyper-parameters, run,
    by_line).
    """
    return _line_by_line(
        compute,
        bowl,
        {"learning_rate": log_slider("ε learning rate", 0.01, 5, 0.5)},
        description="The path of AdaGrad in a narrow valley; beside it the lines of the algorithm with the "
        "numbers of the "
        "current step; below, gradient, accumulator and effective rate of both coordinates against the step. The steep "
        "coordinate's rate is the smaller one, and both rates only fall.",
        presets={"ε = 0.5": {}, "line by line": {"by_line": True, "step": 1}, "ε too small": {"learning_rate": 0.05}},
    )


def rmsprop_lines(compute, bowl):
    """8.5.2: RMSProp without and with Nesterov momentum. compute(method, learning_rate, rho, momentum, by_line,
    start).
    """
    methods = {"RMSProp": "rmsprop", "RMSProp with Nesterov momentum": "rmsprop_nesterov"}
    return _line_by_line(
        compute,
        bowl,
        {
            "method": choice("method", methods),
            "learning_rate": log_slider("ε learning rate", 0.001, 1, 0.05),
            "rho": slider("ρ decay of the memory", 0, 0.999, 0.9, step=0.001),
            "momentum": slider("α momentum", 0, 0.99, 0.8),
        },
        description="The path of RMSProp in a narrow valley; beside it the lines of the algorithm with the "
        "numbers of the "
        "current step; below, direction, accumulator and effective rate of both coordinates against the step. The "
        "rates "
        "rise again as the gradients become small.",
        presets={
            "RMSProp": {},
            "line by line": {"by_line": True, "step": 1},
            "with Nesterov momentum": {"method": "rmsprop_nesterov", "learning_rate": 0.02},
            "short memory": {"rho": 0.2},
            "long memory": {"rho": 0.999},
        },
    )


def adam_lines(compute, bowl):
    """8.5.3: Adam, AdaDelta. compute(method, learning_rate, beta1, beta2, bias_correction, by_line, start)."""
    return _line_by_line(
        compute,
        bowl,
        {
            "method": choice("method", {"Adam": "adam", "AdaDelta (ε = 1, ρ = 0.95)": "adadelta"}),
            "learning_rate": log_slider("ε learning rate (Adam)", 0.001, 1, 0.1),
            "beta1": slider("ρ₁ decay, first moment", 0, 0.99, 0.9),
            "beta2": slider("ρ₂ decay, second moment", 0, 0.999, 0.999, step=0.001),
            "bias_correction": switch("bias correction", True),
        },
        description="The path of Adam in a narrow valley; beside it the lines of the algorithm with the numbers of the "
        "current step; below, first and second moments with and without bias correction and the effective rate of both "
        "coordinates against the step.",
        presets={
            "Adam": {},
            "line by line": {"by_line": True, "step": 1},
            "without correction": {"bias_correction": False},
            "no first moment": {"beta1": 0.0},
            "AdaDelta": {"method": "adadelta"},
        },
    )
