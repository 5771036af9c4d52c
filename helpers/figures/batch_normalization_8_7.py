"""The figures of lesson 8.7.1, batch normalization. Each takes the compute function that stands in the notebook."""

from decimal import Decimal, localcontext
from math import comb

import numpy as np

from helpers import checks, plots, style
from helpers.controls import choice, int_slider, log_slider, point, slider, switch
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_LINE = {
    "plain": {"color": style.VERMILION, "linestyle": "-", "marker": "o"},
    "normalized": {"color": style.BLUE, "linestyle": "--", "marker": "^"},
    "constant": {"color": style.PURPLE, "linestyle": ":", "marker": "s"},
}


def change_by_order(depth, weight, learning_rate):
    """The parts of order 1, 2, ..., l in ε of the change of ŷ = w^l in one gradient step on all l weights, as floats.

    Every weight moves by −ε w^(l−1), so ŷ becomes w^l (1 − t)^l with t = ε w^(l−2): the part of order k is
    w^l C(l, k) (−t)^k. Also returned: their sum. Everything is computed with 60 digits, since the parts can be 10^14
    times as large as their sum. Raises: ValueError.
    """
    depth = checks.integer("depth", depth, minimum=1)
    weight = checks.number("weight", weight, above=0)
    rate = checks.number("learning_rate", learning_rate, minimum=0)
    with localcontext(prec=60):
        w = Decimal(weight)
        t = Decimal(rate) * w ** (depth - 2)
        parts = [w**depth * comb(depth, k) * (-t) ** k for k in range(1, depth + 1)]
        total = sum(parts)
    return np.array([float(part) for part in parts]), float(total)


@style.applied()
def deep_chain(compute, max_depth=50):
    """ŷ = w₁ ⋯ w_l and one gradient step. compute(depth, weight, learning_rate) -> dict: before, after, gradient,
    normalized (predicted, actual).
    """
    stage = Stage(980, 400, width_ratios=[1.15, 1])
    axes, orders = stage.axes
    rates = np.logspace(-4, 0, 400)
    axes.set(xscale="log", xlim=(1e-4, 1), ylim=(-1.5, 3.3), xlabel="ε learning rate", ylabel="new ŷ / old ŷ")
    axes.set_title("what one gradient step makes of ŷ")
    axes.axhline(0, color=style.GREY, linewidth=0.8)
    axes.axhline(1, color=style.GREY, linewidth=0.8, linestyle=":")
    looks = {
        "what happens": {"color": style.VERMILION},
        "predicted by the gradient": style.THEORY,
        "second order too": {"color": style.GREEN, "linestyle": "-.", "linewidth": 1.6},
        "gradient, with batch normalization": {"color": style.BLUE, "linestyle": "--"},
    }
    lines = {name: plots.curve(axes, **look) for name, look in looks.items()}
    for name, look in looks.items():
        axes.plot([], [], label=name, **look)
    axes.legend(loc="upper left", fontsize=12)
    axes.set_yticks([-1, 0, 1, 2])
    gap = plots.curve(axes, color=style.INK, linewidth=1)
    promise = plots.marks(axes, marker="D", color=style.GREY, size=11)
    now = plots.marks(axes, marker="o", color=style.VERMILION, size=11)
    orders.set(yscale="log", xlim=(0, max_depth + 1), ylim=(1e-6, 1e21), xlabel="order k in ε", ylabel="size / old ŷ")
    orders.set_title("the parts of that change, by order")
    orders.axhline(1, color=style.GREY, linewidth=0.8, linestyle=":")
    odd = orders.plot([], [], "o", color=style.VERMILION, markersize=6, animated=True)[0]
    even = orders.plot([], [], "^", color=style.GREEN, markersize=7, animated=True)[0]
    orders.plot([], [], "o", color=style.VERMILION, label="odd: makes ŷ smaller")
    orders.plot([], [], "^", color=style.GREEN, label="even: makes ŷ larger")
    orders.legend(loc="upper left", fontsize=12)
    orders.set_yticks([1e-5, 1, 1e5, 1e10, 1e15])

    def draw(result):
        depth, weight, rate = result["depth"], result["weight"], result["rate"]
        t = rates * weight ** (depth - 2)
        curves = [(1 - t) ** depth, 1 - depth * t, 1 - depth * t + depth * (depth - 1) / 2 * t**2]
        low, high = result["normalized"]
        curves.append(1 + (low / rate) * rates / weight)
        for line, y in zip(lines.values(), curves, strict=True):
            line.set_data(rates, np.where((y > -1.5) & (y < 2.1), y, np.nan))  # above is the legend
        before, actual = result["before"], result["after"] - result["before"]
        parts, total = change_by_order(depth, weight, rate)
        ends = plots.within(axes, [rate, rate], [1 + parts[0] / before, result["after"] / before])
        gap.set_data(*ends)
        promise.set_data(ends[0][:1], ends[1][:1])
        now.set_data(ends[0][1:], ends[1][1:])
        k, size = np.arange(1, depth + 1), np.maximum(np.abs(parts) / before, 1e-300)
        shown = (size > 1e-6) & (size < 1e16)
        odd.set_data(k[shown & (k % 2 == 1)], size[shown & (k % 2 == 1)])
        even.set_data(k[shown & (k % 2 == 0)], size[shown & (k % 2 == 0)])
        return [
            Row("change of ŷ: the gradient's prediction −ε‖g‖² | what happens", parts[0], actual),
            Row("the same, all orders added up", total, actual, rtol=1e-6),
            Row("length of the gradient ‖g‖", np.sqrt(-parts[0] / rate), result["gradient"], rtol=1e-9),
            Row("the largest part has order", None, int(np.argmax(size)) + 1),
            Row("change with batch normalization under the last layer", low, high, rtol=1e-6),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "depth": int_slider("l depth", 1, max_depth, 20),
            "weight": slider("w every weight", 0.8, 1.2, 1.1),
            "learning_rate": log_slider("ε learning rate", 1e-4, 1, 0.01),
        },
        description="Left: the output of a chain of l equal weights after one gradient step, relative to before, "
        "against "
        "the learning rate, with the prediction of the gradient, of the second order, and the case of batch "
        "normalization. Right: the size of the parts of each order in the learning rate.",
        presets={
            "l = 2": {"depth": 2},
            "l = 10": {"depth": 10},
            "l = 50": {"depth": 50},
            "l = 50, small ε": {"depth": 50, "learning_rate": 1e-4},
            "w = 0.9": {"depth": 50, "weight": 0.9},
        },
    )


