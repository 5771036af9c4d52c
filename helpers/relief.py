"""A cost surface as a shaded relief, from above and in 3-D from any side, drawn fast enough to be turned by hand.

A cost over two parameters is a height field: every vertical column of the picture can be gone through from front to
back once, and what rises above all that was in front of it is seen. That is a few array operations for the whole
picture (a "floating horizon"), some 30 ms, where a general 3-D plot takes several hundred. It also tells which parts of
a path are behind a hill.
"""

import numpy as np
from matplotlib.colors import BoundaryNorm
from matplotlib.patheffects import withStroke

from helpers import checks, plots, style
from helpers.controls import pad, slider

_HALF_HEIGHT = 0.55  # of the box, whose floor reaches from −1 to 1
_PAPER = np.array([247, 248, 250], dtype=np.float32)  # the underside of the surface, before shading


def quantile_levels(heights, levels=14):
    """Contour levels at quantiles of the heights, more of them low down, as in `plots.cost_map`: shape (<= levels,)."""
    return np.unique(np.quantile(heights, np.linspace(0, 1, checks.integer("levels", levels, minimum=2)) ** 1.5))


class Surface:
    """A cost over a rectangle, evaluated once: heights, slopes, the colour bands and contours that go with them.

    Arguments:
        loss: function of theta of shape (..., 2), giving shape (...); or an object that has one (a Landscape).
        bounds: ((x0, x1), (y0, y1)); taken from the landscape if not given.
        levels: how many contour levels, or the levels themselves.
        height: (low, high) of the 3-D box; the range of the cost if not given. Higher parts are cut off flat.
        resolution: points along each side.
        smooth: how often each height is averaged with its neighbours (1, 2, 1 along each axis): a wall that is steeper
            than the grid is fine would look pleated.

    Attributes: bounds, levels, height, heights (resolution, resolution), the first axis being y.
    """

    def __init__(self, loss, bounds=None, levels=14, height=None, resolution=256, smooth=0):
        self.bounds = bounds if bounds is not None else loss.bounds
        self.loss = checks.function("loss", getattr(loss, "loss", loss))
        points = plots.grid(self.bounds, checks.integer("resolution", resolution, minimum=8))
        self.x, self.y = points[0, :, 0], points[:, 0, 1]
        raw = self.loss(points)
        self.levels = quantile_levels(raw, levels) if np.ndim(levels) == 0 else np.asarray(levels, float)
        self.height = (float(raw.min()), float(raw.max())) if height is None else height
        self.heights = np.clip(raw, *self.height)
        for _ in range(checks.integer("smooth", smooth, minimum=0)):
            for axis in (0, 1):
                self.heights = np.apply_along_axis(_average, axis, self.heights)
        size = resolution - 1
        box = self._unit_height(self.heights)
        self._slopes = [np.gradient(box, 2 / size, axis=axis) for axis in (1, 0)]
        band = BoundaryNorm(self.levels, style.COST.N, clip=True)(self.heights)
        self._colors = style.COST(band)[..., :3].astype(np.float32) * 255
        self._lines = self._contour_mask()

    def _unit_height(self, heights):
        low, high = self.height
        return _HALF_HEIGHT * (2 * (heights - low) / (high - low) - 1)

    def _contour_mask(self):
        """How much of each grid point is covered by a contour line, 0 to 1."""
        slope = np.hypot(*np.gradient(self.heights)) + 1e-12
        nearest = np.min(np.abs(self.heights[..., None] - self.levels[1:-1]), axis=-1) if len(self.levels) > 2 else 1e9
        covered = np.clip(1.1 - nearest / slope, 0, 1)
        covered[:2], covered[-2:], covered[:, :2], covered[:, -2:] = 1.0, 1.0, 1.0, 1.0  # the rim of the surface
        return covered[..., None].astype(np.float32)

    def shaded(self, azimuth=225.0, lines=True, strength=1.0):
        """The surface from above as an RGB picture (uint8), lit from the upper left of a viewer at `azimuth` degrees.

        strength: of the shading, 0 … 1; with 0 only the colours of the bands are left.
        """
        turn = np.deg2rad(azimuth)
        sx, sy = self._slopes
        # The light stands 50 degrees high, to the left of the viewer and a little in front of the surface.
        direction = turn - np.deg2rad(75)
        light = np.array([np.cos(direction), np.sin(direction)]) * np.cos(np.deg2rad(50))
        up = np.sin(np.deg2rad(50))
        cosine = (up - light[0] * sx - light[1] * sy) / np.sqrt(1 + sx**2 + sy**2)
        shade = 1 + strength * (0.58 * np.clip(cosine, 0, 1) - 0.5)
        picture = self._colors * shade[..., None].astype(np.float32)
        if lines:
            picture = picture * (1 - 0.45 * self._lines)
        return np.clip(picture, 0, 255).astype(np.uint8)

    def draw_map(self, axes, minima=None, xlabel="θ₁", ylabel="θ₂", contours=True):
        """The surface from above: shaded relief with contours. Returns the artists (for a map that is drawn anew)."""
        (x0, x1), (y0, y1) = self.bounds
        # From above the light comes from the upper left of the page: the viewer stands at the lower edge.
        picture = self.shaded(azimuth=-90.0, lines=False, strength=0.45)
        made = [axes.imshow(picture, extent=(x0, x1, y0, y1), origin="lower", aspect="auto", interpolation="bilinear",
                            zorder=0)]  # fmt: skip
        if contours and len(self.levels) > 2:
            made.append(
                axes.contour(
                    self.x,
                    self.y,
                    self.heights,
                    self.levels[1:-1],
                    colors="#5b7a94",
                    linewidths=0.8,
                    linestyles="solid",
                    zorder=1,
                )
            )
        if minima is not None and len(minima):
            star = {"color": "white", "markeredgecolor": style.INK, "markersize": 15}
            made += axes.plot(*np.asarray(minima).T, "*", zorder=2, **star)
        axes.set(xlim=(x0, x1), ylim=(y0, y1), xlabel=xlabel, ylabel=ylabel)
        axes.grid(False)
        return made


