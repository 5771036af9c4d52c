"""The figures of lesson 8.5.1, AdaGrad: a long slope, and a bowl that the reader turns."""

import numpy as np

from helpers import plots, style
from helpers.controls import choice, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage
from helpers.theory_8_5 import adagrad_distance


@style.applied()
def long_slope(compute, num_steps=1000):
    """8.5.1: AdaGrad under a constant gradient. compute(size, delta) -> (size, δ, AdaGrad run, SGD run), both ε = 1."""
    stage = Stage(960, 400, columns=2, width_ratios=[1, 1])
    way, lengths = stage.axes
    plots.step_axes(
        way,
        num_steps,
        0.3,
        3e4,
        ylabel="distance from the start, in units of ε",
        log_steps=True,
        title="how far it has come",
    )
    plots.step_axes(
        lengths,
        num_steps,
        0.01,
        30,
        ylabel="length of step k, in units of ε",
        log_steps=True,
        title="how long each step is",
    )
    looks = {"SGD": style.METHOD["sgd"], "AdaGrad": style.METHOD["adagrad"]}
    lines = {}
    for name, look in looks.items():
        look = {"color": look["color"], "linestyle": look["linestyle"]}
        lines[name] = [plots.curve(axes, linewidth=2.4, **look) for axes in (way, lengths)]
        way.plot([], [], label=name, **look)
    k = np.arange(1, num_steps + 1)
    for axes, y, label in ((way, adagrad_distance(k), "2√k − 1.46 + 1/(2√k)"), (lengths, 1 / np.sqrt(k), "1/√k")):
        axes.plot(k, y, animated=True, zorder=5, **style.THEORY)  # live, or it would lie below the measured line
        axes.plot([], [], label=label, **style.THEORY)
    for axes in (way, lengths):
        axes.legend(loc="upper left" if axes is way else "lower left")

    def draw(result):
        size, delta, run, plain = result
        for name, data in (("AdaGrad", run), ("SGD", plain)):
            way_line, step_line = lines[name]
            distance = -data.theta[:, 0]
            way_line.set_data(data.steps[1:], distance[1:])
            step_line.set_data(data.steps[1:], np.diff(distance))
        distance, last = -float(run.theta[-1, 0]), float(run.theta[-2, 0] - run.theta[-1, 0])
        # With δ the first step is ε g/(δ + g): where δ is not small beside g, the formula for δ = 0 does not hold.
        return [
            Row(
                f"AdaGrad's distance after {num_steps:,} steps, in units of ε",
                float(adagrad_distance(num_steps)),
                distance,
                rtol=1e-3,
            ),
            Row(f"its step {num_steps:,}, in units of ε", 1 / np.sqrt(num_steps), last, rtol=1e-3),
            Row(
                "its first step, in units of ε: |g|/(δ + |g|)",
                size / (delta + size),
                -float(run.theta[1, 0]),
                rtol=1e-9,
            ),
            Row("SGD's distance, in units of ε: T·|g|", num_steps * size, -float(plain.theta[-1, 0]), rtol=1e-9),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "size": log_slider("|g| size of the gradient", 1e-8, 1e3, 1.0),
            "delta": log_slider("δ small constant", 1e-10, 1, 1e-7),
        },
        description="Left: the distance that AdaGrad and plain descent have come under a constant gradient "
        "against the step, "
        "both axes logarithmic. Right: the length of each step. AdaGrad's steps shrink like one over the root of "
        "the step "
        "whatever the size of the gradient; those of plain descent are as long as the gradient.",
        presets={
            "|g| = 1": {},
            "gradient 100 times larger": {"size": 100.0},
            "a million times smaller": {"size": 1e-6},
            "as small as δ": {"size": 1e-7},
        },
    )


