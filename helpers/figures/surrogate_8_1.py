"""The figure of lesson 8.1.2 on surrogate losses: what each loss does with data that a line separates."""

import numpy as np

from helpers import plots, style, theory, theory_8_1
from helpers.controls import choice, slider
from helpers.explorer import Explorer
from helpers.figures.controls_8_1 import count_slider
from helpers.readout import Row
from helpers.stage import Stage

_LOOKS = {
    "0-1": {"color": style.INK, "linestyle": "-"},
    "logistic": {"color": style.VERMILION, "linestyle": "--"},
    "hinge": {"color": style.BLUE, "linestyle": "-."},
}


@style.applied()
def surrogate_losses(compute, losses, num_steps=3000):
    """8.1.2: the losses on one axis, a separating line in training, error, loss and norm against the step.

    compute(loss, gap, moment) -> dict: name; x (n, 2), y (n,) = ±1; moment, a step; theta (num_steps+1, 2); cost,
    error, new_error, slope_norm (gradient norm), each (num_steps+1,).
    losses: dict {name: (loss of the margin, its derivative)}.
    """
    stage = Stage(1080, 430, columns=3, width_ratios=[1, 0.9, 1.15])
    shape, plane, curves = stage.axes
    margins = np.linspace(-3, 4, 701)
    for name, look in _LOOKS.items():
        shape.plot(margins, losses[name][0](margins), label=name, linewidth=2.2, **look)
    shape.set(xlim=(-3, 4), ylim=(-0.15, 4), xlabel="margin z = y w·x", ylabel="loss", title="one example's loss")
    shape.legend(loc="upper right")
    on_curve = shape.plot([], [], "o", color=style.PURPLE, markersize=7, animated=True, zorder=6)[0]
    plane.set(xlim=(-4, 4), ylim=(-4, 6.2), xlabel="x₁", ylabel="x₂", title="the examples and the line")
    plane.set_aspect("equal", adjustable="box")
    classes = {
        1: plane.plot([], [], "o", color=style.ORANGE, markersize=8, animated=True)[0],
        -1: plane.plot([], [], "X", color=style.PURPLE, markersize=9, animated=True)[0],
    }
    divide = plots.curve(plane, color=style.INK)
    widest = plots.curve(plane, **style.THEORY)
    plane.plot([], [], color=style.INK, label="w·x = 0 now")
    plane.plot([], [], label="largest margin", **style.THEORY)
    plane.legend(loc="upper right")
    plots.step_axes(curves, num_steps, 1e-4, 5e3, ylabel="", title="against the step", log_steps=True)
    looks = {
        "cost": ({"color": style.VERMILION}, "mean loss"),
        "error": ({"color": style.INK, "linestyle": "--"}, "0-1 error, training"),
        "new_error": ({"color": style.SKY, "linestyle": "-."}, "0-1 error, 2,000 new ones"),
        "norm": ({"color": style.GREEN, "linestyle": ":", "linewidth": 3}, "‖w‖"),
    }
    lines = {}
    for key, (look, label) in looks.items():
        curves.plot([], [], label=label, **look)
        lines[key] = plots.curve(curves, **look)
    curves.legend(loc="upper left")
    at = curves.axvline(1, ymax=0.75, color=style.GREY, linewidth=1.2, animated=True)

    def draw(run):
        name, step, x, y = run["name"], run["moment"], run["x"], run["y"]
        theta = run["theta"][step]
        z = y[:, None] * x
        margin = z @ theta
        on_curve.set_data(np.clip(margin, -3, 4), np.clip(losses[name][0](margin), -0.15, 4))
        for label, dots in classes.items():
            dots.set_data(*x[y == label].T)
        divide.set_data(*_line(theta))
        support = theory_8_1.largest_margin(z)
        widest.set_data(*(_line(support) if support is not None else ([], [])))
        k = np.arange(1, num_steps + 1)
        norm = np.linalg.norm(run["theta"], axis=1)
        for key, values in {**{key: run[key] for key in ("cost", "error", "new_error")}, "norm": norm}.items():
            lines[key].set_data(k, np.maximum(values[1:], 1e-9))
        at.set_xdata([max(step, 1)] * 2)
        zero = np.flatnonzero(run["error"] == 0)
        rows = [Row("first step without a training error", None, int(zero[0]) if len(zero) else "never")]
        if name == "logistic" and support is not None:
            late = k >= num_steps // 2
            growth = np.polyfit(np.log(k[late]), norm[1:][late], 1)[0]
            rows += [
                Row(
                    "slope of the mean loss on logarithmic axes, late",
                    -1.0,
                    theory.slope(k[late], run["cost"][1:][late]),
                    atol=0.06,
                ),
                Row("growth of ‖w‖ per factor e in k, late: 1/γ", float(np.linalg.norm(support)), growth, rtol=0.12),
                Row(
                    "smallest margin y w·x/‖w‖ at the last step: at most γ",
                    1 / float(np.linalg.norm(support)),
                    float((z @ run["theta"][-1]).min() / norm[-1]),
                ),
            ]
        elif name == "logistic":
            rows.append(
                Row("the classes overlap: gradient norm at the last step", 0.0, run["slope_norm"][-1], atol=0.02)
            )
        else:
            still = name == "0-1" or run["cost"][-1] == 0
            rows.append(
                Row(
                    "gradient norm at the last step",
                    0.0 if still else None,
                    run["slope_norm"][-1],
                    atol=0 if still else None,
                )
            )
        return rows

    return Explorer(
        stage,
        compute,
        draw,
        {
            "loss": choice("loss that is trained", ["logistic", "hinge", "0-1"]),
            "gap": slider("half the gap between classes", -0.6, 1, 0.2, step=0.05),
            "moment": count_slider("k step to look at", 1, num_steps, 10),
        },
        description="Left: 0-1, logistic and hinge loss against the margin, with the examples as dots on the loss that "
        "is trained. Middle: two classes of points and the line between them. Right: against the step the 0-1 error "
        "drops to zero while the logistic loss goes on falling and the length of w goes on growing.",
        presets={
            "step 1": {"moment": 1.0},
            "error just gone": {},
            "long after": {"moment": 3000.0},
            "hinge": {"loss": "hinge", "moment": 3000.0},
            "try to train the 0-1 loss": {"loss": "0-1", "moment": 3000.0},
            "classes overlap": {"gap": -0.5, "moment": 3000.0},
        },
    )


def _line(w):
    """Two far points of the line w·x = 0."""
    length = np.linalg.norm(w)
    if length == 0:
        return [], []
    along = np.array([-w[1], w[0]]) / length * 9
    return [-along[0], along[0]], [-along[1], along[1]]
