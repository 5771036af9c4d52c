"""The figures of lesson 8.4 on the scale of the weights. Each takes the compute function that stands in the
notebook.
"""

from functools import cache

import numpy as np

from helpers import plots, style
from helpers import theory_8_4 as theory
from helpers.controls import choice, int_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

RULES = {
    "glorot": ("U(±√(6/(m + n))), Glorot", {"color": style.GREEN, "linestyle": "-", "marker": "o"}),
    "slip": ("U(±6/√(m + n)), as some notes print it", {"color": style.VERMILION, "linestyle": "--", "marker": "s"}),
    "fan_in": ("U(±1/√m)", {"color": style.BLUE, "linestyle": "-.", "marker": "^"}),
    "orthogonal": ("orthogonal", {"color": style.PURPLE, "linestyle": ":", "marker": "D"}),
}
_SIGNED = "RdBu_r"


@style.applied()
def linear_chain(compute, max_depth=50):
    """A chain of linear layers. compute(depth, width, gain) -> dict of rule -> lengths of the signal, shape (depth
    + 1,).
    """
    stage = Stage(1000, 430, columns=2, width_ratios=[1.5, 1])
    chain, bars = stage.axes
    plots.step_axes(chain, max_depth, 1e-14, 1e22, ylabel="length of the signal / length of the input", xlabel="layer",
                    title="how long the signal is after each layer")  # fmt: skip
    lines, dots = {}, {}
    for rule, (label, look) in RULES.items():
        lines[rule] = plots.curve(chain, **{**style.THEORY, "color": look["color"], "linewidth": 1.5})
        dots[rule] = plots.curve(chain, markersize=4, **look)
        chain.plot([], [], label=label, markersize=6, **look)
    chain.plot([], [], label="dotted on: theory", **{**style.THEORY, "linewidth": 1.5})
    chain.legend(loc="upper left")
    bars.set(xlim=(0, 3), ylim=(-0.6, 3.6), xlabel="factor per layer", title="one layer multiplies it by")
    bars.set_yticks(range(4), ["Glorot", "slip", "1/√m", "orthogonal"])
    bars.axvline(1, color=style.GREY, linewidth=1)
    bars.invert_yaxis()
    at = {rule: plots.marks(bars, marker=look["marker"], color=look["color"]) for rule, (_, look) in RULES.items()}
    ticks = plots.marks(bars, marker="|", color=style.INK, size=30, label="theory: √(m Var W)")
    ticks.set_markeredgecolor(style.INK)
    ticks.set_zorder(3)
    numbers = {rule: plots.note(bars, 0.97, 0.88 - 0.24 * k, color=look["color"], fontsize=13, va="center", ha="right")
               for k, (rule, (_, look)) in enumerate(RULES.items())}  # fmt: skip

    everywhere = np.arange(max_depth + 1)

    def draw(run):
        rows, factors = [], []
        for rule in RULES:
            length = run["lengths"][rule]
            layers = np.arange(len(length))
            factor = np.sqrt(run["width"] * theory.weight_variance(rule, run["width"], run["width"], run["gain"]))
            measured = theory.factor_per_layer(length)
            lines[rule].set_data(everywhere, factor**everywhere)
            dots[rule].set_data(layers, length)
            at[rule].set_data([measured], [list(RULES).index(rule)])
            numbers[rule].set_text(f"{measured:.3f}")
            factors.append(factor)
            rows.append(Row(f"{RULES[rule][0].split(', as')[0]}: factor per layer", float(factor), measured, rtol=0.03))
        ticks.set_data(factors, range(4))
        return rows

    return Explorer(
        stage, compute, draw,
        {
            "depth": int_slider("layers", 1, max_depth, 20),
            "width": choice("width m = n", [16, 64, 256], 256),
            "gain": slider("gain", 0.2, 1.2, 1.0),
        },
        description="The length of a signal after each of many linear layers on a logarithmic axis, for four "
        "rules: with "
        "Glorot's and with orthogonal weights it stays, with U(±1/√m) it vanishes, and with the misprinted rule "
        "without "
        "the root it explodes. Beside it, the factor of one layer.",
        presets={"50 layers": {"depth": 50}, "narrow: m = n = 16": {"width": 16, "depth": 50}},
    )  # fmt: skip


@cache
def _factor_curve(activation):
    """√χ over a grid of gains; a cache, since every slider but the menu leaves it as it is."""
    gains = np.linspace(0.05, 3.2, 64)
    return gains, np.sqrt(theory.gradient_factor(activation, gains))


