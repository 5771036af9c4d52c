"""The figures of lesson 8.7.2, coordinate descent. Each takes the compute function that stands in the notebook."""

import numpy as np

from helpers import coordinate_descent, plots, style
from helpers.controls import choice, int_slider, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage


def _steps_to(values, target):
    """The first index at which `values` is at most `target`, or a text that says it never is."""
    reached = np.flatnonzero(np.asarray(values) <= target)
    return int(reached[0]) if len(reached) else f"not in {len(values) - 1}"


@style.applied()
def rotated_bowl(compute, num_steps=40):
    """Coordinate descent on a bowl that the reader turns. compute(a, angle, start) -> (H, path by half sweeps, path of
    gradient descent).
    """
    stage = Stage(980, 440, width_ratios=[1, 1.05])
    land, cost = stage.axes
    land.set(xlim=(-2.2, 2.2), ylim=(-2.2, 2.2), xlabel="x₁", ylabel="x₂", aspect="equal")
    land.set_title("one coordinate at a time")
    land.grid(False)
    rings = plots.curve(land, color="#7ba7cc", linewidth=1)
    land.plot(0, 0, "*", color="white", markeredgecolor=style.INK, markersize=15)
    other = plots.trail(land, "sgd", label="gradient descent, best ε", markersize=3, linewidth=1)
    path = plots.trail(land, color=style.VERMILION, label="coordinate descent", markersize=5)
    land.legend(loc="upper left", fontsize=12)
    plots.step_axes(
        cost,
        num_steps // 2,
        1e-9,
        1e1,
        xlabel="sweep, or gradient step",
        ylabel="distance",
        title="distance to the minimum",
    )
    looks = {"coordinate descent": {"color": style.VERMILION}, "gradient descent, best ε": style.METHOD["sgd"]}
    lines = [plots.curve(cost, color=look["color"], linestyle=look.get("linestyle", "-")) for look in looks.values()]
    slope = plots.curve(cost, **style.THEORY)
    for name, look in looks.items():
        cost.plot([], [], label=name, color=look["color"], linestyle=look.get("linestyle", "-"))
    cost.plot([], [], label="coordinate descent, theory", **style.THEORY)
    cost.legend(loc="lower left", fontsize=12)
    circle = np.append(np.linspace(0, 2 * np.pi, 90), np.nan)
    radii = np.array([0.15, 0.4, 0.8, 1.3, 2.0, 3.0, 4.5, 6.5, 9.0])

    def draw(result, step):
        hessian, walk, descent = result
        curvatures, axes = np.linalg.eigh(hessian)
        ellipse = (np.stack([np.cos(circle), np.sin(circle)], axis=-1) / np.sqrt(curvatures)) @ axes.T
        rings.set_data(*(radii[:, None, None] * ellipse).reshape(-1, 2).T)
        path.set(walk, step)
        other.set(descent, step // 2)
        halves = np.arange(step + 1)
        lines[0].set_data(halves / 2, np.maximum(np.linalg.norm(walk[: step + 1], axis=1), 1e-30))
        lines[1].set_data(np.arange(step // 2 + 1), np.linalg.norm(descent[: step // 2 + 1], axis=1))
        factor = round(coordinate_descent.sweep_factor(hessian), 15)  # at 45° it is 0 but for rounding
        whole = np.linalg.norm(walk[::2], axis=1)
        sweeps = np.arange(len(whole))
        slope.set_data(sweeps[1:], whole[1] * factor ** (sweeps[1:] - 1.0))
        measurable = factor > 1e-6 and whole[1] > 1e-9
        # From the first sweep on the path lies on one line: each sweep multiplies it by exactly this factor.
        measured = whole[2] / whole[1] if measurable else 0.0 if whole[1] < 1e-9 else whole[2] / whole[1]
        best = (curvatures[1] - curvatures[0]) / (curvatures[1] + curvatures[0])
        return [
            Row("factor per sweep: H₁₂²/(H₁₁H₂₂)", factor, float(measured), rtol=1e-4, atol=1e-6),
            Row("gradient descent, best ε: factor per step", float(best), float(_last_factor(descent)), atol=0.02),
            Row("sweeps to a millionth of the distance", _sweeps_to(1e-6, factor), _steps_to(whole, 1e-6 * whole[0])),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "a": log_slider("a in (x₁ − x₂)² + a(x₁² + x₂²)", 0.005, 5, 0.1),
            "angle": slider("turn of the bowl, degrees", -45, 45, 0, step=1),
            "start": point(land, (-1.5, 1.0)),
        },
        description="Left: the staircase of coordinate descent in an oblique valley, whose contours the reader "
        "can turn, "
        "and the path of gradient descent. Right: the distance to the minimum of both by sweep.",
        presets={
            "a = 1": {"a": 1.0},
            "a = 0.1": {},
            "a = 0.01": {"a": 0.01},
            "turned along the axes": {"angle": 45.0, "a": 0.01},
            "half turned": {"angle": 22.0, "a": 0.01},
        },
        num_steps=num_steps,
    )


def _sweeps_to(precision, factor):
    """How many sweeps theory needs; the first one may bring more or less than its factor."""
    return 1 if factor < precision else int(np.ceil(np.log(precision) / np.log(factor)))


def _last_factor(path):
    length = np.linalg.norm(path, axis=1)
    useful = np.flatnonzero(length > 1e-12)
    return (length[useful[-1]] / length[0]) ** (1 / useful[-1]) if len(useful) > 1 else 0.0


@style.applied()
def lasso(compute, labels, num_targets, num_sweeps=40):
    """One digit as a sum of few others. compute(fraction, which) -> dict, see draw."""
    stage = Stage(1000, 400, columns=4, width_ratios=[0.75, 0.75, 1.3, 1.2])
    first, second, weights, gap = stage.axes
    images = []
    for axes, title in ((first, "the digit"), (second, "its sum")):
        images.append(plots.heat(axes, (0, 8, 8, 0), cmap="gray_r", vmin=0, vmax=1))
        axes.set(xticks=[], yticks=[], title=title, aspect="equal")
    count = len(labels)
    order = np.argsort(labels, kind="stable")
    weights.set(xlim=(-1, count), ylim=(-0.5, 0.8), ylabel="weight θ_i", xlabel="the training digits, by class")
    weights.set_title("which digits it is made of")
    weights.set_xticks(
        [np.flatnonzero(labels[order] == c).mean() for c in range(10)], labels=[str(c) for c in range(10)]
    )
    for edge in np.flatnonzero(np.diff(labels[order])):
        weights.axvline(edge + 0.5, color="#d1d5db", linewidth=0.8)
    weights.axhline(0, color=style.GREY, linewidth=0.8)
    weights.grid(False)
    stems = plots.curve(weights, color=style.VERMILION, linewidth=2)
    heads = weights.plot([], [], "o", color=style.VERMILION, markersize=6, animated=True)[0]
    plots.step_axes(
        gap, num_sweeps, 1e-7, 1, xlabel="sweep, or gradient step", ylabel="bound on J − min J", title="duality gap"
    )
    looks = {
        "coordinate descent": {"color": style.VERMILION, "linestyle": "-"},
        "ISTA": {"color": style.INK, "linestyle": ":"},
        "FISTA": {"color": style.BLUE, "linestyle": "-."},
    }
    lines = {name: plots.curve(gap, **look) for name, look in looks.items()}
    for name, look in looks.items():
        gap.plot([], [], label=name, **look)
    gap.legend(loc="lower left", fontsize=12)

    def draw(result):
        theta = result["theta"]
        for image, picture in zip(images, (result["target"], result["sum"]), strict=True):
            image.set_data(picture.reshape(8, 8))
        used = np.flatnonzero(theta[order])
        heights = theta[order][used]
        stems.set_data(np.repeat(used, 3), np.stack([0 * heights, heights, np.nan * heights], axis=1).ravel())
        heads.set_data(used, heights)
        for name, line in lines.items():
            values = np.maximum(result["gaps"][name], 1e-16)
            line.set_data(np.arange(len(values)), values)
        l1 = result["l1"]
        return [
            Row("largest correlation with what is left over: l1", l1, result["correlation"], rtol=0.01),
            Row("digits used", None, int(len(used))),
            Row("share of the weight on the right class", None, result["right"]),
            *[Row(f"{name}: sweeps to a gap of 0.001", None, _steps_to(result["gaps"][name], 1e-3)) for name in lines],
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "fraction": log_slider("l1 penalty, of the largest useful", 0.03, 1, 0.3),
            "which": int_slider("which validation digit", 0, num_targets - 1, 3),
        },
        description="A digit and the sum of other digits that is to resemble it; the weights of the training digits in "
        "that sum, sorted by class, most of them 0; and the duality gap by sweep for coordinate descent, ISTA and "
        "FISTA.",
        presets={
            "few digits": {"fraction": 0.6},
            "more digits": {"fraction": 0.1},
            "nearly no penalty": {"fraction": 0.03},
            "none at all": {"fraction": 1.0},
        },
    )


@style.applied()
def dictionary(compute, num_steps=40):
    """Sparse coding in two blocks. compute(l1, num_atoms) -> list of (dictionary, codes, cost, block), 2 a round."""
    stage = Stage(980, 430, width_ratios=[1, 1.1])
    atoms, cost = stage.axes
    picture = plots.heat(atoms, (0, 1, 0, 1), cmap="RdGy", vmin=-1, vmax=1)
    atoms.set(xticks=[], yticks=[], title="the dictionary", aspect="equal")
    plots.step_axes(cost, num_steps, 0.2, 10, xlabel="half step", ylabel="J", title="cost, falls in every half step")
    cost.set_yticks([0.2, 0.5, 1, 2, 5, 10], labels=["0.2", "0.5", "1", "2", "5", "10"])
    line = plots.curve(cost, color=style.INK, linewidth=1)
    codes = cost.plot([], [], "o", color=style.VERMILION, markersize=5, animated=True)[0]
    words = cost.plot([], [], "^", color=style.BLUE, markersize=6, animated=True)[0]
    cost.plot([], [], "o", color=style.VERMILION, label="after the codes")
    cost.plot([], [], "^", color=style.BLUE, label="after the dictionary")
    cost.legend(loc="upper right")

    def draw(states, step):
        start, states = states[0], states[1]
        shown = states[:step]
        costs = np.array([state.cost for state in states])
        picture.set_data(_sheet(shown[-1].dictionary if shown else start)[::-1])
        k = np.arange(1, step + 1)
        line.set_data(k, costs[:step])
        codes.set_data(k[::2], costs[:step][::2])
        words.set_data(k[1::2], costs[:step][1::2])
        last = states[-1]
        lengths = np.linalg.norm(last.dictionary, axis=1)
        return [
            Row("half steps in which the cost rises", 0, int(np.sum(np.diff(costs) > 1e-9)), atol=0),
            Row("longest atom", 1.0, float(lengths.max()), rtol=1e-9),
            Row("cost at the end", None, float(costs[-1])),
            Row("share of the codes that is not 0", None, float(np.mean(last.codes != 0))),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "l1": log_slider("l1 penalty on the codes", 0.02, 1, 0.3),
            "num_atoms": choice("atoms", [9, 16, 25, 36], 25),
        },
        description="Left: the atoms of a dictionary learned from real digits, small pictures of 8 by 8 pixels "
        "that look like blurred digits. Right: the cost after each half step, alternately over the codes and the "
        "dictionary.",
        presets={
            "25 atoms": {},
            "few atoms": {"num_atoms": 9},
            "very sparse": {"l1": 1.0},
            "hardly sparse": {"l1": 0.02},
        },
        num_steps=num_steps,
    )


def _sheet(dictionary):
    """The atoms as one picture: a square of 8 × 8 tiles with a line between them, each scaled to its largest entry."""
    side = int(np.ceil(np.sqrt(len(dictionary))))
    sheet = np.zeros((9 * side + 1, 9 * side + 1))
    sheet[::9], sheet[:, ::9] = 0.35, 0.35
    for index, atom in enumerate(dictionary):
        row, column = divmod(index, side)
        peak = atom[np.abs(atom).argmax()]  # divided by it, an atom and its negative look alike: their codes differ
        sheet[9 * row + 1 : 9 * row + 9, 9 * column + 1 : 9 * column + 9] = atom.reshape(8, 8) / (peak or 1.0)
    return sheet
