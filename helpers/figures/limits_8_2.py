"""The figures of lesson 8.2.8, theoretical limits: no free lunch by enumeration, and Nesterov's chain."""

import numpy as np
from matplotlib.ticker import MaxNLocator

from helpers import plots, style, theory_8_2b
from helpers.controls import choice, int_slider, log_slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_SEARCH_LOOKS = [
    {"color": style.INK, "marker": "s", "linestyle": "-", "markersize": 17, "markerfacecolor": "white"},
    {"color": style.BLUE, "marker": "o", "linestyle": "--", "markersize": 11},
    {"color": style.VERMILION, "marker": "^", "linestyle": ":", "markersize": 6},
]


@style.applied()
def no_free_lunch(compute, names):
    """8.2.8: several searches on every function of a world.

    compute(num_points, num_values, world) -> (num_points, num_values, world, number of functions, best: (S, F, n), the
    lowest value that search s has seen on function f after 1 … n evaluations). names: of the S <= 3 searches.
    world "all" has every function; in any other one the theory does not hold.
    """
    stage = Stage(980, 400, width_ratios=[1.2, 1])
    means, bars_axes = stage.axes
    means.set(xlim=(0.6, 5.4), ylim=(-0.08, 1.7), xlabel="evaluations k", ylabel="lowest value so far")
    means.set_title("mean over all functions")
    means.xaxis.set_major_locator(MaxNLocator(integer=True))
    predicted = plots.curve(means, **{**style.THEORY, "linewidth": 4})
    lines = [plots.curve(means, linewidth=2, zorder=4 + i, **look) for i, look in zip(range(len(names)), _SEARCH_LOOKS,
                                                                                  strict=False)]  # fmt: skip
    for name, look in zip(names, _SEARCH_LOOKS, strict=False):
        means.plot([], [], label=name, **{**look, "markersize": min(look["markersize"], 10)})
    means.plot([], [], label="theory, any search", **style.THEORY)
    means.legend(loc="upper right")
    world_note = plots.note(means, 0.03, 0.03)
    width = 0.8 / len(names)
    bars = []
    for i, look in zip(range(len(names)), _SEARCH_LOOKS, strict=False):
        hatch = ("", "//", "..")[i]
        bars.append(bars_axes.bar(np.arange(4) + (i - (len(names) - 1) / 2) * width, np.zeros(4), width * 0.92,
                                  facecolor=("white", "#b9d8ee", "#f3c9ad")[i], edgecolor=look["color"], hatch=hatch,
                                  animated=True, linewidth=1.5))  # fmt: skip
    bars_axes.set(xlim=(-0.6, 3.6), ylim=(0, 105), xlabel="lowest value after k evaluations", xticks=range(4))
    bars_axes.set(ylabel="% of all functions")
    bars_axes.set_title("not only the mean: the whole distribution")
    bars_axes.grid(False, axis="x")

    def draw(result):
        n, m, world, number, best, k = result
        k = min(k, n)
        steps = np.arange(1, n + 1)
        for line, values in zip(lines, best.mean(axis=1), strict=True):
            line.set_data(steps, values)
        everywhere = world == "all"
        theory = np.array([theory_8_2b.best_so_far(m, int(step))[0] for step in steps])
        predicted.set_data(steps, theory if everywhere else np.nan * theory)
        for group, values in zip(bars, best[:, :, k - 1], strict=True):
            shares = np.bincount(values, minlength=4) / number
            for bar, share in zip(group, shares, strict=True):
                bar.set_height(100 * share)
        means_now = best[:, :, k - 1].mean(axis=1)
        world_note.set_text("" if everywhere else "a world with structure")
        return [
            *[Row(f"{name}: mean after k = {k} evaluations", float(theory[k - 1]) if everywhere else "no such theorem",
                  float(mean), atol=1e-12 if everywhere else None)
              for name, mean in zip(names, means_now, strict=True)],
            Row("functions in this world", m**n if everywhere else None, number, atol=0 if everywhere else None),
        ]  # fmt: skip

    return Explorer(
        stage,
        lambda num_evaluations, **world: (*compute(**world), num_evaluations),
        draw,
        {
            "num_points": int_slider("points to search", 2, 5, 4),
            "num_values": int_slider("values, 0 up to one less", 2, 4, 3),
            "num_evaluations": int_slider("k evaluations", 1, 5, 2),
            "world": choice("functions", {"all of them": "all", "only smooth ones": "smooth"}),
        },
        description="Left: the mean over all functions of the lowest value seen so far, against the number of "
        "evaluations, for three ways of searching: the three curves lie on one another. Right: the distribution of "
        "the lowest value after k evaluations, with equal bars for all three.",
        presets={
            "4 points, 2 values": {"num_values": 2},
            "4 points, 3 values": {},
            "5 points, 4 values": {"num_points": 5, "num_values": 4},
            "only smooth functions": {"num_points": 5, "num_values": 4, "world": "smooth", "num_evaluations": 3},
        },
    )


