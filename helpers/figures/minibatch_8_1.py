"""The figures of lesson 8.1.3 on the noise of minibatch gradients, and of the steps that are made of them."""

import numpy as np

from helpers import plots, style, theory_8_1
from helpers.controls import choice, log_slider, point, switch
from helpers.explorer import Explorer
from helpers.figures.controls_8_1 import count_slider
from helpers.readout import Row
from helpers.stage import Stage


@style.applied()
def gradient_cloud(compute, num_examples=1300):
    """8.1.3: the gradients of many minibatches of a real net, seen along the full gradient and across it.

    compute(batch_size, epochs, replacement) -> dict: batch_size m; replacement; gradient ‖g‖; along, across (batches,);
    sigma, the standard deviation of one example's gradient, and sigma_along of its component along g; errors
    (batches,): ‖ĝ − g‖.
    """
    stage = Stage(1000, 430, width_ratios=[1.2, 1])
    cloud, error = stage.axes
    cloud.set(
        xlim=(-1, 1.6),
        ylim=(-1.3, 1.3),
        xlabel="component along the full gradient g",
        ylabel="one component across",
        title="200 minibatch gradients",
    )
    cloud.axvspan(-1, 0, color="#f3e3d8", zorder=0)
    cloud.text(-0.96, -1.24, "here a step goes uphill", color=style.VERMILION)
    dots = cloud.plot([], [], "o", color=style.PURPLE, markersize=5, alpha=0.5, animated=True)[0]
    arrow = plots.curve(cloud, color=style.INK, linewidth=3)
    tip = plots.marks(cloud, marker=">", color=style.INK, size=13)
    cloud.plot([], [], color=style.INK, linewidth=3, marker=">", label="full gradient g")
    cloud.plot([], [], "o", color=style.PURPLE, alpha=0.6, label="gradient of one minibatch")
    cloud.legend(loc="upper left")
    plots.step_axes(
        error,
        num_examples,
        0.02,
        10,
        xlabel="m minibatch size",
        ylabel="root mean square of ‖ĝ − g‖",
        title="standard error",
        log_steps=True,
    )
    lines = {True: plots.curve(error, color=style.GREY, linestyle=":"), False: plots.curve(error, color=style.BLUE)}
    error.plot([], [], color=style.GREY, linestyle=":", label="theory, with replacement: σ/√m")
    error.plot([], [], color=style.BLUE, label="theory, without")
    length = error.axhline(1, color=style.INK, linestyle="--", linewidth=1.5, animated=True)
    error.plot([], [], color=style.INK, linestyle="--", linewidth=1.5, label="‖g‖")
    measured = plots.marks(error, marker="D", color=style.PURPLE, size=12)
    error.plot([], [], "D", color=style.PURPLE, markersize=9, label="measured")
    error.legend(loc="lower left")
    sizes = np.unique(np.round(np.logspace(0, np.log10(num_examples), 160)).astype(int))

    def draw(run):
        m = run["batch_size"]
        dots.set_data(*plots.within(cloud, run["along"], run["across"]))
        arrow.set_data([0, run["gradient"]], [0, 0])
        tip.set_data([run["gradient"]], [0])
        for replacement, line in lines.items():
            population = None if replacement else num_examples
            values = [theory_8_1.standard_error(run["sigma"], int(size), population) for size in sizes]
            line.set_data(sizes, np.maximum(values, 1e-9))
        length.set_ydata([run["gradient"]] * 2)
        root = float(np.sqrt(np.mean(run["errors"] ** 2)))
        measured.set_data([m], [max(root, 0.021)])
        population = None if run["replacement"] else num_examples
        expected = theory_8_1.standard_error(run["sigma"], m, population)
        spread = theory_8_1.standard_error(run["sigma_along"], m, population)
        return [
            Row(f"root mean square of ‖ĝ − g‖ at m = {m:,}", expected, root, rtol=0.05, atol=1e-9),
            Row(
                "share of minibatches that point downhill",
                theory_8_1.downhill_share(run["gradient"], spread),
                float(np.mean(run["along"] > 0)),
                atol=0.08,
            ),
            Row("length of the full gradient, ‖g‖", None, run["gradient"]),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "batch_size": count_slider("m minibatch size", 1, num_examples, 20),
            "epochs": choice("epochs trained before", [0, 1, 3, 10], 3),
            "replacement": switch("draw with replacement"),
        },
        description="Left: a cloud of minibatch gradients around the full gradient of a digits net; the smaller the "
        "minibatch, the wider the cloud. Right: the root mean square error against the batch size on logarithmic axes, "
        "a line of slope minus one half that drops to zero where the minibatch is the whole training set.",
        presets={
            "one example": {"batch_size": 1.0},
            "100": {"batch_size": 100.0},
            "the whole set": {"batch_size": float(num_examples)},
            "late in training": {"epochs": 10},
        },
    )


