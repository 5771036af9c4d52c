"""The figures of lesson 8.5.3, Adam: what bias correction is for, and an example on which Adam goes the wrong way."""

import numpy as np

from helpers import plots, style
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage
from helpers.theory_8_5 import drift, turning_beta2, uncorrected_adam_step

_RAW, _CORRECTED = {"color": style.VERMILION, "linestyle": "--"}, {"color": style.BLUE, "linestyle": "-"}


@style.applied()
def bias_correction(compute, num_steps=100):
    """8.5.3: moments with and without correction. compute(beta1, beta2, size, delta) -> dict, see draw; g = size, ε
    = 1.
    """
    stage = Stage(1000, 400, columns=3)
    first, second, lengths = stage.axes
    plots.step_axes(first, num_steps, 0, 1.15, log=False, ylabel="in units of g", title="first moment s")
    plots.step_axes(second, num_steps, 1e-4, 3, ylabel="in units of g²", title="second moment r")
    plots.step_axes(lengths, num_steps, 0.08, 120, ylabel="|Δθ|, in units of ε", title="length of each step")
    raw = [plots.curve(axes, linewidth=2.4, **_RAW) for axes in stage.axes]
    corrected = [plots.curve(axes, linewidth=2.4, **_CORRECTED) for axes in stage.axes]
    theory = [plots.curve(axes, zorder=5, **style.THEORY) for axes in stage.axes]
    for label, look in (("as accumulated", _RAW), ("corrected", _CORRECTED), ("1 − ρᵗ and what follows", style.THEORY)):
        first.plot([], [], label=label, **look)
    first.legend(loc="lower right")

    def draw(r):
        size, beta1, beta2, plain, run = r["size"], r["beta1"], r["beta2"], r["without"], r["with"]
        t = np.arange(1, num_steps + 1)
        expected = uncorrected_adam_step(t, beta1, beta2)
        values = (
            (plain.first_moment[1:, 0] / size, run.corrected_first_moment[1:, 0] / size, 1 - beta1**t),
            (plain.second_moment[1:, 0] / size**2, run.corrected_second_moment[1:, 0] / size**2, 1 - beta2**t),
            (-np.diff(plain.theta[:, 0]), -np.diff(run.theta[:, 0]), expected),
        )
        for lines, trio in zip(zip(raw, corrected, theory, strict=True), values, strict=True):
            for line, y in zip(lines, trio, strict=True):
                line.set_data(t, y)
        without, with_correction = values[2][:2]
        # The theory is that of δ = 0: it shows where δ is no longer small beside the gradient.
        return [
            Row("first step with correction, in units of ε", 1.0, float(with_correction[0]), rtol=1e-6),
            Row("first step without: (1 − ρ₁)/√(1 − ρ₂)", float(expected[0]), float(without[0]), rtol=1e-5),
            Row(
                f"longest step without, at t = {int(expected.argmax()) + 1}",
                float(expected.max()),
                float(without.max()),
                rtol=1e-5,
            ),
            Row(
                f"distance after {num_steps} steps with correction, in units of ε",
                num_steps,
                float(with_correction.sum()),
                rtol=1e-6,
            ),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "beta1": slider("ρ₁ decay, first moment", 0, 0.99, 0.9),
            "beta2": slider("ρ₂ decay, second moment", 0, 0.999, 0.999, step=0.001),
            "size": log_slider("|g| size of the gradient", 1e-8, 1e6, 1.0),
            "delta": choice("δ small constant", [1e-8, 1e-4, 0.0]),
        },
        description="First moment, second moment and step length of Adam under a constant gradient, with and "
        "without bias "
        "correction. Corrected, both moments are right from the first step and every step has length ε. "
        "Uncorrected, the second "
        "moment lags far behind the first and the early steps are several times too long.",
        presets={
            "the book's values": {},
            "ρ₂ = 0.99": {"beta2": 0.99},
            "both 0.9": {"beta2": 0.9},
            "gradient a million times larger": {"size": 1e6},
            "as small as δ": {"size": 1e-8},
        },
    )


