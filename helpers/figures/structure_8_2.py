"""The figures of lesson 8.2.7, local and global structure: basins, the wrong side of a mountain."""

import numpy as np
from matplotlib.colors import LightSource, to_rgb

from helpers import plots, style, theory_8_2b
from helpers.controls import choice, log_slider, point, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

# Four tints that differ in lightness too, one for all other minima, and two greys for what did not arrive.
BASINS = {"A": "#b5daf2", "B": "#f6cb74", "C": "#7cc4a0", "D": "#b183bd", "other": "#c3cad5", "no": "#ffffff",
          "gone": "#4b5563"}  # fmt: skip
_FINER = 3  # pixels of relief to one start


def _last_kept(function):
    """Call function again only if its arguments changed: a dragged start point needs no new map of basins."""
    kept = {}

    def call(*arguments):
        if kept.get("arguments") != arguments:
            kept.update(arguments=arguments, result=function(*arguments))
        return kept["result"]

    return call


def classify(landscape, ends):
    """The index in BASINS of where each run ended: at which listed minimum, at another one, on the way, or gone."""
    names = list(BASINS)
    finite = np.isfinite(ends).all(axis=-1)
    safe = np.where(finite[..., None], np.clip(ends, -1e3, 1e3), 0.0)
    distance = np.linalg.norm(safe[..., None, :] - landscape.minima, axis=-1)
    kind = np.where(distance.min(axis=-1) < 0.1, distance.argmin(axis=-1), names.index("no"))
    curved = np.linalg.eigvalsh(landscape.hessian(safe)).min(axis=-1) > 1
    still = np.linalg.norm(landscape.gradient(safe), axis=-1) < 1.5
    kind = np.where((kind == names.index("no")) & still & curved, names.index("other"), kind)
    return np.where(finite, kind, names.index("gone"))


def _relief(landscape, bounds, resolution):
    """Shades from 0 to 1 of the landscape lit from the upper left; by rank, so that walls do not outdo hollows."""
    cost = landscape.loss(plots.grid(bounds, resolution))
    heights = np.argsort(np.argsort(cost.ravel())).reshape(cost.shape) / cost.size
    return LightSource(azdeg=315, altdeg=50).hillshade(heights, vert_exag=0.35 * resolution)