@style.applied()
def newton_noise(compute):
    """8.1.3: the same noisy gradients give a gradient step and a Newton step.

    compute(condition, batch_size, theta) -> dict: condition κ; batch_size m; theta (2,); sigma; gradient_steps,
    newton_steps (batches, 2): where each step lands; errors: (of the gradients, of the Newton steps), each the relative
    root mean square error.
    """
    stage = Stage(1020, 430, width_ratios=[1.25, 1])
    land, error = stage.axes
    land.set(
        xlim=(-3, 3), ylim=(-2, 2), xlabel="θ₁, curvature 1/κ", ylabel="θ₂, curvature 1", title="where one step lands"
    )
    land.grid(False)
    ellipses = land.plot([], [], color="#5b7a94", linewidth=0.8, animated=True, zorder=1)[0]
    looks = {"gradient": (style.VERMILION, "o", "gradient step, ε = 1"), "newton": (style.BLUE, "s", "Newton step")}
    clouds, lines, marks = {}, {}, {}
    plots.step_axes(
        error,
        1e6,
        1e-3,
        100,
        xlabel="m minibatch size",
        ylabel="relative error of the step",
        title="relative noise",
        log_steps=True,
    )
    for number, (key, (color, marker, label)) in enumerate(looks.items()):
        clouds[key] = land.plot([], [], marker, color=color, markersize=4, alpha=0.5, animated=True, zorder=3 + number)[
            0
        ]
        style_of_line = {"color": color, "linestyle": "-" if key == "gradient" else "--"}
        lines[key] = plots.curve(error, **style_of_line)
        marks[key] = plots.marks(error, marker=marker, color=color, size=12)
        error.plot([], [], marker=marker, label=label, **style_of_line)
    land.plot(0, 0, "*", color="white", markeredgecolor=style.INK, markersize=18, zorder=2)
    start = plots.marks(land, marker="P", color=style.INK, size=15)
    error.plot([], [], "P", color=style.INK, markersize=11, label="you are here")
    error.axhline(0.1, color=style.GREY, linewidth=1.5, linestyle=":")
    error.text(1.5, 0.115, "10 % noise", color=style.GREY)
    error.legend(loc="upper right")
    circle = np.exp(1j * np.linspace(0, 2 * np.pi, 80))
    radii = np.r_[0.25, 0.5, 1, 1.5, 2, 3, 5]
    rings = np.stack([np.append(radius * circle, np.nan) for radius in radii]).ravel()

    def draw(run):
        kappa, m, theta = run["condition"], run["batch_size"], run["theta"]
        curvatures = np.array([1 / kappa, 1.0])
        ellipses.set_data(rings.real * kappa**0.25, rings.imag / kappa**0.25)
        start.set_data(*theta[:, None])
        sizes = np.array([1.0, 1e6])
        of_one = theory_8_1.relative_errors(curvatures, theta, run["sigma"], 1)
        expected = theory_8_1.relative_errors(curvatures, theta, run["sigma"], m)
        for number, key in enumerate(looks):
            clouds[key].set_data(*plots.within(land, *run[f"{key}_steps"].T))
            lines[key].set_data(sizes, min(of_one[number], 1e9) / np.sqrt(sizes))  # infinite at the minimum
            marks[key].set_data([m], [min(run["errors"][number], 1e9)])
        theory_ratio, measured_ratio = (
            pair[1] / pair[0] if np.isfinite(pair[0]) else np.nan for pair in (expected, run["errors"])
        )
        return [
            Row("relative error of the gradient", expected[0], run["errors"][0], rtol=0.08),
            Row("relative error of the Newton step", expected[1], run["errors"][1], rtol=0.08),
            Row("amplified by", theory_ratio, measured_ratio, rtol=0.12),
            Row("examples that make the gradient's error 10 %", _examples_for(0.1, of_one[0])),
            Row("examples that make the Newton step's error 10 %", _examples_for(0.1, of_one[1])),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "condition": log_slider("κ condition number", 1, 100, 10),
            "batch_size": count_slider("m minibatch size", 1, 1e6, 100),
            "theta": point(land, (0.0, 1.5), label="where you are: click, drag or arrow keys"),
        },
        description="Left: on an elongated bowl, the points at which a gradient step and a Newton step land for many "
        "minibatches: a small round cloud and one that is stretched along the valley. Right: the relative error of "
        "both against the batch size, two parallel lines, Newton's higher by up to the condition number.",
        presets={
            "on the steep wall": {},
            "in the valley": {"theta": [2.0, 0.0]},
            "κ = 100": {"condition": 100.0},
            "10,000 examples": {"batch_size": 10000.0},
        },
    )


def _examples_for(precision, error_of_one):
    """The smallest minibatch whose relative error is `precision`; infinite where no minibatch is large enough."""
    return int(np.ceil(round((error_of_one / precision) ** 2, 6))) if np.isfinite(error_of_one) else np.inf