@style.applied()
def wrong_way(compute, num_steps=5000):
    """8.5.3: the example of Reddi et al. compute(period, beta2, learning_rate) -> dict, see draw."""
    stage = Stage(1000, 400, columns=2, width_ratios=[1.25, 1])
    course, plane = stage.axes
    plots.step_axes(course, num_steps, -1.1, 1.1, ylabel="θ, kept within [−1, 1]", log=False, title="where they go")
    course.axhspan(-1.1, -0.95, color=style.GREEN, alpha=0.15)
    course.text(num_steps * 0.985, -0.93, "the best point", ha="right", va="bottom", color=style.GREEN)
    course.text(num_steps * 0.985, 0.97, "the worst point", ha="right", va="top", color=style.VERMILION)
    looks = {
        "Adam": {"color": style.VERMILION, "linestyle": "-"},
        "AMSGrad": {"color": style.BLUE, "linestyle": "-."},
        "AdaGrad": {"color": style.GREEN, "linestyle": "--"},
    }
    lines = {name: plots.curve(course, linewidth=2.4, **look) for name, look in looks.items()}
    for name, look in looks.items():
        course.plot([], [], label=name, **look)
    course.legend(loc="center right")
    plane.set_xscale("log")
    plane.set_yscale("symlog", linthresh=0.1)
    # On the axis stands the length of the memory, 1/(1 − ρ₂): 1 for ρ₂ = 0, 1,000 for 0.999.
    plane.set(xlim=(1, 1000), ylim=(-3, 100), xlabel="memory 1/(1 − ρ₂), in steps", title="Adam's way per period")
    plane.set_ylabel("in units of ε")
    plane.set_yticks([-1, -0.1, 0, 0.1, 1, 10, 100], labels=["−1", "−0.1", "0", "0.1", "1", "10", "100"])
    plane.minorticks_off()
    plane.axhspan(-3, 0, color=style.GREEN, alpha=0.15)
    plane.text(1.1, -1.9, "right way", va="center", color=style.GREEN)
    plane.text(1.1, 60, "wrong way", va="center", color=style.VERMILION)
    memories = np.logspace(0, 3, 121)
    drifts = plots.curve(plane, **style.THEORY)
    yours = plots.marks(plane, marker="o", color=style.VERMILION, size=13)

    def draw(r):
        period, beta2 = r["period"], r["beta2"]
        for name, path in r["paths"].items():
            # One state a period: within a period all of them go to and fro.
            shown = np.append(np.arange(0, num_steps, period), num_steps)
            lines[name].set_data(shown, path[shown])
        drifts.set_data(memories, drift(period, 1 - 1 / memories, period))
        expected = float(drift(period, beta2, period))
        yours.set_data([1 / (1 - beta2)], [r["drift"]])
        turn = turning_beta2(period, period)
        worst = 1.0 if expected > 0 else -1.0
        return [
            Row("Adam's way per period, in units of ε", expected, r["drift"], rtol=0.01),
            Row("Adam goes the wrong way if ρ₂ is below", turn),
            *[
                Row(f"{name}: θ at the end", worst if name == "Adam" else -1.0, float(path[-1]), atol=0.05)
                for name, path in r["paths"].items()
            ],
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "period": int_slider("C: the large gradient, and the period", 3, 50, 3),
            "beta2": slider("ρ₂", 0, 0.999, 0.1, step=0.001),
            "learning_rate": log_slider("ε in ε/√t", 0.01, 1, 0.1),
        },
        description="Left: the course of Adam, AMSGrad and AdaGrad on a linear cost whose gradient is large once "
        "per period and "
        "slightly negative otherwise. With a short memory Adam climbs to the worst point while the others go to "
        "the best. Right: "
        "Adam's way per period against the length of its memory, up to about where it turns round.",
        presets={
            "Reddi et al., C = 3": {},
            "a longer memory": {"beta2": 0.9},
            "but a rarer gradient": {"beta2": 0.9, "period": 10, "learning_rate": 1.0},
            "ρ₂ = 0.99, C = 30": {"beta2": 0.99, "period": 30, "learning_rate": 1.0},
        },
    )
