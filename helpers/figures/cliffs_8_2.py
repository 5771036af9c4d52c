"""The figures of lesson 8.2.4, cliffs and exploding gradients. Each takes the compute function in the notebook."""

import numpy as np

from helpers import plots, style, theory_8_2
from helpers.controls import choice, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.figures.saddles_8_2 import latest
from helpers.readout import Row
from helpers.relief import Relief, Surface, view_controls
from helpers.stage import Stage


@style.applied()
def cliff(compute, landscape, num_steps=120):
    """8.2.4: the cliff of a recurrent net of one unit, with and without clipping. compute(learning_rate, bound,
    kind, start)
    -> (unclipped run, clipped run).
    """
    stage = Stage(1120, 430, columns=3, width_ratios=[1.25, 1, 0.75])
    box, land, length = stage.axes
    surface = Surface(landscape, bounds=((4.0, 6.2), (-3.3, -1.7)), levels=16, smooth=4)
    relief = Relief(box, labels=("w", "b", "J"))
    box.set_title("drag to turn")
    surface.draw_map(land, xlabel="w  recurrent weight", ylabel="b  bias")
    land.set_title("from above")
    looks = {
        "unclipped": {"color": style.INK, "linestyle": "--", "marker": "s"},
        "clipped": {"color": style.VERMILION, "linestyle": "-", "marker": "o"},
    }
    above = {name: plots.Trail(land, label=name, markersize=3, linewidth=1.4, **look) for name, look in looks.items()}
    land.legend(loc="upper right")
    trails = {name: relief.trail(markersize=3, linewidth=1.6, **look) for name, look in looks.items()}
    plots.step_axes(length, num_steps, 1e-4, 1e3, ylabel="length", title="length of each step")
    lines = {name: plots.curve(length, markersize=3, **look) for name, look in looks.items()}
    bound_line = plots.curve(length, **style.THEORY)
    length.plot([], [], label="ε × threshold", **style.THEORY)
    length.legend(loc="upper left")
    thrown = plots.note(land, 0.03, 0.03, color=style.INK)
    run_again = latest(compute)

    def draw(result, step):
        runs, rate, bound, kind, azimuth, elevation = result
        relief.show(surface, azimuth, elevation)
        rows = []
        for name, run in runs.items():
            above[name].set(run.theta, step)
            trails[name].set(run.theta, step)
            steps = np.linalg.norm(np.diff(run.theta, axis=0), axis=1)
            lines[name].set_data(
                *plots.within(length, np.arange(step), np.where(steps[:step] > 0, steps[:step], np.nan))
            )
            longest = float(np.nanmax(steps)) if np.isfinite(steps).any() else np.inf
            if name == "unclipped":
                far = int(np.nanargmax(steps)) if np.isfinite(steps).any() else 0
                thrown.set_text(
                    f"thrown {_rounded(longest, 2):,.3g} away in step {far + 1}" if longest > 1 and step > far else ""
                )
                rows.append(Row("unclipped: longest step", None, _rounded(longest, 2)))
            else:
                most = rate * bound * (np.sqrt(2) if kind == "element" else 1)
                active = kind == "norm" and longest > 0.999 * most
                rows.append(Row("clipped: longest step | at most", most, longest, rtol=1e-9 if active else None))
        bound_line.set_data([0, num_steps], [rate * bound] * 2)
        rows += [Row(f"{name}: cost at the end", None, _rounded(run.loss[-1], 2)) for name, run in runs.items()]
        return rows

    def turned(azimuth, elevation, learning_rate, bound, kind, start):
        runs = run_again(learning_rate=learning_rate, bound=bound, kind=kind, start=start)
        return dict(zip(looks, runs, strict=True)), learning_rate, bound, kind, azimuth, elevation

    return Explorer(
        stage,
        turned,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.02, 1, 0.2),
            "bound": log_slider("threshold", 0.05, 20, 0.5),
            "kind": choice("clip", {"by norm": "norm", "by element": "element"}),
            "start": point(land, (4.9, -2.3)),
            **view_controls(box, 78, 32),
        },
        description="The cost of a recurrent network of one unit over its weight and its bias, in 3-D and from "
        "above: a valley "
        "at the foot of a steep cliff. Gradient descent without clipping touches the cliff and is thrown far out "
        "of the "
        "picture; with clipping it stays in the valley and goes on. Beside it the length of each step.",
        presets={
            "thrown off": {},
            "clip hard": {"bound": 0.1},
            "clip too late": {"bound": 20.0},
            "from far down the slope": {"start": (5.2, -2.2), "learning_rate": 0.3},
            "seen from the plateau": {"azimuth": -110, "elevation": 45},
        },
        num_steps=num_steps,
    )