@style.applied()
def basins(map_ends, path, lands, half_width=6.0):
    """8.2.7: the plane coloured by where every start ends.

    map_ends(landscape, starts, learning_rate, momentum) -> ends, shaped like starts (m, m, 2).
    path(landscape, start, learning_rate, momentum) -> Trajectory. lands: dict of name -> Landscape.
    """
    bounds = ((-half_width, half_width),) * 2
    resolution = 64
    inset = half_width * (1 - 1 / resolution)  # each start in the middle of its cell
    starts = plots.grid(((-inset, inset),) * 2, resolution)
    relief = {name: _relief(land, bounds, _FINER * resolution) for name, land in lands.items()}
    colors = np.array([to_rgb(color) for color in BASINS.values()])
    stage = Stage(1000, 430, columns=3, width_ratios=[1.25, 0.85, 0.9])
    plane, shares, cost = stage.axes
    picture = plots.heat(plane, (*bounds[0], *bounds[1]))
    plane.set(xlim=bounds[0], ylim=bounds[1], aspect="equal", xlabel="θ₁", ylabel="θ₂", title="start here, end there")
    letters = {name: [plots.note(plane, color=style.INK, fontsize=16) for _ in land.minima]
               for name, land in lands.items()}  # fmt: skip
    for name, land in lands.items():
        for letter, text, place in zip("ABCD", letters[name], land.minima, strict=False):
            text.set(transform=plane.transData, position=place, ha="center", va="center", text=letter, visible=False)
    trail = plots.trail(plane, markersize=4, linewidth=1.5)
    texts = ["A", "B", "C", "D", "another", "not yet", "diverged"]
    bars = shares.bar(texts, [0] * len(texts), color=colors, edgecolor=style.INK, linewidth=0.8, animated=True)
    shares.set(ylim=(0, 100), ylabel="% of the starts", title="where they end")
    shares.tick_params(axis="x", labelrotation=60)
    shares.grid(False, axis="x")
    plots.step_axes(cost, 150, 1e-6, 1e4, ylabel="cost J", title="cost of your run")
    curve = plots.curve(cost, color=style.INK)
    gone = plots.note(cost, 0.95, 0.95)
    the_map = _last_kept(lambda name, rate, alpha: classify(lands[name], map_ends(lands[name], starts, rate, alpha)))

    def compute(land, learning_rate, momentum, start):
        return land, learning_rate, momentum, the_map(land, learning_rate, momentum), path(
            lands[land], start, learning_rate, momentum)  # fmt: skip

    def draw(result):
        name, rate, alpha, kinds, run = result
        land = lands[name]
        tint = colors[np.repeat(np.repeat(kinds, _FINER, axis=0), _FINER, axis=1)]
        picture.set_data(np.clip(tint * (0.7 + 0.36 * relief[name][..., None]), 0, 1))
        for other, group in letters.items():
            for text in group:
                text.set_visible(other == name)
        trail.set(run.theta)
        curve.set_data(run.steps, np.maximum(run.loss, 1e-12))
        gone.set_text(plots.diverged_text(run))
        counts = np.bincount(kinds.ravel(), minlength=len(BASINS))
        for bar, count in zip(bars, counts, strict=True):
            bar.set_height(100 * count / kinds.size)
        sharpest = np.linalg.eigvalsh(land.hessian(land.minima))[:, -1]
        reached = int(np.count_nonzero(counts[: len(land.minima)]))
        return [
            Row(f"marked minima that can hold a run: ελₙ < 2(1 + α), of {len(sharpest)}",
                int(np.count_nonzero(rate * sharpest < 2 * (1 + alpha))), reached, atol=0),
            Row("largest ε at which all of them can", 2 * (1 + alpha) / float(sharpest.max())),
            Row(f"starts that reach {', '.join('ABCD'[: len(sharpest)])}, %", None,
                ", ".join(f"{100 * count / kinds.size:.1f}" for count in counts[: len(sharpest)])),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "land": choice("landscape", list(lands)),
            "learning_rate": log_slider("ε learning rate", 0.0005, 0.04, 0.004),
            "momentum": slider("α momentum", 0, 0.95, 0.0),
            "start": point(plane, (-0.5, -1.0)),
        },
        description="Left: a landscape from above, lit from the upper left, every point coloured by the minimum that "
        "a run started there reaches; one run is drawn. Middle: the share of the starts that end at each minimum. "
        "Right: the cost of the drawn run by step.",
        presets={
            "small ε": {},
            "ε = 0.014: fringes": {"learning_rate": 0.014},
            "ε = 0.016: C repels": {"learning_rate": 0.016},
            "momentum": {"momentum": 0.9, "learning_rate": 0.002},
            "Rastrigin": {"land": "Rastrigin", "learning_rate": 0.001},
            "Rastrigin, large ε and α": {"land": "Rastrigin", "learning_rate": 0.006, "momentum": 0.9},
        },
    )


def steps_to_cross(trajectory, x=3.0):
    """The recorded step at which each run is first at θ₁ >= x, shape (...); NaN for a run that never is."""
    there = trajectory.theta[..., 0] >= x
    return np.where(there.any(axis=0), trajectory.steps[there.argmax(axis=0)], np.nan)