@style.applied()
def edge(compute, max_depth=40):
    """Vanishing and exploding. compute(activation, gain, depth) -> dict: forward, backward, theory's pair, sweep."""
    stage = Stage(1000, 420, columns=3, width_ratios=[0.9, 1.15, 1])
    chi, norms, cost = stage.axes
    chi.set(xlim=(0, 3.2), ylim=(0, 2.4), xlabel="gain √(m Var W)", ylabel="factor per layer, √χ",
            title="a layer and the gradient")  # fmt: skip
    chi.axhline(1, color=style.INK, linewidth=1.2)
    chi.text(0.05, 1.04, "explodes", color=style.VERMILION, fontsize=13)
    chi.text(3.15, 0.96, "vanishes", color=style.BLUE, fontsize=13, va="top", ha="right")
    curve = plots.curve(chi, **style.THEORY)
    yours = plots.marks(chi, marker="o", color=style.VERMILION)
    plots.step_axes(norms, max_depth, 1e-9, 1e9, ylabel="root mean square", xlabel="hidden layer",
                    title="signals, layer by layer")  # fmt: skip
    looks = {
        "activations": {"color": style.BLUE, "linestyle": "-", "marker": "o", "markersize": 4},
        "gradients": {"color": style.VERMILION, "linestyle": "--", "marker": "s", "markersize": 4},
    }
    lines = {name: plots.curve(norms, **look) for name, look in looks.items()}
    predicted = {name: plots.curve(norms, **style.THEORY) for name in looks}
    norms.plot([], [], label="activations →", **looks["activations"])
    norms.plot([], [], label="← gradients", **looks["gradients"])
    norms.plot([], [], label="theory", **style.THEORY)
    norms.legend(loc="upper left")
    cost.set(xlim=(0, 3.2), ylim=(0.3, 3), xlabel="gain √(m Var W)", title="training cost after 4 epochs")
    cost.set_yscale("log")
    cost.set_yticks([0.3, 0.5, 1, 2, 3], ["0.3", "0.5", "1", "2", "3"])
    cost.minorticks_off()
    cost.axhline(np.log(10), color=style.GREY, linewidth=1.2)
    cost.text(3.15, np.log(10) * 1.05, "guessing: ln 10", color=style.GREY, fontsize=12, ha="right")
    swept = plots.curve(cost, color=style.GREEN, marker="o", markersize=6)
    lost = plots.marks(cost, marker="x", color=style.VERMILION, size=8)
    lost.set_markeredgecolor(style.VERMILION)
    critical = [plots.curve(axes, color=style.INK, linestyle="-.", linewidth=1.5) for axes in (chi, cost)]
    here = plots.curve(cost, color=style.VERMILION, linewidth=1.5)
    note = plots.note(cost, 0.03, 0.03, color=style.INK, fontsize=13)

    def draw(run):
        activation, gain, depth = run["activation"], run["gain"], run["depth"]
        curve.set_data(*_factor_curve(activation))
        layers = np.arange(1, depth + 1)
        for name in looks:
            lines[name].set_data(layers, np.maximum(run[name], 1e-300))
            predicted[name].set_data(layers, np.maximum(run["theory"][name], 1e-300))
        measured = theory.factor_per_layer(run["gradients"][::-1])
        expected = theory.factor_per_layer(run["theory"]["gradients"][::-1])
        yours.set_data([gain], [measured])
        gains, costs = run["sweep"]
        good = np.isfinite(costs)
        swept.set_data(gains[good], costs[good])
        lost.set_data(gains[~good], np.full((~good).sum(), 2.85))
        here.set_data([gain, gain], [0.3, 3])
        edge_at = theory.CRITICAL_GAIN[activation]
        critical[0].set_data([edge_at, edge_at], [0, 2.4])
        critical[1].set_data([edge_at, edge_at], [0.3, 3])
        best = float(gains[np.nanargmin(costs)])
        note.set_text(f"{depth} layers; edge at {edge_at:.2f}" + ("" if good.all() else "; × diverged"))
        return [
            Row("gradient: factor per layer, going back", expected, measured, rtol=0.05),
            Row("activations: factor per layer", theory.factor_per_layer(run["theory"]["activations"]),
                theory.factor_per_layer(run["activations"]), rtol=0.05),
            Row("the edge | the gain that trains best", edge_at, best, atol=0.5),
        ]  # fmt: skip

    return Explorer(
        stage, compute, draw,
        {
            "activation": choice("activation function", ["tanh", "relu", "linear"]),
            "gain": slider("gain √(m Var W)", 0.2, 3, 0.8),
            "depth": choice("hidden layers", [3, 10, 20, 40], 20),
        },
        description="Left: the factor by which a layer multiplies a back-propagated gradient against the gain of its "
        "weights; it passes 1 at an edge. Middle: activations and gradients by layer for the chosen gain, with theory. "
        "Right: the training cost after four epochs against the gain, lowest near that edge.",
        presets={
            "vanishes": {"gain": 0.6}, "at the edge": {"gain": 1.0}, "explodes": {"gain": 2.5},
            "ReLU at its edge": {"activation": "relu", "gain": 1.41}, "40 layers": {"depth": 40, "gain": 1.0},
            "3 layers": {"depth": 3},
        },
    )  # fmt: skip


