"""The figures of lesson 8.2.2, local minima. Each takes the compute function that stands in the notebook."""

from itertools import permutations

import numpy as np

from helpers import plots, style
from helpers.controls import choice, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_ORDERS = {" ".join("ABC"[i] for i in order): order for order in permutations(range(3))}
_SIGNS = {"none": (1, 1, 1), "the first": (-1, 1, 1), "the first two": (-1, -1, 1), "all three": (-1, -1, -1)}
_COLUMNS = ((-0.5, 0.5), (-1, 0, 1), (-1, 0, 1), (-0.5, 0.5))


@style.applied()
def symmetry(compute, network, reference):
    """8.2.2: the same net with its units in another order. compute(first, second, signs) -> (theta, its cost, the cost
    of the reference, number of different parameter vectors).
    """
    stage = Stage(1000, 400, columns=2, width_ratios=[1, 1.25])
    graph, bars = stage.axes
    graph.set(xlim=(-0.35, 3.35), ylim=(-1.65, 1.5), title="the net: width = size of a weight")
    graph.set_axis_off()
    edges = []
    for layer, (fan_in, fan_out) in enumerate(zip(_COLUMNS[:-1], _COLUMNS[1:], strict=True)):
        edges.append([[graph.plot([layer, layer + 1], [-a, -b], animated=True, zorder=1)[0] for b in fan_out]
                      for a in fan_in])  # fmt: skip
    names = [[None] * 2, list("ABC"), list("ABC"), [None] * 2]
    texts = []
    for layer, (heights, labels) in enumerate(zip(_COLUMNS, names, strict=True)):
        shade = "white" if layer in (0, 3) else "#eef4f8"
        graph.plot([layer] * len(heights), -np.array(heights), "o", color=shade, markeredgecolor=style.INK,
                   markersize=30, animated=True, zorder=2)  # fmt: skip
        texts.append([graph.text(layer, -y, label or ("x" if layer == 0 else "z"), ha="center", va="center",
                                 fontsize=14, animated=True, zorder=3)
                      for y, label in zip(heights, labels, strict=True)])  # fmt: skip
    for layer, name in enumerate(("inputs", "1st hidden\nlayer", "2nd hidden\nlayer", "outputs")):
        graph.text(layer, -1.2, name, ha="center", va="top", fontsize=12)
    graph.plot([], [], color=style.BLUE, linewidth=3, label="weight > 0")
    graph.plot([], [], color=style.VERMILION, linestyle="--", linewidth=3, label="weight < 0")
    graph.legend(loc="upper center", ncols=2)
    index = np.arange(network.num_parameters)
    bars.set(xlim=(-1, len(index)), ylim=(-4.5, 4.5), xlabel="parameter number", ylabel="value",
             title="the same net as a point θ")  # fmt: skip
    bars.axhline(0, color=style.INK, linewidth=1)
    bars.plot(index, reference, "s", color="white", markeredgecolor=style.GREY, markersize=9, label="as trained")
    now = plots.curve(bars, color=style.VERMILION, linestyle="none", marker="o", markersize=5)
    bars.plot([], [], color=style.VERMILION, linestyle="none", marker="o", label="rearranged")
    bars.legend(loc="upper right", ncols=2)

    def draw(result):
        theta, cost, before, orders, count = result
        for lines, (weights, _) in zip(edges, network.unpack(theta), strict=True):
            for row, values in zip(lines, weights, strict=True):
                for line, value in zip(row, values, strict=True):
                    line.set(color=style.BLUE if value > 0 else style.VERMILION, linewidth=0.4 + 1.7 * abs(value),
                             linestyle="-" if value > 0 else "--")  # fmt: skip
        for layer, order in zip((1, 2), orders, strict=True):
            for text, unit in zip(texts[layer], order, strict=True):
                text.set_text("ABC"[unit])
        now.set_data(index, theta)
        return [
            Row("cost of the rearranged net | as trained", before, cost, rtol=1e-12),
            Row("distance in parameter space", None, float(np.linalg.norm(theta - reference))),
            Row("different points θ that all orders give: (3!)²", 36, count, atol=0),
        ]

    return Explorer(
        stage,
        compute,
        draw,
        {
            "first": choice("order in layer 1", _ORDERS, (1, 2, 0)),
            "second": choice("order in layer 2", _ORDERS),
            "signs": choice("units of layer 1 negated", _SIGNS),
        },
        description="Left: a small network as a graph, its weights as lines of different width. Right: its "
        "parameters as "
        "dots, beside those it was trained to. Rearranging the hidden units moves the dots, and the cost stays "
        "the same.",
        presets={"as trained": {"first": (0, 1, 2)}, "both layers reversed": {"first": (2, 1, 0), "second": (2, 1, 0)},
                 "all units negated": {"first": (0, 1, 2), "signs": (-1, -1, -1)}},
    )  # fmt: skip