@style.applied()
def wrong_side(run, hill, mountain, num_steps=500):
    """8.2.7, Figure 8.4: a mountain without a minimum behind it, in one dimension and in two.

    run(landscape, starts, learning_rate, momentum) -> Trajectory of num_steps steps, every one of them recorded.
    hill, mountain: the landscapes in one and in two dimensions.
    """
    row_starts = np.linspace(-4, 4, 24)
    grid = plots.grid(mountain.bounds, 26)  # an even number: no start exactly behind the mountain
    stage = Stage(1000, 430, columns=2, width_ratios=[1, 1.1])
    line, plane = stage.axes
    x = np.linspace(-12, 22, 500)
    line.plot(x, hill.loss(x[:, None]), color=style.INK, linewidth=2)
    for side, at in ((-1, -6), (1, 14)):
        limit = -side * 0.8 * np.pi / 4
        line.plot([0, side * 25], [limit, limit], color="#9ca3af", linestyle=":")
        line.text(at, limit - 0.09, "never reached", color=style.GREY, ha="center")
    line.set(xlim=(-12, 22), ylim=(-0.8, 1.15), xlabel="θ", ylabel="cost J", title="one dimension: 24 starts")
    for marker, color, at in (("o", style.VERMILION, row_starts[row_starts < 0]),
                              ("^", style.BLUE, row_starts[row_starts > 0])):  # fmt: skip
        line.plot(at, hill.loss(at[:, None]), marker, markersize=6, color="white", markeredgecolor=color)
    lost = plots.marks(line, marker="o", color=style.VERMILION, size=10)
    saved = plots.marks(line, marker="^", color=style.BLUE, size=11)
    for marker, color, text in (("o", style.VERMILION, "started left"), ("^", style.BLUE, "started right")):
        line.plot([], [], marker, color=color, markersize=9, label=text)
    line.legend(loc="upper right")
    lost_note = plots.note(line, 0.03, 0.97)

    land_bounds = mountain.bounds
    times = plots.heat(plane, (*land_bounds[0], *land_bounds[1]), cmap=style.RATE.with_extremes(bad="#e8b9a0"), vmin=1,
                       vmax=np.log10(num_steps))  # fmt: skip
    points = plots.grid(land_bounds, 90)
    levels = [-0.5, -0.35, -0.15, 0, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9]
    rings = plane.contour(points[..., 0], points[..., 1], mountain.loss(points), levels, colors="#374151",
                          linewidths=0.6, linestyles="solid")  # fmt: skip
    rings.set_animated(True)
    rings.set_zorder(2)
    plane.plot([3, 3], land_bounds[1], color=style.GREEN, linewidth=2.5, linestyle="--", animated=True, zorder=3)
    plots.note(plane, 0.97, 0.04, color=style.GREEN).set_text("goal")
    plane.set(xlim=land_bounds[0], ylim=land_bounds[1], xlabel="θ₁", ylabel="θ₂")
    plane.set_title("two dimensions: steps to the goal, from each start")
    bar = stage.figure.colorbar(times, ax=plane, label=f"steps (red: more than {num_steps})")
    bar.set_ticks(np.log10([10, 30, 100, 300]), labels=["10", "30", "100", "300"])
    trail = plots.trail(plane, markersize=2.5, linewidth=1.5)
    many = _last_kept(lambda rate, alpha: (
        run(hill, row_starts[:, None], rate, alpha), steps_to_cross(run(mountain, grid, rate, alpha))
    ))  # fmt: skip

    def compute(learning_rate, momentum, start):
        return learning_rate, momentum, *many(learning_rate, momentum), run(mountain, start, learning_rate, momentum)

    def draw(result, step):
        rate, alpha, row, needed, yours = result
        now = row.theta[step, :, 0]
        left = row_starts < 0
        for marks, chosen in ((lost, left), (saved, ~left)):
            marks.set_data(np.clip(now[chosen], -11.8, 21.8), hill.loss(now[chosen, None]))
        lost_note.set_text(f"{int((now < 0).sum())} of {len(now)} lost")
        times.set_data(np.ma.masked_invalid(np.log10(np.maximum(needed, 10))))
        arrived = steps_to_cross(yours)
        last = int(arrived) if np.isfinite(arrived) else num_steps
        trail.set(yours.theta[: last + 1], step)
        way = yours.theta[: last + 1]
        length = float(np.linalg.norm(np.diff(way, axis=0), axis=1).sum())
        straight = float(np.linalg.norm(way[-1] - way[0]))
        drop = float(yours.loss[0] - yours.loss[last])
        ends = row.theta[-1, :, 0]
        tail = theory_8_2b.tail_distance(float(row.theta[0, 0, 0]), rate / (1 - alpha), 0.8, num_steps)
        least = length**2 / (rate * drop) if alpha == 0 and drop > 0 and rate > 0 else None
        return [
            Row("one dimension: starts that end on the wrong side", int(left.sum()), int((ends < 0).sum()), atol=0),
            Row("how far left the leftmost has rolled, of a way without end", tail, float(-ends[0]), rtol=0.05),
            Row("two dimensions: steps of your run to the goal; theory: at least L²/(ε ΔJ)", least,
                last if np.isfinite(arrived) else f"not in {num_steps}"),
            Row("its length L over the straight distance", None, length / straight if straight > 0 else np.nan),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε learning rate", 0.05, 1, 0.4),
            "momentum": slider("α momentum", 0, 0.9, 0.0),
            "start": point(plane, (-1.2, 0.1)),
        },
        description="Left: a mountain between two plains in one dimension; all runs that start left of the summit roll "
        "away to the left, those right of it to the right. Right: the mountain in two dimensions from above, coloured "
        "by how many steps a run from each point needs to a goal line on the right; a path goes round the mountain.",
        presets={
            "behind the mountain": {},
            "on the wrong side, far out": {"start": [-3.0, 0.02]},
            "exactly behind it": {"start": [-1.2, 0.0]},
            "momentum 0.9": {"momentum": 0.9},
            "on the right side": {"start": [0.3, 0.1]},
        },
        num_steps=num_steps,
    )
