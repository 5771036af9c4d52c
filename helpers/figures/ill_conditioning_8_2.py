"""The figures of lesson 8.2.1, ill-conditioning. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import plots, style, theory_8_2
from helpers.controls import choice, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_CIRCLE = np.linspace(0, 2 * np.pi, 121)


@style.applied()
def step_meter(compute):
    """8.2.1: gain against price of one step. compute(learning_rate, condition, start) -> (bowl, start, ε, gain, price,
    change of the cost).
    """
    stage = Stage(1020, 400, columns=3, width_ratios=[1, 1.05, 0.62])
    land, cut, meter = stage.axes
    land.set(xlim=(-2, 2), ylim=(-2, 2), xlabel="θ₁", ylabel="θ₂", title="one step −εg from above")
    land.grid(False)
    rings = [plots.curve(land, color="#5b7a94", linewidth=0.9, zorder=1) for _ in range(9)]
    land.plot(0, 0, "*", color="white", markeredgecolor=style.INK, markersize=15)
    step = plots.Trail(land, color=style.VERMILION, markersize=7, linewidth=2.5)
    cut.set(xlim=(0, 1), ylim=(-1.05, 1.05), xlabel="ε", ylabel="change of J, as a share of J",
            title="along the step")  # fmt: skip
    cut.axhline(0, color=style.INK, linewidth=1)
    actual = plots.curve(cut, color=style.VERMILION)
    slope = plots.curve(cut, **style.THEORY)
    limit = plots.curve(cut, color=style.PURPLE, linestyle="--", linewidth=1.6)
    here = plots.marks(cut, marker="o")
    cut.plot([], [], color=style.VERMILION, label="cost after the step")
    cut.plot([], [], label="gradient alone, −εgᵀg", **style.THEORY)
    cut.plot([], [], color=style.PURPLE, linestyle="--", linewidth=1.6, label="uphill from here on")
    cut.legend(loc="lower right")
    meter.set(xlim=(-0.6, 1.6), ylim=(0, 4), ylabel="share of J", title="the meter")
    meter.set_xticks([0, 1], labels=["gain\nεgᵀg", "price\n½ε²gᵀHg"])
    meter.grid(axis="x")
    columns = [
        plots.curve(meter, color=color, linewidth=34, solid_capstyle="butt") for color in (style.BLUE, style.ORANGE)
    ]
    verdict = plots.note(cut, 0.04, 0.96)

    def draw(result):
        bowl, start, rate, gain, price, change = result
        g, hessian = bowl.gradient(start), bowl.hessian(start)
        values, axes = np.linalg.eigh(hessian)
        cost = float(bowl.loss(start))
        scale = cost if cost > 0 else 1.0
        for ring, level in zip(rings, np.linspace(0.35, 5.2, 9) ** 2 / 4, strict=True):
            radii = np.sqrt(2 * level / values)
            ring.set_data(*(axes @ (radii[:, None] * np.stack([np.cos(_CIRCLE), np.sin(_CIRCLE)]))))
        step.set(np.stack([start, start - rate * g]))
        rates = np.linspace(0, 1, 101)
        along = bowl.loss(start - rates[:, None] * g) - cost
        actual.set_data(*plots.within(cut, rates, along / scale))
        slope.set_data(*plots.within(cut, rates, -rates * (g @ g) / scale))
        here.set_data([rate], [np.clip(change / scale, -1.05, 1.05)])
        edge = theory_8_2.uphill_rate(g, hessian) if cost > 0 else np.nan
        limit.set_data([edge, edge], [-2, 2])
        for column, x, height in zip(columns, (0, 1), (gain, price), strict=True):
            column.set_data([x, x], [0, min(height / scale, 4)])
        verdict.set_text("uphill" if change > 0 else "")
        return [
            Row("change of J by this step: −gain + price", price - gain, change, rtol=1e-9, atol=1e-12),
            Row("ε above which the step goes uphill", edge, _turning_point(bowl, start, g) if cost > 0 else None,
                rtol=1e-6),
            Row("condition number κ = λ_max/λ_min", values[-1] / values[0]),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": slider("ε learning rate", 0, 1, 0.3, step=0.005),
            "condition": log_slider("κ condition number", 1, 100, 5),
            "start": point(land, (1.0, -0.5)),
        },
        description="Left: a bowl from above and one gradient step on it. Middle: the change of the cost against the "
        "learning rate, a parabola that falls and then rises above zero, with the straight line of the gradient alone. "
        "Right: two columns, the gain and the price of the step.",
        presets={
            "just uphill": {"learning_rate": 0.51},
            "best for this direction": {"learning_rate": 0.255},
            "ill-conditioned": {"condition": 100.0, "start": (1.2, -1.1)},
            "along the flat axis": {"condition": 100.0, "start": (1.0, -1.0), "learning_rate": 1.0},
        },
    )


def _turning_point(bowl, start, g):
    """The ε > 0 at which the cost along −g is back at its value in `start`, found from values of the cost alone."""
    low, high, cost = 0.0, 1e-3, bowl.loss(start)
    while bowl.loss(start - high * g) < cost:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if bowl.loss(start - middle * g) < cost else (low, middle)
    return float(high)


@style.applied()
def figure_8_1(compute, num_epochs=25):
    """8.2.1, Figure 8.1: a net on the digits. compute(learning_rate, batch_size, depth) -> dict, see draw."""
    stage = Stage(1040, 380, columns=3)
    norms, curved, cost = stage.axes
    plots.step_axes(norms, num_epochs, 0, 2, ylabel="‖g‖", xlabel="epoch", log=False, title="length of the gradient")
    every = plots.curve(norms, color=style.GREY, linestyle="none", marker=".", markersize=3)
    average = plots.curve(norms, color=style.INK, linewidth=2.5)
    full = plots.curve(norms, color=style.VERMILION, linestyle="--", marker="s")
    norms.plot([], [], color=style.GREY, linestyle="none", marker=".", label="each minibatch")
    norms.plot([], [], color=style.INK, linewidth=2.5, label="their mean over an epoch")
    norms.plot([], [], color=style.VERMILION, linestyle="--", marker="s", label="all examples")
    norms.legend(loc="upper right")
    plots.step_axes(curved, num_epochs, 1e-3, 1e2, ylabel="log scale", xlabel="epoch", title="slope and curvature")
    square = plots.curve(curved, color=style.VERMILION, linestyle="--", marker="s")
    price = plots.curve(curved, color=style.ORANGE, marker="D")
    curved.plot([], [], color=style.VERMILION, linestyle="--", marker="s", label="gᵀg")
    curved.plot([], [], color=style.ORANGE, marker="D", label="gᵀHg, exact")
    curved.legend(loc="upper right")
    plots.step_axes(cost, num_epochs, 1e-2, 10, ylabel="log scale", xlabel="epoch", title="and it learns")
    train = plots.curve(cost, color=style.BLUE, marker="o")
    wrong = plots.curve(cost, color=style.GREEN, linestyle="--", marker="^")
    cost.plot([], [], color=style.BLUE, marker="o", label="training cost")
    cost.plot([], [], color=style.GREEN, linestyle="--", marker="^", label="validation error")
    cost.legend(loc="upper right")
    gone = plots.note(cost, 0.04, 0.04)

    def draw(run):
        epochs = np.arange(len(run["cost"]))
        steps = np.arange(1, len(run["minibatch_norm"]) + 1) / run["steps_per_epoch"]
        every.set_data(*plots.within(norms, steps, run["minibatch_norm"]))
        means = run["minibatch_norm"].reshape(-1, run["steps_per_epoch"]).mean(axis=1)
        average.set_data(*plots.within(norms, epochs[1:] - 0.5, means))
        full.set_data(*plots.within(norms, epochs, run["norm"]))
        square.set_data(epochs, run["norm"] ** 2)
        price.set_data(epochs, np.where(run["curved"] > 0, run["curved"], np.nan))
        train.set_data(epochs, run["cost"])
        wrong.set_data(epochs, np.maximum(run["error"], 1e-3))
        finite = np.isfinite(run["cost"])
        gone.set_text("" if finite.all() else f"diverged in epoch {int(np.argmin(finite))}")
        highest = np.max(run["curved"][np.isfinite(run["curved"])])
        exact, difference = run["check"]
        return [
            Row("gᵀHg after the last epoch: exact product | difference of two gradients", exact, difference, rtol=1e-4,
                atol=1e-9),
            Row("‖g‖ of a minibatch, mean of the first five epochs", None, _rounded(means[:5].mean())),
            Row("‖g‖ of a minibatch, mean of the last five epochs", None, _rounded(means[-5:].mean())),
            Row("gᵀHg at its highest, as a multiple of its first value", None, _rounded(highest / run["curved"][0])),
            Row("training cost at the end, as a share of its first value", None,
                _rounded(run["cost"][-1] / run["cost"][0])),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.02, 1, 0.1),
            "batch_size": choice("m minibatch size", [20, 50, 100, 260, 1300], 100),
            "depth": choice("hidden layers of 24 units", [1, 2, 3, 4], 4),
        },
        description="A network learns the digits. Left: the norm of the minibatches' gradients, which hardly "
        "shrinks, and "
        "of the gradient of all examples. Middle: the squared norm and the curvature along the gradient, which "
        "grows by "
        "more than ten times. Right: training cost and validation error fall all the while.",
        presets={
            "Figure 8.1": {},
            "one hidden layer": {"depth": 1},
            "small steps": {"learning_rate": 0.03},
            "whole set at once": {"batch_size": 1300, "learning_rate": 0.5},
        },
    )


def _rounded(value):
    """Two significant digits: all that training gives alike on every machine."""
    return float(f"{value:.2g}") if np.isfinite(value) else np.nan


@style.applied()
def edge_of_stability(compute, num_steps=1500):
    """8.2.1: the sharpness while a small net is trained on all its examples. compute(learning_rate, hidden) -> (ε,
    steps, sharpness, cost).
    """
    stage = Stage(980, 380, columns=2, width_ratios=[1.3, 1])
    sharp, cost = stage.axes
    plots.step_axes(sharp, num_steps, 0, 8, ylabel="largest eigenvalue of H", log=False, title="sharpness")
    line = plots.curve(sharp, color=style.VERMILION, marker="o", markersize=3.5)
    limit = plots.curve(sharp, **{**style.THEORY, "color": style.PURPLE})
    sharp.plot([], [], color=style.VERMILION, marker="o", label="measured, Lanczos iteration")
    sharp.plot([], [], **{**style.THEORY, "color": style.PURPLE}, label="2/ε, the limit of stability")
    sharp.legend(loc="upper right")
    plots.step_axes(cost, num_steps, 1e-4, 10, title="cost on all examples")
    fall = plots.curve(cost, color=style.BLUE, linewidth=1.4)
    gone = plots.note(sharp, 0.04, 0.04)

    def draw(result):
        rate, steps, sharpness, loss = result
        line.set_data(*plots.within(sharp, steps, sharpness))
        limit.set_data([0, num_steps], [2 / rate, 2 / rate])
        fall.set_data(np.arange(len(loss)), loss)
        late = sharpness[3 * len(sharpness) // 5 :]
        highest = np.nanmax(sharpness)
        if not np.isfinite(loss[-1]):
            gone.set_text("diverged")
            return [Row("sharpness in the last two fifths of the training", 2 / rate, "diverged")]
        reached = highest >= 2 / rate
        gone.set_text("" if reached else "the limit 2/ε is not reached")
        mean = float(f"{late.mean():.2g}")  # its wobble around 2/ε is sensitive to rounding
        return [
            Row("sharpness in the last two fifths of the training, mean",
                2 / rate if reached else f"below {2 / rate:.3g}", mean, rtol=0.1 if reached else None),
            Row("sharpness at the start", None, sharpness[0]),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.1, 1.6, 0.5),
            "hidden": choice("hidden units", [4, 8, 16, 32], 16),
        },
        description="Left: the largest eigenvalue of the Hessian rises while a small network is trained with all its "
        "examples at each step, until it reaches two divided by the learning rate, and then stays there. Right: "
        "the cost, "
        "which goes on falling, not at every step but in the long run.",
        presets={"ε = 0.5": {}, "ε = 1": {"learning_rate": 1.0}, "ε = 0.1: never gets there": {"learning_rate": 0.1}},
    )
