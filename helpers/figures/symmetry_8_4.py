"""The figure of lesson 8.4 on symmetry: equal units stay equal. It takes the compute function of the notebook."""

import matplotlib
import numpy as np

from helpers import plots, style
from helpers.controls import choice, log_slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_SIGNED = matplotlib.colormaps["RdBu_r"].with_extremes(bad="white")
_COLUMNS = 4  # pictures of the units in two rows of four


def _pictures(weights):
    """The incoming weights of eight units, (64, 8), as one picture: two rows of four 8 × 8 pictures with gaps."""
    tiles = np.full((2 * 9 + 1, _COLUMNS * 9 + 1), np.nan)
    for unit in range(weights.shape[1]):
        row, column = divmod(unit, _COLUMNS)
        tiles[1 + 9 * row : 9 + 9 * row, 1 + 9 * column : 9 + 9 * column] = weights[:, unit].reshape(8, 8)
    return tiles[::-1]


@style.applied()
def equal_units(compute, num_epochs=15):
    """Equal units, with a little noise to tell them apart. compute(noise, learning_rate) -> dict: see draw."""
    stage = Stage(1000, 390, columns=3, width_ratios=[1.25, 1, 1])
    units, values, cost = stage.axes
    picture = plots.heat(units, (0, _COLUMNS, 0, 2), cmap=_SIGNED, vmin=-0.7, vmax=0.7)
    units.set(xticks=[], yticks=[], title="weights into the eight units")
    units.set_xlabel("red > 0, white 0, blue < 0; each 8 × 8 pixels")
    plots.step_axes(values, num_epochs, 1e-10, 1e5, ylabel="singular value", xlabel="epoch",
                    title="of W: how many count?")  # fmt: skip
    lines = [plots.curve(values, color=style.VERMILION if k == 0 else style.BLUE, linestyle="-" if k == 0 else "--",
                         linewidth=2.6 if k == 0 else 1.4) for k in range(8)]  # fmt: skip
    values.plot([], [], color=style.VERMILION, linewidth=2.6, label="the largest")
    values.plot([], [], color=style.BLUE, linestyle="--", linewidth=1.4, label="the other seven")
    values.legend(loc="upper right")
    equal = plots.note(values, 0.97, 0.06, color=style.BLUE, fontsize=13, ha="right")
    plots.step_axes(cost, num_epochs, 0.03, 5, ylabel="training cost", xlabel="epoch", title="cost")
    eight = plots.curve(cost, color=style.VERMILION)
    one = plots.curve(cost, **style.THEORY, marker="s", markersize=4, markevery=3)
    cost.plot([], [], color=style.VERMILION, label="8 units")
    cost.plot([], [], label="1 unit, rates adapted", marker="s", markersize=4, **style.THEORY)
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.97, 0.97)

    def draw(run, epoch):
        picture.set_data(np.ma.masked_invalid(_pictures(run["weights"][epoch])))
        epochs = np.arange(epoch + 1)
        for line, value in zip(lines, run["singular_values"][: epoch + 1].T, strict=True):
            line.set_data(epochs, np.where(value > 1e-9, value, np.nan))  # below it may be rounding only
        second = run["singular_values"][epoch, 1] / run["singular_values"][epoch, 0]
        equal.set_text("the other seven: 0" if second < 1e-7 else "")
        eight.set_data(epochs, run["cost"][: epoch + 1])
        one.set_data(epochs, run["single_cost"][: epoch + 1])
        gone.set_text("" if np.isfinite(run["cost"][epoch]) else "diverged")
        symmetric = run["noise"] == 0
        ratio = float(np.round(second, 6)) if np.isfinite(second) else np.nan
        return [
            Row("second singular value of W / largest", 0.0 if symmetric else "grows from the noise", ratio,
                atol=1e-6 if symmetric else None),
            Row("training cost: one unit | eight units", float(run["single_cost"][epoch]), float(run["cost"][epoch]),
                rtol=1e-6 if symmetric else None),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {
            "noise": choice("noise that tells units apart", {
                "none: all equal": 0.0, "10⁻⁹": 1e-9, "10⁻⁶": 1e-6, "10⁻³": 1e-3, "0.03": 0.03, "0.3": 0.3,
            }, 0.0),
            "learning_rate": log_slider("ε learning rate", 0.01, 0.5, 0.1),
        },
        description="The weights into eight hidden units as small pictures, the singular values of their matrix "
        "by epoch "
        "of training on the digits, and the training cost. Units that start equal stay equal: one singular value only, "
        "and the cost of a net with a single unit.",
        presets={"all equal": {}, "a breath of noise": {"noise": 1e-6}, "ordinary random start": {"noise": 0.3}},
        num_steps=num_epochs,
    )  # fmt: skip