@style.applied()
def sparse_units(compute):
    """k non-zero weights per unit on digits of any size. compute(num_nonzero, enlarge) -> dict: see draw."""
    stage = Stage(1000, 380, columns=3, width_ratios=[1, 1.1, 1])
    units, sizes, spread = stage.axes
    picture = plots.heat(units, (0, 3, 0, 2), cmap=_SIGNED, vmin=-1, vmax=1)
    units.set(xticks=[], yticks=[], title="six units and their weights")
    units.set_xlabel("red > 0, white 0, blue < 0")
    for edge_at in (1, 2):
        units.axvline(edge_at, color=style.INK, linewidth=1, animated=True)
    units.axhline(1, color=style.INK, linewidth=1, animated=True)
    plots.step_axes(sizes, 2000, 0.01, 60, ylabel="root mean square", log_steps=True, xlabel="m inputs (pixels)",
                    title="weighted sum z, weights W")  # fmt: skip
    sizes.set_xlim(50, 1300)
    sizes.set_xticks([64, 256, 1024], ["64", "256", "1024"])
    sizes.minorticks_off()
    m = np.array([64, 256, 576, 1024])
    looks = {
        "dense, N(0, 1): z": ({"color": style.GREY, "marker": "s", "linestyle": "--"}, lambda rms, k: rms * np.sqrt(m)),
        "dense, N(0, 1/m): W": ({"color": style.BLUE, "marker": "^", "linestyle": "-."}, lambda rms, k: 1 / np.sqrt(m)),
        "sparse: z": ({"color": style.GREEN, "marker": "o", "linestyle": "-"}, lambda rms, k: rms + 0.0 * m),
        "sparse: its non-zero W": ({"color": style.PURPLE, "marker": "D", "linestyle": ":"},
                                   lambda rms, k: 1 / np.sqrt(k) + 0.0 * m),
    }  # fmt: skip
    lines = {name: plots.curve(sizes, linewidth=1.5, color=look["color"], linestyle=look["linestyle"])
             for name, (look, _) in looks.items()}  # fmt: skip
    dots = {name: plots.marks(sizes, marker=look["marker"], color=look["color"], size=10)
            for name, (look, _) in looks.items()}  # fmt: skip
    for name, (look, _) in looks.items():
        sizes.plot([], [], label=name, **look)
    sizes.legend(loc="upper left", fontsize=12)
    sizes.set_ylim(0.01, 600)
    spread.set(xlim=(0, 2.0), ylim=(0, 0.5), xlabel="a unit's own root mean square of z", ylabel="share of units",
               title="not all units see alike")  # fmt: skip
    bins = np.linspace(0, 2, 26)
    bars = plots.curve(spread, color=style.GREEN, drawstyle="steps-mid")
    dense = plots.curve(spread, color=style.BLUE, linestyle="-.", drawstyle="steps-mid")
    spread.plot([], [], color=style.GREEN, label="sparse")
    spread.plot([], [], color=style.BLUE, linestyle="-.", label="dense, N(0, 1/m)")
    spread.legend(loc="upper right")

    def draw(run):
        k, rms = run["num_nonzero"], run["input_rms"]
        side = 8 * run["enlarge"]
        tiles = run["weights"][:, :6].T.reshape(2, 3, side, side) * np.sqrt(k) / 2
        picture.set_data(tiles[::-1, :, ::-1].transpose(0, 2, 1, 3).reshape(2 * side, 3 * side))
        here = np.flatnonzero(m == side * side)
        for name, (_, rule) in looks.items():
            values = rule(rms, k)
            lines[name].set_data(m, values)
            dots[name].set_data(m[here], [run["measured"][name]])
        middle = (bins[1:] + bins[:-1]) / 2
        for line, values in ((bars, run["unit_rms"]), (dense, run["dense_rms"])):
            line.set_data(middle, np.histogram(np.clip(values, 0, 1.999), bins)[0] / len(values))
        return [
            Row("sparse: rms of z", rms, run["measured"]["sparse: z"], rtol=0.1),
            Row("dense N(0, 1): rms of z", rms * side, run["measured"]["dense, N(0, 1): z"], rtol=0.1),
            Row("units that see only pixels never inked, %", 100 * run["blind_theory"], 100 * run["blind"], atol=6),
        ]

    return Explorer(
        stage, compute, draw,
        {
            "num_nonzero": int_slider("k non-zero weights", 1, 64, 15),
            "enlarge": choice("each pixel drawn as", {"1 × 1": 1, "2 × 2": 2, "3 × 3": 3, "4 × 4": 4}),
        },
        description="Left: the sparse weights of six units. Middle: root mean square of weighted sums and of weights "
        "against the number of inputs; with k non-zero weights neither changes. Right: how the root mean square of z "
        "differs from unit to unit, widely for small k.",
        presets={"k = 15": {}, "k = 2": {"num_nonzero": 2}, "k = 64: all": {"num_nonzero": 64},
                 "1,024 inputs": {"enlarge": 4}},
    )  # fmt: skip