@style.applied()
def deep_net(compute, num_epochs=8):
    """A deep net on the digits with and without. compute(depth, learning_rate, activation, constant) -> dict, see
    draw.
    """
    stage = Stage(1000, 400, columns=3, width_ratios=[1.35, 1, 1])
    cost, spread, learned = stage.axes
    names = {
        "plain": "plain",
        "normalized": "batch-normalized",
        "constant": "the third run",
    }
    plots.step_axes(cost, num_epochs, 0.02, 10, ylabel="training cost", xlabel="epoch", title="16 units in each layer")
    lines = {}
    for name, look in _LINE.items():
        lines[name] = plots.curve(cost, **look)
        cost.plot([], [], label=names[name], **look)
    cost.axhline(np.log(10), color=style.GREY, linewidth=0.8)
    cost.text(num_epochs * 0.99, np.log(10) * 1.1, "guessing: ln 10", color=style.GREY, ha="right", fontsize=12)
    cost.legend(loc="lower left", fontsize=12)
    gone = plots.note(cost, 0.97, 0.97)
    spread.set(yscale="log", xlim=(0.5, 10.5), ylim=(1e-7, 10), xlabel="hidden layer", ylabel="‖∂J/∂W‖")
    spread.set_title("gradient at the start")
    bars = {name: plots.curve(spread, **_LINE[name]) for name in ("plain", "normalized")}
    learned.set(xlim=(0.5, 10.5), ylim=(-1, 2.2), xlabel="hidden layer", title="learned γ (blue) and β (green)")
    gammas = learned.plot([], [], "^", color=style.BLUE, markersize=5, alpha=0.7, animated=True)[0]
    betas = learned.plot([], [], "x", color=style.GREEN, markersize=5, alpha=0.8, animated=True)[0]
    learned.axhline(1, color=style.BLUE, linewidth=0.8, linestyle="--")
    learned.axhline(0, color=style.GREEN, linewidth=0.8)

    def draw(result):
        rows, failed = [], []
        for name, line in lines.items():
            values = result["cost"].get(name)
            line.set_data([] if values is None else np.arange(len(values)), [] if values is None else values)
            if values is not None:
                rows.append(Row(f"{names[name]}: training cost after {num_epochs} epochs", None, values[-1]))
                failed += [] if np.isfinite(values[-1]) else [f"{names[name]}: diverged"]
        gone.set_text("\n".join(failed))
        for name, bar in bars.items():
            values = np.maximum(result["gradient_norms"][name], 1e-7)
            bar.set_data(np.arange(1, len(values) + 1), values)
        gamma, beta = result["gamma"], result["beta"]
        layer = np.repeat(np.arange(1, len(gamma) + 1), gamma.shape[1])
        offset = np.tile(np.linspace(-0.3, 0.3, gamma.shape[1]), len(gamma))
        gammas.set_data(layer + offset, gamma.ravel())
        betas.set_data(layer + offset, beta.ravel())
        right, wrong = result["slopes"]
        return [
            Row("slope of J along the gradient: ‖g‖ | by differences", *right, rtol=1e-5),
            Row("the same if the gradient holds the statistics constant", *wrong),
            *rows,
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "depth": int_slider("hidden layers", 1, 10, 8),
            "learning_rate": log_slider("ε learning rate", 0.01, 3, 0.1),
            "activation": choice("activation f", ["tanh", "relu", "sigmoid"]),
            "constant": switch("a third run: statistics held constant in the gradient"),
        },
        description="Left: training cost by epoch of a deep, narrow network on real digits, plain and "
        "batch-normalized, "
        "from the same weights with the same minibatches. Middle: the norm of the gradient in each layer at "
        "the start. Right: the γ and β that were learned.",
        presets={
            "shallow": {"depth": 2},
            "deep, sigmoid": {"depth": 10, "activation": "sigmoid", "learning_rate": 0.3},
            "large ε": {"learning_rate": 1.0},
            "statistics held constant": {"constant": True, "activation": "relu", "depth": 4},
        },
    )


