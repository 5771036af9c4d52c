"""The figures of lesson 8.3.1, stochastic gradient descent. Each takes the compute function that stands in the
notebook.
"""

import numpy as np

from helpers import plots, style, theory
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_NOISE = "1 of 600 runs; the dots are where all of them end"


@style.applied()
def noisy_descent(compute, bowl, noise):
    """8.3.1: SGD with linear decay on a noisy bowl. compute(initial, ratio, decay_steps, batch_size) -> (rates,
    Trajectory of 600 runs).
    """
    eigenvalues = np.diag(bowl.hessian(np.zeros(2)))
    stage = Stage(1000, 400, columns=3, width_ratios=[1.05, 0.8, 1])
    land, schedule, cost = stage.axes
    plots.cost_map(land, bowl)
    land.set_title(_NOISE, fontsize=12)
    ends = plots.marks(land, marker=".", size=5, color=style.PURPLE, alpha=0.6)
    ends.set(zorder=3, markeredgewidth=0)
    path = plots.trail(land, "sgd", markersize=2.5, linewidth=0.8, linestyle="-")
    plots.step_axes(schedule, 300, 0, 0.6, ylabel="ε", log=False, title="learning rate ε_k")
    rate_line = plots.curve(schedule, color=style.GREEN)
    plots.step_axes(cost, 300, 1e-3, 1e2, ylabel="mean J", title="cost, mean of 600 runs")
    measured = plots.curve(cost, color=style.VERMILION)
    predicted = plots.curve(cost, **style.THEORY)
    cost.plot([], [], color=style.VERMILION, label="measured")
    cost.plot([], [], label="theory", **style.THEORY)
    cost.legend(loc="upper right")
    gone = plots.note(cost, 0.05, 0.05)

    def draw(result):
        rates, sigma, runs = result
        path.set(runs.theta[:, 0])
        ends.set_data(*plots.within(land, *runs.theta[-1].T))
        rate_line.set_data(np.arange(len(rates)), rates)
        mean = runs.loss.mean(axis=1)
        exact = theory.expected_cost(eigenvalues, runs.theta[0, 0], sigma, rates)
        measured.set_data(runs.steps, mean)
        predicted.set_data(np.arange(len(exact)), exact)
        gone.set_text("diverges" if runs.diverged.any() or not mean[-1] <= mean[0] else "")
        floor = theory.noise_floor(eigenvalues, sigma, float(rates[0]))
        return [
            Row("mean cost after 300 steps", exact[-1], mean[-1], rtol=0.15),
            Row("the same, had ε stayed at ε_0 for ever", floor),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "initial": log_slider("ε_0 first learning rate", 0.005, 0.6, 0.2),
            "ratio": log_slider("ε_τ/ε_0 end of the decay", 0.01, 1, 1),
            "decay_steps": int_slider("τ last step of the decay", 0, 300, 200, step=5),
            "batch_size": choice("m minibatch size", [1, 4, 16, 64, 256], 4),
        },
        description="Left: stochastic gradient descent jitters on a bowl and its 600 end points form a cloud "
        "around the minimum. Middle: the "
        "learning rate against the step. Right: the mean cost falls and, with a constant rate, comes to rest at a "
        "floor set by the noise.",
        presets={
            "constant rate": {"ratio": 1.0},
            "book: ε_τ = 1 % of ε_0": {"ratio": 0.01},
            "decay too early": {"ratio": 0.01, "decay_steps": 15, "initial": 0.05},
            "constant, 4 times smaller": {"initial": 0.05},
            "16 times the batch": {"batch_size": 64},
        },
    )


@style.applied()
def digits_training(compute, num_epochs=20):
    """8.3.1: a real net retrained at every change. compute(initial, ratio, decay_epochs, batch_size) -> dict, see
    draw.
    """
    stage = Stage(1000, 390, columns=3, width_ratios=[1.3, 1, 0.8])
    cost, error, schedule = stage.axes
    plots.step_axes(cost, num_epochs, 5e-3, 200, ylabel="mean cross-entropy", xlabel="epoch", title="cost")
    train = plots.curve(cost, color=style.VERMILION, marker="o")
    held = plots.curve(cost, color=style.BLUE, linestyle="--", marker="^")
    cost.plot([], [], color=style.VERMILION, marker="o", label="training")
    cost.plot([], [], color=style.BLUE, linestyle="--", marker="^", label="validation")
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.05, 0.95)
    plots.step_axes(error, num_epochs, 1, 100, ylabel="%", xlabel="epoch", title="validation digits misread")
    error.set_yticks([1, 3, 10, 30, 100], labels=["1", "3", "10", "30", "100"])
    wrong = plots.curve(error, color=style.BLUE, linestyle="--", marker="^")
    plots.step_axes(schedule, num_epochs, 1e-3, 5, ylabel="ε", xlabel="epoch", title="learning rate")
    rate_line = plots.curve(schedule, color=style.GREEN)

    def draw(run):
        epochs = np.arange(len(run["train_cost"]))
        train.set_data(epochs, run["train_cost"])
        held.set_data(epochs, run["validation_cost"])
        wrong.set_data(epochs, 100 * run["validation_error"])
        rate_line.set_data(np.arange(len(run["rates"])) / run["steps_per_epoch"], run["rates"])
        gone.set_text("diverged" if not np.isfinite(run["train_cost"][-1]) else "")
        predicted, actual = run["first_step"]
        return [
            Row("change of the training cost in the first step", predicted, actual, rtol=0.1),
            Row("training cost at the end", None, run["train_cost"][-1]),
            Row("validation digits misread at the end, %", None, 100 * run["validation_error"][-1]),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "initial": log_slider("ε_0 first learning rate", 0.01, 4, 0.3),
            "ratio": log_slider("ε_τ/ε_0 end of the decay", 0.01, 1, 1),
            "decay_epochs": int_slider("τ last epoch of the decay", 1, num_epochs, 15),
            "batch_size": choice("m minibatch size", [20, 50, 100, 260, 1300], 100),
        },
        description="Training and validation cost of a 64-32-10 network on real handwritten digits over twenty "
        "epochs of SGD, the share of "
        "validation digits misread, and the learning rate of each step. The network is trained anew whenever a "
        "slider moves.",
        presets={
            "too small": {"initial": 0.02},
            "too large": {"initial": 4.0},
            "large, then decayed": {"initial": 2.0, "ratio": 0.01},
            "whole set at once": {"batch_size": 1300},
        },
    )


