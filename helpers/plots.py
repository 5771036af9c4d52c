"""Drawing: each function takes the axes first and returns the artists it made.

Backgrounds (`cost_map`, `step_axes`) are drawn once. Live artists (`trail`, `curve`, `marks`, `arrows`, `note`,
`heat`) are made once, empty,
with ``animated=True``, and have a `set` that gives them new data: a Stage draws them at every change.
"""

import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator, NullLocator

from helpers import checks, style

_FAR = 30.0  # how many widths of the picture away a diverging path is still followed


def grid(bounds, resolution=160):
    """Points over a rectangle ((x0, x1), (y0, y1)), shape (resolution, resolution, 2), the first axis being y."""
    (x0, x1), (y0, y1) = bounds
    x, y = np.meshgrid(np.linspace(x0, x1, resolution), np.linspace(y0, y1, resolution))
    return np.stack([x, y], axis=-1)


def cost_map(axes, landscape, levels=14, resolution=160, minima=True):
    """The landscape from above: bands between contours, dark where the cost is low.

    The levels lie at quantiles of the cost over the picture, more of them low down: so they tell the shape of a
    steep cliff and
    of a flat valley alike, and bands between neighbouring lines are not equally high.

    Returns: the filled contours.
    """
    points = grid(landscape.bounds, resolution)
    cost = landscape.loss(points)
    at = np.unique(np.quantile(cost, np.linspace(0, 1, checks.integer("levels", levels, minimum=2)) ** 1.5))
    bands = axes.contourf(
        points[..., 0], points[..., 1], cost, at, cmap=style.COST, norm=BoundaryNorm(at, style.COST.N)
    )
    axes.contour(points[..., 0], points[..., 1], cost, at[1:-1], colors="#5b7a94", linewidths=0.7)
    if minima and len(landscape.minima):
        axes.plot(*landscape.minima.T, "*", color="white", markeredgecolor=style.INK, markersize=15, zorder=2)
    axes.set(xlim=landscape.bounds[0], ylim=landscape.bounds[1], xlabel="θ₁", ylabel="θ₂")
    axes.grid(False)
    return bands


def step_axes(axes, num_steps, low, high, ylabel="cost J(θ)", xlabel="step k", log=True, log_steps=False, title=None):
    """Axes for a quantity against the step, with fixed limits so that nothing jumps.

    The quantity is on a logarithmic axis unless `log` is False; the steps are too if `log_steps`, from 1 on.
    """
    if log_steps:
        axes.set_xscale("log")
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_minor_locator(NullLocator())
    axes.set(xlim=(1 if log_steps else 0, num_steps), ylim=(low, high), xlabel=xlabel, ylabel=ylabel)
    if xlabel != "step k" and not log_steps:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if title:
        axes.set_title(title)


