"""The panel of lesson 8.4: a whole net on the digits at its random start, and its first epochs of training."""

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from helpers import plots, style
from helpers import theory_8_4 as theory
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_SHOWN = 14  # violins at most; of a deeper net some layers, evenly spaced


class Violins:
    """Live distributions side by side, each as wide where there are many values as the others are at most.

    Drawn as one path: a few kilobytes, where a collection of polygons would be a file of its own at every change.
    """

    def __init__(self, axes, low, high, color, num_bins=44):
        self.edges = np.linspace(low, high, num_bins + 1)
        self.patch = PathPatch(Path(np.zeros((1, 2))), facecolor=color, edgecolor=color, linewidth=0.8, alpha=0.75,
                               animated=True, zorder=3)  # fmt: skip
        axes.add_patch(self.patch)

    def set(self, positions, samples, width):
        """Show `samples`, a list of arrays, at `positions`; what lies outside of the picture is left out."""
        heights = (self.edges[1:] + self.edges[:-1]) / 2
        vertices, codes = [], []
        for position, values in zip(positions, samples, strict=True):
            counts = np.histogram(values[np.isfinite(values)], self.edges)[0].astype(float)
            counts = np.convolve(counts, [0.25, 0.5, 0.25], mode="same")  # the counts' own noise is no feature
            if counts.max() == 0:
                continue
            half = 0.5 * width * counts / counts.max()
            inside = np.flatnonzero(half > 0.004 * width)
            rows = slice(inside[0], inside[-1] + 1)
            x = np.r_[position - half[rows], (position + half[rows])[::-1], 0]
            y = np.r_[heights[rows], heights[rows][::-1], 0]
            vertices.append(np.column_stack([x, y]))
            codes += [Path.MOVETO, *[Path.LINETO] * (len(x) - 2), Path.CLOSEPOLY]
        self.patch.set_path(Path(np.concatenate(vertices), codes) if vertices else Path(np.zeros((1, 2))))


def _log(values):
    """log10 of the absolute values that are not 0."""
    values = np.abs(values)
    return np.log10(values[values > 0])


def _layer_axes(axes, low, high, ylabel, title):
    axes.set(xlim=(0, 1), ylim=(low, high), xticks=[0, 1], ylabel=ylabel, title=title)
    axes.set_xticks([0, 1], ["inputs", "outputs"])
    axes.grid(axis="x", visible=False)


