"""The figures of lesson 8.1.2 on early stopping: a net that is halted, and halting as a filter beside ridge."""

import numpy as np

from helpers import plots, style, theory_8_1
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.figures.controls_8_1 import count_slider
from helpers.figures.risk_8_1 import TRAINING, TRUE
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def early_stopping(compute, num_steps=300):
    """8.1.2: a net on real digits, halted where the validation cost is lowest.

    compute(num_examples, mislabelled, patience) -> dict: steps (T+1,); cost, validation_cost, validation_error,
    gradient_norm, each (T+1,); best, halt (places in `steps`); next_step (predicted, measured change of the training
    cost by one more gradient step from the best place).
    """
    stage = Stage(1040, 400, columns=3, width_ratios=[1.25, 1, 0.9])
    cost, norm, error = stage.axes
    plots.step_axes(cost, num_steps, 2e-3, 100, ylabel="mean cross-entropy", title="cost")
    plots.step_axes(norm, num_steps, 1e-3, 3, ylabel="‖∇J‖", title="gradient of the training cost")
    plots.step_axes(error, num_steps, 0, 70, ylabel="%", log=False, title="validation digits misread")
    cost.plot([], [], label="training J", **TRAINING)
    cost.plot([], [], label="validation", **TRUE)
    cost.plot([], [], "*", color=style.BLUE, markersize=14, label="the weights that are kept")
    cost.plot([], [], color=style.INK, linewidth=1.5, linestyle=":", label="training is halted here")
    cost.legend(loc="upper right")
    lines = {
        "cost": plots.curve(cost, **TRAINING),
        "validation_cost": plots.curve(cost, **TRUE),
        "gradient_norm": plots.curve(norm, **TRAINING),
        "validation_error": plots.curve(error, **TRUE),
    }
    stars = {
        key: plots.marks(line.axes, marker="*", color=style.BLUE, size=18)
        for key, line in lines.items()
        if key != "cost"
    }
    halts = [axes.axvline(0, color=style.INK, linewidth=1.5, linestyle=":", animated=True) for axes in stage.axes]

    def draw(run):
        best, halt = run["best"], run["halt"]
        for key, line in lines.items():
            scale = 100 if key == "validation_error" else 1
            line.set_data(run["steps"], scale * run[key])
            if key in stars:
                stars[key].set_data([run["steps"][best]], [scale * run[key][best]])
        for line in halts:
            line.set_xdata([run["steps"][halt]] * 2)
        predicted, actual = run["next_step"]
        norms = run["gradient_norm"]
        return [
            Row("change of the training cost J by one more gradient step from the star", predicted, actual, rtol=0.05),
            Row("‖∇J‖ there, in parts of its value at the start", None, norms[best] / norms[0]),
            Row("the same after all steps, without halting", None, norms[-1] / norms[0]),
            Row("validation cost at the star", None, run["validation_cost"][best]),
            Row("validation cost without halting", None, run["validation_cost"][-1]),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "num_examples": choice("N training digits", [100, 200, 400], 200),
            "mislabelled": slider("share with a random label", 0, 0.5, 0.2, step=0.05),
            "patience": int_slider("patience, in evaluations", 1, 40, 10),
        },
        description="Training a net on handwritten digits, some with wrong labels. Left: the training cost falls "
        "throughout, the validation cost is lowest early, at a star, and then rises. Middle: the gradient of the "
        "training cost is still large at the star. Right: the share of validation digits misread.",
        presets={
            "a fifth mislabelled": {},
            "clean labels": {"mislabelled": 0.0},
            "half mislabelled": {"mislabelled": 0.5},
            "no patience": {"num_examples": 400, "mislabelled": 0.4, "patience": 1},
            "the same with patience": {"num_examples": 400, "mislabelled": 0.4},
        },
    )