@style.applied()
def invariance(compute, landscape, bounds, num_steps=80):
    """A plane through the first layer's weights. compute(start, factor, learning_rate) -> dict, see draw."""
    stage = Stage(1000, 430, columns=3, width_ratios=[1.35, 0.8, 0.8])
    land, cost, length = stage.axes
    angle = np.linspace(-np.pi, np.pi, 181)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    values = landscape.loss(ring)
    radii = np.array([1e-3, 20.0])  # on a ray the cost is the same everywhere: two points of each are enough to draw it
    levels = np.linspace(values.min() - 1e-9, values.max() + 1e-9, 15)
    x, y = radii * ring[:, :1], radii * ring[:, 1:]
    land.contourf(x, y, np.tile(values[:, None], 2), levels, cmap=style.COST)
    land.contour(x, y, np.tile(values[:, None], 2), levels, colors="#5b7a94", linewidths=0.7)
    land.set(xlim=bounds[0], ylim=bounds[1], xlabel="p", ylabel="q", title="J over the plane W = pA + qB")
    land.grid(False)
    land.plot(0, 0, "+", color=style.INK, markersize=12)
    ray = plots.curve(land, color=style.GREY, linestyle=":", linewidth=2)
    arrows = plots.arrows(land)
    path = plots.trail(land, color=style.VERMILION, markersize=3)
    scaled = plots.marks(land, marker="D", color=style.BLUE, size=11)
    plots.step_axes(cost, num_steps, values.min() - 0.05, values.max() + 0.05, title="cost", ylabel="J", log=False)
    curve = plots.curve(cost, color=style.VERMILION)
    twin = plots.curve(cost, color=style.BLUE, linestyle="--")
    cost.plot([], [], color=style.VERMILION, label="from the start")
    cost.plot([], [], color=style.BLUE, linestyle="--", label="from the diamond")
    cost.legend(loc="upper right", fontsize=12)
    plots.step_axes(length, num_steps, 0.1, 100, title="length of the weights", ylabel="r")
    measured = plots.curve(length, color=style.VERMILION)
    far = plots.curve(length, color=style.BLUE, linestyle="--")
    predicted = plots.curve(length, **style.THEORY)
    gone = plots.note(land, 0.03, 0.97)

    def draw(result):
        run, other, rate, factor = result["run"], result["other"], result["rate"], result["factor"]
        start = run.theta[0]
        path.set(run.theta)
        scaled.set_data(*plots.within(land, [factor * start[0]], [factor * start[1]]))
        ray.set_data([0, 40 * start[0]], [0, 40 * start[1]])
        gradients = np.stack([result["gradient"], result["gradient_there"]])
        arrows.set(np.stack([start, factor * start]), -gradients)
        gone.set_text("no direction at 0" if not np.isfinite(run.loss[0]) else "")
        for line, walk in ((curve, run), (twin, other)):
            line.set_data(walk.steps, walk.loss)
        radius = np.linalg.norm(run.theta, axis=1)
        squares = np.sum(start**2) + rate**2 * np.nancumsum(np.sum(run.gradient**2, axis=1))
        measured.set_data(run.steps, radius)
        far.set_data(other.steps, np.linalg.norm(other.theta, axis=1))
        predicted.set_data(run.steps, np.sqrt(squares))
        near = np.linalg.norm(result["gradient"])
        return [
            Row("cost at the start | at the diamond", run.loss[0], result["loss_there"], rtol=1e-9),
            Row(
                f"length of the gradient there: 1/{factor:.3g} of the start's",
                near / factor,
                np.linalg.norm(result["gradient_there"]),
                rtol=1e-6,
            ),
            Row("θ·g at the start", 0.0, round(float(start @ result["gradient"]), 12) + 0.0, atol=1e-9),
            Row("length r at the end: √(r₀² + ε² Σ‖g‖²)", np.sqrt(squares[-1]), radius[-1], rtol=1e-6),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "factor": log_slider("c the diamond is c times as far out", 0.2, 7, 7),
            "learning_rate": log_slider("ε learning rate", 0.01, 30, 0.6),
            "start": point(land, (0.7, -0.3)),
        },
        description="Left: the cost of a batch-normalized network over a plane of its first layer's weights: the "
        "contours "
        "are rays from the origin, and the path of gradient descent moves outwards across them. Middle: the cost "
        "by step from the start and from a point further out on its ray. Right: the growing length of the weights.",
        presets={
            "7 times the weights": {},
            "twice the weights": {"factor": 2.0},
            "small weights": {"start": [0.15, -0.06]},
            "large ε": {"learning_rate": 10.0},
        },
    )


