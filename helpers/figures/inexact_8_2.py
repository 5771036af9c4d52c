"""The figure of lesson 8.2.6, inexact gradients: what noise does and what a bias does."""

import numpy as np

from helpers import plots, style, theory_8_2b
from helpers.controls import log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_ANGLES = np.linspace(0, 2 * np.pi, 91)
_CIRCLE = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])
_SHOWN = 250  # of the runs: more dots would only make a darker cloud


@style.applied()
def noise_and_bias(compute, bowl):
    """8.2.6: many runs with an inexact gradient on one bowl.

    compute(learning_rate, noise, bias, angle) -> (ε, σ, b of shape (2,), Trajectory of R runs from one start).
    """
    hessian = bowl.hessian(np.zeros(2))
    curvatures, axes_of_bowl = np.linalg.eigh(hessian)
    stage = Stage(1000, 420, columns=3, width_ratios=[1.15, 1, 1])
    land, mean_axes, std_axes = stage.axes
    plots.cost_map(land, bowl)
    land.set(aspect="equal")
    land.set_title("600 runs with an inexact gradient")
    cloud = plots.marks(land, marker=".", size=5, color=style.PURPLE, alpha=0.6)
    cloud.set(zorder=3, markeredgewidth=0)
    ring = plots.curve(land, color=style.INK, linewidth=2, linestyle=":")
    ring.set_zorder(6)
    push = plots.arrows(land, color=style.GREEN)
    rests = plots.marks(land, marker="X", color=style.VERMILION, size=14)
    land.plot([], [], ".", color=style.PURPLE, label="runs at step 200")
    land.plot([], [], "X", color=style.VERMILION, markersize=9, label="−H⁻¹b, where they settle")
    land.plot([], [], color=style.INK, linestyle=":", label="theory, 2 std")
    land.plot([], [], color=style.GREEN, marker="D", markersize=4, label="−b, push of the bias")
    land.legend(loc="upper right")
    steps = 200
    plots.step_axes(mean_axes, steps, 2e-3, 5, ylabel="distance of the mean run", title="bias: mean to minimum")
    plots.step_axes(std_axes, steps, 2e-3, 5, ylabel="standard deviation", title="noise: spread of the runs")
    mean_line = plots.curve(mean_axes, color=style.VERMILION)
    mean_theory = plots.curve(mean_axes, **style.THEORY)
    looks = {"flat axis, λ = 1": (style.BLUE, "-"), "steep axis, λ = 5": (style.ORANGE, "--")}
    spreads = [plots.curve(std_axes, color=color, linestyle=dashes) for color, dashes in looks.values()]
    spread_theory = [plots.curve(std_axes, **style.THEORY) for _ in looks]
    mean_axes.plot([], [], color=style.VERMILION, label="measured, mean of 600 runs")
    mean_axes.plot([], [], label="theory", **style.THEORY)
    mean_axes.legend(loc="lower left")
    for name, (color, dashes) in looks.items():
        std_axes.plot([], [], color=color, linestyle=dashes, label=name)
    std_axes.plot([], [], label="theory", **style.THEORY)
    std_axes.legend(loc="lower left")
    gone = plots.note(land, 0.05, 0.05)

    def draw(result):
        rate, noise, bias, runs = result
        start = axes_of_bowl.T @ runs.theta[0, 0]
        means, variances = theory_8_2b.inexact_moments(curvatures, start, rate, noise, axes_of_bowl.T @ bias, steps)
        rest = theory_8_2b.stationary_variance(curvatures, rate, noise)
        stable = bool(np.isfinite(rest).all())
        cloud.set_data(*plots.within(land, *runs.theta[-1, :_SHOWN].T))
        with np.errstate(all="ignore"):
            along = runs.theta @ axes_of_bowl
            mean, std = np.linalg.norm(along.mean(axis=1), axis=1), along.std(axis=1)
            std[np.abs(along).max(axis=(1, 2)) > 1e6] = np.nan  # rounding would leak from one axis into the other
        mean_line.set_data(runs.steps, mean)
        mean_theory.set_data(np.arange(steps + 1), np.linalg.norm(means, axis=1))
        for axis in (0, 1):
            spreads[axis].set_data(runs.steps, std[:, axis])
            spread_theory[axis].set_data(np.arange(steps + 1), np.sqrt(variances[:, axis]))
        fixed = -np.linalg.solve(hessian, bias)
        rests.set_data(fixed[:1], fixed[1:])
        push.set(np.zeros((1, 2)), -bias[None])
        outline = fixed[:, None] + axes_of_bowl @ (2 * np.sqrt(rest)[:, None] * _CIRCLE) if stable else np.zeros((2, 0))
        ring.set_data(*outline)
        gone.set_text("" if stable else "diverges: ελₙ ≥ 2")
        error = round(3 * float(np.sqrt(variances[-1].sum() / runs.theta.shape[1])), 3) + 0.001 if stable else None
        return [
            Row("distance of the mean from the minimum after 200 steps", float(np.linalg.norm(means[-1])),
                float(mean[-1]), atol=error),
            Row("the same in the end, ‖H⁻¹b‖", float(np.linalg.norm(fixed)) if stable else np.inf),
            *[Row(f"standard deviation along the {name} axis after 200 steps", float(np.sqrt(variances[-1, axis])),
                  float(std[-1, axis]), rtol=0.1 if stable else None, atol=1e-9 if stable else None)
              for axis, name in enumerate(("flat", "steep"))],
            Row("along the flat axis in the end, √(εσ²/(λ(2 − ελ)))", float(np.sqrt(rest[0]))),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.01, 0.5, 0.1),
            "noise": slider("σ noise", 0, 3, 1, step=0.05),
            "bias": slider("‖b‖ size of the bias", 0, 1.5, 1, step=0.05),
            "angle": slider("direction of b, degrees", 0, 180, 90, step=1),
        },
        description="Left: from above, an elongated bowl with a cloud of runs of gradient descent whose gradient is "
        "noisy and biased: the cloud's centre is off the minimum, at minus the inverse Hessian times the bias. Middle: "
        "the distance of the mean run from the minimum by step. Right: the spread of the runs along both axes.",
        presets={
            "noise only": {"bias": 0.0},
            "bias only": {"noise": 0.0},
            "bias along the flat axis": {"angle": 135.0},
            "bias along the steep axis": {"angle": 45.0},
            "ε four times smaller": {"learning_rate": 0.025},
            "diverges": {"learning_rate": 0.45},
        },
    )
