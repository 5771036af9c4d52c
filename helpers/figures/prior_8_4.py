"""The figures of lesson 8.4 on the start as a prior, and on the two goals. Each takes the notebook's compute
function.
"""

import numpy as np

from helpers import plots, style
from helpers import theory_8_4 as theory
from helpers.controls import choice, int_slider, log_slider, point
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def start_as_prior(compute, valley, minimum, curvatures):
    """How much of the start is left. compute(start, num_steps, learning_rate) -> dict: see draw.

    valley: a Landscape in two dimensions around 0, shown around `minimum` (2,). curvatures: those of the digits, (64,).
    """
    minimum = np.asarray(minimum, dtype=float)
    stage = Stage(1000, 430, columns=2, width_ratios=[1, 1.15])
    land, kept = stage.axes
    grid = plots.grid(((-3, 3), (-3, 3)), 120)
    cost = valley.loss(grid - minimum)
    levels = np.quantile(cost, np.linspace(0, 1, 14) ** 1.5)
    land.contourf(grid[..., 0], grid[..., 1], cost, levels, cmap=style.COST)
    land.contour(grid[..., 0], grid[..., 1], cost, levels[1:-1], colors="#5b7a94", linewidths=0.7)
    land.plot(*minimum, "*", color="white", markeredgecolor=style.INK, markersize=15)
    land.plot(0, 0, "+", color=style.INK, markersize=12, markeredgewidth=2, linestyle="none", label="θ = 0")
    land.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="θ₁", ylabel="θ₂", title="put the start θ₀ anywhere")
    land.grid(False)
    path = plots.trail(land, "sgd", label="gradient descent", markersize=3, linestyle="-", linewidth=1.2)
    ridge = plots.curve(land, color=style.PURPLE, linestyle="--", linewidth=1.8)
    land.plot([], [], color=style.PURPLE, linestyle="--", label="Gaussian priors around θ₀")
    best = plots.marks(land, marker="D", color=style.PURPLE, size=11)
    land.legend(loc="lower left")
    kept.set_xscale("log")
    kept.set(xlim=(1e-5, 13), ylim=(-0.05, 1.12), xlabel="curvature λ: directions of the 64 pixels' weights",
             ylabel="share of the start that is left", title="on the digits, direction by direction")  # fmt: skip
    kept.minorticks_off()
    dots = plots.curve(kept, color=style.VERMILION, marker="o", linestyle="none", markersize=6)
    descent, prior = plots.curve(kept, **style.THEORY), plots.curve(kept, color=style.PURPLE, linestyle="--")
    kept.plot([], [], color=style.VERMILION, marker="o", linestyle="none", label="gradient descent, measured")
    kept.plot([], [], label="theory: (1 − ελ)ᵏ", **style.THEORY)
    kept.plot([], [], color=style.PURPLE, linestyle="--", label="prior of precision 1/(εk)")
    kept.legend(loc="center left")
    note = plots.note(kept, 0.03, 0.97, color=style.INK, fontsize=13)
    axis = np.logspace(-5, np.log10(13), 300)

    def draw(run):
        k, rate = run["num_steps"], run["learning_rate"]
        path.set(run["path"])
        ridge.set_data(*plots.within(land, *run["priors"].T))
        best.set_data(*run["prior"][:, None])
        seen = curvatures > 1e-5
        dots.set_data(curvatures[seen], np.clip(run["kept"][seen], -9, 9))
        with np.errstate(all="ignore"):
            descent.set_data(axis, np.clip(theory.gradient_descent_keeps(axis, rate, k), -9, 9))
        prior.set_data(axis, theory.prior_keeps(axis, 1 / (rate * k)))
        note.set_text(f"{len(curvatures)} directions; in {np.sum(curvatures == 0)} λ = 0: all is left")
        middle = int(np.argmin(np.abs(np.log(np.maximum(curvatures, 1e-9)) - np.log(0.05))))
        expected = float(theory.gradient_descent_keeps(curvatures[middle], rate, k))
        return [
            Row(f"left of the start in the direction λ = {curvatures[middle]:.3f}", expected,
                float(run["kept"][middle]), atol=1e-9),
            Row("left in the flat directions", 1.0, float(run["kept"][curvatures == 0].mean()), atol=1e-9),
            Row("the two ends: distance θ after k steps to θ with the prior", None,
                float(np.linalg.norm(run["path"][-1] - run["prior"]))),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {
            "num_steps": int_slider("k gradient steps", 1, 400, 30),
            "learning_rate": log_slider("ε learning rate", 0.005, 0.15, 0.1),
            "start": point(land, (-2.0, 2.2)),
        },
        description="Left: from a start that the reader chooses, the path of gradient descent into a long valley, "
        "and the "
        "answers that Gaussian priors around the start would give: nearly the same. Right: for the 64 directions "
        "of a linear "
        "model of the digits, how much of the start is left; all of it where the curvature is 0.",
        presets={"start at 0": {"start": (0.0, 0.0)}, "far along the valley": {"start": (2.6, -1.6)},
                 "5 steps": {"num_steps": 5}, "400 steps": {"num_steps": 400}},
    )  # fmt: skip


