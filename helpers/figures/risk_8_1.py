"""The figures of lesson 8.1.1: training cost J beside the true risk J*, and the formulas of least squares."""

import numpy as np

from helpers import plots, style, theory_8_1
from helpers.controls import int_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

TRAINING = {"color": style.VERMILION, "linestyle": "-"}
TRUE = {"color": style.BLUE, "linestyle": "--"}


@style.applied()
def two_risks(compute, num_steps=400):
    """8.1.1: a polynomial fitted by gradient descent, its cost J and its true risk J* at every step.

    compute(num_examples, capacity, seed) -> dict: x, y (the examples); grid, truth, fits (num_steps+1, points); J, J*
    as `cost` and `risk`, each (num_steps+1,); closed_form (the same J from the eigenvalues); measured, a function of
    the step that gives the risk on fresh examples; floor, the variance of the noise.
    """
    stage = Stage(1000, 410, width_ratios=[1, 1.15])
    line, cost = stage.axes
    line.set(xlim=(-1, 1), ylim=(-3, 3), xlabel="x", ylabel="y", title="the examples and the fitted curve")
    truth = plots.curve(line, color=style.GREY, linestyle=":", linewidth=2.5)
    fitted = plots.curve(line, color=style.VERMILION)
    dots = line.plot([], [], "o", color=style.INK, markersize=6, animated=True, zorder=5)[0]
    line.plot([], [], color=style.GREY, linestyle=":", linewidth=2.5, label="mean of y, known to us only")
    line.plot([], [], color=style.VERMILION, label="the model")
    line.legend(loc="upper right")
    plots.step_axes(cost, num_steps, 0.01, 5, ylabel="mean squared error", title="cost and risk", log_steps=True)
    cost.plot([], [], label="J, on the training examples", **TRAINING)
    cost.plot([], [], label="J*, true risk", **TRUE)
    floor = cost.axhline(
        0.25, color=style.GREY, linestyle=":", linewidth=1.5, label="σ², the noise: no model goes lower"
    )
    cost.legend(loc="lower left")
    curves = {"cost": plots.curve(cost, **TRAINING), "risk": plots.curve(cost, **TRUE)}
    best = plots.marks(cost, marker="*", color=style.BLUE, size=18)
    here = {
        name: plots.marks(cost, marker="o", size=10, color=look["color"])
        for name, look in (("cost", TRAINING), ("risk", TRUE))
    }

    def draw(run, step):
        floor.set_ydata([run["floor"]] * 2)
        dots.set_data(*plots.within(line, run["x"], run["y"]))
        truth.set_data(run["grid"], run["truth"])
        fitted.set_data(*plots.within(line, run["grid"], run["fits"][step]))
        k = np.arange(1, num_steps + 1)
        for name, curve in curves.items():
            curve.set_data(k, run[name][1:])
            here[name].set_data([max(step, 1)], [run[name][max(step, 1)]])
        lowest = int(np.argmin(run["risk"]))
        best.set_data([max(lowest, 1)], [run["risk"][max(lowest, 1)]])
        return [
            Row(f"training cost J at step {step}", run["closed_form"][step], run["cost"][step], rtol=1e-6),
            Row(
                f"true risk J* at step {step}, measured on 20,000 new examples",
                run["risk"][step],
                run["measured"](step),
                rtol=0.04,
            ),
            Row("lowest true risk on the way (star)", None, f"{run['risk'][lowest]:.3f} at step {lowest}"),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "num_examples": int_slider("n examples", 5, 200, 15),
            "capacity": int_slider("p coefficients (capacity)", 1, 20, 12),
            "seed": int_slider("another training set", 0, 30, 0),
        },
        description="Left: a few noisy examples, the curve behind them and the polynomial that gradient descent fits. "
        "Right: against the training step the training cost J falls and falls, while the true risk J* falls, reaches "
        "a lowest point, marked by a star, and rises again.",
        presets={
            "overfits": {},
            "too small a model": {"capacity": 2},
            "200 examples": {"num_examples": 200},
            "more coefficients than examples": {"num_examples": 10, "capacity": 20},
        },
        num_steps=num_steps,
    )