@style.applied()
def panel(compute, schemes, num_epochs=4):
    """The whole panel. compute(scheme, gain, depth, width, activation, learning_rate) -> dict: see draw.

    `schemes`: dict {text in the menu: name for compute and helpers.theory_8_4.signals}.
    """
    stage = Stage(1000, 620, columns=2, rows=2, width_ratios=[1.35, 1])
    (values, norms), (slopes, cost) = stage.axes
    _layer_axes(values, -2, 2, "activation a", "activations, layer by layer →")
    _layer_axes(slopes, -9, 3, "log₁₀ |δ|", "back-propagated gradients, ← layer by layer")
    violins = Violins(values, -2, 2, style.BLUE), Violins(slopes, -9, 3, style.VERMILION)
    numbers = [axes.text(0, 0, "", ha="center", va="bottom", fontsize=12, color=style.INK, animated=True, zorder=6)
               for axes in (values, slopes) for _ in range(_SHOWN)]  # fmt: skip
    outside = [plots.note(axes, 0.03, 0.96, fontsize=13) for axes in (values, slopes)]
    band = [plots.curve(values, **{**style.THEORY, "color": style.INK, "linewidth": 1.8}) for _ in range(2)]
    values.plot([], [], label="± rms by theory", **{**style.THEORY, "color": style.INK, "linewidth": 1.8})
    values.legend(loc="upper right")
    slope_line = plots.curve(slopes, **{**style.THEORY, "color": style.INK, "linewidth": 1.8})
    _layer_axes(norms, 1e-8, 1e6, "root mean square", "norms: theory dotted")
    norms.set_yscale("log")
    norms.minorticks_off()
    looks = {"activations": {"color": style.BLUE, "linestyle": "-", "marker": "o"},
             "gradients": {"color": style.VERMILION, "linestyle": "--", "marker": "s"}}  # fmt: skip
    lines = {name: plots.curve(norms, markersize=4, **look) for name, look in looks.items()}
    dotted = {name: plots.curve(norms, **{**style.THEORY, "color": style.INK}) for name in looks}
    for name, label in (("activations", "activations a →"), ("gradients", "← gradients δ")):
        norms.plot([], [], label=label, markersize=4, **looks[name])
    norms.legend(loc="upper left")
    plots.step_axes(cost, num_epochs, 0.05, 20, ylabel="training cost", xlabel="epoch", title="the first epochs")
    cost.axhline(np.log(10), color=style.GREY, linewidth=1.2)
    cost.text(num_epochs * 0.98, np.log(10) * 1.1, "guessing: ln 10", color=style.GREY, fontsize=12, ha="right")
    learned = plots.curve(cost, color=style.GREEN, marker="o")
    gone = plots.note(cost, 0.97, 0.97)

    def draw(run):
        depth = len(run["activations"])
        place = np.arange(1, depth + 1) / (depth + 1)
        shown = np.unique(np.round(np.linspace(0, depth - 1, min(depth, _SHOWN))).astype(int))
        width = 0.85 * min(1 / (depth + 1) if depth <= _SHOWN else 1 / (_SHOWN + 1), 0.2)
        violins[0].set(place[shown], [run["activations"][k].ravel() for k in shown], width)
        violins[1].set(place[shown], [_log(run["gradients"][k]) for k in shown], width)
        for k, text in enumerate(numbers):
            axes, index = (values, k) if k < _SHOWN else (slopes, k - _SHOWN)
            text.set_text(str(shown[index] + 1) if index < len(shown) else "")
            text.set_position((place[shown[index]] if index < len(shown) else 0, axes.get_ylim()[0]))
        with np.errstate(all="ignore"):
            measured = {name: np.array([np.sqrt(np.mean(layer**2)) for layer in run[name]]) for name in looks}
        predicted = {"activations": run["theory"][0], "gradients": run["theory"][1] * run["output_gradient"]}
        for name in looks:
            for line, height in ((lines[name], measured[name]), (dotted[name], predicted[name])):
                line.set_data(place, np.where(height > 1e-30, np.clip(height, 1e-30, 1e30), np.nan))
        for line, sign in zip(band, (1, -1), strict=True):
            line.set_data(place, sign * np.minimum(predicted["activations"], 60))
        rms = predicted["gradients"]
        slope_line.set_data(place, np.where(rms > 0, np.log10(np.maximum(rms, 1e-300)), np.nan))
        outside[0].set_text("beyond the picture" if measured["activations"][-1] > 4 else "")
        nothing = "all are 0" if measured["gradients"].max() < 1e-13 else "below the picture"
        outside[1].set_text(nothing if measured["gradients"].min() < 1e-9 else "")
        learned.set_data(run["epochs"], run["cost"])
        gone.set_text("" if np.isfinite(run["cost"][-1]) else "diverged")
        rows = [
            Row(f"{name}: factor per layer", theory.factor_per_layer(predicted[name][::way]),
                theory.factor_per_layer(measured[name][::way]), rtol=0.1)
            for name, way in (("activations", 1), ("gradients", -1))
        ]  # fmt: skip
        return [
            *rows,
            Row("activations: rms in the last hidden layer", predicted["activations"][-1],
                measured["activations"][-1]),
            Row("gradients: rms in the first hidden layer", predicted["gradients"][0],
                measured["gradients"][0]),
            Row("training cost after 4 epochs (guessing: 2.303)", None, run["cost"][-1]),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {
            "scheme": choice("scheme", schemes, "glorot"),
            "gain": slider("gain, on top of the scheme", 0.2, 3, 1.0),
            "depth": int_slider("hidden layers", 1, 50, 10),
            "width": choice("units in each", [8, 16, 32, 64], 64),
            "activation": choice("activation function", ["tanh", "relu", "sigmoid", "linear"]),
            "learning_rate": log_slider("ε learning rate", 0.001, 0.3, 0.02),
        },
        description="A deep net on the digits before training. Top left, the distribution of activations in each "
        "hidden "
        "layer; bottom left, that of the back-propagated gradients, on a logarithmic scale; top right, the root mean "
        "squares of both against theory; bottom right, the training cost in the first epochs.",
        presets={
            "Glorot, tanh": {},
            "U(±1/√m), tanh": {"scheme": "fan_in"},
            "Glorot, ReLU": {"activation": "relu"},
            "He, ReLU": {"scheme": "he", "activation": "relu"},
            "sigmoid": {"activation": "sigmoid"},
            "all constant": {"scheme": "constant"},
            "50 layers, orthogonal": {"scheme": "orthogonal", "depth": 50, "learning_rate": 0.01},
            "gain 3": {"gain": 3.0},
            "data-driven, ReLU": {"scheme": "lsuv", "activation": "relu"},
        },
    )  # fmt: skip
