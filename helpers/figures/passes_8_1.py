"""The figures of lesson 8.1.3 on what comes after the first minibatch: the order of the examples, the second pass,
and the time that a minibatch takes.
"""

import numpy as np

from helpers import plots, style, theory_8_1
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.figures.risk_8_1 import TRAINING, TRUE
from helpers.readout import Row
from helpers.stage import Stage

_ORDER_LOOKS = {
    "sorted": {"color": style.INK, "linestyle": "-", "marker": "X"},
    "shuffled once": {"color": style.BLUE, "linestyle": "--", "marker": "^"},
    "reshuffled": {"color": style.VERMILION, "linestyle": "-", "marker": "o"},
    "with replacement": {"color": style.GREEN, "linestyle": ":", "marker": "s"},
}


@style.applied()
def example_order(compute, num_epochs=6):
    """8.1.3: the order of the examples, on a problem that is solved exactly and on a real net.

    compute(learning_rate, batch_size) -> dict: values, the numbers whose mean is estimated, sorted; learning_rate,
    batch_size; spread {order: measured root mean square distance from the mean}; curves {order: validation cost
    (num_epochs+1,)}.
    """
    stage = Stage(1020, 410, width_ratios=[1, 1.2])
    bars, cost = stage.axes
    orders = list(theory_8_1.ORDERS)
    bars.set_xscale("log")
    bars.set(
        xlim=(1e-3, 1.5),
        ylim=(3.6, -0.6),
        xlabel="distance from the true share (root mean square)",
        title="how frequent is the digit 9?",
    )
    bars.set_yticks(range(4), labels=orders)
    theory_marks = bars.plot([], [], "|", color=style.GREY, markersize=30, markeredgewidth=5, animated=True)[0]
    bars.plot([], [], "|", color=style.GREY, markersize=14, markeredgewidth=4, label="theory")
    points = {
        order: plots.marks(bars, marker=look["marker"], color=look["color"], size=12)
        for order, look in _ORDER_LOOKS.items()
    }
    bars.plot([], [], "o", color=style.VERMILION, markersize=9, label="measured")
    bars.legend(loc="lower right")
    plots.step_axes(
        cost, num_epochs, 0.015, 15, ylabel="validation cost", xlabel="epoch", title="a net that learns to read digits"
    )
    lines = {}
    for order, look in _ORDER_LOOKS.items():
        lines[order] = plots.curve(cost, **look)
        cost.plot([], [], label=order, **look)
    cost.legend(loc="lower left", ncols=2)
    gone = plots.note(cost, 0.95, 0.95)

    def draw(run):
        expected = {
            order: theory_8_1.order_spread(run["values"], order, run["learning_rate"], run["batch_size"])
            for order in orders
        }
        theory_marks.set_data([expected[order] for order in orders], range(4))
        for number, order in enumerate(orders):
            points[order].set_data([max(run["spread"][order], 1e-9)], [number])
            lines[order].set_data(np.arange(num_epochs + 1), run["curves"][order])
        lost = [order for order in orders if not np.isfinite(run["curves"][order][-1])]
        gone.set_text("diverged: " + ", ".join(lost) if lost else "")
        return [
            *[
                Row(f"share of nines, {order}: distance", expected[order], run["spread"][order], rtol=0.15)
                for order in orders
            ],
            Row("validation cost of the net, sorted", None, run["curves"]["sorted"][-1]),
            Row("validation cost of the net, reshuffled", None, run["curves"]["reshuffled"][-1]),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.02, 0.5, 0.2),
            "batch_size": choice("m minibatch size", [20, 50, 100, 260], 20),
        },
        description="Left: how far an estimate of a mean ends from it for four orders of the examples: sorted is "
        "worst, "
        "a new order in every epoch is best. Right: the validation cost of a digits net over six epochs for the same "
        "four orders; sorted by label it hardly learns, the three random orders are nearly alike.",
        presets={
            "small steps": {"learning_rate": 0.05},
            "large steps": {"learning_rate": 0.5},
            "large minibatches": {"batch_size": 260},
        },
    )