@style.applied()
def spectral_filter(compute, most=3000):
    """8.1.2: early stopping beside ridge on real digits, least squares.

    compute(digit, num_examples, steps, ratio) -> dict: eigenvalues (n,); rate ε; steps k; penalty ω; measured (n,), the
    factor by which descent has found each component, NaN where it cannot be told; stopped, ridge: weights (n,);
    path: (1, 2, ..., validation error of descent after each, of ridge at ω = ratio/(εk)); closed_form: weights (n,)
    from the filter.
    """
    stage = Stage(1080, 410, columns=4, width_ratios=[1.35, 1.15, 0.75, 0.75])
    filters, error, *pictures = stage.axes
    filters.set_xscale("log")
    filters.set(
        xlim=(1e-5, 1.3),
        ylim=(-0.03, 1.5),
        xlabel="ελ, curvature times learning rate",
        ylabel="share that is learned",
        title="what has been learned",
    )
    plots.step_axes(
        error, most, 0.1, 0.6, xlabel="k steps", ylabel="", log=False, log_steps=True, title="validation error"
    )
    looks = {
        "stopped": {"color": style.VERMILION, "linestyle": "-"},
        "ridge": {"color": style.GREEN, "linestyle": "--"},
    }
    names = {"stopped": "stopped after k steps", "ridge": "ridge, ω = c/(εk)"}
    curves, paths, marks = {}, {}, {}
    for key, look in looks.items():
        filters.plot([], [], label=names[key], **look)
        curves[key], paths[key] = plots.curve(filters, **look), plots.curve(error, **look)
        marks[key] = plots.marks(error, marker="o" if key == "stopped" else "s", color=look["color"], size=11)
    dots = filters.plot([], [], "o", color=style.INK, markersize=5, animated=True, zorder=5)[0]
    filters.plot([], [], "o", color=style.INK, markersize=5, label="descent, measured")
    filters.legend(loc="upper left", borderaxespad=0.2)
    images = {}
    for axes, key in zip(pictures, looks, strict=True):
        images[key] = plots.heat(axes, (0, 8, 0, 8), cmap="PuOr_r", vmin=-1, vmax=1)
        axes.set(xticks=[], yticks=[], title={"stopped": "θ, stopped", "ridge": "θ, ridge"}[key])
        axes.set_aspect("equal")

    def draw(run):
        ratio = np.logspace(-5, np.log10(1.3), 300)
        curves["stopped"].set_data(ratio, theory_8_1.descent_filter(ratio, 1.0, run["steps"]))
        curves["ridge"].set_data(ratio, theory_8_1.ridge_filter(ratio, run["rate"] * run["penalty"]))
        known = np.isfinite(run["measured"]) & (run["rate"] * run["eigenvalues"] > 1e-5)
        dots.set_data(run["rate"] * run["eigenvalues"][known], run["measured"][known])
        at, *both = run["path"]
        now = int(np.argmin(np.abs(at - run["steps"])))
        some = np.unique(np.round(np.logspace(0, np.log10(len(at)), 90)).astype(int)) - 1  # enough for a smooth line
        largest = max(np.abs(run["stopped"]).max(), np.abs(run["ridge"]).max(), 1e-12)
        for key, values in zip(looks, both, strict=True):
            paths[key].set_data(at[some], np.clip(values[some], 0, 2))
            marks[key].set_data([at[now]], [np.clip(values[now], 0, 2)])
            images[key].set_data(run[key].reshape(8, 8)[::-1] / largest)  # the top row of the picture comes first
        apart = np.linalg.norm(run["closed_form"] - run["stopped"])
        middle = np.flatnonzero(known)[len(np.flatnonzero(known)) // 2]
        expected = theory_8_1.descent_filter(run["eigenvalues"][middle], run["rate"], run["steps"])
        return [
            Row(
                "share learned along the middle eigenvector", float(expected), float(run["measured"][middle]), atol=1e-6
            ),
            Row("distance of θ from the filter's formula, to 8 decimals", 0.0, round(float(apart), 8), atol=1e-8),
            Row("lowest validation error of stopping", None, float(both[0].min())),
            Row("lowest validation error of ridge", None, float(both[1].min())),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "digit": choice("digit to tell from the others", list(range(10)), 8),
            "num_examples": choice("N training digits", [80, 150, 300, 1300], 80),
            "steps": count_slider("k steps", 1, most, 8),
            "ratio": log_slider("c in ω = c/(εk)", 0.1, 10, 1),
        },
        description="Left: the share of each component that has been learned, against its curvature, for gradient "
        "descent stopped after k steps and for ridge regression: two similar S-shaped curves, with measured dots. "
        "Middle: their validation errors against k, both U-shaped. Right: the two weight vectors as pictures.",
        presets={
            "stopped well": {},
            "stopped far too late": {"steps": float(most)},
            "hardly begun": {"steps": 1.0},
            "more data": {"num_examples": 1300, "steps": 1000.0},
        },
    )
