"""The figure of lesson 8.4 on learned initialization. It takes the compute function that stands in the notebook."""

import numpy as np

from helpers import plots, style
from helpers.controls import choice, log_slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def learned_start(compute, num_steps=100):
    """A start from other learning. compute(source, num_labels, learning_rate) -> dict: see draw."""
    stage = Stage(1000, 400, columns=3, width_ratios=[1.15, 1.15, 0.8])
    cost, error, units = stage.axes
    looks = {"random": {"color": style.INK, "linestyle": "--", "marker": "s", "markersize": 4},
             "learned": {"color": style.VERMILION, "linestyle": "-", "marker": "o", "markersize": 5}}  # fmt: skip
    plots.step_axes(cost, num_steps, 1e-3, 5, ylabel="training cost", title="cost, mean of 6 runs")
    plots.step_axes(error, num_steps, 0, 90, ylabel="%", log=False, title="new digits 5 to 9 misread")
    lines = {(axes, name): plots.curve(axes, **look) for axes in (cost, error) for name, look in looks.items()}
    for name, look in looks.items():
        error.plot([], [], label=f"{name} start", **look)
    error.legend(loc="upper right")
    ranges = {name: plots.curve(error, color=look["color"], linewidth=0.9, alpha=0.6) for name, look in looks.items()}
    picture = plots.heat(units, (0, 3, 0, 4), cmap="RdBu_r", vmin=-1, vmax=1)
    units.set(xticks=[], yticks=[], title="12 of the 32 units")
    for between in (1, 2, 3):
        units.axhline(between, color=style.INK, linewidth=1, animated=True)
    for between in (1, 2):
        units.axvline(between, color=style.INK, linewidth=1, animated=True)
    units.set_xlabel("learned start: weights")

    def draw(run):
        steps = run["steps"]
        for name in looks:
            lines[cost, name].set_data(steps, run["cost"][name].mean(axis=1))
            wrong = 100 * run["error"][name]
            lines[error, name].set_data(steps, wrong.mean(axis=1))
            # The spread of the runs: a stroke of one standard deviation to either side at each record.
            bars = np.stack([wrong.mean(1) - wrong.std(1), wrong.mean(1) + wrong.std(1), np.full(len(steps), np.nan)])
            ranges[name].set_data(np.repeat(steps, 3), bars.T.ravel())
        tiles = run["weights"][:, :12].T.reshape(4, 3, 8, 8)
        tiles = tiles / np.maximum(np.abs(tiles).max(axis=(2, 3), keepdims=True), 1e-12)
        picture.set_data(tiles[::-1, :, ::-1].transpose(0, 2, 1, 3).reshape(32, 24))
        early, last = {}, {}
        for name in looks:
            early[name], last[name] = (100 * run["error"][name].mean(axis=1)[at] for at in (1, -1))
        difference = 100 * (run["error"]["learned"] - run["error"]["random"])[-1]
        doubt = difference.std(ddof=1) / np.sqrt(len(difference))
        return [
            Row("first cost, output weights 0", float(np.log(5)), float(run["cost"]["learned"][0].mean()), rtol=1e-9),
            *[
                Row(f"misread after {steps[at]} steps, %", None,
                    f"random {when['random']:.1f}, learned {when['learned']:.1f}")
                for at, when in ((1, early), (-1, last))
            ],
            Row("learned − random in the end, % ± standard error", None, f"{difference.mean():+.1f} ± {doubt:.1f}"),
        ]

    return Explorer(
        stage, compute, draw,
        {
            "source": choice("the first layer was learned by", {
                "an autoencoder, no labels": "autoencoder", "telling odd from even": "parity",
                "telling 0, 1, 2, 3, 4 apart": "low digits", "0 to 4 with shuffled labels": "shuffled",
            }),
            "num_labels": choice("labelled digits 5 to 9", [10, 20, 50, 100, 200, 600], 50),
            "learning_rate": log_slider("ε learning rate", 0.005, 0.3, 0.03),
        },
        description="Training cost and share of misread new digits for a net that is to tell the digits 5 to 9 "
        "apart, from a "
        "random start and from a first layer that was learned before on another task; and the weights of that layer as "
        "small pictures.",
        presets={
            "autoencoder": {}, "odd or even": {"source": "parity"}, "digits 0 to 4": {"source": "low digits"},
            "shuffled labels": {"source": "shuffled"}, "600 labels": {"num_labels": 600},
        },
    )  # fmt: skip