@style.applied()
def two_goals(compute, gains, num_records):
    """Good for optimization, good for generalization. compute(num_examples, activation) -> dict: see draw."""
    stage = Stage(1000, 430, columns=1)
    cost = stage.axes
    gains = np.asarray(gains)
    cost.set_xscale("log")
    cost.set_yscale("log")
    cost.set(xlim=(gains[0] / 1.15, gains[-1] * 1.15), ylim=(1e-4, 10), xlabel="scale of the first weights, × Glorot",
             ylabel="training cost", title="one start for two goals")  # fmt: skip
    cost.set_xticks(gains, [f"{gain:g}" for gain in gains])
    cost.minorticks_off()
    error = cost.twinx()
    error.set(ylim=(0, 60), ylabel="test digits misread, %")
    error.spines["right"].set_visible(True)
    error.grid(False)
    train = plots.curve(cost, color=style.VERMILION, marker="o", linewidth=2.6)
    test = plots.curve(error, color=style.BLUE, linestyle="--", marker="^", markersize=8, linewidth=2.6)
    cost.plot([], [], color=style.VERMILION, marker="o", label="training cost (left axis)")
    cost.plot([], [], color=style.BLUE, linestyle="--", marker="^", label="test digits misread, % (right axis)")
    cost.legend(loc="upper center")
    best = [plots.marks(axes, marker="*", color=color, size=20)
            for axes, color in ((error, style.BLUE), (cost, style.VERMILION))]  # fmt: skip
    label = plots.note(cost, 0.02, 0.03, color=style.INK)

    def draw(run, record):
        values, wrong = run["cost"][record], 100 * run["error"][record]
        train.set_data(gains, values)
        test.set_data(gains, wrong)
        least, fewest = int(np.nanargmin(values)), int(np.nanargmin(wrong))
        best[0].set_data([gains[fewest]], [wrong[fewest]])
        best[1].set_data([gains[least]], [values[least]])
        label.set_text(f"after {run['steps'][record]} steps")
        predicted, actual = run["first_step"]
        return [
            Row("Glorot: change of the cost in the first step", predicted, actual, rtol=0.1),
            Row("scale that trains best", None, f"{gains[least]:g} × Glorot"),
            Row("scale that generalizes best", None, f"{gains[fewest]:g} × Glorot"),
            Row("test digits misread there, and at the scale that trains best, %", None,
                f"{wrong[fewest]:.1f} and {wrong[least]:.1f}"),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {
            "num_examples": choice("training digits", [50, 100, 200], 100),
            "activation": choice("activation function", ["tanh", "relu"]),
        },
        description="Training cost and share of test digits misread against the scale of the first weights, both "
        "in one "
        "figure and for several moments of training: the larger the scale, the lower the training cost, while the test "
        "error is lowest near one and rises steeply with the scale.",
        presets={"100 digits": {}, "only 50 digits": {"num_examples": 50}, "ReLU": {"activation": "relu"}},
        num_steps=num_records,
    )  # fmt: skip
