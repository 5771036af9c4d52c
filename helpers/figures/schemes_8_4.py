"""The figure of lesson 8.4 that sets all schemes side by side, drawn by seaborn."""

import numpy as np

from helpers import style
from helpers import theory_8_4 as theory
from helpers.controls import choice
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.stage import Stage

_TITLE = "left halves: first hidden layer; right halves: last; black ticks: ± rms by theory"


@style.applied()
def all_schemes(compute, schemes):
    """First against last hidden layer. compute(activation, depth, gain) -> dict: scheme -> (first, last, theory's
    pair).

    `schemes`: dict {short name for the axis: name for compute}. The distributions are the background here: seaborn
    makes
    them anew at every change, which takes a third of a second; they are what this figure is about.
    """
    import seaborn as sns  # not at the top: with pandas it takes a second and a half, and only this figure needs it

    stage = Stage(1000, 420, columns=1)
    axes = stage.axes
    names = list(schemes)
    places = np.arange(len(names))

    def violins(run, verdicts):
        pairs = [run["values"][schemes[name]] for name in names]
        few = [[layer.ravel()[:: max(1, layer.size // 600)] for layer in pair[:2]] for pair in pairs]
        data = {
            "scheme": np.concatenate([[name] * (len(a) + len(b)) for name, (a, b) in zip(names, few, strict=True)]),
            "activation a": np.clip(np.concatenate([np.r_[a, b] for a, b in few]), -2.2, 2.2),
            "hidden layer": np.concatenate([["first"] * len(a) + ["last"] * len(b) for a, b in few]),
        }
        with style.applied():
            axes.clear()
            sns.violinplot(
                data=data, x="scheme", y="activation a", hue="hidden layer", split=True, inner="quart", cut=0, ax=axes,
                density_norm="width", bw_adjust=0.6, gridsize=70, linewidth=1, gap=0.06, saturation=1,
                palette=[style.SKY, style.ORANGE],
            )  # fmt: skip
            axes.set(ylim=(-2, 2), xlabel="", ylabel="activation a")
            axes.set_title(_TITLE)
            axes.legend(loc="lower left", title="hidden layer", ncols=2)
            for layer, offset in ((0, -0.22), (-1, 0.22)):
                rms = np.array([pair[2][0][layer] for pair in pairs])
                for sign in (1, -1):
                    axes.plot(places + offset, sign * np.minimum(rms, 5), "_", color=style.INK, markersize=26,
                              markeredgewidth=2.5)  # fmt: skip
            for place, text in zip(places, verdicts, strict=True):
                axes.text(place, 1.93, text, color=style.VERMILION, fontsize=14, weight="bold", ha="center",
                          va="top")  # fmt: skip
        stage.stale = True

    def draw(run):
        rows, verdicts = [], []
        for name in names:
            first, last, (forward, _) = run["values"][schemes[name]]
            per_layer = np.sqrt(np.mean(last**2) / np.mean(first**2)) ** (1 / (run["depth"] - 1))
            rows.append(Row(f"{name}: factor per layer", theory.factor_per_layer(forward), float(per_layer), rtol=0.1))
            verdicts.append("vanishes" if per_layer < 0.85 else ("explodes" if per_layer > 1.15 else ""))
        violins(run, verdicts)
        return rows

    # The labels are there before the first distribution, so that the axes find their place with all of them on.
    axes.set_xticks(places, names)
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(-2, 2), ylabel="activation a", title=_TITLE)
    return Explorer(
        stage, compute, draw,
        {
            "activation": choice("activation function", ["tanh", "relu", "sigmoid", "linear"]),
            "depth": choice("hidden layers", [5, 10, 20], 10),
            "gain": choice("gain, on top of the scheme", [0.5, 1.0, 1.5, 2.0], 1.0),
        },
        description="Split violins, one for each scheme: the distribution of activations of a deep net on the "
        "digits in its "
        "first hidden layer, left half, and in its last, right half. Where the right half is a flat line at 0 the "
        "signal "
        "has vanished on the way.",
        presets={"tanh": {}, "ReLU": {"activation": "relu"}, "sigmoid": {"activation": "sigmoid"},
                 "linear": {"activation": "linear"}},
    )  # fmt: skip
