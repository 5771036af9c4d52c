"""The figures of lesson 8.3.2, momentum. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import plots, style, theory
from helpers.controls import log_slider, pad, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def momentum_path(compute, bowl, num_steps=60):
    """8.3.2, Figure 8.5: the path of momentum, and at each point the plain gradient step. compute -> (long run,
    plain run, ε).
    """
    eigenvalues = np.linalg.eigvalsh(bowl.hessian(np.zeros(2)))
    stage = Stage(960, 430, width_ratios=[1, 1])
    land, cost = stage.axes
    plots.cost_map(land, bowl)
    plain = plots.trail(land, color=style.GREY, linestyle=":", marker="s", markersize=3, label="plain gradient descent")
    wants = plots.arrows(land, label="step of −εg at that point")
    path = plots.trail(land, "momentum", label="momentum", markersize=5)
    plots.legend_above(land)
    plots.step_axes(cost, num_steps, 1e-12, 1e3, title="cost")
    lines = [plots.curve(cost, color=style.VERMILION), plots.curve(cost, color=style.GREY, linestyle=":")]
    cost.plot([], [], color=style.VERMILION, label="momentum")
    cost.plot([], [], color=style.GREY, linestyle=":", label="plain gradient descent")
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.95, 0.95)

    def draw(result, step):
        run, descent, rate, alpha = result
        path.set(run.theta[: num_steps + 1], step)
        plain.set(descent.theta[: num_steps + 1], step)
        wants.set(run.theta[:step], -rate * run.gradient[1 : step + 1])
        for line, data in zip(lines, (run, descent), strict=True):
            line.set_data(np.arange(step + 1), data.loss[: step + 1])
        gone.set_text("moves away" if theory.momentum_rate(rate, alpha, eigenvalues) > 1 else "")
        return [
            Row(
                "momentum: factor per step in the end",
                float(theory.momentum_rate(rate, alpha, eigenvalues)),
                theory.measured_rate(run.theta),
                rtol=0.02,
            ),
            Row(
                "plain descent: factor per step in the end",
                float(theory.momentum_rate(rate, 0.0, eigenvalues)),
                theory.measured_rate(descent.theta),
                rtol=0.02,
            ),
        ]

    best_rate, best_momentum = theory.optimal_momentum(eigenvalues[0], eigenvalues[-1])
    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.005, 1, 0.05),
            "momentum": slider("α momentum", 0, 0.99, 0.8),
            "start": point(land, bowl.start),
        },
        description="From above, an elongated bowl. The path of momentum runs along its valley while short arrows "
        "at each point show where "
        "plain gradient descent would step: across it. Beside it, the cost of both against the step.",
        presets={
            "Figure 8.5": {"learning_rate": 0.05, "momentum": 0.8},
            "optimum": {"learning_rate": float(best_rate), "momentum": float(best_momentum)},
            "too much momentum": {"momentum": 0.97},
            "plain descent zigzags": {"learning_rate": 0.38, "momentum": 0.0},
            "diverges": {"learning_rate": 0.9},
        },
        num_steps=num_steps,
    )


@style.applied()
def rate_plane(compute, num_steps=120, resolution=121):
    """8.3.2: the (ε, α) plane of convergence rates with the reader's point in it. compute -> (κ, ε, α, Trajectory)."""
    stage = Stage(1000, 430, columns=3, width_ratios=[1.15, 1, 1])
    plane, land, cost = stage.axes
    rates, momenta = np.linspace(0, 4, resolution), np.linspace(0, 0.999, resolution)
    slow, fast = (
        np.log10(1 - 0.999),
        np.log10(1 - 0.4),
    )  # the colours tell the progress 1 − factor, on a logarithmic scale
    picture = plots.heat(plane, (0, 4, 0, 0.999), cmap=style.RATE.reversed(), vmin=slow, vmax=fast)
    plane.set(xlabel="ελₙ  learning rate × largest curvature", ylabel="α  momentum")
    plane.plot(2 * (1 + momenta), momenta, color=style.INK, linewidth=2, animated=True, zorder=3)
    plots.note(plane, 0.97, 0.03, color=style.INK).set_text("diverges")
    bar = stage.figure.colorbar(picture, ax=plane, location="top", aspect=30, label="factor per step")
    bar.set_ticks(np.log10([0.001, 0.01, 0.03, 0.1, 0.3, 0.6]), labels=["0.999", "0.99", "0.97", "0.9", "0.7", "0.4"])
    best = plots.marks(plane, marker="*", color=style.ORANGE, size=18, label="optimum")
    yours = plots.marks(plane, marker="o", color=style.VERMILION, label="your point")
    ellipses = land.plot([], [], color="#5b7a94", linewidth=0.8, animated=True)[0]
    land.plot(0, 0, "*", color="white", markeredgecolor=style.INK, markersize=15)
    path = plots.trail(land, "momentum", markersize=4, linewidth=1)
    land.set(
        xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xlabel="θ₁  (curvature λₙ/κ)", ylabel="θ₂  (curvature λₙ)", title="its path"
    )
    land.grid(False)
    plots.step_axes(cost, num_steps, 1e-14, 1e2, ylabel="distance to the minimum", title="distance")
    curve, line = plots.curve(cost, color=style.VERMILION), plots.curve(cost, **style.THEORY)
    gone = plots.note(cost, 0.95, 0.95)
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 80))

    def draw(result):
        kappa, learning_rate, momentum, run = result
        eigenvalues = np.array([1 / kappa, 1.0])
        factors = theory.momentum_rate(rates, momenta[:, None], eigenvalues)
        picture.set_data(np.log10(np.maximum(1 - factors, 1e-4)))
        best_rate, best_momentum = theory.optimal_momentum(*eigenvalues)
        best.set_data([best_rate], [best_momentum])
        yours.set_data([learning_rate], [momentum])
        radii = np.r_[0.25, 0.5, 1, 1.5, 2, 3, 5, 8, 12, 20, 32, 50]
        rings = np.stack([np.append(radius * circle, np.nan) for radius in radii]).ravel()
        ellipses.set_data(rings.real * 0.5 * np.sqrt(kappa) ** 0.5, rings.imag * 0.5 / np.sqrt(kappa) ** 0.5)
        path.set(run.theta[: num_steps + 1])
        distance = np.linalg.norm(run.theta, axis=1)
        rate = float(theory.momentum_rate(learning_rate, momentum, eigenvalues))
        curve.set_data(run.steps[: num_steps + 1], distance[: num_steps + 1])
        line.set_data([0, num_steps], distance[0] * np.array([1, rate**num_steps]))
        gone.set_text("diverges" if rate > 1 else "")
        arrived = np.flatnonzero(distance <= 1e-6 * distance[0])
        stays = arrived[0] if len(arrived) else "not in " + f"{len(distance) - 1:,} steps"
        return [
            Row("factor per step at your point", rate, theory.measured_rate(run.theta), rtol=0.01),
            Row("steps to one millionth of the distance", theory.steps_to(1e-6, rate), stays),
            Row("best factor per step for this κ, √α*", float(np.sqrt(best_momentum))),
            Row("best factor without momentum", (kappa - 1) / (kappa + 1)),
        ]

    best_100 = theory.optimal_momentum(0.01, 1.0)
    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": slider("ελₙ rate × curvature", 0, 4, 1.0),
            "momentum": slider("α momentum", 0, 0.999, 0.5, step=0.001),
            "condition": log_slider("κ condition number", 1.5, 1000, 100),
            "plane": pad(plane, "learning_rate", "momentum"),
        },
        description="Left: a map of the factor by which momentum approaches the minimum per step, over learning "
        "rate and momentum, dark where "
        "it is fast, with a star at the optimum and a dot at the reader's choice. Middle: the path for that "
        "choice. Right: distance by step.",
        presets={
            "optimum for κ = 100": {"learning_rate": float(best_100[0]), "momentum": float(best_100[1])},
            "best without momentum": {"learning_rate": 2 / 1.01, "momentum": 0.0},
            "over the edge": {"learning_rate": 3.3, "momentum": 0.6},
            "κ = 10": {"condition": 10.0},
        },
    )