@style.applied()
def convergence_rates(compute, num_steps=2000):
    """8.3.1: excess error on logarithmic axes. compute(exponent, power, scale) -> dict: rates, excess, exact or
    None, slope.
    """
    stage = Stage(960, 400, columns=2, width_ratios=[1.4, 1])
    axes, sums = stage.axes
    plots.step_axes(
        axes,
        num_steps,
        1e-5,
        10,
        ylabel="excess J − min J",
        title="mean of 300 runs, both axes logarithmic",
        log_steps=True,
    )
    curve = plots.curve(axes, color=style.VERMILION)
    predicted = plots.curve(axes, **style.THEORY)
    gone = plots.note(axes, 0.97, 0.97)
    axes.plot([], [], color=style.VERMILION, label="measured")
    axes.plot([], [], label="slope that theory predicts", **style.THEORY)
    axes.legend(loc="lower left")
    plots.step_axes(
        sums, num_steps, 0.05, 5e3, ylabel="sum up to step k", title="how far the steps can reach", log_steps=True
    )
    total = plots.curve(sums, color=style.GREEN)
    squares = plots.curve(sums, color=style.PURPLE, linestyle="--")
    sums.plot([], [], color=style.GREEN, label="Σ ε_k: must grow for ever")
    sums.plot([], [], color=style.PURPLE, linestyle="--", label="Σ ε_k²: must not")
    sums.legend(loc="upper left")

    def draw(run):
        k = np.arange(1, len(run["excess"]) + 1)
        curve.set_data(k, run["excess"])
        tail = k >= len(k) // 10
        middle = np.exp(np.log(k[tail]).mean())
        level = np.exp(np.log(run["excess"][tail]).mean()) if np.all(run["excess"][tail] > 0) else np.nan
        predicted.set_data(
            k[tail], level * (k[tail] / middle) ** run["slope"] if np.isfinite(run["slope"]) else np.nan * k[tail]
        )
        total.set_data(k, np.cumsum(run["rates"]))
        squares.set_data(k, np.cumsum(run["rates"] ** 2))
        measured = theory.slope(k[tail], run["excess"][tail]) if np.isfinite(level) else "diverged"
        gone.set_text("" if np.isfinite(level) else "some of the runs diverged")
        rows = [Row("slope over the last factor of ten in k", run["slope"], measured, atol=0.15)]
        exact = None if run["exact"] is None else run["exact"][-1]
        rows.append(
            Row(f"excess after {len(k):,} steps", exact, run["excess"][-1], rtol=None if exact is None else 0.25)
        )
        return rows

    return Explorer(
        stage,
        compute,
        draw,
        {
            "power": choice("cost", {"½θ², strongly convex": 2.0, "¼θ⁴, convex, flat at the bottom": 4.0}),
            "exponent": slider("p in ε_k = c/k^p", 0, 2, 1, step=0.25),
            "scale": log_slider("c scale of the rate", 0.1, 1.9, 1),
        },
        description="Left: the mean excess error of SGD against the step, both logarithmic, so that a power law "
        "is a straight line, with the "
        "slope that theory predicts. Right: the sums of the learning rates and of their squares.",
        presets={
            "strongly convex, 1/k": {},
            "its scale misjudged": {"scale": 0.2},
            "convex, 1/√k": {"power": 4.0, "exponent": 0.5, "scale": 0.3},
            "convex, 1/k": {"power": 4.0, "exponent": 1.0, "scale": 0.3},
            "constant rate": {"exponent": 0.0, "scale": 0.1},
            "stops too soon": {"exponent": 2.0, "scale": 0.5},
        },
    )