@style.applied()
def hyperbola(compute, landscape):
    """8.2.2: the valley wv = 1. compute(scale, learning_rate, start) -> (scale, ε, Trajectory)."""
    stage = Stage(1000, 400, columns=2, width_ratios=[1, 1.1])
    land, sharp = stage.axes
    plots.cost_map(land, landscape, levels=12, minima=False)
    land.set(xlabel="w  into the unit", ylabel="v  out of the unit", title="½(wv − 1)² from above")
    w = np.geomspace(0.15, 6, 200)
    land.plot(w, 1 / w, color=style.PURPLE, linewidth=2.5, label="all minima: wv = 1")
    path = plots.trail(land, "sgd", label="gradient descent", markersize=3.5)
    here = plots.marks(land, marker="D", color=style.GREEN, label="(α, 1/α)")
    land.legend(loc="upper right")
    sharp.set(xscale="log", yscale="log", xlim=(0.2, 5), ylim=(1, 300), xlabel="α  along the valley",
              ylabel="λ_max of the Hessian", title="equally low, not equally steep")  # fmt: skip
    sharp.set_xticks([0.2, 0.5, 1, 2, 5], labels=["0.2", "0.5", "1", "2", "5"])
    sharp.minorticks_off()
    alphas = np.geomspace(0.2, 5, 100)
    sharp.plot(alphas, alphas**2 + alphas**-2.0, color=style.PURPLE, label="α² + 1/α²")
    there = plots.marks(sharp, marker="D", color=style.GREEN)
    end = plots.marks(sharp, marker="s", color=style.INK, size=11)
    sharp.plot([], [], "s", color=style.INK, label="where the descent ended")
    limit = plots.curve(sharp, **style.THEORY)
    sharp.plot([], [], label="2/ε: steeper minima repel", **style.THEORY)
    sharp.legend(loc="upper center")
    gone = plots.note(land, 0.04, 0.04)

    def draw(result):
        scale, rate, run = result
        minimum = np.array([scale, 1 / scale])
        here.set_data([scale], [1 / scale])
        there.set_data([scale], [scale**2 + scale**-2])
        limit.set_data([0.2, 5], [2 / rate, 2 / rate])
        path.set(run.theta)
        gone.set_text(plots.diverged_text(run))
        last = run.theta[-1]
        settled = bool(np.isfinite(last).all() and run.loss[-1] < 1e-6)
        end.set_data(*([abs(last[0])], [last @ last]) if settled else ([], []))
        return [
            Row("cost at (α, 1/α)", 0.0, float(landscape.loss(minimum)), atol=1e-12),
            Row("λ_max there: α² + 1/α²", scale**2 + scale**-2,
                float(np.linalg.eigvalsh(landscape.hessian(minimum))[-1]), rtol=1e-9),
            Row("λ_max where the descent ended: at most 2/ε", 2 / rate,
                float(last @ last) if settled else "not settled"),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "scale": log_slider("α rescaling", 0.2, 5, 2),
            "learning_rate": log_slider("ε learning rate", 0.02, 1.5, 0.2),
            "start": point(land, (2.6, 1.4)),
        },
        description="Left: the cost over the weight into and the weight out of one ReLU unit; its minima form a "
        "hyperbola. "
        "A marker slides along it, and gradient descent from a movable start ends somewhere on it. Right: the largest "
        "eigenvalue of the Hessian along the hyperbola, lowest in its middle.",
        presets={"balanced": {"scale": 1.0}, "steep end": {"scale": 3.5, "start": (3.8, 0.6), "learning_rate": 0.05},
                 "thrown to a flatter place": {"scale": 3.5, "start": (3.7, 0.3)},
                 "dead unit": {"start": (3.0, 2.0), "learning_rate": 0.3}},
    )  # fmt: skip


