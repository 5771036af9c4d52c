"""The figure of lesson 8.2.7 on a real net: the path of its training, seen in a plane of its own (Figure 8.2)."""

import numpy as np

from helpers import plots, style, theory_8_2b
from helpers.controls import choice, int_slider, log_slider, slider
from helpers.explorer import Explorer
from helpers.readout import Row
from helpers.relief import Relief, Surface
from helpers.stage import Stage

_FINE = 240  # points of the interpolated surface along each side
# The same heights and levels for every path, so that what is flat looks flat.
_HEIGHT = (np.log(0.03), np.log(5.0))
_LEVELS = np.log([0.03, 0.045, 0.065, 0.09, 0.13, 0.18, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 1.9, 2.25, 2.5, 3.0, 5.0])


def own_plane(path, kind="farthest"):
    """An orthonormal pair of directions in which a path can be looked at, and the point they start from.

    kind "farthest": the plane through the first state, the last one and the one farthest from the line between them;
    "principal": the two directions of largest variance, through the mean of the path.

    Arguments: path: shape (T+1, n), T >= 2, finite.
    Returns: origin (n,), axes (2, n): the path runs to the right, and its farthest point lies upwards.
    """
    chord = path[-1] - path[0]
    if kind == "principal":
        origin = path.mean(axis=0)
        axes = np.linalg.svd(path - origin, full_matrices=False)[2][:2]
        axes[0] *= -1 if axes[0] @ chord < 0 else 1
    else:
        origin = path[0]
        first = chord / max(np.linalg.norm(chord), 1e-300)
        beside = (path - origin) - np.outer((path - origin) @ first, first)
        far = beside[np.argmax(np.linalg.norm(beside, axis=1))]
        axes = np.stack([first, far / max(np.linalg.norm(far), 1e-300)])
    seen = (path - origin) @ axes[1]
    middle = (seen[0] + seen[-1]) / 2
    axes[1] *= -1 if abs(seen.min() - middle) > abs(seen.max() - middle) else 1
    return origin, axes


def _cubic(coarse, fine):
    """The matrix that takes values on `coarse` equidistant points over −1 … 1 to `fine` ones, by cubic convolution."""
    at = np.linspace(0, coarse - 1, fine)
    distance = np.abs(at[:, None] - np.arange(coarse))
    near = 1.5 * distance**3 - 2.5 * distance**2 + 1
    far = -0.5 * distance**3 + 2.5 * distance**2 - 4 * distance + 2
    weights = np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
    return weights / weights.sum(axis=1, keepdims=True)


class _Interpolated:
    """A cost known on a coarse grid over −1 … 1, made smooth, as the function of points that a Surface asks for."""

    def __init__(self, values):
        smooth = _cubic(len(values), _FINE)
        self.values = np.clip(smooth @ values @ smooth.T, values.min(), values.max())

    def __call__(self, points):
        place = np.clip((np.asarray(points, float) + 1) / 2 * (_FINE - 1), 0, _FINE - 1.000001)
        low = place.astype(int)
        part = place - low
        (j, i), (x, y) = np.moveaxis(low, -1, 0), np.moveaxis(part, -1, 0)
        v = self.values
        return (v[i, j] * (1 - x) + v[i, j + 1] * x) * (1 - y) + (v[i + 1, j] * (1 - x) + v[i + 1, j + 1] * x) * y


def look_at(path, kind, loss, resolution=25):
    """A path and the cost around it in its own plane, scaled so that the path fills most of the square −1 … 1.

    Arguments: path (T+1, n); kind: of own_plane; loss: function of theta (..., n).
    Returns: dict of points (T+1, 2) in the square, surface (a Surface), line: the cost at equal distances on the
        straight way, and of in-plane straight distance and height of the arc, in units of the parameters.
    """
    origin, axes = own_plane(path, kind)
    seen = (path - origin) @ axes.T
    middle, half = (seen.max(axis=0) + seen.min(axis=0)) / 2, 0.7 * np.ptp(seen, axis=0)
    half = np.maximum(half, 1e-3 * half.max() + 1e-12)
    grid = plots.grid(((-1, 1), (-1, 1)), resolution) * half + middle
    straight = path[0] + np.linspace(0, 1, resolution)[:, None] * (path[-1] - path[0])
    cost = loss(np.concatenate([(origin + grid @ axes).reshape(-1, path.shape[1]), straight]))
    cost = np.minimum(np.nan_to_num(cost, nan=1e3), 1e3)
    smooth = _Interpolated(np.log(cost[: resolution**2]).reshape(resolution, resolution))
    surface = Surface(smooth, bounds=((-1, 1), (-1, 1)), levels=_LEVELS, height=_HEIGHT, resolution=_FINE)
    return {
        "points": (seen - middle) / half, "surface": surface, "line": cost[resolution**2 :],
        "straight": float(np.linalg.norm(seen[-1] - seen[0])), "height": float(np.ptp(seen[:, 1])),
    }  # fmt: skip