class Relief:
    """A live 3-D picture of a Surface on `axes`, that can be turned.

    Arguments: axes: of a Stage, given over to the relief; labels: of the two parameters and the cost.
    pixels: size (columns, rows) of the picture that is computed.
    """

    def __init__(self, axes, labels=("θ₁", "θ₂", "J"), pixels=(540, 460)):
        self.axes, self.pixels = axes, pixels
        columns, rows = pixels
        tall = 1.5  # seen from straight above and cornerwise the floor reaches up to √2, and a label stands outside
        reach = tall * columns / rows
        self._extent = (-reach, reach, -tall, tall)
        axes.set(xlim=(-reach, reach), ylim=(-tall, tall), xticks=[], yticks=[])
        axes.set_axis_off()
        axes.grid(False)
        self._image = axes.imshow(
            np.zeros((2, 2, 4), np.uint8), extent=self._extent, origin="lower", aspect="auto", interpolation="none",
            animated=True, zorder=1,
        )  # fmt: skip
        self._frame = axes.plot([], [], color=style.GREY, linewidth=1, animated=True, zorder=0.5)[0]
        halo = [withStroke(linewidth=3, foreground="white")]
        self._labels = [
            axes.text(0, 0, text, ha="center", va="center", fontsize=13, animated=True, zorder=9, path_effects=halo)
            for text in labels
        ]
        self.trails = []
        self._view = None

    def show(self, surface, azimuth, elevation):
        """Draw the surface for a viewer at `azimuth` degrees (counted as in mathematics) and `elevation` 5 … 90."""
        azimuth = checks.number("azimuth", azimuth)
        elevation = checks.number("elevation", elevation, minimum=5, maximum=90)
        view = (surface, azimuth, elevation)
        if view == self._view:
            return
        self._view = view
        self._surface, turn, tilt = surface, np.deg2rad(azimuth), np.deg2rad(elevation)
        self._cos, self._sin = np.cos(turn), np.sin(turn)
        self._rise, self._recede = np.cos(tilt), np.sin(tilt)
        self._render(surface, azimuth)
        self._draw_frame()

    # ------------------------------------------------------------------ geometry

    def _screen(self, x, y, z):
        """Unit box coordinates to (right, up, distance) as the viewer has them."""
        right = -x * self._sin + y * self._cos
        away = -(x * self._cos + y * self._sin)
        return right, z * self._rise + away * self._recede, away

    def _unit(self, theta):
        (x0, x1), (y0, y1) = self._surface.bounds
        theta = np.asarray(theta, float)
        return 2 * (theta[..., 0] - x0) / (x1 - x0) - 1, 2 * (theta[..., 1] - y0) / (y1 - y0) - 1

    def _render(self, surface, azimuth):
        columns, rows = self.pixels
        left, right, bottom, top = self._extent
        u = left + (np.arange(columns) + 0.5) * (right - left) / columns
        # Where the vertical plane of each column enters and leaves the square −1 ≤ x, y ≤ 1.
        enter, leave = np.full(columns, -10.0), np.full(columns, 10.0)
        for offset, slope in ((-u * self._sin, -self._cos), (u * self._cos, -self._sin)):
            if abs(slope) < 1e-9:
                outside = np.abs(offset) > 1
                enter[outside], leave[outside] = 1.0, -1.0
                continue
            a, b = (-1 - offset) / slope, (1 - offset) / slope
            enter, leave = np.maximum(enter, np.minimum(a, b)), np.minimum(leave, np.maximum(a, b))
        used = np.flatnonzero(leave > enter)
        samples = 240
        t = np.linspace(0, 1, samples, dtype=np.float32)
        away = enter[used, None] + (leave - enter)[used, None] * t
        x = -u[used, None] * self._sin - away * self._cos
        y = u[used, None] * self._cos - away * self._sin
        z = surface._unit_height(_bilinear(surface.heights, x, y))
        up = ((z * self._rise + away * self._recede) - bottom) * rows / (top - bottom) - 0.5

        picture = np.zeros((rows, columns, 4), np.uint8)
        depth = np.full((rows, columns), np.inf, np.float32)
        covers = depth.copy()
        colors = surface.shaded(azimuth, strength=0.85).astype(np.float32)
        for sign in (-1, 1):  # first what is seen from below, then what is seen from above
            column, row, at = _horizon(sign * up, sign)
            inside = (row >= 0) & (row < rows)
            column, row, at = column[inside], row[inside], at[inside]
            first = np.minimum(at.astype(int), samples - 2)
            part = (at - first)[:, None]
            place = np.stack([x, y, away], -1).reshape(-1, 3)
            here = place[column * samples + first] * (1 - part) + place[column * samples + first + 1] * part
            seen = _bilinear(colors, here[:, 0], here[:, 1])
            if sign < 0:
                seen = 0.45 * seen + 0.35 * _PAPER
            picture[row, used[column], :3] = seen
            picture[row, used[column], 3] = 255
            depth[row, used[column]] = here[:, 2]
            # A path lies on the upper side: where the surface is seen from below, the path there is behind it.
            covers[row, used[column]] = here[:, 2] + sign * 0.06
        self._depth, self._covers = depth, covers
        self._image.set_data(picture & 0xFC)  # 64 shades are enough, and make a shorter message

    def _draw_frame(self):
        corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]], float)
        floor = np.array(self._screen(corners[:, 0], corners[:, 1], -_HALF_HEIGHT - 0.04)[:2]).T
        pieces = [floor, np.full((1, 2), np.nan)]
        behind = corners[np.argmax(self._screen(corners[:4, 0], corners[:4, 1], 0)[2])]
        pole = np.array([self._screen(*behind, z)[:2] for z in (-_HALF_HEIGHT - 0.04, _HALF_HEIGHT)])
        self._frame.set_data(*np.concatenate([*pieces, pole]).T)
        # Each label stands at the middle of the floor's edge that is nearer to the viewer.
        for label, (ax, ay) in zip(self._labels, ((0, 1), (1, 0)), strict=False):
            sides = [(ax * s, ay * s) for s in (-1.13, 1.13)]
            near = min(sides, key=lambda place: self._screen(*place, 0)[2])
            label.set_position(self._screen(*near, -_HALF_HEIGHT - 0.08)[:2])
        label = self._labels[2]
        label.set_position(self._screen(*(1.0 * behind), _HALF_HEIGHT + 0.12)[:2])

    # ------------------------------------------------------------------ paths

    def trail(self, **look):
        """A live path on the surface; parts behind a hill are thin and dotted. ``trail.set(theta)`` after `show`."""
        made = ReliefTrail(self, **look)
        self.trails.append(made)
        return made

    def project(self, theta, heights):
        """Where points lie on the picture, and which of them are hidden: x, y, hidden, each of shape (T,)."""
        x, y = self._unit(theta)
        low, high = self._surface.height
        z = self._surface._unit_height(np.clip(heights, low - 0.2 * (high - low), high + 0.6 * (high - low)))
        right, up, away = self._screen(x, y, z + 0.012)
        left, end, bottom, top = self._extent
        columns, rows = self.pixels
        with np.errstate(invalid="ignore"):
            column = np.clip((right - left) / (end - left) * columns, 0, columns - 1).astype(int)
            row = np.clip((up - bottom) / (top - bottom) * rows, 0, rows - 1).astype(int)
        hidden = away > self._covers[row, column]
        return right, up, hidden