def _rounded(value, digits):
    return float(f"{value:.{digits}g}") if np.isfinite(value) else value


@style.applied()
def clipping(compute):
    """8.2.4: what each kind of clipping does to one gradient. compute(bound, gradient) -> (g, by norm, by element,
    bound).
    """
    stage = Stage(900, 400, columns=2, width_ratios=[1, 1])
    plane, angles = stage.axes
    plane.set(xlim=(-4, 4), ylim=(-4, 4), xlabel="g₁", ylabel="g₂", title="a gradient and its clipped copies")
    plane.set_aspect("equal")
    circle = plots.curve(plane, color=style.BLUE, linewidth=1.5)
    square = plots.curve(plane, color=style.ORANGE, linewidth=1.5, linestyle="--")
    looks = {
        "gradient": (style.GREY, ":", "s"),
        "by norm": (style.BLUE, "-", "o"),
        "by element": (style.ORANGE, "--", "D"),
    }
    arrows = {}
    for name, (color, dash, marker) in looks.items():
        wide = 3 if name != "gradient" else 2
        arrows[name] = (
            plots.curve(plane, color=color, linestyle=dash, linewidth=wide, zorder=3),
            plots.marks(plane, marker=marker, color=color, size=12),
        )
        plane.plot([], [], color=color, linestyle=dash, marker=marker, linewidth=wide, label=name)
    plane.legend(loc="lower right")
    angles.set(xlim=(0, 360), ylim=(-2, 50), xlabel="direction of the gradient, degrees", ylabel="degrees",
               title="by how much the direction is turned")  # fmt: skip
    angles.set_xticks([0, 90, 180, 270, 360])
    turned = plots.curve(angles, color=style.ORANGE, linestyle="--")
    angles.axhline(0, color=style.BLUE)
    angles.plot([], [], color=style.BLUE, label="by norm")
    angles.plot([], [], color=style.ORANGE, linestyle="--", label="by element, at this length")
    angles.legend(loc="upper right")
    here = plots.marks(angles, marker="D", color=style.ORANGE, size=12)
    round_about = np.linspace(0, 2 * np.pi, 181)
    unit = np.stack([np.cos(round_about), np.sin(round_about)], axis=-1)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])

    def draw(result):
        g, by_norm, by_element, bound = result
        circle.set_data(*(bound * unit).T)
        square.set_data(*(bound * corners).T)
        for name, vector in (("gradient", g), ("by norm", by_norm), ("by element", by_element)):
            shaft, tip = arrows[name]
            shaft.set_data([0, vector[0]], [0, vector[1]])
            tip.set_data([vector[0]], [vector[1]])
        length = float(np.hypot(*g))
        if length == 0:
            turned.set_data([], [])
            here.set_data([], [])
            return [Row("length of the gradient", None, 0.0)]
        turned.set_data(np.rad2deg(round_about), [theory_8_2.clipped_angle(length * u, bound) for u in unit])
        angle = theory_8_2.clipped_angle(g, bound)
        here.set_data([np.rad2deg(np.arctan2(g[1], g[0])) % 360], [angle])
        return [
            Row("clipped by norm: length, the smaller of ‖g‖ and the threshold", min(length, bound),
                float(np.hypot(*by_norm)), rtol=1e-9),
            Row("clipped by norm: turned by, degrees", 0.0, _angle(g, by_norm), atol=1e-4),
            Row("clipped by element: turned by, degrees", angle, _angle(g, by_element), atol=1e-4),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "bound": slider("threshold", 0.1, 4, 1, step=0.05),
            "gradient": point(plane, (3.0, 0.8), "gradient: click, drag or arrow keys"),
        },
        description="Left: a gradient that the reader moves, shortened to a circle with its direction kept, and "
        "cut to a square "
        "with its direction turned. Right: the angle by which the second kind turns it, against the direction of "
        "the gradient.",
        presets={"steep in one direction": {}, "nearly diagonal": {"gradient": (2.5, 2.3)},
                 "short": {"gradient": (0.6, 0.3)}},
    )  # fmt: skip


def _angle(a, b):
    """The angle between two vectors in degrees, from their components."""
    return round(abs(float(np.rad2deg(np.arctan2(a[0] * b[1] - a[1] * b[0], a @ b)))), 9)