@style.applied()
def passes(compute, num_passes=6):
    """8.1.3: the first pass through the examples and the later ones, averaged over many training sets.

    compute(num_examples, learning_rate, sigma, fresh) -> dict: the arguments; dimension, distance; for every step and
    training set, each of shape (steps, sets): inner ĝ·∇J*, square ‖∇J*‖², loss on the example about to be used.
    """
    stage = Stage(1020, 410, width_ratios=[1.3, 1])
    cost, ratio = stage.axes
    cost.set(
        xlim=(0, num_passes),
        ylim=(0, 3.2),
        xlabel="pass through the training set",
        ylabel="mean squared error",
        title="mean over 1,000 training sets",
    )
    looks = {
        "loss": ({**TRAINING, "linewidth": 1.4}, "on the next example, before it is used"),
        "risk": (TRUE, "true risk J*"),
    }
    lines = {}
    for key, (look, label) in looks.items():
        lines[key] = plots.curve(cost, **look)
        cost.plot([], [], label=label, **look)
    predicted = plots.curve(cost, **style.THEORY)
    cost.plot([], [], label="theory of J* if every example were new", **style.THEORY)
    cost.legend(loc="upper right")
    for number in range(1, num_passes):
        cost.axvline(number, color=style.GREY, linewidth=0.8)
    ratio.set(
        xlim=(0.5, num_passes + 0.5),
        ylim=(-0.1, 1.25),
        xlabel="pass",
        title="ĝ measured along ∇J*: 1 is unbiased",
        ylabel="mean of ĝ·∇J*, in units of ‖∇J*‖²",
    )
    ratio.axhline(1, **style.THEORY)
    ratio.axhline(0, color=style.GREY, linewidth=1)
    dots = ratio.plot([], [], "o", color=style.PURPLE, markersize=10, animated=True)[0]
    bars = plots.curve(ratio, color=style.PURPLE, marker="_", markersize=12, linewidth=1.5)

    def draw(run):
        size = run["num_examples"]
        at = np.arange(num_passes * size) / size
        # ∇J* = 2(θ − θ*), so J* = σ² + ‖∇J*‖²/4.
        shown = {"loss": run["loss"].mean(axis=1), "risk": run["sigma"] ** 2 + run["square"].mean(axis=1) / 4}
        for key in looks:
            lines[key].set_data(at, np.clip(shown[key], 0, 100))
        steps = num_passes * size
        exact = theory_8_1.stream_risk(run["dimension"], run["sigma"], run["distance"], run["learning_rate"], steps)
        predicted.set_data(np.append(at, num_passes), np.clip(exact, 0, 100))
        inner, square = (run[key].reshape(num_passes, size, -1).mean(axis=1) for key in ("inner", "square"))
        ratios = inner.mean(axis=1) / square.mean(axis=1)
        spread = (inner - ratios[:, None] * square).std(axis=1) / np.sqrt(inner.shape[1])
        errors = spread / square.mean(axis=1)
        number = np.arange(1, num_passes + 1)
        dots.set_data(number, ratios)
        ends = np.stack([ratios - 2 * errors, ratios + 2 * errors, np.full(num_passes, np.nan)], axis=1)
        bars.set_data(np.repeat(number, 3), ends.ravel())
        last = steps - 1
        return [
            Row("first pass: ĝ along ∇J*, in units of ‖∇J*‖²", 1.0, float(ratios[0]), atol=0.04),
            Row(
                "second pass: the same",
                1.0 if run["fresh"] else "less than 1",
                float(ratios[1]),
                atol=0.04 if run["fresh"] else None,
            ),
            Row("J* at the end of the first pass", exact[size], shown["risk"][size], rtol=0.05),
            Row("J* in the end; theory: had all examples been new", exact[last], shown["risk"][last]),
            Row("mean loss on the next example in the last pass", None, shown["loss"][-size:].mean()),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "num_examples": int_slider("N training examples", 20, 120, 30, step=10),
            "learning_rate": log_slider("ε learning rate", 0.003, 0.03, 0.02),
            "sigma": slider("σ noise in the targets", 0, 1.2, 1.0, step=0.1),
            "fresh": choice("examples", {"used again and again": False, "always new ones": True}),
        },
        description="Left: over six passes through a training set, the loss on the next example and the true risk fall "
        "together in the first pass; from the second pass on the loss drops far below and the true risk turns up. "
        "Right: the minibatch gradient along the true one is 1 in the first pass and clearly less in all later ones.",
        presets={
            "used again and again": {},
            "always new ones": {"fresh": True},
            "no noise": {"sigma": 0.0},
            "120 examples": {"num_examples": 120},
        },
    )


@style.applied()
def batch_time(compute):
    """8.1.3: the time that a gradient takes, on this machine.

    compute(hidden, workers) -> dict: sizes (S,), seconds (S,) of one minibatch gradient each; split: the largest
    difference between the gradient of a minibatch and the mean of the gradients of its `workers` parts, relative.
    """
    stage = Stage(1020, 410, width_ratios=[1, 1])
    whole, each = stage.axes
    plots.step_axes(
        whole, 1300, 10, 1e5, xlabel="m minibatch size", ylabel="µs", title="time for one gradient", log_steps=True
    )
    plots.step_axes(
        each, 1300, 0.5, 3e3, xlabel="m minibatch size", ylabel="µs", title="time per example", log_steps=True
    )
    look = {"color": style.VERMILION, "marker": "o"}
    lines = [plots.curve(axes, **look) for axes in (whole, each)]
    fits = [plots.curve(axes, **style.THEORY) for axes in (whole, each)]
    whole.plot([], [], label="measured on this machine", **look)
    whole.plot([], [], label="a + b m: a fixed cost, and one per example", **style.THEORY)
    whole.legend(loc="upper left")

    def draw(run):
        sizes, micro = run["sizes"], 1e6 * run["seconds"]
        per_example = (micro[-1] - micro[0]) / (sizes[-1] - sizes[0])
        fixed = micro[0] - per_example * sizes[0]
        for line, fit, scale in zip(lines, fits, (1, sizes), strict=True):
            line.set_data(sizes, micro / scale)
            fit.set_data(sizes, (fixed + per_example * sizes) / scale)
        return [
            Row("gradient of the minibatch, less the mean over its parts (relative)", 0.0, run["split"], atol=1e-12),
            Row("µs per example at m = 1", None, micro[0]),
            Row("µs per example at m = 1,300", None, micro[-1] / sizes[-1]),
            Row("time for 1,300 examples one by one, in units of all at once", None, micro[0] * sizes[-1] / micro[-1]),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "hidden": choice("hidden units", [8, 32, 128], 32),
            "workers": choice("parts, one for each worker", [2, 5, 10, 100], 10),
        },
        description="The time for one gradient and the time per example against the size of the minibatch, as measured "
        "on the machine that ran this notebook: a single example is expensive, from about a hundred on each further "
        "one costs the same.",
    )