class ReliefTrail:
    """A path on a Relief: what is seen as a line with markers, what is behind a hill as thin dots."""

    def __init__(self, relief, color=style.INK, linestyle="-", marker="o", markersize=4, linewidth=2.0, label=None):
        self.relief, axes = relief, relief.axes
        common = {"color": color, "animated": True}
        self.seen = axes.plot([], [], linestyle=linestyle, linewidth=linewidth, zorder=4, **common)[0]
        self.hidden = axes.plot([], [], linestyle=":", linewidth=1.0, alpha=0.8, zorder=3, **common)[0]
        self.dots = axes.plot([], [], linestyle="none", marker=marker, markersize=markersize, zorder=5, **common)[0]
        self.start = axes.plot([], [], "o", markersize=11, markerfacecolor="white", markeredgecolor=color,
                               markeredgewidth=2.5, animated=True, zorder=6)[0]  # fmt: skip
        self.head = axes.plot([], [], marker=marker, markersize=10, markeredgecolor="white", markeredgewidth=1.5,
                              linestyle="none", zorder=7, **common)[0]  # fmt: skip

    def set(self, theta, step=None):
        """Show the states up to and with `step` (all if None): theta of shape (T+1, 2).

        Between two states the line lies on the surface or above it: a step is a jump and goes through no hill. Of a
        path that leaves the box only the step on which it leaves is drawn.
        """
        theta = np.asarray(theta)[: None if step is None else step + 1]
        theta = theta[np.isfinite(theta).all(axis=1)]
        (x0, x1), (y0, y1) = self.relief._surface.bounds
        reach = np.array([3 * (x1 - x0), 3 * (y1 - y0)])
        middle = np.array([(x0 + x1) / 2, (y0 + y1) / 2])
        theta = np.clip(theta, middle - reach, middle + reach)  # a renderer must not meet 1e300
        surface = self.relief._surface
        height = surface.loss(theta)
        fine = np.linspace(0, 1, 8, endpoint=False)
        between = theta[:-1, None] + fine[:, None] * np.diff(theta, axis=0)[:, None]
        chord = height[:-1, None] + fine * np.diff(height)[:, None]
        points = np.concatenate([between.reshape(-1, 2), theta[-1:]])
        z = np.concatenate([np.maximum(chord, surface.loss(between)).ravel(), height[-1:]])
        x, y, hidden = self.relief.project(points, z)
        outside = np.max(np.abs(self.relief._unit(theta)), axis=0) > 1.001
        away = np.append(np.repeat(outside[:-1] & outside[1:], len(fine)), outside[-1:])
        y = np.where(away, np.nan, y)
        self.seen.set_data(x, np.where(hidden, np.nan, y))
        covered = hidden | np.r_[hidden[1:], False] | np.r_[False, hidden[:-1]]
        self.hidden.set_data(x, np.where(covered, y, np.nan))
        x, y, hidden = self.relief.project(theta, height)
        x, y = np.where(outside, np.nan, x), np.where(outside, np.nan, y)
        self.dots.set_data(x[~hidden], y[~hidden])
        self.start.set_data(x[:1], y[:1])
        self.head.set_data(x[-1:], y[-1:])