@style.applied()
def terminal_velocity(compute, num_steps=400):
    """8.3.2: the speed under a constant gradient, in units of ε‖g‖. compute(momentum) -> speeds after 1, 2, ...
    steps.
    """
    stage = Stage(900, 380, columns=1)
    axes = stage.axes
    plots.step_axes(
        axes,
        num_steps,
        0.7,
        200,
        ylabel="speed ‖v‖, in units of ε‖g‖",
        title="under a constant gradient",
        log_steps=True,
    )
    for alpha, dashes in ((0.5, ":"), (0.9, "--"), (0.99, "-.")):
        k = np.arange(1, num_steps + 1)
        axes.plot(k, (1 - alpha**k) / (1 - alpha), dashes, color="#9ca3af", linewidth=1.5)
        axes.text(
            num_steps * 0.97,
            (1 - alpha**num_steps) / (1 - alpha) * 1.06,
            f"α = {alpha:g}",
            ha="right",
            color=style.GREY,
        )
    curve = plots.curve(axes, color=style.VERMILION, marker="o", markersize=4)
    limit = plots.curve(axes, **style.THEORY)
    reached = plots.marks(axes, marker="D", color=style.BLUE, size=11)

    def draw(result):
        alpha, speed = result
        steps = np.arange(1, len(speed) + 1)
        curve.set_data(steps, speed)
        limit.set_data([1, num_steps], [1 / (1 - alpha)] * 2)
        at = int(np.argmax(speed >= 0.95 / (1 - alpha) * (1 - 1e-12)))
        reached.set_data([steps[at]], [speed[at]])
        needed = max(1, theory.steps_to(0.05, alpha)) if alpha > 0 else 1
        return [
            Row("the first step, in units of ε‖g‖", 1.0, float(speed[0]), atol=1e-12),
            Row("terminal speed 1/(1 − α), in units of ε‖g‖", 1 / (1 - alpha), float(speed[-1]), rtol=0.02),
            Row("steps to 95 % of it (blue diamond)", needed, int(steps[at]), atol=0),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {"momentum": slider("α momentum", 0, 0.99, 0.5)},
        description="The speed of momentum under a constant gradient against the step: it starts at one gradient "
        "step and rises to the terminal "
        "velocity, 1/(1 − α) gradient steps. A diamond marks 95 % of it; thin lines show α = 0.5, 0.9 and 0.99.",
        presets={"α = 0.5": {"momentum": 0.5}, "α = 0.9": {"momentum": 0.9}, "α = 0.99": {"momentum": 0.99}},
    )