@style.applied()
def chain(compute, num_steps=30):
    """8.2.8: first-order methods on Nesterov's chain, which lets information through by one coordinate a step.

    compute(dimension, learning_rate) -> (n, ε, solution (n,), dict of name -> (thetas (T+1, n), excess (T+1,)),
    best: the least excess with the first 0, 1, … T coordinates).
    """
    stage = Stage(1000, 410, width_ratios=[1.05, 1])
    coordinates, excess = stage.axes
    coordinates.set(xlim=(0, 62), ylim=(-0.12, 1.5), xlabel="coordinate i", ylabel="θᵢ", title="after k steps from 0")
    names = {"gradient descent": "sgd", "momentum 0.9": "momentum", "Nesterov, rising α": "nesterov",
             "Adam, ε/10": "adam"}  # fmt: skip
    curtain = coordinates.axvspan(0, 1, ymax=0.71, facecolor="#e5e7eb", edgecolor="none", animated=True, zorder=1)
    text = plots.note(coordinates, 0.97, 0.1, color=style.GREY)
    solution_line = plots.curve(coordinates, **style.THEORY)
    plots.step_axes(excess, num_steps, 5e-4, 0.4, ylabel="excess J − min J", title="excess cost", log_steps=True)
    excess.set_xlim(1, num_steps * 1.15)
    spots, lines = {}, {}
    for name, method in names.items():
        look = style.METHOD[method]
        spots[name] = coordinates.plot([], [], animated=True, markersize=4, linewidth=1.2, zorder=4, **look)[0]
        lines[name] = plots.curve(excess, color=look["color"], linestyle=look["linestyle"])
        coordinates.plot([], [], label=name, markersize=5, **look)
    coordinates.plot([], [], label="minimum", **style.THEORY)
    coordinates.legend(loc="upper right", ncols=2)
    bound_line = plots.curve(excess, **{**style.THEORY, "linewidth": 4})
    diamond = plots.marks(excess, marker="D", color=style.GREEN, size=12)
    excess.plot([], [], label="best of all first-order methods", **style.THEORY)
    excess.plot([], [], "D", color=style.GREEN, markersize=9, label="3‖θ*‖²/(32(k + 1)²) at k = (n − 1)/2")
    excess.legend(loc="lower left")
    here = plots.curve(excess, color=style.GREY, linewidth=1)
    gone = plots.note(excess, 0.95, 0.95)

    def draw(result, step):
        n, rate, solution, runs, best = result
        steps = np.arange(num_steps + 1)
        index = np.arange(1, n + 1)
        curtain.set(x=min(step, n) + 0.5, width=max(n - step, 0))
        text.set_text("still exactly 0" if step < n else "")
        solution_line.set_data(index, solution)
        for name, (thetas, values) in runs.items():
            spots[name].set_data(index, np.clip(thetas[step], -5, 5))
            lines[name].set_data(steps, np.where(values > 0, values, np.nan))
        bound = theory_8_2b.chain_excess(steps, n)
        bound_line.set_data(steps, np.where(bound > 0, bound, np.nan))
        half = (n - 1) // 2
        nesterov = 3 * float(solution @ solution) / (32 * (half + 1) ** 2)
        diamond.set_data([half], [nesterov])
        here.set_data([step, step], [5e-4, 0.4])
        gone.set_text("\n".join(f"{name} diverges" for name, (_, values) in runs.items()
                                if not values[-1] < 10))  # fmt: skip
        finite = [thetas[step] for thetas, _ in runs.values() if np.isfinite(thetas[step]).all()]
        zeros = [int(np.count_nonzero(theta == 0)) for theta in finite]
        return [
            Row("coordinates still exactly 0, most of any method", max(n - step, 0), max(zeros, default=0), atol=0),
            Row("the same, least of any method", max(n - step, 0), min(zeros, default=0), atol=0),
            Row(f"least excess that any method can have after {step} steps", float(bound[step]), float(best[step]),
                atol=1e-12),
            Row(f"the same after k = (n − 1)/2 = {half} steps; theory: at least 3‖θ*‖²/(32(k + 1)²)", nesterov,
                float(best[half])),
            *[Row(f"{name}: excess", None, float(values[step])) for name, (_, values) in runs.items()],
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "dimension": choice("n length of the chain", [21, 41, 61], 61),
            "learning_rate": log_slider("ε learning rate", 0.05, 2, 1),
        },
        description="Left: the coordinates of four first-order methods on a chain of coordinates after k steps; all "
        "beyond the k-th are still zero, far from the minimum, a straight line that falls from 1 to 0. Right: their "
        "excess cost by step, all above the least that any first-order method can have.",
        presets={
            "n = 61": {},
            "after 10 steps": {"step": 10},
            "n = 21": {"dimension": 21},
            "ε = 0.2": {"learning_rate": 0.2},
            "ε = 2": {"learning_rate": 2.0},
        },
        num_steps=num_steps,
    )