@style.applied()
def barrier(compute):
    """8.2.2: the straight path between two trained nets. compute(width, activation, position) -> dict, see draw."""
    stage = Stage(1060, 420, columns=3, width_ratios=[1.35, 1, 1])
    units, cost, error = stage.axes
    picture = plots.heat(units, (0, 1, 3, 0), cmap="RdBu_r", vmin=-1, vmax=1)
    picture.origin = "upper"
    units.set(xlim=(0, 1), ylim=(3, 0), title="weights into the first 12 units")
    units.set_xticks([])
    units.set_yticks([0.5, 1.5, 2.5], labels=["net 1", "net 2", "net 2,\nreordered"])
    for y in (1, 2):
        units.axhline(y, color=style.INK, linewidth=2, zorder=3, animated=True)
    units.tick_params(length=0)
    plots.step_axes(cost, 1, 0, 2.4, xlabel="t  from net 1 to net 2", ylabel="J", log=False, title="training cost")
    plots.step_axes(error, 1, 0, 100, xlabel="t  from net 1 to net 2", ylabel="%", log=False,
                    title="validation digits misread")  # fmt: skip
    looks = {"raw": {"color": style.VERMILION, "linestyle": "--"}, "aligned": {"color": style.BLUE, "linestyle": "-"}}
    curves, marks = {}, {}
    for axes, kind in ((cost, "cost"), (error, "error")):
        axes.set_xticks([0, 0.5, 1], labels=["0", "½", "1"])
        for name, look in looks.items():
            curves[kind, name] = plots.curve(axes, linewidth=2.6, **look)
            marks[kind, name] = plots.marks(axes, marker="s" if name == "raw" else "o", color=look["color"], size=10)
            axes.plot(
                [], [], label="as trained" if name == "raw" else "units of net 2 reordered", linewidth=2.6, **look
            )
        axes.legend(loc="upper center")

    def draw(result):
        t, position = result["t"], result["position"]
        rows = [_tiles(result["units"][name]) for name in ("first", "second", "reordered")]
        picture.set_data(np.concatenate(rows))
        at = int(round(position * (len(t) - 1)))
        for (kind, name), line in curves.items():
            values = result[kind][name] * (100 if kind == "error" else 1)
            line.set_data(t, values)
            marks[kind, name].set_data([t[at]], [values[at]])
        heights = {name: _barrier(t, result["cost"][name]) for name in looks}
        return [
            Row("cost of net 2, as trained | reordered", result["cost"]["raw"][-1], result["cost"]["aligned"][-1],
                rtol=1e-9),
            Row("height of the barrier: as trained", None, float(f"{heights['raw']:.2g}")),
            Row("height of the barrier: reordered", None, float(f"{heights['aligned']:.2g}")),
            Row("distance between the two: as trained", None, float(f"{result['distance']['raw']:.3g}")),
            Row("distance between the two: reordered", None, float(f"{result['distance']['aligned']:.3g}")),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "width": choice("hidden units", [4, 8, 16, 32, 64], 16),
            "activation": choice("hidden units are", {"ReLU": "relu", "tanh": "tanh"}),
            "position": slider("t on the path", 0, 1, 0.5, step=0.05),
        },
        description="Left: the incoming weights of the hidden units of two nets trained on the digits from different "
        "starts, as small pictures, and those of the second in the order that matches the first. Middle and "
        "right: cost and "
        "error on the straight line between the nets, a high barrier as trained and a low one after reordering.",
        presets={"narrow, 8 units": {"width": 8}, "wide, 64 units": {"width": 64},
                 "tanh": {"activation": "tanh", "width": 32}},
    )  # fmt: skip


def _tiles(weights, rows=2, columns=6):
    """Weights into the first units, shape (64, units), as rows of 8 × 8 pictures with a rim, each to its own scale."""
    tiles = np.zeros((rows, 10, columns, 10))
    for unit in range(min(rows * columns, weights.shape[1])):
        values = weights[:, unit].reshape(8, 8)
        tiles[unit // columns, 1:9, unit % columns, 1:9] = values / np.abs(values).max()
    return tiles.reshape(10 * rows, 10 * columns)


def _barrier(t, cost):
    """How far the cost on the path rises above the straight line between its ends."""
    return float(np.max(cost - ((1 - t) * cost[0] + t * cost[-1])))