@style.applied()
def arc_of_training(train, walk, loss):
    """8.2.7, Figure 8.2: the path of a net in its own plane, in relief and from above, and the straight way.

    train(learning_rate, momentum, batch_size) -> Trajectory, every step recorded. walk(theta, lengths) -> positions
    (T+1, n) of a random walk with these step lengths. loss: the training cost, function of theta (..., n).
    """
    stage = Stage(1000, 400, columns=3, width_ratios=[1.25, 1, 1])
    turned, above, costs = stage.axes
    relief = Relief(turned, labels=("axis 1", "axis 2", "ln J"))
    on_relief = relief.trail(color=style.VERMILION, markersize=3)
    turned.set_title("cost around the path")
    picture = plots.heat(above, (-1, 1, -1, 1))
    above.set(xlim=(-1, 1), ylim=(-1, 1), xticks=[], yticks=[], xlabel="axis 1", ylabel="axis 2")
    above.set_title("from above, axis 2 stretched")
    straight_line = plots.curve(above, color=style.INK, linewidth=1.5, linestyle="--")
    straight_line.set_zorder(3)
    trail = plots.trail(above, color=style.VERMILION, markersize=3, linewidth=1.6)
    plots.step_axes(costs, 1, 0.02, 10, ylabel="training cost J", xlabel="part of the way", title="cost on the way")
    costs.set_xticks([0, 0.5, 1])
    looks = [{"color": style.VERMILION}, {"color": style.INK, "linestyle": "--"}]
    curves = [plots.curve(costs, **look) for look in looks]
    for look, text in zip(looks, ("along the path", "straight from start to end"), strict=True):
        costs.plot([], [], label=text, **look)
    costs.legend(loc="lower left")
    gone = plots.note(costs, 0.95, 0.95)
    kept = {}

    def compute(walker, plane, learning_rate, momentum, batch_size, azimuth, elevation):
        trained, looked = (learning_rate, momentum, batch_size), (learning_rate, momentum, batch_size, walker, plane)
        if kept.get("trained") != trained:
            kept.update(trained=trained, run=train(*trained))
        if kept.get("looked") != looked:
            path = kept["run"].theta[np.isfinite(kept["run"].theta).all(axis=1)]
            lengths = np.linalg.norm(np.diff(path, axis=0), axis=1)
            if walker == "random":
                path = walk(path[0], np.full(len(lengths), lengths.mean()))
            kept.update(looked=looked, path=path, view=look_at(path, plane, loss))
        return walker, plane, kept["run"], kept["path"], kept["view"], azimuth, elevation

    def draw(result):
        walker, plane, run, path, view, azimuth, elevation = result
        relief.show(view["surface"], float(azimuth), float(elevation))
        on_relief.set(view["points"])
        if kept.get("drawn") is not view:
            kept["drawn"] = view
            picture.set_data(view["surface"].shaded(azimuth=-90.0, lines=True, strength=0.45) & 0xFC)
            kept["cost"] = loss(path) if walker == "random" else run.loss[: len(path)]
        trail.set(view["points"])
        straight_line.set_data(*view["points"][[0, -1]].T)
        steps = np.linalg.norm(np.diff(path, axis=0), axis=1)
        length = float(steps.sum())
        curves[0].set_data(np.r_[0, np.cumsum(steps)] / length, kept["cost"])
        curves[1].set_data(np.linspace(0, 1, len(view["line"])), view["line"])
        gone.set_text(plots.diverged_text(run))
        straight = float(np.linalg.norm(path[-1] - path[0]))
        random = walker == "random"
        variances = np.linalg.svd(path - path.mean(axis=0), compute_uv=False) ** 2
        shares = theory_8_2b.random_walk_shares(len(steps))
        return [
            Row("straight distance: in the full space, in the plane", straight, view["straight"],
                rtol=1e-9 if plane == "farthest" else None),
            Row("path length over straight distance; theory: steps in random directions",
                length / float(np.sqrt(np.sum(steps**2))), length / straight, rtol=0.1 if random else None),
            Row("share of variance in two principal directions; theory: random walk", float(shares.sum()),
                float(variances[:2].sum() / variances.sum()), rtol=0.05 if random else None),
            Row("height of the arc over straight distance", None, view["height"] / straight),
            Row("largest rise of the cost on the straight way", None,
                float(np.max(view["line"] - np.minimum.accumulate(view["line"])))),
        ]  # fmt: skip

    return Explorer(
        stage,
        compute,
        draw,
        {
            "walker": choice("what walks", {"the net, trained": "net", "a random walk, equal steps": "random"}),
            "plane": choice("seen in the plane of", {"start, end, farthest point": "farthest",
                                                    "two principal directions": "principal"}),
            "learning_rate": log_slider("ε learning rate", 0.02, 1, 0.3),
            "momentum": slider("α momentum", 0, 0.95, 0.0),
            "batch_size": choice("m minibatch size", [20, 65, 130, 520], 520),
            "azimuth": int_slider("turn, degrees", -180, 180, -60),
            "elevation": int_slider("height of the view", 10, 90, 40),
        },
        description="The path of a network's training on real digits, seen in a plane of its own: in relief it arcs "
        "down a slope into a valley; from above it bends away from the straight line between its ends. Right: the "
        "cost along the path and along that straight line.",
        presets={
            "whole set at once": {},
            "minibatches of 20": {"batch_size": 20},
            "momentum 0.9": {"momentum": 0.9, "learning_rate": 0.1},
            "principal directions": {"plane": "principal"},
            "a pure random walk": {"walker": "random", "plane": "principal"},
        },
    )  # fmt: skip