@style.applied()
def two_modes(compute, sizes, num_steps=200):
    """Statistics in training and at test time. compute(batch_size, rho) -> dict, see draw."""
    stage = Stage(980, 400, width_ratios=[1, 1.2])
    cloud, error = stage.axes
    cloud.set(xlim=(-2.6, 0.6), ylim=(-0.03, 1.2), xlabel="mean over the minibatch", ylabel="standard deviation")
    cloud.set_title("one unit, 400 minibatches")
    dots = plots.marks(cloud, marker=".", size=6, color=style.VERMILION, alpha=0.6)
    dots.set(markeredgewidth=0)
    whole = plots.marks(cloud, marker="*", color=style.BLUE, size=18)
    width = plots.curve(cloud, color=style.BLUE, linewidth=2)
    cloud.plot([], [], ".", color=style.VERMILION, label="a minibatch")
    cloud.plot([], [], "*-", color=style.BLUE, markersize=12, label="whole set, ± 2σ/√m")
    cloud.legend(loc="upper right", fontsize=12)
    plots.step_axes(error, num_steps, 0, 140, ylabel="%", log=False, title="validation digits misread")
    error.set_yticks([0, 20, 40, 60, 80, 100])
    looks = {
        "own batch": {"color": style.VERMILION, "linestyle": "-", "marker": "o"},
        "moving average": {"color": style.GREEN, "linestyle": "-.", "marker": "s"},
        "whole training set": {"color": style.BLUE, "linestyle": "--", "marker": "^"},
    }
    lines = {}
    for name, look in looks.items():
        lines[name] = plots.curve(error, **look)
        error.plot([], [], label=f"statistics of the {name}", **look)
    error.legend(loc="upper right", fontsize=12)

    def draw(result):
        m, mean, deviation, n = result["batch_size"], result["mean"], result["deviation"], result["num_examples"]
        shrink = np.sqrt((n - m) / (n - 1))
        theory = deviation / np.sqrt(m) * shrink
        dots.set_data(*plots.within(cloud, result["means"], result["deviations"]))
        whole.set_data([mean], [deviation])
        width.set_data([mean - 2 * theory, mean + 2 * theory], [deviation, deviation])
        for name, line in lines.items():
            line.set_data(result["steps"], 100 * result["error"][name])
        return [
            Row("standard deviation of a minibatch's mean", theory, float(np.std(result["means"])), rtol=0.12),
            Row(
                "mean of a minibatch's variance: (m − 1)/m · N/(N − 1) σ²",
                (m - 1) / m * n / (n - 1) * deviation**2,
                float(np.mean(result["deviations"] ** 2)),
                rtol=0.1,
                atol=1e-12,
            ),
            *[Row(f"misread with the {name}, %", None, 100 * result["error"][name][-1]) for name in lines],
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "batch_size": choice("m minibatch size", sizes, 20),
            "rho": slider("ρ of the moving average", 0, 0.99, 0.9),
        },
        description="Left: the mean and standard deviation of one unit over many minibatches, a cloud around the "
        "values "
        "of the whole training set. Right: the share of validation digits that a batch-normalized network misreads "
        "by step, with three kinds of statistics.",
        presets={
            "a batch of one": {"batch_size": 1},
            "a batch of two": {"batch_size": 2},
            "a large batch": {"batch_size": 100},
        },
    )
