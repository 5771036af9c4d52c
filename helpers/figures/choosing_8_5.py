"""The figures of lesson 8.5.4, choosing a method: a race from a start that the reader clicks, and valleys of good
rates.
"""

import numpy as np

from helpers import plots, style
from helpers.controls import choice, int_slider, log_slider, pad, point, slider, switch
from helpers.explorer import Explorer
from helpers.readout import Row, number_text
from helpers.stage import Stage
from helpers.theory_8_5 import first_step, valley_width

NAMES = {
    "sgd": "SGD",
    "momentum": "momentum",
    "nesterov": "Nesterov",
    "adagrad": "AdaGrad",
    "rmsprop": "RMSProp",
    "rmsprop_nesterov": "RMSProp + Nesterov",
    "adadelta": "AdaDelta",
    "adam": "Adam",
}
# What each method's first step depends on, at the defaults that the race uses.
DEFAULTS = {
    "adagrad": {"delta": 1e-7},
    "rmsprop": {"rho": 0.9, "delta": 1e-6},
    "rmsprop_nesterov": {"rho": 0.9, "delta": 1e-6},
    "adadelta": {"rho": 0.95, "delta": 1e-6},
    "adam": {"delta": 1e-8},
}


def _line_look(name):
    return {key: style.METHOD[name][key] for key in ("color", "linestyle")}


@style.applied()
def race(compute, grounds, num_steps=150):
    """8.5.4: compute(ground, fair, learning_rate, start, **{method: whether it runs}) -> (landscape, {method: (ε,
    run)}).

    grounds: dict of name → Landscape of two parameters; the first is shown at the beginning.
    """
    stage = Stage(1000, 740, columns=2, rows=2, width_ratios=[1, 1])
    (land, cost), (rates_1, rates_2) = stage.axes
    first = next(iter(grounds.values()))
    drawn = {"ground": first, "artists": _ground(land, first)}
    trails = {name: plots.trail(land, name, markersize=3, linewidth=1.5) for name in NAMES}
    plots.step_axes(cost, num_steps, *_limits(first), title="cost above the lowest seen")
    cost.set_ylabel("J − lowest J on the map")
    for axes, name in ((rates_1, "θ₁"), (rates_2, "θ₂")):
        plots.step_axes(axes, num_steps, 1e-6, 1e3, ylabel="", title=f"effective rate of {name}")
    lines = {
        name: [plots.curve(axes, linewidth=2, **_line_look(name)) for axes in (cost, rates_1, rates_2)]
        for name in NAMES
    }
    for name, text in NAMES.items():
        rates_2.plot([], [], label=text, **_line_look(name), marker=style.METHOD[name]["marker"])
    stage.figure.legend(loc="outside upper center", ncols=4)
    gone = plots.note(land, 0.02, 0.98, ha="left", va="top")
    first_now = plots.note(cost, 0.98, 0.97, color=style.INK)

    def draw(result, step):
        ground, runs = result
        if ground is not drawn["ground"]:  # the map itself is part of the background
            for artist in drawn["artists"]:
                artist.remove()
            drawn.update(ground=ground, artists=_ground(land, ground))
            cost.set_ylim(_limits(ground))
            stage.stale = True
        lowest = _lowest(ground)
        for name in NAMES:
            run = runs[name][1] if name in runs else None
            trails[name].set(run.theta if run else np.empty((0, 2)), step)
            for line in lines[name]:
                line.set_data([], [])
            if run is None:
                continue
            k = np.arange(step + 1)
            lines[name][0].set_data(k, np.maximum(run.loss[: step + 1] - lowest, 1e-300))
            rate = run.variables.get("effective_rate", np.full(run.theta.shape, runs[name][0]))
            for axis in (0, 1):
                lines[name][axis + 1].set_data(k[1:], rate[1 : step + 1, axis])
        costs = {name: run.loss[step] for name, (_, run) in runs.items() if np.isfinite(run.loss[step])}
        leader = min(costs, key=costs.get, default=None)
        first_now.set_text(f"lowest now: {NAMES[leader]}" if leader else "")
        gone.set_text(
            "\n".join(f"{NAMES[name]}: {plots.diverged_text(run)}" for name, (_, run) in runs.items() if run.diverged)
        )
        return [row for name, (rate, run) in runs.items() for row in _race_rows(name, rate, run)] or [
            Row("nobody runs: tick a method")
        ]

    options = {name: name for name in grounds}
    on = ("sgd", "momentum", "adagrad", "rmsprop", "adam")
    return Explorer(
        stage,
        compute,
        draw,
        {
            "ground": choice("landscape", options),
            "learning_rate": log_slider("ε one for all, if not its best", 1e-4, 1, 0.01),
            "fair": switch("each method with its best ε for this start", True),
            "start": point(land, first.start),
            **{name: switch(text, name in on) for name, text in NAMES.items()},
        },
        description="From above, a landscape with the paths of several methods from one start that the reader "
        "chooses; beside it "
        "their costs against the step, and below the effective learning rates of both coordinates: constant for "
        "the methods of "
        "lesson 8.3, changing from step to step for the adaptive ones.",
        presets={
            "Rosenbrock's valley": {},
            "a saddle": {"ground": "saddle", "start": [-1.5, 0.001]},
            "a plateau": {"ground": "plateau", "start": [-3.2, 1.6]},
            "a cliff": {"ground": "cliff", "start": [5.3, -2.9], "fair": False, "learning_rate": 0.1},
            "many minima": {"ground": "Rastrigin", "start": [3.7, -2.8]},
            "one ε for all": {"fair": False, "learning_rate": 0.001},
        },
        num_steps=num_steps,
    )