@style.applied()
def least_squares(compute, most=120):
    """8.1.1: the three mean squared errors of least squares against the number of examples.

    compute(num_features, num_examples, sigma) -> dict: p, n, sigma; errors, shape (3, data sets): on the training set,
    with new noise at the same inputs, at new inputs.
    """
    stage = Stage(1000, 420, columns=1)
    axes = stage.axes
    plots.step_axes(
        axes,
        most,
        0.05,
        30,
        xlabel="n examples",
        ylabel="mean squared error, in units of σ²",
        title="least squares: theory (lines), your n measured (points; bars hold 80 % of the data sets)",
    )
    looks = {
        "training": {**TRAINING, "marker": "o", "label": "training set"},
        "same_inputs": {"color": style.GREEN, "linestyle": "-.", "marker": "s", "label": "new noise, same inputs"},
        "fresh_inputs": {**TRUE, "marker": "^", "label": "new inputs: the true risk J*"},
    }
    lines, points, bars = {}, {}, {}
    for name, look in looks.items():
        axes.plot([], [], **look)
        plain = {key: look[key] for key in ("color", "linestyle")}
        lines[name] = plots.curve(axes, **plain)
        bars[name] = plots.curve(axes, color=look["color"], linewidth=1.5, marker="_", markersize=9)
        points[name] = plots.marks(axes, marker=look["marker"], color=look["color"], size=11)
    axes.axhline(1, color=style.GREY, linestyle=":", linewidth=1.5)
    axes.legend(loc="upper right")
    wall = axes.axvline(10, color=style.GREY, linewidth=1, linestyle="--", animated=True)
    note = plots.note(axes, 0.03, 0.95, color=style.INK)

    def draw(result):
        p, n, sigma = result["p"], result["n"], result["sigma"]
        unit = sigma**2
        sizes = np.arange(1, most + 1)
        curves = np.array([theory_8_1.least_squares_risks(p, int(size), sigma) for size in sizes]).T / unit
        curves[curves == 0] = 1e-9  # below the logarithmic axis
        curves[~np.isfinite(curves)] = 1e6
        expected = theory_8_1.least_squares_risks(p, n, sigma)
        measured = result["errors"]
        for number, name in enumerate(looks):
            lines[name].set_data(sizes, curves[number])
            values = np.clip(measured[number] / unit, 1e-9, 1e6)
            at = n + 0.8 * (number - 1)  # side by side, or they would cover each other
            points[name].set_data([at], [values.mean()])
            bars[name].set_data([at, at], np.quantile(values, [0.1, 0.9]))
        wall.set_xdata([p, p])
        note.set_text("n < p: many curves fit exactly" if n < p else ("n near p" if n <= p + 1 else ""))
        held = n >= p + 9  # closer to n = p single data sets dominate the mean
        names = ("on the training set", "new noise at the same inputs", "at new inputs, J*")
        return [
            Row(f"mean squared error {text}", theory, float(values.mean()), rtol=0.05 if held else None)
            for text, theory, values in zip(names, expected, measured, strict=True)
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "num_features": int_slider("p features", 1, 40, 10),
            "num_examples": int_slider("n examples", 2, most, 50),
            "sigma": slider("σ noise", 0.1, 2, 1.0, step=0.1),
        },
        description="Three mean squared errors of least squares against the number of examples, on a logarithmic axis: "
        "the training error rises from zero to the noise level, the error at new inputs comes down to it from above, "
        "with a sharp peak where there are as many examples as features.",
        presets={
            "p = 10, n = 50": {},
            "p = 10, n = 30": {"num_examples": 30},
            "as many examples as features": {"num_examples": 11},
            "fewer examples than features": {"num_features": 40, "num_examples": 15},
        },
    )
