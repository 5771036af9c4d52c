"""The figures of lesson 8.3.3, Nesterov momentum. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import plots, style, theory
from helpers.controls import int_slider, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def nesterov_beside_momentum(compute, bowl, num_steps=60):
    """8.3.3: both methods from one start. compute(learning_rate, momentum, start) -> (momentum run, Nesterov run,
    twin or None, ελ, α).
    """
    eigenvalues = np.linalg.eigvalsh(bowl.hessian(np.zeros(2)))
    stage = Stage(960, 430, width_ratios=[1, 1])
    land, cost = stage.axes
    plots.cost_map(land, bowl)
    looks = {"momentum": style.METHOD["momentum"], "nesterov": style.METHOD["nesterov"]}
    names = {"momentum": "momentum", "nesterov": "Nesterov momentum"}
    trails = {name: plots.trail(land, name, label=names[name], markersize=4) for name in looks}
    plots.legend_above(land)
    plots.step_axes(cost, num_steps, 1e-14, 1e4, title="cost")
    lines = {name: plots.curve(cost, color=look["color"], linestyle=look["linestyle"]) for name, look in looks.items()}
    for name, look in looks.items():
        cost.plot([], [], color=look["color"], linestyle=look["linestyle"], label=names[name])
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.95, 0.95)

    def draw(result, step):
        runs, twin, rate, alpha = {"momentum": result[0], "nesterov": result[1]}, *result[2:]
        factors = {
            "momentum": float(theory.momentum_rate(rate, alpha, eigenvalues)),
            "nesterov": float(theory.nesterov_rate(rate, alpha, eigenvalues)),
        }
        for name, run in runs.items():
            trails[name].set(run.theta[: num_steps + 1], step)
            lines[name].set_data(np.arange(step + 1), run.loss[: step + 1])
        gone.set_text("\n".join(f"{names[name]} diverges" for name, factor in factors.items() if factor > 1))
        apart = "no twin: α(1 − ελ) < 0" if twin is None else float(np.abs(runs["nesterov"].theta - twin).max())
        return [
            *[
                Row(
                    f"{names[name]}: factor per step in the end",
                    factors[name],
                    theory.measured_rate(run.theta),
                    rtol=0.02,
                )
                for name, run in runs.items()
            ],
            Row(
                "largest distance between Nesterov and momentum with α(1 − ελ)",
                None if twin is None else 0.0,
                apart,
                atol=None if twin is None else 1e-12,
            ),
        ]

    largest = eigenvalues[-1]
    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.005, 1, 0.04),
            "momentum": slider("α momentum", 0, 0.99, 0.9),
            "start": point(land, bowl.start),
        },
        description="The paths of momentum and of Nesterov momentum from one start on an elongated bowl, and "
        "their costs against the step: "
        "Nesterov's path swings less, and at large learning rates it is the one that diverges.",
        presets={
            "Nesterov wins": {"learning_rate": 0.04, "momentum": 0.95},
            "Nesterov at its limit": {"learning_rate": round(3.8 / 2.8 / largest, 4), "momentum": 0.9},
            "Nesterov loses": {"learning_rate": 2.2 / largest, "momentum": 0.9},
            "both diverge": {"learning_rate": 4 / largest, "momentum": 0.9},
        },
        num_steps=num_steps,
    )


@style.applied()
def acceleration(compute, num_steps=1000):
    """8.3.3: O(1/k²) against O(1/k). compute(noise, learning_rate) -> dict of name -> mean excess after 0, 1, ...
    steps.
    """
    stage = Stage(960, 420, columns=1)
    axes = stage.axes
    plots.step_axes(
        axes,
        num_steps,
        1e-5,
        100,
        ylabel="excess J − min J",
        title="a bowl with curvatures from 10⁻⁶ to 1",
        log_steps=True,
    )
    looks = {"gradient descent": style.METHOD["sgd"], "Nesterov, α_k = k/(k + 3)": style.METHOD["nesterov"]}
    lines = {}
    for name, look in looks.items():
        lines[name] = plots.curve(axes, color=look["color"], linestyle=look["linestyle"])
        axes.plot([], [], color=look["color"], linestyle=look["linestyle"], label=name)
    k = np.arange(1, num_steps + 1)
    for exponent, height, text in ((-1, 2.0, "1/k"), (-2, 16.0, "1/k²")):
        axes.plot(k, height * k ** float(exponent), color="#9ca3af", linestyle=":", linewidth=1.5)
        axes.text(60, 1.5 * height * 60.0**exponent, text, color=style.GREY, fontsize=14)
    axes.legend(loc="lower left")

    def draw(excess):
        rows = []
        tail = k >= num_steps // 10
        for (name, line), exponent in zip(lines.items(), (-1.0, -2.0), strict=True):
            values = excess["runs"][name][1:]
            line.set_data(k, values)
            measured = (
                theory.slope(k[tail], values[tail]) if np.all(np.isfinite(values)) and values.min() > 0 else "diverged"
            )
            quiet = excess["noise"] == 0
            rows.append(Row(f"{name}: slope", exponent if quiet else None, measured, atol=0.15 if quiet else None))
        rows += [Row(f"{name}: cost at the end", None, excess["runs"][name][-1]) for name in lines]
        return rows

    return Explorer(
        stage,
        compute,
        draw,
        {
            "noise": slider("σ gradient noise", 0, 0.5, 0, step=0.02),
            "learning_rate": log_slider("ε learning rate", 0.05, 1, 1),
        },
        description="Excess cost of gradient descent and of Nesterov momentum with rising α, both axes "
        "logarithmic. Without "
        "noise they fall as 1/k and 1/k²; with gradient noise descent comes to rest and the accelerated method "
        "climbs again.",
        presets={"no noise": {}, "some noise": {"noise": 0.1}, "much noise": {"noise": 0.4}},
    )


@style.applied()
def rising_momentum(compute, num_epochs=20):
    """8.3.3: a real net with constant and with rising momentum. compute(...) -> (dict of name -> costs by epoch,
    dict of α, first step).
    """
    stage = Stage(1000, 400, columns=2, width_ratios=[1.5, 1])
    cost, alphas = stage.axes
    plots.step_axes(
        cost, num_epochs, 1e-3, 5, ylabel="training cost", xlabel="epoch", title="64-32-10 net on the digits"
    )
    looks = {
        "plain SGD": style.METHOD["sgd"],
        "momentum": style.METHOD["momentum"],
        "Nesterov": style.METHOD["nesterov"],
    }
    lines = {}
    for name, look in looks.items():
        lines[name] = plots.curve(cost, **look)
        cost.plot([], [], label=name, **look)
    cost.legend(loc="lower left")
    gone = plots.note(cost, 0.97, 0.97)
    plots.step_axes(alphas, num_epochs, 0, 1, ylabel="α", xlabel="epoch", log=False, title="momentum α_k")
    alpha_line = plots.curve(alphas, color=style.GREEN, drawstyle="steps-post")

    def draw(result):
        costs, alpha, steps_per_epoch, first_step = result
        for name, line in lines.items():
            line.set_data(np.arange(len(costs[name])), costs[name])
        alpha_line.set_data(np.arange(len(alpha)) / steps_per_epoch, alpha)
        gone.set_text("\n".join(f"{name} diverged" for name, values in costs.items() if not np.isfinite(values[-1])))
        return [
            Row("momentum: change of the cost in the first step", *first_step, rtol=0.1),
            Row("effective learning rate ε/(1 − α), in units of ε", 1 / (1 - alpha[-1])),
            *[Row(f"{name}: training cost at the end", None, values[-1]) for name, values in costs.items()],
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.005, 1, 0.05),
            "highest": slider("highest α", 0, 0.99, 0.9),
            "every": int_slider("α rises every … steps", 0, 250, 0, step=10),
        },
        description="Training cost of a network on real digits by epoch for plain SGD, momentum and Nesterov "
        "momentum at the same learning rate, "
        "and the momentum coefficient, constant or rising in stairs.",
        presets={
            "constant α = 0.9": {},
            "rising α": {"every": 30, "highest": 0.99},
            "α = 0.99 from the start": {"highest": 0.99},
            "ε too large for α": {"learning_rate": 1.0, "highest": 0.97},
        },
    )