@style.applied()
def rotated(compute, num_steps=60):
    """8.5.1: a bowl turned by the reader. compute(method, angle, condition, learning_rate) -> dict, see draw."""
    stage = Stage(1000, 440, columns=2, width_ratios=[1, 1.1])
    land, angles = stage.axes
    land.set(xlim=(-3, 3), ylim=(-3, 3), xlabel="θ₁", ylabel="θ₂", aspect="equal")
    land.grid(False)
    ellipses = land.plot([], [], color="#5b7a94", linewidth=0.8, animated=True, zorder=1)[0]
    land.plot(0, 0, "*", color="white", markeredgecolor=style.INK, markersize=15)
    thin = {"markersize": 2, "linewidth": 0.7, "linestyle": "-"}
    trails = {
        "plain": plots.trail(land, "sgd", label="gradient descent, its best ε", **thin),
        "path": plots.trail(land, "adagrad", label="adaptive method", markersize=4.5),
    }
    land.legend(loc="upper right")
    plots.step_axes(
        angles,
        90,
        1e-12,
        30,
        ylabel=f"cost J after {num_steps} steps",
        xlabel="angle of the bowl, degrees",
        title="cost against the angle",
    )
    angles.set_xlim(0, 90)
    angles.set_xticks(range(0, 91, 15))
    yours = plots.curve(angles, color=style.GREEN, linewidth=2.4)
    best = plots.curve(angles, color=style.GREEN, linestyle=":", linewidth=2.4)
    flat = plots.curve(angles, color=style.INK, linestyle="--")
    for label, look in (
        ("adaptive, ε of the slider", {"color": style.GREEN}),
        ("adaptive, best ε for each angle", {"color": style.GREEN, "linestyle": ":"}),
        ("gradient descent, its best ε", {"color": style.INK, "linestyle": "--"}),
    ):
        angles.plot([], [], label=label, **look)
    angles.legend(loc="lower center")
    here = plots.marks(angles, marker="o", color=style.VERMILION, size=12)
    gone = plots.note(land, 0.95, 0.03)
    ring = np.append(np.linspace(0, 2 * np.pi, 80), np.nan)
    radii = np.array([0.15, 0.5, 1, 1.7, 2.5, 3.5, 5, 7, 10, 15, 22, 32])[:, None]

    def draw(r):
        turn = np.deg2rad(r["angle"])
        x, y = radii * np.cos(ring), radii * np.sin(ring) / np.sqrt(r["condition"])
        ellipses.set_data((np.cos(turn) * x - np.sin(turn) * y).ravel(), (np.sin(turn) * x + np.cos(turn) * y).ravel())
        trails["path"].set(r["run"].theta)
        trails["plain"].set(r["plain"].theta)
        low, high = angles.get_ylim()
        costs = [np.clip(r[name], low * 1.3, high * 2) for name in ("costs", "best")]
        yours.set_data(r["angles"], costs[0])
        best.set_data(r["angles"], costs[1])
        plain_cost = float(r["plain"].loss[-1])
        flat.set_data([0, 90], [max(plain_cost, low * 1.3)] * 2)
        at = float(r["run"].loss[-1])
        here.set_data([r["angle"]], [np.clip(at, low * 1.3, high * 2)])
        gone.set_text(plots.diverged_text(r["run"]))
        return [
            Row(
                "gradient descent: cost at the end, the same at every angle",
                r["plain_exact"],
                plain_cost,
                rtol=1e-6,
                atol=1e-13,
            ),
            Row(
                "at 0°: distance after 5 steps; theory: that on the round bowl κ = 1",
                r["round"],
                r["at_zero"],
                rtol=1e-3,
            ),
            Row("adaptive method: cost at this angle, at 0°", None, f"{_short(at)}, {_short(r['costs'][0])}"),
        ]

    methods = {"AdaGrad": "adagrad", "RMSProp (8.5.2)": "rmsprop", "Adam (8.5.3)": "adam"}
    return Explorer(
        stage,
        compute,
        draw,
        {
            "angle": slider("angle of the bowl, degrees", 0, 90, 0, step=1),
            "condition": log_slider("κ condition number", 1, 300, 100),
            "learning_rate": log_slider("ε learning rate", 0.01, 5, 1.0),
            "method": choice("method", methods),
        },
        description="Left: a long narrow bowl that can be turned, with the paths of AdaGrad and of gradient "
        "descent. Right: their "
        "costs after sixty steps against the angle. AdaGrad is far ahead while the bowl lies along the axes and "
        "loses its "
        "advantage as it is turned; gradient descent does not notice the turn.",
        presets={
            "along the axes": {},
            "10°": {"angle": 10},
            "45°": {"angle": 45},
            "45°, round bowl": {"angle": 45, "condition": 1.0},
            "RMSProp at 45°": {"angle": 45, "method": "rmsprop", "learning_rate": 0.2},
        },
    )


def _short(value):
    return f"{value:.2g}".replace("-", "−") if value >= 1e-9 else ("–" if np.isnan(value) else "below 1e−9")