def _ground(axes, landscape):
    """Draw the landscape into the axes; return the artists that have to go when another one comes."""
    before = set(axes.get_children())
    with style.applied():
        plots.cost_map(axes, landscape)
        axes.set_title(landscape.name)
    return [artist for artist in axes.get_children() if artist not in before]


def _lowest(landscape):
    """The lowest cost on the map or at a known minimum: what the paths are measured against."""
    costs = landscape.loss(plots.grid(landscape.bounds)).ravel()
    return float(np.concatenate([costs, landscape.loss(landscape.minima)]).min())


def _limits(landscape):
    costs = landscape.loss(plots.grid(landscape.bounds))
    return 1e-8, 3 * float(costs.max() - costs.min())


def _race_rows(name, rate, run):
    """The first step, computed from the gradient alone. (The costs at the end stand in the picture: where a run is near
    the edge of stability, their digits differ from machine to machine.)
    """
    g = run.gradient[1]
    if not np.isfinite(g).all():
        return [Row(f"{NAMES[name]}, ε = {rate:.2g}", None, plots.diverged_text(run))]
    expected = np.linalg.norm(first_step(name, g, learning_rate=rate, **DEFAULTS.get(name, {})))
    length = np.linalg.norm(run.theta[1] - run.theta[0])
    return [Row(f"{NAMES[name]}, ε = {rate:.2g}: length of its first step", float(expected), float(length),
                rtol=1e-6, atol=1e-12)]  # fmt: skip


@style.applied()
def rate_valleys(compute, rates, num_steps=300):
    """8.5.4: final cost against ε for every method. compute(ground, noise, num_steps) -> dict, see draw."""
    stage = Stage(1000, 480, columns=2, width_ratios=[1.5, 1])
    valley, widths = stage.axes
    _valley_axes(valley, rates, (1e-8, 1e3), "mean cost at the end")
    lines, bars = _valley_artists(valley, widths, rates)
    level = plots.curve(valley, color=style.VERMILION, linewidth=1.2)
    edge = plots.curve(valley, **style.THEORY)
    limit_name = plots.note(valley, 0.02, 0.02, fontsize=12)

    def draw(r):
        low, high = valley.get_ylim()
        limit = r["share"] * r["start"]
        level.set_data(valley.get_xlim(), [limit] * 2)
        for name, line in lines.items():
            line.set_data(rates, np.clip(r["costs"][name], low, 10 * high))
        _draw_bars(bars, rates, r["costs"], limit)
        limit_name.set_text(f"good: below {number_text(float(f'{limit:.3g}'))}")
        rows = []
        if r["edge"] is not None:
            edge.set_data([r["edge"]] * 2, [low, high])
            rows.append(
                Row(
                    "SGD grows from the first ε on that is above 2/λₙ",
                    _next(rates, r["edge"]),
                    r["grows_from"],
                    rtol=1e-9,
                )
            )
        else:
            edge.set_data([], [])
        return rows + _width_rows(rates, r["costs"], limit)

    return Explorer(
        stage,
        compute,
        draw,
        {
            "ground": choice(
                "landscape", ["bowl, κ = 100", "bowl at 45°, κ = 100", "Rosenbrock", "Himmelblau", "Beale", "plateau"]
            ),
            "noise": slider("σ gradient noise", 0, 2, 0, step=0.05),
            "num_steps": int_slider("T budget of steps", 10, num_steps, 100, step=10),
            "share": log_slider("good: cost below this share of J(θ₀)", 1e-6, 0.5, 0.01),
        },
        description="Left: the mean cost at the end of a fixed budget against the learning rate, one curve per "
        "method, both axes "
        "logarithmic: each is a valley with a steep wall on its right. Right: the span of learning rates that end "
        "below the "
        "chosen share of the first cost; wide bars are forgiving methods.",
        presets={
            "no noise": {},
            "noise": {"noise": 0.5},
            "short budget": {"num_steps": 20},
            "turned by 45°": {"ground": "bowl at 45°, κ = 100"},
            "Rosenbrock": {"ground": "Rosenbrock"},
            "plateau": {"ground": "plateau"},
        },
    )


