"""The figures of lesson 8.4 on biases. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import plots, style
from helpers import theory_8_4 as theory
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def class_marginals(compute, num_steps=60):
    """Output biases 0 and log c. compute(ratio, output_scale, learning_rate) -> dict: shares, costs (T, 2), steps."""
    stage = Stage(1000, 380, columns=2, width_ratios=[1, 1.5])
    bars, cost = stage.axes
    bars.set(xlim=(-0.6, 9.6), ylim=(0, 1), xticks=range(10), xlabel="digit", ylabel="share c",
             title="how often each digit occurs")  # fmt: skip
    shares = plots.curve(bars, color=style.BLUE, linewidth=16, solid_capstyle="butt")
    plots.step_axes(cost, num_steps, 0.05, 12, ylabel="training cost", title="the first steps")
    looks = [{"color": style.VERMILION, "linestyle": "--"}, {"color": style.GREEN, "linestyle": "-"}]
    curves = [plots.curve(cost, **look) for look in looks]
    for look, label in zip(looks, ("biases 0", "biases log c"), strict=True):
        cost.plot([], [], label=label, **look)
    levels = [plots.curve(cost, **style.THEORY) for _ in range(2)]
    cost.plot([], [], label="theory: ln 10, and entropy of c", **style.THEORY)
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.97, 0.97)

    def draw(run):
        c = run["shares"]
        x = np.repeat(np.arange(10.0), 3)
        y = np.column_stack([np.zeros(10), c, np.full(10, np.nan)]).ravel()
        shares.set_data(x, y)
        ends = (np.log(10), theory.entropy(c))
        for k, (line, level, height) in enumerate(zip(curves, levels, ends, strict=True)):
            line.set_data(run["steps"], run["cost"][:, k])
            level.set_data([0, num_steps], [height, height])
        gone.set_text("" if np.isfinite(run["cost"][-1]).all() else "diverged")
        small = run["output_scale"] == 0
        behind = np.flatnonzero(run["cost"][:, 0] <= ends[1])
        saved = int(run["steps"][behind[0]]) if len(behind) else f"not in {num_steps} steps"
        return [
            Row("first cost, biases 0", ends[0], run["cost"][0, 0], rtol=1e-9 if small else None),
            Row("first cost, biases log c", ends[1], run["cost"][0, 1], rtol=1e-9 if small else None),
            Row("steps that biases 0 need to get down to the entropy", None, saved),
        ]

    return Explorer(
        stage, compute, draw,
        {
            "ratio": slider("share of each digit / the one before", 0.1, 1, 0.5),
            "output_scale": slider("output weights × Glorot", 0, 3, 0, step=0.1),
            "learning_rate": log_slider("ε learning rate", 0.001, 0.3, 0.02),
        },
        description="Left: unequal shares of the ten digits in the training set. Right: the training cost in the first "
        "steps with output biases 0, which begins at ln 10, and with the logarithms of the shares as biases, "
        "which begins "
        "at the entropy of the shares.",
        presets={"unequal": {}, "equal": {"ratio": 1.0}, "very unequal": {"ratio": 0.1},
                 "large output weights": {"output_scale": 3.0}},
    )  # fmt: skip


@style.applied()
def dead_units(compute, max_depth=12):
    """ReLU units that never answer. compute(bias, depth, width, learning_rate, centred) -> dict: see draw."""
    stage = Stage(1000, 390, columns=3, width_ratios=[1.2, 1, 1])
    active, dead, cost = stage.axes
    active.set(xlim=(0.5, max_depth + 0.5), ylim=(0, 100), xlabel="hidden layer", ylabel="%",
               title="active: unit × digit with z > 0")  # fmt: skip
    shares = plots.curve(active, color=style.BLUE, marker="o")
    predicted = plots.curve(active, **style.THEORY)
    active.plot([], [], color=style.BLUE, marker="o", label="measured")
    active.plot([], [], label="theory", **style.THEORY)
    active.legend(loc="lower left")
    dead.set(xlim=(0.5, max_depth + 0.5), ylim=(0, 100), xlabel="hidden layer", ylabel="% of units",
             title="dead: 0 for every digit")  # fmt: skip
    looks = {"before": {"color": style.ORANGE, "linestyle": "--", "marker": "s"},
             "after": {"color": style.PURPLE, "linestyle": "-", "marker": "o"}}  # fmt: skip
    lines = {when: plots.curve(dead, **look) for when, look in looks.items()}
    for when, look in looks.items():
        dead.plot([], [], label=f"{when} training", **look)
    dead.legend(loc="upper left")
    plots.step_axes(cost, 3, 0.05, 20, ylabel="training cost", xlabel="epoch", title="the first epochs")
    learned = plots.curve(cost, color=style.GREEN, marker="o")
    cost.axhline(np.log(10), color=style.GREY, linewidth=1.2)
    cost.text(2.94, np.log(10) * 1.1, "guessing: ln 10", color=style.GREY, fontsize=12, ha="right")
    gone = plots.note(cost, 0.97, 0.97)

    def draw(run):
        layers = np.arange(1, len(run["active"]) + 1)
        shares.set_data(layers, 100 * run["active"])
        predicted.set_data(layers, 100 * run["theory"])
        for when, line in lines.items():
            line.set_data(layers, 100 * run["dead"][when])
        learned.set_data(run["epochs"], run["cost"])
        finite = np.isfinite(run["cost"][-1])
        gone.set_text("" if finite else "diverged")
        return [
            Row("active in all layers together, %", 100 * run["theory"].mean(), 100 * run["active"].mean(), atol=4),
            Row("dead units before training, %", None, 100 * run["dead"]["before"].mean()),
            Row("dead units after training, %", None, 100 * run["dead"]["after"].mean() if finite else "diverged"),
            Row("training cost after 3 epochs", None, run["cost"][-1]),
        ]

    return Explorer(
        stage, compute, draw,
        {
            "bias": slider("bias of the hidden units", -1, 1, 0),
            "depth": int_slider("hidden layers", 1, max_depth, 6),
            "width": choice("units in each", [16, 32, 64], 64),
            "learning_rate": log_slider("ε learning rate", 0.001, 1, 0.02),
            "centred": choice("inputs", {"as scanned": False, "mean picture subtracted": True}),
        },
        description="For four ReLU nets on the digits, layer by layer: the share of active units with theory, the "
        "share "
        "of units that are 0 for every digit before and after three epochs, and the training cost. A positive bias "
        "helps in the first layer, centred inputs help in all, large learning rates kill units.",
        presets={"bias 0": {}, "bias 0.1": {"bias": 0.1}, "bias 0.5": {"bias": 0.5}, "bias −0.5": {"bias": -0.5},
                 "inputs centred": {"centred": True}, "ε too large": {"learning_rate": 0.3},
                 "narrow and deep": {"width": 16, "depth": 12}},
    )  # fmt: skip


@style.applied()
def forget_gate(compute, num_steps=64):
    """What a gated cell keeps. compute(bias, gain) -> kept after 0, 1, ... steps: shape (num_steps + 1, units ×
    digits).
    """
    stage = Stage(1000, 380, columns=2, width_ratios=[1.5, 1])
    axes, sigmoid = stage.axes
    plots.step_axes(axes, num_steps, 0.001, 40, ylabel="share of the cell that is left",
                    xlabel="time step (row of the digit)", title="what is left of the first content")  # fmt: skip
    axes.set_yticks([0.001, 0.01, 0.1, 0.5, 1], ["0.001", "0.01", "0.1", "0.5", "1"])
    for row in range(8, num_steps, 8):
        axes.axvline(row, color="#e5e7eb", linewidth=0.8)
    some = plots.curve(axes, color=style.SKY, linewidth=0.8)
    middle = plots.curve(axes, color=style.BLUE)
    line = plots.curve(axes, **style.THEORY)
    axes.plot([], [], color=style.BLUE, label="measured: geometric mean")
    axes.plot([], [], color=style.SKY, linewidth=0.8, label="12 of the units, on one digit")
    axes.plot([], [], label="theory: σ(b)ᵗ", **style.THEORY)
    axes.legend(loc="upper right")
    b = np.linspace(-2, 6, 200)
    sigmoid.set(xlim=(-2, 6), ylim=(0, 60), xlabel="b bias of the forget gate", ylabel="steps",
                title="steps until half is forgotten")  # fmt: skip
    sigmoid.plot(b, np.log(2) / np.log1p(np.exp(-b)), **style.THEORY)
    here = plots.marks(sigmoid, marker="o", color=style.BLUE)

    def draw(run):
        kept, bias = run["kept"], run["bias"]
        steps = np.arange(len(kept))
        log_kept = np.log(np.maximum(kept, 1e-300)).mean(axis=1)
        middle.set_data(steps, np.exp(log_kept))
        few = kept[:, :12]
        some.set_data(np.tile(np.append(steps, np.nan), 12), np.append(few.T, np.full((12, 1), np.nan), axis=1).ravel())
        gate = 1 / (1 + np.exp(-bias))
        line.set_data(steps, gate**steps)
        measured = float(np.log(0.5) / (log_kept[-1] / steps[-1]))
        here.set_data([bias], [min(measured, 59)])
        return [
            Row("one step leaves", gate, float(np.exp(log_kept[-1] / steps[-1])), rtol=0.03),
            Row("steps until half is forgotten", float(np.log(0.5) / np.log(gate)), measured, rtol=0.15),
            Row(f"left after {steps[-1]} steps", float(gate ** steps[-1]), float(np.exp(log_kept[-1]))),
        ]

    return Explorer(
        stage, compute, draw,
        {
            "bias": slider("b bias of the forget gate", -2, 6, 1, step=0.1),
            "gain": slider("gain of the gates' weights", 0, 3, 1.0, step=0.1),
        },
        description="The share of a recurrent cell's content that is left after each time step, for a forget gate "
        "with the "
        "chosen bias, against theory; and how many steps pass until half is forgotten, as a function of the bias.",
        presets={"b = 0": {"bias": 0.0}, "b = 1": {}, "b = 2": {"bias": 2.0}, "b = 4": {"bias": 4.0}},
    )  # fmt: skip