def legend_above(axes, columns=3):
    """A legend above the axes, where no live line can run through it."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=columns, frameon=False, columnspacing=1.2,
                borderaxespad=0.2, handlelength=1.8)  # fmt: skip


def curve(axes, label=None, **look):
    """A live line; give it data with ``line.set_data(x, y)``."""
    return axes.plot([], [], label=label, animated=True, **look)[0]


def within(axes, x, y):
    """The same points with those very far outside of the axes moved to a far distance: a renderer must not meet
    1e300.
    """
    out = []
    for values, (low, high), scale in zip(
        (x, y), (axes.get_xlim(), axes.get_ylim()), (axes.get_xscale(), axes.get_yscale()), strict=True
    ):
        values = np.array(values, dtype=float)
        if scale == "linear":
            far = _FAR * abs(high - low)
            values = np.clip(values, min(low, high) - far, max(low, high) + far)
        out.append(values)
    return out


class Trail:
    """A live path: its line with a dot at every step, a ring at the start, a larger mark where it is now."""

    def __init__(self, axes, label=None, markersize=4, linewidth=1.8, **look):
        self.axes = axes
        look = {"color": style.INK, "linestyle": "-", "marker": "o", **look}
        color, marker = look["color"], look["marker"]
        # The line is drawn apart from its markers, so that its dashes stay visible.
        self.line = axes.plot(
            [], [], color=color, linestyle=look["linestyle"], linewidth=linewidth, animated=True, zorder=4
        )[0]
        self.dots = axes.plot(
            [], [], color=color, linestyle="none", marker=marker, markersize=markersize, animated=True, zorder=5
        )[0]
        self.start = axes.plot(
            [],
            [],
            "o",
            markersize=11,
            markerfacecolor="white",
            markeredgecolor=color,
            markeredgewidth=2.5,
            animated=True,
            zorder=6,
        )[0]
        self.head = axes.plot(
            [],
            [],
            color=color,
            marker=marker,
            markersize=10,
            markeredgecolor="white",
            markeredgewidth=1.5,
            linestyle="none",
            animated=True,
            zorder=7,
        )[0]
        if label:  # a legend entry that shows line and marker together, drawn with the background
            axes.plot([], [], color=color, linestyle=look["linestyle"], marker=marker, markersize=6, label=label)

    def set(self, theta, step=None):
        """Show the states up to and with `step` (all if None): theta of shape (T+1, 2)."""
        theta = np.asarray(theta)[: None if step is None else step + 1]
        theta = theta[np.isfinite(theta).all(axis=1)]
        x, y = within(self.axes, theta[:, 0], theta[:, 1])
        self.line.set_data(x, y)
        self.dots.set_data(x, y)
        self.start.set_data(x[:1], y[:1])
        self.head.set_data(x[-1:], y[-1:])

    @property
    def artists(self):
        return [self.line, self.dots, self.start, self.head]


def trail(axes, method=None, label=None, **look):
    """A live path in the look of a method (helpers.style.METHOD), or in your own."""
    known = style.METHOD[checks.choice("method", method, list(style.METHOD))] if method is not None else {}
    return Trail(axes, label=label, **{**known, **look})


class Arrows:
    """Live arrows from points along vectors, drawn as one line with dots at the tips."""

    def __init__(self, axes, label=None, color=style.INK):
        self.axes = axes
        self.shafts = axes.plot([], [], color=color, linewidth=1.6, animated=True, zorder=3)[0]
        self.tips = axes.plot(
            [], [], color=color, marker="D", markersize=3.5, linestyle="none", animated=True, zorder=3
        )[0]
        if label:
            axes.plot([], [], color=color, linewidth=1.6, marker="D", markersize=4, label=label)

    def set(self, points, vectors):
        """Arrows from `points` (T, 2) to `points` + `vectors`."""
        points, tips = np.asarray(points, float), np.asarray(points, float) + vectors
        keep = np.isfinite(points).all(axis=1) & np.isfinite(tips).all(axis=1)
        points, tips = points[keep], tips[keep]
        gaps = np.full_like(points, np.nan)
        x, y = within(self.axes, *np.stack([points, tips, gaps], axis=1).reshape(-1, 2).T)
        self.shafts.set_data(x, y)
        self.tips.set_data(*within(self.axes, *tips.T))


def arrows(axes, label=None, color=style.INK):
    """Live arrows; see Arrows."""
    return Arrows(axes, label, color)


def marks(axes, label=None, marker="X", color=style.VERMILION, size=13, **look):
    """Live single points, with a white edge; give them data with ``points.set_data(x, y)``."""
    return axes.plot(
        [],
        [],
        marker=marker,
        linestyle="none",
        color=color,
        markersize=size,
        markeredgecolor="white",
        markeredgewidth=1.5,
        label=label,
        animated=True,
        zorder=8,
        **look,
    )[0]


def note(axes, x=0.03, y=0.03, color=style.VERMILION, **look):
    """A live line of text at a place in the axes, (0, 0) bottom left to (1, 1) top right; ``text.set_text("…")``."""
    look = {
        "fontsize": 14,
        "fontweight": "bold",
        "va": "bottom" if y < 0.5 else "top",
        "ha": "left" if x < 0.5 else "right",
        **look,
    }
    return axes.text(
        x,
        y,
        "",
        transform=axes.transAxes,
        color=color,
        animated=True,
        zorder=9,
        path_effects=[withStroke(linewidth=4, foreground="white")],
        **look,
    )


def heat(axes, extent, cmap=style.RATE, vmin=0.0, vmax=1.0):
    """A live picture of values over a rectangle (x0, x1, y0, y1), lowest row first; ``image.set_data(values)``."""
    image = axes.imshow(
        np.zeros((2, 2)),
        extent=extent,
        origin="lower",
        aspect="auto",
        cmap=cmap,
        vmin=vmin,
        vmax=vmax,
        interpolation="none",
        animated=True,
        zorder=0,
    )
    axes.grid(False)
    return image


def diverged_text(trajectory):
    """ "diverged at step k" for a single run that did, else an empty text."""
    return f"diverged at step {int(trajectory.diverged_at)}" if trajectory.diverged else ""