@style.applied()
def digits_valleys(compute, rates, num_epochs):
    """8.5.4: the same on the digits net. compute(epoch, limit, learning_rate) -> dict, see draw."""
    stage = Stage(1000, 760, columns=2, rows=2, width_ratios=[1.5, 1])
    (valley, widths), (course, spare) = stage.axes
    course.set_subplotspec(course.get_gridspec()[1, :])
    spare.remove()
    _valley_axes(valley, rates, (0.03, 5), "mean training cost at the end")
    lines, bars = _valley_artists(valley, widths, rates)
    level = plots.curve(valley, color=style.VERMILION, linewidth=1.2)
    here = plots.curve(valley, color=style.GREY, linewidth=1.2)
    plots.step_axes(
        course, num_epochs, 0.03, 5, ylabel="training cost", xlabel="epoch", title="training at the chosen ε"
    )
    courses = {
        name: plots.curve(course, linewidth=2, marker=style.METHOD[name]["marker"], markersize=6, **_line_look(name))
        for name in NAMES
    }
    told = plots.note(course, 0.98, 0.95, color=style.INK)

    def draw(r):
        level.set_data(valley.get_xlim(), [r["limit"]] * 2)
        here.set_data([r["learning_rate"]] * 2, valley.get_ylim())
        for name, line in lines.items():
            line.set_data(rates, np.minimum(r["costs"][name], 50))
            courses[name].set_data(np.arange(num_epochs + 1), np.minimum(r["courses"][name], 50))
        _draw_bars(bars, rates, r["costs"], r["limit"])
        told.set_text(f"ε = {r['learning_rate']:.3g}")
        rows = [
            Row(f"{NAMES[name]}: change of the cost in its first step, ε = {r['probe']:g}", *pair, rtol=0.02)
            for name, pair in r["first"].items()
        ]
        return rows + _width_rows(rates, r["costs"], r["limit"])

    return Explorer(
        stage,
        compute,
        draw,
        {
            "learning_rate": log_slider("ε to look at", float(rates[0]), float(rates[-1]), 0.01, steps_per_decade=4),
            "limit": log_slider("good: training cost below", 0.03, 5, 0.5),
            "epoch": int_slider("budget in epochs", 1, num_epochs, num_epochs),
            "plane": pad(valley, "learning_rate", "limit"),
        },
        description="Left: the training cost of a network on real digits after a fixed number of epochs against "
        "the learning rate, "
        "one curve per method. Right: the span of learning rates that end below the chosen cost. Below: the "
        "course of training of "
        "every method at the learning rate chosen.",
        presets={
            "whole budget": {},
            "one epoch": {"epoch": 1, "limit": 1.0},
            "every method at ε = 0.001": {"learning_rate": 0.001},
            "every method at ε = 1": {"learning_rate": 1.0},
            "a strict limit": {"limit": 0.1},
        },
    )


def _valley_axes(axes, rates, limits, ylabel):
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set(
        xlim=(rates[0], rates[-1]), ylim=limits, xlabel="ε learning rate", ylabel=ylabel, title="valleys of good rates"
    )


def _valley_artists(valley, widths, rates):
    """A live curve and a live bar for every method."""
    widths.set_xscale("log")
    widths.set(
        xlim=(rates[0], rates[-1]),
        ylim=(len(NAMES) - 0.4, -0.6),
        xlabel="ε learning rate",
        title="good rates, width in decades",
    )
    widths.set_yticks(range(len(NAMES)), labels=list(NAMES.values()))
    widths.grid(axis="y", visible=False)
    lines, bars = {}, {}
    for row, name in enumerate(NAMES):
        look, marker = _line_look(name), style.METHOD[name]["marker"]
        lines[name] = plots.curve(valley, linewidth=2, marker=marker, markersize=6, markevery=(row, 8), **look)
        bar = plots.curve(widths, color=look["color"], linewidth=9, solid_capstyle="butt", marker=marker, markersize=11)
        text = widths.text(rates[0], row, "", va="center_baseline", animated=True, fontsize=12, zorder=5)
        bars[name] = (bar, text, row)
    return lines, bars


def _draw_bars(bars, rates, costs, limit):
    for name, (bar, text, row) in bars.items():
        width, low, high = valley_width(rates, costs[name], limit)
        half = (rates[1] / rates[0]) ** 0.5
        bar.set_data([low / half, high * half], [row, row])
        text.set_text(f"  {width:.2f}  " if width else "  none")
        right = high * half if width else rates[0]
        inside = right < rates[-1] / 8  # beside the bar, or before it where there is no room
        text.set_x(1.2 * right if inside else max(low / half / 1.2, rates[0] * 1.01))
        text.set_ha("left" if inside or low / half < rates[0] * 8 else "right")


def _width_rows(rates, costs, limit):
    rows = []
    for name in NAMES:
        width, low, high = valley_width(rates, costs[name], limit)
        finite = np.isfinite(costs[name])
        best = rates[np.nanargmin(np.where(finite, costs[name], np.inf))] if finite.any() else np.nan
        text = f"{width:.2f} decades, ε from {low:.2g} to {high:.2g}; best {best:.2g}" if width else "no ε is good"
        rows.append(Row(f"{NAMES[name]}: width of its valley", None, text))
    return rows


def _next(rates, edge):
    """The first rate of the sweep beyond the edge."""
    above = rates[rates > edge]
    return float(above[0]) if len(above) else "none"