def _average(line):
    """Each value averaged with its neighbours, weights ¼, ½, ¼; the ends with themselves."""
    padded = np.pad(line, 1, mode="edge")
    return 0.25 * padded[:-2] + 0.5 * line + 0.25 * padded[2:]


def _bilinear(values, x, y):
    """Values on a grid over −1 … 1 (first axis y) at points x, y."""
    rows, columns = values.shape[:2]
    x = np.clip((x + 1) * (0.5 * (columns - 1)), 0, columns - 1.001)
    y = np.clip((y + 1) * (0.5 * (rows - 1)), 0, rows - 1.001)
    i, j = y.astype(np.intp), x.astype(np.intp)
    fy, fx = (y - i).astype(np.float32), (x - j).astype(np.float32)
    if values.ndim > 2:
        fy, fx = fy[..., None], fx[..., None]
    flat = values.reshape(-1, *values.shape[2:])
    at = i * columns + j
    below = flat[at] * (1 - fx) + flat[at + 1] * fx
    above = flat[at + columns] * (1 - fx) + flat[at + columns + 1] * fx
    return below * (1 - fy) + above * fy


def _horizon(up, sign):
    """For columns of screen heights `up` (columns, samples), front to back: every pixel that rises above all in front.

    Returns: column, row (pixel rows, of sign·up), and the fractional sample index at which the pixel is met.
    """
    highest = np.maximum.accumulate(up, axis=1)
    floor = np.floor(highest).astype(np.intp)
    new = np.diff(floor, axis=1)
    column, sample = np.nonzero(new)
    count = new[column, sample]
    column, sample = np.repeat(column, count), np.repeat(sample, count)
    # The rows of one step are consecutive: number them within the step.
    start = np.repeat(np.cumsum(count) - count, count)
    row = floor[column, sample] + 1 + (np.arange(len(start)) - start)
    low, high = up[column, sample], up[column, sample + 1]
    return column, row if sign > 0 else -row, sample + np.clip((row - low) / (high - low), 0, 1)


def view_controls(axes, azimuth=-60, elevation=35):
    """The controls that turn a Relief on `axes`: two sliders in degrees, and the picture itself, which can be dragged.

    Dragging to the right turns the surface to the right, dragging down shows more of it from above.

    Returns: a dict of controls for an Explorer: azimuth, elevation, view.
    """
    # An invisible plane over the picture, whose coordinates are the two angles.
    plane = axes.inset_axes([0, 0, 1, 1], xlim=(180, -180), ylim=(90, 10))
    plane.set_axis_off()
    plane.patch.set_alpha(0)
    return {
        "azimuth": slider("azimuth: turn, degrees", -180, 180, azimuth, step=1),
        "elevation": slider("elevation: tilt, degrees", 10, 90, elevation, step=1),
        "view": pad(plane, "azimuth", "elevation", "drag or arrow keys turn the surface"),
    }
