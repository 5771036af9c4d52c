"""The shaded relief: what it shows against an independent ray-by-ray search, and the paths on it."""

import numpy as np
import pytest

from helpers import landscapes
from helpers.relief import Relief, Surface
from helpers.stage import Stage

PIXELS = (90, 76)


def _relief(landscape, azimuth, elevation, **options):
    stage = Stage(300, 260, columns=1)
    relief = Relief(stage.axes, pixels=PIXELS)
    relief.show(Surface(landscape, **options), azimuth, elevation)
    return relief


def _first_hit(relief, right, up):
    """March along the ray of one pixel through the surface: how far away it first crosses, inf if it never does."""
    away = np.linspace(-1.5, 1.5, 6001)
    x = -right * relief._sin - away * relief._cos
    y = right * relief._cos - away * relief._sin
    inside = (np.abs(x) <= 1) & (np.abs(y) <= 1)
    if inside.sum() < 2:
        return np.inf
    away, x, y = away[inside], x[inside], y[inside]
    (x0, x1), (y0, y1) = relief._surface.bounds
    theta = np.stack([x0 + (x + 1) / 2 * (x1 - x0), y0 + (y + 1) / 2 * (y1 - y0)], axis=-1)
    z = relief._surface._unit_height(relief._surface.loss(theta))
    above = z * relief._rise + away * relief._recede > up
    change = np.flatnonzero(above[1:] != above[:-1])
    return away[change[0]] if len(change) else np.inf


@pytest.mark.parametrize("make", [landscapes.saddle, landscapes.plateau, landscapes.monkey_saddle])
@pytest.mark.parametrize(("azimuth", "elevation"), [(-60, 35), (90, 12), (45, 70), (200, 90)])
def test_the_picture_shows_what_a_ray_meets_first(make, azimuth, elevation):
    relief = _relief(make(), azimuth, elevation)
    left, right, bottom, top = relief._extent
    columns, rows = PIXELS
    wrong, hits = 0, 0
    for row in range(2, rows, 5):
        for column in range(2, columns, 5):
            u = left + (column + 0.5) * (right - left) / columns
            up = bottom + (row + 0.5) * (top - bottom) / rows
            expected, got = _first_hit(relief, u, up), relief._depth[row, column]
            hits += np.isfinite(expected)
            outline = np.isfinite(expected) != np.isfinite(got)
            wrong += bool(outline or (np.isfinite(got) and abs(got - expected) > 0.06))
    assert hits > 25
    assert wrong <= 0.02 * hits  # along an outline one pixel more or less is a matter of rounding


def test_hidden_parts_of_a_path_are_told():
    # Seen from the side of low x, the far wall of the hole is seen and the near one is not.
    relief = _relief(landscapes.plateau(), 180, 45)
    near, far = np.array([[-0.9, 0.0]]), np.array([[0.9, 0.0]])
    loss = relief._surface.loss
    assert relief.project(near, loss(near))[2].tolist() == [True]
    assert relief.project(far, loss(far))[2].tolist() == [False]


def test_a_path_that_leaves_for_infinity_is_drawn_within_reach():
    relief = _relief(landscapes.saddle(), -60, 35)
    trail = relief.trail()
    trail.set(np.array([[0.0, 0.1], [0.0, 1e3], [0.0, 1e200], [np.nan, np.nan]]))
    x, y = trail.seen.get_data()
    assert np.nanmax(np.abs(np.concatenate([x, y]))) < 100
    assert len(trail.start.get_data()[0]) == 1


def test_light_comes_from_the_left_of_the_viewer():
    ridge = Surface(lambda t: -(t[..., 0] ** 2), bounds=((-1, 1), (-1, 1)), levels=2)
    picture = ridge.shaded(azimuth=-90, lines=False).astype(float).mean(axis=(0, 2))
    size = len(picture)
    # Seen from below (azimuth −90), the ridge's left flank is lit and its right flank is in the shade.
    assert picture[size // 4] > picture[3 * size // 4] + 10


def test_turning_to_the_same_view_renders_nothing():
    relief = _relief(landscapes.saddle(), -60, 35)
    before = relief._depth
    relief.show(relief._surface, -60, 35)
    assert relief._depth is before


def test_nonsense_is_refused():
    relief = _relief(landscapes.saddle(), -60, 35)
    for azimuth, elevation, name in ((np.nan, 35, "azimuth"), (0, 4, "elevation"), (0, 91, "elevation")):
        with pytest.raises(ValueError, match=name):
            relief.show(relief._surface, azimuth, elevation)
    with pytest.raises(ValueError, match="levels"):
        Surface(landscapes.saddle(), levels=1)
