"""One look for every figure: the style sheet, and the colour, dash and marker by which each method is known.

The colours are from the set of Okabe and Ito (2008), chosen to stay apart for the common colour-vision
deficiencies; methods differ by
dash and marker too, so that they stay apart in grey.
"""

import contextlib
from pathlib import Path

import matplotlib
from matplotlib.colors import LinearSegmentedColormap

_HERE = Path(__file__).resolve().parent
# In the source tree res/ stands beside helpers/; a wheel carries it inside.
RESOURCES = next(folder for folder in (_HERE / "res", _HERE.parent / "res") if folder.is_dir())

INK = "#1b1f24"
GREY = "#6b7280"
BLUE = "#0072b2"
VERMILION = "#c44e00"
GREEN = "#00795a"
PURPLE = "#a3367b"
SKY = "#56b4e9"
ORANGE = "#b37700"

# One colour map for every cost: dark where the cost is low, light where it is high, evenly in lightness. It stays
# light enough for
# dark paths to stand out.
COST = LinearSegmentedColormap.from_list("cost", ["#7ba7cc", "#a9c6df", "#d0e0ed", "#eef4f8", "#ffffff"])
# For rates of convergence: from fast (dark) to no progress at all (light).
RATE = LinearSegmentedColormap.from_list("rate", ["#1d3f63", "#3f76a8", "#86b1d3", "#c9deec", "#fdfdfd"])

METHOD = {
    "sgd": {"color": INK, "linestyle": "--", "marker": "s"},
    "momentum": {"color": VERMILION, "linestyle": "-", "marker": "o"},
    "nesterov": {"color": BLUE, "linestyle": "-.", "marker": "^"},
    "adagrad": {"color": GREEN, "linestyle": "-", "marker": "D"},
    "rmsprop": {"color": PURPLE, "linestyle": "--", "marker": "v"},
    "rmsprop_nesterov": {"color": SKY, "linestyle": "-.", "marker": "<"},
    "adadelta": {"color": ORANGE, "linestyle": ":", "marker": ">"},
    "adam": {"color": GREY, "linestyle": "-", "marker": "P"},
}
THEORY = {"color": INK, "linestyle": ":", "linewidth": 2.5}

_SHEET = matplotlib.rc_params_from_file(RESOURCES / "house.mplstyle", use_default_template=False)


@contextlib.contextmanager
def applied():
    """The style sheet in force for a while; the reader's own settings come back afterwards."""
    with matplotlib.rc_context(_SHEET):
        yield
